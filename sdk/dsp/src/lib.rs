//! The signal processing that the host and the calculators share: analysis
//! windows, a streaming short-time Fourier transform, complex spectra of single
//! blocks, mel and chroma filter banks, decibels, a cosine transform, and
//! slopes and medians along time.
//! blocks, autocorrelations, mel and chroma filter banks, decibels, a cosine transform and slopes
//! along time.
//!
//! Conventions are librosa's, so that the same parameters give the same numbers:
//! periodic windows, zero padding when centred, rows of `n_fft / 2 + 1` bins.
//! Nothing here knows calculators, hosts or files, and nothing here allocates per
//! block: everything is sized when it is built and then reused.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use agogic_dsp::{MelBank, MelNorm, MelScale, Stft, StftSpec, Window, power_to_db_slice};
//!
//! let hop = NonZeroUsize::new(512).ok_or("hop")?;
//! let spec = StftSpec::new(2048, hop, 2048, Window::Hann, true)?;
//! let bank = MelBank::new(44_100.0, 2048, 128, 0.0, 22_050.0, MelScale::Slaney, MelNorm::Slaney)?;
//! let mut stft = Stft::new(spec);
//! let mut bands = vec![0.0; bank.n_mels()];
//! let mut frames = 0;
//! let mut sink = |_first: u64, rows: &[f32]| {
//!     for row in rows.chunks_exact(spec.bins()) {
//!         bank.apply(row, &mut bands);
//!         power_to_db_slice(&mut bands, 1e-10);
//!         frames += 1;
//!     }
//! };
//! stft.push(&[0.0; 3000], &mut sink);
//! stft.finish(&mut sink);
//! assert_eq!(frames, spec.frames(3000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod autocorrelation;
mod chroma;
mod chroma_fold;
mod constant_q;
mod constant_q_kernel;
mod constant_q_spec;
mod dct;
mod decibel;
mod engine;
mod error;
mod half_band;
mod log_mel;
mod matrix;
mod median;
mod mel;
mod overlapping;
mod rows;
mod slope;
mod spectrum;
mod stft;
mod stft_spec;
mod tuning;
mod wide;
mod window;

pub use autocorrelation::Autocorrelation;
pub use chroma::{ChromaBank, ChromaSpec, MAX_CHROMA};
pub use chroma_fold::{ChromaFold, FOLDED_CHROMA, FoldedBank};
pub use constant_q::ConstantQ;
pub use constant_q_spec::{ConstantQSpec, MAX_CONSTANT_Q_BINS};
pub use dct::{Dct, MAX_DCT};
pub use decibel::{power_to_db, power_to_db_slice};
pub use error::DspError;
pub use log_mel::{LogMel, LogMelSpec};
pub use median::{MAX_MEDIAN_WIDTH, MEDIAN_LANES, RunningMedian};
pub use mel::{MAX_MELS, MelBank, MelNorm, MelScale, hz_to_mel, mel_to_hz};
pub use overlapping::OverlappingAutocorrelation;
pub use rows::Rows;
pub use slope::{MAX_SLOPE_WIDTH, Slope, SlopeOrder};
pub use spectrum::BlockSpectrum;
pub use stft::Stft;
pub use stft_spec::{MAX_N_FFT, StftSpec};
pub use tuning::{MAX_TUNING_STEPS, Tuning, TuningSpec};
pub use wide::wide;
pub use window::{Window, pad_centre};
