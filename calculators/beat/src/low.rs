//! The onset strength of the lowest mel bands, where bass drum and bass are.

use agogic_calculator::{Error, Params};
use agogic_dsp::{MelScale, hz_to_mel};

/// Where the lowest bands end, in Hz: the lowest two octaves that Scheirer (1998)
/// tells apart, and Klapuri, Eronen and Astola's (2006) lowest channel.
const EDGE: f64 = 200.0;
/// Decibels that values are kept within, so that sums of squares stay finite.
const BOUND: f32 = 300.0;
/// How far the lowest bands may be below the loudest of all before they count less, as
/// a ratio of amplitudes: 20 dB.
const FAINT: f32 = 10.0;

/// What the lowest bands rise by, frame by frame, in amplitude: unlike a rise in
/// decibels it is small where noise wavers.
pub(crate) struct Low {
    /// How many bands are the lowest.
    bands: usize,
    before: Vec<f32>,
    /// Rises, each as many frames late as onset strengths are.
    pub(crate) rises: Vec<f32>,
    /// The loudest of the lowest bands and of all bands, in dB.
    loudest: [f32; 2],
}

impl Low {
    /// Of mel spectrograms of so many bands with these parameters.
    pub(crate) fn new(params: &Params, rate: u32, bands: usize, late: usize) -> Result<Self, Error> {
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let scale = if params.flag("htk") == Some(true) { MelScale::Htk } else { MelScale::Slaney };
        let half = f64::from(rate) / 2.0;
        let (fmin, fmax) = (float("fmin")?, float("fmax")?);
        let fmax = if fmax > 0.0 { fmax } else { half };
        let [from, to, edge] = [fmin, fmax, EDGE].map(|hz| hz_to_mel(hz, scale));
        // Band k, counted from 1, is centred k steps above the lower edge.
        let share = (edge - from) / (to - from);
        let below = if share.is_finite() { share * (bands + 1) as f64 } else { 0.0 };
        Ok(Self {
            bands: (below.max(1.0) as usize).min(bands),
            before: vec![],
            rises: vec![0.0; late],
            loudest: [f32::NEG_INFINITY; 2],
        })
    }

    /// Takes the next frame.
    pub(crate) fn next(&mut self, row: &[f32]) {
        let low = row.get(..self.bands).unwrap_or(row);
        for (loudest, part) in self.loudest.iter_mut().zip([low, row]) {
            *loudest = part.iter().copied().fold(*loudest, f32::max).min(BOUND);
        }
        let now = low.iter().map(|db| 10f32.powf(db.clamp(-BOUND, BOUND) / 20.0));
        if self.before.is_empty() {
            self.before.extend(now);
            self.rises.push(0.0);
            return;
        }
        let mut sum = 0.0;
        for (before, now) in self.before.iter_mut().zip(now) {
            // What is not a number is no rise.
            sum += (now - *before).max(0.0);
            *before = now;
        }
        self.rises.push(sum);
    }

    /// How much the lowest bands count, 0 to 1: where next to nothing is there, what
    /// rises is noise.
    pub(crate) fn weight(&self) -> f32 {
        let [low, all] = self.loudest;
        let weight = FAINT * 10f32.powf((low - all) / 20.0);
        if weight.is_finite() { weight.min(1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn low(fmin: f64, rate: u32, bands: usize) -> Low {
        let mut params = Params::default();
        for (name, value) in [("fmin", fmin), ("fmax", 0.0)] {
            params.0.insert(name.into(), value.into());
        }
        Low::new(&params, rate, bands, 2).unwrap()
    }

    #[test]
    fn the_lowest_bands() {
        for (fmin, rate, bands, expect) in [
            // Slaney's scale up to 22,050 Hz is 60.0 mel, and 200 Hz are 3 of them.
            (0.0, 44_100, 128, 6),
            (0.0, 22_050, 128, 7),
            (0.0, 44_100, 40, 2),
            (0.0, 44_100, 1, 1),
            (300.0, 44_100, 128, 1),
            (0.0, 100, 16, 16),
            (1e5, 44_100, 16, 16),
        ] {
            assert_eq!(low(fmin, rate, bands).bands, expect, "{fmin} {rate} {bands}");
        }
    }

    #[test]
    fn rises_are_late_and_in_amplitude() {
        let mut low = low(0.0, 44_100, 128);
        for db in [-40.0, 0.0, -20.0, f32::NAN, 0.0, 20.0, f32::INFINITY] {
            low.next(&[db; 128]);
        }
        let expect = [0.0, 0.0, 0.0, 6.0 * 0.99, 0.0, 0.0, 0.0, 54.0];
        assert!(low.rises.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-4), "{:?}", low.rises);
        assert!(low.rises[8].is_finite());
    }

    #[test]
    fn what_is_faint_counts_less() {
        for (db, expect) in [(0.0, 1.0), (-20.0, 1.0), (-40.0, 0.1), (f32::NAN, 0.0)] {
            let mut low = low(0.0, 44_100, 128);
            let mut row = [0.0; 128];
            row[..6].fill(db);
            low.next(&row);
            assert!((low.weight() - expect).abs() < 1e-4, "{db}");
        }
        assert_eq!(low(0.0, 44_100, 128).weight(), 0.0);
    }
}
