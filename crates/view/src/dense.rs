//! Columns of dense tracks.

use agogic_timebase::Seconds;

use crate::row::{Row, centre_position};
use crate::sampling::{linear, max, min, spline};
use crate::{Interpolation, Reduction, Sampling, ViewError};

/// Appends one column per pair of neighbouring edges, one value per channel
/// and bin. The row must have frames.
pub(crate) fn render(
    row: &Row<'_>,
    edges: &[Seconds],
    sampling: Sampling,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let mut sums = Vec::new();
    for edge in edges.windows(2) {
        match sampling {
            Sampling::At(how) => at(row, edge[0], how, out)?,
            Sampling::Over(Reduction::Mean) => mean(row, edge[0], edge[1], &mut sums, out)?,
            Sampling::Over(Reduction::Max) => fold(row, edge[0], edge[1], max, out)?,
            Sampling::Over(Reduction::Min) => fold(row, edge[0], edge[1], min, out)?,
        }
    }
    Ok(())
}

fn at(row: &Row<'_>, at: Seconds, how: Interpolation, out: &mut Vec<f32>) -> Result<(), ViewError> {
    let x = centre_position(row.grid, at);
    let i = x.floor() as i64;
    let f = x - x.floor();
    let beyond = x < 0.0 || i >= row.last();
    if beyond || f == 0.0 || how == Interpolation::Hold {
        out.extend_from_slice(row.frame(i)?);
        return Ok(());
    }
    let (b, c) = (row.frame(i)?, row.frame(i + 1)?);
    if how == Interpolation::Linear {
        out.extend(b.iter().zip(c).map(|(&b, &c)| linear(b, c, f)));
    } else {
        let (a, d) = (row.frame(i - 1)?, row.frame(i + 2)?);
        out.extend((0..b.len()).map(|v| spline([a[v], b[v], c[v], d[v]], f)));
    }
    Ok(())
}

fn mean(
    row: &Row<'_>,
    from: Seconds,
    to: Seconds,
    sums: &mut Vec<(f64, f32, f32)>,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let cells = row.cells(from, to);
    sums.clear();
    sums.extend(row.frame(cells.first)?.iter().map(|&value| (0.0, value, value)));
    let mut weights = 0.0;
    for i in cells.first..cells.end {
        let weight = cells.weight(i);
        weights += weight;
        for ((sum, least, greatest), &value) in sums.iter_mut().zip(row.frame(i)?) {
            *sum += weight * f64::from(value);
            *least = min(*least, value);
            *greatest = max(*greatest, value);
        }
    }
    out.extend(sums.iter().map(|&(sum, least, greatest)| {
        let mean = (sum / weights) as f32;
        // Rounding alone must not lift a mean out of the values it is the mean of.
        if mean < least {
            least
        } else if mean > greatest {
            greatest
        } else {
            mean
        }
    }));
    Ok(())
}

fn fold(
    row: &Row<'_>,
    from: Seconds,
    to: Seconds,
    pick: fn(f32, f32) -> f32,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let cells = row.cells(from, to);
    let column = out.len();
    out.extend_from_slice(row.frame(cells.first)?);
    for i in cells.first + 1..cells.end {
        for (so_far, &value) in out[column..].iter_mut().zip(row.frame(i)?) {
            *so_far = pick(*so_far, value);
        }
    }
    Ok(())
}
