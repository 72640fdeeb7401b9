//! A row of frames by absolute number, and where times fall among them. Used
//! by dense tracks, by each level of peaks, and by series of even steps.

use agogic_schema::{FeatureTrack, Plane, TrackHeader};
use agogic_timebase::{FrameGrid, Seconds};

use crate::ViewError;
use crate::diagnostics::Hit;

/// Positions nearer to a whole number than this count as that number. Far
/// below anything audible, far above the rounding of the arithmetic.
const SNAP: f64 = 1e-9;

/// Where frames stand in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Axis {
    /// On a grid of whole samples.
    Frames(FrameGrid),
    /// At even distances in seconds: the first value's time, and the distance.
    Even(f64, f64),
}

impl From<FrameGrid> for Axis {
    fn from(grid: FrameGrid) -> Self {
        Self::Frames(grid)
    }
}

impl Axis {
    /// A position among frames: 0.0 at the centre of frame 0 of the whole track.
    pub(crate) fn centre_position(self, at: Seconds) -> f64 {
        self.snap(at, self.index(at))
    }

    /// A position among cells: cell `i` of the whole track is `[i, i + 1)`.
    pub(crate) fn cell_position(self, at: Seconds) -> f64 {
        self.snap(at, self.index(at) + 0.5)
    }

    /// A length of time in frames.
    pub(crate) fn frames(self, length: f64) -> f64 {
        match self {
            Self::Frames(grid) => length * f64::from(grid.rate.hz()) / f64::from(grid.hop.get()),
            Self::Even(_, step) => length / step,
        }
    }

    fn index(self, at: Seconds) -> f64 {
        match self {
            Self::Frames(grid) => grid.index(at),
            Self::Even(start, step) => (at.0 - start) / step,
        }
    }

    fn snap(self, at: Seconds, position: f64) -> f64 {
        // Of a time far out, the last few bits are rounding too.
        let tolerance = (8.0 * f64::EPSILON * self.frames(at.0).abs()).clamp(SNAP, 1e-3);
        let whole = position.round();
        if (position - whole).abs() <= tolerance { whole } else { position }
    }
}

/// The frames that a track has of one plane: all of them, or a part that
/// starts at a later frame.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Where the frames of the whole plane stand.
    pub(crate) axis: Axis,
    /// Values per frame.
    pub(crate) width: usize,
    header: Option<&'a TrackHeader>,
    number: usize,
    first: i64,
    frames: i64,
    data: &'a [f32],
}

impl<'a> Row<'a> {
    /// Plane `number` of a track that has passed its own check.
    pub(crate) fn new(track: &'a FeatureTrack, number: usize, plane: &'a Plane) -> Result<Self, ViewError> {
        let header = &track.header;
        let grid = header.grid(number)?;
        let hop = i64::from(grid.hop.get());
        let width = track.width();
        let frames = (plane.data.len() / width) as i64;
        let offset = plane.grid.start.0.checked_sub(grid.start.0);
        let same = plane.grid.rate == grid.rate && plane.grid.hop == grid.hop;
        match offset {
            Some(offset) if same && offset >= 0 && offset % hop == 0 => {
                let axis = grid.into();
                let first = offset / hop;
                Ok(Self { axis, width, header: Some(header), number, first, frames, data: &plane.data })
            }
            _ => Err(ViewError::OffGrid { descriptor: header.descriptor.to_string(), plane: number }),
        }
    }

    /// Single values at even distances, all of them.
    pub(crate) fn even(start: f64, step: f64, data: &'a [f32]) -> Self {
        let axis = Axis::Even(start, step);
        Self { axis, width: 1, header: None, number: 0, first: 0, frames: data.len() as i64, data }
    }

