//! Many positions at once, into slices that the caller brings. What lives here:
//! finding runs of positions that lie in one piece. What does not: the formulas
//! (`piece`), which are those of single positions, so that the answers are too.

use alloc::vec;
use alloc::vec::Vec;

use agogic_timebase::{Beats, FrameGrid, Position, Seconds, Ticks};

use crate::TempoMap;
use crate::index::Index;
use crate::piece::{SCATTER, beats_scattered, seconds_scattered};
use crate::trace::{Query, timed};

/// Positions compared at once when a run is looked for.
const BLOCK: usize = 16;
/// Positions in a row that stood alone before the next are taken to as well.
const ALONE: usize = 4;
/// Frames worked out at once.
const FRAMES: usize = 1 << 14;
/// Largest whole number up to which a double holds all of them.
const EXACT: i64 = 1 << 53;

/// Conversions of many positions. Nothing is allocated where the answer goes into
/// a slice.
impl TempoMap {
    /// The real times of many beats, in any order; fastest when they ascend. Fills
    /// as much of `out` as there are beats and returns how many that were.
    pub fn seconds_into(&self, at: &[Beats], out: &mut [Seconds]) -> usize {
        let count = at.len().min(out.len());
        let _timed = timed(Query::BeatsToSecondsBatch, count);
        in_runs(
            self.by_beat(),
            &at[..count],
            &mut out[..count],
            |piece, at| self.piece(piece).seconds(at, self.segments()),
            |piece, at, out| self.piece(piece).seconds_run(at, out, self.segments()),
            |which, at, out| seconds_scattered(which.map(|i| self.piece(i)), at, out, self.segments()),
        );
        count
    }

    /// The beats at many real times, in any order; fastest when they ascend. Fills
    /// as much of `out` as there are times and returns how many that were.
    pub fn beats_into(&self, at: &[Seconds], out: &mut [Beats]) -> usize {
        let count = at.len().min(out.len());
        let _timed = timed(Query::SecondsToBeatsBatch, count);
        in_runs(
            self.by_second(),
            &at[..count],
            &mut out[..count],
            |piece, at| self.piece(piece).beats(at, self.segments()),
            |piece, at, out| self.piece(piece).beats_run(at, out, self.segments()),
            |which, at, out| beats_scattered(which.map(|i| self.piece(i)), at, out, self.segments()),
        );
        count
    }

    /// The real times of many beats; fastest when they ascend.
    pub fn seconds_of(&self, beats: &[Beats]) -> Vec<Seconds> {
        let mut seconds = vec![Seconds(0.0); beats.len()];
        self.seconds_into(beats, &mut seconds);
        seconds
    }

    /// The beats at many real times; fastest when they ascend.
    pub fn beats_of(&self, seconds: &[Seconds]) -> Vec<Beats> {
        let mut beats = vec![Beats(0.0); seconds.len()];
        self.beats_into(seconds, &mut beats);
        beats
    }

    /// The beats at the centres of the frames from `first` on, as many as `out`
    /// holds: each as [`TempoMap::beats`] of [`FrameGrid::seconds`].
    pub fn frames_to_beats(&self, grid: &FrameGrid, first: u64, out: &mut [Beats]) {
        let _timed = timed(Query::FramesToBeats, out.len());
        let Some(frames) = Frames::new(grid, first, out.len()) else {
            for (i, out) in (0..).zip(out) {
                *out = self.beats(grid.seconds(first.saturating_add(i)));
            }
            return;
        };
        let mut done = 0;
        while done < out.len() {
            let number = self.by_second().find(frames.seconds(done));
            let end = frames.first_from(self.by_second().end(number), done, out.len());
            let piece = self.piece(number);
            while done < end {
                let next = end.min(done + FRAMES);
                let sample = frames.sample(done);
                let times =
                    (0..(next - done) as i32).map(|i| (sample + f64::from(i) * frames.hop) / frames.rate);
                piece.beats_each(self.segments(), times, &mut out[done..next]);
                done = next;
            }
        }
    }

