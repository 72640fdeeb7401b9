//! The parts of a column: single frames and blocks, each with its weight. What
//! lives here: gathering what is told of them, kept or computed, and joining
//! it. What does not: which parts a column has (`dense`).

use crate::ViewError;
use crate::blocks::{Block, at_hand, compute};
use crate::fold::{Fold, said};
use crate::kept::Kept;
use crate::row::Row;

/// Values that are joined at once: their sums fit the processor's registers,
/// and they are a line of its cache.
const TILE: usize = 16;

/// Some parts in order of time, and room to compute those that are not kept.
pub(crate) struct Parts<'a> {
    width: usize,
    list: Vec<Part<'a>>,
    computed: Vec<f32>,
}

/// What is told of a part, and its weight in frames.
#[derive(Clone, Copy)]
struct Part<'a> {
    told: Told<'a>,
    weight: f64,
}

#[derive(Clone, Copy)]
enum Told<'a> {
    Kept(&'a [f32]),
    /// From here on in what is computed.
    Computed(usize),
}

impl<'a> Parts<'a> {
    /// None yet, of so many values each.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, list: Vec::new(), computed: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.computed.clear();
    }

    /// Adds a block, which weighs as much as it has frames.
    ///
    /// # Errors
    /// [`ViewError::MissingFrames`] for a frame before a part of a track.
    #[inline]
    pub(crate) fn block<F: Fold>(
        &mut self,
        row: &Row<'a>,
        kept: &'a Kept,
        block: Block,
    ) -> Result<(), ViewError> {
        let told = match at_hand(row, kept, block)? {
            Some(told) => Told::Kept(told),
            None => {
                let from = self.computed.len();
                compute::<F>(row, kept, block, &mut self.computed)?;
                Told::Computed(from)
            }
        };
        self.list.push(Part { told, weight: block.len() as f64 });
        Ok(())
    }

    /// Adds a part of a frame.
    ///
    /// # Errors
    /// As [`Self::block`].
    #[inline]
    pub(crate) fn frame(&mut self, row: &Row<'a>, i: i64, weight: f64) -> Result<(), ViewError> {
        self.list.push(Part { told: Told::Kept(row.frame(i)?), weight });
        Ok(())
    }

    /// What is told of each, with its weight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[f32], f64)> {
        self.list.iter().map(|part| (self.told(part), part.weight))
    }

    #[inline]
    fn told(&self, part: &Part<'a>) -> &[f32] {
        match part.told {
            Told::Kept(told) => told,
            Told::Computed(from) => &self.computed[from..from + self.width],
        }
    }

    /// What is told of all of them together.
    pub(crate) fn join<F: Fold>(&self, out: &mut [f32]) {
        let mut touched = 0_u32;
        for part in &self.list {
            for line in self.told(part).chunks(TILE) {
                touched |= line[0].to_bits();
            }
        }
        std::hint::black_box(touched);
        let share = 1.0 / self.list.iter().map(|part| part.weight).sum::<f64>();
        let (tiles, rest) = out.as_chunks_mut();
        let rest_at = tiles.len() * TILE;
        for (tile, at) in tiles.iter_mut().zip((0..).step_by(TILE)) {
            *tile = self.tile::<F, TILE>(at, share);
        }
        for (value, at) in rest.iter_mut().zip(rest_at..) {
            [*value] = self.tile::<F, 1>(at, share);
        }
    }

    /// Values `at..at + N`. Each part is read once and nothing is written
    /// between, so that the parts are fetched from memory side by side.
    #[inline]
    fn tile<F: Fold, const N: usize>(&self, at: usize, share: f64) -> [f32; N] {
        let mut sums = [F::NOTHING; N];
        for part in &self.list {
            let told = &self.told(part)[at..at + N];
            for (sum, &told) in sums.iter_mut().zip(told) {
                *sum = F::join(*sum, F::weighed(told, part.weight));
            }
        }
        sums.map(|sum| said(F::told(sum, share)))
    }
}
