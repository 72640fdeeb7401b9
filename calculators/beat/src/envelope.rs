//! The onset strength as the rest needs it: at a moderate rate, and of the same level
//! throughout.

/// Frames a second that are enough; more are summed in pairs, threes and so on.
const MOST_FRAMES: f64 = 130.0;
/// Half the length of the mean that is taken off, in seconds.
const MEAN: f64 = 0.5;
/// Half the length over which the level is measured, in seconds.
const LEVEL: f64 = 4.0;
/// Share of the whole asset's level that the local one is never below.
const QUIET: f64 = 0.1;

/// An onset strength without its mean and of even level.
pub(crate) struct Envelope {
    pub(crate) values: Vec<f32>,
    /// Frames of the input in one value.
    pub(crate) factor: usize,
    /// Values a second.
    pub(crate) rate: f64,
}

impl Envelope {
    /// Of strengths at so many frames a second.
    pub(crate) fn new(strengths: &[f32], frames: f64) -> Self {
        let factor = ((frames / MOST_FRAMES).ceil() as usize).max(1);
        let rate = frames / factor as f64;
        let sums = strengths.chunks(factor).map(|chunk| chunk.iter().sum::<f32>() / factor as f32);
        let mut values: Vec<f32> = sums.collect();
        let means = around(&values, (MEAN * rate) as usize);
        for (value, mean) in values.iter_mut().zip(means) {
            *value = (*value - mean as f32).max(0.0);
        }
        let squares: Vec<f32> = values.iter().map(|value| value * value).collect();
        let whole = squares.iter().map(|&x| f64::from(x)).sum::<f64>() / squares.len().max(1) as f64;
        let levels = around(&squares, (LEVEL * rate) as usize);
        for (value, level) in values.iter_mut().zip(levels) {
            let level = level.sqrt().max(QUIET * whole.sqrt());
            *value = if level > 0.0 { (f64::from(*value) / level) as f32 } else { 0.0 };
        }
        Self { values, factor, rate }
    }

    /// Adds so much of another, of as many values.
    pub(crate) fn add(&mut self, other: &Self, weight: f32) {
        for (value, other) in self.values.iter_mut().zip(&other.values) {
            *value += weight * other;
        }
    }
}

/// The mean of the values up to `half` before and after each.
pub(crate) fn around(values: &[f32], half: usize) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for &value in values {
        sum += f64::from(value);
        sums.push(sum);
    }
    let mean = |i: usize| {
        let (from, to) = (i.saturating_sub(half), (i + half + 1).min(values.len()));
        (sums[to] - sums[from]) / (to - from) as f64
    };
    (0..values.len()).map(mean).collect()
}
