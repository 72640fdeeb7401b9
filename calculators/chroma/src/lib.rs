//! `agogic.chroma`: how strong each pitch class is, of the mean of all channels.
//!
//! Bins of the power spectrum are summed into pitch classes from C up and each
//! frame is normalised, by default so that its largest class is 1: librosa's
//! `feature.chroma_stft` with a given `tuning`, after D. Ellis and G. Poliner,
//! *Identifying cover songs with chroma features and dynamic programming beat
//! tracking* (2007). The filter bank is `agogic-dsp`'s. Tuning is not estimated:
//! where librosa would estimate it, its figure is given as `tuning`.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, tuning 0,
//! audio in f32): within 1e-6 of the frame's largest class. Silence gives 0. A frame
//! whose spectrum is not finite has no values: NaN stands for them.

#![forbid(unsafe_code)]

mod chroma;

pub use chroma::Chroma;
