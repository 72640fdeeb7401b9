//! `agogic frames`: the real-time frames or events of a descriptor, as cached.

use std::io::{self, Write};

use agogic::schema::{FeatureTrack, Kind, TempoProjection, TrackData};
use agogic::timebase::{Range, Seconds};

use crate::args::{Export, Format, Frames, Global};
use crate::formats::{Cut, csv, cut, json, npy};
use crate::output::Output;
use crate::ready;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Frames, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let (from, to) = (args.from.unwrap_or(f64::NEG_INFINITY), args.to.unwrap_or(f64::INFINITY));
    if from >= to {
        return Err(Stop::Usage(format!("--from {from} is not before --to {to}")));
    }
    let (output, format) = destination(&args.export)?;
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, &args.profile.profile)?;
    let id = ready::descriptor(&session.engine, &args.id)?;

    session.progress.announce();
    // Which columns events have depends on all of them.
    let events = matches!(session.engine.descriptor(&id)?.1.kind, Kind::Events);
    let range = (!events).then(|| Range::new(Seconds(from), Seconds(to)));
    let track = session.engine.track(&args.file, &id, &profile, range, &session.control)?;
    session.progress.finish(&args.file);

    let level = matches!(track.data, TrackData::Peaks(_)).then_some(args.level);
    let Some(cut) = cut(&track, from, to, args.level) else {
        let last = track.header.planes.len().saturating_sub(1);
        return Err(Stop::failed(&args.id, format!("there is no level {}; the last is {last}", args.level)));
    };
    let record = session.engine.record(&args.file, &id, &profile)?;
    let tempo = record.and_then(|record| record.notes.tempo);
    let profile = profile.name.as_str();
    output.write(|out| write(out, format, Told { track: &track, profile, tempo, level }, &cut))
}

/// Where data goes and in which form, checked before any work.
pub(super) fn destination(export: &Export) -> Result<(Output, Format), Stop> {
    let ending = export.output.as_deref().and_then(|path| path.extension()?.to_str());
    let format = export.format.unwrap_or(match ending {
        Some("json") => Format::Json,
        Some("npy") => Format::Npy,
        _ => Format::Csv,
    });
    let output = Output::new(export.output.as_deref(), export.force)?;
    if format == Format::Npy && output.is_terminal() {
        return Err(Stop::Usage("npy is not for a terminal; name a file with -o".into()));
    }
    Ok((output, format))
}

/// What is said of a track besides its values.
struct Told<'a> {
    track: &'a FeatureTrack,
    profile: &'a str,
    tempo: Option<TempoProjection>,
    /// Of peaks.
    level: Option<usize>,
}

fn write(out: &mut dyn Write, format: Format, told: Told<'_>, cut: &Cut<'_>) -> io::Result<()> {
    let Told { track, profile, tempo, level } = told;
    let (header, tempo) = (&track.header, tempo.as_ref());
    match (format, cut) {
        (Format::Csv, Cut::Frames(cut)) => csv::frames(out, cut),
        (Format::Csv, Cut::Events(cut)) => csv::events(out, cut),
        (Format::Json, Cut::Frames(cut)) => json::frames(out, header, profile, tempo, level, cut),
        (Format::Json, Cut::Events(cut)) => json::events(out, header, profile, tempo, cut),
        (Format::Npy, Cut::Frames(cut)) => {
            npy::frames(out, header.channels.len(), header.bins as usize, cut.data)
        }
        (Format::Npy, Cut::Events(cut)) => {
            let times: Vec<_> = cut.events.iter().map(|event| cut.rate.seconds(event.at).0).collect();
            npy::times(out, &times)
        }
    }
}
