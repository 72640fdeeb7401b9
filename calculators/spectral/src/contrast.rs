//! Spectral contrast: how far the peaks of a band of the spectrum stand above its
//! valleys.
//!
//! Band 0 reaches from 0 Hz to `fmin`, each further one over an octave, the last
//! to half the sample rate. Which bins that are, and how many of them make up the
//! peaks and the valleys, is as in librosa's `feature.spectral_contrast`; so is
//! that means of magnitudes, not of powers, are turned into decibels.

use std::ops::Range;

use agogic_dsp::power_to_db;

/// As many values are best kept in order while all are looked at once.
const FEW: usize = 32;
/// How many values are looked at at once.
const GLANCE: usize = 16;
/// By what share of itself the last of the greatest values may fall from a frame to
/// the next and still be found at the first attempt.
const FALL: f32 = 0.25;

/// The bands of a spectrum.
pub(crate) struct Contrast {
    bands: Vec<Band>,
    amin: f32,
    /// Where the extremes of each band are searched first: its valley, its peak.
    guesses: Vec<[f32; 2]>,
    scratch: Scratch,
}

/// Magnitudes that may be among the greatest, and the greatest of them in order.
#[derive(Debug, Default)]
struct Scratch {
    some: Vec<f32>,
    greatest: Vec<f32>,
}

/// One band.
#[derive(Debug, PartialEq)]
struct Band {
    bins: Range<usize>,
    /// How many bins are a peak, and how many a valley.
    extreme: usize,
}

/// Peaks and valleys of a band, in dB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Relief {
    pub(crate) peak: f32,
    pub(crate) valley: f32,
}

impl Relief {
    /// Peaks of all frames that are no lower than `floors.peak`, valleys no lower
    /// than `floors.valley`. NaN stays.
    pub(crate) fn raised(self, floors: Self) -> Self {
        let raise = |value: f32, floor: f32| if value < floor { floor } else { value };
        Self { peak: raise(self.peak, floors.peak), valley: raise(self.valley, floors.valley) }
    }

    /// The contrast, in dB.
    pub(crate) fn contrast(self) -> f32 {
        self.peak - self.valley
    }
}

impl Contrast {
    /// `count` bands for spectra of `bins` bins, `hz_per_bin` apart. Of each band
    /// the fraction `quantile` is peak, and as much valley. Magnitudes below `amin`
    /// count as this.
    pub(crate) fn new(
        bins: usize,
        hz_per_bin: f64,
        count: usize,
        fmin: f64,
        quantile: f64,
        amin: f32,
    ) -> Self {
        let edge = |band: usize| if band == 0 { 0.0 } else { fmin * 2f64.powi(band as i32 - 1) };
        let band = |index: usize| {
            let (low, high) = (edge(index), edge(index + 1));
            let inside = |bin: &usize| (low..=high).contains(&(*bin as f64 * hz_per_bin));
            let first = (0..bins).find(inside);
            let Some(first) = first.filter(|_| low < (bins - 1) as f64 * hz_per_bin) else {
                return Band { bins: 0..0, extreme: 0 };
            };
            let last = index + 1 == count;
            let end = if last { bins } else { (first..bins).take_while(inside).last().unwrap_or(first) + 1 };
            let start = if index > 0 { first.saturating_sub(1) } else { first };
            let extreme = ((quantile * (end - start) as f64).round_ties_even() as usize).max(1);
            Band { bins: start..if last { end } else { end - 1 }, extreme }
        };
        let bands: Vec<Band> = (0..count).map(band).collect();
        let guesses = vec![[f32::NEG_INFINITY; 2]; bands.len()];
        Self { bands, amin, guesses, scratch: Scratch::default() }
    }

