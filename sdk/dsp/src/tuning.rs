//! How far a piece is tuned above A 440, estimated from its spectra: the method of
//! librosa's `estimate_tuning` in memory that does not grow with the piece. Called
//! by calculators, once per spectrum row.

use crate::error::DspError;
use crate::stft_spec::MAX_N_FFT;

/// The most steps of a class that a [`Tuning`] tells apart.
pub const MAX_TUNING_STEPS: usize = 1000;

/// Classes of magnitude within an octave of magnitudes: bits of the mantissa that
/// count.
const CLASS_BITS: u32 = 7;
const CLASSES: usize = 1 << CLASS_BITS;

/// Octaves of magnitude: values of an f32's exponent.
const EXPONENTS: usize = 256;

/// What a [`Tuning`] is made from, in librosa's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuningSpec {
    /// Sample rate, in Hz.
    pub rate_hz: f64,
    /// Length of the transform, in samples.
    pub n_fft: usize,
    /// Lowest frequency of a peak, in Hz.
    pub fmin: f64,
    /// Where peaks end, in Hz.
    pub fmax: f64,
    /// A peak exceeds this part of the row's largest value.
    pub threshold: f64,
    /// Steps of the result, in classes.
    pub resolution: f64,
    /// Classes of an octave.
    pub bins_per_octave: usize,
    /// Whether peaks are sought, and interpolated, in powers instead of magnitudes.
    pub of_powers: bool,
}

/// A running estimate of the tuning.
///
/// Peaks of each row between `fmin` and `fmax` that exceed `threshold` times its
/// largest value are interpolated by a parabola (J. Smith, *Spectral audio signal
/// processing*). Of all peaks the half with the greatest values votes: each for the
/// distance of its frequency from the nearest class, and the step of `resolution`
/// with most votes wins; of several the lowest.
///
/// What is kept is a table of counts: by value, in 128 classes to the octave (each
/// at most 0.8 % wide), and by step. Peaks within the class where the halves meet
/// vote by the share of the class that belongs to the upper half; nothing else
/// differs from a sorted list of all peaks. A table takes 51 kB for every octave of
/// values that occurs, at 100 steps.
#[derive(Debug, Clone)]
pub struct Tuning {
    spec: TuningSpec,
    steps: usize,
    /// Bins whose frequencies count and that have two neighbours.
    bins: std::ops::Range<usize>,
    hz_per_bin: f64,
    /// Of a power.
    threshold: f32,
    /// By exponent: counts by class, then by step.
    counts: Vec<Option<Box<[u32]>>>,
}

