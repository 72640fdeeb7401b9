//! What can be wrong with the parameters of a transform or a filter bank. Running
//! one never fails: all checks happen when it is built.

use crate::chroma::MAX_CHROMA;
use crate::dct::MAX_DCT;
use crate::median::MAX_MEDIAN_WIDTH;
use crate::mel::MAX_MELS;
use crate::slope::MAX_SLOPE_WIDTH;
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
    /// There are no pitch classes, or absurdly many.
    #[error("n_chroma {0} is not within 1..={MAX_CHROMA}")]
    NChroma(usize),
    /// A tuning, or the centre or width of the octaves that count, is not finite,
    /// or the width is not positive.
    #[error("{name} {value} of a chroma filter bank is not finite or not positive")]
    Chroma {
        /// Which of them.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter of a tuning estimate is out of range.
    #[error("{name} {value} of a tuning estimate is out of range")]
    Tuning {
        /// Which of them.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter of a constant-Q transform is out of range.
    #[error("{name} {value} of a constant-Q transform is out of range")]
    ConstantQ {
        /// Which of them.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A constant-Q transform has a filter that is too long.
    #[error(
        "a filter of {samples:.0} samples is longer than 262144: fmin is too low, or hop_length has too few factors of 2"
    )]
    Filter {
        /// Its length, at the rate of its octave.
        samples: f64,
    },
    /// A cosine transform has no values, or more coefficients than values.
    #[error("{outputs} coefficients of {inputs} values are not within 1..=values..={MAX_DCT}")]
    Dct {
        /// Values of a row.
        inputs: usize,
        /// Coefficients asked for.
        outputs: usize,
    },
    /// The window of a slope is even, too narrow or too wide.
    #[error("slope width {0} is not odd and within 3..={MAX_SLOPE_WIDTH}")]
    SlopeWidth(usize),
    /// The window of a running median is even, or too short or too long.
    #[error("width {0} is not an odd number within 1..={MAX_MEDIAN_WIDTH}")]
    MedianWidth(usize),
}
