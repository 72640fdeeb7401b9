//! What is kept of the blocks of a track, and where each run of them is found.
//!
//! A column reads a few rows, and most of its time goes by waiting for memory.
//! So each group of blocks has, beside the blocks themselves, every run that
//! begins or ends with the group, and those that meet at an edge lie side by
//! side.

use crate::ViewError;
use crate::blocks::{Run, bits, compute, group_bits};
use crate::fold::Fold;
use crate::row::Row;

/// Blocks in a group of any level above frames.
const GROUP: u64 = 1 << group_bits(1);

/// Rows of a group: its blocks, then for each edge between two of them all
/// blocks before it and all after.
const ROWS: u64 = GROUP + 2 * (GROUP - 1);

/// What is told of all runs in a row of frames, or of none.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    width: usize,
    /// First frame, and first frame after.
    frames: std::ops::Range<u64>,
    /// The groups of levels 1, 2...
    levels: Vec<Groups>,
}

/// The groups of one level: the number of the first, and the values of all.
/// Rows of runs that are not whole are zeros.
#[derive(Debug)]
struct Groups {
    first: u64,
    told: Vec<f32>,
}

impl Kept {
    /// Computes the values of all runs.
    ///
    /// # Errors
    /// [`ViewError::MissingFrames`], if the row had fewer frames than it says.
    pub(crate) fn of<F: Fold>(row: &Row<'_>) -> Result<Self, ViewError> {
        let frames = row.first() as u64..(row.last() + 1) as u64;
        let mut kept = Self { width: row.width, frames: frames.clone(), levels: Vec::new() };
        for level in 1.. {
            let numbers = frames.start.div_ceil(1 << bits(level))..frames.end >> bits(level);
            if numbers.is_empty() {
                break;
            }
            let first = numbers.start / GROUP;
            let groups = numbers.end.div_ceil(GROUP) - first;
            let told = vec![0.0; (groups * ROWS) as usize * row.width];
            kept.levels.push(Groups { first, told });
            let mut told = Vec::new();
            let mut keep = |kept: &mut Self, run| {
                told.clear();
                compute::<F>(row, kept, run, &mut told)?;
                if let Some((groups, from)) = kept.place(run)
                    && let Some(out) = kept.levels[groups].told.get_mut(from..from + row.width)
                {
                    out.copy_from_slice(&told);
                }
                Ok::<(), ViewError>(())
            };
            for number in numbers.clone() {
                keep(&mut kept, Run::one(level, number))?;
            }
            for group in first..first + groups {
                let (start, end) = (group * GROUP, (group + 1) * GROUP);
                for edge in start + 1..end {
                    for run in [start..edge, edge..end] {
                        let count = run.end - run.start;
                        if count > 1 && run.start >= numbers.start && run.end <= numbers.end {
                            keep(&mut kept, Run { level, number: run.start, count })?;
                        }
                    }
                }
            }
        }
        Ok(kept)
    }

    /// The values of a run above frames, if they are kept.
    #[inline]
    pub(crate) fn get(&self, run: Run) -> Option<&[f32]> {
        let first = run.number << bits(run.level);
        if first < self.frames.start || first + run.len() > self.frames.end {
            return None;
        }
        let (groups, from) = self.place(run)?;
        self.levels[groups].told.get(from..from + self.width)
    }

    /// The index of the groups that a run belongs to, and where in their values
    /// its own begin.
    #[inline]
    fn place(&self, Run { level, number, count }: Run) -> Option<(usize, usize)> {
        let index = (level as usize).checked_sub(1)?;
        let group = (number / GROUP).checked_sub(self.levels.get(index)?.first)?;
        let row = match (number % GROUP, count) {
            (place, 1) => place,
            (0, edge) => GROUP + 2 * (edge - 1),
            (edge, _) => GROUP + 2 * (edge - 1) + 1,
        };
        Some((index, (group * ROWS + row) as usize * self.width))
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.levels.iter().map(|groups| size_of_val(groups.told.as_slice())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{Greatest, Mean, Root};

    /// Three levels of a track that begins within a group.
    #[track_caller]
    fn check<F: Fold>() {
        let values: Vec<f32> = (0..5000_u32).map(|i| (i * 7919 % 1013) as f32 - 300.3).collect();
        let row = Row::even(0.0, 1.0, &[]).with(37, &values);
        let (kept, none) = (Kept::of::<F>(&row).unwrap(), Kept::default());
        let mut told = Vec::new();
        for level in 1..=3 {
            let frames = 1 << bits(level);
            for number in 0..5100 / frames {
                let place = number % GROUP;
                let to_here = Run { level, number: number - place, count: place + 1 };
                let from_here = Run { level, number, count: GROUP - place };
                for run in [Run::one(level, number), to_here, from_here] {
                    if run.count == GROUP {
                        continue;
                    }
                    let (first, end) = (run.number * frames, run.number * frames + run.len());
                    assert_eq!(kept.get(run).is_some(), first >= 37 && end <= 5037, "{run:?}");
                    if let Some(kept) = kept.get(run) {
                        told.clear();
                        compute::<F>(&row, &none, run, &mut told).unwrap();
                        assert_eq!(kept[0].to_bits(), told[0].to_bits(), "{run:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn kept_runs_are_as_computed() {
        check::<Mean>();
        check::<Root>();
        check::<Greatest>();
    }
}
