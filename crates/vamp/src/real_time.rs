//! Times as Vamp tells them: seconds and nanoseconds, and their way from and to
//! sample numbers.

use std::ops::{Add, Neg, Sub};

const BILLION: i64 = 1_000_000_000;

/// Largest magnitude in nanoseconds: what `i32` seconds can hold.
const LIMIT: i64 = i32::MAX as i64 * BILLION + (BILLION - 1);

/// A time or a span of time to the nanosecond, up to 68 years either way.
/// Arithmetic stops at the ends of that range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealTime {
    nanoseconds: i64,
}

impl RealTime {
    /// Time zero.
    pub const ZERO: RealTime = RealTime { nanoseconds: 0 };

    /// `sec` seconds and `nsec` nanoseconds, either of which may be negative;
    /// `nsec` may exceed a second.
    pub fn new(sec: i32, nsec: i32) -> Self {
        Self::from_nanoseconds(i64::from(sec) * BILLION + i64::from(nsec))
    }

    /// Whole nanoseconds, cut to the range.
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self { nanoseconds: nanoseconds.clamp(-LIMIT, LIMIT) }
    }

    /// The time of sample `frame` at `rate` Hz, rounded to the nearest
    /// nanosecond and from the middle away from zero, as `RealTime::frame2RealTime`
    /// of the Vamp SDK 2.10 does. None at a rate of zero.
    ///
    /// Up to 500 MHz the way back through [`RealTime::to_frame`] is exact.
    pub fn from_frame(frame: i64, rate: u32) -> Option<Self> {
        let exact = divide_rounded(i128::from(frame) * i128::from(BILLION), i128::from(rate))?;
        let limit = i128::from(LIMIT);
        // Within i64 by the line above.
        Some(Self { nanoseconds: exact.clamp(-limit, limit) as i64 })
    }

    /// The sample at `rate` Hz that is nearest to this time; from the middle away
    /// from zero, as `RealTime::realTime2Frame` of the Vamp SDK 2.10 does.
    pub fn to_frame(self, rate: u32) -> i64 {
        let product = i128::from(self.nanoseconds) * i128::from(rate);
        // At most 2^31 s times 2^32 Hz.
        divide_rounded(product, i128::from(BILLION)).unwrap_or(0) as i64
    }

    /// Whole nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Seconds, towards zero.
    pub fn sec(self) -> i32 {
        // The range is that of i32 seconds.
        (self.nanoseconds / BILLION) as i32
    }

    /// Nanoseconds beyond [`RealTime::sec`], of the same sign and below a second.
    pub fn nsec(self) -> i32 {
        (self.nanoseconds % BILLION) as i32
    }

    /// This time in seconds, to the precision of `f64`.
    pub fn seconds(self) -> f64 {
        self.nanoseconds as f64 / BILLION as f64
    }
}

impl Add for RealTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_nanoseconds(self.nanoseconds.saturating_add(other.nanoseconds))
    }
}

impl Sub for RealTime {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::from_nanoseconds(self.nanoseconds.saturating_sub(other.nanoseconds))
    }
}

impl Neg for RealTime {
    type Output = Self;

    fn neg(self) -> Self {
        Self { nanoseconds: -self.nanoseconds }
    }
}

/// The nearest whole quotient, from the middle away from zero.
fn divide_rounded(number: i128, divisor: i128) -> Option<i128> {
    let magnitude = (number.abs() + divisor / 2).checked_div(divisor)?;
    Some(magnitude * number.signum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_parts_have_the_same_sign() {
        #[track_caller]
        fn check(sec: i32, nsec: i32, expect: (i32, i32)) {
            let time = RealTime::new(sec, nsec);
            assert_eq!((time.sec(), time.nsec()), expect);
        }
        // What the SDK's own constructor gives.
        check(1, -5, (0, 999_999_995));
        check(-1, 5, (0, -999_999_995));
        check(0, 1_500_000_000, (1, 500_000_000));
        check(0, -1_500_000_000, (-1, -500_000_000));
        check(3, -2_000_000_000, (1, 0));
        // The ends, where it would overflow.
        check(i32::MAX, i32::MAX, (i32::MAX, 999_999_999));
        check(i32::MIN, i32::MIN, (-i32::MAX, -999_999_999));
    }

    #[test]
    fn from_samples_as_the_sdk() {
        #[track_caller]
        fn check(frame: i64, rate: u32, sec: i32, nsec: i32) {
            assert_eq!(RealTime::from_frame(frame, rate), Some(RealTime::new(sec, nsec)));
            assert_eq!(RealTime::new(sec, nsec).to_frame(rate), frame);
        }
        // Printed by RealTime::frame2RealTime of the Vamp SDK 2.10.
        check(0, 44_100, 0, 0);
        check(1, 44_100, 0, 22_676);
        check(2, 44_100, 0, 45_351);
        check(511, 44_100, 0, 11_587_302);
        check(44_099, 44_100, 0, 999_977_324);
        check(44_100, 44_100, 1, 0);
        check(123_456_789, 44_100, 2799, 473_673_469);
        check(-1, 44_100, 0, -22_676);
        check(-44_101, 44_100, -1, -22_676);
        check(511, 11_025, 0, 46_349_206);
        check(2, 48_000, 0, 41_667);
        check(1024, 48_000, 0, 21_333_333);
        check(123_456_789, 192_000, 643, 4_109_375);
        // Exactly between two nanoseconds.
        check(1, 1024, 0, 976_563);
        check(3, 1024, 0, 2_929_688);
        check(1, 2048, 0, 488_281);
    }

    #[test]
    fn to_samples_as_the_sdk() {
        #[track_caller]
        fn check(nsec: i32, rate: u32, frame: i64) {
            assert_eq!(RealTime::new(0, nsec).to_frame(rate), frame);
        }
        // Printed by RealTime::realTime2Frame of the Vamp SDK 2.10.
        check(11_337, 44_100, 0);
        check(11_338, 44_100, 1);
        check(34_013, 44_100, 1);
        check(34_014, 44_100, 2);
        check(-11_337, 44_100, 0);
        check(-11_338, 44_100, -1);
        check(-34_014, 44_100, -2);
        check(999_999_999, 44_100, 44_100);
        check(11_337, 48_000, 1);
        check(34_013, 48_000, 2);
    }

    #[test]
    fn no_rate_has_no_time() {
        assert_eq!(RealTime::from_frame(1, 0), None);
        assert_eq!(RealTime::new(1, 0).to_frame(0), 0);
    }

    proptest! {
        #[test]
        fn samples_come_back(frame in -10_000_000_000_i64..10_000_000_000, rate in 8_000_u32..=500_000_000) {
            let time = RealTime::from_frame(frame, rate).expect("a rate");
            prop_assert_eq!(time.to_frame(rate), frame);
        }

        #[test]
        fn sums_are_undone(a in -LIMIT / 2..=LIMIT / 2, b in -LIMIT / 2..=LIMIT / 2) {
            let (a, b) = (RealTime::from_nanoseconds(a), RealTime::from_nanoseconds(b));
            prop_assert_eq!(a + b - b, a);
            prop_assert_eq!(a - b, -(b - a));
        }

        #[test]
        fn nothing_overflows(sec: i32, nsec: i32, frame: i64, rate: u32) {
            let time = RealTime::new(sec, nsec);
            let _ = time.to_frame(rate);
            prop_assert_eq!(RealTime::new(time.sec(), time.nsec()), time);
            prop_assert_eq!(RealTime::from_frame(frame, rate).is_some(), rate > 0);
        }
    }
}
