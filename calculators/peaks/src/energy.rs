//! Sums of squares of runs of samples. Which sum a square is added to follows
//! from its place in the frame alone, so results do not depend on where blocks
//! end.

use crate::gather::{Gather, Row};

/// Sums side by side, which the compiler can vectorise.
const LANES: usize = 16;
/// Samples whose squares are summed in `f32`; from there on it is `f64`. Each
/// lane takes 16 of them, which keeps the relative error below 1e-6.
const STRETCH: usize = 256;

/// A frame under way.
#[derive(Clone)]
pub(crate) struct Energy {
    /// Sums of the last stretch, sample `i` of the frame in lane `i % LANES`.
    lanes: [f32; LANES],
    /// Sum of what came before.
    energy: f64,
    samples: usize,
}

impl Gather for Energy {
    type Row = Sum;

    fn new() -> Self {
        Self { lanes: [0.0; LANES], energy: 0.0, samples: 0 }
    }

    fn take(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let lane = self.samples % LANES;
            let take = if lane > 0 || samples.len() < LANES {
                let take = samples.len().min(LANES - lane);
                for (sum, &x) in self.lanes[lane..].iter_mut().zip(&samples[..take]) {
                    *sum += x * x;
                }
                take
            } else {
                let whole = samples.len().min(STRETCH - self.samples % STRETCH) / LANES * LANES;
                let mut lanes = self.lanes;
                for row in samples[..whole].chunks_exact(LANES) {
                    for (sum, &x) in lanes.iter_mut().zip(row) {
                        *sum += x * x;
                    }
                }
                self.lanes = lanes;
                whole
            };
            self.samples += take;
            samples = &samples[take..];
            if self.samples.is_multiple_of(STRETCH) {
                self.flush();
            }
        }
    }

    fn close(&mut self) -> Sum {
        self.flush();
        let sum = Sum { energy: self.energy, samples: self.samples as u64 };
        (self.energy, self.samples) = (0.0, 0);
        sum
    }
}

impl Energy {
    fn flush(&mut self) {
        self.energy += self.lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        self.lanes = [0.0; LANES];
    }
}

/// The energy of a frame, and how many samples it is of.
#[derive(Clone, Copy)]
pub(crate) struct Sum {
    energy: f64,
    samples: u64,
}

impl Row for Sum {
    const NONE: Self = Self { energy: 0.0, samples: 0 };
    const WIDTH: usize = 1;

    fn merge(&mut self, next: Self) {
        self.energy += next.energy;
        self.samples += next.samples;
    }

    /// The root of the mean square.
    fn write(self, values: &mut [f32]) {
        let mean = self.energy / self.samples.max(1) as f64;
        let value = if mean.is_finite() { mean.sqrt() as f32 } else { f32::MAX };
        values.fill(value);
    }
}
