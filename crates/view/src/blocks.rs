//! Blocks of frames, and what is known of one: mean, root mean square, least or
//! greatest value, per channel and bin. What lives here: the decomposition of a
//! stretch of frames into aligned blocks, and the one order in which values are
//! joined. What does not: keeping them (`pyramid`), weights (`dense`).
//!
//! A block of level `k` has `4^k` frames and begins at a multiple of its
//! length, counted in frames of the whole track. What is known of it comes from
//! its four blocks of level `k - 1`, is computed in 64 bits as
//! `(0 + 1) + (2 + 3)` and kept in 32. As nothing but absolute frame numbers
//! decides what is joined with what, the result has the same bits whether
//! blocks are kept or computed anew, from the whole track or from a part.

use crate::ViewError;
use crate::row::Row;

/// Blocks of one level in a block of the next, as a power of two.
const SHIFT: u32 = 2;

/// No track has more frames than a block of this level.
pub(crate) const TOP: u32 = 31;

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
        1 << (SHIFT * self.level)
    }
}

/// The fewest blocks, none above `top`, that frames `[from, to)` are made of,
/// in order of time.
pub(crate) fn blocks(from: u64, to: u64, top: u32) -> impl Iterator<Item = Block> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|&left| left > 0)?;
        let aligned = at.trailing_zeros() / SHIFT;
        let level = aligned.min(left.ilog2() / SHIFT).min(top).min(TOP);
        let block = Block { level, number: at >> (SHIFT * level) };
        at += block.len();
        Some(block)
    })
}

/// Something that is known of a block for each of its values.
pub(crate) trait Fold {
    /// What a stretch of blocks adds up to.
    type Sum: Copy;
    /// That of no block at all.
    const NOTHING: Self::Sum;
    /// With one more block of so many frames, or part of one.
    fn add(sum: Self::Sum, known: f32, frames: f64) -> Self::Sum;
    /// What is known of a block, from what is known of its four. A frame is its
    /// own.
    fn block(four: [f32; 4]) -> f32;
}

/// The mean. Quarters are exact and rounding keeps order, so that no block's
/// mean leaves the range of its frames.
pub(crate) struct Mean;

impl Fold for Mean {
    type Sum = f64;
    const NOTHING: f64 = 0.0;
    #[inline]
    fn add(sum: f64, known: f32, frames: f64) -> f64 {
        sum + frames * f64::from(known)
    }
    #[inline]
    fn block(four: [f32; 4]) -> f32 {
        let [a, b, c, d] = four.map(f64::from);
        (((a + b) + (c + d)) * 0.25) as f32
    }
}

/// The root mean square; the sign of a frame does not matter.
pub(crate) struct Root;

impl Fold for Root {
    type Sum = f64;
    const NOTHING: f64 = 0.0;
    #[inline]
    fn add(sum: f64, known: f32, frames: f64) -> f64 {
        // Squares of 32-bit floats are exact in 64 bits.
        sum + frames * (f64::from(known) * f64::from(known))
    }
    #[inline]
    fn block(four: [f32; 4]) -> f32 {
        let [a, b, c, d] = four.map(|known| f64::from(known) * f64::from(known));
        (((a + b) + (c + d)) * 0.25).sqrt() as f32
    }
}

/// The least value.
pub(crate) struct Least;

impl Fold for Least {
    type Sum = f32;
    const NOTHING: f32 = f32::INFINITY;
    #[inline]
    fn add(sum: f32, known: f32, _: f64) -> f32 {
        min(sum, known)
    }
    #[inline]
    fn block([a, b, c, d]: [f32; 4]) -> f32 {
        min(min(a, b), min(c, d))
    }
}

/// The greatest value.
pub(crate) struct Greatest;

impl Fold for Greatest {
    type Sum = f32;
    const NOTHING: f32 = f32::NEG_INFINITY;
    #[inline]
    fn add(sum: f32, known: f32, _: f64) -> f32 {
        max(sum, known)
    }
    #[inline]
    fn block([a, b, c, d]: [f32; 4]) -> f32 {
        max(max(a, b), max(c, d))
    }
}

