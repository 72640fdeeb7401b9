//! Bars: time signatures, bar numbers and beat lines. What lives here: where bars
//! start, in beats. What does not: seconds (`map`), grids finer than the beat
//! (`view`).

use alloc::vec;
use alloc::vec::Vec;

use agogic_timebase::{Beats, Range};

use crate::float::{ceil, floor};
use crate::map::{check_beat, last_at_or_before};
use crate::{MAX_BEAT, TempoError};

/// Largest number above or below the line of a time signature.
const MAX_SIGNATURE: u32 = 1024;
/// The part of a bar by which rounding may make it overlap the next signature.
const SLACK: f64 = 1e-9;

/// A time signature and the beat from which it holds. A bar starts there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeSignature {
    /// Where it starts, in quarter notes.
    pub beat: Beats,
    /// Beats in a bar.
    pub numerator: u32,
    /// The note value of a beat: 4 for a quarter note, 8 for an eighth.
    pub denominator: u32,
}

/// The time signatures of a piece. Bar 1 starts with the first of them; before it
/// bars of the same kind run back through 0 and the negative numbers. A signature
/// in the middle of a bar cuts that bar short.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    signatures: Vec<TimeSignature>,
    start_beat: Vec<f64>,
    /// The number of the bar that starts with each signature.
    first_bar: Vec<i64>,
}

/// A position as musicians count it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarBeat {
    /// Bar number, from 1.
    pub bar: i64,
    /// Beat in the bar, from 1, in units of the time signature's denominator.
    pub beat: u32,
    /// How far into that beat, 0.0..1.0.
    pub fraction: f64,
}

/// One beat of a bar, where a line would be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeatLine {
    /// Bar number, from 1.
    pub bar: i64,
    /// Beat in the bar, from 1; a bar starts with 1.
    pub beat: u32,
    /// Where it is, in quarter notes.
    pub at: Beats,
}

impl TimeSignature {
    /// Length of a bar in quarter notes.
    pub fn bar_length(&self) -> f64 {
        f64::from(self.numerator) * self.beat_length()
    }

    /// Length of a beat of the bar in quarter notes.
    pub fn beat_length(&self) -> f64 {
        4.0 / f64::from(self.denominator)
    }
}

impl Default for Meter {
    /// 4/4 from beat 0.
    fn default() -> Self {
        Self { signatures: vec![COMMON_TIME], start_beat: vec![0.0], first_bar: vec![1] }
    }
}

/// What holds where nothing else is said.
const COMMON_TIME: TimeSignature = TimeSignature { beat: Beats(0.0), numerator: 4, denominator: 4 };

impl Meter {
    /// The meter of time signatures in ascending order of beats. Where the first
    /// stands after beat 0, or there is none, 4/4 holds from beat 0.
    ///
    /// # Errors
    /// [`TempoError`] for a signature out of order, beyond ±[`MAX_BEAT`], or with
    /// a number outside 1..=1024.
    pub fn new(mut signatures: Vec<TimeSignature>) -> Result<Self, TempoError> {
        if signatures.first().is_none_or(|first| first.beat.0 > 0.0) {
            signatures.insert(0, COMMON_TIME);
        }
        let mut first_bar = Vec::with_capacity(signatures.len());
        let mut bar = 1;
        let mut previous: Option<TimeSignature> = None;
        for signature in &signatures {
            let beat = signature.beat.0;
            check_beat(beat)?;
            let sane = 1..=MAX_SIGNATURE;
            if !sane.contains(&signature.numerator) || !sane.contains(&signature.denominator) {
                return Err(TempoError::TimeSignature {
                    numerator: signature.numerator,
                    denominator: signature.denominator,
                    beat,
                });
            }
            if let Some(previous) = previous {
                if beat <= previous.beat.0 {
                    return Err(TempoError::MeterOrder { beat, previous: previous.beat.0 });
                }
                let bars = (beat - previous.beat.0) / previous.bar_length();
                bar += ceil(bars - SLACK).max(1.0) as i64;
            }
            first_bar.push(bar);
            previous = Some(*signature);
        }
        Ok(Self { start_beat: signatures.iter().map(|s| s.beat.0).collect(), signatures, first_bar })
    }

    /// The time signatures, the implied 4/4 at beat 0 included.
    pub fn signatures(&self) -> &[TimeSignature] {
        &self.signatures
    }

