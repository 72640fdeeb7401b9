//! Decibels of power. The logarithm is computed here rather than by the system's
//! mathematics library: it vectorises, and, made of additions, multiplications and
//! bit operations only (Rust never fuses them), gives the same bits on every
//! machine. Clipping relative to a maximum is the caller's.

use crate::wide::wide;

/// `10 log10(max(amin, power))`: decibels of a power relative to 1.
///
/// Within 2 units in the last place of the exact value: 3e-6 dB off at most within
/// -64..64 dB and 2e-5 dB everywhere, subnormal powers included. Never falls as the
/// power rises. `power` 0 or less counts as `amin`; if
/// `amin` is 0, less, or NaN, the result is then negative infinity. Infinity and
/// NaN stay what they are. Bit-identical on every machine.
pub fn power_to_db(power: f32, amin: f32) -> f32 {
    decibels(power, floor(amin))
}

/// [`power_to_db`] of every value in place, bit for bit the same.
pub fn power_to_db_slice(powers: &mut [f32], amin: f32) {
    let floor = floor(amin);
    wide(
        #[inline(always)]
        || powers.iter_mut().for_each(|power| *power = decibels(*power, floor)),
    );
}

fn floor(amin: f32) -> f32 {
    if amin > 0.0 { amin } else { 0.0 }
}

/// `10 log10(2)` as a value of 13 bits, whose product with an exponent is exact,
/// and the rest.
const DB_PER_OCTAVE_HIGH: f32 = 6165.0 / 2048.0;
const DB_PER_OCTAVE_LOW: f32 = 4.605_039e-5;
/// `10 / ln(10)`.
const DB_PER_NEPER: f32 = 4.342_944_8;

/// The logarithm of Cephes' `logf` (S. Moshier, 1992), without branches: power is
/// m 2^e with m within sqrt(1/2)..sqrt(2), and ln m a polynomial in m - 1.
#[inline(always)]
fn decibels(power: f32, floor: f32) -> f32 {
    // This comparison, not f32::max, which would turn NaN into the floor.
    let x = if floor > power { floor } else { power };

    let subnormal = x < f32::MIN_POSITIVE;
    let normal = if subnormal { x * (1u32 << 24) as f32 } else { x };
    let exponent_shift = if subnormal { 24 } else { 0 };

    const SQRT_HALF: u32 = 0x3f35_04f3;
    let offset = normal.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (offset as i32 >> 23) - exponent_shift;
    let mantissa = f32::from_bits((offset & 0x007f_ffff) + SQRT_HALF);

    let f = mantissa - 1.0;
    let square = f * f;
    let mut tail = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        tail = tail * f + coefficient;
    }
    let ln = f + (tail * f * square - 0.5 * square);

    let exponent = exponent as f32;
    let db = exponent * DB_PER_OCTAVE_HIGH + (exponent * DB_PER_OCTAVE_LOW + ln * DB_PER_NEPER);
    let db = if x > 0.0 { db } else { f32::NEG_INFINITY };
    // Also false for NaN.
    if x < f32::INFINITY { db } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Distance from the f64 logarithm in dB, and in units in the last place.
    fn error(power: f32) -> (f64, f64) {
        let exact = 10.0 * f64::from(power).log10();
        let ulp = f64::from((exact as f32).abs().next_up() - (exact as f32).abs());
        let distance = (f64::from(power_to_db(power, 0.0)) - exact).abs();
        (distance, distance / ulp)
    }

    #[track_caller]
    fn check_error(power: f32) {
        let (distance, ulps) = error(power);
        let bound = if (4e-7..2.5e6).contains(&power) { 3e-6 } else { 2e-5 };
        assert!(distance <= bound, "{power:e}: off by {distance:e} dB");
        assert!(ulps <= 2.0, "{power:e}: off by {ulps} ulp");
    }

    #[test]
    fn is_accurate_over_the_whole_range() {
        (1..f32::INFINITY.to_bits()).step_by(9973).for_each(|bits| check_error(f32::from_bits(bits)));
    }

    #[test]
    fn is_accurate_around_one_and_where_the_exponent_changes() {
        for centre in [1.0f32, 0.5f32.sqrt(), 2f32.sqrt(), f32::MIN_POSITIVE, 2.0, 0.5] {
            let bits = centre.to_bits();
            (bits - 2000..bits + 2000).for_each(|bits| check_error(f32::from_bits(bits)));
        }
    }

    #[test]
    fn special_values() {
        #[track_caller]
        fn check(power: f32, amin: f32, expect: f32) {
            let db = power_to_db(power, amin);
            assert!(db == expect || db.is_nan() && expect.is_nan(), "{db} for {power}, {amin}");
        }
        let infinity = f32::INFINITY;
        check(1.0, 1e-10, 0.0);
        check(10.0, 1e-10, 10.0);
        check(100.0, 0.0, 20.0);
        check(0.0, 1e-10, -100.0);
        check(-1.0, 1e-10, -100.0);
        check(0.0, 0.0, -infinity);
        check(-0.0, 0.0, -infinity);
        check(-1.0, -1.0, -infinity);
        check(0.0, f32::NAN, -infinity);
        check(infinity, 1e-10, infinity);
        check(-infinity, 1e-10, -100.0);
        check(f32::NAN, 1e-10, f32::NAN);
        check(1.0, infinity, infinity);
        check(f32::from_bits(1), 0.0, -448.534_7);
        check(f32::MAX, 0.0, 385.318_4);
    }

    proptest! {
        #[test]
        fn slices_and_scalars_agree(bits in prop::collection::vec(any::<u32>(), 0..40), amin in 0.0f32..1.0) {
            let powers: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            let mut slice = powers.clone();
            power_to_db_slice(&mut slice, amin);
            for (&power, db) in powers.iter().zip(slice) {
                prop_assert_eq!(power_to_db(power, amin).to_bits(), db.to_bits());
            }
        }

        #[test]
        fn never_falls(a in 0.0f32..f32::MAX, b in 0.0f32..f32::MAX) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(power_to_db(low, 1e-10) <= power_to_db(high, 1e-10));
        }
    }
}
