//! Ticks: the integer positions of MIDI files and sequencers. What lives here:
//! both ways to count them, and exact arithmetic for maps whose tempi are whole
//! microseconds per quarter note. What does not: reading MIDI files (`midi`).

use alloc::vec::Vec;

use agogic_timebase::{Beats, Seconds, Ticks};

use crate::float::{floor, round};
use crate::sum::Sum;
use crate::{Law, TempoError, TempoMap, TempoPoint};

/// Microseconds in a minute: bpm = this / microseconds per quarter note.
pub(crate) const MICROS_PER_MINUTE: f64 = 60e6;

/// How a map counts ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickUnit {
    /// So many ticks per quarter note.
    PerQuarter(u16),
    /// `numerator / denominator` ticks per second, whatever the tempo: the SMPTE
    /// divisions of MIDI files.
    PerSecond {
        /// Above the line.
        numerator: u32,
        /// Below the line.
        denominator: u32,
    },
}

impl Default for TickUnit {
    /// 960 per quarter note, as most sequencers count.
    fn default() -> Self {
        Self::PerQuarter(960)
    }
}

impl TickUnit {
    pub(crate) fn check(self) -> Result<(), TempoError> {
        match self {
            Self::PerQuarter(0) => Err(TempoError::TicksPerQuarter { value: 0 }),
            Self::PerSecond { numerator, denominator } if numerator == 0 || denominator == 0 => {
                Err(TempoError::TicksPerSecond { numerator, denominator })
            }
            _ => Ok(()),
        }
    }
}

/// Tick-related conversions. Where every tempo is a whole number of microseconds
/// per quarter note from beat 0 on, as in all MIDI files, tick to second is exact
/// rational arithmetic with one division at the end, and tick to second to tick
/// is the identity. Results too large to count saturate.
impl TempoMap {
    /// The real time of a tick.
    pub fn ticks_to_seconds(&self, at: Ticks) -> Seconds {
        match (self.tick_unit(), self.exact()) {
            (TickUnit::PerSecond { .. }, _) => {
                let (numerator, denominator) = self.ticks_per_second();
                Seconds(quotient(i128::from(at.0) * denominator, numerator).hi)
            }
            (TickUnit::PerQuarter(per_quarter), Some(exact)) => {
                // The index says where about; rounding may miss by one.
                let place = self.by_beat().find(at.0 as f64 / f64::from(per_quarter));
                Seconds(exact.seconds(at.0, span_of(place)))
            }
            (TickUnit::PerQuarter(_), None) => self.seconds(self.ticks_to_beats(at)),
        }
    }

    /// The tick nearest to a real time; 0 for not a number.
    pub fn seconds_to_ticks(&self, at: Seconds) -> Ticks {
        match (self.tick_unit(), self.exact()) {
            (TickUnit::PerSecond { .. }, _) => {
                let (numerator, denominator) = self.ticks_per_second();
                let (whole, part) = scaled(at.0, numerator);
                Ticks(clamp(rounded(whole, part, denominator)))
            }
            (TickUnit::PerQuarter(_), Some(exact)) => {
                Ticks(exact.nearest(at.0, span_of(self.by_second().find(at.0))))
            }
            (TickUnit::PerQuarter(_), None) => self.beats_to_ticks(self.beats(at)),
        }
    }

    /// The beat of a tick.
    pub fn ticks_to_beats(&self, at: Ticks) -> Beats {
        match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => {
                Beats(quotient(i128::from(at.0), i128::from(per_quarter)).hi)
            }
            TickUnit::PerSecond { .. } => self.beats(self.ticks_to_seconds(at)),
        }
    }

    /// The tick nearest to a beat; 0 for not a number.
    pub fn beats_to_ticks(&self, at: Beats) -> Ticks {
        match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => Ticks(round(at.0 * f64::from(per_quarter)) as i64),
            TickUnit::PerSecond { .. } => self.seconds_to_ticks(self.seconds(at)),
        }
    }

    /// The real time of a real-valued tick; the same as [`Self::ticks_to_seconds`]
    /// for whole ones.
    pub fn real_ticks_to_seconds(&self, at: f64) -> Seconds {
        if let Some(whole) = whole(at) {
            return self.ticks_to_seconds(whole);
        }
        match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => self.seconds(Beats(at / f64::from(per_quarter))),
            TickUnit::PerSecond { numerator, denominator } => {
                Seconds(at * f64::from(denominator) / f64::from(numerator))
            }
        }
    }

    /// The real-valued tick at a real time; whole exactly where a tick stands.
    pub fn seconds_to_real_ticks(&self, at: Seconds) -> f64 {
        let nearest = self.seconds_to_ticks(at);
        if self.ticks_to_seconds(nearest) == at {
            return nearest.0 as f64;
        }
        match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => self.beats(at).0 * f64::from(per_quarter),
            TickUnit::PerSecond { numerator, denominator } => {
                at.0 * f64::from(numerator) / f64::from(denominator)
            }
        }
    }

    /// The beat of a real-valued tick; the same as [`Self::ticks_to_beats`] for
    /// whole ones.
    pub fn real_ticks_to_beats(&self, at: f64) -> Beats {
        match (whole(at), self.tick_unit()) {
            (Some(whole), _) => self.ticks_to_beats(whole),
            (None, TickUnit::PerQuarter(per_quarter)) => Beats(at / f64::from(per_quarter)),
            (None, TickUnit::PerSecond { .. }) => self.beats(self.real_ticks_to_seconds(at)),
        }
    }

    /// The real-valued tick at a beat.
    pub fn beats_to_real_ticks(&self, at: Beats) -> f64 {
        match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => {
                let nearest = self.beats_to_ticks(at);
                if self.ticks_to_beats(nearest) == at {
                    nearest.0 as f64
                } else {
                    at.0 * f64::from(per_quarter)
                }
            }
            TickUnit::PerSecond { .. } => self.seconds_to_real_ticks(self.seconds(at)),
        }
    }

    fn ticks_per_second(&self) -> (i128, i128) {
        match self.tick_unit() {
            TickUnit::PerSecond { numerator, denominator } => {
                (i128::from(numerator), i128::from(denominator))
            }
            TickUnit::PerQuarter(per_quarter) => (i128::from(per_quarter), 1),
        }
    }
}

