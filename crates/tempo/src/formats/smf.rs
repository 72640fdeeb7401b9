//! Tempo and meter into a Standard MIDI File ("Standard MIDI Files 1.0", part of
//! The Complete MIDI 1.0 Detailed Specification,
//! <https://midi.org/standard-midi-files-specification>). What lives here: cutting
//! a map into tempi of whole microseconds. What does not: reading (`midi`), the
//! bytes, which midly writes.
//!
//! The file knows tempi of whole microseconds per quarter note that hold until the
//! next one, at whole ticks. Each piece here gets the tempo that makes up for what
//! the pieces before it were rounded by, so that no error grows.

use agogic_timebase::Beats;
use midly::{Header, MetaMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::{Format, from_zero, unwritable};
use crate::ticks::MICROS_PER_MINUTE;
use crate::{Law, TempoError, TempoMap, TickUnit, TimeSignature};

/// Slowest tempo of the format, in microseconds per quarter note.
const MAX_MICROS: f64 = 16_777_215.0;
/// Most ticks between two events.
const MAX_DELTA: i64 = 0x0fff_ffff;
/// Most events that are written.
const MAX_EVENTS: usize = 1 << 22;
/// How far the middle of a piece of a ramp may be from the ramp, in seconds; where
/// the tempo only falls or only rises, no place is twice as far.
const MAX_BEND: f64 = 25e-6;
/// Error that a step is allowed before its rounded tempo is balanced, in
/// microseconds.
const BALANCE: f64 = 0.5;

impl TempoMap {
    /// This map as a Standard MIDI File of one track, in ticks per quarter note:
    /// the map's own, or 960 where it counts by the second or the file has no room
    /// for as many.
    ///
    /// From beat 0 to the last point, the file's time differs from the map's by at
    /// most 1e-6 s at each whole tick in a step and at each whole tick that a point
    /// stands on or next to. Between the ends of a ramp, which is cut into pieces of
    /// at most a beat with the mean tempo of each, it differs by at most 52e-6 s.
    /// Where a point is not on a tick, the tick that it falls into has the mean of
    /// its tempi. After the last point, the tempo is rounded to the microsecond.
    ///
    /// What is before beat 0 is not in the file. Where beat 0 is not the start of a
    /// bar, the rest of its bar becomes a bar.
    ///
    /// # Errors
    /// [`TempoError::Export`] for what the format has no words for: a tempo below
    /// 3.58 bpm, a time signature above 255 or one that is not over a power of two;
    /// and for a map that takes more than four million events.
    pub fn to_midi(&self) -> Result<Vec<u8>, TempoError> {
        let per_quarter = match self.tick_unit() {
            TickUnit::PerQuarter(ticks) if ticks < 1 << 15 => ticks,
            _ => 960,
        };
        let mut pieces = Pieces::new(self, per_quarter);
        pieces.all()?;
        let mut events: Vec<(i64, MetaMessage<'_>)> = Vec::with_capacity(pieces.tempi.len() + 2);
        for signature in from_zero::signatures(self.meter()) {
            events.push((pieces.tick(signature.beat.0)?, message(&signature)?));
        }
        events.extend(pieces.tempi.iter().map(|&(tick, micros)| (tick, MetaMessage::Tempo(micros.into()))));
        // Stable: at one tick the signature stays first.
        events.sort_by_key(|event| event.0);
        let header = Header::new(midly::Format::SingleTrack, Timing::Metrical(per_quarter.into()));
        let mut bytes = Vec::new();
        let smf = Smf { header, tracks: vec![track(events)?] };
        // Into memory, it fails only for what midly cannot say in the format.
        smf.write(&mut bytes).map_err(|error| unwritable(Format::Midi, error.to_string()))?;
        Ok(bytes)
    }
}

/// A time signature as the file says it.
fn message(signature: &TimeSignature) -> Result<MetaMessage<'static>, TempoError> {
    let &TimeSignature { numerator, denominator, beat } = signature;
    match u8::try_from(numerator) {
        Ok(numerator) if denominator.is_power_of_two() => {
            // A click for each beat, of 24 clocks a quarter note.
            let clocks = (96 / denominator).max(1) as u8;
            Ok(MetaMessage::TimeSignature(numerator, denominator.trailing_zeros() as u8, clocks, 8))
        }
        _ => Err(unwritable(
            Format::Midi,
            format!("it has no time signature {numerator}/{denominator} (at beat {})", beat.0),
        )),
    }
}

/// The events in a track of their own, in order.
fn track(events: Vec<(i64, MetaMessage<'_>)>) -> Result<Vec<TrackEvent<'_>>, TempoError> {
    let mut track = Vec::with_capacity(events.len() + 1);
    let mut at = 0;
    let event = |delta: i64, message| TrackEvent {
        delta: (delta as u32).into(),
        kind: TrackEventKind::Meta(message),
    };
    for (tick, message) in events {
        while tick - at > MAX_DELTA {
            // An empty text: nothing happens but time.
            track.push(event(MAX_DELTA, MetaMessage::Text(b"")));
            at += MAX_DELTA;
            too_many(track.len())?;
        }
        track.push(event(tick - at, message));
        at = tick;
    }
    track.push(event(0, MetaMessage::EndOfTrack));
    too_many(track.len())?;
    Ok(track)
}

fn too_many(events: usize) -> Result<(), TempoError> {
    if events > MAX_EVENTS {
        return Err(unwritable(Format::Midi, format!("it takes more than {MAX_EVENTS} events")));
    }
    Ok(())
}

/// A map on its way into tempi of whole microseconds.
struct Pieces<'a> {
    map: &'a TempoMap,
    per_quarter: u16,
    /// Tick and microseconds per quarter note, in order.
    tempi: Vec<(i64, u32)>,
    /// How many pieces they stand for.
    pieces: usize,
    /// Where the tempi found so far end.
    at: i64,
    /// The time they take, in microseconds times ticks per quarter note: exact.
    time: i128,
}

impl<'a> Pieces<'a> {
    fn new(map: &'a TempoMap, per_quarter: u16) -> Self {
        Self { map, per_quarter, tempi: Vec::new(), pieces: 0, at: 0, time: 0 }
    }

    /// Cuts the whole map.
    fn all(&mut self) -> Result<(), TempoError> {
        // Before the first point and in a step, nothing bends.
        let mut straight = true;
        let points = self.map.points();
        for (i, point) in points.iter().enumerate() {
            let beat = point.beat.0;
            let place = beat * f64::from(self.per_quarter);
            let (before, after) = (self.within(place.floor(), beat)?, self.within(place.ceil(), beat)?);
            self.stretch(before, straight)?;
            self.stretch(after, false)?;
            let end = point.to.or(points.get(i + 1).map(|next| next.bpm));
            straight = point.law == Law::Step || end == Some(point.bpm) && is_plain(point.law);
        }
        let Some(last) = points.last() else { return Ok(()) };
        let micros = MICROS_PER_MINUTE / last.bpm;
        check_tempo(micros, last.beat.0)?;
        self.push(micros, 0)
    }

    /// The tick nearest to a beat.
    fn tick(&self, beat: f64) -> Result<i64, TempoError> {
        self.within((beat * f64::from(self.per_quarter)).round(), beat)
    }

    /// A tick that so many events can reach.
    fn within(&self, tick: f64, beat: f64) -> Result<i64, TempoError> {
        if tick.abs() > MAX_DELTA as f64 * MAX_EVENTS as f64 {
            return Err(unwritable(Format::Midi, format!("beat {beat} is too far out")));
        }
        Ok(tick as i64)
    }

    /// Tempi up to a tick.
    fn stretch(&mut self, to: i64, straight: bool) -> Result<(), TempoError> {
        if to <= self.at {
            return Ok(());
        }
        let steady = self.micros(self.at, to);
        let mut length = i64::from(self.per_quarter);
        while self.at < to {
            let left = to - self.at;
            let (micros, ticks) = if straight {
                self.balanced(steady, left)
            } else {
                length = length.saturating_mul(2).min(i64::from(self.per_quarter)).min(left);
                while length > 1 && self.bend(self.at, self.at + length) > MAX_BEND {
                    length /= 2;
                }
                // The mean tempo, and what is left of the error so far.
                let mean = self.micros(self.at, self.at + length);
                check_tempo(mean, self.beat(self.at))?;
                (mean - self.ahead() * self.quarters(length).recip(), length)
            };
            check_tempo(steady, self.beat(self.at))?;
            self.push(micros, ticks)?;
        }
        Ok(())
    }

    /// The tempo of a straight stretch, and for how many ticks: rounded to the side
    /// that mends the error so far, until that is as large on the other side.
    fn balanced(&self, micros: f64, left: i64) -> (f64, i64) {
        let ahead = self.ahead();
        let nearest = micros.round();
        if (nearest - micros).abs() * self.quarters(left) + ahead.abs() <= BALANCE {
            return (nearest, left);
        }
        let rounded = if ahead > 0.0 { micros.floor() } else { micros.floor() + 1.0 };
        let quarters = (BALANCE + ahead.abs()) / (rounded - micros).abs();
        let ticks = quarters * f64::from(self.per_quarter);
        (rounded, (ticks as i64).clamp(1, left))
    }

    /// So many microseconds per quarter note, for so many ticks.
    fn push(&mut self, micros: f64, ticks: i64) -> Result<(), TempoError> {
        let micros = micros.round().clamp(1.0, MAX_MICROS) as u32;
        if self.tempi.last().is_none_or(|last| last.1 != micros) {
            self.tempi.push((self.at, micros));
        }
        // Pieces that share a tempo take time to find all the same.
        self.pieces += 1;
        too_many(self.pieces)?;
        self.at += ticks;
        self.time += i128::from(micros) * i128::from(ticks);
        Ok(())
    }

    /// By how many microseconds the tempi so far take longer than the map.
    fn ahead(&self) -> f64 {
        (self.time as f64 / f64::from(self.per_quarter)) - self.seconds(self.at) * 1e6
    }

    fn beat(&self, tick: i64) -> f64 {
        tick as f64 / f64::from(self.per_quarter)
    }

    fn quarters(&self, ticks: i64) -> f64 {
        ticks as f64 / f64::from(self.per_quarter)
    }

    fn seconds(&self, tick: i64) -> f64 {
        self.map.seconds(Beats(self.beat(tick))).0
    }

    /// Mean microseconds per quarter note between two ticks.
    fn micros(&self, from: i64, to: i64) -> f64 {
        (self.seconds(to) - self.seconds(from)) * 1e6 / self.quarters(to - from)
    }

    /// How far the map's middle between two ticks is from their mean, in seconds.
    fn bend(&self, from: i64, to: i64) -> f64 {
        let middle = f64::midpoint(self.beat(from), self.beat(to));
        let mean = f64::midpoint(self.seconds(from), self.seconds(to));
        (self.map.seconds(Beats(middle)).0 - mean).abs()
    }
}

/// Whether a law between two equal tempi holds them.
fn is_plain(law: Law) -> bool {
    matches!(law, Law::Step | Law::LinearBeats | Law::LinearTime | Law::GeometricBeats | Law::LinearPeriod)
}

fn check_tempo(micros: f64, beat: f64) -> Result<(), TempoError> {
    // Half a unit of the last place is what rounding takes care of.
    if micros <= MAX_MICROS + 0.5 {
        return Ok(());
    }
    let bpm = MICROS_PER_MINUTE / micros;
    Err(unwritable(
        Format::Midi,
        format!("{bpm} bpm at beat {beat} is slower than its slowest tempo, 3.58 bpm"),
    ))
}
