//! Blocks of frames, and what is told of each per channel and bin. What lives
//! here: the decomposition of a stretch of frames into aligned blocks, and the
//! one order in which frames become a block. What does not: what is told
//! (`fold`), keeping it (`kept`), weights (`dense`).
//!
//! A block of level `k` has `2^k` frames and begins at a multiple of its
//! length, counted in frames of the whole track. A frame is a block of level 0,
//! and level 1 is left out: pairs would cost more memory than all other levels
//! together, and two neighbouring frames are read as fast. A block of an even
//! level comes from the four blocks two levels below, as `(0 + 1) + (2 + 3)`;
//! one of an odd level from the two blocks below. Each is computed in 64 bits
//! and kept in 32. As nothing but absolute frame numbers decides what is joined
//! with what, the result has the same bits whether blocks are kept or computed
//! anew, from the whole track or from a part.

use crate::ViewError;
use crate::fold::{Fold, join_four, join_two};
use crate::kept::Kept;
use crate::row::Row;

/// No track has more frames than a block of this level.
pub(crate) const TOP: u32 = 62;

/// The lowest level above frames.
pub(crate) const LOWEST: u32 = 2;

/// A block: its level and its number, the position of its first frame in
/// blocks of that level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) level: u32,
    pub(crate) number: u64,
}

impl Block {
    /// Frames in a block.
    pub(crate) fn len(self) -> u64 {
        1 << self.level
    }
}

/// The fewest blocks, none above `top`, that frames `[from, to)` are made of,
/// in order of time.
pub(crate) fn blocks(from: u64, to: u64, top: u32) -> impl Iterator<Item = Block> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|&left| left > 0)?;
        let level = at.trailing_zeros().min(left.ilog2()).min(top).min(TOP);
        let level = if level < LOWEST { 0 } else { level };
        let block = Block { level, number: at >> level };
        at += block.len();
        Some(block)
    })
}

/// The values of a frame, or those of a block where they are kept.
///
/// # Errors
/// [`ViewError::MissingFrames`] for a frame before a part of a track.
#[inline]
pub(crate) fn at_hand<'a>(
    row: &Row<'a>,
    kept: &'a Kept,
    block: Block,
) -> Result<Option<&'a [f32]>, ViewError> {
    if block.level == 0 { row.frame(block.number as i64).map(Some) } else { Ok(kept.get(block)) }
}

/// Appends the values of a block that is not kept, computed from blocks below
/// that are, or from frames.
///
/// # Errors
/// As [`at_hand`].
pub(crate) fn compute<F: Fold>(
    row: &Row<'_>,
    kept: &Kept,
    Block { level, number }: Block,
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    // Blocks that it comes from, as a power of two. They follow it in `out`
    // until they are joined.
    let shift = 2 - level % 2;
    let below = out.len() + row.width;
    out.resize(below, 0.0);
    for number in (number << shift)..((number + 1) << shift) {
        let block = Block { level: level - shift, number };
        match at_hand(row, kept, block)? {
            Some(told) => out.extend_from_slice(told),
            None => compute::<F>(row, kept, block, out)?,
        }
    }
    let (own, rows) = out.split_at_mut(below);
    let own = &mut own[below - row.width..];
    match shift {
        1 => join_two::<F>(rows, own),
        _ => join_four::<F>(rows, own),
    }
    out.truncate(below);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: u64, to: u64, top: u32, expect: &[(u32, u64)]) {
        let found: Vec<_> = blocks(from, to, top).map(|block| (block.level, block.number)).collect();
        assert_eq!(found, expect, "{from}..{to}");
    }

    #[test]
    fn stretches_fall_into_aligned_blocks() {
        check(0, 0, TOP, &[]);
        check(5, 4, TOP, &[]);
        check(0, 1, TOP, &[(0, 0)]);
        check(0, 2, TOP, &[(0, 0), (0, 1)]);
        check(0, 8, TOP, &[(3, 0)]);
        check(0, 16, TOP, &[(4, 0)]);
        check(0, 16, 2, &[(2, 0), (2, 1), (2, 2), (2, 3)]);
        check(0, 5, 1, &[(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]);
        check(3, 9, TOP, &[(0, 3), (2, 1), (0, 8)]);
        check(15, 37, TOP, &[(0, 15), (4, 1), (2, 8), (0, 36)]);
        check(2, 24, TOP, &[(0, 2), (0, 3), (2, 1), (3, 1), (3, 2)]);
    }
}
