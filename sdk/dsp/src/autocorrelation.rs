//! Autocorrelations of frames through the Fourier transform, two frames at a time.
//! Called by calculators of pitch.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::error::DspError;
use crate::stft_spec::MAX_N_FFT;

/// Two frames whose energies differ by more than this factor are transformed one by
/// one: rounding errors of a joint transform are relative to the louder frame.
const JOINT_ENERGY_RATIO: f64 = 16.0;

/// `r[k] = sum x[n] x[n + k]` over the samples of a frame, zeros beyond them, for the
/// lags from 0 to a greatest one: the inverse transform of the power spectrum of the
/// frame behind which zeros stand (the theorem of Wiener and Khinchin).
///
/// All memory is allocated once, in [`Autocorrelation::new`]. Errors stay below 1e-6
/// of `r[0]`. Two real frames are the real and the imaginary part of one complex
/// transform, in both directions.
pub struct Autocorrelation {
    fft: Arc<dyn Fft<f32>>,
    frame_length: usize,
    max_lag: usize,
    /// The transform of the frames, then their power spectra.
    spectrum: Vec<Complex32>,
    powers: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Autocorrelation {
    /// For frames of `frame_length` samples and the lags `0..=max_lag`.
    ///
    /// # Errors
    /// [`DspError::NFft`] when there are no samples, or when both together are more
    /// than [`MAX_N_FFT`].
    pub fn new(frame_length: usize, max_lag: usize) -> Result<Self, DspError> {
        let least = frame_length.saturating_add(max_lag);
        if frame_length == 0 || least > MAX_N_FFT {
            return Err(DspError::NFft(least));
        }
        let n_fft = fast_length(least);
        let fft = FftPlanner::new().plan_fft_forward(n_fft);
        Ok(Self {
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            frame_length,
            max_lag,
            spectrum: vec![Complex32::ZERO; n_fft],
            powers: vec![Complex32::ZERO; n_fft],
        })
    }

    /// Values of a result: `max_lag + 1`.
    pub fn lags(&self) -> usize {
        self.max_lag + 1
    }

    /// The autocorrelation of one frame. Samples that are missing are zeros, those
    /// beyond the frame's length are left out, as are lags without room.
    pub fn one(&mut self, frame: &[f32], lags: &mut [f32]) {
        let frame = &frame[..frame.len().min(self.frame_length)];
        let (samples, zeros) = self.spectrum.split_at_mut(frame.len());
        for (z, &x) in samples.iter_mut().zip(frame) {
            *z = Complex32::new(x, 0.0);
        }
        zeros.fill(Complex32::ZERO);
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        for (power, z) in self.powers.iter_mut().zip(&self.spectrum) {
            *power = Complex32::new(z.norm_sqr(), 0.0);
        }
        self.fft.process_with_scratch(&mut self.powers, &mut self.scratch);
        let norm = 1.0 / self.powers.len() as f32;
        for (lag, z) in lags.iter_mut().zip(&self.powers[..=self.max_lag]) {
            *lag = z.re * norm;
        }
    }

    /// The autocorrelations of two frames, as by [`Autocorrelation::one`].
    pub fn two(&mut self, frames: [&[f32]; 2], lags: [&mut [f32]; 2]) {
        let [even, odd] = frames.map(|frame| &frame[..frame.len().min(self.frame_length)]);
        if even.len() != odd.len() || !comparable(energy(even).into(), energy(odd).into()) {
            for (frame, lags) in [even, odd].into_iter().zip(lags) {
                self.one(frame, lags);
            }
            return;
        }
        let (samples, zeros) = self.spectrum.split_at_mut(even.len());
        for (z, (&a, &b)) in samples.iter_mut().zip(even.iter().zip(odd)) {
            *z = Complex32::new(a, b);
        }
        zeros.fill(Complex32::ZERO);
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        self.separate();
        self.fft.process_with_scratch(&mut self.powers, &mut self.scratch);
        let norm = 1.0 / self.powers.len() as f32;
        let [even, odd] = lags;
        for ((a, b), z) in even.iter_mut().zip(odd).zip(&self.powers[..=self.max_lag]) {
            (*a, *b) = (z.re * norm, z.im * norm);
        }
    }

    /// The power spectra of two real frames from the transform of both together: with
    /// Z = A + iB, 2 A[k] = Z[k] + conj Z[-k] and 2i B[k] = Z[k] - conj Z[-k]. Both
    /// spectra are even, so that a forward transform inverts them.
    fn separate(&mut self) {
        let half = self.spectrum.len() / 2;
        let Some((dc, rest)) = self.spectrum.split_first() else { return };
        let Some((power, powers)) = self.powers.split_first_mut() else { return };
        *power = Complex32::new(dc.re * dc.re, dc.im * dc.im);
        for (power, (z, m)) in powers.iter_mut().zip(rest.iter().zip(rest.iter().rev())).take(half) {
            let (a, b) = ((z.re + m.re, z.im - m.im), (z.im + m.im, m.re - z.re));
            *power = Complex32::new(0.25 * (a.0 * a.0 + a.1 * a.1), 0.25 * (b.0 * b.0 + b.1 * b.1));
        }
        let (first, second) = powers.split_at_mut(half);
        for (mirrored, power) in second.iter_mut().rev().zip(first) {
            *mirrored = *power;
        }
    }
}

impl fmt::Debug for Autocorrelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Autocorrelation")
            .field("frame_length", &self.frame_length)
            .field("max_lag", &self.max_lag)
            .finish_non_exhaustive()
    }
}

