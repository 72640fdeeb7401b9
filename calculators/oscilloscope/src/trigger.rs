//! Where the audio rises through zero.

use std::collections::VecDeque;

/// The triggers that frames still to come may be moved to.
pub(crate) struct Triggers {
    search: u64,
    hysteresis: f32,
    /// Whether the audio was low enough since the last one.
    armed: bool,
    found: VecDeque<u64>,
}

impl Triggers {
    pub(crate) fn new(search: u64, hysteresis: f32) -> Self {
        Self { search, hysteresis, armed: false, found: VecDeque::new() }
    }

    /// Looks through more samples, the first of which is at `position`.
    pub(crate) fn look(&mut self, position: u64, samples: &[f32]) {
        for (at, &x) in (position..).zip(samples) {
            if self.armed {
                if (0.0..f32::INFINITY).contains(&x) {
                    self.found.push_back(at);
                    self.armed = false;
                }
            } else {
                self.armed = x < -self.hysteresis && x.is_finite();
            }
        }
    }

    /// The one nearest to a position, if it is near enough.
    pub(crate) fn nearest(&self, centre: u64) -> Option<u64> {
        let after = self.found.partition_point(|&at| at < centre);
        let before = after.checked_sub(1);
        let near = [before, Some(after)].into_iter().flatten().filter_map(|i| self.found.get(i).copied());
        near.filter(|at| at.abs_diff(centre) <= self.search).min_by_key(|at| at.abs_diff(centre))
    }

    /// Drops those that no frame from `centre` on is moved to.
    pub(crate) fn forget_before(&mut self, centre: u64) {
        let first = centre.saturating_sub(self.search);
        self.found.drain(..self.found.partition_point(|&at| at < first));
    }
}
