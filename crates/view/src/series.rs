//! Automation curves and other plain series in real time, on a musical grid:
//! the same readings as tracks have. Even steps go the way of dense tracks
//! (`dense`), breakpoints have their own (`breakpoints`).

use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, Delta, Seconds};

use crate::columns::{suitable, timed, times};
use crate::row::Row;
use crate::{Diagnostics, Grid, Reading, ViewError, breakpoints, dense};

/// Values in real time, of whatever kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Series<'a> {
    /// Values at even distances. Each stands for a cell around its time, as a
    /// frame does.
    Uniform {
        /// Time of the first value.
        start: Seconds,
        /// Distance between values, above 0.
        step: Delta<Seconds>,
        /// The values.
        values: &'a [f32],
    },
    /// Values at times of their own, in order. Two at one time are a jump, and
    /// the last of them is the value there.
    ///
    /// Between them the series is what the interpolation says; reductions take
    /// straight lines. A moving average is one of steps for
    /// [`Hold`](crate::Interpolation::Hold), else of straight lines, and is
    /// taken at the position itself; a reduction over it sees 64 positions,
    /// evenly through the column. Before the first and after the last
    /// breakpoint is outside.
    Breakpoints(&'a [(Seconds, f32)]),
}

/// A series on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesColumns {
    /// The edges of the columns in beats, one more than there are columns.
    pub beats: Vec<Beats>,
    /// The same edges in real time.
    pub seconds: Vec<Seconds>,
    /// One value per column.
    pub data: Vec<f32>,
    /// How they came about, where that was asked for.
    pub diagnostics: Option<Diagnostics>,
}

impl Series<'_> {
    /// Shows a series on a grid. A column depends on its own edges only, as
    /// that of a track.
    ///
    /// ```
    /// use agogic_tempo::TempoMap;
    /// use agogic_timebase::{Beats, Delta, Seconds};
    /// use agogic_view::{Grid, Interpolation, Sampling, Series};
    ///
    /// let fade = [(Seconds(0.0), 0.0), (Seconds(2.0), 1.0)];
    /// let quarters = Grid::every(Delta(Beats(1.0)), Beats(0.0), Beats(4.0))?;
    /// let map = TempoMap::constant(120.0)?;
    /// let shown = Series::Breakpoints(&fade).view(&map, &quarters, Sampling::At(Interpolation::Linear))?;
    /// assert_eq!(shown.data, [0.0, 0.25, 0.5, 0.75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ViewError::NoValues`], [`ViewError::Series`] for a start or a step that
    /// cannot be, [`ViewError::Breakpoint`] for one out of order, and
    /// [`ViewError::Smoothing`].
    pub fn view(
        &self,
        map: &TempoMap,
        grid: &Grid,
        reading: impl Into<Reading>,
    ) -> Result<SeriesColumns, ViewError> {
        let reading = reading.into();
        self.check()?;
        let (seconds, mapping) = timed(reading.diagnose, || times(map, grid));
        let mut told = reading.diagnose.then(|| Diagnostics::new(&reading, mapping, false));
        let mut data = Vec::with_capacity(grid.columns());
        match *self {
            Series::Uniform { start, step, values } => {
                let row = Row::even(start.0, step.raw(), values);
                // With none given there is none that does not fit.
                if let Some(pyramid) = suitable(&row, None, grid.columns(), &reading)? {
                    dense::render(&row, &pyramid, &seconds, &reading, &mut data, told.as_mut())?;
                }
            }
            Series::Breakpoints(points) => {
                breakpoints::render(points, &seconds, &reading, &mut data, told.as_mut())?;
            }
        }
        Ok(SeriesColumns { beats: grid.edges().to_vec(), seconds, data, diagnostics: told })
    }

    fn check(&self) -> Result<(), ViewError> {
        let empty = match *self {
            Series::Uniform { start, step, values } => {
                let (start, step) = (start.0, step.raw());
                if !(start.is_finite() && step.is_finite() && step > 0.0) {
                    return Err(ViewError::Series { start, step });
                }
                values.is_empty()
            }
            Series::Breakpoints(points) => {
                let bad = (0..points.len()).find(|&i| {
                    let at = points[i].0.0;
                    !at.is_finite() || (i > 0 && points[i - 1].0.0 > at)
                });
                if let Some(point) = bad {
                    return Err(ViewError::Breakpoint { point, at: points[point].0.0 });
                }
                points.is_empty()
            }
        };
        if empty { Err(ViewError::NoValues) } else { Ok(()) }
    }
}
