//! What `agogic view` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::{Export, ProfileArg, finite};
use crate::step::Step;

#[derive(Debug, Args)]
pub(crate) struct View {
    /// Audio file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Descriptor, such as agogic.mel
    pub(crate) id: String,
    /// Tempo map or beats per minute
    #[arg(long, value_name = "MAP|BPM", allow_negative_numbers = true, value_hint = ValueHint::FilePath)]
    pub(crate) tempo: String,
    /// Length of a column as a note value: 1/16, 1/8. (dotted), 1/8t (triplet),
    /// 3/8, beat (a quarter note)
    #[arg(long, value_name = "NOTE")]
    pub(crate) every: Step,
    /// Read the value at the start of each column
    #[arg(long, conflicts_with = "over")]
    pub(crate) interp: Option<Interp>,
    /// Reduce all within each column [default: mean]
    #[arg(long)]
    pub(crate) over: Option<Over>,
    /// With --interp: the mean of N values, read evenly through the column
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024), conflicts_with = "over")]
    pub(crate) oversample: u16,
    /// Take a centred moving average over S seconds first
    #[arg(long, value_name = "S", value_parser = length)]
    pub(crate) smooth: Option<f64>,
    /// What stands before and after the track: hold (its first and last
    /// frame), nan, or a value, which also fills gaps
    #[arg(long, value_name = "hold|nan|VALUE", default_value = "hold", allow_negative_numbers = true)]
    pub(crate) outside: Beyond,
    /// Start at this beat [default: the beat at time 0]
    #[arg(long, value_name = "B", allow_negative_numbers = true, value_parser = finite)]
    pub(crate) from_beat: Option<f64>,
    /// Stop at this beat [default: the end of the audio]
    #[arg(long, value_name = "B", allow_negative_numbers = true, value_parser = finite)]
    pub(crate) to_beat: Option<f64>,
    #[command(flatten)]
    pub(crate) profile: ProfileArg,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Interp {
    /// The last frame at or before the edge
    Hold,
    /// The frame nearest to the edge
    Nearest,
    /// A straight line between frames
    Linear,
    /// A Catmull-Rom spline through frames
    Spline,
    /// Akima's curve through frames: hardly overshoots
    Akima,
    /// A monotone cubic through frames: never overshoots
    Monotone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Over {
    /// Mean, weighted by time
    Mean,
    /// Median, weighted by time
    Median,
    /// Least value
    Min,
    /// Greatest value
    Max,
    /// Root of the mean square, weighted by time
    Rms,
}

/// What stands outside a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beyond {
    Hold,
    Nan,
    Value(f32),
}

impl std::str::FromStr for Beyond {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f32>()) {
            ("hold", _) => Ok(Self::Hold),
            ("nan", _) => Ok(Self::Nan),
            (_, Ok(value)) if !value.is_nan() => Ok(Self::Value(value)),
            _ => Err("it is neither hold, nan nor a number".into()),
        }
    }
}

/// A length of time that can be.
fn length(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| if number >= 0.0 { Ok(number) } else { Err("it is below zero".into()) })
}
