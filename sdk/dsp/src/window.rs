//! Analysis windows: the taper that a frame is multiplied with before its
//! transform. Called by [`crate::Stft`]; calculators that frame samples
//! themselves may call it too.

use std::f64::consts::TAU;

/// The shape of an analysis window, always periodic: the length is the period,
/// so that copies shifted by a fraction of it add up to a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Window {
    /// `0.5 - 0.5 cos`, the default of librosa and torchaudio.
    #[default]
    Hann,
    /// `0.54 - 0.46 cos`.
    Hamming,
    /// `0.42 - 0.5 cos + 0.08 cos 2`.
    Blackman,
    /// Ones.
    Rectangular,
}

impl Window {
    /// The `length` coefficients of this window, each within `0.0..=1.0`,
    /// computed in f64. As in SciPy, a length of 1 gives `[1.0]`.
    pub fn coefficients(self, length: usize) -> Vec<f32> {
        if length == 1 {
            return vec![1.0];
        }
        // Coefficients of cos(0), cos(x) and cos(2x); Harris 1978, table 1.
        let [a0, a1, a2] = match self {
            Window::Hann => [0.5, -0.5, 0.0],
            Window::Hamming => [0.54, -0.46, 0.0],
            Window::Blackman => [0.42, -0.5, 0.08],
            Window::Rectangular => [1.0, 0.0, 0.0],
        };
        let step = TAU / length as f64;
        let at = |i: usize| {
            let x = step * i as f64;
            (a0 + a1 * x.cos() + a2 * (2.0 * x).cos()).clamp(0.0, 1.0) as f32
        };
        (0..length).map(at).collect()
    }
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
            assert_eq!(Window::Hann.coefficients(length), expect);
        }
        check(0, &[]);
        check(1, &[1.0]);
        check(2, &[0.0, 1.0]);
        check(4, &[0.0, 0.5, 1.0, 0.5]);
        check(8, &[0.0, 0.146_446_62, 0.5, 0.853_553_4, 1.0, 0.853_553_4, 0.5, 0.146_446_62]);
    }

    #[test]
    fn other_shapes_of_small_lengths() {
        #[track_caller]
        fn check(window: Window, expect: &[f32]) {
            let got = window.coefficients(expect.len());
            assert!(got.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-7), "{window:?}: {got:?}");
            assert_eq!(window.coefficients(1), [1.0]);
            assert!(window.coefficients(0).is_empty());
        }
        check(Window::Hamming, &[0.08, 0.54, 1.0, 0.54]);
        check(Window::Blackman, &[0.0, 0.34, 1.0, 0.34]);
        check(Window::Rectangular, &[1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn shifted_copies_sum_to_a_constant() {
        for (window, expect) in [
            (Window::Hann, 2.0),
            (Window::Hamming, 2.16),
            (Window::Blackman, 1.68),
            (Window::Rectangular, 4.0),
        ] {
            let coefficients = window.coefficients(2048);
            assert!(coefficients.iter().all(|c| (0.0..=1.0).contains(c)), "{window:?}");
            for i in 0..512 {
                let sum: f32 = (0..4).map(|quarter| coefficients[i + 512 * quarter]).sum();
                assert!((sum - expect).abs() < 1e-6, "{window:?}: {sum}");
            }
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
