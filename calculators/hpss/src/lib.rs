//! `agogic.hpss.harmonic`, `agogic.hpss.percussive` and `agogic.hpss.ratio`: how much
//! of the sound is tone and how much is beat, of the mean of all channels.
//!
//! Tones are lines along time in a spectrogram, beats are lines along frequency. H is
//! the median of each bin's magnitudes over `kernel_harmonic` frames, P that of each
//! frame's over `kernel_percussive` bins: D. Fitzgerald, *Harmonic/percussive
//! separation using median filtering* (2010). Soft masks weigh the two, `H^p / (H^p +
//! (m P)^p)` for tones and `P^p / (P^p + (m H)^p)` for beats, with `mask_power` p and
//! the margins m of J. Driedger, M. Müller and S. Disch, *Extending
//! harmonic-percussive separation of audio* (2014). What is given is the energy of the
//! masked spectrum, the sum over bins of `(mask |X|)^2`, not normalised, as
//! librosa's `decompose.hpss` has it; at the ends the spectrogram is mirrored.
//!
//! Bounds against librosa 0.11 in float64 on the tests' signals at 22,050 Hz, audio in
//! f32: energies are within 1e-4 of their sum, and so is the ratio.
//!
//! Where H and P are both 0 the masks are one half each, or both 0 where a margin is
//! greater than 1. Silence has energies 0 and ratio 0.5, which stands wherever both
//! energies are 0. A frame whose spectrum is not finite has no values (NaN), and counts
//! as silent for its neighbours.
//!
//! Frames stream, half of `kernel_harmonic` frames late and some more, because they are
//! computed in groups of 16; memory is bounded by `kernel_harmonic` frames. A
//! calculator's description cannot say a number of frames, so no latency is declared.

#![forbid(unsafe_code)]

mod hpss;
mod mask;
mod medians;

pub use hpss::Hpss;
