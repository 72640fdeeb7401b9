//! `agogic.beat`: tempo, its course, and beats, derived from `agogic.onset.strength`.
//! The predominant local pulse is [`Pulse`]'s; what follows is about [`Beat`].
//!
//! The strength loses its mean over a second and is brought to an even level; more
//! than 130 frames a second are averaged down. Every quarter of a second a running
//! autocorrelation under a Hann window of 8 s is read at the multiples 1 to 4 of each
//! period: how well the period explains the onsets. `agogic.tempo` has the peaks of
//! the mean of that, times a log-normal prior; `agogic.tempo.curve` is the likeliest
//! way through it, by dynamic programming with a cost for each move, and follows ramps
//! and rubato. `agogic.beat.times` is Ellis's tracker (*Beat tracking by dynamic
//! programming*, JNMR 36.1, 2007) with the period of the curve at each frame; times
//! are refined between frames by a parabola. Weak beats at both ends are left out.
//!
//! The prior (105 bpm, half an octave) and the cost of moves were chosen on the pieces
//! of `cargo xtask accuracy`, which are rendered and few: their figures are not those
//! of unseen music. Beats may lie on the off-beat or at twice or half the tempo.
//!
//! Silence has no beats, no tempo, and a curve of NaN. Kept to the end are 4 bytes a
//! frame of strengths, some 40 more while `finish` works, and 400 a second of the way.

#![forbid(unsafe_code)]

mod beats;
mod calculator;
mod curve;
mod envelope;
mod periodicity;
mod pulse;
mod tempogram;

pub use calculator::{BEAT_TIMES, Beat, TEMPO, TEMPO_CURVE};
pub use pulse::Pulse;