/// The tempi of a map in whole microseconds per quarter note. Times are counted
/// in units of a microsecond over the ticks per quarter note, which every tick
/// falls on exactly.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExactTicks {
    /// Units per second.
    scale: i128,
    start_tick: Vec<i64>,
    /// Units from tick 0 to each start.
    start_unit: Vec<i128>,
    /// Microseconds per quarter note, hence units per tick.
    micros: Vec<i64>,
}

impl ExactTicks {
    /// The exact form of a map that has one: stepped from beat 0 on, every point
    /// on a tick, every tempo a whole number of microseconds per quarter note.
    pub(crate) fn of(points: &[TempoPoint], unit: TickUnit) -> Option<Self> {
        let TickUnit::PerQuarter(per_quarter) = unit else {
            return None;
        };
        if points.first()?.beat != Beats(0.0) {
            return None;
        }
        let mut exact = Self {
            scale: i128::from(per_quarter) * 1_000_000,
            start_tick: Vec::with_capacity(points.len()),
            start_unit: Vec::with_capacity(points.len()),
            micros: Vec::with_capacity(points.len()),
        };
        let (mut tick, mut unit, mut micros) = (0, 0, 0);
        for point in points {
            if point.law != Law::Step {
                return None;
            }
            let next = round(point.beat.0 * f64::from(per_quarter)) as i64;
            if quotient(i128::from(next), i128::from(per_quarter)).hi != point.beat.0 {
                return None;
            }
            unit += i128::from(next - tick) * i128::from(micros);
            tick = next;
            micros = round(MICROS_PER_MINUTE / point.bpm) as i64;
            if MICROS_PER_MINUTE / micros as f64 != point.bpm {
                return None;
            }
            exact.start_tick.push(tick);
            exact.start_unit.push(unit);
            exact.micros.push(micros);
        }
        Some(exact)
    }

    /// Where each span starts, in seconds.
    pub(crate) fn start_seconds(&self) -> impl Iterator<Item = Sum> {
        self.start_unit.iter().map(|unit| quotient(*unit, self.scale))
    }

    /// The real time of a tick in or near the span `i`.
    fn seconds(&self, tick: i64, i: usize) -> f64 {
        let i = settle(&self.start_tick, i, tick);
        let into = i128::from(tick) - i128::from(self.start_tick[i]);
        let unit = self.start_unit[i] + into * i128::from(self.micros[i]);
        quotient(unit, self.scale).hi
    }

    /// The tick nearest to a real time in or near the span `i`.
    fn nearest(&self, seconds: f64, i: usize) -> i64 {
        let (whole, part) = scaled(seconds, self.scale);
        let i = settle(&self.start_unit, i, whole);
        let into = rounded(whole - self.start_unit[i], part, i128::from(self.micros[i]));
        clamp(i128::from(self.start_tick[i]) + into)
    }
}

/// The span of a piece of a map of steps: one piece lies before them all, and each
/// has two but for the last.
fn span_of(piece: usize) -> usize {
    piece.saturating_sub(1) / 2
}

/// The last of the ascending `starts` at or before `at`, a few steps from `i`.
fn settle<T: PartialOrd>(starts: &[T], mut i: usize, at: T) -> usize {
    while i > 0 && starts.get(i).is_none_or(|start| *start > at) {
        i -= 1;
    }
    while starts.get(i + 1).is_some_and(|next| *next <= at) {
        i += 1;
    }
    i
}

/// `numerator / denominator` as the nearest double and the rest. The denominator
/// is positive and below 2^53.
fn quotient(numerator: i128, denominator: i128) -> Sum {
    let whole = numerator / denominator;
    let rest = Sum::product_over(1.0, (numerator % denominator) as f64, denominator as f64);
    // Two doubles hold any whole part that occurs.
    let high = whole as f64;
    let low = (whole - high as i128) as f64;
    Sum::of(high, low).plus(rest)
}

/// `at * scale` as a whole number and a part in 0.0..1.0.
fn scaled(at: f64, scale: i128) -> (i128, f64) {
    // Far beyond any tick, and far from overflow.
    let at = at.clamp(-1e24, 1e24);
    let whole = floor(at);
    let part = (at - whole) * scale as f64;
    let part = if part.is_finite() { part } else { 0.0 };
    (whole as i128 * scale + floor(part) as i128, part - floor(part))
}

/// `(whole + part) / divisor` rounded to the nearest whole number, halves up.
fn rounded(whole: i128, part: f64, divisor: i128) -> i128 {
    (2 * whole + floor(2.0 * part) as i128 + divisor).div_euclid(2 * divisor)
}

fn clamp(tick: i128) -> i64 {
    tick.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// A real-valued tick that is a whole one, where a double can tell.
fn whole(at: f64) -> Option<Ticks> {
    (floor(at) == at && at.abs() < 9e15).then_some(Ticks(at as i64))
}
