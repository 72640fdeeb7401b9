//! The cumulative mean normalised difference of frames, and its troughs: what both
//! ways to a pitch begin with.

use agogic_dsp::Autocorrelation;

/// Frames with less energy than this, `sum x^2`, count as silent.
const SILENT: f64 = 1e-30;

/// What the samples of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    /// Some sound.
    Some,
    /// Nothing but zeros, or next to it: the difference is 0 at all lags.
    Silent,
    /// NaN or infinity among them, or so loud that the squares are: the
    /// difference is 0 at all lags.
    Bad,
}

/// The cumulative mean normalised difference `d'` of two frames at a time.
///
/// `d(k) = sum (x[n] - x[n + k])^2` over the samples of a frame, zeros behind them:
/// `2 (r(0) - r(k)) - sum x[n]^2` over `n < k`, where `r` is the autocorrelation; and
/// `d'(k) = d(k) / mean(d(1), .., d(k))`. The lags are the periods `min..=max`.
pub(crate) struct Difference {
    autocorrelation: Autocorrelation,
    min: usize,
    lags: [Vec<f32>; 2],
    rows: [Vec<f32>; 2],
}

impl Difference {
    /// For frames of so many samples; `1 <= min < max < frame_length`.
    pub(crate) fn new(frame_length: usize, min: usize, max: usize) -> Result<Self, String> {
        let autocorrelation =
            Autocorrelation::new(frame_length, max).map_err(|error| format!("frame_length: {error}"))?;
        let lags = || vec![0.0; max + 1];
        let row = || vec![0.0; max + 1 - min];
        Ok(Self { autocorrelation, min, lags: [lags(), lags()], rows: [row(), row()] })
    }

    /// The rows of one frame or of two.
    pub(crate) fn of(&mut self, frames: &[&[f32]], mut give: impl FnMut(&[f32], Sound)) {
        let [even, odd] = &mut self.lags;
        match frames {
            [a, b] => self.autocorrelation.two([a, b], [even, odd]),
            [a] => self.autocorrelation.one(a, even),
            _ => return,
        }
        for ((frame, lags), row) in frames.iter().zip(&self.lags).zip(&mut self.rows) {
            let sound = normalise(frame, lags, self.min, row);
            give(row, sound);
        }
    }
}

fn normalise(frame: &[f32], lags: &[f32], min: usize, row: &mut [f32]) -> Sound {
    let energy = energy(frame);
    let sound = match energy {
        _ if !energy.is_finite() || !lags[0].is_finite() => Sound::Bad,
        SILENT.. => Sound::Some,
        _ => Sound::Silent,
    };
    if sound != Sound::Some {
        row.fill(0.0);
        return sound;
    }
    // Both sums are next to nothing only where all that was summed is.
    let least = 1e-12 * energy;
    let (mut head, mut sum) = (0.0, 0.0);
    let mut difference = |x: f32, r: f32| {
        head += f64::from(x) * f64::from(x);
        let difference = 2.0 * (energy - f64::from(r)) - head;
        sum += difference;
        (difference, sum)
    };
    let mut all = frame.iter().zip(&lags[1..]);
    for (&x, &r) in all.by_ref().take(min - 1) {
        difference(x, r);
    }
    let mut k = min as f64;
    for (value, (&x, &r)) in row.iter_mut().zip(all) {
        let (difference, sum) = difference(x, r);
        *value = (difference * k / if sum > least { sum } else { least }) as f32;
        k += 1.0;
    }
    sound
}

/// The sum of the squares, in independent sums, which the compiler can vectorise.
fn energy(frame: &[f32]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let (chunks, rest) = frame.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(x) * f64::from(x);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
}