    /// Peaks and valleys of each band of a spectrum; 0 of a band without bins.
    pub(crate) fn reliefs(&mut self, magnitudes: &[f32], mut give: impl FnMut(Relief)) {
        for (band, guesses) in self.bands.iter().zip(&mut self.guesses) {
            let Some(row) = magnitudes.get(band.bins.clone()).filter(|row| !row.is_empty()) else {
                give(Relief::default());
                continue;
            };
            let (valley, peak) = extremes(row, band.extreme, guesses, &mut self.scratch);
            give(Relief { peak: power_to_db(peak, self.amin), valley: power_to_db(valley, self.amin) });
        }
    }
}

/// The means of the `count` least and of the `count` greatest of some values; NaN
/// where one is met that is NaN. `guesses` speeds up the search and no more.
fn extremes(values: &[f32], count: usize, guesses: &mut [f32; 2], scratch: &mut Scratch) -> (f32, f32) {
    let [low, high] = guesses;
    (
        -mean_of_greatest(values, |x| -x, count, low, scratch),
        mean_of_greatest(values, |x| x, count, high, scratch),
    )
}

/// The mean of the `count` greatest of some values, each seen through `sign`.
///
/// Those that are below the guess are passed over; if fewer than `count` remain, the
/// guess was wrong and all are looked at.
fn mean_of_greatest(
    values: &[f32],
    sign: impl Fn(f32) -> f32,
    count: usize,
    guess: &mut f32,
    scratch: &mut Scratch,
) -> f32 {
    let count = count.min(values.len());
    let Scratch { some, greatest } = scratch;
    if count > FEW {
        greatest.clear();
        greatest.extend(values.iter().map(|&x| sign(x)));
        greatest.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        greatest.truncate(count);
        return mean(greatest);
    }
    some.resize(values.len().max(some.len()), 0.0);
    let mut found = above(values, &sign, *guess, some);
    if found < count {
        found = above(values, &sign, f32::NEG_INFINITY, some);
    }
    if some[..found].iter().any(|value| value.is_nan()) {
        return f32::NAN;
    }
    greatest.clear();
    greatest.resize(count, f32::NEG_INFINITY);
    some[..found].iter().for_each(|&value| insert(greatest, value));
    let last = greatest[count - 1];
    *guess = last - FALL * last.abs();
    mean(greatest)
}

/// Puts those of the values that are not below `least` into `some`, and says how
/// many; NaN is not below.
fn above(values: &[f32], sign: impl Fn(f32) -> f32, least: f32, some: &mut [f32]) -> usize {
    let mut found = 0;
    for chunk in values.chunks(GLANCE) {
        // One glance at all of them, without a branch for each: mostly all are below.
        if chunk.iter().fold(true, |all, &x| all & (sign(x) < least)) {
            continue;
        }
        for &x in chunk {
            let value = sign(x);
            some[found] = value;
            found += 1 - usize::from(value < least);
        }
    }
    found
}

fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64) as f32
}

