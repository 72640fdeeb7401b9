//! Time, exactly. What lives here: integer sample positions and sample rates,
//! real seconds, quarter-note beats and ticks, the distances between them, and
//! ranges. What does not: tempo (beats and seconds only meet in `tempo`), any
//! default sample rate, any I/O.
//!
//! A position minus a position is a distance, a position plus a distance is a
//! position, and nothing else compiles:
//!
//! ```
//! use agogic_timebase::{Beats, Delta, Seconds};
//! let bar = Beats(8.0) - Beats(4.0);
//! assert_eq!(bar, Delta(Beats(4.0)));
//! assert_eq!(Beats(1.0) + bar, Beats(5.0));
//! ```
//!
//! ```compile_fail
//! use agogic_timebase::{Beats, Seconds};
//! let nonsense = Seconds(1.0) + Beats(1.0);
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod frames;
mod position;
mod rate;

pub use frames::FrameGrid;
pub use position::{Beats, Delta, Position, Range, Samples, Seconds, Ticks};
pub use rate::{RateError, SampleRate};
