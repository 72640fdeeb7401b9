//! What `agogic tempo` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::ProfileArg;

/// A tempo map file of any format that `import` reads, known by its content; or a
/// constant tempo.
#[derive(Debug, Args)]
pub(crate) struct MapArg {
    /// Tempo map or beats per minute
    #[arg(value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) map: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tempo {
    /// Convert positions: one number a line on stdin, one a line on stdout
    Convert {
        #[command(flatten)]
        map: MapArg,
        /// What the numbers are
        #[arg(long, value_name = "UNIT")]
        from: Unit,
        /// What they are to become
        #[arg(long, value_name = "UNIT")]
        to: Unit,
    },
    /// Describe a tempo map
    Info {
        #[command(flatten)]
        map: MapArg,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List the points of a tempo map: where, when, how fast, and how it goes on
    Show {
        #[command(flatten)]
        map: MapArg,
    },
    /// Read a tempo map of another program and write it as JSON
    Import {
        /// File with a tempo map or with beats
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// What the file is [default: what its content shows]
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<MapFormat>,
        /// File to write; `-` is stdout
        #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// Overwrite OUT
        #[arg(long)]
        force: bool,
    },
    /// Write a tempo map through the beats that are heard in a file
    Detect {
        /// Audio file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        profile: ProfileArg,
        /// File to write; `-` is stdout
        #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// Overwrite OUT
        #[arg(long)]
        force: bool,
    },
    /// Write a tempo map for another program
    Export {
        #[command(flatten)]
        map: MapArg,
        /// What to write: json, midi, dawproject or csv
        #[arg(long, short, value_name = "FORMAT")]
        format: MapFormat,
        /// File to write; `-` is stdout
        #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// Overwrite OUT
        #[arg(long)]
        force: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    /// The native form
    Json,
    /// Standard MIDI File
    Midi,
    /// DAWproject archive
    Dawproject,
    /// REAPER project (read only)
    Reaper,
    /// MusicXML score, plain or compressed (read only)
    Musicxml,
    /// Table of points, or a list of beats when read
    Csv,
    /// Layer of Sonic Visualiser: time, value, label (read only)
    SvCsv,
    /// Beats in JAMS (read only)
    Jams,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// Quarter notes
    Beats,
    /// Ticks of the map
    Ticks,
    /// Seconds
    Seconds,
}
