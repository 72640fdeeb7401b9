//! Blocks of frames, runs of blocks, and what is told of a run per channel and
//! bin. What lives here: the decomposition of a stretch of frames into runs,
//! and the one order in which frames become a run. What does not: what is told
//! (`fold`), keeping it (`kept`), weights (`dense`).
//!
//! A block of level 0 is a frame, one of level 1 has 4 frames, and one of each
//! further level has 16 of the level below. It begins at a multiple of its
//! length, counted in frames of the whole track. The blocks that make up one of
//! the next level are a group; a run is one block, or a few on end from the
//! first of a group or to its last, so that a stretch that begins and ends
//! anywhere is few runs. What is told of a run comes from its blocks, joined in
//! order of time in 64 bits and kept in 32. As nothing but absolute frame
//! numbers decides what is joined with what, the result has the same bits
//! whether runs are kept or computed anew, from the whole track or from a part.

use crate::ViewError;
use crate::fold::{Fold, join};
use crate::kept::Kept;
use crate::row::Row;

/// No track has more frames than a block of this level.
pub(crate) const TOP: u32 = 16;

/// Blocks of a level that make up one of the next, as a power of two.
pub(crate) const fn group_bits(level: u32) -> u32 {
    if level == 0 { 2 } else { 4 }
}

/// Frames in a block of a level, as a power of two.
pub(crate) const fn bits(level: u32) -> u32 {
    if level == 0 { 0 } else { 4 * level - 2 }
}

/// Some blocks on end, of one level and in one group: `count` from `number` on,
/// a position in blocks of that level. Fewer than the group has; of level 0
/// single frames only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) level: u32,
    pub(crate) number: u64,
    pub(crate) count: u64,
}

impl Run {
    /// One block.
    pub(crate) fn one(level: u32, number: u64) -> Self {
        Self { level, number, count: 1 }
    }

    /// Frames in a run.
    pub(crate) fn len(self) -> u64 {
        self.count << bits(self.level)
    }
}

/// The runs of blocks, none above level `top`, that frames `[from, to)` are
/// made of, in order of time.
pub(crate) fn runs(from: u64, to: u64, top: u32) -> impl Iterator<Item = Run> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|&left| left > 0)?;
        let level_of = |power: u32| (power + 2) / 4;
        let level = level_of(at.trailing_zeros()).min(level_of(left.ilog2())).min(top).min(TOP);
        let number = at >> bits(level);
        let group = 1 << group_bits(level);
        let place = number % group;
        let count = (left >> bits(level)).min(group - place);
        let joined = level > 0 && level < top && (place == 0 || place + count == group);
        let run = Run { level, number, count: if joined { count } else { 1 } };
        at += run.len();
        Some(run)
    })
}

/// The values of a frame, or those of a run where they are kept.
///
/// # Errors
/// [`ViewError::MissingFrames`] for a frame before a part of a track.
#[inline]
pub(crate) fn at_hand<'a>(row: &Row<'a>, kept: &'a Kept, run: Run) -> Result<Option<&'a [f32]>, ViewError> {
    if run.level == 0 { row.frame(run.number as i64).map(Some) } else { Ok(kept.get(run)) }
}

/// Appends the values of a run that is not kept, computed from blocks that are,
/// or from frames.
///
/// # Errors
/// As [`at_hand`].
pub(crate) fn compute<F: Fold>(
    row: &Row<'_>,
    kept: &Kept,
    run: Run,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let (level, numbers) = if run.count > 1 {
        (run.level, run.number..run.number + run.count)
    } else {
        let below = run.level - 1;
        (below, run.number << group_bits(below)..(run.number + 1) << group_bits(below))
    };
    // The blocks follow the run in `out` until they are joined.
    let below = out.len() + row.width;
    out.resize(below, 0.0);
    for number in numbers {
        let block = Run::one(level, number);
        match at_hand(row, kept, block)? {
            Some(told) => out.extend_from_slice(told),
            None => compute::<F>(row, kept, block, out)?,
        }
    }
    let (own, rows) = out.split_at_mut(below);
    join::<F>(rows.chunks_exact(row.width).map(|row| (row, 1.0)), &mut own[below - row.width..]);
    out.truncate(below);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(from: u64, to: u64, top: u32, expect: &[(u32, u64, u64)]) {
        let found: Vec<_> = runs(from, to, top).map(|run| (run.level, run.number, run.count)).collect();
        assert_eq!(found, expect, "{from}..{to}");
    }

    #[test]
    fn stretches_fall_into_runs() {
        check(0, 0, TOP, &[]);
        check(5, 4, TOP, &[]);
        check(0, 1, TOP, &[(0, 0, 1)]);
        check(0, 3, TOP, &[(0, 0, 1), (0, 1, 1), (0, 2, 1)]);
        check(0, 4, TOP, &[(1, 0, 1)]);
        check(0, 64, TOP, &[(2, 0, 1)]);
        check(0, 16, 1, &[(1, 0, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1)]);
        check(3, 9, TOP, &[(0, 3, 1), (1, 1, 1), (0, 8, 1)]);
        // Within a group, from its beginning, to its end, over its ends.
        check(4, 12, TOP, &[(1, 1, 1), (1, 2, 1)]);
        check(0, 13, TOP, &[(1, 0, 3), (0, 12, 1)]);
        check(51, 64, TOP, &[(0, 51, 1), (1, 13, 3)]);
        check(40, 300, TOP, &[(1, 10, 6), (2, 1, 1), (2, 2, 1), (2, 3, 1), (1, 64, 11)]);
        check(1020, 1092, TOP, &[(1, 255, 1), (2, 16, 1), (1, 272, 1)]);
    }

    proptest! {
        #[test]
        fn runs_tile_their_stretch(from in 0_u64..20_000, length in 0_u64..100_000, top in 0_u32..5) {
            let mut at = from;
            for run in runs(from, from + length, top) {
                prop_assert_eq!(run.number << bits(run.level), at);
                let group = 1 << group_bits(run.level);
                let place = run.number % group;
                prop_assert!(run.level <= top && run.count < group && place + run.count <= group);
                prop_assert!(run.count == 1 || place == 0 || place + run.count == group);
                at += run.len();
            }
            prop_assert_eq!(at, from + length);
            // Three frames and two runs on either side, and a group's inner blocks.
            prop_assert!(top < 4 || runs(from, from + length, top).count() <= 2 * (3 + 2) + 14);
        }
    }
}
