//! What is kept of the blocks of a track, and where each is found.
//!
//! A column reads a few rows, and most of its time goes by waiting for them. So
//! what is read together lies together: three levels form a bundle, in which a
//! block of the third is followed by its two halves and its four quarters. The
//! blocks on either side of a column's edge are then in one or two pages of
//! memory for three levels, and not in one for each.

use crate::ViewError;
use crate::blocks::{Block, LOWEST, compute};
use crate::fold::Fold;
use crate::row::Row;

/// Levels in a bundle.
const LEVELS: u32 = 5;

/// Rows in a bundle: a block, its halves, its quarters.
const ROWS: u64 = (1 << LEVELS) - 1;

/// What is told of all blocks of a row of frames, or of none.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    width: usize,
    /// First frame, and first frame after.
    frames: std::ops::Range<u64>,
    /// Bundles of levels 2 to 4, 5 to 7...: the number of the first bundle, and
    /// the values of all. Rows of blocks that are not whole are zeros.
    bundles: Vec<(u64, Vec<f32>)>,
}

impl Kept {
    /// Computes the values of all blocks.
    ///
    /// # Errors
    /// None but for rows that are not what they say.
    pub(crate) fn of<F: Fold>(row: &Row<'_>) -> Result<Self, ViewError> {
        let first = row.first() as u64;
        let frames = first..(row.last() + 1) as u64;
        let mut kept = Self { width: row.width, frames: first..first, bundles: Vec::new() };
        let mut told = Vec::new();
        for level in LOWEST.. {
            let numbers = frames.start.div_ceil(1 << level)..frames.end >> level;
            if numbers.is_empty() {
                break;
            }
            if (level - LOWEST) % LEVELS == 0 {
                let top = level + LEVELS - 1;
                let bundles = (frames.start >> top)..frames.end.div_ceil(1 << top);
                let rows = (bundles.end - bundles.start) * ROWS;
                kept.bundles.push((bundles.start, vec![0.0; rows as usize * row.width]));
            }
            for number in numbers {
                let block = Block { level, number };
                told.clear();
                compute::<F>(row, &kept, block, &mut told)?;
                if let Some(out) = kept.place(block).and_then(|(bundle, from)| {
                    kept.bundles.get_mut(bundle)?.1.get_mut(from..from + row.width)
                }) {
                    out.copy_from_slice(&told);
                }
            }
            // Blocks of this level are there for the next.
            kept.frames = frames.clone();
        }
        Ok(kept)
    }

    /// The values of a block above frames, if they are kept.
    #[inline]
    pub(crate) fn get(&self, block: Block) -> Option<&[f32]> {
        let first = block.number << block.level;
        if first < self.frames.start || first + block.len() > self.frames.end {
            return None;
        }
        let (bundle, from) = self.place(block)?;
        self.bundles.get(bundle)?.1.get(from..from + self.width)
    }

    /// The bundle's height among bundles, and where in their values a block's
    /// begin.
    #[inline]
    fn place(&self, Block { level, number }: Block) -> Option<(usize, usize)> {
        let height = level.checked_sub(LOWEST)? / LEVELS;
        let below_top = LEVELS - 1 - (level - LOWEST) % LEVELS;
        let first = self.bundles.get(height as usize)?.0;
        let bundle = (number >> below_top).checked_sub(first)?;
        let within = (1 << below_top) - 1 + (number & ((1 << below_top) - 1));
        Some((height as usize, (bundle * ROWS + within) as usize * self.width))
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.bundles.is_empty()
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bundles.iter().map(|(_, told)| size_of_val(told.as_slice())).sum()
    }
}
