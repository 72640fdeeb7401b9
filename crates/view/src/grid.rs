//! The edges of a view's columns, in beats.

use agogic_timebase::{Beats, Delta};

use crate::ViewError;

/// Columns that a grid may have: 16 Mi, a day of 1/32 notes at 1000 bpm and
/// more than five times that.
pub const MAX_COLUMNS: usize = 1 << 24;

/// Denominators that a step is tried against: covers 1/64 notes in triplets,
/// quintuplets and septuplets, and the usual ticks per quarter note.
const MAX_DENOMINATOR: u32 = 4096;

/// Whole numbers up to here are exact in an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The edges of columns: `n` columns have `n + 1` edges, finite and strictly
/// increasing. Column `c` is `[edges[c], edges[c + 1])`.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    edges: Vec<Beats>,
}

impl Grid {
    /// A grid of the given edges.
    ///
    /// # Errors
    /// [`ViewError::NoColumns`] for fewer than two edges,
    /// [`ViewError::TooManyColumns`], and [`ViewError::Edge`] for an edge that
    /// is not finite or not after the one before it.
    pub fn new(edges: Vec<Beats>) -> Result<Self, ViewError> {
        if edges.len() < 2 {
            return Err(ViewError::NoColumns);
        }
        if edges.len() - 1 > MAX_COLUMNS {
            return Err(ViewError::TooManyColumns { columns: (edges.len() - 1) as f64 });
        }
        let bad = (0..edges.len())
            .find(|&edge| !edges[edge].0.is_finite() || (edge > 0 && edges[edge - 1] >= edges[edge]));
        match bad {
            Some(edge) => Err(ViewError::Edge { edge, beat: edges[edge].0 }),
            None => Ok(Self { edges }),
        }
    }

    /// Columns of one length that cover `[from, to)`. The edges are the whole
    /// multiples of `step`, from the last at or before `from` to the first at
    /// or after `to`.
    ///
    /// A step that is a fraction `p / q` of small numbers, such as the triplet
    /// `1.0 / 3.0`, is taken as that fraction: edge `k` is `k * p / q`, rounded
    /// once, and so each third edge is a whole beat exactly.
    ///
    /// # Errors
    /// [`ViewError::Step`] for a step or an end that is not finite, a step that
    /// is not positive, or positions so far out that multiples of the step are
    /// no longer apart; [`ViewError::NoColumns`] where `to` is not after
    /// `from`; [`ViewError::TooManyColumns`].
    pub fn every(step: Delta<Beats>, from: Beats, to: Beats) -> Result<Self, ViewError> {
        let (step, from, to) = (step.raw(), from.0, to.0);
        let impossible = || ViewError::Step { step, from, to };
        if !(step.is_finite() && step > 0.0 && from.is_finite() && to.is_finite()) {
            return Err(impossible());
        }
        if from >= to {
            return Err(ViewError::NoColumns);
        }
        let columns = (to - from) / step;
        if columns > MAX_COLUMNS as f64 {
            return Err(ViewError::TooManyColumns { columns: columns.ceil() });
        }
        let (p, q) = fraction(step);
        // One more for the multiple that the searches below look beyond.
        if (from.abs().max(to.abs()) / step + 2.0) * p.max(1.0) >= EXACT {
            return Err(impossible());
        }
        let edge = |k: i64| k as f64 * p / q;
        let mut first = (from / step).floor() as i64;
        while edge(first) > from {
            first -= 1;
        }
        while edge(first + 1) <= from {
            first += 1;
        }
        let mut last = (to / step).ceil() as i64;
        while edge(last) < to {
            last += 1;
        }
        while edge(last - 1) >= to {
            last -= 1;
        }
        Self::new((first..=last).map(|k| Beats(edge(k))).collect())
    }

    /// The edges, one more than there are columns.
    pub fn edges(&self) -> &[Beats] {
        &self.edges
    }

    /// How many columns there are, at least one.
    pub fn columns(&self) -> usize {
        self.edges.len() - 1
    }
}

/// The fraction `p / q` with the smallest `q` that is this very number, or the
/// number itself over 1.
fn fraction(step: f64) -> (f64, f64) {
    (1..=MAX_DENOMINATOR)
        .map(|q| ((step * f64::from(q)).round(), f64::from(q)))
        .find(|&(p, q)| p / q == step)
        .unwrap_or((step, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(step: f64, from: f64, to: f64, expect: &[f64]) {
        let grid = Grid::every(Delta(Beats(step)), Beats(from), Beats(to)).unwrap();
        let edges: Vec<f64> = grid.edges().iter().map(|edge| edge.0).collect();
        assert_eq!(edges, expect, "every {step} from {from} to {to}");
    }

    #[test]
    fn edges_are_whole_multiples() {
        check(1.0, 0.0, 2.0, &[0.0, 1.0, 2.0]);
        check(0.25, 0.3, 0.6, &[0.25, 0.5, 0.75]);
        check(1.0, -0.5, 0.5, &[-1.0, 0.0, 1.0]);
        check(4.0, 4.0, 4.5, &[4.0, 8.0]);
        check(1.0 / 3.0, 0.0, 1.0, &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
        check(0.1, 0.3, 0.5, &[0.3, 0.4, 0.5]);
        check(std::f64::consts::PI, 1.0, 4.0, &[0.0, std::f64::consts::PI, 2.0 * std::f64::consts::PI]);
    }

    #[test]
    fn a_million_triplets_do_not_drift() {
        let grid = Grid::every(Delta(Beats(1.0 / 3.0)), Beats(0.0), Beats(1e6)).unwrap();
        assert_eq!(grid.columns(), 3_000_000);
        assert!(grid.edges().iter().step_by(3).enumerate().all(|(beat, edge)| edge.0 == beat as f64));
    }

    #[test]
    fn impossible_grids_are_refused() {
        let every = |step, from, to| Grid::every(Delta(Beats(step)), Beats(from), Beats(to)).unwrap_err();
        for (step, from, to, expect) in [
            (0.0, 0.0, 1.0, "a grid step of 0 beats cannot reach from beat 0 to beat 1"),
            (-1.0, 0.0, 1.0, "a grid step of -1 beats cannot reach from beat 0 to beat 1"),
            (f64::NAN, 0.0, 1.0, "a grid step of NaN beats cannot reach from beat 0 to beat 1"),
            (1.0, 0.0, f64::INFINITY, "a grid step of 1 beats cannot reach from beat 0 to beat inf"),
            (1.0, 1.0, 1.0, "the grid has no columns"),
            (1.0, 2.0, 1.0, "the grid has no columns"),
            (1e-9, 0.0, 1.0, "1000000000 columns are more than the 16777216 that a grid may have"),
        ] {
            assert_eq!(every(step, from, to).to_string(), expect);
        }
        assert!(matches!(every(0.5, 1e17, 1e17 + 64.0), ViewError::Step { .. }));
        assert!(matches!(every(f64::MIN_POSITIVE, 0.0, 1.0), ViewError::TooManyColumns { .. }));
        for edges in [
            vec![],
            vec![0.0],
            vec![0.0, 0.0],
            vec![1.0, 0.5],
            vec![0.0, f64::NAN],
            vec![f64::NEG_INFINITY, 0.0],
        ] {
            assert!(Grid::new(edges.iter().copied().map(Beats).collect()).is_err(), "{edges:?}");
        }
    }
}
