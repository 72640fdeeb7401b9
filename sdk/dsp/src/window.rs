//! Analysis windows: the taper that a frame is multiplied with before its
//! transform. Called by [`crate::Stft`]; calculators that frame samples
//! themselves may call it too.

use std::f64::consts::TAU;

/// The shape of an analysis window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Window {
    /// Periodic Hann, the default of librosa and torchaudio.
    #[default]
    Hann,
}

impl Window {
    /// The `length` coefficients of this window, each within `0.0..=1.0`.
    pub fn coefficients(self, length: usize) -> Vec<f32> {
        match self {
            Window::Hann => hann_periodic(length),
        }
    }
}

/// The periodic Hann window `0.5 - 0.5 cos(2 pi i / length)`, computed in f64.
///
/// Periodic means that `length` is the period: coefficient 0 is zero and the
/// second zero would be at `length`, so copies shifted by `length / 2` sum to one.
/// As in SciPy, a length of 1 gives `[1.0]`.
pub fn hann_periodic(length: usize) -> Vec<f32> {
    if length == 1 {
        return vec![1.0];
    }
    let step = TAU / length as f64;
    (0..length).map(|i| (0.5 - 0.5 * (step * i as f64).cos()) as f32).collect()
}

/// `window` in the middle of `n_fft` coefficients, zeros around it.
///
/// An odd remainder goes to the right, as in librosa's `pad_center`. A window
/// longer than `n_fft` is returned as it is.
pub fn pad_centre(window: &[f32], n_fft: usize) -> Vec<f32> {
    let missing = n_fft.saturating_sub(window.len());
    let mut padded = vec![0.0; missing / 2];
    padded.extend_from_slice(window);
    padded.resize(window.len() + missing, 0.0);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hann_of_small_lengths() {
        #[track_caller]
        fn check(length: usize, expect: &[f32]) {
            assert_eq!(hann_periodic(length), expect);
        }
        check(0, &[]);
        check(1, &[1.0]);
        check(2, &[0.0, 1.0]);
        check(4, &[0.0, 0.5, 1.0, 0.5]);
        check(8, &[0.0, 0.146_446_62, 0.5, 0.853_553_4, 1.0, 0.853_553_4, 0.5, 0.146_446_62]);
    }

    #[test]
    fn half_shifted_copies_sum_to_one() {
        let window = hann_periodic(2048);
        for (a, b) in window[..1024].iter().zip(&window[1024..]) {
            assert!((a + b - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn padding_is_centred() {
        #[track_caller]
        fn check(window: &[f32], n_fft: usize, expect: &[f32]) {
            assert_eq!(pad_centre(window, n_fft), expect);
        }
        check(&[1.0, 2.0], 2, &[1.0, 2.0]);
        check(&[1.0, 2.0], 4, &[0.0, 1.0, 2.0, 0.0]);
        check(&[1.0, 2.0], 5, &[0.0, 1.0, 2.0, 0.0, 0.0]);
        check(&[1.0], 4, &[0.0, 1.0, 0.0, 0.0]);
        check(&[1.0, 2.0], 1, &[1.0, 2.0]);
    }
}
