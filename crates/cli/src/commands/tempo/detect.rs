//! `agogic tempo detect`: a tempo map through the beats of a file.

use std::path::Path;

use agogic::schema::{DescriptorId, Profile, TrackData};
use agogic::tempo::TempoMap;
use agogic::timebase::{SampleRate, Seconds};

use crate::args::Global;
use crate::output::Output;
use crate::ready;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// The descriptor whose events are the beats.
const BEATS: &str = "agogic.beat.times";

pub(super) fn run(
    file: &Path,
    profile: &str,
    output: Option<&Path>,
    force: bool,
    global: &Global,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let output = Output::new(output, force)?;
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, profile)?;
    let id = ready::descriptor(&session.engine, BEATS)?;
    let beats = beats(&session, file, &id, &profile)?;
    let map = TempoMap::through_beats(&beats).map_err(|error| Stop::failed(file.display(), error))?;
    output.write(|out| writeln!(out, "{}", map.to_json()))
}

fn beats(session: &Session, file: &Path, id: &DescriptorId, profile: &Profile) -> Result<Vec<Seconds>, Stop> {
    let track = session.engine.track(file, id, profile, None, &session.control)?;
    session.progress.finish(file);
    let rate = SampleRate::new(track.header.rate).map_err(|error| Stop::failed(file.display(), error))?;
    match track.data {
        TrackData::Events(events) if events.len() > 1 => {
            Ok(events.iter().map(|event| rate.seconds(event.at)).collect())
        }
        _ => Err(Stop::failed(file.display(), "no beats are heard in it")),
    }
}
