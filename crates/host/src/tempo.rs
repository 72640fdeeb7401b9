//! What the host knows of tempo: where a moment of real time stands in ticks,
//! and back, and that a map is the one it was. What does not live here: tempo
//! maps themselves, which the write path cannot name.

use agogic_schema::ContentHash;
use agogic_timebase::{FrameGrid, SampleRate, Samples, Seconds};

/// Ticks to the quarter note, wherever the host counts them.
pub const TICKS_PER_QUARTER: u32 = 960;

/// A tempo map as calculators may know it. Both functions never go backwards.
pub trait TickMap: Send + Sync {
    /// The tick at a real time.
    fn ticks(&self, at: Seconds) -> f64;

    /// The real time of a tick.
    fn seconds(&self, tick: f64) -> Seconds;

    /// Hash of the map: equal hash, equal map.
    fn content(&self) -> ContentHash;
}

/// Where the items of an input's blocks stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Items {
    /// Samples: a block has two ticks, at its first sample and after its last.
    Samples(SampleRate),
    /// Frames: a block has a tick per frame, and one more.
    Frames(FrameGrid),
}

/// Writes the ticks of blocks.
pub(crate) struct TickWriter<'a> {
    map: &'a dyn TickMap,
    ticks: Vec<f64>,
}

impl<'a> TickWriter<'a> {
    pub(crate) fn new(map: &'a dyn TickMap) -> Self {
        Self { map, ticks: vec![] }
    }

    /// The ticks of a block of `count` items from `position` on.
    pub(crate) fn block(&mut self, items: Items, position: u64, count: usize) -> &[f64] {
        let end = position.saturating_add(count as u64);
        self.ticks.clear();
        match items {
            Items::Samples(rate) => self.ticks.extend(
                [position, end]
                    .map(|at| self.map.ticks(rate.seconds(Samples(i64::try_from(at).unwrap_or(i64::MAX))))),
            ),
            Items::Frames(grid) => {
                self.ticks.extend((position..=end).map(|frame| self.map.ticks(grid.seconds(frame))));
            }
        }
        &self.ticks
    }

    /// The tick of each of these moments.
    pub(crate) fn each(&mut self, moments: impl Iterator<Item = Seconds>) -> &[f64] {
        self.ticks.clear();
        self.ticks.extend(moments.map(|at| self.map.ticks(at)));
        &self.ticks
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::num::NonZeroU32;

    use super::*;

    /// A constant tempo: so many ticks a second, tick 0 at `start` seconds.
    pub(crate) struct Steady {
        pub(crate) per_second: f64,
        pub(crate) start: f64,
    }

    impl TickMap for Steady {
        fn ticks(&self, at: Seconds) -> f64 {
            (at.0 - self.start) * self.per_second
        }
        fn seconds(&self, tick: f64) -> Seconds {
            Seconds(tick / self.per_second + self.start)
        }
        fn content(&self) -> ContentHash {
            ContentHash([0; 32])
        }
    }

    #[test]
    fn samples_have_two_ticks_and_frames_one_each_and_one_more() {
        let map = Steady { per_second: 1920.0, start: 0.0 };
        let rate = SampleRate::new(48_000).unwrap();
        let mut writer = TickWriter::new(&map);
        assert_eq!(writer.block(Items::Samples(rate), 24_000, 12_000), [960.0, 1440.0]);
        let hop = NonZeroU32::new(480).unwrap();
        let grid = FrameGrid { rate, start: Samples(240), hop };
        let expect = [9.6, 28.8, 48.0, 67.2];
        let got = writer.block(Items::Frames(grid), 0, 3);
        assert!(got.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-9) && got.len() == 4, "{got:?}");
        assert_eq!(writer.each([Seconds(0.5)].into_iter()), [960.0]);
    }
}
