//! Sample rates: integer, never zero, never ambient.

use std::fmt;
use std::num::NonZeroU32;

use crate::{Samples, Seconds};

/// An integer number of samples per second and channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(NonZeroU32);

/// A sample rate outside [`SampleRate::MIN`]..=[`SampleRate::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateError(
    /// The rate that was refused, in Hz.
    pub u32,
);

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sample rate {} Hz is outside {}..={} Hz", self.0, SampleRate::MIN, SampleRate::MAX)
    }
}

impl std::error::Error for RateError {}

impl SampleRate {
    /// Lowest rate accepted, in Hz.
    pub const MIN: u32 = 100;
    /// Highest rate accepted, in Hz; above the fastest PCM in use (DSD aside).
    pub const MAX: u32 = 1_536_000;

    /// A rate in Hz.
    ///
    /// # Errors
    /// [`RateError`] outside [`Self::MIN`]..=[`Self::MAX`].
    pub fn new(hz: u32) -> Result<Self, RateError> {
        match NonZeroU32::new(hz) {
            Some(rate) if (Self::MIN..=Self::MAX).contains(&hz) => Ok(Self(rate)),
            _ => Err(RateError(hz)),
        }
    }

    /// The rate in Hz.
    pub fn hz(self) -> u32 {
        self.0.get()
    }

    /// The real time of a sample position: one division, the last thing done.
    pub fn seconds(self, at: Samples) -> Seconds {
        // Integer part and remainder apart, so that positions beyond 2^53 stay
        // as exact as an f64 can say them.
        let hz = i64::from(self.hz());
        let whole = at.0.div_euclid(hz);
        let rest = at.0.rem_euclid(hz);
        Seconds(whole as f64 + rest as f64 / hz as f64)
    }

    /// The last sample position at or before a real time. Times too far out
    /// to count, and NaN, saturate as a float-to-integer cast does.
    pub fn samples_floor(self, at: Seconds) -> Samples {
        Samples((at.0 * f64::from(self.hz())).floor() as i64)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for hz in [0, 99, 1_536_001, u32::MAX] {
            assert_eq!(SampleRate::new(hz), Err(RateError(hz)));
        }
        for hz in [100, 8_000, 44_100, 1_536_000] {
            assert_eq!(SampleRate::new(hz).unwrap().hz(), hz);
        }
    }

    #[test]
    fn seconds_are_the_last_step() {
        let rate = SampleRate::new(44_100).unwrap();
        assert_eq!(rate.seconds(Samples(44_100)), Seconds(1.0));
        assert_eq!(rate.seconds(Samples(-22_050)), Seconds(-0.5));
        assert_eq!(rate.seconds(Samples(512)), Seconds(512.0 / 44_100.0));
        assert_eq!(rate.samples_floor(Seconds(0.9999999)), Samples(44_099));
    }
}
