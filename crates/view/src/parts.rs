//! The parts of a column: frames or shares of them, and runs of blocks, each
//! with its weight. What lives here: gathering what is told of them, kept or
//! computed, and joining it. What does not: which parts a column has (`dense`).

use std::hint::black_box;

use crate::ViewError;
use crate::blocks::{Run, at_hand, compute};
use crate::fold::{Fold, join};
use crate::kept::Kept;
use crate::row::Row;

/// Values in a line of the processor's cache.
const LINE: usize = 16;

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

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.computed.clear();
    }

    /// Adds a run of blocks, which weighs as much as it has frames.
    ///
    /// # Errors
    /// [`ViewError::MissingFrames`] for a frame before a part of a track.
    #[inline]
    pub(crate) fn run<F: Fold>(&mut self, row: &Row<'a>, kept: &'a Kept, run: Run) -> Result<(), ViewError> {
        let told = match at_hand(row, kept, run)? {
            Some(told) => Told::Kept(told),
            None => {
                let from = self.computed.len();
                compute::<F>(row, kept, run, &mut self.computed)?;
                Told::Computed(from)
            }
        };
        self.list.push(Part { told, weight: run.len() as f64 });
        Ok(())
    }

    /// Adds a part of a frame.
    ///
    /// # Errors
    /// As [`Self::run`].
    #[inline]
    pub(crate) fn frame(&mut self, row: &Row<'a>, i: i64, weight: f64) -> Result<(), ViewError> {
        self.list.push(Part { told: Told::Kept(row.frame(i)?), weight });
        Ok(())
    }

    /// What is told of each, with its weight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[f32], f64)> + Clone {
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
        self.fetch();
        join::<F>(self.iter(), out);
    }

    /// Reads a value of each cache line, row by row, so that the processor
    /// waits for many at once and sees rows that it can read ahead.
    fn fetch(&self) {
        let lines = self.iter().flat_map(|(told, _)| told.iter().step_by(LINE));
        black_box(lines.fold(0, |all, value| all | value.to_bits()));
    }
}
