//! A cursor that remembers the span of its last answer. What does not live here:
//! any arithmetic of its own; it asks the map, so that its answers are the map's
//! bit for bit.

use agogic_timebase::{Beats, Seconds};

use crate::TempoMap;
use crate::map::last_at_or_before;

/// Spans to walk past before searching anew.
const STEPS: usize = 16;

/// A place in a tempo map. Walking through ascending or descending positions
/// takes constant time each; any other order is answered just as well.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    map: &'a TempoMap,
    span: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(map: &'a TempoMap) -> Self {
        Self { map, span: 0 }
    }

    /// As [`TempoMap::seconds`].
    pub fn seconds(&mut self, at: Beats) -> Seconds {
        self.span = walk(self.map.start_beats(), self.span, at.0);
        self.map.seconds_in(self.span, at)
    }

    /// As [`TempoMap::beats`].
    pub fn beats(&mut self, at: Seconds) -> Beats {
        self.span = walk(self.map.start_seconds(), self.span, at.0);
        self.map.beats_in(self.span, at)
    }

    /// As [`TempoMap::bpm_at`].
    pub fn bpm_at(&mut self, at: Beats) -> f64 {
        self.span = walk(self.map.start_beats(), self.span, at.0);
        self.map.bpm_in(self.span, at)
    }
}

/// The span of `at`, looked for from the span `i` on.
fn walk(starts: &[f64], mut i: usize, at: f64) -> usize {
    for _ in 0..STEPS {
        if i > 0 && starts[i] > at {
            i -= 1;
        } else if starts.get(i + 1).is_some_and(|next| *next <= at) {
            i += 1;
        } else {
            return i;
        }
    }
    last_at_or_before(starts, at)
}
