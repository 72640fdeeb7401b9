//! Sample rates: integer, never zero, never ambient.

use core::fmt;
use core::num::NonZeroU32;

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

impl core::error::Error for RateError {}

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
        // Up to 2^53 a double holds the position and the quotient is the nearest.
        if at.0.unsigned_abs() <= 1 << 53 {
            return Seconds(at.0 as f64 / f64::from(self.hz()));
        }
        // Integer part and remainder apart, so that positions beyond stay as exact
        // as an f64 can say them.
        let hz = i64::from(self.hz());
        let whole = at.0.div_euclid(hz);
        let rest = at.0.rem_euclid(hz);
        Seconds(whole as f64 + rest as f64 / hz as f64)
    }

    /// The last sample position at or before a real time. Times too far out
    /// to count, and NaN, saturate as a float-to-integer cast does.
    pub fn samples_floor(self, at: Seconds) -> Samples {
        let at = at.0 * f64::from(self.hz());
        let towards_zero = at as i64;
        let above = towards_zero as f64 > at;
        Samples(towards_zero.saturating_sub(i64::from(above)))
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
        for (at, expect) in [
            (0.999_999_9, 44_099),
            (1.0, 44_100),
            (-0.000_001, -1),
            (-1.0, -44_100),
            (f64::NAN, 0),
            (f64::INFINITY, i64::MAX),
            (f64::NEG_INFINITY, i64::MIN),
        ] {
            assert_eq!(rate.samples_floor(Seconds(at)), Samples(expect), "{at}");
        }
    }
}