/// Whether two frames of these energies may share a transform. Not if either is NaN.
pub(crate) fn comparable(a: f64, b: f64) -> bool {
    a <= JOINT_ENERGY_RATIO * b && b <= JOINT_ENERGY_RATIO * a
}

/// The sum of the squares, in independent sums, which the compiler can vectorise.
fn energy(frame: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = frame.as_chunks::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x * x;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

/// The shortest length from `least` on that is a power of two, or such a power, at least
/// 2, times 3, 9 or 11: lengths that transform fast.
pub(crate) fn fast_length(least: usize) -> usize {
    let even = |odd: usize| odd * least.div_ceil(odd).next_power_of_two().max(2);
    [1, 3, 9, 11].map(even).into_iter().min().unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize, seed: u32) -> Vec<f32> {
        let sample =
            |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed * 977) >> 8) as f32 / 8.4e6 - 1.0;
        (0..length as u32).map(sample).collect()
    }

    fn reference(frame: &[f32], lag: usize) -> f64 {
        frame.iter().zip(frame.iter().skip(lag)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    }

    #[test]
    fn sums_are_as_defined() {
        for (length, max_lag) in [(2048, 676), (1000, 999), (7, 3), (1, 0), (1, 4), (2, 1), (300, 1000)] {
            for gains in [[1.0, 1.0], [1.0, 1e-4], [1e5, 1.0], [0.0, 1.0]] {
                let frames = [noise(length, 1), noise(length, 2)];
                let frames = [0, 1].map(|i| frames[i].iter().map(|x| x * gains[i]).collect::<Vec<f32>>());
                let mut autocorrelation = Autocorrelation::new(length, max_lag).expect("a valid length");
                assert_eq!(autocorrelation.lags(), max_lag + 1);
                let [mut a, mut b] = [vec![f32::NAN; max_lag + 1], vec![f32::NAN; max_lag + 1]];
                autocorrelation.two([&frames[0], &frames[1]], [&mut a, &mut b]);
                for (frame, lags) in frames.iter().zip([a, b]) {
                    for (lag, &value) in lags.iter().enumerate() {
                        let error = (f64::from(value) - reference(frame, lag)).abs();
                        assert!(
                            error <= 1e-6 * reference(frame, 0),
                            "{length}/{max_lag}, lag {lag}: {value}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_in_its_frame() {
        let mut autocorrelation = Autocorrelation::new(64, 20).expect("a valid length");
        let [mut alone, mut a, mut b] = [[0.0; 21], [0.0; 21], [0.0; 21]];
        let frame = noise(64, 3);
        autocorrelation.one(&frame, &mut alone);
        for bad in [f32::NAN, f32::INFINITY, 1e30] {
            autocorrelation.two([&[bad; 64], &frame], [&mut a, &mut b]);
            assert_eq!(b, alone);
        }
    }

    #[test]
    fn lengths_are_checked() {
        assert_eq!(Autocorrelation::new(0, 5).err(), Some(DspError::NFft(5)));
        assert!(Autocorrelation::new(MAX_N_FFT, 1).is_err());
        for (least, expect) in [(1, 2), (2, 2), (5, 6), (17, 18), (19, 22), (2728, 2816), (2817, 3072)] {
            assert_eq!(fast_length(least), expect);
        }
    }
}
