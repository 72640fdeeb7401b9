//! Where the frames of a dense track stand in time.

use core::num::NonZeroU32;

use crate::{SampleRate, Samples, Seconds};

/// A uniform row of frames: frame `i` is centred at sample `start + i * hop`
/// of `rate`.
///
/// The hop is an integer number of samples, so nothing drifts; seconds are
/// derived at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameGrid {
    /// Sample rate that `start` and `hop` count in.
    pub rate: SampleRate,
    /// Centre of frame 0.
    pub start: Samples,
    /// Distance between the centres of neighbouring frames, in samples.
    pub hop: NonZeroU32,
}

impl FrameGrid {
    /// The sample at the centre of frame `i`.
    pub fn centre(&self, i: u64) -> Samples {
        Samples(self.start.0.saturating_add_unsigned(i.saturating_mul(u64::from(self.hop.get()))))
    }

    /// The real time of the centre of frame `i`.
    pub fn seconds(&self, i: u64) -> Seconds {
        self.rate.seconds(self.centre(i))
    }

    /// The real-valued frame index at a real time: 0.0 at the centre of frame
    /// 0, negative before it.
    pub fn index(&self, at: Seconds) -> f64 {
        (at.0 * f64::from(self.rate.hz()) - self.start.0 as f64) / f64::from(self.hop.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_frames_does_not_drift() {
        let grid = FrameGrid {
            rate: SampleRate::new(48_000).unwrap(),
            start: Samples(0),
            hop: NonZeroU32::new(512).unwrap(),
        };
        // 337,500 hops of 512 samples are an hour at 48 kHz.
        assert_eq!(grid.centre(337_500), Samples(3600 * 48_000));
        assert_eq!(grid.seconds(337_500), Seconds(3600.0));
        assert!((grid.index(Seconds(3600.0)) - 337_500.0).abs() < 1e-6);
    }
}
