//! Columns of peaks: per channel the least minimum and the greatest maximum.

use agogic_timebase::{FrameGrid, Seconds};

use crate::row::Row;
use crate::sampling::{max, min};
use crate::{Sampling, ViewError};

/// Appends one column per pair of neighbouring edges, `(min, max)` per channel.
/// At least one row must have frames.
pub(crate) fn render(
    rows: &[Row<'_>],
    edges: &[Seconds],
    sampling: Sampling,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let present: Vec<&Row<'_>> = rows.iter().filter(|row| !row.is_empty()).collect();
    for edge in edges.windows(2) {
        let Some(level) = level(present.iter().map(|row| row.grid), edge[0], edge[1]) else { continue };
        let row = present[level];
        let to = if matches!(sampling, Sampling::At(_)) { edge[0] } else { edge[1] };
        let cells = row.cells(edge[0], to);
        let column = out.len();
        out.extend_from_slice(row.frame(cells.first)?);
        for i in cells.first + 1..cells.end {
            for (so_far, peak) in out[column..].chunks_exact_mut(2).zip(row.frame(i)?.chunks_exact(2)) {
                so_far[0] = min(so_far[0], peak[0]);
                so_far[1] = max(so_far[1], peak[1]);
            }
        }
    }
    Ok(())
}

/// Which of several levels serves a column: the coarsest whose hop is no longer
/// than the column, else the finest.
pub(crate) fn level(grids: impl Iterator<Item = FrameGrid>, from: Seconds, to: Seconds) -> Option<usize> {
    // (fits, rank): a level that fits beats one that does not; among those that
    // fit the coarsest wins, among the others the finest.
    grids
        .map(|grid| {
            let hop = i64::from(grid.hop.get());
            let length = (to - from).raw() * f64::from(grid.rate.hz());
            let fits = hop as f64 <= length * (1.0 + 1e-9);
            (fits, if fits { hop } else { -hop })
        })
        .enumerate()
        .max_by_key(|&(_, rank)| rank)
        .map(|(level, _)| level)
}