    /// The time signature that holds at a beat.
    pub fn signature_at(&self, at: Beats) -> TimeSignature {
        self.signatures[last_at_or_before(&self.start_beat, at.0)]
    }

    /// The starts of all bars in a range, with their numbers, in order.
    pub fn bar_beats(&self, range: Range<Beats>) -> impl Iterator<Item = (i64, Beats)> + '_ {
        self.bars(range).map(|bar| (bar.number, Beats(bar.start))).filter(move |(_, at)| *at >= range.start)
    }

    /// All beats of all bars in a range, in order.
    pub fn beat_lines(&self, range: Range<Beats>) -> impl Iterator<Item = BeatLine> + '_ {
        self.bars(range)
            .flat_map(move |bar| {
                let signature = bar.signature;
                let last = bar.end - SLACK * signature.beat_length();
                (0..signature.numerator).map_while(move |beat| {
                    let at = signature.count(bar.count + i64::from(beat));
                    (at < last).then_some(BeatLine { bar: bar.number, beat: beat + 1, at: Beats(at) })
                })
            })
            .filter(move |line| range.contains(line.at))
    }

    /// The bar and beat of a position. For not a number, the fraction is not a
    /// number either.
    pub fn position(&self, at: Beats) -> BarBeat {
        let i = last_at_or_before(&self.start_beat, at.0);
        let signature = &self.signatures[i];
        let (count, bar) = self.bar_index(i, at.0);
        // Rounding may find a beat more than the last bar before a change has.
        let numerator = i64::from(signature.numerator);
        let beat = count.saturating_sub(bar.saturating_mul(numerator)).clamp(0, numerator - 1);
        let start = signature.count(bar.saturating_mul(numerator).saturating_add(beat));
        let fraction = (at.0 - start) / signature.beat_length();
        BarBeat {
            bar: self.first_bar[i].saturating_add(bar),
            beat: beat.unsigned_abs() as u32 + 1,
            fraction: fraction.clamp(0.0, 1.0 - f64::EPSILON / 2.0),
        }
    }

    /// The beats and the bars of a signature that lie between its start and a
    /// position where it holds.
    fn bar_index(&self, signature: usize, at: f64) -> (i64, i64) {
        let count = self.signatures[signature].count_at(at);
        let bar = count.div_euclid(i64::from(self.signatures[signature].numerator));
        match self.first_bar.get(signature + 1) {
            Some(next) => (count, bar.min(next - self.first_bar[signature] - 1)),
            None => (count, bar),
        }
    }

    /// The bars that share anything with a range, in order. Beyond ±[`MAX_BEAT`]
    /// there are none, so that the walk always ends.
    fn bars(&self, range: Range<Beats>) -> impl Iterator<Item = Bar> + '_ {
        // An empty range goes first: it may be bounded by what is not a number.
        let within = (!range.is_empty())
            .then(|| range.intersect(&Range::new(Beats(-MAX_BEAT), Beats(MAX_BEAT))))
            .flatten();
        let mut next = within.map(|within| {
            let i = last_at_or_before(&self.start_beat, within.start.0);
            (i, self.bar_index(i, within.start.0).1)
        });
        let end = within.map_or(0.0, |within| within.end.0);
        core::iter::from_fn(move || {
            let (i, index) = next?;
            let signature = self.signatures[i];
            let numerator = i64::from(signature.numerator);
            let start = signature.count(index * numerator);
            if start >= end {
                return None;
            }
            let number = self.first_bar[i] + index;
            let (follows, stop) = match self.first_bar.get(i + 1) {
                Some(first) if number + 1 >= *first => ((i + 1, 0), self.start_beat[i + 1]),
                _ => ((i, index + 1), signature.count((index + 1) * numerator)),
            };
            next = Some(follows);
            Some(Bar { number, count: index * numerator, start, end: stop, signature })
        })
    }
}

/// One bar.
struct Bar {
    number: i64,
    /// Beats of its signature before it.
    count: i64,
    /// In quarter notes, as is `end`.
    start: f64,
    end: f64,
    signature: TimeSignature,
}

