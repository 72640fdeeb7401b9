//! The command line as typed: flags, their types and their help. What lives
//! here: clap's structs and the parsing of single values. What does not: files,
//! profiles, tempo maps; `commands` makes ready objects out of these before any
//! work starts.

pub(crate) mod authors;
pub(crate) mod cache;
mod tempo;
mod view;

use std::path::PathBuf;

use agogic::schema::{Namespace, Stem};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

pub(crate) use self::cache::Cache;
pub(crate) use self::tempo::{MapFormat, Tempo, Unit};
pub(crate) use self::view::{Beyond, Interp, Over, View};

/// Audio features, computed once, kept by real time and shown on any musical
/// grid.
#[derive(Debug, Parser)]
#[command(name = "agogic", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Data goes to stdout, everything else to stderr. \
    Exit status: 0 done, 1 failures, 2 wrong usage, 130 interrupted.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Folder of the cache [env: AGOGIC_CACHE_DIR] [default:
    /// $XDG_CACHE_HOME/agogic]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Namespace of the cache: what is in any other is not found
    #[arg(long, global = true, value_name = "NAME", env = "AGOGIC_NAMESPACE", default_value = "default")]
    pub(crate) namespace: Namespace,
    /// Which stem of their assets the files hold: drums, vocals, ...
    #[arg(long, global = true, value_name = "NAME", default_value = "master")]
    pub(crate) stem: Stem,
    /// Nothing on stderr but errors: no progress, no notes
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// What calculators have to say on stderr; twice for what is meant for
    /// their authors
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Threads to work with [default: one per core]
    #[arg(long, short, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Run plug-ins in processes of their own [default: as the configuration
    /// file says]
    #[arg(long, global = true)]
    pub(crate) isolate: bool,
    /// Colours: flag, then NO_COLOR, then CLICOLOR_FORCE, then the terminal
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compute what is missing or stale of the given files
    Analyze(Analyze),
    /// Say which descriptors of a file are current, and why the others are not
    Status(Status),
    /// Explain why a descriptor of a file stands as it does, down to its inputs
    Why(Why),
    /// Print the real-time frames of a descriptor
    Frames(Frames),
    /// Print a descriptor on a musical grid
    View(View),
    /// Draw a descriptor
    Plot(Plot),
    /// Write a waveform as audiowaveform does, for peaks.js and its like
    Peaks(Peaks),
    /// Convert positions through a tempo map; read, write and describe tempo maps
    #[command(subcommand)]
    Tempo(Tempo),
    /// Show the calculators that were found
    #[command(subcommand)]
    Calculators(Calculators),
    /// List the profiles: named sets of analysis parameters
    Profiles(Profiles),
    /// Look after the cache
    #[command(subcommand)]
    Cache(Cache),
    /// Run one test of a validation
    #[command(name = crate::commands::VALIDATE_CHILD, hide = true)]
    ValidateChild {
        /// The test
        job: String,
    },
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page of agogic or of one of its commands
    Man {
        /// The command, such as `tempo convert`
        command: Vec<String>,
    },
    /// Serve a host at stdin with calls of a plug-in; only programs ask for it
    #[command(hide = true)]
    Worker,
}

/// The profile to analyse under.
#[derive(Debug, Args)]
pub(crate) struct ProfileArg {
    /// Named set of analysis parameters; `agogic profiles` lists them
    #[arg(long, value_name = "PROFILE", default_value = "default")]
    pub(crate) profile: String,
}

#[derive(Debug, Args)]
pub(crate) struct Profiles {
    /// Only these
    #[arg(value_name = "PROFILE")]
    pub(crate) names: Vec<String>,
    /// One JSON object a line and profile
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Analyze {
    /// Audio files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) profile: ProfileArg,
    /// Only these descriptors
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Every descriptor, those on demand too
    #[arg(long, conflicts_with = "only")]
    pub(crate) all: bool,
    /// Tempo map or beats per minute; tells the length in beats, and is for
    /// the few descriptors that depend on tempo
    #[arg(long, value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) tempo: Option<String>,
    /// Go on with the other files when one fails
    #[arg(long, short)]
    pub(crate) keep_going: bool,
    /// One JSON object a line and file
    #[arg(long)]
    pub(crate) json: bool,
    /// Say what would be computed and compute nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Only this profile [default: the default profile and what else is cached]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Tempo map or beats per minute, to compare descriptors with that depend
    /// on tempo
    #[arg(long, value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) tempo: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Descriptor, such as agogic.mel
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) profile: ProfileArg,
    /// Tempo map or beats per minute, to compare descriptors with that depend
    /// on tempo
    #[arg(long, value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) tempo: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What goes out, and where to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Form of the data [default: by the ending of OUT, else csv]
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// File to write; `-` is stdout
    #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite OUT
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Time, duration, values, label; no header
    Csv,
    /// One object
    Json,
    /// NumPy array, (bins, frames) or (channels, bins, frames)
    Npy,
}

#[derive(Debug, Args)]
pub(crate) struct Frames {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Descriptor, such as agogic.mel
    pub(crate) id: String,
    /// First frame at or after this time, in seconds
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = finite)]
    pub(crate) from: Option<f64>,
    /// Only frames before this time, in seconds
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = finite)]
    pub(crate) to: Option<f64>,
    /// Resolution of a peaks descriptor; 0 is the finest
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) level: usize,
    #[command(flatten)]
    pub(crate) profile: ProfileArg,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Debug, Args)]
