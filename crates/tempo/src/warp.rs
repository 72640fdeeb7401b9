//! Warps: real time against the time of the music where the two do not run alike.
//! What lives here: markers, their inverse, and where that has more than one
//! answer. What does not: tempo; `layers` puts a warp before a map.
//!
//! A warp is a line from marker to marker, which before the first and after the
//! last goes on at the usual pace. Real time never runs back; the music may do
//! anything:
//!
//! - *plateau*: real time runs, the music stands (a fermata);
//! - *jump*: real time stands, the music skips (a cut);
//! - *fold*: the music runs back, and a moment of it comes more than once.

use alloc::vec::Vec;

use agogic_timebase::Seconds;

use crate::index::Index;
use crate::map::MAX_POINTS;
use crate::{MAX_BEAT, TempoError};

/// A moment of real time and the moment of the music that it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarpMarker {
    /// Real time.
    pub real: Seconds,
    /// Time of the music.
    pub music: Seconds,
}

/// Which answer to take where there is more than one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// The earliest in real time.
    First,
    /// The latest in real time.
    Last,
    /// The nearest to a real time; the earlier of two at the same distance.
    Nearest(Seconds),
}

/// What an answer met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The only answer.
    Unique,
    /// The music stands here: a stretch of answers.
    Plateau,
    /// The music skips here: no real time shows what was asked for, or one shows
    /// all that was skipped.
    Jump,
    /// The music comes here more than once.
    Fold,
}

/// An answer with what it met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<T> {
    /// The answer.
    pub at: T,
    /// What it met.
    pub case: Case,
    /// Bound of its error, in seconds: asked back, it gives what was asked for to
    /// within this, but for a jump.
    pub error: f64,
}

/// A stretch of real time that shows one moment of the music.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// First real time.
    pub first: Seconds,
    /// Last real time; the first again but on a plateau.
    pub last: Seconds,
    /// `Unique`, `Plateau` or `Jump`: what this stretch is by itself.
    pub case: Case,
    /// How far from what was asked for its music may lie, in seconds.
    pub error: f64,
}

/// Real time to the time of the music and back.
#[derive(Clone, Debug)]
pub struct Warp {
    markers: Vec<WarpMarker>,
    by_real: Index,
    /// The highest that the music was up to each marker, and the lowest that it will
    /// be from each on: both ascend, whatever the music does.
    by_highest: Index,
    by_lowest: Index,
}

impl PartialEq for Warp {
    fn eq(&self, other: &Self) -> bool {
        self.markers == other.markers
    }
}

impl Warp {
    /// A warp through markers in order of real time, equal ones included. Without
    /// any, real time is the time of the music.
    ///
    /// # Errors
    /// [`TempoError::WarpMarker`] for a marker out of order, beyond ±1e12 s or not
    /// a number, and [`TempoError::TooManyPoints`].
    pub fn new(markers: Vec<WarpMarker>) -> Result<Self, TempoError> {
        if markers.len() > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: markers.len() });
        }
        let sane = -MAX_BEAT..=MAX_BEAT;
        let mut previous = f64::NEG_INFINITY;
        for marker in &markers {
            let (real, music) = (marker.real.0, marker.music.0);
            if !sane.contains(&real) || !sane.contains(&music) || real < previous {
                return Err(TempoError::WarpMarker { real, music });
            }
            previous = real;
        }
        // Line 0 leads to the first marker, line i from marker i - 1 on.
        let mut highest = f64::NEG_INFINITY;
        let rising = markers.iter().map(|marker| {
            highest = f64::max(highest, marker.music.0);
            highest
        });
        let mut highest_at = Vec::from([f64::NEG_INFINITY]);
        highest_at.extend(rising);
        let mut lowest = f64::INFINITY;
        let mut lowest_from: Vec<f64> = markers
            .iter()
            .rev()
            .map(|marker| {
                lowest = f64::min(lowest, marker.music.0);
                lowest
            })
            .collect();
        lowest_from.push(f64::NEG_INFINITY);
        lowest_from.reverse();
        let mut reals = Vec::from([f64::NEG_INFINITY]);
        reals.extend(markers.iter().map(|marker| marker.real.0));
        Ok(Self {
            markers,
            by_real: Index::new(reals),
            by_highest: Index::new(highest_at),
            by_lowest: Index::new(lowest_from),
        })
    }

    /// The markers.
    pub fn markers(&self) -> &[WarpMarker] {
        &self.markers
    }

    /// The time of the music at a real time; where it skips, after the jump.
    pub fn music(&self, real: Seconds) -> Found<Seconds> {
        let i = self.by_real.find(real.0);
        let line = self.line(i);
        let skips = i >= 2 && self.line(i - 1).is_jump() && self.markers[i - 1].real == real;
        let case = if skips {
            Case::Jump
        } else if line.is_plateau() {
            Case::Plateau
        } else {
            Case::Unique
        };
        let at = line.music(real.0);
        Found { at: Seconds(at), case, error: rounding(real.0, at) }
    }

    /// The real time of a moment of the music, among those that show it to within
    /// `tolerance` seconds. Of a moment that a jump leaves out, the jump. There is
    /// always one but for not a number.
    pub fn real(&self, music: Seconds, choice: Choice, tolerance: f64) -> Found<Seconds> {
        let mut best: Option<(f64, Stretch)> = None;
        let mut count = 0;
        for stretch in self.all(music, tolerance) {
            count += 1;
            let (first, last) = (stretch.first.0, stretch.last.0);
            let (at, better) = match choice {
                Choice::First => (first, best.is_none()),
                Choice::Last => (last, true),
                Choice::Nearest(to) => {
                    // Not clamp: what is not a number must not panic.
                    let at = to.0.max(first).min(last);
                    (at, best.is_none_or(|(best, _)| (at - to.0).abs() < (best - to.0).abs()))
                }
            };
            if better {
                best = Some((at, stretch));
            }
        }
        match best {
            Some((at, stretch)) => {
                let case = if count > 1 { Case::Fold } else { stretch.case };
                Found { at: Seconds(at), case, error: stretch.error }
            }
            None => Found { at: Seconds(f64::NAN), case: Case::Unique, error: f64::NAN },
        }
    }

    /// All stretches of real time that show a moment of the music to within
    /// `tolerance` seconds, in order.
    pub fn all(&self, music: Seconds, tolerance: f64) -> impl Iterator<Item = Stretch> + '_ {
        let tolerance = if tolerance > 0.0 { tolerance } else { 0.0 };
        let at = music.0;
        // No line before the first that rises this far, and none after the last that
        // still comes this low, has anything to say.
        let (mut next, end) = if at.is_nan() {
            (0, 0)
        } else {
            let low = (at - tolerance).next_down();
            (self.by_highest.find(low), self.by_lowest.find(at + tolerance) + 1)
        };
        let mut held: Option<Stretch> = None;
        core::iter::from_fn(move || {
            while next < end {
                let found = self.line(next).real(at, tolerance);
                next += 1;
                let Some(found) = found else { continue };
                match held {
                    // It goes on from line to line.
                    Some(ref mut held) if held.last == found.first => held.join(&found),
                    _ => {
                        if let Some(done) = held.replace(found) {
                            return Some(done);
                        }
                    }
                }
            }
            held.take()
        })
    }

    /// Line 0 leads to the first marker, line i from marker i - 1 to the next.
    fn line(&self, i: usize) -> Line {
        let far = |from: WarpMarker, by: f64| (from.real.0 + by, from.music.0 + by);
        let point = |marker: WarpMarker| (marker.real.0, marker.music.0);
        let before = i.checked_sub(1).and_then(|i| self.markers.get(i).copied());
        match (before, self.markers.get(i).copied()) {
            (Some(a), Some(b)) => Line { from: point(a), to: point(b), open: Open::No },
            (Some(a), None) => Line { from: point(a), to: far(a, 1.0), open: Open::Ahead },
            (None, Some(b)) => Line { from: far(b, -1.0), to: point(b), open: Open::Behind },
            (None, None) => Line { from: (0.0, 0.0), to: (1.0, 1.0), open: Open::Both },
        }
    }
}

