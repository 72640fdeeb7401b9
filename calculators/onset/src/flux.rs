//! Spectral flux: how much the bands rose from frame to frame.

use std::collections::VecDeque;

/// Sums that run side by side, so that they become vector instructions.
const LANES: usize = 8;

/// A running spectral flux, given some frames late.
pub(crate) struct Flux {
    /// How far below the loudest value so far a value still counts, in dB;
    /// infinite for all of them.
    range: f32,
    loudest: f32,
    /// The frame before; empty at the start.
    before: Vec<f32>,
    /// What is still to be given.
    late: VecDeque<f32>,
}

impl Flux {
    /// At the start of an asset; what frame `i` rose is given at `i + shift`.
    pub(crate) fn new(shift: usize, range: f32) -> Self {
        Self { range, loudest: f32::NEG_INFINITY, before: vec![], late: vec![0.0; shift].into() }
    }

    /// Takes the next frame and gives the strength that stands at its place:
    /// `mean over bands of max(0, now - before)`, values below the range seen at
    /// its lower end, 0 where nothing is before.
    pub(crate) fn next(&mut self, bands: &[f32]) -> f32 {
        let loudest = bands.iter().fold(f32::NEG_INFINITY, |loudest, &band| loudest.max(band));
        if loudest.is_finite() {
            self.loudest = loudest.max(self.loudest);
        }
        let rise = rise(&self.before, bands, self.loudest - self.range);
        self.before.clear();
        self.before.extend_from_slice(bands);
        self.late.push_back(rise / bands.len().max(1) as f32);
        self.late.pop_front().unwrap_or(0.0)
    }
}

/// The sum of what each band rose above `floor`; 0 where that is not finite.
fn rise(before: &[f32], now: &[f32], floor: f32) -> f32 {
    // NaN stays, and is no rise.
    let raised = |x: f32| if x < floor { floor } else { x };
    let band = |a: f32, b: f32| (raised(b) - raised(a)).max(0.0);
    let mut sums = [0.0f32; LANES];
    let (old, new) = (before.chunks_exact(LANES), now.chunks_exact(LANES));
    let rest = old.remainder().iter().zip(new.remainder());
    let rest: f32 = rest.map(|(&a, &b)| band(a, b)).sum();
    for (old, new) in old.zip(new) {
        for ((sum, &a), &b) in sums.iter_mut().zip(old).zip(new) {
            *sum += band(a, b);
        }
    }
    let rise = sums.iter().sum::<f32>() + rest;
    if rise.is_finite() { rise } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_count_and_falls_do_not() {
        for (shift, expect) in [(0, [0.0, 2.0, 1.0, 0.0]), (2, [0.0, 0.0, 0.0, 2.0]), (9, [0.0; 4])] {
            let mut flux = Flux::new(shift, f32::INFINITY);
            let frames = [[5.0, 1.0], [9.0, 1.0], [0.0, 3.0], [0.0, 0.0]];
            assert_eq!(frames.map(|frame| flux.next(&frame)), expect);
        }
    }

    #[test]
    fn every_band_counts() {
        for bands in 1..20 {
            let mut flux = Flux::new(0, f32::INFINITY);
            assert_eq!(flux.next(&vec![1.0; bands]), 0.0);
            assert_eq!(flux.next(&vec![3.0; bands]), 2.0);
        }
    }

    #[test]
    fn what_is_not_finite_is_no_rise() {
        let mut flux = Flux::new(0, f32::INFINITY);
        let frames = [[0.0, 0.0], [f32::NAN, 2.0], [f32::INFINITY, 0.0], [f32::INFINITY, 1.0], [0.0, 4.0]];
        assert_eq!(frames.map(|frame| flux.next(&frame)), [0.0, 1.0, 0.0, 0.5, 1.5]);
    }

    #[test]
    fn what_is_far_below_the_loudest_counts_as_the_floor() {
        let mut flux = Flux::new(0, 30.0);
        let frames =
            [[-90.0, -90.0], [-70.0, -90.0], [0.0, -80.0], [-60.0, -10.0], [-40.0, -70.0], [-20.0, 0.0]];
        assert_eq!(frames.map(|frame| flux.next(&frame)), [0.0, 10.0, 15.0, 10.0, 0.0, 20.0]);
    }
}
