//! `agogic.chroma`: how strong each pitch class is, of the mean of all channels.
//!
//! Bins of the power spectrum are summed into pitch classes from C up and each
//! frame is normalised, by default so that its largest class is 1: librosa's
//! `feature.chroma_stft` with a given `tuning`, after D. Ellis and G. Poliner,
//! *Identifying cover songs with chroma features and dynamic programming beat
//! tracking* (2007). The filter bank is `agogic-dsp`'s. With `estimate_tuning` the
//! tuning is what librosa's function estimates where it is not given, from the peaks
//! of the power spectra of the whole asset; frames then come at the end, and until
//! then take 328 bytes each: 51 MB for an hour at 22,050 Hz, 102 MB at 44,100 Hz.
//!
//! `agogic.tuning`: how far an asset is tuned above A 440, as one event: librosa's
//! `estimate_tuning`. Each frame's peaks between `fmin` and `fmax` are interpolated by
//! a parabola in the magnitude spectrum; the louder half of all peaks of the asset
//! votes for its distances from the nearest class. The table of votes takes 51 kB for
//! every octave of magnitudes that occurs, however long the asset is; peaks within
//! 0.8 % of the median magnitude vote in proportion. Silence gives 0, and no audio no
//! event.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, audio in
//! f32): with tuning 0 within 1e-6 of the frame's largest class, with an estimate
//! within 1e-3 (typically 1e-4); estimates are the same figure, but where two steps
//! have almost equal votes. Silence gives 0. A frame whose spectrum is not finite has
//! no values: NaN stands for them.

#![forbid(unsafe_code)]

mod chroma;
mod kept;
mod tuning;

pub use chroma::Chroma;
pub use tuning::Tuning;