impl Tuning {
    /// An estimate of no rows yet.
    ///
    /// # Errors
    /// The variant of [`DspError`] that names the parameter out of range.
    pub fn new(spec: &TuningSpec) -> Result<Self, DspError> {
        let TuningSpec { rate_hz, n_fft, fmin, fmax, threshold, resolution, bins_per_octave, .. } = *spec;
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(DspError::Rate(rate_hz));
        }
        if !(2..=MAX_N_FFT).contains(&n_fft) {
            return Err(DspError::NFft(n_fft));
        }
        if !(fmin >= 0.0 && fmin < fmax && fmax.is_finite()) {
            return Err(DspError::Range { fmin, fmax });
        }
        let steps = (1.0 / resolution).ceil();
        for (name, value, fine) in [
            ("threshold", threshold, (0.0..1.0).contains(&threshold)),
            ("resolution", resolution, (1.0..=MAX_TUNING_STEPS as f64).contains(&steps)),
            ("bins_per_octave", bins_per_octave as f64, (1..=MAX_N_FFT).contains(&bins_per_octave)),
        ] {
            if !fine {
                return Err(DspError::Tuning { name, value });
            }
        }
        let hz_per_bin = rate_hz / n_fft as f64;
        let fmax = fmax.min(rate_hz / 2.0);
        let fits = |bin: &usize| (fmin..fmax).contains(&(*bin as f64 * hz_per_bin));
        let inner = 1..(n_fft / 2).max(1);
        let first = inner.clone().find(fits).unwrap_or(inner.end);
        let threshold = if spec.of_powers { threshold } else { threshold * threshold };
        Ok(Self {
            spec: *spec,
            steps: steps as usize,
            bins: first..first + (first..inner.end).take_while(fits).count(),
            hz_per_bin,
            threshold: threshold as f32,
            counts: vec![None; EXPONENTS],
        })
    }

    /// Takes the next row of powers, `n_fft / 2 + 1` of them. A row of another
    /// length counts as far as it goes; one that is not finite has no peaks.
    pub fn add(&mut self, power_row: &[f32]) {
        let floor = self.threshold * largest(power_row);
        let end = self.bins.end.min(power_row.len().saturating_sub(1));
        let Some(stretch) = power_row.get(self.bins.start - 1..=end) else { return };
        for (index, near) in stretch.windows(3).enumerate() {
            let [left, here, right] = [near[0], near[1], near[2]];
            if here > left && here >= right && here > floor && here < f32::INFINITY {
                self.vote(self.bins.start + index, [left, here, right]);
            }
        }
    }

    fn vote(&mut self, bin: usize, powers: [f32; 3]) {
        let near = powers.map(f64::from);
        let [left, here, right] = if self.spec.of_powers { near } else { near.map(f64::sqrt) };
        let (curve, slope) = (left + right - 2.0 * here, (right - left) / 2.0);
        let shift = if slope.abs() >= curve.abs() { 0.0 } else { -slope / curve };
        let value = (here + 0.5 * slope * shift) as f32;
        let hz = (bin as f64 + shift) * self.hz_per_bin;
        let place = self.spec.bins_per_octave as f64 * (hz / 27.5).log2() + 0.5;
        let step = ((place - place.floor()) * self.steps as f64) as usize;
        let bits = (value.to_bits() >> (f32::MANTISSA_DIGITS - 1 - CLASS_BITS)) as usize;
        let steps = self.steps;
        let Some(octave) = self.counts.get_mut(bits / CLASSES) else { return };
        let octave = octave.get_or_insert_with(|| vec![0; CLASSES * steps].into_boxed_slice());
        octave[bits % CLASSES * steps + step.min(steps - 1)] += 1;
    }

    /// How many peaks there were.
    pub fn peaks(&self) -> u64 {
        self.counts.iter().flatten().flat_map(|octave| octave.iter()).map(|&count| u64::from(count)).sum()
    }

    /// The tuning so far, in classes: a multiple of `resolution` within -0.5..0.5,
    /// the lower end of the step that won. 0 where there were no peaks.
    pub fn estimate(&self) -> f64 {
        let mut wanted = self.peaks().div_ceil(2);
        if wanted == 0 {
            return 0.0;
        }
        let mut votes = vec![0.0; self.steps];
        let classes = self.counts.iter().flatten().flat_map(|octave| octave.chunks_exact(self.steps));
        for class in classes.rev() {
            let here: u64 = class.iter().map(|&count| u64::from(count)).sum();
            let taken = here.min(wanted);
            if taken > 0 {
                let share = taken as f64 / here as f64;
                votes.iter_mut().zip(class).for_each(|(vote, &count)| *vote += share * f64::from(count));
            }
            wanted -= taken;
            if wanted == 0 {
                break;
            }
        }
        let best = |best: (usize, f64), (step, &vote): (usize, &f64)| {
            if vote > best.1 { (step, vote) } else { best }
        };
        let (winner, _) = votes.iter().enumerate().fold((0, 0.0), best);
        winner as f64 / self.steps as f64 - 0.5
    }

    /// Forgets all rows and keeps the memory.
    pub fn reset(&mut self) {
        self.counts.iter_mut().flatten().for_each(|octave| octave.fill(0));
    }
}

