//! Geometric over arithmetic mean of a power spectrum.
//!
//! The logarithm of a product is one logarithm: mantissas are multiplied, exponents
//! added, and only what comes of a whole spectrum goes through `log2`. A product in
//! f32 is off by half a unit in the last place per factor; the mean of the
//! logarithms of any number of bins is so within 1e-7.

/// Independent products.
const LANES: usize = 16;

/// Factors per lane before a product must be put away: each is below 2.
const FACTORS: usize = 64;

/// The flatness of a power spectrum whose values below `amin`, a positive normal
/// number, count as `amin`: within 0.0..=1.0, 1 for equal powers; NaN where the
/// powers are not finite.
pub(crate) fn flatness(powers: &[f32], amin: f32) -> f32 {
    let mut product = Product::ONE;
    let mut sum = 0.0f64;
    for stretch in powers.chunks(LANES * FACTORS) {
        let mut sums = [0.0f32; LANES];
        let mut mantissas = [1.0f32; LANES];
        let mut exponents = [0u32; LANES];
        let mut take = |row: &[f32]| {
            for (((sum, mantissa), exponent), &power) in
                sums.iter_mut().zip(&mut mantissas).zip(&mut exponents).zip(row)
            {
                // This comparison, not f32::max, which would drop NaN.
                let power = if amin > power { amin } else { power };
                let bits = power.to_bits();
                *sum += power;
                *exponent += bits >> 23;
                *mantissa *= f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
            }
        };
        let rows = stretch.chunks_exact(LANES);
        let tail = rows.remainder();
        rows.for_each(&mut take);
        take(tail);
        sum += sums.into_iter().map(f64::from).sum::<f64>();
        mantissas.into_iter().for_each(|mantissa| product.multiply(mantissa));
        let biased: u64 = exponents.into_iter().map(u64::from).sum();
        product.exponent += biased as i64 - 127 * stretch.len() as i64;
    }
    if powers.is_empty() || !sum.is_finite() {
        return f32::NAN;
    }
    let count = powers.len() as f64;
    let geometric = (product.log2() / count).exp2();
    (geometric / (sum / count)).min(1.0) as f32
}

/// A product that neither overflows nor underflows.
struct Product {
    mantissa: f64,
    exponent: i64,
}

impl Product {
    const ONE: Self = Self { mantissa: 1.0, exponent: 0 };

    /// Times a number from 1 on.
    fn multiply(&mut self, factor: f32) {
        let bits = (self.mantissa * f64::from(factor)).to_bits();
        self.exponent += (bits >> 52) as i64 - 1023;
        self.mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    }

    fn log2(&self) -> f64 {
        self.exponent as f64 + self.mantissa.log2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_definition(powers: &[f32], amin: f32) -> f64 {
        let values = || powers.iter().map(|&x| f64::from(x.max(amin)));
        let count = powers.len() as f64;
        (values().map(f64::ln).sum::<f64>() / count).exp() / (values().sum::<f64>() / count)
    }

    #[track_caller]
    fn check(powers: &[f32], amin: f32) {
        let (got, expect) = (f64::from(flatness(powers, amin)), by_definition(powers, amin));
        // Below that it is 0 in f32.
        assert!((got - expect).abs() <= 1e-6 * expect + 1e-37, "{got} is not {expect}");
    }

    proptest! {
        #[test]
        fn is_that_of_the_definition(
            logs in prop::collection::vec(-40.0f32..30.0, 1..3000),
            amin in prop::sample::select(vec![1e-30f32, 1e-10, 1.0]),
        ) {
            let powers: Vec<f32> = logs.into_iter().map(f32::exp).collect();
            check(&powers, amin);
        }
    }

    #[test]
    fn extremes() {
        for length in [1, 15, 16, 17, 1023, 1024, 1025, 5000] {
            for value in [0.0, 1e-10, 1.0, 1.999_999_9, 1e30] {
                assert!((flatness(&vec![value; length], 1e-10) - 1.0).abs() < 1e-6, "{length} times {value}");
            }
            let mut peak = vec![0.0; length];
            peak[length / 2] = 1e30;
            check(&peak, 1e-30);
            for bad in [f32::NAN, f32::INFINITY] {
                peak[length / 3] = bad;
                assert!(flatness(&peak, 1e-10).is_nan());
            }
        }
        assert!(flatness(&[], 1e-10).is_nan());
    }
}
