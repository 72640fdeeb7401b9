//! `agogic.mel` and `agogic.spectrum`: the mel spectrogram in decibels and the
//! linear magnitude spectrogram, both of the mean of all channels.
//!
//! The transform is the host's; its conventions and the parameters' names are
//! librosa's. The filter bank and the decibels are `agogic-dsp`'s.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, 128
//! bands, `top_db` 80, audio in f32): decibels are within 5e-4, magnitudes within
//! 1e-6 of the frame's largest. Silence gives `10 log10(amin)`, -100 dB by
//! default, and magnitude 0.

#![forbid(unsafe_code)]

mod mel;
mod spectrum;

pub use mel::Mel;
pub use spectrum::Spectrum;

use agogic_calculator::{Error, ParamSpec, Setup};

/// Parameters of the transform, which both calculators have.
fn transform_params() -> [ParamSpec; 3] {
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
    ]
}

/// The transform's length, once it is known to hold the window and to agree
/// with the input.
fn checked_n_fft(setup: &Setup) -> Result<usize, Error> {
    let integer = |name: &str| setup.params.integer(name).ok_or_else(|| format!("{name} is missing"));
    let (n_fft, win_length) = (integer("n_fft")?, integer("win_length")?);
    if win_length > n_fft {
        return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
    }
    let length = usize::try_from(n_fft).unwrap_or(0);
    if length / 2 + 1 != setup.bins as usize {
        return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
    }
    Ok(length)
}