/// The largest of some values that are not negative; NaN counts as 0.
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(0.0, |most, &value| if value > most { value } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stft, StftSpec, Window};
    use std::f64::consts::TAU;
    use std::num::NonZeroUsize;

    const SPEC: TuningSpec = TuningSpec {
        rate_hz: 22_050.0,
        n_fft: 2048,
        fmin: 150.0,
        fmax: 4000.0,
        threshold: 0.1,
        resolution: 0.01,
        bins_per_octave: 12,
        of_powers: false,
    };

    #[test]
    fn parameters_are_checked() {
        #[track_caller]
        fn check(spec: TuningSpec, expect: DspError) {
            assert_eq!(Tuning::new(&spec).err(), Some(expect));
        }
        check(TuningSpec { rate_hz: 0.0, ..SPEC }, DspError::Rate(0.0));
        check(TuningSpec { n_fft: 1, ..SPEC }, DspError::NFft(1));
        check(TuningSpec { fmin: 4000.0, ..SPEC }, DspError::Range { fmin: 4000.0, fmax: 4000.0 });
        check(TuningSpec { threshold: 1.0, ..SPEC }, DspError::Tuning { name: "threshold", value: 1.0 });
        let value = 1e-9;
        check(TuningSpec { resolution: value, ..SPEC }, DspError::Tuning { name: "resolution", value });
    }

    /// Chords of a scale that is tuned so far above A 440.
    fn scale(tuning: f64) -> Vec<f32> {
        let hz = |note: i32| 440.0 * ((f64::from(note) + tuning) / 12.0).exp2();
        let tones = [-9, -5, -2, 0, 3, 7, 10].map(hz);
        let sample = |i: u32| {
            let t = f64::from(i) / 22_050.0;
            tones.iter().map(|hz| 0.1 * (TAU * hz * t).sin()).sum::<f64>() as f32
        };
        (0..44_100).map(sample).collect()
    }

    fn estimate(spec: &TuningSpec, samples: &[f32]) -> (u64, f64) {
        let mut tuning = Tuning::new(spec).expect("a valid spec");
        let hop = NonZeroUsize::new(512).expect("a hop");
        let mut stft = Stft::new(StftSpec::new(2048, hop, 2048, Window::Hann, true).expect("a valid spec"));
        let mut sink = |_: u64, rows: &[f32]| rows.chunks_exact(1025).for_each(|row| tuning.add(row));
        stft.push(samples, &mut sink);
        stft.finish(&mut sink);
        (tuning.peaks(), tuning.estimate())
    }

    #[test]
    fn a_scale_is_as_it_is_tuned() {
        for tuning in [-0.4, -0.2, 0.0, 0.1, 0.35] {
            for of_powers in [false, true] {
                let (peaks, got) = estimate(&TuningSpec { of_powers, ..SPEC }, &scale(tuning));
                assert!(peaks > 200 && (got - tuning).abs() <= 0.06, "{got} is not {tuning}");
            }
        }
    }

    #[test]
    fn nothing_has_no_peaks() {
        assert_eq!(estimate(&SPEC, &[]), (0, 0.0));
        assert_eq!(estimate(&SPEC, &[0.0; 9000]), (0, 0.0));
        assert_eq!(estimate(&SPEC, &[f32::NAN; 9000]), (0, 0.0));
        let mut tuning = Tuning::new(&SPEC).expect("a valid spec");
        for row in [&[][..], &[1.0; 3], &[f32::INFINITY; 1025]] {
            tuning.add(row);
        }
        assert_eq!(tuning.peaks(), 0);
    }

    #[test]
    fn the_louder_half_votes() {
        // One loud peak between two classes, and fainter ones right on a class.
        let mut tuning = Tuning::new(&TuningSpec { rate_hz: 44_000.0, n_fft: 4400, ..SPEC }).expect("valid");
        let mut row = vec![0.0; 2201];
        for (value, count) in [(1.0, 5), (100.0, 4)] {
            // 440 Hz, and the mean of bins 45 and 46: 455 Hz, 0.58 classes above.
            row.fill(0.0);
            if value == 1.0 {
                row[44] = value;
            } else {
                (row[45], row[46]) = (value, 0.999_999 * value);
            }
            (0..count).for_each(|_| tuning.add(&row));
        }
        assert_eq!(tuning.peaks(), 9);
        let loud = 12.0 * (455.0f64 / 440.0).log2();
        assert!((tuning.estimate() - (loud - 1.0)).abs() < 0.011, "{}", tuning.estimate());
        tuning.reset();
        assert_eq!((tuning.peaks(), tuning.estimate()), (0, 0.0));
    }
}
