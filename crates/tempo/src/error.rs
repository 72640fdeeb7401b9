//! Everything that can be wrong with a tempo map. Messages are one line and name
//! the cause; whoever read the bytes adds which file they came from.

use alloc::string::String;
use core::fmt;

use crate::{MAX_BEAT, MAX_BPM, MAX_CURVE_SEGMENTS, MAX_POINTS, MIN_BPM};

/// Why a tempo map was refused. Trying again with the same input never helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TempoError {
    /// There is no point to take a tempo from.
    #[error("the tempo map has no points")]
    NoPoints,
    /// More points than [`MAX_POINTS`].
    #[error("{count} tempo points are more than the {MAX_POINTS} that a map may hold")]
    TooManyPoints {
        /// How many there were.
        count: usize,
    },
    /// Curves that need more than [`MAX_CURVE_SEGMENTS`] together.
    #[error(
        "up to the curve at beat {} the map needs more than {MAX_CURVE_SEGMENTS} segments of curves",
        Number(*beat)
    )]
    TooManySegments {
        /// Where the curve begins.
        beat: f64,
    },
    /// A point or time signature that is not a number, or too far out.
    #[error("beat {} is outside -{MAX_BEAT}..={MAX_BEAT}", Number(*beat))]
    Beat {
        /// Where it stood.
        beat: f64,
    },
    /// A tempo outside [`MIN_BPM`]`..=`[`MAX_BPM`].
    #[error("tempo {} bpm at beat {} is outside {MIN_BPM}..={MAX_BPM} bpm", Number(*bpm), Number(*beat))]
    Bpm {
        /// The tempo, in quarter notes per minute.
        bpm: f64,
        /// The point it belongs to.
        beat: f64,
    },
    /// Two points at one beat.
    #[error("two tempo points stand at beat {}", Number(*beat))]
    DuplicateBeat {
        /// The beat.
        beat: f64,
    },
    /// A point before the one it follows.
    #[error("the tempo point at beat {} follows one at beat {}", Number(*beat), Number(*previous))]
    Order {
        /// The point that comes too early.
        beat: f64,
        /// The point before it.
        previous: f64,
    },
    /// A curve's shape outside -1.0..=1.0.
    #[error("the curve at beat {} has shape {}, outside -1..=1", Number(*beat), Number(*shape))]
    Shape {
        /// The shape.
        shape: f64,
        /// The point it belongs to.
        beat: f64,
    },
    /// A shape given for a law that has none.
    #[error("the tempo point at beat {} has a shape but its law is no curve", Number(*beat))]
    StrayShape {
        /// The point.
        beat: f64,
    },
    /// A tolerance that no integration meets.
    #[error("a tolerance of {} s is not above zero", Number(*seconds))]
    Tolerance {
        /// The tolerance given.
        seconds: f64,
    },
    /// A warp marker out of order or out of bounds.
    #[error(
        "the warp marker at {} s of real time and {} s of the music is out of order or beyond 1e12 s",
        Number(*real),
        Number(*music)
    )]
    WarpMarker {
        /// Its real time.
        real: f64,
        /// Its time of the music.
        music: f64,
    },
    /// A rubato that no time passes in, or that overlaps the one before.
    #[error("the rubato from beat {} to {} is empty or overlaps the one before", Number(*start), Number(*end))]
    Rubato {
        /// Its first beat.
        start: f64,
        /// The beat after it.
        end: f64,
    },
    /// A ramp's end given for a span that is no ramp.
    #[error("the tempo point at beat {} has an end tempo (\"to\") but its law is step", Number(*beat))]
    StrayEnd {
        /// The point.
        beat: f64,
    },
    /// No ticks per quarter note.
    #[error("{value} ticks per quarter note are outside 1..=65535")]
    TicksPerQuarter {
        /// The value given.
        value: u64,
    },
    /// A tick rate with a zero in it.
    #[error("{numerator}/{denominator} ticks per second is no rate")]
    TicksPerSecond {
        /// Above the line.
        numerator: u32,
        /// Below the line.
        denominator: u32,
    },
    /// Both ways to count ticks at once.
    #[error("both ticks_per_quarter and ticks_per_second are given")]
    TwoTickUnits,
    /// A time signature that is none.
    #[error("time signature {numerator}/{denominator} at beat {} is outside 1..=1024 over 1..=1024", Number(*beat))]
    TimeSignature {
        /// Above the line.
        numerator: u32,
        /// Below the line.
        denominator: u32,
        /// Where it stood.
        beat: f64,
    },
    /// A time signature at or before the one it follows.
    #[error("the time signature at beat {} follows one at beat {}", Number(*beat), Number(*previous))]
    MeterOrder {
        /// The one that comes too early.
        beat: f64,
        /// The one before it.
        previous: f64,
    },
    /// The bytes are of no known form.
    #[error("no form of tempo map that is known here")]
    UnknownForm,
    /// An input of a known format without a tempo map in it.
    #[cfg(feature = "formats")]
    #[error("no tempo map in {format}: {what}")]
    Import {
        /// The format.
        format: crate::formats::Format,
        /// What is wrong with it.
        what: String,
    },
    /// A map that a format cannot hold.
    #[cfg(feature = "formats")]
    #[error("the tempo map cannot be written as {format}: {what}")]
    Export {
        /// The format.
        format: crate::formats::Format,
        /// What is in the way.
        what: String,
    },
    /// Beats that no map passes through.
    #[cfg(feature = "formats")]
    #[error("no tempo map passes through the beats: {0}")]
    Beats(String),
    /// The text is no tempo map in JSON.
    #[cfg(feature = "json")]
    #[error("no tempo map in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The MIDI file ends too early.
    #[error("the MIDI file is cut off at byte {at}, inside {inside}")]
    MidiCutOff {
        /// What was being read.
        inside: &'static str,
        /// Where the bytes ended.
        at: usize,
    },
    /// The MIDI file breaks the standard.
    #[error("the MIDI file is corrupt: {0}")]
    MidiCorrupt(String),
    /// A form of MIDI file that holds no single tempo map.
    #[error("the MIDI file has format {0}; only 0 and 1 have one tempo map for all tracks")]
    MidiFormat(u16),
    /// A set-tempo event of zero microseconds per quarter note.
    #[error("the MIDI file sets the tempo to 0 microseconds per quarter note at tick {tick}")]
    MidiTempoZero {
        /// Where.
        tick: i64,
    },
}

/// A number in a message: one that would fill the line is written with an exponent.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && size != 0.0 && !(1e-6..1e15).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn numbers_are_short() {
        for (bpm, beat, expect) in [
            (1e300, 4.5, "tempo 1e300 bpm at beat 4.5 is outside 0.001..=1000000 bpm"),
            (-1.5e-300, 0.0, "tempo -1.5e-300 bpm at beat 0 is outside 0.001..=1000000 bpm"),
            (2e6, -1e12, "tempo 2000000 bpm at beat -1000000000000 is outside 0.001..=1000000 bpm"),
            (f64::INFINITY, 0.25, "tempo inf bpm at beat 0.25 is outside 0.001..=1000000 bpm"),
        ] {
            assert_eq!(TempoError::Bpm { bpm, beat }.to_string(), expect);
        }
        let long = TempoError::Beat { beat: f64::MAX }.to_string();
        assert_eq!(long, "beat 1.7976931348623157e308 is outside -1000000000000..=1000000000000");
    }
}
