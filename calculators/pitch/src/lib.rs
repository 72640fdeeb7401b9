//! `agogic.pitch.yin` and `agogic.pitch.pyin`: the fundamental frequency of one voice,
//! of the mean of all channels.
//!
//! Both begin with the cumulative mean normalised difference of each frame,
//! `d'(k) = d(k) / mean(d(1), .., d(k))` with `d(k) = sum (x[n] - x[n + k])^2`, at the
//! lags from `rate / fmax` to `rate / fmin`, and refine a trough by a parabola through
//! it and its neighbours:
//!
//! * YIN (A. de Cheveigne and H. Kawahara, *YIN, a fundamental frequency estimator for
//!   speech and music*, 2002) takes the first trough below `trough_threshold`, or else
//!   the lowest value. Its confidence is `1 - d'` there, within 0..=1: the paper reads
//!   `d'` as the aperiodic share of the power.
//! * Probabilistic YIN (M. Mauch and S. Dixon, *pYIN: a fundamental frequency estimator
//!   using probabilistic threshold distributions*, 2014) gives every trough a
//!   probability, under a beta distribution of thresholds, and finds the most likely
//!   path through bins of pitch, voiced or not, by Viterbi's algorithm. Its values are
//!   the centres of bins, and NaN in unvoiced frames.
//!
//! Parameters, conventions and values are those of librosa's `yin` and `pyin`: frame `i`
//! covers the samples from `i * hop_length - frame_length / 2` on, with zeros beyond the
//! ends, `n` samples have `1 + n / hop_length` frames (none have none), and zeros stand
//! behind the frame in `d` too. So `d'` is at least about `k / frame_length`, even of a
//! perfect tone. Where librosa refuses parameters these are bounded: `fmax` by half the
//! rate, the longest period by `frame_length - 1` samples.
//!
//! Silence has no troughs: YIN gives the frequency of the shortest period, as librosa
//! does, with confidence 0; probabilistic YIN says unvoiced, probability 0. A frame with
//! samples that are not finite, or whose squares are not, has the pitch NaN and
//! confidence and probability 0. Energies below 1e-30 count as silence.
//!
//! YIN keeps one pair of frames. Probabilistic YIN gives frames once all paths agree on
//! them, and looks for that every 256 frames: about 5 MB of likelihoods in music. That is
//! no bound: the path is the one that decoding the whole asset at once would give, and
//! while paths disagree 10 kB a frame are kept (3 GB an hour, were it to last).

#![forbid(unsafe_code)]

mod candidates;
mod common;
mod difference;
mod framing;
mod pyin;
mod viterbi;
mod yin;

pub use pyin::Pyin;
pub use yin::Yin;
