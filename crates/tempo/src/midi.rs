//! Tempo and meter out of Standard MIDI Files (The Complete MIDI 1.0 Detailed
//! Specification, part "Standard MIDI Files 1.0"). What lives here: the header
//! and the chunks, checked to the last byte, because a file cut off must not pass
//! for a shorter piece. What does not: the events inside a track, which midly
//! reads, and notes, which no one here needs.
//!
//! Tempo and time signature events count from whichever track they stand in. Of
//! two at one tick the last wins, in the order of tracks. Before the first tempo
//! event 120 bpm holds. Where the file counts ticks by SMPTE frames, tempo events
//! are passed over as the standard says, and a beat is half a second.

use agogic_timebase::Ticks;
use midly::{EventIter, MetaMessage, TrackEventKind};

use crate::ticks::MICROS_PER_MINUTE;
use crate::{Law, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

/// The tempo where a file states none: 120 bpm.
const DEFAULT_MICROS: u32 = 500_000;
/// Powers of two that a time signature's denominator may be.
const MAX_DENOMINATOR_POWER: u8 = 10;

impl TempoMap {
    /// The tempo map and meter of a Standard MIDI File of format 0 or 1.
    ///
    /// # Errors
    /// [`TempoError`] for a file that is cut off or corrupt, of format 2 (one
    /// tempo map per track), with a tempo of zero or beyond the limits of a map,
    /// or that is no MIDI file at all.
    pub fn from_midi(bytes: &[u8]) -> Result<Self, TempoError> {
        let mut chunks = Chunks { bytes, at: 0 };
        let header = read_header(&mut chunks)?;
        let mut found = Found::default();
        for number in 1..=header.tracks {
            let track = loop {
                let (name, body) = chunks.next("a track's header", "a track")?;
                if name == b"MTrk" {
                    break body;
                }
            };
            found.read_track(number, track)?;
        }
        chunks.finish()?;
        found.into_map(header.ticks)
    }
}

struct Header {
    tracks: u16,
    ticks: TickUnit,
}

fn read_header(chunks: &mut Chunks<'_>) -> Result<Header, TempoError> {
    let start = &chunks.bytes[..chunks.bytes.len().min(4)];
    if start.is_empty() || !b"MThd".starts_with(start) {
        return Err(TempoError::UnknownForm);
    }
    let (_, body) = chunks.next("the file header", "the file header")?;
    // Longer headers are allowed; what they add is passed over.
    let Some(&[format_high, format_low, tracks_high, tracks_low, high, low]) = body.first_chunk() else {
        return Err(corrupt(format!("its header has {} bytes", body.len())));
    };
    let format = u16::from_be_bytes([format_high, format_low]);
    if format > 1 {
        return Err(TempoError::MidiFormat(format));
    }
    let tracks = u16::from_be_bytes([tracks_high, tracks_low]);
    if tracks == 0 {
        return Err(corrupt("it has no tracks"));
    }
    Ok(Header { tracks, ticks: read_division(high, low)? })
}

/// What the header's division says a tick is.
fn read_division(high: u8, low: u8) -> Result<TickUnit, TempoError> {
    let per_frame = u32::from(low);
    let (numerator, denominator) = match -i16::from(high as i8) {
        ..=0 => {
            let per_quarter = u16::from_be_bytes([high, low]);
            return if per_quarter == 0 {
                Err(TempoError::TicksPerQuarter { value: 0 })
            } else {
                Ok(TickUnit::PerQuarter(per_quarter))
            };
        }
        24 => (24 * per_frame, 1),
        25 => (25 * per_frame, 1),
        // NTSC colour: neither 29 nor 29.97, but 30000/1001.
        29 => (30_000 * per_frame, 1001),
        30 => (30 * per_frame, 1),
        frames => {
            return Err(corrupt(format!("{frames} is no SMPTE frame rate (24, 25, 29, 30)")));
        }
    };
    if per_frame == 0 {
        return Err(corrupt("it has 0 ticks per SMPTE frame"));
    }
    Ok(TickUnit::PerSecond { numerator, denominator })
}

/// The chunks of a file, one after the other.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    /// Name and body of the next chunk, all of it present. The two texts say what
    /// is cut off when it is not.
    fn next(
        &mut self,
        in_header: &'static str,
        in_body: &'static str,
    ) -> Result<(&'a [u8; 4], &'a [u8]), TempoError> {
        let cut_off = |inside| TempoError::MidiCutOff { inside, at: self.bytes.len() };
        let rest = &self.bytes[self.at..];
        let (name, rest) = rest.split_first_chunk().ok_or(cut_off(in_header))?;
        let (length, rest) = rest.split_first_chunk().ok_or(cut_off(in_header))?;
        let length = u32::from_be_bytes(*length);
        let body =
            usize::try_from(length).ok().and_then(|length| rest.get(..length)).ok_or(cut_off(in_body))?;
        self.at += 8 + body.len();
        Ok((name, body))
    }

    /// What follows the last track: whole chunks of other kinds, or the zeros that
    /// old transfer programs fill up with.
    fn finish(&mut self) -> Result<(), TempoError> {
        while self.bytes[self.at..].iter().any(|byte| *byte != 0) {
            let (name, _) = self.next("what follows the tracks", "what follows the tracks")?;
            if name == b"MTrk" {
                return Err(corrupt("it has more tracks than its header says"));
            }
        }
        Ok(())
    }
}

