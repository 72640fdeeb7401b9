//! `agogic.mfcc`: mel-frequency cepstral coefficients, and their slopes along time,
//! made of the track `agogic.mel`.
//!
//! The decibels of the mel bands go through an orthonormal DCT-II, of which the
//! first `n_mfcc` coefficients are kept: librosa's `feature.mfcc`, after S. Davis and
//! P. Mermelstein, *Comparison of parametric representations for monosyllabic word
//! recognition* (1980). With `lifter` above 0 coefficient `i` is multiplied with `1 +
//! (lifter / 2) sin(pi (i + 1) / lifter)`. `agogic.mfcc.delta` and
//! `agogic.mfcc.delta2` are librosa's `feature.delta` of order 1 and 2, per frame:
//! slope and bend of the line and the parabola that fit `delta_width` frames best. An
//! asset of fewer frames has slope 0.
//!
//! Frames, bands and the floor of `top_db` are those of the mel track, which is taken
//! from the cache where it is there. Frames stream; slopes lag by half their width.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, `top_db`
//! 80, audio in f32): coefficients are within 5e-4, slopes within 1e-4. Silence gives
//! `sqrt(n_mels) 10 log10(amin)` as coefficient 0, -1131.371 by default, and 0 (to
//! within 1e-3) for all else. A frame without mel bands has no values, nor have the
//! slopes of windows that hold it: NaN stands for them.

#![forbid(unsafe_code)]

mod mfcc;

pub use mfcc::Mfcc;
