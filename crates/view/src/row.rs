//! A row of frames by absolute number, and where times fall among them. Used
//! by dense tracks and by each level of peaks.

use agogic_schema::{FeatureTrack, Plane, TrackHeader};
use agogic_timebase::{FrameGrid, Seconds};

use crate::ViewError;

/// Positions nearer to a whole number than this count as that number. Far
/// below anything audible, far above the rounding of the arithmetic.
const SNAP: f64 = 1e-9;

/// A position among frames: 0.0 at the centre of frame 0 of the whole track.
pub(crate) fn centre_position(grid: FrameGrid, at: Seconds) -> f64 {
    snap(grid, at, grid.index(at))
}

/// A position among cells: cell `i` of the whole track is `[i, i + 1)`.
pub(crate) fn cell_position(grid: FrameGrid, at: Seconds) -> f64 {
    snap(grid, at, grid.index(at) + 0.5)
}

fn snap(grid: FrameGrid, at: Seconds, position: f64) -> f64 {
    // Of a time far out, the last few bits are rounding too.
    let frames = at.0 * f64::from(grid.rate.hz()) / f64::from(grid.hop.get());
    let tolerance = (8.0 * f64::EPSILON * frames.abs()).clamp(SNAP, 1e-3);
    let whole = position.round();
    if (position - whole).abs() <= tolerance { whole } else { position }
}

/// The frames that a track has of one plane: all of them, or a part that
/// starts at a later frame.
pub(crate) struct Row<'a> {
    /// The frame grid of the whole plane, absolute frame 0 at its start.
    pub(crate) grid: FrameGrid,
    header: &'a TrackHeader,
    number: usize,
    first: i64,
    frames: i64,
    width: usize,
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
                Ok(Self { grid, header, number, first: offset / hop, frames, width, data: &plane.data })
            }
            _ => Err(ViewError::OffGrid { descriptor: header.descriptor.to_string(), plane: number }),
        }
    }

    /// Whether there is no frame at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames == 0
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
                descriptor: self.header.descriptor.to_string(),
                plane: self.number,
                first: self.first as u64,
                frame: i as u64,
            });
        }
        let from = (i - self.first) as usize * self.width;
        Ok(&self.data[from..from + self.width])
    }

    /// The frames, at least one, whose cells share more than a point with
    /// `[from, to)`, and that span in cells.
    pub(crate) fn cells(&self, from: Seconds, to: Seconds) -> Cells {
        let u0 = cell_position(self.grid, from);
        let u1 = cell_position(self.grid, to);
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
                assert_eq!(centre_position(grid, grid.seconds(i)), i as f64);
                // The edge between cells, by another road.
                let edge = (start as f64 + (i as f64 - 0.5) * f64::from(hop)) / f64::from(hz);
                assert_eq!(cell_position(grid, Seconds(edge)), i as f64);
            }
        }
    }
}