/// The places of a row that are lower than both neighbours, in order: the first
/// if it is lower than the second, the last if lower than the one before.
pub(crate) fn troughs(row: &[f32]) -> impl Iterator<Item = usize> + '_ {
    let first = (row.len() > 1 && row[0] < row[1]).then_some(0);
    let inner = row.windows(3).enumerate().filter(|(_, w)| w[1] < w[0] && w[1] <= w[2]).map(|(i, _)| i + 1);
    let last = row.len().checked_sub(1).filter(|&last| last > 0 && row[last] < row[last - 1]);
    first.into_iter().chain(inner).chain(last)
}

/// How far from place `i` the parabola through it and its neighbours has its
/// vertex; 0 at either end and where that is not within one place.
pub(crate) fn shift(row: &[f32], i: usize) -> f64 {
    let Some(&[left, here, right]) = i.checked_sub(1).and_then(|left| row.get(left..left + 3)) else {
        return 0.0;
    };
    let [left, here, right] = [left, here, right].map(f64::from);
    let (bend, slope) = (right + left - 2.0 * here, (right - left) / 2.0);
    if slope.abs() >= bend.abs() { 0.0 } else { -slope / bend }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_defined() {
        let frame: Vec<f32> =
            (0..500u32).map(|i| (i as f32 * 0.1).sin() + (i * i % 17) as f32 * 0.01).collect();
        let at = |i: usize| frame.get(i).copied().map_or(0.0, f64::from);
        let d = |k: usize| (0..500).map(|n| (at(n) - at(n + k)).powi(2)).sum::<f64>();
        let mut difference = Difference::new(500, 5, 300).expect("a valid length");
        let mut seen = 0;
        difference.of(&[&frame, &frame], |row, sound| {
            assert_eq!((row.len(), sound), (296, Sound::Some));
            for (k, &value) in (5..).zip(row).step_by(7) {
                let expect = d(k) / ((1..=k).map(d).sum::<f64>() / k as f64);
                assert!((f64::from(value) - expect).abs() < 1e-5, "{k}: {value} is not {expect}");
            }
            seen += 1;
        });
        assert_eq!(seen, 2);
    }

    #[test]
    fn silence_and_what_is_no_number() {
        let mut difference = Difference::new(64, 2, 32).expect("a valid length");
        let sine: Vec<f32> = (0..64u8).map(|i| f32::from(i).sin()).collect();
        for (bad, expect) in [
            (0.0, Sound::Silent),
            (1e-20, Sound::Silent),
            (f32::NAN, Sound::Bad),
            (f32::INFINITY, Sound::Bad),
            (f32::MAX, Sound::Bad),
            (1e12, Sound::Some),
            (1e-12, Sound::Some),
        ] {
            let mut alone = vec![];
            difference.of(&[&sine], |row, _| alone = row.to_vec());
            let mut sounds = vec![];
            difference.of(&[&[bad; 64], &sine], |row, sound| {
                if sounds.len() == 1 {
                    assert_eq!(row, alone);
                }
                sounds.push(sound);
                assert!(row.iter().all(|value| value.is_finite()));
            });
            assert_eq!(sounds, [expect, Sound::Some], "{bad}");
        }
    }

    #[test]
    fn troughs_and_vertices() {
        let all = |row: &[f32]| troughs(row).collect::<Vec<_>>();
        assert_eq!(all(&[1.0, 0.0, 1.0, 2.0, -1.0, 0.0, -2.0, 1.0]), [1, 4, 6]);
        assert_eq!(all(&[0.0, 1.0, 1.0, 0.5, 0.5, 0.2]), [0, 3, 5]);
        assert_eq!(all(&[0.0; 9]), []);
        assert_eq!(all(&[0.0]), []);
        let row = [4.0, 1.0, 0.0, 1.0, 9.0, 0.0];
        assert_eq!([0, 2, 5, 9].map(|i| shift(&row, i)), [0.0; 4]);
        // The parabola (x - 1.25)^2.
        assert!((shift(&[1.5625, 0.0625, 0.5625], 1) - 0.25).abs() < 1e-12);
    }
}
