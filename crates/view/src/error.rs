//! Everything that can be wrong with a view.

use agogic_schema::SchemaError;

use crate::{MAX_COLUMNS, MAX_VALUES};

/// Why a grid or a view was refused. Trying again with the same input never
/// helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// A grid step that is no positive number, or too fine for its positions.
    #[error("a grid step of {step} beats cannot reach from beat {from} to beat {to}")]
    Step {
        /// The step, in beats.
        step: f64,
        /// Where the grid was to start.
        from: f64,
        /// Where it was to end.
        to: f64,
    },
    /// A grid of fewer than two edges, or whose end is not after its start.
    #[error("the grid has no columns")]
    NoColumns,
    /// More columns than [`MAX_COLUMNS`].
    #[error("{columns} columns are more than the {MAX_COLUMNS} that a grid may have")]
    TooManyColumns {
        /// How many there would be.
        columns: f64,
    },
    /// An edge that is no number, or not after the one before it.
    #[error("grid edge {edge} at beat {beat} is not after the edge before it")]
    Edge {
        /// Which edge, counted from 0.
        edge: usize,
        /// Where it stands.
        beat: f64,
    },
    /// A track without a single frame.
    #[error("the track {descriptor} is empty: it has no frames to show")]
    Empty {
        /// The track's descriptor.
        descriptor: String,
    },
    /// A track whose values do not fit its header.
    #[error(transparent)]
    Track(#[from] SchemaError),
    /// A plane that does not stand on the frame grid of the header.
    #[error("plane {plane} of the track {descriptor} is off the frame grid of its header")]
    OffGrid {
        /// The track's descriptor.
        descriptor: String,
        /// Which plane.
        plane: usize,
    },
    /// Peaks that are neither minimum and maximum nor root mean square.
    #[error("the peaks track {descriptor} has {bins} bins instead of minimum and maximum or a mean")]
    PeakBins {
        /// The track's descriptor.
        descriptor: String,
        /// Bins that it has.
        bins: u32,
    },
    /// A part of a track that starts after a frame that the view needs.
    #[error("plane {plane} of the track {descriptor} starts at frame {first}, the view needs frame {frame}")]
    MissingFrames {
        /// The track's descriptor.
        descriptor: String,
        /// Which plane.
        plane: usize,
        /// First frame there is.
        first: u64,
        /// First frame that is needed.
        frame: u64,
    },
    /// Frame counts that do not go with the header's planes.
    #[error("{counts} frame counts for the {planes} planes of the track {descriptor}")]
    Counts {
        /// The track's descriptor.
        descriptor: String,
        /// Counts given.
        counts: usize,
        /// Planes there are.
        planes: usize,
    },
    /// More values than [`MAX_VALUES`].
    #[error("{columns} columns of {width} values are more than the {MAX_VALUES} values that a view may have")]
    TooManyValues {
        /// Columns asked for.
        columns: usize,
        /// Values per column.
        width: usize,
    },
    /// A moving average whose length is negative or not finite.
    #[error("a moving average of {seconds} s cannot be taken")]
    Smoothing {
        /// The length, in seconds.
        seconds: f64,
    },
    /// A pyramid of other frames than those of the track it came with.
    #[error("the pyramid that came with the track {descriptor} is not of its frames")]
    Pyramid {
        /// The track's descriptor.
        descriptor: String,
    },
    /// An even series whose start or step cannot be.
    #[error("a series cannot start at {start} s and go on every {step} s")]
    Series {
        /// Where it was to start, in seconds.
        start: f64,
        /// The distance between its values, in seconds.
        step: f64,
    },
    /// A breakpoint that is no number, or before the one before it.
    #[error("breakpoint {point} at {at} s is before the one before it, or nowhere")]
    Breakpoint {
        /// Which breakpoint, counted from 0.
        point: usize,
        /// Where it stands, in seconds.
        at: f64,
    },
    /// A series without a single value.
    #[error("the series is empty: it has no values to show")]
    NoValues,
}
