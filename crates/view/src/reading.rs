//! How a track is read: sampling, and what goes with it. Data only; `dense`,
//! `peaks` and `breakpoints` do it.

use agogic_timebase::{Delta, Seconds};

use crate::{Sampling, ViewError};

/// How columns come out of a track. A [`Sampling`] alone is one: no smoothing,
/// no oversampling, ends held, no diagnostics.
///
/// ```
/// use agogic_timebase::{Delta, Seconds};
/// use agogic_view::{Interpolation, Outside, Reading, Sampling};
///
/// let reading = Reading::from(Sampling::At(Interpolation::Monotone))
///     .smoothed(Delta(Seconds(0.25)))
///     .outside(Outside::NaN);
/// assert_eq!(reading.oversampling, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// At the start of each column, or over all of it.
    pub sampling: Sampling,
    /// Of [`Sampling::At`] only: how many values are read in a column, at
    /// `t0 + j (t1 - t0) / n` for `j` from 0; the column has their mean. 0 is
    /// taken as 1. A reduction needs none: it sees every frame.
    pub oversampling: u16,
    /// The length of a centred moving average that is taken of the frames
    /// before anything else. Frame `i` becomes the mean of the track over this
    /// time around its centre, weighted by the share of each cell, and of the
    /// part inside the track at its ends. Dense tracks and series only.
    pub smoothing: Option<Delta<Seconds>>,
    /// What stands where there is no data.
    pub outside: Outside,
    /// Whether the answer says how it came about.
    pub diagnose: bool,
}

/// What stands where a track has no data.
///
/// A position is outside where it lies in no frame's cell; a column over which
/// is reduced, where it shares nothing with the track: a column that does so
/// partly is that part. A gap is a NaN within the track, and makes NaN of what
/// is read from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Outside {
    /// The first or the last frame goes on; a gap is NaN.
    #[default]
    HoldEdge,
    /// This value, for gaps too.
    Value(f32),
    /// NaN, for gaps too.
    NaN,
}

impl Outside {
    /// The value that stands outside; `None` where the edge is held.
    pub(crate) fn value(self) -> Option<f32> {
        match self {
            Self::HoldEdge => None,
            Self::Value(value) => Some(value),
            Self::NaN => Some(f32::NAN),
        }
    }

    /// Puts the value for gaps into a column; says whether there were any.
    pub(crate) fn fill(self, column: &mut [f32]) -> bool {
        let mut gap = false;
        for value in column.iter_mut().filter(|value| value.is_nan()) {
            gap = true;
            if let Self::Value(instead) = self {
                *value = instead;
            }
        }
        gap
    }
}

impl From<Sampling> for Reading {
    fn from(sampling: Sampling) -> Self {
        Self { sampling, oversampling: 1, smoothing: None, outside: Outside::HoldEdge, diagnose: false }
    }
}

impl Reading {
    /// Reads so many values in each column.
    #[must_use]
    pub fn oversampled(self, oversampling: u16) -> Self {
        Self { oversampling, ..self }
    }

    /// Takes a moving average of this length first.
    #[must_use]
    pub fn smoothed(self, length: Delta<Seconds>) -> Self {
        Self { smoothing: Some(length), ..self }
    }

    /// With this where there is no data.
    #[must_use]
    pub fn outside(self, outside: Outside) -> Self {
        Self { outside, ..self }
    }

    /// Says how the answer came about.
    #[must_use]
    pub fn diagnosed(self) -> Self {
        Self { diagnose: true, ..self }
    }

    /// The length of the moving average, zero for none.
    ///
    /// # Errors
    /// [`ViewError::Smoothing`] for a length that is negative or not finite.
    pub(crate) fn window(&self) -> Result<f64, ViewError> {
        match self.smoothing.map(Delta::raw) {
            None => Ok(0.0),
            Some(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(seconds),
            Some(seconds) => Err(ViewError::Smoothing { seconds }),
        }
    }
}
