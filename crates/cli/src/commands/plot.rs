//! `agogic plot`: a picture of a descriptor.

use std::io;

use agogic::schema::{DescriptorId, FeatureTrack, Profile};

use super::bands;
use crate::args::{Global, Plot};
use crate::output::Output;
use crate::plot::{Plot as Picture, render, write_png};
use crate::ready;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Plot, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let output = Output::new(Some(&args.output), args.force)?;
    if output.is_terminal() {
        return Err(Stop::Usage("a picture is not for a terminal; name a file with -o".into()));
    }
    let tempo = args.tempo.as_deref().map(ready::tempo).transpose()?;
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, &args.profile.profile)?;
    let id = ready::descriptor(&session.engine, &args.id)?;

    session.progress.announce();
    let track = session.engine.track(&args.file, &id, &profile, None, &session.control)?;
    let info = session.engine.info(&args.file, &session.control)?;
    session.progress.finish(&args.file);

    let name = args.file.file_name().unwrap_or(args.file.as_os_str());
    let picture = Picture {
        title: name.to_string_lossy().into_owned(),
        subtitle: subtitle(&track, &profile),
        track: &track,
        seconds: info.samples as f64 / f64::from(info.sample_rate.max(1)),
        tempo: tempo.as_ref(),
        frequencies: frequencies(&session, &id, &profile, track.header.rate),
        size: (args.width, args.height),
    };
    let image = render(&picture);
    output.write(|out| {
        write_png(&image, out).map_err(|error| match error {
            // As it is, so that a closed pipe stays quiet.
            png::EncodingError::IoError(error) => error,
            error => io::Error::other(error),
        })
    })
}

/// What the bins stand for, for the picture's left side.
fn frequencies(session: &Session, id: &DescriptorId, profile: &Profile, rate: u32) -> Option<Vec<f32>> {
    let (calculator, descriptor) = session.engine.descriptor(id).ok()?;
    let params = profile.resolve(&calculator.spec).ok()?;
    bands::frequencies(&calculator.spec, &descriptor, &params, rate)
}

fn subtitle(track: &FeatureTrack, profile: &Profile) -> String {
    let header = &track.header;
    let unit = if header.unit.is_empty() { String::new() } else { format!(" ({})", header.unit) };
    format!("{}{unit}, profile {}", header.descriptor, profile.name)
}
