//! Feature tracks shown on a musical grid: `(track, tempo map, grid) ->
//! columns`. What lives here: grids of beats, sampling at their edges and over
//! their columns, pyramids, events per column, plain series, and which frames a
//! view needs. What does not: files, caches, tempo mathematics (`tempo`),
//! pictures. Everything is a pure function, and what a column holds depends on
//! nothing but the column's own edges: columns rendered piece by piece, in any
//! order, from parts of a track, with a [`Pyramid`] or without, equal those of
//! one call, bit for bit.
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
//! the formulas. A [`Reading`] adds smoothing, oversampling, and what stands
//! where there is no data. `x` and `u` are computed from absolute frame numbers, never by
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

mod blocks;
mod breakpoints;
mod columns;
mod curve;
mod dense;
mod diagnostics;
mod error;
mod events;
mod fold;
mod grid;
mod kept;
mod median;
mod need;
mod parts;
mod peaks;
mod pyramid;
mod reading;
mod row;
mod sampling;
mod series;
mod source;

pub use columns::{Columns, MAX_VALUES, view};
pub use diagnostics::{Diagnostics, Fallback, Hit};
pub use error::ViewError;
pub use events::{EventView, Nearest};
pub use grid::{Grid, MAX_COLUMNS};
pub use median::EXACT_MEDIAN;
pub use need::{frames_needed, frames_needed_by};
pub use pyramid::Pyramid;
pub use reading::{Outside, Reading};
pub use sampling::{Interpolation, Reduction, Sampling};
pub use series::{Series, SeriesColumns};
pub use source::{Origin, Source, TrackView};
