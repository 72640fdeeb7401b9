//! The complex spectrum of single blocks, for those who need phases. Streams of
//! power spectra are [`crate::Stft`]'s.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::error::DspError;
use crate::stft_spec::MAX_N_FFT;
use crate::window::Window;

/// A transform of real blocks whose memory is allocated once, in
/// [`BlockSpectrum::new`].
///
/// A block is windowed and rotated by half its length, so that its middle comes
/// first: a pulse in the middle has phase zero in all bins. Nothing is normalised.
/// Errors stay below 2e-6 of the largest magnitude.
///
/// Two samples at a time go through a complex transform of half the length (Press
/// et al., *Numerical Recipes*, section 12.3).
pub struct BlockSpectrum {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// `exp(-2 pi i k / block)` for the bins `0..=block / 4`.
    turns: Vec<Complex32>,
    /// Half as many complex numbers as samples.
    packed: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl BlockSpectrum {
    /// Plans the transform of blocks of `block` samples: an even number within
    /// `2..=`[`MAX_N_FFT`], which need not be a power of two.
    ///
    /// # Errors
    /// [`DspError::NFft`] for other lengths and [`DspError::Odd`] for odd ones.
    pub fn new(block: usize, window: Window) -> Result<Self, DspError> {
        if !(2..=MAX_N_FFT).contains(&block) {
            return Err(DspError::NFft(block));
        }
        if block % 2 == 1 {
            return Err(DspError::Odd(block));
        }
        let fft = FftPlanner::new().plan_fft_forward(block / 2);
        let turn = |k| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / block as f64).sin_cos();
            Complex32::new(cos as f32, -sin as f32)
        };
        Ok(Self {
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            window: window.coefficients(block),
            turns: (0..=block / 4).map(turn).collect(),
            packed: vec![Complex32::ZERO; block / 2],
        })
    }

    /// Samples of a block.
    pub fn block(&self) -> usize {
        self.window.len()
    }

    /// Values of a spectrum: `block + 2`.
    pub fn values(&self) -> usize {
        self.window.len() + 2
    }

    /// The spectrum of `samples`: the real and imaginary parts, in turns, of the
    /// bins `0..=block / 2`. Bin k is at `k * rate / block` Hz; the imaginary parts
    /// of the first and the last one are zero.
    ///
    /// Samples that are missing at the end are zeros, and samples beyond the block
    /// are left out. `spectrum` takes [`BlockSpectrum::values`] values; where it is
    /// shorter, bins are left out, and what it has beyond is left as it is.
    pub fn transform(&mut self, samples: &[f32], spectrum: &mut [f32]) {
        self.pack(samples);
        self.fft.process_with_scratch(&mut self.packed, &mut self.scratch);

        let half = self.packed.len();
        let mut put = |bin: usize, value: Complex32| {
            if let Some(place) = spectrum.get_mut(2 * bin..2 * bin + 2) {
                place.copy_from_slice(&[value.re, value.im]);
            }
        };
        // With Z = E + iO, where E and O are the spectra of the even and of the odd
        // samples, X[k] = E[k] + exp(-2 pi i k / block) O[k] and
        // X[half - k] = conj(E[k] - exp(-2 pi i k / block) O[k]).
        for (k, &turn) in self.turns.iter().enumerate() {
            let z = self.packed[k % half];
            let mirrored = self.packed[(half - k) % half].conj();
            let even = (z + mirrored) * 0.5;
            let odd = (z - mirrored) * Complex32::new(0.0, -0.5) * turn;
            put(k, even + odd);
            put(half - k, (even - odd).conj());
        }
    }

    /// Windows and rotates a block, and makes its even samples the real and its
    /// odd samples the imaginary parts.
    fn pack(&mut self, samples: &[f32]) {
        let block = self.window.len();
        let at = |i: usize| samples.get(i).map_or(0.0, |sample| sample * self.window[i]);
        for (n, packed) in self.packed.iter_mut().enumerate() {
            let first = (2 * n + block / 2) % block;
            *packed = Complex32::new(at(first), at((first + 1) % block));
        }
    }
}

impl fmt::Debug for BlockSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockSpectrum").field("block", &self.block()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn spectrum(block: usize, samples: &[f32]) -> Vec<f32> {
        let mut transform = BlockSpectrum::new(block, Window::Hann).expect("a good length");
        let mut spectrum = vec![f32::NAN; transform.values()];
        transform.transform(samples, &mut spectrum);
        spectrum
    }

    /// The same by the definition, in f64: phases count from the block's middle.
    fn reference(block: usize, samples: &[f32]) -> Vec<f64> {
        let term = |bin: usize, i: usize| {
            let hann = 0.5 - 0.5 * (TAU * i as f64 / block as f64).cos();
            let turns = (bin * (i + block / 2)) % block;
            let (sin, cos) = (TAU * turns as f64 / block as f64).sin_cos();
            let sample = f64::from(samples[i]) * hann;
            (sample * cos, -sample * sin)
        };
        let sum = |bin| (0..block).map(|i| term(bin, i)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        (0..=block / 2).map(sum).flat_map(|(re, im)| [re, im]).collect()
    }

    #[test]
    fn lengths() {
        for (block, expect) in [
            (0, Some(DspError::NFft(0))),
            (1, Some(DspError::NFft(1))),
            (2, None),
            (7, Some(DspError::Odd(7))),
            (MAX_N_FFT, None),
            (MAX_N_FFT + 2, Some(DspError::NFft(MAX_N_FFT + 2))),
        ] {
            assert_eq!(BlockSpectrum::new(block, Window::Hann).err(), expect);
        }
    }

    #[test]
    fn a_pulse_in_the_middle_has_no_phase() {
        let mut samples = [0.0; 16];
        samples[8] = 1.0;
        for bin in spectrum(16, &samples).chunks(2) {
            assert!((bin[0] - 1.0).abs() < 1e-6 && bin[1].abs() < 1e-6, "{bin:?}");
        }
    }

    #[test]
    fn missing_samples_are_zeros_and_missing_room_is_no_fault() {
        let samples = [0.3, -0.7, 0.9, 0.1, 0.5];
        let mut padded = samples.to_vec();
        padded.resize(8, 0.0);
        assert_eq!(spectrum(8, &samples), spectrum(8, &padded));
        padded.push(f32::NAN);
        assert_eq!(spectrum(8, &samples), spectrum(8, &padded));

        let mut transform = BlockSpectrum::new(8, Window::Hann).expect("a good length");
        let mut short = [0.0; 5];
        transform.transform(&samples, &mut short);
        assert_eq!(short[..4], spectrum(8, &samples)[..4]);
        assert_eq!(short[4], 0.0);
    }

    /// The largest error, as a part of the largest value.
    fn error(block: usize, samples: &[f32]) -> f64 {
        let (got, expect) = (spectrum(block, samples), reference(block, samples));
        assert_eq!(got.len(), expect.len());
        let scale = expect.iter().fold(1e-3, |most: f64, x| most.max(x.abs()));
        let errors = got.iter().zip(&expect).map(|(got, expect)| (f64::from(*got) - expect).abs() / scale);
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn a_long_block() {
        let samples: Vec<f32> = (0..4096_u32).map(|i| (i * i % 997) as f32 / 498.0 - 1.0).collect();
        assert!(error(4096, &samples) < 2e-6);
    }

    proptest! {
        #[test]
        fn as_the_definition_says(samples in prop::collection::vec(-1.0_f32..1.0, 2..150)) {
            prop_assert!(error(samples.len() / 2 * 2, &samples) < 2e-6);
        }
    }
}
