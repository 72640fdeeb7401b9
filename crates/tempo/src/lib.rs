//! Tempo maps: beats, ticks and bars to seconds and back. What lives here: the
//! map, the laws its spans follow, ticks, meter, and import and export from
//! bytes. What does not: files (callers bring the bytes and add the file's name
//! to an error), grids and columns (`view`), any cached feature.
//!
//! ```
//! use agogic_tempo::TempoMap;
//! use agogic_timebase::{Beats, Seconds};
//!
//! let map = TempoMap::from_json(
//!     r#"[{"beat": 0, "bpm": 120, "law": "linear-beats"}, {"beat": 4, "bpm": 60}]"#,
//! )?;
//! let bar = map.seconds(Beats(4.0));
//! assert!((bar.0 - 4.0 * 2.0_f64.ln()).abs() < 1e-12);
//! assert_eq!(map.beats(bar), Beats(4.0));
//! # Ok::<(), agogic_tempo::TempoError>(())
//! ```
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod batch;
mod cursor;
mod curve;
mod error;
mod float;
#[cfg(feature = "formats")]
pub mod formats;
mod index;
#[cfg(feature = "json")]
mod json;
mod law;
mod layers;
mod map;
mod meter;
#[cfg(feature = "formats")]
mod midi;
mod piece;
#[cfg(feature = "std")]
pub mod publish;
mod sum;
mod ticks;
mod trace;
mod warp;

pub use cursor::Cursor;
pub use error::TempoError;
pub use law::Law;
pub use layers::{Layers, Rubato};
pub use map::{
    DEFAULT_TOLERANCE, MAX_BEAT, MAX_BPM, MAX_CURVE_SEGMENTS, MAX_POINTS, MIN_BPM, TempoMap, TempoPoint,
};
pub use meter::{BarBeat, BeatLine, Meter, TimeSignature};
pub use ticks::TickUnit;
#[cfg(feature = "tracing")]
pub use trace::{Query, Tally, tally};
pub use warp::{Case, Choice, Found, Stretch, Warp, WarpMarker};
