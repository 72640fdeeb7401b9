//! Least and greatest value of runs of samples and of runs of frames. Both are
//! exact whatever the order, so they do not depend on where blocks end.

/// Values compared side by side, which the compiler can vectorise.
const LANES: usize = 16;

/// Least and greatest value so far.
#[derive(Clone, Copy)]
pub(crate) struct Extremes {
    least: f32,
    greatest: f32,
}

impl Extremes {
    /// Of no values.
    pub(crate) const NONE: Self = Self { least: f32::INFINITY, greatest: f32::NEG_INFINITY };

    /// Takes in samples.
    pub(crate) fn widen(&mut self, samples: &[f32]) {
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

    /// As given: least, greatest. Which of two zeros wins a comparison depends
    /// on the order; adding zero makes both positive.
    pub(crate) fn pair(self) -> [f32; 2] {
        [self.least + 0.0, self.greatest + 0.0]
    }

    fn merge(&mut self, other: Self) {
        self.least = if other.least < self.least { other.least } else { self.least };
        self.greatest = if other.greatest > self.greatest { other.greatest } else { self.greatest };
    }
}

/// A level made from the frames of the one before.
pub(crate) struct Level {
    factor: u32,
    /// Frames of the level before that the frame under way covers.
    filled: u32,
    under_way: Vec<Extremes>,
}

impl Level {
    /// A level `factor` times as coarse as the one before.
    pub(crate) fn new(factor: u32, channels: usize) -> Self {
        Self { factor, filled: 0, under_way: vec![Extremes::NONE; channels] }
    }

    /// Takes more frames of the level before, appends those that they complete.
    pub(crate) fn push(&mut self, finer: &[Extremes], rows: &mut Vec<Extremes>) {
        for frame in finer.chunks_exact(self.under_way.len().max(1)) {
            for (under_way, &extremes) in self.under_way.iter_mut().zip(frame) {
                under_way.merge(extremes);
            }
            self.filled += 1;
            if self.filled == self.factor {
                self.flush(rows);
            }
        }
    }

    /// Appends the frame under way, if it covers anything.
    pub(crate) fn flush(&mut self, rows: &mut Vec<Extremes>) {
        if self.filled > 0 {
            rows.extend_from_slice(&self.under_way);
            self.under_way.fill(Extremes::NONE);
            self.filled = 0;
        }
    }
}
