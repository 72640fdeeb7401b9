//! A cursor that remembers the piece of its last answer. What does not live here:
//! any arithmetic of its own; it asks the map, so that its answers are the map's
//! bit for bit.

use agogic_timebase::{Beats, Seconds};

use crate::TempoMap;

/// A place in a tempo map. Walking through ascending or descending positions
/// takes constant time each; any other order is answered just as well.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    map: &'a TempoMap,
    piece: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(map: &'a TempoMap) -> Self {
        Self { map, piece: 0 }
    }

    /// As [`TempoMap::seconds`].
    #[inline]
    pub fn seconds(&mut self, at: Beats) -> Seconds {
        self.piece = self.map.by_beat().walk(self.piece, at.0);
        self.map.piece(self.piece).seconds(at, self.map.segments())
    }

    /// As [`TempoMap::beats`].
    #[inline]
    pub fn beats(&mut self, at: Seconds) -> Beats {
        self.piece = self.map.by_second().walk(self.piece, at.0);
        self.map.piece(self.piece).beats(at, self.map.segments())
    }

    /// As [`TempoMap::bpm_at`].
    pub fn bpm_at(&mut self, at: Beats) -> f64 {
        self.piece = self.map.by_beat().walk(self.piece, at.0);
        self.map.bpm_in(self.piece, at)
    }
}
