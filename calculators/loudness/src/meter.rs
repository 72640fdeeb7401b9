//! The energy of all channels together, and what it comes to under sliding
//! windows.

use std::collections::VecDeque;

use crate::weighting::{Filter, Weighting};

/// A loudness meter: K-weighted, weighted by channel, and summed up over pieces
/// that no window cuts. Nothing is ever subtracted from a sum.
pub(crate) struct Meter {
    weighting: Weighting,
    weights: Vec<f64>,
    /// Pairs of channels: a filter does for two what it does for one.
    filters: Vec<Filter>,
    windows: Vec<Window>,
}

impl Meter {
    /// For channels of these weights, and windows.
    pub(crate) fn new(rate: u32, weights: Vec<f64>, windows: Vec<Window>) -> Self {
        let filters = vec![Filter::default(); weights.len().div_ceil(2)];
        Self { weighting: Weighting::new(rate), weights, filters, windows }
    }

    /// Takes `count` more samples of each channel.
    pub(crate) fn push<'a>(&mut self, channel: impl Fn(usize) -> &'a [f32], count: usize) {
        let mut start = 0;
        while start < count {
            let room = self.windows.iter().map(Window::room).min().unwrap_or(count);
            let end = count.min(start + room);
            for (index, filter) in self.filters.iter_mut().enumerate() {
                let [left, right] = [2 * index, 2 * index + 1];
                // The last of an odd number of channels is its own neighbour.
                let right = if right < self.weights.len() { right } else { left };
                if self.weights[left] != 0.0 || self.weights[right] != 0.0 {
                    filter.push(&self.weighting, &channel(left)[start..end], &channel(right)[start..end]);
                }
            }
            let count = end - start;
            start = end;
            if count == room {
                self.close_piece(room);
            } else {
                self.windows.iter_mut().for_each(|window| window.filled += count);
            }
        }
    }

    /// The end of the asset.
    pub(crate) fn finish(&mut self) {
        self.close_piece(0);
        self.windows.iter_mut().for_each(Window::finish);
    }

    /// The windows.
    pub(crate) fn windows(&mut self) -> &mut [Window] {
        &mut self.windows
    }

    /// Adds to all windows what the filters have summed up, `count` samples
    /// after those that were counted.
    fn close_piece(&mut self, count: usize) {
        let sums = self.filters.iter_mut().flat_map(|filter| filter.take());
        let energy = sums.zip(&self.weights).map(|(sum, weight)| sum * weight).sum::<f64>();
        self.windows.iter_mut().for_each(|window| window.add(energy, count));
    }
}

/// A sliding window, centred around every hop, with silence beyond the ends.
pub(crate) struct Window {
    /// Samples of a hop.
    hop: usize,
    /// Hops before and after the centre.
    half: usize,
    /// Energy of the hop under way, and samples.
    energy: f64,
    filled: usize,
    /// Mean squares of the latest hops, as many as lie under the window.
    latest: VecDeque<f64>,
    /// Whole hops so far, and hops that the window has moved on by.
    whole: usize,
    slid: usize,
    /// Mean squares under the windows that are complete and were not taken yet.
    pub(crate) ready: Vec<f64>,
    /// Mean squares of all whole hops, where they are kept.
    pub(crate) kept: Option<Vec<f64>>,
}

impl Window {
    /// Twice `half` hops of `hop` samples; keeps the mean squares of hops or
    /// not.
    pub(crate) fn new(hop: usize, half: usize, keep: bool) -> Self {
        let (latest, ready) = (VecDeque::with_capacity(2 * half), vec![]);
        let kept = keep.then(Vec::new);
        Self { hop, half, energy: 0.0, filled: 0, latest, whole: 0, slid: 0, ready, kept }
    }

    fn room(&self) -> usize {
        self.hop - self.filled
    }

    /// Adds the energy of more samples, `count` of which were not counted yet.
    fn add(&mut self, energy: f64, count: usize) {
        self.energy += energy;
        self.filled += count;
        if self.filled == self.hop {
            let mean = self.take();
            if let Some(kept) = &mut self.kept {
                kept.push(mean);
            }
            self.whole += 1;
            self.slide(mean);
        }
    }

    /// Gives the windows that reach over the end of the asset: there is one
    /// around the beginning of every hop, of the last one too.
    fn finish(&mut self) {
        let rest = self.take();
        self.slide(rest);
        while self.slid < self.whole + self.half {
            self.slide(0.0);
        }
    }

    /// Moves on by a hop, and gives the window around the hop that lies half a
    /// window back.
    fn slide(&mut self, mean: f64) {
        if self.latest.len() == 2 * self.half {
            self.latest.pop_front();
        }
        self.latest.push_back(mean);
        self.slid += 1;
        if self.slid >= self.half {
            self.ready.push(self.latest.iter().sum::<f64>() / (2 * self.half) as f64);
        }
    }

    fn take(&mut self) -> f64 {
        self.filled = 0;
        std::mem::take(&mut self.energy) / self.hop as f64
    }
}