/// Puts a value into its place among the greatest so far, of which the last goes.
fn insert(greatest: &mut [f32], value: f32) {
    let Some(mut place) = greatest.len().checked_sub(1) else { return };
    if value <= greatest[place] {
        return;
    }
    while place > 0 && greatest[place - 1] < value {
        greatest[place] = greatest[place - 1];
        place -= 1;
    }
    greatest[place] = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(bins: usize, hz_per_bin: f64, count: usize, quantile: f64) -> Vec<(Range<usize>, usize)> {
        let contrast = Contrast::new(bins, hz_per_bin, count, 200.0, quantile, 1e-10);
        contrast.bands.into_iter().map(|band| (band.bins, band.extreme)).collect()
    }

    #[test]
    fn bands_are_librosas() {
        // By hand: 0..=2, then one bin before the first and none at the end.
        assert_eq!(bands(9, 100.0, 3, 0.02), [(0..2, 1), (1..4, 1), (3..9, 1)]);
        assert_eq!(bands(9, 100.0, 1, 0.5), [(0..9, 4)]);
        // A half is rounded to even: 2.5 of 5 bins, 3.5 of 7.
        assert_eq!(bands(5, 100.0, 1, 0.5), [(0..5, 2)]);
        assert_eq!(bands(7, 100.0, 1, 0.5), [(0..7, 4)]);
        // As librosa 0.11 has them at 22,050 Hz and n_fft 2048.
        assert_eq!(
            bands(1025, 1.0 / (2048.0 * (1.0 / 22_050.0)), 7, 0.02),
            [
                (0..18, 1),
                (18..37, 1),
                (37..74, 1),
                (74..148, 2),
                (148..297, 3),
                (297..594, 6),
                (594..1025, 9)
            ]
        );
    }

    #[test]
    fn bands_above_the_spectrum_are_empty() {
        let at_8_khz = bands(1025, 8000.0 / 2048.0, 7, 0.02);
        assert_eq!(at_8_khz[6], (0..0, 0));
        assert_eq!(at_8_khz[5].0.end, 1024);
        let mut contrast = Contrast::new(1025, 8000.0 / 2048.0, 7, 200.0, 0.02, 1e-10);
        let mut given = vec![];
        contrast.reliefs(&[1.0; 1025], |relief| given.push(relief));
        assert_eq!(given, [Relief::default(); 7]);
    }

    fn fresh(values: &[f32], count: usize) -> (f32, f32) {
        extremes(values, count, &mut [f32::NEG_INFINITY; 2], &mut Scratch::default())
    }

    #[test]
    fn guesses_change_nothing() {
        let rows = |gain: f32| (0..500u32).map(|i| (i * 7919 % 1009) as f32 * gain).collect::<Vec<_>>();
        for count in [1, 3, 17] {
            let (mut guesses, mut scratch) = ([f32::NEG_INFINITY; 2], Scratch::default());
            for gain in [1.0, 1.1, 0.9, 0.2, 0.0, 50.0, -1.0] {
                let row = rows(gain);
                assert_eq!(extremes(&row, count, &mut guesses, &mut scratch), fresh(&row, count), "{gain}");
            }
            let mut row = rows(1.0);
            row[200] = f32::NAN;
            let (low, high) = extremes(&row, count, &mut guesses, &mut scratch);
            assert!(low.is_nan() && high.is_nan());
            assert_eq!(extremes(&rows(2.0), count, &mut guesses, &mut scratch), fresh(&rows(2.0), count));
        }
    }

    #[test]
    fn means_of_the_extremes() {
        let row = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (count, expect) in [
            (1, (1.0, 5.0)),
            (2, (1.5, 4.5)),
            (3, (2.0, 4.0)),
            (5, (3.0, 3.0)),
            (9, (3.0, 3.0)),
            (99, (3.0, 3.0)),
        ] {
            assert_eq!(fresh(&row, count), expect);
        }
        let mixed: Vec<f32> = (0..1000u32).map(|i| (i * 7919 % 1009) as f32).collect();
        let mut sorted = mixed.clone();
        sorted.sort_by(f32::total_cmp);
        for count in [1, 2, 31, 32, 33, 400] {
            let expect = (mean(&sorted[..count]), mean(&sorted[1000 - count..]));
            assert_eq!(fresh(&mixed, count), expect, "{count}");
        }
    }

    #[test]
    fn silence_and_floors() {
        let mut contrast = Contrast::new(9, 100.0, 2, 200.0, 0.02, 1e-10);
        let mut given = vec![];
        contrast.reliefs(&[0.0; 9], |relief| given.push(relief));
        assert_eq!(given, [Relief { peak: -100.0, valley: -100.0 }; 2]);
        let raised = given[0].raised(Relief { peak: -20.0, valley: -50.0 });
        assert_eq!((raised, raised.contrast()), (Relief { peak: -20.0, valley: -50.0 }, 30.0));
        let nan = Relief { peak: f32::NAN, valley: f32::NAN }.raised(Relief::default());
        assert!(nan.peak.is_nan() && nan.valley.is_nan());
    }
}
