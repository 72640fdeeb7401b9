//! Least and greatest value of runs of samples and of runs of frames. Both are
//! exact whatever the order, so they do not depend on where blocks end.

use crate::gather::{Gather, Row};

/// Values compared side by side, which the compiler can vectorise.
const LANES: usize = 16;

/// Least and greatest value so far.
#[derive(Clone, Copy)]
pub(crate) struct Extremes {
    least: f32,
    greatest: f32,
}

impl Row for Extremes {
    const NONE: Self = Self { least: f32::INFINITY, greatest: f32::NEG_INFINITY };
    const WIDTH: usize = 2;

    fn merge(&mut self, next: Self) {
        self.least = if next.least < self.least { next.least } else { self.least };
        self.greatest = if next.greatest > self.greatest { next.greatest } else { self.greatest };
    }

    /// Least, then greatest. Which of two zeros wins a comparison depends on
    /// the order; adding zero makes both positive.
    fn write(self, values: &mut [f32]) {
        let (least, greatest) =
            if self.least > self.greatest { (0.0, 0.0) } else { (self.least, self.greatest) };
        let finite = |value: f32| value.clamp(f32::MIN, f32::MAX) + 0.0;
        values.copy_from_slice(&[finite(least), finite(greatest)]);
    }
}

impl Gather for Extremes {
    type Row = Self;

    fn new() -> Self {
        Self::NONE
    }

    fn take(&mut self, samples: &[f32]) {
        let mut lanes = [*self; LANES];
        let rows = samples.chunks_exact(LANES);
        let tail = rows.remainder();
        for row in rows {
            for (lane, &x) in lanes.iter_mut().zip(row) {
                lane.merge(Self { least: x, greatest: x });
            }
        }
        for (lane, &x) in lanes.iter_mut().zip(tail) {
            lane.merge(Self { least: x, greatest: x });
        }
        for lane in lanes {
            self.merge(lane);
        }
    }

    fn close(&mut self) -> Self {
        std::mem::replace(self, Self::NONE)
    }
}
