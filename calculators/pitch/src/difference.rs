//! The cumulative mean normalised difference of frames, and its troughs: what both
//! ways to a pitch begin with.

use agogic_dsp::{OverlappingAutocorrelation, wide};

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
    autocorrelation: OverlappingAutocorrelation,
    min: usize,
    /// From lag 0 on, of both frames side by side.
    lags: Vec<[f32; 2]>,
    /// The samples that lags begin with, side by side as well.
    samples: Vec<[f32; 2]>,
    /// Differences and their sums.
    quotients: Vec<[Four<f32>; 2]>,
    /// From lag 1 on.
    rows: [Vec<f32>; 2],
}

impl Difference {
    /// For frames of so many samples, so far apart; `1 <= min < max < frame_length`.
    pub(crate) fn new(frame_length: usize, hop: usize, min: usize, max: usize) -> Result<Self, String> {
        let autocorrelation = OverlappingAutocorrelation::new(frame_length, hop, max)
            .map_err(|error| format!("frame_length: {error}"))?;
        Ok(Self {
            autocorrelation,
            min,
            lags: vec![[0.0; 2]; max + 1],
            samples: vec![[0.0; 2]; max],
            quotients: vec![[[0.0; 4]; 2]; max.div_ceil(2)],
            rows: [vec![0.0; max], vec![0.0; max]],
        })
    }

    /// The rows of one frame or of two, which follow those before. After a lone one
    /// frames begin anew.
    pub(crate) fn of(&mut self, frames: &[&[f32]], mut give: impl FnMut(&[f32], Sound)) {
        let (pair, energies) = match *frames {
            [a, b] => ([a, b], self.autocorrelation.two([a, b], &mut self.lags)),
            [a] => ([a, a], [self.autocorrelation.one(a, &mut self.lags), 0.0]),
            _ => return,
        };
        let Self { samples, lags, quotients, rows: [even, odd], .. } = self;
        wide(
            #[inline(always)]
            || {
                for (both, (&a, &b)) in samples.iter_mut().zip(pair[0].iter().zip(pair[1])) {
                    *both = [a, b];
                }
                normalise(samples, lags, energies, [even, odd], quotients);
            },
        );
        let firsts = self.lags[0];
        for ((row, energy), lag) in self.rows.iter_mut().zip(energies).zip(firsts).take(frames.len()) {
            let sound = match energy {
                _ if !energy.is_finite() || !lag.is_finite() => Sound::Bad,
                SILENT.. => Sound::Some,
                _ => Sound::Silent,
            };
            if sound != Sound::Some {
                row.fill(0.0);
            }
            give(&row[self.min - 1..], sound);
        }
    }
}

/// Values of two frames side by side, at two lags.
type Four<T> = [T; 4];

/// The rows, from lag 1 on, of two frames, whose samples and autocorrelations stand side
/// by side, because each of the values waits for the one before.
#[inline(always)]
fn normalise(
    samples: &[[f32; 2]],
    lags: &[[f32; 2]],
    energies: [f64; 2],
    [even, odd]: [&mut [f32]; 2],
    quotients: &mut [[Four<f32>; 2]],
) {
    let mut sums = Sums::new(energies);
    let (samples, samples_rest) = samples.as_chunks::<2>();
    let (lags, lags_rest) = lags[1..].as_chunks::<2>();
    for (quotient, (x, r)) in quotients.iter_mut().zip(samples.iter().zip(lags)) {
        *quotient = sums.step(four(x), four(r));
    }
    if let (Some(quotient), &[x], &[r]) = (quotients.last_mut(), samples_rest, lags_rest) {
        *quotient = sums.step(four(&[x, [0.0; 2]]), four(&[r, [0.0; 2]]));
    }
    for (first, row) in [even, odd].into_iter().enumerate() {
        let (twos, rest) = row.as_chunks_mut::<2>();
        let mut lag = 1i32;
        for (two, quotient) in twos.iter_mut().zip(&*quotients) {
            *two = [value(quotient, first, lag), value(quotient, first + 2, lag + 1)];
            lag += 2;
        }
        if let ([one], Some(quotient)) = (rest, quotients.last()) {
            *one = value(quotient, first, lag);
        }
    }
}

#[inline(always)]
fn value([difference, sum]: &[Four<f32>; 2], place: usize, lag: i32) -> f32 {
    difference[place] * lag as f32 / sum[place]
}

#[inline(always)]
fn four(&[[a, b], [c, d]]: &[[f32; 2]; 2]) -> Four<f64> {
    [a, b, c, d].map(f64::from)
}

/// What was summed up so far of two frames; all of it twice, for two lags.
struct Sums {
    energies: Four<f64>,
    least: Four<f64>,
    /// The squares of the samples before the lag.
    heads: Four<f64>,
    /// The differences.
    sums: Four<f64>,
}

impl Sums {
    #[inline(always)]
    fn new([a, b]: [f64; 2]) -> Self {
        let energies = [a, b, a, b];
        // Sums are next to nothing only where all that was summed is.
        let least = energies.map(|energy| 1e-12 * energy);
        Self { energies, least, heads: [0.0; 4], sums: [0.0; 4] }
    }

    /// The differences, and their sums up to them.
    #[inline(always)]
    fn step(&mut self, x: Four<f64>, r: Four<f64>) -> [Four<f32>; 2] {
        let head = running(&mut self.heads, each(|i| x[i] * x[i]));
        let difference = each(|i| 2.0 * (self.energies[i] - r[i]) - head[i]);
        let sum = running(&mut self.sums, difference);
        let sum = each(|i| if sum[i] > self.least[i] { sum[i] } else { self.least[i] });
        [difference, sum].map(|four| four.map(|value| value as f32))
    }
}

/// Sums up to either lag. The two are added up first, so that the next wait for one
/// addition only.
#[inline(always)]
fn running(before: &mut Four<f64>, values: Four<f64>) -> Four<f64> {
    let both = [values[0], values[1], values[0] + values[2], values[1] + values[3]];
    let sums: Four<f64> = each(|i| before[i] + both[i]);
    *before = [sums[2], sums[3], sums[2], sums[3]];
    sums
}

#[inline(always)]
fn each(value: impl Fn(usize) -> f64) -> Four<f64> {
    std::array::from_fn(value)
}

/// The places of the troughs of a row, in order.
pub(crate) fn troughs(row: &[f32]) -> impl Iterator<Item = usize> + '_ {
    (0..row.len()).filter(|&place| is_trough(row, place))
}

/// Whether a place of a row is lower than both neighbours, or as low as the next one;
/// the first and the last are lower than their only one.
pub(crate) fn is_trough(row: &[f32], place: usize) -> bool {
    let here = row[place];
    match (place.checked_sub(1).map(|before| row[before]), row.get(place + 1)) {
        (Some(before), Some(&next)) => here < before && here <= next,
        (Some(before), None) => here < before,
        (None, Some(&next)) => here < next,
        (None, None) => false,
    }
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
        let mut difference = Difference::new(500, 50, 5, 300).expect("a valid length");
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
        let mut difference = Difference::new(64, 64, 2, 32).expect("a valid length");
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
