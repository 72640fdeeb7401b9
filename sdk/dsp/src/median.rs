//! Running medians of many signals side by side. Called by calculators, once per
//! step of the window.

use crate::DspError;

/// Signals whose medians run side by side: four vectors.
pub const MEDIAN_LANES: usize = 16;

/// The widest window of a [`RunningMedian`].
pub const MAX_MEDIAN_WIDTH: usize = 1023;

/// The medians of the latest `width` values of [`MEDIAN_LANES`] signals.
///
/// The window is kept in order. A step walks through it once, leaves the oldest value
/// out and carries the newest to its place; nothing branches on a value, so all
/// signals go together. The result is exact, whatever was in the window before.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningMedian {
    /// By rank, smallest first.
    sorted: Vec<[f32; MEDIAN_LANES]>,
}

impl RunningMedian {
    /// For windows of `width` values, which hold infinity until they are full.
    ///
    /// # Errors
    /// [`DspError::MedianWidth`] unless `width` is odd and within
    /// `1..=MAX_MEDIAN_WIDTH`.
    pub fn new(width: usize) -> Result<RunningMedian, DspError> {
        if !(1..=MAX_MEDIAN_WIDTH).contains(&width) || width.is_multiple_of(2) {
            return Err(DspError::MedianWidth(width));
        }
        Ok(RunningMedian { sorted: vec![[f32::INFINITY; MEDIAN_LANES]; width] })
    }

    /// Makes all windows as new and fills them with these values, as many as they hold.
    pub fn fill<'a>(&mut self, values: impl IntoIterator<Item = &'a [f32; MEDIAN_LANES]>) {
        self.sorted.fill([f32::INFINITY; MEDIAN_LANES]);
        for new in values {
            self.step(new, &[f32::INFINITY; MEDIAN_LANES]);
        }
    }

    /// Puts a value of each signal in the place of one that its window holds. Neither
    /// may be NaN.
    pub fn step(&mut self, new: &[f32; MEDIAN_LANES], old: &[f32; MEDIAN_LANES]) {
        let (mut carried, old) = (*new, *old);
        let Some(mut here) = self.sorted.first().copied() else { return };
        let places = std::cell::Cell::from_mut(self.sorted.as_mut_slice()).as_slice_of_cells();
        for pair in places.windows(2) {
            let next = pair[1].get();
            let mut kept = [0.0; MEDIAN_LANES];
            for lane in 0..MEDIAN_LANES {
                // The window without the old value, then with the new one.
                let value = if here[lane] < old[lane] { here[lane] } else { next[lane] };
                kept[lane] = if value < carried[lane] { value } else { carried[lane] };
                carried[lane] = if value > carried[lane] { value } else { carried[lane] };
            }
            pair[0].set(kept);
            here = next;
        }
        if let Some(last) = self.sorted.last_mut() {
            *last = carried;
        }
    }

    /// The median of each window.
    pub fn median(&self) -> &[f32; MEDIAN_LANES] {
        &self.sorted[self.sorted.len() / 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_checked() {
        for width in [0, 2, 4, MAX_MEDIAN_WIDTH + 2] {
            assert_eq!(RunningMedian::new(width), Err(DspError::MedianWidth(width)));
        }
    }

    #[test]
    fn medians_are_those_of_sorted_windows() {
        for width in [1, 3, 5, 31, 33] {
            // Few different values, so that many are equal.
            let value = |i: usize, lane: usize| ((i * 7919 + lane * 104_729 + i * i * 31) % 23) as f32 - 4.0;
            let row = |i: usize| std::array::from_fn::<_, MEDIAN_LANES, _>(|lane| value(i, lane));
            let rows: Vec<_> = (0..100).map(row).collect();
            let mut median = RunningMedian::new(width).expect("a valid width");
            for _ in 0..2 {
                median.fill(&rows[..width]);
                for end in width..100 {
                    for (lane, &got) in median.median().iter().enumerate() {
                        let mut window: Vec<f32> = (end - width..end).map(|i| value(i, lane)).collect();
                        window.sort_by(f32::total_cmp);
                        assert_eq!(got, window[width / 2], "width {width}, end {end}, lane {lane}");
                    }
                    median.step(&rows[end], &rows[end - width]);
                }
            }
        }
    }
}