/// The greater of both, NaN if either is.
#[inline]
pub(crate) fn max(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

/// The lesser of both, NaN if either is.
#[inline]
pub(crate) fn min(a: f32, b: f32) -> f32 {
    if a.is_nan() || a < b { a } else { b }
}

/// What is kept of the blocks of one level: those on end from number `first`,
/// `width` values each.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) first: u64,
    pub(crate) known: Vec<f32>,
}

impl Level {
    /// The values of a block, if they are kept.
    fn get(&self, number: u64, width: usize) -> Option<&[f32]> {
        let from = usize::try_from(number.checked_sub(self.first)?).ok()?.checked_mul(width)?;
        self.known.get(from..from.checked_add(width)?)
    }
}

/// What is known of a block, per channel and bin. `kept` holds levels from 1
/// up; what it does not have is computed from the frames, in `scratch`.
pub(crate) fn known<'a, F: Fold>(
    row: &'a Row<'_>,
    kept: &'a [Level],
    block: Block,
    scratch: &'a mut Vec<f32>,
) -> Result<&'a [f32], ViewError> {
    if block.level == 0 {
        return row.frame(block.number as i64);
    }
    let level = block.level as usize;
    if let Some(known) = kept.get(level - 1).and_then(|kept| kept.get(block.number, row.width)) {
        return Ok(known);
    }
    let room = (4 * (level - 1) + 1) * row.width;
    if scratch.len() < room {
        scratch.resize(room, 0.0);
    }
    let (below, own) = scratch[..room].split_at_mut(room - row.width);
    compute::<F>(row, kept, block, below, own)?;
    Ok(own)
}

/// Computes a block above level 0. Scratch has four rows for each level below
/// it but frames.
fn compute<F: Fold>(
    row: &Row<'_>,
    kept: &[Level],
    Block { level, number }: Block,
    scratch: &mut [f32],
    out: &mut [f32],
) -> Result<(), ViewError> {
    let child = number << SHIFT;
    if level == 1 {
        let frame = |i: u64| row.frame((child + i) as i64);
        join_four::<F>([frame(0)?, frame(1)?, frame(2)?, frame(3)?], out);
        return Ok(());
    }
    let (below, four) = scratch.split_at_mut(scratch.len() - 4 * row.width);
    for (number, own) in (child..).zip(four.chunks_exact_mut(row.width)) {
        match kept.get(level as usize - 2).and_then(|kept| kept.get(number, row.width)) {
            Some(known) => own.copy_from_slice(known),
            None => compute::<F>(row, kept, Block { level: level - 1, number }, below, own)?,
        }
    }
    join_four::<F>(quarters(four, row.width), out);
    Ok(())
}

/// Four rows on end.
pub(crate) fn quarters(four: &[f32], width: usize) -> [&[f32]; 4] {
    let (ab, cd) = four.split_at(2 * width);
    let ((a, b), (c, d)) = (ab.split_at(width), cd.split_at(width));
    [a, b, c, d]
}

/// The one order in which four rows are joined.
pub(crate) fn join_four<F: Fold>([a, b, c, d]: [&[f32]; 4], out: &mut [f32]) {
    let (ab, cd) = (a.iter().zip(b), c.iter().zip(d));
    for (out, ((&a, &b), (&c, &d))) in out.iter_mut().zip(ab.zip(cd)) {
        *out = F::block([a, b, c, d]);
    }
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
        check(0, 16, TOP, &[(2, 0)]);
        check(0, 16, 1, &[(1, 0), (1, 1), (1, 2), (1, 3)]);
        check(3, 9, TOP, &[(0, 3), (1, 1), (0, 8)]);
        check(15, 37, TOP, &[(0, 15), (2, 1), (1, 8), (0, 36)]);
    }

    #[test]
    fn nan_wins() {
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NAN)] {
            assert!(max(a, b).is_nan() && min(a, b).is_nan());
        }
        assert_eq!((max(1.0, 2.0), min(1.0, 2.0)), (2.0, 1.0));
    }
}
