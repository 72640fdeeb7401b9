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

/// The bands of a spectrum.
pub(crate) struct Contrast {
    bands: Vec<Band>,
    amin: f32,
    /// Magnitudes that are put in order.
    scratch: Vec<f32>,
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
        let widest = bands.iter().map(|band| band.bins.len()).max().unwrap_or(0);
        Self { bands, amin, scratch: Vec::with_capacity(widest) }
    }

    /// Peaks and valleys of each band of a spectrum; 0 of a band without bins.
    pub(crate) fn reliefs(&mut self, magnitudes: &[f32], mut give: impl FnMut(Relief)) {
        for band in &self.bands {
            let Some(row) = magnitudes.get(band.bins.clone()).filter(|row| !row.is_empty()) else {
                give(Relief::default());
                continue;
            };
            let (valley, peak) = extremes(row, band.extreme, &mut self.scratch);
            give(Relief { peak: power_to_db(peak, self.amin), valley: power_to_db(valley, self.amin) });
        }
    }
}

/// The means of the `count` least and of the `count` greatest of some values.
fn extremes(values: &[f32], count: usize, scratch: &mut Vec<f32>) -> (f32, f32) {
    // Spectra fall: from that end on fewer values displace those before.
    let least = mean_of_greatest(values.iter().rev().map(|x| -x), count, scratch);
    (-least, mean_of_greatest(values.iter().copied(), count, scratch))
}

/// The mean of the `count` greatest of some values.
fn mean_of_greatest(mut values: impl Iterator<Item = f32>, count: usize, scratch: &mut Vec<f32>) -> f32 {
    scratch.clear();
    if count > FEW {
        scratch.extend(values);
        let count = count.min(scratch.len());
        scratch.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        scratch.truncate(count);
    } else {
        scratch.extend(values.by_ref().take(count));
        scratch.sort_unstable_by(|a, b| b.total_cmp(a));
        values.for_each(|value| insert(scratch, value));
    }
    (scratch.iter().map(|&x| f64::from(x)).sum::<f64>() / scratch.len() as f64) as f32
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
            assert_eq!(extremes(&row, count, &mut vec![]), expect);
        }
        let mixed: Vec<f32> = (0..1000u32).map(|i| (i * 7919 % 1009) as f32).collect();
        let mut sorted = mixed.clone();
        sorted.sort_by(f32::total_cmp);
        let mean = |some: &[f32]| some.iter().sum::<f32>() / some.len() as f32;
        for count in [1, 2, 31, 32, 33, 400] {
            let expect = (mean(&sorted[..count]), mean(&sorted[1000 - count..]));
            assert_eq!(extremes(&mixed, count, &mut vec![]), expect, "{count}");
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
