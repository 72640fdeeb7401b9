//! The running sums of one channel. Which sample goes into which partial sum
//! depends on its position only, so that results are the same bit for bit,
//! however the samples are cut into blocks.

use std::collections::VecDeque;

use agogic_dsp::wide;

/// Independent partial sums of a piece, which the compiler can vectorise.
const LANES: usize = 16;

/// Where frames lie, and the pieces that no frame cuts.
pub(crate) struct Framing {
    frame_length: usize,
    hop: usize,
    /// Lengths of the pieces in turn, from the start of a frame on: what a
    /// frame holds beyond whole hops, and the rest of the hop. Frames begin
    /// before the former and end behind it. One of the two may be 0.
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

    /// Samples of a frame.
    pub(crate) fn frame_length(&self) -> usize {
        self.frame_length
    }

    /// How many frames end within the first `samples` samples.
    pub(crate) fn complete(&self, samples: u64) -> u64 {
        let fed = samples + self.lead() as u64;
        fed.checked_sub(self.frame_length as u64).map_or(0, |rest| 1 + rest / self.hop as u64)
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
    fn lead(&self) -> usize {
        self.frame_length / 2
    }
}

/// One channel.
pub(crate) struct Channel {
    /// The piece under way: sums of squares by position modulo the lanes.
    lanes: [f64; LANES],
    /// Samples of the piece under way.
    filled: usize,
    /// Which of the two pieces it is.
    turn: usize,
    /// Sums of squares of the latest pieces of as many as a frame has, oldest
    /// first.
    pieces: VecDeque<f64>,
}

impl Channel {
    /// At the start of an asset, behind the zeros before it.
    pub(crate) fn new(framing: &Framing) -> Self {
        let mut channel = Self { lanes: [0.0; LANES], filled: 0, turn: 0, pieces: VecDeque::new() };
        channel.push(&vec![0.0; framing.lead()], framing, |_| {});
        channel
    }

    /// Takes more samples and gives the sum of the squares of every frame that
    /// they complete.
    pub(crate) fn push(&mut self, samples: &[f32], framing: &Framing, mut give: impl FnMut(f64)) {
        let mut rest = samples;
        loop {
            while self.filled == framing.turns[self.turn] {
                self.close_piece(framing, &mut give);
            }
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(rest.len().min(framing.turns[self.turn] - self.filled));
            self.add(now);
            rest = later;
        }
    }

    fn add(&mut self, samples: &[f32]) {
        let lane = self.filled % LANES;
        self.filled += samples.len();
        let (head, rest) = samples.split_at(samples.len().min((LANES - lane) % LANES));
        for (sum, &x) in self.lanes[lane..].iter_mut().zip(head) {
            *sum += f64::from(x) * f64::from(x);
        }
        let (rows, tail) = rest.as_chunks::<LANES>();
        let before = self.lanes;
        self.lanes = wide(
            #[inline(always)]
            || {
                let mut lanes = before;
                for row in rows {
                    for (sum, &x) in lanes.iter_mut().zip(row) {
                        *sum += f64::from(x) * f64::from(x);
                    }
                }
                lanes
            },
        );
        for (sum, &x) in self.lanes.iter_mut().zip(tail) {
            *sum += f64::from(x) * f64::from(x);
        }
    }

    fn close_piece(&mut self, framing: &Framing, give: &mut impl FnMut(f64)) {
        let (lanes, more) = self.lanes.split_at(LANES / 2);
        let [a, b, c, d, e, f, g, h] = std::array::from_fn(|i| lanes[i] + more[i]);
        self.lanes = [0.0; LANES];
        if self.pieces.len() == framing.pieces {
            self.pieces.pop_front();
        }
        self.pieces.push_back(((a + e) + (c + g)) + ((b + f) + (d + h)));
        if self.turn == 0 && self.pieces.len() == framing.pieces {
            give(self.pieces.iter().sum());
        }
        self.filled = 0;
        self.turn = 1 - self.turn;
    }
}
