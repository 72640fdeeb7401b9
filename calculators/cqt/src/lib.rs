//! `agogic.cqt` and `agogic.cqt.chroma`: a spectrum whose bins are as far apart as
//! notes, and the strength of each pitch class in one, of the mean of all channels.
//!
//! Bin `k` of `agogic.cqt` is at `f_k = fmin 2^((k + tuning) / bins_per_octave)`. With
//! `r` the ratio of every second bin's frequency, `Q = filter_scale (r + 1) / (r - 1)`
//! and `N_k = Q rate / f_k`, its value is the magnitude of the sum of the samples
//! around the frame's centre times a Hann window of `N_k` samples, whose sum is 1,
//! times `exp(-2 pi i f_k n / rate)`, times `sqrt(N_k)`: librosa's `cqt` with `norm` 1
//! and `scale`, after J. Brown and M. Puckette (1992) and C. Schörkhuber and A. Klapuri
//! (2010). `agogic.cqt.chroma` sums the bins around each pitch class over
//! `n_octaves` octaves, from C up, and normalises: librosa's
//! `feature.chroma_cqt` with a given `tuning`.
//!
//! Frame `i` is centred at sample `i hop_length`, with zeros beyond the ends; `n`
//! samples give `1 + n / hop_length` frames (none for none). The rate is halved
//! between octaves as often as `hop_length` can be halved: one with few factors of 2
//! makes long transforms, and is refused where a filter would take more than 262,144
//! samples at its octave's rate.
//!
//! Bounds against librosa 0.11 in float64 (its defaults, 22,050 Hz, audio in f32), as a
//! part of the asset's greatest magnitude: 2e-4, and 1e-4 for the chroma, whose
//! largest class is 1. Where filters reach beyond the ends of the asset librosa cuts
//! off part of what its resampler rings, and the two differ by up to 3e-2. Against the
//! definition above, in float64 at the full rate, this is within 1.5e-2 and librosa
//! within 2.5e-2 on the signals of the tests: both round the ends of windows to samples
//! of the octave's rate.
//!
//! Bins whose filters reach beyond half the sample rate are 0, where librosa refuses
//! all. Silence gives 0. A sample that is not finite leaves NaN in the bins whose
//! filters hold it; so do magnitudes beyond f32.

#![forbid(unsafe_code)]

mod chroma;
mod cqt;
mod setup;

pub use chroma::CqtChroma;
pub use cqt::Cqt;