    /// The real times of many ticks. Fills as much of `out` as there are ticks and
    /// returns how many that were.
    pub fn ticks_to_seconds_into(&self, at: &[Ticks], out: &mut [Seconds]) -> usize {
        for (at, out) in at.iter().zip(&mut *out) {
            *out = self.ticks_to_seconds(*at);
        }
        at.len().min(out.len())
    }

    /// The ticks nearest to many real times. Fills as much of `out` as there are
    /// times and returns how many that were.
    pub fn seconds_to_ticks_into(&self, at: &[Seconds], out: &mut [Ticks]) -> usize {
        for (at, out) in at.iter().zip(&mut *out) {
            *out = self.seconds_to_ticks(*at);
        }
        at.len().min(out.len())
    }
}

/// Converts positions run by run: `run` where several in a row share a piece,
/// `single` where one stands alone. Nothing is assumed of their order.
#[inline(always)]
fn in_runs<A: Position<Raw = f64>, B>(
    index: &Index,
    at: &[A],
    out: &mut [B],
    single: impl Fn(usize, A) -> B,
    run: impl Fn(usize, &[A], &mut [B]),
    scattered: impl Fn([usize; SCATTER], &[A; SCATTER], &mut [B; SCATTER]),
) {
    let mut done = 0;
    let mut piece = 0;
    let mut alone = 0;
    while done < at.len() {
        // Once a few stood alone, the next ones are taken to as well, until two
        // neighbours share a piece.
        if alone >= ALONE
            && let Some(block) = at[done..].first_chunk::<SCATTER>()
            && let Some(out) = out[done..].first_chunk_mut::<SCATTER>()
        {
            let which = block.map(|at| index.find(at.raw()));
            scattered(which, block, out);
            piece = which[SCATTER - 1];
            done += SCATTER;
            if which[0] == which[1] || piece == which[SCATTER - 2] {
                alone = 0;
            }
            continue;
        }
        let here = at[done].raw();
        // In order the next piece is the one after.
        let after = (piece + 1).min(index.len() - 1);
        piece = if index.start(after) <= here && here < index.end(after) { after } else { index.find(here) };
        let (start, end) = (index.start(piece), index.end(piece));
        let inside = |at: &A| start <= at.raw() && at.raw() < end;
        let rest = &at[done..];
        if rest.get(1).is_none_or(|next| !inside(next)) {
            out[done] = single(piece, at[done]);
            done += 1;
            alone += 1;
            continue;
        }
        alone = 0;
        let mut length = 0;
        for block in rest.chunks(BLOCK) {
            // All are compared, without stopping, so that it is done in one go.
            if block.iter().fold(true, |all, at| all & inside(at)) {
                length += block.len();
            } else {
                length += block.iter().take_while(|at| inside(at)).count();
                break;
            }
        }
        // A run of none is a position that no piece holds: not a number.
        let length = length.max(1);
        run(piece, &rest[..length], &mut out[done..done + length]);
        done += length;
    }
}

/// A stretch of frames whose samples a double counts exactly.
struct Frames {
    start: f64,
    hop: f64,
    rate: f64,
}

impl Frames {
    fn new(grid: &FrameGrid, first: u64, count: usize) -> Option<Self> {
        let last = first.checked_add(u64::try_from(count).ok()?)?;
        let near = -EXACT..=EXACT;
        if !near.contains(&grid.centre(first).0) || !near.contains(&grid.centre(last).0) {
            return None;
        }
        Some(Self {
            start: grid.centre(first).0 as f64,
            hop: f64::from(grid.hop.get()),
            rate: f64::from(grid.rate.hz()),
        })
    }

    fn sample(&self, frame: usize) -> f64 {
        self.start + frame as f64 * self.hop
    }

    fn seconds(&self, frame: usize) -> f64 {
        self.sample(frame) / self.rate
    }

    /// The first frame after `from` and up to `count` that lies at or after `end`.
    fn first_from(&self, end: f64, from: usize, count: usize) -> usize {
        // About there; a cast takes what is out of range to its bound.
        let about = (end * self.rate - self.start) / self.hop;
        let mut frame = (about as usize).clamp(from + 1, count);
        while frame > from + 1 && self.seconds(frame - 1) >= end {
            frame -= 1;
        }
        while frame < count && self.seconds(frame) < end {
            frame += 1;
        }
        frame
    }
}
