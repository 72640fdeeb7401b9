//! The tempo along time: the likeliest way through the periodicities.

use crate::periodicity::{PER_OCTAVE, Periods, STEP, scan};

/// How far the period may move in one step, in cells of the row of periods.
const REACH: usize = 4;
/// What a move costs, per octave squared; a perfect period gains 1 in a step.
const STIFFNESS: f32 = 20.0;

/// The periods along time.
pub(crate) struct Curve {
    /// The period at each step, in values of the envelope.
    pub(crate) periods: Vec<f64>,
    /// Values of the envelope in a step.
    pub(crate) step: f64,
    /// How well the periods of the whole row explain the asset, on average.
    pub(crate) mean: Vec<f32>,
}

impl Curve {
    /// Through the periodicities of an envelope, each weighted by its prior.
    pub(crate) fn new(values: &[f32], rate: f64, periods: &Periods, prior: &[f32]) -> Self {
        let cells = periods.frames.len();
        let mut best = vec![0.0f32; cells];
        let mut next = vec![0.0f32; cells];
        let mut mean = vec![0.0f32; cells];
        let mut back: Vec<i8> = vec![];
        let cost: Vec<f32> = (0..=2 * REACH)
            .map(|i| {
                let octaves = (i as f32 - REACH as f32) / PER_OCTAVE as f32;
                STIFFNESS * octaves * octaves
            })
            .collect();
        scan(values, rate, periods, |scores| {
            for cell in 0..cells {
                let from = cell.saturating_sub(REACH);
                let to = (cell + REACH + 1).min(cells);
                let (mut top, mut whence) = (f32::NEG_INFINITY, 0i8);
                for before in from..to {
                    let value = best[before] - cost[before + REACH - cell];
                    if value > top {
                        (top, whence) = (value, (before as isize - cell as isize) as i8);
                    }
                }
                next[cell] = top + scores[cell] * prior[cell];
                mean[cell] += scores[cell];
                back.push(whence);
            }
            std::mem::swap(&mut best, &mut next);
        });
        let steps = back.len() / cells.max(1);
        let mut cell = (0..cells).fold(0, |top, cell| if best[cell] > best[top] { cell } else { top });
        let mut path = vec![0.0; steps];
        for step in (0..steps).rev() {
            path[step] = periods.frames[cell];
            cell = (cell as isize + isize::from(back[step * cells + cell])) as usize;
        }
        mean.iter_mut().for_each(|sum| *sum /= steps.max(1) as f32);
        Self { periods: path, step: ((STEP * rate).round()).max(1.0), mean }
    }

    /// The same course at so many times the periods; without the row's means.
    pub(crate) fn scaled(&self, multiple: f64) -> Self {
        let periods = self.periods.iter().map(|period| period * multiple).collect();
        Self { periods, step: self.step, mean: vec![] }
    }

    /// The period at a value of the envelope.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let place = value / self.step;
        let below = (place as usize).min(self.periods.len() - 1);
        let above = (below + 1).min(self.periods.len() - 1);
        let part = (place - below as f64).min(1.0);
        self.periods[below] * (1.0 - part) + self.periods[above] * part
    }
}
