//! `agogic plot`: a picture of a descriptor.

use std::io;
use std::path::Path;

use agogic::Request;
use agogic::schema::{DescriptorId, FeatureTrack, Profile};

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
    let profile = ready::profile(&args.profile.profile)?;
    let session = Session::open(global, terminal)?;
    let id = ready::descriptor(&session.engine, &args.id)?;

    session.progress.announce();
    let seconds = length(&session, &args.file, &profile, &id)?;
    let track = session.engine.track(&args.file, &id, &profile, None, &session.control)?;
    session.progress.finish(&args.file);

    let name = args.file.file_name().unwrap_or(args.file.as_os_str());
    let picture = Picture {
        title: name.to_string_lossy().into_owned(),
        subtitle: subtitle(&track, &profile),
        track: &track,
        seconds,
        tempo: tempo.as_ref(),
        frequencies: None,
        size: (args.width, args.height),
    };
    let image = render(&picture);
    output.write(|out| write_png(&image, out).map_err(io::Error::other))
}

/// How long the audio is, in seconds. Analyses it where that is not known yet.
fn length(session: &Session, file: &Path, profile: &Profile, id: &DescriptorId) -> Result<f64, Stop> {
    let request = Request { profile: profile.clone(), only: Some(vec![id.clone()]) };
    let info = session.engine.analyze(file, &request, &session.control)?.info;
    Ok(info.samples as f64 / f64::from(info.sample_rate.max(1)))
}

fn subtitle(track: &FeatureTrack, profile: &Profile) -> String {
    let header = &track.header;
    let unit = if header.unit.is_empty() { String::new() } else { format!(" ({})", header.unit) };
    format!("{}{unit}, profile {}", header.descriptor, profile.name)
}
