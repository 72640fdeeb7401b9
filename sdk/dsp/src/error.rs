//! What can be wrong with the parameters of a transform or a filter bank. Running
//! one never fails: all checks happen when it is built.

use crate::mel::MAX_MELS;
use crate::stft_spec::MAX_N_FFT;

/// A parameter that cannot be used. The same call fails again: no retry helps.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DspError {
    /// The transform is too short or too long.
    #[error("n_fft {0} is not within 2..={MAX_N_FFT}")]
    NFft(usize),
    /// A block of odd length, whose spectrum has no bin at half the rate.
    #[error("block length {0} is odd")]
    Odd(usize),
    /// The window does not fit into the transform.
    #[error("win_length {win_length} is not within 1..={n_fft} (n_fft)")]
    WinLength {
        /// The length asked for, in samples.
        win_length: usize,
        /// The length of the transform, in samples.
        n_fft: usize,
    },
    /// The sample rate is not a positive finite number.
    #[error("sample rate {0} Hz is not positive and finite")]
    Rate(f64),
    /// There are no bands, or absurdly many.
    #[error("n_mels {0} is not within 1..={MAX_MELS}")]
    NMels(usize),
    /// The range of frequencies is empty, negative or not finite.
    #[error("frequency range {fmin}..{fmax} Hz is empty, negative or not finite")]
    Range {
        /// Lower edge of the lowest band, in Hz.
        fmin: f64,
        /// Upper edge of the highest band, in Hz.
        fmax: f64,
    },
}
