//! K-weighting, the frequency weighting of ITU-R BS.1770: a shelf that stands
//! for the head and a high-pass filter, for two channels side by side.
//!
//! BS.1770 gives coefficients for 48 kHz only. The same analogue filters are
//! made digital at any rate by the bilinear transform, with the corner
//! frequencies, qualities and gain that give its coefficients at 48 kHz (B. De
//! Man, "Evaluation of implementations of the EBU R128 loudness measurement",
//! AES Convention 145, 2018).

/// Corner frequency in Hz, gain in dB and quality of the shelf.
const SHELF: (f64, f64, f64) = (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
/// The band gain of the shelf is this power of its gain.
const SHELF_BAND: f64 = 0.499_666_774_154_541_6;
/// Corner frequency in Hz and quality of the high-pass filter.
const HIGH_PASS: (f64, f64) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
/// Corner frequencies lie no higher than at this part of the sample rate.
const HIGHEST: f64 = 0.45;
/// State below this is nothing. Without the limit it would sink into numbers
/// that processors are slow with.
const NOTHING: f64 = 1e-60;

/// The coefficients at a sample rate. Those of the high-pass filter's
/// numerator are 1, -2, 1, as the recommendation has them.
pub(crate) struct Weighting {
    b: [f64; 3],
    a: [f64; 2],
    c: [f64; 2],
}

impl Weighting {
    /// At so many samples per second. Below 3738 Hz the shelf's corner is moved
    /// down so that it still lies under half the rate.
    pub(crate) fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let warped = |corner: f64| (std::f64::consts::PI * (corner / rate).min(HIGHEST)).tan();
        let (corner, gain, quality) = SHELF;
        let (k, high) = (warped(corner), 10f64.powf(gain / 20.0));
        let band = high.powf(SHELF_BAND);
        let norm = 1.0 + k / quality + k * k;
        let b = [
            (high + band * k / quality + k * k) / norm,
            2.0 * (k * k - high) / norm,
            (high - band * k / quality + k * k) / norm,
        ];
        let a = [2.0 * (k * k - 1.0) / norm, (1.0 - k / quality + k * k) / norm];
        let (corner, quality) = HIGH_PASS;
        let k = warped(corner);
        let norm = 1.0 + k / quality + k * k;
        let c = [2.0 * (k * k - 1.0) / norm, (1.0 - k / quality + k * k) / norm];
        Self { b, a, c }
    }
}

/// A number for each of two channels.
type Pair = [f64; 2];

fn each(of: impl Fn(usize) -> f64) -> Pair {
    [of(0), of(1)]
}

/// Two channels on their way through the weighting.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    /// The latest two samples before the shelf, behind it, and behind both
    /// filters; the latest first.
    x: [Pair; 2],
    y: [Pair; 2],
    z: [Pair; 2],
    /// Sum of the squares behind both filters.
    sum: Pair,
}

impl Filter {
    /// Takes more samples of both channels, as many of each.
    pub(crate) fn push(&mut self, weighting: &Weighting, left: &[f32], right: &[f32]) {
        let Weighting { b: [b0, b1, b2], a: [a1, a2], c: [c1, c2] } = *weighting;
        let Self { x: [mut x1, mut x2], y: [mut y1, mut y2], z: [mut z1, mut z2], mut sum } = self.clone();
        for (&left, &right) in left.iter().zip(right) {
            let x0 = [f64::from(left), f64::from(right)];
            // Only one product and one difference lie between a sample and the
            // next, so that they follow each other as fast as they can.
            let y0 = each(|i| (b0 * x0[i] + b1 * x1[i] + b2 * x2[i] - a2 * y2[i]) - a1 * y1[i]);
            let z0 = each(|i| ((y0[i] - 2.0 * y1[i] + y2[i]) - c2 * z2[i]) - c1 * z1[i]);
            sum = each(|i| sum[i] + z0[i] * z0[i]);
            (x2, x1, y2, y1, z2, z1) = (x1, x0, y1, y0, z1, z0);
        }
        *self = Self { x: [x1, x2], y: [y1, y2], z: [z1, z2], sum };
    }

    /// The sums of squares since the last call.
    pub(crate) fn take(&mut self) -> Pair {
        for value in [&mut self.y, &mut self.z].into_iter().flatten().flatten() {
            if value.abs() < NOTHING {
                *value = 0.0;
            }
        }
        std::mem::take(&mut self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_at_48_khz_are_those_of_bs_1770() {
        let Weighting { b, a, c } = Weighting::new(48_000);
        let expect = [
            (b[0], 1.535_124_859_586_97),
            (b[1], -2.691_696_189_406_38),
            (b[2], 1.198_392_810_852_85),
            (a[0], -1.690_659_293_182_41),
            (a[1], 0.732_480_774_215_85),
            (c[0], -1.990_047_454_833_98),
            (c[1], 0.990_072_250_366_21),
        ];
        for (got, expect) in expect {
            assert!((got - expect).abs() < 1e-9, "{got} is not {expect}");
        }
    }

    #[test]
    fn the_weighting_is_stable_at_any_rate() {
        for rate in [1, 100, 3000, 3738, 8000, 44_100, 192_000, 768_000] {
            let weighting = Weighting::new(rate);
            let mut filter = Filter::default();
            filter.push(&weighting, &[1.0], &[-1.0]);
            for _ in 0..40 {
                filter.push(&weighting, &[0.0; 100_000], &[0.0; 100_000]);
                let [left, right] = filter.take();
                assert!(left.is_finite() && left.to_bits() == right.to_bits(), "{rate} Hz: {left}, {right}");
            }
            assert_eq!(filter.y, [[0.0; 2]; 2], "{rate} Hz");
            assert_eq!(filter.z, [[0.0; 2]; 2], "{rate} Hz");
        }
    }
}
