//! `agogic.beat`: tempo, its course, and beats, derived from `agogic.onset.strength`
//! and, for bass drum and bass, which carry the beat, the lowest bands of `agogic.mel`.
//!
//! The predominant local pulse is [`Pulse`]'s; what follows is about [`Beat`].
//!
//! The lowest bands are those centred below 200 Hz, one at least; their strength is the
//! sum of what each rose since the frame before, in amplitude (Klapuri, Eronen and
//! Astola, *Analysis of the meter of acoustic musical signals*, IEEE TASLP 14.1, 2006,
//! observe such accents band by band). Each strength loses its mean over a second and is
//! brought to an even level; more than 130 frames a second are averaged down. The
//! envelope is the sum of the one and of a quarter of the other for the tempo, of half
//! of it for the beats. The lowest bands count less where their loudest value is more
//! than 20 dB below that of all bands.
//!
//! Every quarter of a second a running autocorrelation under a Hann window of 8 s is read
//! at the multiples 1 to 4 of each period: how well the period explains the onsets. The
//! likeliest way through it under a log-normal prior, by dynamic programming with a cost
//! for each move, follows ramps and rubato. Along it, and at half and twice its tempo
//! where all of that is within `tempo_min` and `tempo_max`, beats are found by Ellis's
//! tracker (*Beat tracking by dynamic programming*, JNMR 36.1, 2007) with the period at
//! each frame. Of the three what stands out most is taken: the mean envelope at the
//! beats less that of all frames, times the square root of their count, times the square
//! root of the prior. `agogic.tempo.curve` and `agogic.beat.times` are of that level;
//! `agogic.tempo` has the peaks of the mean comb under the prior moved to it. Times are
//! refined between frames by a parabola. Weak beats at both ends are left out.
//!
//! The constants were chosen on the pieces of `cargo xtask accuracy` and on the same
//! patterns at other tempi, all rendered and few: their figures are not those of unseen
//! music. Beats may still lie on the off-beat, at twice or half the tempo, or at another
//! simple ratio to it, most of all where much is syncopated.
//!
//! Silence has no beats, no tempo, and a curve of NaN. Kept to the end are 8 bytes a
//! frame of strengths, some 60 more while `finish` works, and 400 a second of the way.

#![forbid(unsafe_code)]

mod beats;
mod calculator;
mod curve;
mod envelope;
mod level;
mod low;
mod periodicity;
mod pulse;
mod tempogram;

pub use calculator::{BEAT_TIMES, Beat, TEMPO, TEMPO_CURVE};
pub use pulse::Pulse;