/// The events that matter, in the order they were met.
#[derive(Default)]
struct Found {
    /// Tick and microseconds per quarter note.
    tempi: Vec<(i64, u32)>,
    /// Tick, numerator, power of two of the denominator.
    signatures: Vec<(i64, u8, u8)>,
}

impl Found {
    fn read_track(&mut self, number: u16, track: &[u8]) -> Result<(), TempoError> {
        let mut tick = 0_i64;
        for event in EventIter::new(track) {
            let event =
                event.map_err(|error| corrupt(format!("track {number}: {}", error.kind().message())))?;
            tick += i64::from(event.delta.as_int());
            let TrackEventKind::Meta(meta) = event.kind else {
                continue;
            };
            match meta {
                MetaMessage::EndOfTrack => return Ok(()),
                MetaMessage::Tempo(micros) => self.tempi.push((tick, micros.as_int())),
                MetaMessage::TimeSignature(numerator, power, _, _) => {
                    self.signatures.push((tick, numerator, power));
                }
                MetaMessage::Unknown(0x51, _) => {
                    return Err(corrupt(format!(
                        "track {number}: the tempo event at tick {tick} has a wrong length"
                    )));
                }
                _ => {}
            }
        }
        Err(corrupt(format!("track {number} has no end")))
    }

    fn into_map(self, ticks: TickUnit) -> Result<TempoMap, TempoError> {
        // The map without its tempi, to say where ticks lie in beats.
        let steady = TempoMap::constant(120.0)?.with_ticks(ticks)?;
        let mut tempi = match ticks {
            TickUnit::PerQuarter(_) => last_of_each(self.tempi, |tempo| tempo.0),
            TickUnit::PerSecond { .. } => Vec::new(),
        };
        if tempi.first().is_none_or(|first| first.0 > 0) {
            tempi.insert(0, (0, DEFAULT_MICROS));
        }
        let mut points = Vec::with_capacity(tempi.len());
        for (tick, micros) in tempi {
            if micros == 0 {
                return Err(TempoError::MidiTempoZero { tick });
            }
            points.push(TempoPoint {
                beat: steady.ticks_to_beats(Ticks(tick)),
                bpm: MICROS_PER_MINUTE / f64::from(micros),
                law: Law::Step,
                to: None,
            });
        }
        let mut signatures = Vec::new();
        for (tick, numerator, power) in last_of_each(self.signatures, |signature| signature.0) {
            let beat = steady.ticks_to_beats(Ticks(tick));
            if power > MAX_DENOMINATOR_POWER {
                return Err(corrupt(format!(
                    "the time signature at beat {} is {numerator}/2^{power}",
                    beat.0
                )));
            }
            signatures.push(TimeSignature { beat, numerator: u32::from(numerator), denominator: 1 << power });
        }
        TempoMap::build(points, ticks, Meter::new(signatures)?)
    }
}

/// The events in order of ticks, only the last of those at one tick.
fn last_of_each<T>(mut events: Vec<T>, tick: impl Fn(&T) -> i64) -> Vec<T> {
    // A stable sort keeps the order of the file at one tick; reversed, the first
    // of each is its last.
    events.sort_by_key(&tick);
    events.reverse();
    events.dedup_by_key(|event| tick(event));
    events.reverse();
    events
}

fn corrupt(what: impl Into<String>) -> TempoError {
    TempoError::MidiCorrupt(what.into())
}
