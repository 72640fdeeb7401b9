//! A tempo map on the write path, which knows it by its ticks and its hash
//! only. Hardly any calculator has to do with it.

use std::sync::{Arc, OnceLock};

use agogic_host::{TICKS_PER_QUARTER, TickMap};
use agogic_schema::ContentHash;
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, Seconds};

/// A tempo map that calculators may depend on. Clones share it.
#[derive(Clone, Debug)]
pub struct Tempo(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    map: TempoMap,
    content: OnceLock<ContentHash>,
}

impl Tempo {
    /// The map.
    pub fn map(&self) -> &TempoMap {
        &self.0.map
    }
}

impl From<TempoMap> for Tempo {
    fn from(map: TempoMap) -> Self {
        Self(Arc::new(Shared { map, content: OnceLock::new() }))
    }
}

impl TickMap for Tempo {
    fn ticks(&self, at: Seconds) -> f64 {
        self.0.map.beats(at).0 * f64::from(TICKS_PER_QUARTER)
    }

    fn seconds(&self, tick: f64) -> Seconds {
        self.0.map.seconds(Beats(tick / f64::from(TICKS_PER_QUARTER)))
    }

    /// BLAKE3 of the map's native form; worked out when it is first asked for.
    fn content(&self) -> ContentHash {
        let hash = || ContentHash(*blake3::hash(self.0.map.to_json().as_bytes()).as_bytes());
        *self.0.content.get_or_init(hash)
    }
}
