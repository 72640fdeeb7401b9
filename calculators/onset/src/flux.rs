//! Spectral flux: how much the bands rose from frame to frame.

use std::collections::VecDeque;

/// A running spectral flux, given some frames late.
pub(crate) struct Flux {
    /// The frame before; empty at the start.
    before: Vec<f32>,
    /// What is still to be given.
    late: VecDeque<f32>,
}

impl Flux {
    /// At the start of an asset; what frame `i` rose is given at `i + shift`.
    pub(crate) fn new(shift: usize) -> Self {
        Self { before: vec![], late: vec![0.0; shift].into() }
    }

    /// Takes the next frame and gives the strength that stands at its place:
    /// `mean over bands of max(0, now - before)`, 0 where nothing is before.
    pub(crate) fn next(&mut self, bands: &[f32]) -> f32 {
        let rise: f64 = self.before.iter().zip(bands).map(|(a, b)| f64::from((b - a).max(0.0))).sum();
        self.before.clear();
        self.before.extend_from_slice(bands);
        self.late.push_back((rise / bands.len().max(1) as f64) as f32);
        self.late.pop_front().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_count_and_falls_do_not() {
        for (shift, expect) in [(0, [0.0, 2.0, 1.0, 0.0]), (2, [0.0, 0.0, 0.0, 2.0]), (9, [0.0; 4])] {
            let mut flux = Flux::new(shift);
            let frames = [[5.0, 1.0], [9.0, 1.0], [0.0, 3.0], [0.0, 0.0]];
            assert_eq!(frames.map(|frame| flux.next(&frame)), expect);
        }
    }
}
