//! Slopes along time of the rows of a feature, streamed: the "deltas" of speech
//! recognition. Called by calculators.

use std::collections::VecDeque;

use crate::DspError;

/// The widest window of a [`Slope`], in rows.
pub const MAX_SLOPE_WIDTH: usize = 1023;

/// Which derivative along time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlopeOrder {
    /// The slope of the straight line that fits best.
    First,
    /// The second derivative of the parabola that fits best.
    Second,
}

/// The derivative, per row, of the polynomial that fits `width` rows best, of each
/// bin by itself: the filter of A. Savitzky and M. Golay, *Smoothing and
/// differentiation of data by simplified least squares procedures* (1964).
///
/// A line and a parabola have the same first or second derivative everywhere, so
/// the rows at either end have that of the first or last whole window: librosa's
/// `feature.delta` with mode `interp` and order 1 or 2. Less than `width` rows have
/// slope 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    weights: Vec<f32>,
    bins: usize,
    /// The latest rows, at most as many as there are weights.
    rows: VecDeque<f32>,
    /// Rows taken and rows given so far.
    taken: u64,
    given: u64,
    /// The latest slope.
    latest: Vec<f32>,
}

impl Slope {
    /// For rows of `bins` values and windows of `width` rows.
    ///
    /// # Errors
    /// [`DspError::SlopeWidth`] unless `width` is odd and within
    /// `3..=MAX_SLOPE_WIDTH`.
    pub fn new(width: usize, order: SlopeOrder, bins: usize) -> Result<Slope, DspError> {
        if !(3..=MAX_SLOPE_WIDTH).contains(&width) || width.is_multiple_of(2) {
            return Err(DspError::SlopeWidth(width));
        }
        let half = (width / 2) as f64;
        let offsets = || (0..width).map(|i| i as f64 - half);
        // The polynomial of this order that is orthogonal to the lower ones.
        let mean_square = offsets().map(|x| x * x).sum::<f64>() / width as f64;
        let basis = |x: f64| match order {
            SlopeOrder::First => x,
            SlopeOrder::Second => x * x - mean_square,
        };
        let factor = match order {
            SlopeOrder::First => 1.0,
            SlopeOrder::Second => 2.0,
        };
        let norm: f64 = offsets().map(|x| basis(x).powi(2)).sum();
        let weights = offsets().map(|x| (factor * basis(x) / norm) as f32).collect();
        let rows = VecDeque::with_capacity(width * bins);
        Ok(Slope { weights, bins, rows, taken: 0, given: 0, latest: vec![0.0; bins] })
    }

    /// How many rows [`Slope::push`] gives once `taken` rows have been pushed.
    pub fn given_after(&self, taken: u64) -> u64 {
        if taken < self.weights.len() as u64 { 0 } else { taken - self.weights.len() as u64 / 2 }
    }

    /// Takes the next row and gives the slopes that are known by it: none, one, or,
    /// once a first window is whole, those of all rows up to its middle.
    pub fn push(&mut self, row: &[f32], mut give: impl FnMut(&[f32])) {
        if self.rows.len() == self.weights.len() * self.bins {
            self.rows.drain(..self.bins);
        }
        self.rows.extend(row.iter().copied().chain(std::iter::repeat(0.0)).take(self.bins));
        self.taken += 1;
        if self.rows.len() == self.weights.len() * self.bins {
            self.update();
        }
        while self.given < self.given_after(self.taken) {
            give(&self.latest);
            self.given += 1;
        }
    }

    /// Gives the slopes that are left after the last row, and is as new.
    pub fn finish(&mut self, mut give: impl FnMut(&[f32])) {
        (self.given..self.taken).for_each(|_| give(&self.latest));
        self.rows.clear();
        self.latest.fill(0.0);
        (self.taken, self.given) = (0, 0);
    }

    fn update(&mut self) {
        self.latest.fill(0.0);
        let rows: &[f32] = self.rows.make_contiguous();
        for (row, weight) in rows.chunks_exact(self.bins.max(1)).zip(&self.weights) {
            for (slope, value) in self.latest.iter_mut().zip(row) {
                *slope += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slopes(width: usize, order: SlopeOrder, rows: &[f32], bins: usize) -> Vec<f32> {
        let mut slope = Slope::new(width, order, bins).expect("a valid width");
        let mut all = vec![];
        for (index, row) in rows.chunks(bins).enumerate() {
            slope.push(row, |row| all.extend_from_slice(row));
            assert_eq!(all.len() / bins, slope.given_after(index as u64 + 1) as usize);
        }
        slope.finish(|row| all.extend_from_slice(row));
        assert_eq!(all.len(), rows.len());
        all
    }

    #[test]
    fn widths_are_checked() {
        for width in [0, 1, 2, 4, MAX_SLOPE_WIDTH + 2] {
            let error = Slope::new(width, SlopeOrder::First, 1).err();
            assert_eq!(error, Some(DspError::SlopeWidth(width)));
        }
    }

    #[test]
    fn lines_and_parabolas() {
        let line: Vec<f32> =
            (0..12u8).flat_map(|i| [3.0 * f32::from(i) - 7.0, -0.5 * f32::from(i)]).collect();
        for width in [3, 5, 9, 11] {
            for slope in slopes(width, SlopeOrder::First, &line, 2).chunks(2) {
                assert!((slope[0] - 3.0).abs() < 1e-5 && (slope[1] + 0.5).abs() < 1e-5, "{slope:?}");
            }
            assert!(slopes(width, SlopeOrder::Second, &line, 2).iter().all(|x| x.abs() < 1e-4));
            let parabola: Vec<f32> = (0..15u8).map(|i| 1.5 * f32::from(i).powi(2)).collect();
            for bend in slopes(width, SlopeOrder::Second, &parabola, 1) {
                assert!((bend - 3.0).abs() < 1e-3, "{bend}");
            }
        }
    }

    #[test]
    fn the_ends_have_the_slope_of_a_whole_window() {
        let rows = [1.0, 4.0, 9.0, 16.0, 25.0, 49.0];
        // Of three rows: half of what the last differs from the first.
        assert_eq!(slopes(3, SlopeOrder::First, &rows, 1), [4.0, 4.0, 6.0, 8.0, 16.5, 16.5]);
        assert_eq!(slopes(7, SlopeOrder::First, &rows, 1), [0.0; 6]);
        assert_eq!(slopes(3, SlopeOrder::First, &[], 1), []);
    }

    #[test]
    fn can_be_used_again() {
        let mut slope = Slope::new(3, SlopeOrder::First, 1).expect("a valid width");
        for _ in 0..2 {
            let mut all = vec![];
            for value in [1.0, 2.0, 3.0] {
                slope.push(&[value], |row| all.extend_from_slice(row));
            }
            slope.finish(|row| all.extend_from_slice(row));
            assert_eq!(all, [1.0; 3]);
        }
    }
}