impl Stretch {
    /// Two stretches that meet are one.
    fn join(&mut self, next: &Self) {
        self.last = next.last;
        self.error = self.error.max(next.error);
        self.case = match (self.case, next.case) {
            _ if self.first != self.last => Case::Plateau,
            (Case::Jump, _) | (_, Case::Jump) => Case::Jump,
            _ => Case::Unique,
        };
    }
}

/// Which ends of a line have none.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Open {
    No,
    Behind,
    Ahead,
    Both,
}

/// From one `(real, music)` to another.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: (f64, f64),
    to: (f64, f64),
    open: Open,
}

impl Line {
    fn is_jump(&self) -> bool {
        self.from.0 == self.to.0 && self.from.1 != self.to.1
    }

    fn is_plateau(&self) -> bool {
        self.from.1 == self.to.1 && self.from.0 != self.to.0
    }

    fn music(&self, real: f64) -> f64 {
        match self.open {
            Open::No => between(real, self.from, self.to),
            Open::Behind => self.to.1 + (real - self.to.0),
            Open::Ahead | Open::Both => self.from.1 + (real - self.from.0),
        }
    }

    /// Where in real time this line shows the music to within a tolerance.
    fn real(&self, music: f64, tolerance: f64) -> Option<Stretch> {
        let (low, high) = (self.from.1.min(self.to.1), self.from.1.max(self.to.1));
        let low = if matches!(self.open, Open::Behind | Open::Both) { f64::NEG_INFINITY } else { low };
        let high = if matches!(self.open, Open::Ahead | Open::Both) { f64::INFINITY } else { high };
        let miss = (low - music).max(music - high).max(0.0);
        if miss > tolerance {
            return None;
        }
        let (first, last, case) = if self.is_plateau() {
            (self.from.0, self.to.0, Case::Plateau)
        } else if self.from.0 == self.to.0 {
            (self.from.0, self.from.0, if self.is_jump() { Case::Jump } else { Case::Unique })
        } else {
            let swap = |(real, music)| (music, real);
            let near = music.max(low).min(high);
            let at = match self.open {
                Open::No => between(near, swap(self.from), swap(self.to)),
                Open::Behind => self.to.0 + (near - self.to.1),
                Open::Ahead | Open::Both => self.from.0 + (near - self.from.1),
            };
            (at, at, Case::Unique)
        };
        // A rounding of the real time, as the music has it.
        let slope = ((self.to.1 - self.from.1) / (self.to.0 - self.from.0)).abs();
        let slope = if slope.is_finite() { slope } else { 0.0 };
        let error = miss + rounding(first * slope.max(1.0), music);
        Some(Stretch { first: Seconds(first), last: Seconds(last), case, error })
    }
}

/// The straight line through two points, exact at both: from the nearer one.
fn between(x: f64, a: (f64, f64), b: (f64, f64)) -> f64 {
    let width = b.0 - a.0;
    if width == 0.0 {
        return b.1;
    }
    if (x - a.0).abs() <= (b.0 - x).abs() {
        a.1 + (b.1 - a.1) * ((x - a.0) / width)
    } else {
        b.1 - (b.1 - a.1) * ((b.0 - x) / width)
    }
}

/// What a few roundings at numbers of this size come to.
fn rounding(a: f64, b: f64) -> f64 {
    4.0 * f64::EPSILON * (a.abs() + b.abs())
}
