//! Objects out of what was typed: profiles, descriptors, tempo maps. All of it
//! is checked here, before any long work.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use agogic::Engine;
use agogic::schema::{DescriptorId, Profile};
use agogic::tempo::TempoMap;
use agogic::tempo::formats::{self, Format};

use crate::stop::Stop;

/// Largest tempo map file that is read: a map of as many points as one may hold.
const MAX_MAP_BYTES: u64 = 2 << 30;

/// A profile by its name, if the calculators that are there agree with it.
pub(crate) fn profile(engine: &Engine, name: &str) -> Result<Profile, Stop> {
    let profile = engine.profiles().get(name).map_err(|error| Stop::Failed(error.to_string()))?;
    engine.check_profile(profile)?;
    Ok(profile.clone())
}

/// A descriptor that some calculator computes.
pub(crate) fn descriptor(engine: &Engine, text: &str) -> Result<DescriptorId, Stop> {
    let id = DescriptorId::new(text).map_err(|error| Stop::Failed(error.to_string()))?;
    engine.descriptor(&id)?;
    Ok(id)
}

/// A constant tempo where the text is a number, else the map in the file that
/// it names.
pub(crate) fn tempo(text: &str) -> Result<TempoMap, Stop> {
    if let Ok(bpm) = text.trim().parse::<f64>() {
        return TempoMap::constant(bpm).map_err(|error| Stop::failed(format!("tempo {text:?}"), error));
    }
    tempo_file(Path::new(text), None)
}

/// The map in a file, of the given format or of the one that its content shows.
pub(crate) fn tempo_file(path: &Path, format: Option<Format>) -> Result<TempoMap, Stop> {
    let failed = |cause: &dyn Display| Stop::failed(path.display(), cause);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_MAP_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_MAP_BYTES {
        return Err(failed(&"it is too large for a tempo map"));
    }
    formats::import(&bytes, format).map_err(|error| failed(&error))
}
