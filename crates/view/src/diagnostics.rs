//! How an answer came about. Gathered while columns are rendered, and only
//! where it was asked for.

use std::ops::Range;
use std::time::Duration;

use crate::{Reading, Sampling};

/// How the columns of a view came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// Per column whether there were data.
    pub hits: Vec<Hit>,
    /// The sampling that was asked for, and used but for `fallbacks`.
    pub sampling: Sampling,
    /// Columns, in order, that were read in another way, and why. Neighbours
    /// with the same reason are one range.
    pub fallbacks: Vec<(Range<usize>, Fallback)>,
    /// Whether a pyramid was at hand. The values are the same without.
    pub pyramid: bool,
    /// How long the tempo map took for the edges of all columns.
    pub mapping: Duration,
}

/// Whether a column met data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hit {
    /// All of it lies within the track.
    Inside,
    /// It lies within the track, and a value that it is made of is missing
    /// there.
    Gap,
    /// A part of it lies outside.
    Partly,
    /// It lies outside: what it has is what [`Outside`](crate::Outside) says.
    Outside,
}

/// Why a column was not read as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fallback {
    /// A median over more than [`EXACT_MEDIAN`](crate::EXACT_MEDIAN) frames: of
    /// the means of blocks of so many.
    MedianOfMeans {
        /// Frames in a block.
        frames: u64,
    },
    /// Too short a column to reduce over: the nearest frame.
    NearestFrame,
    /// An interpolation next to an end of the track, whose end frame stands in
    /// for those beyond it.
    EndRepeated,
    /// Peaks are not interpolated: the cell at the position.
    PeaksCell,
    /// A reduction over a smoothed series of breakpoints: of values at 64
    /// positions.
    Positions,
    /// Events have no values between them: they are counted.
    Counted,
}

impl Diagnostics {
    pub(crate) fn new(reading: &Reading, mapping: Duration, pyramid: bool) -> Self {
        Self { hits: Vec::new(), sampling: reading.sampling, fallbacks: Vec::new(), pyramid, mapping }
    }

    /// Says of the next column how it came about.
    pub(crate) fn tell(&mut self, hit: Hit, fallback: Option<Fallback>) {
        let column = self.hits.len();
        self.hits.push(hit);
        let Some(fallback) = fallback else { return };
        match self.fallbacks.last_mut() {
            Some((columns, last)) if *last == fallback && columns.end == column => columns.end += 1,
            _ => self.fallbacks.push((column..column + 1, fallback)),
        }
    }
}
