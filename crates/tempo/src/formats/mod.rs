//! Tempo maps from and to the files of other programs. What lives here: which
//! form bytes have, and one module per form. What does not: files (bytes come in
//! and go out), the native JSON (`json`) and the reading of MIDI files (`midi`),
//! which are part of the core.
//!
//! | format | read | written | by what it is known | module and its source |
//! |---|---|---|---|---|
//! | `json` | yes | yes | `{` or `[` | the native form, lossless |
//! | `midi` | yes | yes | `MThd` | Standard MIDI Files 1.0 |
//! | `dawproject` | yes | yes | a zip file with `project.xml`, or that file | DAWproject 1.0 |
//! | `reaper` | yes | | `<REAPER_PROJECT` | REAPER project files |
//! | `musicxml` | yes | | a `score-partwise` element, plain or in a zip file | MusicXML 4.0 |
//! | `csv` | yes | yes | a header of `beat,seconds,bpm,law,to`, or one or two columns that begin with seconds | our own; lists of beats |
//! | `sv-csv` | yes | | columns of seconds, value and label | Sonic Visualiser's layers |
//! | `jams` | yes | | a JSON object with `annotations` | JAMS 0.3 |
//!
//! A file's name is never asked. Whatever the bytes are, the answer is a map or
//! an error; compressed files are inflated up to a limit only.

mod archive;
mod beats;
mod csv;
mod dawproject;
mod detect;
mod from_zero;
mod jams;
mod musicxml;
mod reaper;
mod rows;
mod smf;
mod timed;
mod xml;

use std::fmt;
use std::str::FromStr;

use crate::{TempoError, TempoMap};

/// A form that tempo maps are read from or written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The native form, see [`TempoMap::from_json`].
    Json,
    /// A Standard MIDI File, see [`TempoMap::from_midi`] and [`TempoMap::to_midi`]
    /// (<https://midi.org/standard-midi-files-specification>).
    Midi,
    /// A DAWproject archive, or the `project.xml` out of one, see
    /// [`TempoMap::to_dawproject`] (<https://github.com/bitwig/dawproject>): the
    /// tempo and time signature of the transport and their automation. `linear`
    /// points are `linear-beats` ramps, or `linear-time` where the automation
    /// counts in seconds.
    Dawproject,
    /// A REAPER project (<https://github.com/ReaTeam/Doc>, "State Chunk
    /// Definitions"): its tempo envelope, at times in seconds. Its ramps are
    /// `linear-time`.
    Reaper,
    /// A partwise MusicXML score, plain or compressed
    /// (<https://www.w3.org/2021/06/musicxml40/>): `<sound tempo>`, metronome marks
    /// without one, and time signatures, in the order of the page.
    Musicxml,
    /// The table of points that [`export`] writes, or a list of beats: one a line,
    /// in seconds, with its place in the bar (`3`, `2:3` or `2.3`) if there is more.
    Csv,
    /// A layer exported by Sonic Visualiser
    /// (<https://www.sonicvisualiser.org/doc/reference/latest/en/>): seconds, value,
    /// label. Every line is a beat.
    SvCsv,
    /// A JAMS file (<https://jams.readthedocs.io/>): its first annotation of `beat`
    /// or `beat_position`.
    Jams,
}

impl Format {
    /// All formats, in the order of the table above.
    pub const ALL: [Self; 8] = [
        Self::Json,
        Self::Midi,
        Self::Dawproject,
        Self::Reaper,
        Self::Musicxml,
        Self::Csv,
        Self::SvCsv,
        Self::Jams,
    ];

    /// The name, such as `sv-csv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Midi => "midi",
            Self::Dawproject => "dawproject",
            Self::Reaper => "reaper",
            Self::Musicxml => "musicxml",
            Self::Csv => "csv",
            Self::SvCsv => "sv-csv",
            Self::Jams => "jams",
        }
    }

    /// Whether [`export`] writes it.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Json | Self::Midi | Self::Dawproject | Self::Csv)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = TempoError;

    fn from_str(text: &str) -> Result<Self, TempoError> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(TempoError::UnknownForm)
    }
}

