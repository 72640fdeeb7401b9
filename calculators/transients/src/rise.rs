//! How much the loudness of each band rises from frame to frame.

use agogic_dsp::power_to_db_slice;

/// What an amplitude is multiplied with before the logarithm.
const COMPRESSION: f32 = 10_000.0;

/// Rises of bands.
pub(crate) struct Rise {
    /// What makes an amplitude, compressed, of a magnitude.
    scale: f32,
    /// The bins of each band.
    bands: Vec<std::ops::Range<usize>>,
    /// Loudness of this frame's bins, and of the last frame's with one bin more on
    /// either side.
    now: Vec<f32>,
    before: Vec<f32>,
}

impl Rise {
    /// For spectra under a Hann window as long as the transform.
    pub(crate) fn new(rate: u32, n_fft: usize, fmin: f64, bands: usize) -> Result<Self, String> {
        let bins = n_fft / 2 + 1;
        let top = f64::from(rate) / 2.0;
        if fmin >= top {
            return Err(format!("transient_fmin {fmin} is not below {top} Hz, half the sample rate"));
        }
        if bands >= bins {
            return Err(format!("transient_bands {bands} is more than the {} bins above 0 Hz", bins - 1));
        }
        let hz_per_bin = f64::from(rate) / n_fft as f64;
        let edge = |band: usize| fmin * (top / fmin).powf(band as f64 / bands as f64) / hz_per_bin;
        // At least a bin each, none of them that at 0 Hz, and room for those to come.
        let mut ranges = vec![];
        let mut start = (edge(0).round() as usize).clamp(1, bins - bands);
        for band in 1..=bands {
            let end = (edge(band).round() as usize).clamp(start + 1, bins - (bands - band));
            let end = if band == bands { bins } else { end };
            ranges.push(start..end);
            start = end;
        }
        // A sine of amplitude 1 has half the window's sum as its magnitude.
        let scale = COMPRESSION / (n_fft as f32 / 4.0);
        Ok(Self { scale, bands: ranges, now: vec![0.0; bins], before: vec![0.0; bins + 2] })
    }

    /// The mean rise of each band since the frame before, in dB; NaN for a spectrum that
    /// is not finite.
    pub(crate) fn next(&mut self, magnitudes: &[f32], rises: &mut [f32]) {
        for (now, magnitude) in self.now.iter_mut().zip(magnitudes) {
            *now = 1.0 + self.scale * magnitude;
        }
        // Twice the decibels of a power are those of an amplitude; what follows is linear.
        power_to_db_slice(&mut self.now, 1.0);
        if self.now.iter().any(|loudness| !loudness.is_finite()) {
            rises.fill(f32::NAN);
            return;
        }
        for (range, rise) in self.bands.iter().zip(rises) {
            let now = &self.now[range.clone()];
            // Bin k is before[k + 1].
            let (low, high) = (&self.before[range.start..], &self.before[range.start + 2..]);
            let same = &self.before[range.start + 1..];
            let bins = now.iter().zip(low).zip(same).zip(high);
            let sum = bins.fold(0.0, |sum: f32, (((now, low), same), high)| {
                let before = if low > same { low } else { same };
                let before = if high > before { high } else { before };
                let rise = now - before;
                sum + if rise > 0.0 { rise } else { 0.0 }
            });
            *rise = 2.0 * sum / now.len() as f32;
        }
        let bins = self.now.len();
        self.before[1..=bins].copy_from_slice(&self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_all_bins_above_their_least() {
        for (rate, n_fft, fmin, bands) in
            [(44_100, 512, 200.0, 8), (8000, 64, 20.0, 31), (192_000, 16, 200.0, 8)]
        {
            let rise = Rise::new(rate, n_fft, fmin, bands).expect("valid parameters");
            assert_eq!(rise.bands.len(), bands);
            assert!(rise.bands.iter().all(|band| !band.is_empty()));
            assert!(rise.bands.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!(rise.bands[bands - 1].end, n_fft / 2 + 1);
        }
        let error = |fmin, bands| Rise::new(8000, 64, fmin, bands).err();
        let expect = "transient_fmin 4000 is not below 4000 Hz, half the sample rate";
        assert_eq!(error(4000.0, 8).as_deref(), Some(expect));
        assert_eq!(
            error(20.0, 33).as_deref(),
            Some("transient_bands 33 is more than the 32 bins above 0 Hz")
        );
    }

    #[test]
    fn rises_in_decibels() {
        let mut rise = Rise::new(8000, 64, 1000.0, 2).expect("valid parameters");
        let mut next = |magnitude: f32| {
            let mut rises = [f32::MIN; 2];
            rise.next(&[magnitude; 33], &mut rises);
            rises
        };
        // Amplitude 0.0099 counts as 100, amplitude 0.0999 as 1000.
        assert_eq!(next(0.0), [0.0; 2]);
        assert!(next(16.0 * 0.0099).iter().all(|rise| (rise - 40.0).abs() < 1e-3));
        assert!(next(f32::NAN).iter().all(|rise| rise.is_nan()));
        assert!(next(f32::INFINITY).iter().all(|rise| rise.is_nan()));
        assert!(next(16.0 * 0.0999).iter().all(|rise| (rise - 20.0).abs() < 1e-3));
        assert_eq!(next(0.1), [0.0; 2]);
    }

    #[test]
    fn a_tone_that_moves_by_a_bin_does_not_rise() {
        let mut rise = Rise::new(8000, 64, 125.0, 1).expect("valid parameters");
        let mut rises = [0.0];
        for (bin, expect) in [(10, true), (11, false), (10, false), (13, true)] {
            let mut spectrum = [0.0; 33];
            spectrum[bin] = 5.0;
            rise.next(&spectrum, &mut rises);
            assert_eq!(rises[0] > 0.0, expect, "bin {bin}");
        }
    }
}