impl TimeSignature {
    /// Where its beat number `count`, from 0, stands: divided last, so that bars
    /// do not drift where a double holds no beat.
    fn count(&self, count: i64) -> f64 {
        self.beat.0 + count as f64 * 4.0 / f64::from(self.denominator)
    }

    /// Which of its beats holds `at`, as their positions are rounded, so that each
    /// of these belongs to its own beat.
    fn count_at(&self, at: f64) -> i64 {
        let count = floor((at - self.beat.0) * f64::from(self.denominator) / 4.0) as i64;
        if self.count(count.saturating_add(1)) <= at {
            count.saturating_add(1)
        } else if self.count(count) > at {
            count.saturating_sub(1)
        } else {
            count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(signatures: &[(f64, u32, u32)]) -> Meter {
        let signatures = signatures.iter().map(|&(beat, numerator, denominator)| TimeSignature {
            beat: Beats(beat),
            numerator,
            denominator,
        });
        Meter::new(signatures.collect()).unwrap()
    }

    #[track_caller]
    fn check(meter: &Meter, range: (f64, f64), expect: &[(i64, f64)]) {
        let range = Range::new(Beats(range.0), Beats(range.1));
        let bars: Vec<_> = meter.bar_beats(range).map(|(n, at)| (n, at.0)).collect();
        assert_eq!(bars, expect);
        for (bar, at) in bars {
            let position = meter.position(Beats(at));
            let start = BarBeat { bar, beat: 1, fraction: 0.0 };
            assert_eq!(position, start);
        }
        let ones: Vec<_> = meter.beat_lines(range).filter(|line| line.beat == 1).collect();
        assert_eq!(ones.len(), expect.len());
        for line in meter.beat_lines(range) {
            let position = meter.position(line.at);
            assert_eq!((position.bar, position.beat), (line.bar, line.beat));
            assert_eq!(position.fraction, 0.0);
        }
    }

    #[test]
    fn bars() {
        let plain = Meter::default();
        check(&plain, (0.0, 9.0), &[(1, 0.0), (2, 4.0), (3, 8.0)]);
        check(&plain, (0.5, 8.0), &[(2, 4.0)]);
        check(&plain, (-5.0, 1.0), &[(0, -4.0), (1, 0.0)]);
        check(&plain, (1.0, 1.0), &[]);
        check(&plain, (f64::NAN, 1.0), &[]);
        check(&plain, (1e300, f64::INFINITY), &[]);
        // A change in the middle of a bar cuts it short.
        let changing = meter(&[(0.0, 3, 4), (7.0, 7, 8)]);
        check(&changing, (0.0, 11.0), &[(1, 0.0), (2, 3.0), (3, 6.0), (4, 7.0), (5, 10.5)]);
        // 4/4 until the first signature comes; a pick-up before beat 0.
        check(&meter(&[(8.0, 3, 4)]), (0.0, 12.0), &[(1, 0.0), (2, 4.0), (3, 8.0), (4, 11.0)]);
        check(&meter(&[(-1.0, 1, 4), (0.0, 3, 4)]), (-1.0, 4.0), &[(1, -1.0), (2, 0.0), (3, 3.0)]);
        // Beats that no double holds.
        let sixths: Vec<_> = (0..900).map(|i| (i + 1, f64::from(i as i32) * 20.0 / 6.0)).collect();
        check(&meter(&[(0.0, 5, 6)]), (0.0, 2999.9), &sixths);
    }

    #[test]
    fn lines_and_positions() {
        let changing = meter(&[(0.0, 6, 8), (4.0, 2, 4)]);
        let range = Range::new(Beats(2.0), Beats(6.0));
        let lines: Vec<_> = changing.beat_lines(range).map(|line| (line.bar, line.beat, line.at.0)).collect();
        let expect = [(1, 5, 2.0), (1, 6, 2.5), (2, 1, 3.0), (2, 2, 3.5), (3, 1, 4.0), (3, 2, 5.0)];
        assert_eq!(lines, expect);
        for (at, bar, beat, fraction) in
            [(2.25, 1, 5, 0.5), (3.75, 2, 2, 0.5), (5.25, 3, 2, 0.25), (-0.5, 0, 6, 0.0)]
        {
            let expect = BarBeat { bar, beat, fraction };
            assert_eq!(changing.position(Beats(at)), expect);
        }
        for at in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            changing.position(Beats(at));
        }
    }
}