/// The format that bytes have, by their content; none for none of these.
pub fn detect(bytes: &[u8]) -> Option<Format> {
    detect::detect(bytes)
}

/// The tempo map in bytes of the given format, or of the one they show.
///
/// # Errors
/// [`TempoError::UnknownForm`] for bytes of no known form, else what the format's
/// reader says: all of it present and sound, or refused.
pub fn import(bytes: &[u8], format: Option<Format>) -> Result<TempoMap, TempoError> {
    let format = format.or_else(|| detect(bytes)).ok_or(TempoError::UnknownForm)?;
    match format {
        Format::Midi => TempoMap::from_midi(bytes),
        Format::Dawproject if archive::is_zip(bytes) => {
            dawproject::read(&archive::entry(bytes, dawproject::ENTRY, format)?)
        }
        Format::Dawproject => dawproject::read(&xml::text(bytes, format)?),
        Format::Musicxml if archive::is_zip(bytes) => musicxml::read_compressed(bytes),
        Format::Musicxml => musicxml::read(&xml::text(bytes, format)?),
        Format::Json | Format::Reaper | Format::Csv | Format::SvCsv | Format::Jams => {
            let text = text(bytes, format)?;
            match format {
                Format::Json => TempoMap::from_json(text),
                Format::Reaper => reaper::read(text),
                Format::Csv => csv::read(text),
                Format::SvCsv => csv::read_layer(text),
                _ => jams::read(text),
            }
        }
    }
}

/// The map in a format. What each keeps:
///
/// | format | kept | lost |
/// |---|---|---|
/// | `json` | everything, bit for bit | nothing |
/// | `csv` | all points, bit for bit | ticks and meter |
/// | `dawproject` | steps and linear-beats ramps bit for bit; other ramps in linear-beats pieces that agree at their ends within 1e-9 s, see [`TempoMap::to_dawproject`] | ticks, what is before beat 0 |
/// | `midi` | within 1e-6 s at every whole tick in a step and at the ends of a ramp, see [`TempoMap::to_midi`] | the laws, what is before beat 0 |
///
/// # Errors
/// [`TempoError::Export`] for a format that is only read, and for a map that the
/// format cannot hold.
pub fn export(map: &TempoMap, format: Format) -> Result<Vec<u8>, TempoError> {
    match format {
        Format::Json => Ok(map.to_json().into_bytes()),
        Format::Midi => map.to_midi(),
        Format::Dawproject => map.to_dawproject(),
        Format::Csv => Ok(csv::write(map).into_bytes()),
        Format::Reaper | Format::Musicxml | Format::SvCsv | Format::Jams => {
            Err(unwritable(format, "it is only read"))
        }
    }
}

/// The bytes as text, without a byte order mark.
fn text(bytes: &[u8], format: Format) -> Result<&str, TempoError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}')),
        Err(_) => Err(refused(format, "it is no UTF-8 text")),
    }
}

/// An input of this format without a tempo map in it.
fn refused(format: Format, what: impl Into<String>) -> TempoError {
    TempoError::Import { format, what: one_line(&what.into()) }
}

/// A map that this format cannot hold.
fn unwritable(format: Format, what: impl Into<String>) -> TempoError {
    TempoError::Export { format, what: what.into() }
}

/// A message without what would break it over lines: the readers underneath
/// quote the file as it is.
fn one_line(what: &str) -> String {
    const MOST: usize = 200;
    let escaped = what.chars().take(MOST).flat_map(|c| {
        let escape = c.is_control().then(|| c.escape_debug());
        let plain = (!c.is_control()).then_some(c);
        escape.into_iter().flatten().chain(plain)
    });
    escaped.collect()
}

/// A number of an input, finite; none for anything else.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number above 0 of a time signature; none for anything else.
fn count(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|count| *count > 0)
}

/// What an input says, in quotes, cut where it is long.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{:?}...", &text[..cut]),
        None => format!("{text:?}"),
    }
}
