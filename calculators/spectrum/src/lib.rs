//! `agogic.spectrum`, `agogic.spectrum.power` and `agogic.spectrum.db`: linear
//! spectrograms of the mean of all channels, as magnitudes, powers and decibels.
//!
//! The transform is the host's, not normalised; its conventions and the parameters'
//! names are librosa's. Each spectrogram is a calculator of its own, because each asks
//! the host for the numbers that it needs: powers need no square root, and decibels
//! are made of powers. All are on demand: at 44.1 kHz each takes 21 MB a minute.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, audio in
//! f32): magnitudes are within 1e-6 of the frame's largest, powers within 2e-6 of it.
//! Decibels of bins less than 80 dB below the frame's largest are within 0.02 dB; of
//! bins further below the rounding of the transform shows. Silence gives 0, 0 and `10
//! log10(amin)`, -100 dB by default. Bins whose spectrum is not finite have no value:
//! NaN stands for them.

#![forbid(unsafe_code)]

mod decibels;
mod spectrum;

pub use decibels::SpectrumDecibels;
pub use spectrum::{PowerSpectrum, Spectrum};

use agogic_calculator::{CalculatorSpec, Error, ParamSpec, Setup, SpectrumInput, SpectrumScale};

/// The part of a description that all have.
fn describe(id: &str, scale: SpectrumScale) -> CalculatorSpec {
    let input = SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(scale);
    CalculatorSpec::new(id, "1.0.0", input)
        .author("Agogic")
        .param(ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."))
        .param(ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."))
        .param(ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."))
}

/// Whether the transform holds the window and agrees with the input.
fn check(setup: &Setup) -> Result<(), Error> {
    let integer = |name: &str| setup.params.integer(name).ok_or_else(|| format!("{name} is missing"));
    let (n_fft, win_length) = (integer("n_fft")?, integer("win_length")?);
    if win_length > n_fft {
        return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
    }
    if usize::try_from(n_fft).unwrap_or(0) / 2 + 1 != setup.bins as usize {
        return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
    }
    Ok(())
}

/// A value, or NaN where it is not finite.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { f32::NAN }
}
