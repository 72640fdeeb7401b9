//! The cumulative mean normalised difference of frames, and its troughs: what both
//! ways to a pitch begin with.

use agogic_dsp::{OverlappingAutocorrelation, wide};

use crate::framing::GROUP;

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

/// The cumulative mean normalised difference `d'` of some frames at a time.
///
/// `d(k) = sum (x[n] - x[n + k])^2` over the samples of a frame, zeros behind them:
/// `2 (r(0) - r(k)) - sum x[n]^2` over `n < k`, where `r` is the autocorrelation; and
/// `d'(k) = d(k) / mean(d(1), .., d(k))`. The lags are the periods `min..=max`.
pub(crate) struct Difference {
    autocorrelation: OverlappingAutocorrelation,
    min: usize,
    /// From lag 0 on, of two frames and two more.
    lags: [Vec<[f32; 2]>; GROUP / 2],
    /// From lag 1 on.
    work: Vec<Work>,
    row: Vec<f32>,
}

/// What stands at a lag, for all frames of a group side by side.
#[derive(Clone, Copy, Default)]
struct Work {
    difference: [f32; GROUP],
    sum: [f32; GROUP],
}

impl Difference {
    /// For frames of so many samples, so far apart; `1 <= min < max < frame_length`.
    pub(crate) fn new(frame_length: usize, hop: usize, min: usize, max: usize) -> Result<Self, String> {
        let autocorrelation = OverlappingAutocorrelation::new(frame_length, hop, max)
            .map_err(|error| format!("frame_length: {error}"))?;
        Ok(Self {
            autocorrelation,
            min,
            lags: std::array::from_fn(|_| vec![[0.0; 2]; max + 1]),
            work: vec![Work::default(); max],
            row: vec![0.0; max + 1 - min],
        })
    }

    /// The rows of a group of frames, which follow those before; after less than a whole
    /// group frames begin anew.
    pub(crate) fn of(&mut self, frames: &[&[f32]], mut give: impl FnMut(&[f32], Sound)) {
        let Some(&first) = frames.first() else { return };
        let mut energies = [0.0; GROUP];
        for ((pair, lags), energies) in frames.chunks(2).zip(&mut self.lags).zip(energies.chunks_mut(2)) {
            match *pair {
                [a, b] => energies.copy_from_slice(&self.autocorrelation.two([a, b], lags)),
                [a] => energies[0] = self.autocorrelation.one(a, lags),
                _ => {}
            }
        }
        // Of frames that are missing anything will do.
        let group = std::array::from_fn(|i| frames.get(i).copied().unwrap_or(first));
        let Self { min, lags, work, row, .. } = self;
        wide(
            #[inline(always)]
            || sums(group, lags, energies, work),
        );
        for (i, &energy) in energies.iter().enumerate().take(frames.len()) {
            let sound = match energy {
                _ if !energy.is_finite() || !lags[i / 2][0][i % 2].is_finite() => Sound::Bad,
                SILENT.. => Sound::Some,
                _ => Sound::Silent,
            };
            if sound == Sound::Some {
                wide(
                    #[inline(always)]
                    || normalise(work, *min, i, row),
                );
            } else {
                row.fill(0.0);
            }
            give(row, sound);
        }
    }
}

/// The differences and their sums from lag 1 on, of all frames of a group side by side,
/// because each of a frame's sums waits for the one before.
#[inline(always)]
fn sums([a, b, c, d]: [&[f32]; GROUP], lags: &[Vec<[f32; 2]>; 2], energies: [f64; GROUP], work: &mut [Work]) {
    // Sums are next to nothing only where all that was summed is.
    let least = energies.map(|energy| 1e-12 * energy);
    let (mut head, mut sum) = ([0.0; GROUP], [0.0; GROUP]);
    let samples = a.iter().zip(b).zip(c.iter().zip(d));
    let lags = lags[0][1..].iter().zip(&lags[1][1..]);
    for (work, (((a, b), (c, d)), (&[p, q], &[r, s]))) in work.iter_mut().zip(samples.zip(lags)) {
        let (x, r) = ([*a, *b, *c, *d].map(f64::from), [p, q, r, s].map(f64::from));
        for i in 0..GROUP {
            head[i] += x[i] * x[i];
            let difference = 2.0 * (energies[i] - r[i]) - head[i];
            sum[i] += difference;
            work.difference[i] = difference as f32;
            work.sum[i] = (if sum[i] > least[i] { sum[i] } else { least[i] }) as f32;
        }
    }
}

/// The row of one frame of the group.
#[inline(always)]
fn normalise(work: &[Work], min: usize, frame: usize, row: &mut [f32]) {
    for (lag, (value, work)) in (min as i32..).zip(row.iter_mut().zip(&work[min - 1..])) {
        *value = work.difference[frame] * lag as f32 / work.sum[frame];
    }
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
        for count in 1..=GROUP {
            let mut seen = 0;
            difference.of(&vec![&frame[..]; count], |row, sound| {
                assert_eq!((row.len(), sound), (296, Sound::Some));
                for (k, &value) in (5..).zip(row).step_by(7) {
                    let expect = d(k) / ((1..=k).map(d).sum::<f64>() / k as f64);
                    assert!((f64::from(value) - expect).abs() < 1e-5, "{k}: {value} is not {expect}");
                }
                seen += 1;
            });
            assert_eq!(seen, count);
        }
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
