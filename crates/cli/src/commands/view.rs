//! `agogic view`: a descriptor on a musical grid.

use agogic::Span;
use agogic::timebase::{Beats, Delta, Seconds};
use agogic::view::{Interpolation, Outside, Reading, Reduction, Sampling};

use super::frames::destination;
use crate::args::{Beyond, Format, Global, Interp, Over, View};
use crate::formats::{csv, json, npy};
use crate::ready;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &View, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    if let (Some(from), Some(to)) = (args.from_beat, args.to_beat)
        && from >= to
    {
        return Err(Stop::Usage(format!("--from-beat {from} is not before --to-beat {to}")));
    }
    let (output, format) = destination(&args.export)?;
    let map = ready::tempo(&args.tempo)?;
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, &args.profile.profile)?;
    let id = ready::descriptor(&session.engine, &args.id)?;

    session.progress.announce();
    let step = args.every.beats();
    let span = Span { step, from: args.from_beat.map(Beats), to: args.to_beat.map(Beats) };
    let (sampling, named) = sampling(args.interp, args.over);
    let reading = Reading {
        oversampling: args.oversample,
        smoothing: args.smooth.map(|length| Delta(Seconds(length))),
        outside: match args.outside {
            Beyond::Hold => Outside::HoldEdge,
            Beyond::Nan => Outside::NaN,
            Beyond::Value(value) => Outside::Value(value),
        },
        diagnose: format == Format::Json,
        ..sampling.into()
    };
    let control = &session.control;
    let columns = session.engine.view(&args.file, &id, &profile, &map, &span, reading, control)?;
    session.progress.finish(&args.file);

    output.write(|out| match format {
        Format::Csv => csv::columns(out, &columns),
        Format::Json => {
            let view = json::ViewText {
                profile: profile.name.as_str(),
                every: args.every.as_str(),
                every_beats: step.raw(),
                sampling: named,
                oversampling: args.oversample,
                smoothing: args.smooth,
                outside: args.outside,
            };
            json::columns(out, &view, &columns)
        }
        Format::Npy => npy::frames(out, columns.channels.len(), columns.bins as usize, &columns.data),
    })
}

/// How columns are read, and how that is called.
fn sampling(interp: Option<Interp>, over: Option<Over>) -> (Sampling, &'static str) {
    match (interp, over) {
        (Some(Interp::Hold), _) => (Sampling::At(Interpolation::Hold), "hold"),
        (Some(Interp::Nearest), _) => (Sampling::At(Interpolation::Nearest), "nearest"),
        (Some(Interp::Linear), _) => (Sampling::At(Interpolation::Linear), "linear"),
        (Some(Interp::Spline), _) => (Sampling::At(Interpolation::Spline), "spline"),
        (Some(Interp::Akima), _) => (Sampling::At(Interpolation::Akima), "akima"),
        (Some(Interp::Monotone), _) => (Sampling::At(Interpolation::Monotone), "monotone"),
        (None, Some(Over::Mean) | None) => (Sampling::Over(Reduction::Mean), "mean"),
        (None, Some(Over::Median)) => (Sampling::Over(Reduction::Median), "median"),
        (None, Some(Over::Min)) => (Sampling::Over(Reduction::Min), "min"),
        (None, Some(Over::Max)) => (Sampling::Over(Reduction::Max), "max"),
        (None, Some(Over::Rms)) => (Sampling::Over(Reduction::Rms), "rms"),
    }
}
