//! Which frames of a track a view reads, known before any is loaded.

use std::ops::Range;

use agogic_schema::{Shape, TrackHeader};
use agogic_tempo::TempoMap;
use agogic_timebase::{FrameGrid, Seconds};

use crate::columns::times;
use crate::peaks::level;
use crate::row::Axis;
use crate::{Grid, Interpolation, Reading, Sampling, ViewError};

/// The frames of each plane that [`view`](crate::view) needs for a grid,
/// whichever sampling, unsmoothed: a track made of these alone gives the same
/// columns as the whole track, bit for bit. `frames` is the number of frames that each
/// plane has in the whole track, as the cache record says.
///
/// A plane that is not needed has the range `0..0`. Event tracks have no
/// planes and give no ranges: all events are needed, or those within the grid.
///
/// # Errors
/// [`ViewError::Counts`] where there are not as many counts as planes, and
/// [`ViewError::Track`] for a plane whose frame grid cannot be.
pub fn frames_needed(
    header: &TrackHeader,
    frames: &[u64],
    map: &TempoMap,
    grid: &Grid,
) -> Result<Vec<Range<u64>>, ViewError> {
    frames_needed_by(header, frames, map, grid, Sampling::At(Interpolation::Akima))
}

/// As [`frames_needed`], for one way of reading, which may be smoothed.
///
/// # Errors
/// As [`frames_needed`], and [`ViewError::Smoothing`].
pub fn frames_needed_by(
    header: &TrackHeader,
    frames: &[u64],
    map: &TempoMap,
    grid: &Grid,
    reading: impl Into<Reading>,
) -> Result<Vec<Range<u64>>, ViewError> {
    let window = reading.into().window()?;
    if header.shape == Shape::Events {
        return Ok(Vec::new());
    }
    let planes = header.planes.len();
    if frames.len() != planes {
        let descriptor = header.descriptor.to_string();
        return Err(ViewError::Counts { descriptor, counts: frames.len(), planes });
    }
    let grids = (0..planes).map(|plane| header.grid(plane)).collect::<Result<Vec<_>, _>>()?;
    let present: Vec<usize> = (0..planes).filter(|&plane| frames[plane] > 0).collect();
    let mut needed = vec![0..0; planes];
    for edge in times(map, grid).windows(2) {
        let served = match header.shape {
            Shape::Peaks => level(present.iter().map(|&plane| grids[plane]), edge[0], edge[1]),
            Shape::Dense | Shape::Events => (!present.is_empty()).then_some(0),
        };
        let Some(plane) = served.map(|level| present[level]) else { continue };
        let column = around(grids[plane], frames[plane], edge[0], edge[1], window);
        let so_far: &mut Range<u64> = &mut needed[plane];
        *so_far = if so_far.is_empty() {
            column
        } else {
            so_far.start.min(column.start)..so_far.end.max(column.end)
        };
    }
    Ok(needed)
}

/// The frames that any sampling of `[from, to)` can touch, at least one: Akima's
/// curve reads two frames before its position and three after, a moving average
/// half its length around each.
fn around(grid: FrameGrid, frames: u64, from: Seconds, to: Seconds, window: f64) -> Range<u64> {
    let (axis, last) = (Axis::from(grid), frames - 1);
    let beside = (axis.frames(window) / 2.0).ceil() + f64::from(u8::from(window > 0.0));
    // Beyond an end the end frame is read, with what is averaged around it.
    let position = |at| axis.centre_position(at).floor().clamp(0.0, last as f64);
    // Casts saturate, so that a frame before the track is frame 0.
    let first = (position(from) - 2.0 - beside) as u64;
    let end = (position(to) + 3.0 + beside) as u64;
    first.min(last)..end.min(last).saturating_add(1)
}
