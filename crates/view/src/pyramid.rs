//! The pyramid of a dense track: what is known of blocks of 4, 16, 64... frames,
//! kept beside the track so that a column costs the same at any zoom.

use agogic_schema::{FeatureTrack, TrackData};

use crate::blocks::{Fold, Greatest, Least, Level, Mean, Root, join_four, quarters};
use crate::row::{Axis, Row};
use crate::{Reduction, ViewError};

/// Means, root mean squares, least and greatest values of the blocks of a dense
/// track, per channel and bin.
///
/// A block of level `k` has `4^k` frames and begins at a multiple of its length
/// in frames of the whole track. Any stretch of frames is at most six blocks of
/// each level, so that a mean, an extreme or a root mean square over it costs
/// time that grows with the logarithm of its length. The answers have the same
/// bits as without a pyramid, which joins values in the same order; a pyramid
/// of a part of a track has the same blocks as that of the whole.
///
/// It lives in memory, beside the track ([`TrackView`](crate::TrackView) keeps
/// both), and is not in the cache. All of it is a third larger than the track's
/// values; each of [`Self::of_reductions`] alone is a third as large. Peaks have levels of their own
/// and events need none: their pyramid is empty.
#[derive(Debug)]
pub struct Pyramid {
    axis: Option<Axis>,
    width: usize,
    first: i64,
    frames: usize,
    pub(crate) means: Vec<Level>,
    pub(crate) roots: Vec<Level>,
    pub(crate) least: Vec<Level>,
    pub(crate) greatest: Vec<Level>,
}

impl Pyramid {
    /// The pyramid of a track, or of a part of one. Takes a pass over its
    /// values.
    ///
    /// # Errors
    /// [`ViewError::Track`] and [`ViewError::OffGrid`] for values that do not
    /// fit the header.
    pub fn of(track: &FeatureTrack) -> Result<Self, ViewError> {
        Self::of_reductions(track, &[Reduction::Mean, Reduction::Rms, Reduction::Min, Reduction::Max])
    }

    /// The pyramid for these reductions only; others are computed without it.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_reductions(track: &FeatureTrack, reductions: &[Reduction]) -> Result<Self, ViewError> {
        track.check()?;
        let TrackData::Dense(plane) = &track.data else { return Ok(Self::empty()) };
        Ok(Self::of_row(&Row::new(track, 0, plane)?, reductions))
    }

    /// The pyramid that knows nothing.
    pub(crate) fn empty() -> Self {
        let (means, roots, least, greatest) = (vec![], vec![], vec![], vec![]);
        Self { axis: None, width: 0, first: 0, frames: 0, means, roots, least, greatest }
    }

    pub(crate) fn of_row(row: &Row<'_>, reductions: &[Reduction]) -> Self {
        let wanted = |reduction| reductions.contains(&reduction);
        Self {
            axis: Some(row.axis),
            width: row.width,
            first: row.first(),
            frames: row.values().len(),
            means: if wanted(Reduction::Mean) || wanted(Reduction::Median) {
                levels::<Mean>(row)
            } else {
                vec![]
            },
            roots: if wanted(Reduction::Rms) { levels::<Root>(row) } else { vec![] },
            least: if wanted(Reduction::Min) { levels::<Least>(row) } else { vec![] },
            greatest: if wanted(Reduction::Max) { levels::<Greatest>(row) } else { vec![] },
        }
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        let all = [&self.means, &self.roots, &self.least, &self.greatest];
        all.into_iter().flatten().map(|level| size_of_val(level.known.as_slice())).sum()
    }

    /// Whether it can be that of this row: as many frames at the same place.
    pub(crate) fn fits(&self, row: &Row<'_>) -> bool {
        self.axis.is_none()
            || (self.axis == Some(row.axis)
                && self.width == row.width
                && self.first == row.first()
                && self.frames == row.values().len())
    }
}

/// All levels above the frames that have a whole block.
fn levels<F: Fold>(row: &Row<'_>) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut above = level::<F>(row.first() as u64, row.values(), row.width);
    while !above.known.is_empty() {
        let next = level::<F>(above.first, &above.known, row.width);
        levels.push(above);
        above = next;
    }
    levels
}

/// One level from the rows of the one below, which begin with number `first`.
fn level<F: Fold>(first: u64, below: &[f32], width: usize) -> Level {
    let own = first.div_ceil(4);
    let skip = usize::try_from(own * 4 - first).unwrap_or(usize::MAX).saturating_mul(width);
    let rows = below.get(skip..).unwrap_or_default().chunks_exact(4 * width);
    let mut known = vec![0.0; rows.len() * width];
    for (out, four) in known.chunks_exact_mut(width).zip(rows) {
        join_four::<F>(quarters(four, width), out);
    }
    Level { first: own, known }
}
