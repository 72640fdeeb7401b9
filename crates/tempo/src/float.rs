//! The functions of real numbers that tempo needs, the same to the last bit on
//! every machine. `log1p` and `expm1` are made of additions, multiplications,
//! divisions and bit operations alone, which IEEE 754 fixes; without a branch, so
//! that a loop over them becomes vector code. What is not here: anything about
//! tempo.
//!
//! The method is that of FreeBSD's msun (`s_log1p.c`, `s_expm1.c`); the reductions
//! differ, so that nothing branches. Both stay within 1.5 units in the last place
//! of the true value over the ranges below, as the tests measure.

/// High part of ln 2, 0.693...: 33 bits, so that its product with an exponent is exact.
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// What `LN2_HIGH` leaves of ln 2.
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// Added to and taken from a number of less than 2^51 this rounds it to a whole one.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Coefficients of msun's `log`, 2/3, 2/5, 2/7 and so on but for the last digits:
/// log(1 + f) = 2s + s z (L1 + z L2 + ...), s = f / (2 + f), z = s².
const L1: f64 = f64::from_bits(0x3fe5_5555_5555_5593);
const L2: f64 = f64::from_bits(0x3fd9_9999_9997_fa04);
const L3: f64 = f64::from_bits(0x3fd2_4924_9422_9359);
const L4: f64 = f64::from_bits(0x3fcc_71c5_1d8e_78af);
const L5: f64 = f64::from_bits(0x3fc7_4664_96cb_03de);
const L6: f64 = f64::from_bits(0x3fc3_9a09_d078_c69f);
const L7: f64 = f64::from_bits(0x3fc2_f112_df3e_5244);

/// `ln(1 + x)` for x above -1 and up to 2^52, within 1.5 units in the last place.
#[inline(always)]
pub(crate) fn log1p(x: f64) -> f64 {
    // 1 + x = high + low, exactly.
    let high = 1.0 + x;
    let part = high - 1.0;
    let low = (1.0 - (high - part)) + (x - part);
    // high = 2^k m with m in sqrt(1/2)..sqrt(2).
    let bits = high.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_0000_0000);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_0000_0000));
    let exponent = bits >> 52;
    // Vector units without conversion of 64-bit integers: put the exponent in the
    // last places of 2^52.
    let k = f64::from_bits(exponent | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let shrink = f64::from_bits(0x7fe0_0000_0000_0000_u64.wrapping_sub(exponent << 52));
    // m - 1 is exact; without a reduction f is x itself.
    let f = (m - 1.0) + low * shrink;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L2 + w * (L4 + w * L6));
    let odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
    let rest = s * (half_square + (odd + even));
    k * LN2_HIGH + (f - (half_square - (rest + k * LN2_LOW)))
}

/// `exp(x) - 1` for x in -36..=700, within 1.5 units in the last place.
#[inline(always)]
pub(crate) fn expm1(x: f64) -> f64 {
    // x = k ln 2 + r + late, |r| up to half of ln 2.
    let shifted = x * core::f64::consts::LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let high = x - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let late = (high - r) - low;
    let z = r * r;
    // Taylor's series: the first term left out is below 2^-55 of the sum.
    let a = 1.0 / 6.0 + r * (1.0 / 24.0);
    let b = 1.0 / 120.0 + r * (1.0 / 720.0);
    let c = 1.0 / 5_040.0 + r * (1.0 / 40_320.0);
    let d = 1.0 / 362_880.0 + r * (1.0 / 3_628_800.0);
    let e = 1.0 / 39_916_800.0 + r * (1.0 / 479_001_600.0);
    let g = 1.0 / 6_227_020_800.0;
    let quad = z * z;
    let series = (a + z * b) + quad * ((c + z * d) + quad * (e + z * g));
    let near = r + (0.5 * z + (r * z * series + late * (1.0 + r)));
    // 2^k out of the last places of the rounded number.
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    scale * near + (scale - 1.0)
}

/// The square root, correctly rounded as everywhere.
#[inline(always)]
pub(crate) fn sqrt(x: f64) -> f64 {
    #[cfg(feature = "std")]
    return x.sqrt();
    #[cfg(not(feature = "std"))]
    return libm::sqrt(x);
}

/// The whole number at or below.
#[inline(always)]
pub(crate) fn floor(x: f64) -> f64 {
    #[cfg(feature = "std")]
    return x.floor();
    #[cfg(not(feature = "std"))]
    return libm::floor(x);
}

/// The whole number at or above.
#[inline(always)]
pub(crate) fn ceil(x: f64) -> f64 {
    -floor(-x)
}

/// The nearest whole number, halves away from zero.
#[inline(always)]
pub(crate) fn round(x: f64) -> f64 {
    #[cfg(feature = "std")]
    return x.round();
    #[cfg(not(feature = "std"))]
    return libm::round(x);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units in the last place of what is expected, which comes as a
    /// double and what rounding took from it.
    fn places(got: f64, expect: f64) -> f64 {
        (got - expect).abs() / (expect.abs().next_up() - expect.abs())
    }

    /// The largest distance from libm and from the system's function, both of
    /// which stay within one unit themselves.
    fn worst(mine: fn(f64) -> f64, libm: fn(f64) -> f64, std: fn(f64) -> f64, at: &[f64]) -> f64 {
        let of = |x: &f64| places(mine(*x), libm(*x)).min(places(mine(*x), std(*x)));
        at.iter().map(of).fold(0.0, f64::max)
    }

    /// From `low` to `high` by equal ratios, both signs where they lie inside.
    fn spread(smallest: f64, below: f64, above: f64) -> Vec<f64> {
        let count = 200_000;
        let to = |bound: f64, sign: f64| {
            let ratio = (bound / smallest).ln() / f64::from(count);
            (0..=count).map(move |i| sign * smallest * (f64::from(i) * ratio).exp())
        };
        to(below, -1.0).chain(to(above, 1.0)).collect()
    }

    #[test]
    fn log1p_and_expm1_are_close() {
        let mut logs = spread(1e-18, 0.999_999_999, 4e15);
        logs.extend((0..400_000).map(|i| f64::from(i) * 1e-5 - 0.999_995));
        let far = worst(log1p, libm::log1p, f64::ln_1p, &logs);
        assert!(far <= 1.0, "log1p: {far}");
        let mut exps = spread(1e-18, 36.0, 700.0);
        exps.extend((0..400_000).map(|i| f64::from(i) * 1e-5 - 2.0));
        let far = worst(expm1, libm::expm1, f64::exp_m1, &exps);
        assert!(far <= 1.0, "expm1: {far}");
        for x in [0.0, 5e-324, -5e-324, 1e-300] {
            assert_eq!((log1p(x), expm1(x)), (x, x));
        }
        assert!(log1p(f64::NAN).is_nan() && expm1(f64::NAN).is_nan());
    }
}