    /// Other values for some of the frames, from frame `first` on. What is
    /// read must be among them.
    pub(crate) fn with<'b>(&self, first: i64, data: &'b [f32]) -> Row<'b>
    where
        'a: 'b,
    {
        Row { first, frames: (data.len() / self.width) as i64, data, ..*self }
    }

    /// Whether there is no frame at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// The values of all frames there are.
    pub(crate) fn values(&self) -> &'a [f32] {
        self.data
    }

    /// Absolute number of the first frame there is.
    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    /// Absolute number of the last frame there is.
    pub(crate) fn last(&self) -> i64 {
        self.first + self.frames - 1
    }

    /// The values of frame `i`, or of the end frame nearest to it where the
    /// track has ended or not begun. Must not be called on an empty row.
    ///
    /// # Errors
    /// [`ViewError::MissingFrames`] for a frame before a part of a track.
    pub(crate) fn frame(&self, i: i64) -> Result<&'a [f32], ViewError> {
        let i = i.clamp(0, self.last());
        if i < self.first {
            return Err(ViewError::MissingFrames {
                descriptor: self.header.map(|header| header.descriptor.to_string()).unwrap_or_default(),
                plane: self.number,
                first: self.first as u64,
                frame: i as u64,
            });
        }
        let from = (i - self.first) as usize * self.width;
        Ok(&self.data[from..from + self.width])
    }

    /// Whether `[from, to)`, or the position where both are one, lies within
    /// the cells of all frames.
    pub(crate) fn hit(&self, from: Seconds, to: Seconds) -> Hit {
        let (u0, u1) = (self.axis.cell_position(from), self.axis.cell_position(to));
        let end = (self.last() + 1) as f64;
        if u0 >= end || u1 < 0.0 || (u1 == 0.0 && u0 < u1) {
            Hit::Outside
        } else if u0 < 0.0 || u1 > end {
            Hit::Partly
        } else {
            Hit::Inside
        }
    }

    /// The frames, at least one, whose cells share more than a point with
    /// `[from, to)`, and that span in cells.
    pub(crate) fn cells(&self, from: Seconds, to: Seconds) -> Cells {
        self.cells_between(self.axis.cell_position(from), self.axis.cell_position(to))
    }

    /// The frames, at least one, whose cells share more than a point with
    /// `[u0, u1)`.
    pub(crate) fn cells_between(&self, u0: f64, u1: f64) -> Cells {
        let end = self.last() + 1;
        let inside = u1.ceil().min(end as f64) as i64;
        let first = (u0.floor() as i64).max(0);
        if u0 < u1 && first < inside {
            return Cells { u0, u1, first, end: inside };
        }
        let nearest = (u0.floor() as i64).clamp(0, end - 1);
        Cells { u0: nearest as f64, u1: (nearest + 1) as f64, first: nearest, end: nearest + 1 }
    }
}

/// The cells of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cells {
    u0: f64,
    u1: f64,
    /// First frame.
    pub(crate) first: i64,
    /// First frame after.
    pub(crate) end: i64,
}

impl Cells {
    /// The share of cell `i` that lies in the column, above 0 to 1.
    pub(crate) fn weight(&self, i: i64) -> f64 {
        self.u1.min((i + 1) as f64) - self.u0.max(i as f64)
    }

    /// Frames that lie in the column wholly, `first..end`; what is left is at
    /// most one frame on either side.
    pub(crate) fn whole(&self) -> std::ops::Range<i64> {
        let first = if self.weight(self.first) < 1.0 { self.first + 1 } else { self.first };
        let end = if self.weight(self.end - 1) < 1.0 { self.end - 1 } else { self.end };
        first..end.max(first)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use agogic_timebase::{SampleRate, Samples};

    use super::*;

    #[test]
    fn every_centre_and_every_cell_edge_is_met() {
        for (hz, start, hop) in [(44_100, 0, 512), (48_000, 256, 512), (22_050, -17, 3), (44_100, 0, 1)] {
            let rate = SampleRate::new(hz).unwrap();
            let grid = FrameGrid { rate, start: Samples(start), hop: NonZeroU32::new(hop).unwrap() };
            for i in (0..40_000_000_u64).step_by(99_991) {
                assert_eq!(Axis::from(grid).centre_position(grid.seconds(i)), i as f64);
                // The edge between cells, by another road.
                let edge = (start as f64 + (i as f64 - 0.5) * f64::from(hop)) / f64::from(hz);
                assert_eq!(Axis::from(grid).cell_position(Seconds(edge)), i as f64);
            }
        }
    }
}
