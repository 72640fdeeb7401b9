//! Feature tracks shown on a musical grid: `(track, tempo map, grid) ->
//! columns`. What lives here: grids of beats, sampling at their edges and over
//! their columns, and which frames a view needs. What does not: files, caches,
//! tempo mathematics (`tempo`), pictures. Everything is a pure function, and
//! what a column holds depends on nothing but the column's own edges: columns
//! rendered piece by piece from parts of a track equal those of one call, bit
//! for bit.
//!
//! # Time
//!
//! A column is the span between two grid edges, `[b0, b1)` in beats and
//! `[t0, t1) = [seconds(b0), seconds(b1))` in real time. Frame `i` of a dense
//! track is centred at `c(i) = (start + i * hop) / rate` and stands for the
//! cell `[c(i) - hop / 2 rate, c(i) + hop / 2 rate)`. With
//!
//! ```text
//! x(t) = (t * rate - start) / hop        position among centres
//! u(t) = x(t) + 1/2                      position among cells: cell i is [i, i + 1)
//! ```
//!
//! [`Sampling::At`] reads one value at `t0`, and [`Sampling::Over`] reduces the
//! cells between `u(t0)` and `u(t1)`; [`Interpolation`] and [`Reduction`] have
//! the formulas. `x` and `u` are computed from absolute frame numbers, never by
//! stepping, so nothing drifts; where one is nearer to a whole number than a
//! billionth of a frame (or than the rounding of `t` itself), it counts as that
//! number, so that an edge which meets a frame in theory meets it in practice.
//!
//! ```
//! use agogic_timebase::{Beats, Delta};
//! use agogic_view::Grid;
//!
//! let sixteenths = Grid::every(Delta(Beats(0.25)), Beats(0.6), Beats(1.5))?;
//! assert_eq!(sixteenths.edges().first(), Some(&Beats(0.5)));
//! assert_eq!(sixteenths.columns(), 4);
//! # Ok::<(), agogic_view::ViewError>(())
//! ```
#![forbid(unsafe_code)]

mod columns;
mod dense;
mod error;
mod events;
mod grid;
mod need;
mod peaks;
mod row;
mod sampling;

pub use columns::{Columns, MAX_VALUES, view};
pub use error::ViewError;
pub use grid::{Grid, MAX_COLUMNS};
pub use need::frames_needed;
pub use sampling::{Interpolation, Reduction, Sampling};
