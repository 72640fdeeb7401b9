//! The running sums of two channels. Which sample goes into which partial sum
//! depends on its position only, so that results are the same bit for bit,
//! however the samples are cut into blocks; nothing is ever subtracted, so that no
//! error builds up.

use std::collections::VecDeque;

/// Independent partial sums of a piece, which the compiler can vectorise.
const LANES: usize = 8;

/// Where frames lie, and the pieces that no frame cuts.
pub(crate) struct Framing {
    frame_length: usize,
    hop: usize,
    /// Lengths of the pieces in turn, from the start of a frame on: what a
    /// frame holds beyond whole hops, and the rest of the hop. One of the two may
    /// be 0.
    turns: [usize; 2],
    /// Pieces of a frame.
    pieces: usize,
}

impl Framing {
    /// Frames of that length, that far apart, both positive.
    pub(crate) fn new(frame_length: usize, hop: usize) -> Self {
        let beyond = frame_length % hop;
        Self { frame_length, hop, turns: [beyond, hop - beyond], pieces: frame_length / hop * 2 + 1 }
    }

    /// How many frames an asset of so many samples has.
    pub(crate) fn total(&self, samples: u64) -> u64 {
        if samples == 0 { 0 } else { 1 + samples / self.hop as u64 }
    }

    /// How many zeros must follow the samples to complete so many frames.
    pub(crate) fn missing(&self, samples: u64, frames: u64) -> u64 {
        let Some(hops) = frames.checked_sub(1) else { return 0 };
        let end = hops * self.hop as u64 + self.frame_length as u64;
        end.saturating_sub(samples + self.lead() as u64)
    }

    /// Zeros before the first sample.
    pub(crate) fn lead(&self) -> usize {
        self.frame_length / 2
    }
}

/// Sums of products over some samples of two channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// Squares of the left channel.
    pub(crate) left: f64,
    /// Squares of the right channel.
    pub(crate) right: f64,
    /// Left times right.
    pub(crate) both: f64,
}

/// Two channels.
#[derive(Default)]
pub(crate) struct Pair {
    /// The piece under way: sums by position modulo the lanes.
    left: [f64; LANES],
    right: [f64; LANES],
    both: [f64; LANES],
    /// Samples of the piece under way.
    filled: usize,
    /// Which of the two pieces it is.
    turn: usize,
    /// Sums of the latest pieces of as many as a frame has, oldest first.
    pieces: VecDeque<Sums>,
}

impl Pair {
    /// Takes more samples, as many of both channels, and gives the sums of
    /// every frame that they complete.
    pub(crate) fn push(
        &mut self,
        left: &[f32],
        right: &[f32],
        framing: &Framing,
        give: &mut impl FnMut(Sums),
    ) {
        let (mut left, mut right) = (left, right);
        loop {
            while self.filled == framing.turns[self.turn] {
                self.close_piece(framing, give);
            }
            if left.is_empty() {
                break;
            }
            let count = left.len().min(framing.turns[self.turn] - self.filled);
            self.add(&left[..count], &right[..count]);
            (left, right) = (&left[count..], &right[count..]);
        }
    }

    fn add(&mut self, left: &[f32], right: &[f32]) {
        // Up to the next first lane, then in rows of all lanes.
        let lane = self.filled % LANES;
        let head = left.len().min((LANES - lane) % LANES);
        self.filled += left.len();
        let ((left_head, left), (right_head, right)) = (left.split_at(head), right.split_at(head));
        self.add_row(lane, left_head, right_head);
        let (left, right) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
        let (left_tail, right_tail) = (left.remainder(), right.remainder());
        for (left, right) in left.zip(right) {
            for i in 0..LANES {
                let (l, r) = (sample(left[i]), sample(right[i]));
                self.left[i] += l * l;
                self.right[i] += r * r;
                self.both[i] += l * r;
            }
        }
        self.add_row(0, left_tail, right_tail);
    }

    fn add_row(&mut self, lane: usize, left: &[f32], right: &[f32]) {
        for (i, (&left, &right)) in (lane..).zip(left.iter().zip(right)) {
            let (l, r) = (sample(left), sample(right));
            self.left[i] += l * l;
            self.right[i] += r * r;
            self.both[i] += l * r;
        }
    }

    fn close_piece(&mut self, framing: &Framing, give: &mut impl FnMut(Sums)) {
        let sum = |[a, b, c, d, e, f, g, h]: [f64; LANES]| ((a + e) + (c + g)) + ((b + f) + (d + h));
        let [left, right, both] =
            [&mut self.left, &mut self.right, &mut self.both].map(std::mem::take).map(sum);
        if self.pieces.len() == framing.pieces {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Sums { left, right, both });
        if self.turn == 0 && self.pieces.len() == framing.pieces {
            let frame = self.pieces.iter().fold(Sums::default(), |sum, piece| Sums {
                left: sum.left + piece.left,
                right: sum.right + piece.right,
                both: sum.both + piece.both,
            });
            give(frame);
        }
        self.filled = 0;
        self.turn = 1 - self.turn;
    }
}

/// A sample, or 0 for one that is not finite.
fn sample(x: f32) -> f64 {
    if x.abs() <= f32::MAX { f64::from(x) } else { 0.0 }
}
