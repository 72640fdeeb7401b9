//! Halving the rate of a signal with a half-band filter of linear phase: what a
//! constant-Q transform does between its octaves.

/// Attenuation of what would fold into the band that is kept, in decibels.
const ATTENUATION: f64 = 110.0;

/// Samples that are summed side by side.
const BLOCK: usize = 32;

/// A half-band filter: every second coefficient but the middle one is 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HalfBand {
    /// Coefficients at distances 1, 3, 5... from the middle one, which is 1/2.
    taps: Vec<f32>,
}

impl HalfBand {
    /// A filter that keeps what is below `edge`, as a part of half the new rate,
    /// within 1e-5, and lets nothing fold into it. The edge counts as 0.96 at most.
    ///
    /// A Kaiser window over the ideal filter (J. Kaiser, 1974).
    pub(crate) fn new(edge: f64) -> Self {
        let edge = edge.clamp(0.05, 0.96);
        // From edge / 2 to 1 - edge / 2 of half the old rate.
        let transition = std::f64::consts::PI * (1.0 - edge);
        let length = (ATTENUATION - 8.0) / (2.285 * transition);
        let pairs = (length / 4.0).ceil().max(2.0) as usize;
        let beta = 0.1102 * (ATTENUATION - 8.7);
        let reach = (2 * pairs) as f64;
        let tap = |pair: usize| {
            let distance = (2 * pair + 1) as f64;
            let sign = if pair.is_multiple_of(2) { 1.0 } else { -1.0 };
            let ideal = sign / (std::f64::consts::PI * distance);
            ideal * bessel(beta * (1.0 - (distance / reach).powi(2)).sqrt()) / bessel(beta)
        };
        let taps: Vec<f64> = (0..pairs).map(tap).collect();
        // A constant stays what it is.
        let gain = 0.25 / taps.iter().sum::<f64>();
        Self { taps: taps.into_iter().map(|tap| (tap * gain) as f32).collect() }
    }

    /// How many samples around it a new sample depends on, on either side.
    pub(crate) fn reach(&self) -> usize {
        2 * self.taps.len() - 1
    }

    /// Every second sample of the filtered signal. Sample `i` of `out` stands where
    /// sample `first + 2 i` of `samples` does, which has [`HalfBand::reach`] others
    /// on both sides. `odd` is room to work in.
    pub(crate) fn apply(&self, samples: &[f32], first: usize, out: &mut [f32], odd: &mut Vec<f32>) {
        let pairs = self.taps.len();
        odd.clear();
        let count = out.len() + 2 * pairs - 1;
        odd.extend(samples[first + 1 - 2 * pairs..].iter().step_by(2).take(count));
        for (out, middle) in out.iter_mut().zip(samples[first..].iter().step_by(2)) {
            *out = 0.5 * middle;
        }
        let (chunks, rest) = out.as_chunks_mut::<BLOCK>();
        for (i, chunk) in chunks.iter_mut().enumerate() {
            let near = &odd[i * BLOCK..][..BLOCK + 2 * pairs - 1];
            for (j, tap) in self.taps.iter().enumerate() {
                let (before, after) = (&near[pairs - 1 - j..][..BLOCK], &near[pairs + j..][..BLOCK]);
                for ((out, a), b) in chunk.iter_mut().zip(after).zip(before) {
                    *out += tap * (a + b);
                }
            }
        }
        for (out, near) in rest.iter_mut().zip(odd[chunks.len() * BLOCK..].windows(2 * pairs)) {
            for (j, tap) in self.taps.iter().enumerate() {
                *out += tap * (near[pairs + j] + near[pairs - 1 - j]);
            }
        }
    }
}

/// The modified Bessel function of order 0.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..200 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn what_is_kept_is_kept_and_what_folds_is_gone() {
        for edge in [0.05, 0.38, 0.6, 0.9] {
            let filter = HalfBand::new(edge);
            // Frequencies as parts of half the old rate.
            let response = |frequency: f64| {
                let taps = filter.taps.iter().enumerate();
                let sum = |(i, &tap): (usize, &f32)| {
                    2.0 * f64::from(tap) * (PI * frequency * (2 * i + 1) as f64).cos()
                };
                0.5 + taps.map(sum).sum::<f64>()
            };
            for step in 0..=100 {
                let frequency = edge / 2.0 * f64::from(step) / 100.0;
                let (kept, folds) = (response(frequency), response(1.0 - frequency));
                assert!((kept - 1.0).abs() < 1e-5 && folds.abs() < 1e-5, "{edge}: {kept}, {folds}");
            }
        }
    }

    #[test]
    fn samples_stand_where_they_stood() {
        let filter = HalfBand::new(0.4);
        let reach = filter.reach();
        let sample = |i: usize| (PI * 0.05 * i as f64).sin() as f32;
        let samples: Vec<f32> = (0..2 * reach + 141).map(sample).collect();
        let mut out = [0.0; 71];
        filter.apply(&samples, reach, &mut out, &mut vec![]);
        for (i, out) in out.iter().enumerate() {
            assert!((out - sample(reach + 2 * i)).abs() < 1e-5);
        }
    }
}