pub(crate) struct Plot {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Descriptor, such as agogic.mel
    pub(crate) id: String,
    /// Tempo map or beats per minute: draws bars and beats
    #[arg(long, value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) tempo: Option<String>,
    #[command(flatten)]
    pub(crate) profile: ProfileArg,
    /// Width of the picture, in pixels
    #[arg(long, value_name = "N", default_value_t = 1600, value_parser = clap::value_parser!(u32).range(480..=16_384))]
    pub(crate) width: u32,
    /// Height of the picture, in pixels
    #[arg(long, value_name = "N", default_value_t = 720, value_parser = clap::value_parser!(u32).range(240..=8192))]
    pub(crate) height: u32,
    /// PNG file to write; `-` is stdout
    #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Overwrite OUT
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Peaks {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Samples under each minimum and maximum
    #[arg(long, short, value_name = "SAMPLES", default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..=16_777_216))]
    pub(crate) zoom: u32,
    /// Bits of a value
    #[arg(long, short, value_name = "BITS", default_value = "16")]
    pub(crate) bits: Bits,
    /// A waveform of each channel instead of one of their mean
    #[arg(long)]
    pub(crate) split_channels: bool,
    /// Form of the data [default: by the ending of OUT, else dat]
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) format: Option<PeaksFormat>,
    /// Version of dat: 1, 2 [default: 1 for one waveform, 2 for several]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2))]
    pub(crate) dat_version: Option<u32>,
    /// File to write; `-` is stdout
    #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite OUT
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bits {
    /// From -128 to 127
    #[value(name = "8")]
    Eight,
    /// From -32768 to 32767
    #[value(name = "16")]
    Sixteen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PeaksFormat {
    /// audiowaveform's binary form
    Dat,
    /// audiowaveform's JSON
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Calculators {
    /// List calculators, their descriptors and parameters
    List {
        /// Those of the Vamp plug-ins of this machine instead
        #[arg(long)]
        vamp: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the crate of a new calculator
    New(authors::New),
    /// Look for faults in a plug-in; 1 when there are any
    Validate(authors::Validate),
    /// Say where plug-ins were looked for and what became of each file; 1 when
    /// any was refused
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at all plug-in files; 1 when any was refused
    Scan(Scan),
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Take files out of quarantine, and load again what was known
    #[arg(long, conflicts_with = "sidecar")]
    pub(crate) retry: bool,
    /// Write what this plug-in file holds into a file beside it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sidecar: Option<PathBuf>,
    /// As JSON
    #[arg(long, conflicts_with = "sidecar")]
    pub(crate) json: bool,
}

/// A number that is one.
fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("it is no finite number".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_parses_and_what_does_not() {
        #[track_caller]
        fn check(line: &str, good: bool) {
            let parsed = Cli::try_parse_from(std::iter::once("agogic").chain(line.split_whitespace()));
            assert_eq!(parsed.is_ok(), good, "{line}: {:?}", parsed.err().map(|e| e.to_string()));
        }
        let cases = [
            ("analyze a.wav", true),
            ("analyze a.wav b.wav --only x,y --json --keep-going --jobs 3", true),
            ("analyze", false),
            ("analyze a.wav --jobs 0", false),
            ("analyze a.wav --jobs many", false),
            ("analyze a.wav --tempo -5", true),
            ("--quiet status a.wav --cache-dir /c", true),
            ("frames a.wav agogic.mel --from -1 --to 2e1", true),
            ("frames a.wav agogic.mel --from nan", false),
            ("frames a.wav agogic.mel --format xml", false),
            ("view a.wav agogic.mel --tempo 120 --every 1/16", true),
            ("view a.wav agogic.mel --tempo 120 --every 0/16", false),
            ("view a.wav agogic.mel --tempo 120", false),
            ("view a.wav agogic.mel --every 1/16", false),
            ("view a.wav agogic.mel --tempo 120 --every 1/16 --interp hold --over mean", false),
            ("view a.wav agogic.mel --tempo 120 --every 1/4 --from-beat -4 --to-beat 4", true),
            (
                "view a.wav agogic.mel --tempo 120 --every 1/4 --interp monotone --smooth 0.5 --outside -80",
                true,
            ),
            ("view a.wav agogic.mel --tempo 120 --every 1/4 --over rms --outside nan", true),
            ("view a.wav agogic.mel --tempo 120 --every 1/4 --over rms --outside none", false),
            ("view a.wav agogic.mel --tempo 120 --every 1/4 --over median --oversample 4", false),
            ("view a.wav agogic.mel --tempo 120 --every 1/4 --interp hold --smooth -1", false),
            ("plot a.wav agogic.mel -o a.png --width 99999", false),
            ("peaks a.wav -o a.dat -z 441 -b 8 --split-channels --dat-version 2 --force", true),
            ("peaks a.wav --format json", true),
            ("peaks a.wav --zoom 1", false),
            ("peaks a.wav --bits 12", false),
            ("peaks a.wav --dat-version 3", false),
            ("tempo convert -3 --from beats --to seconds", true),
            ("tempo convert 120 --from beats --to bars", false),
            ("tempo import a.mid --format sv-csv -o b.json --force", true),
            ("tempo import a.mid --format smf", false),
            ("tempo export 120 --format midi -o a.mid", true),
            ("tempo export 120 -o a.mid", false),
            ("tempo show -3", true),
            ("calculators scan --retry --json --isolate", true),
            ("calculators scan --retry --sidecar a.so", false),
            ("worker", true),
            ("frames a.wav agogic.mel --no-such-flag", false),
        ];
        for (line, good) in cases {
            check(line, good);
        }
    }
}
