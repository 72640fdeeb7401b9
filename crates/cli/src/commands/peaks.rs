//! `agogic peaks`: the waveform as audiowaveform writes it. It is computed in
//! one pass over the audio and not kept.

use agogic::schema::DescriptorId;

use crate::args::{Bits, Global, Peaks, PeaksFormat};
use crate::formats::waveform::Waveform;
use crate::output::Output;
use crate::ready;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// The mean of all channels, and each.
const IDS: [&str; 2] = ["agogic.waveform", "agogic.waveform.channels"];

pub(crate) fn run(args: &Peaks, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let ending = args.output.as_deref().and_then(|path| path.extension()?.to_str());
    let format = args.format.unwrap_or(match ending {
        Some("json") => PeaksFormat::Json,
        _ => PeaksFormat::Dat,
    });
    if format == PeaksFormat::Json && args.dat_version.is_some() {
        return Err(Stop::Usage("--dat-version is for dat, not for json".into()));
    }
    let output = Output::new(args.output.as_deref(), args.force)?;
    if format == PeaksFormat::Dat && output.is_terminal() {
        return Err(Stop::Usage("dat is not for a terminal; name a file with -o".into()));
    }
    let session = Session::open(global, terminal)?;
    let mut profile = ready::profile(&session.engine, "default")?;
    profile.params.insert("zoom".into(), i64::from(args.zoom).into());
    let id = ready::descriptor(&session.engine, IDS[usize::from(args.split_channels)])?;

    let (track, info) = session.engine.compute(&args.file, &id, &profile, &session.control)?;
    session.progress.finish(&args.file);

    let waveform = Waveform::new(&track, &info, args.zoom).ok_or_else(|| unfit(args, &id))?;
    let version = match (args.dat_version, waveform.channels()) {
        (Some(1), channels @ 2..) => {
            let why = format!("dat of version 1 holds one waveform, not the {channels} of --split-channels");
            return Err(Stop::failed(args.file.display(), why));
        }
        (Some(version), _) => version,
        (None, channels) => channels.min(2) as u32,
    };
    let bits = match args.bits {
        Bits::Eight => 8,
        Bits::Sixteen => 16,
    };
    output.write(|out| match format {
        PeaksFormat::Dat => waveform.write_dat(out, version, bits),
        PeaksFormat::Json => waveform.write_json(out, bits),
    })
}

fn unfit(args: &Peaks, id: &DescriptorId) -> Stop {
    Stop::failed(args.file.display(), format!("{id} is not minimum and maximum, or too long"))
}
