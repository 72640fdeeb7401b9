//! Columns of peaks: per channel the least minimum and the greatest maximum, or
//! the root of the mean square.

use agogic_timebase::{FrameGrid, Seconds};

use crate::diagnostics::{Diagnostics, Fallback, Hit};
use crate::fold::{max, min};
use crate::row::Row;
use crate::{Outside, Reading, Sampling, ViewError};

/// Appends one column per pair of neighbouring edges: of two bins `(min, max)`
/// per channel, of one the root mean square. At least one row must have frames.
pub(crate) fn render(
    rows: &[(FrameGrid, Row<'_>)],
    bins: u32,
    edges: &[Seconds],
    reading: &Reading,
    out: &mut Vec<f32>,
    mut told: Option<&mut Diagnostics>,
) -> Result<(), ViewError> {
    let present: Vec<_> = rows.iter().filter(|(_, row)| !row.is_empty()).collect();
    let at = matches!(reading.sampling, Sampling::At(_));
    for edge in edges.windows(2) {
        let Some(level) = level(present.iter().map(|(grid, _)| *grid), edge[0], edge[1]) else { continue };
        let row = &present[level].1;
        let to = if at { edge[0] } else { edge[1] };
        let column = out.len();
        let hit = row.hit(edge[0], to);
        match reading.outside.value().filter(|_| hit == Hit::Outside) {
            Some(value) => out.resize(column + row.width, value),
            None if bins == 1 => root_mean_square(row, edge[0], to, out)?,
            None => fold(row, edge[0], to, out)?,
        }
        if told.is_some() || matches!(reading.outside, Outside::Value(_)) {
            let gap = reading.outside.fill(&mut out[column..]);
            if let Some(told) = told.as_deref_mut() {
                let hit = if gap && hit == Hit::Inside { Hit::Gap } else { hit };
                told.tell(hit, at.then_some(Fallback::PeaksCell));
            }
        }
    }
    Ok(())
}

fn fold(row: &Row<'_>, from: Seconds, to: Seconds, out: &mut Vec<f32>) -> Result<(), ViewError> {
    let cells = row.cells(from, to);
    let column = out.len();
    out.extend_from_slice(row.frame(cells.first)?);
    for i in cells.first + 1..cells.end {
        for (so_far, peak) in out[column..].chunks_exact_mut(2).zip(row.frame(i)?.chunks_exact(2)) {
            so_far[0] = min(so_far[0], peak[0]);
            so_far[1] = max(so_far[1], peak[1]);
        }
    }
    Ok(())
}

/// Cells count alike, the incomplete one at the end of the asset too.
fn root_mean_square(row: &Row<'_>, from: Seconds, to: Seconds, out: &mut Vec<f32>) -> Result<(), ViewError> {
    let cells = row.cells(from, to);
    let column = out.len();
    out.extend_from_slice(row.frame(cells.first)?);
    if cells.first + 1 >= cells.end {
        return Ok(());
    }
    for (channel, value) in out[column..].iter_mut().enumerate() {
        let mut sum = 0.0;
        for i in cells.first..cells.end {
            sum += row.frame(i)?.get(channel).map_or(0.0, |&rms| f64::from(rms).powi(2));
        }
        *value = (sum / (cells.end - cells.first) as f64).sqrt() as f32;
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
