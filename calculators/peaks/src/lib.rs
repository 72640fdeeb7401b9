//! `agogic.peaks`, `agogic.peaks.rms`, `agogic.waveform` and
//! `agogic.waveform.channels`: what drawings of waveforms are made of.
//!
//! Peaks are for any zoom: frame `i` of level `l` covers the samples from
//! `i * h` to `(i + 1) * h`, where `h = peak_hop * 4^l`; the last frame of a
//! level covers what there is. `n` samples give `n / h` frames, rounded up.
//! `agogic.peaks` has the least and the greatest of the samples, as they are; a
//! negative zero is given as zero. `agogic.peaks.rms` has `sqrt(mean(x^2))`,
//! within 1e-6, relative.
//!
//! A waveform is for one zoom, which may be odd: frame `i` covers the samples
//! from `i * zoom` on, and its time is that of the first of them. It is of the
//! mean of all channels or of each; BBC's audiowaveform writes the same numbers,
//! as integers.
//!
//! Silence gives 0. A sample that is no number is passed over among extremes;
//! an infinite one becomes the greatest finite number, and so does the root
//! mean square of a frame with either. Decoders let neither through.

#![forbid(unsafe_code)]

mod energy;
mod extremes;
mod gather;
mod peaks;
mod waveform;

pub use peaks::Peaks;
pub use waveform::{ChannelWaveforms, Waveform};
