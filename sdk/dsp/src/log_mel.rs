//! A mel filter bank and decibels in one: the row of a mel spectrogram as
//! calculators show it or compute with it. Clipping relative to the loudest value
//! is the caller's.

use crate::{DspError, MelBank, MelNorm, MelScale, power_to_db_slice};

/// What a [`LogMel`] is to compute, in librosa's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogMelSpec {
    /// Sample rate, in Hz.
    pub rate_hz: f64,
    /// Length of the transform, in samples.
    pub n_fft: usize,
    /// Number of bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band, in Hz.
    pub fmin: f64,
    /// Upper edge of the highest band, in Hz; half the sample rate if 0.
    pub fmax: f64,
    /// Which formula turns Hz into mel.
    pub scale: MelScale,
    /// How the bands are weighted.
    pub norm: MelNorm,
    /// Powers below this count as this much.
    pub amin: f32,
}

/// Turns rows of power spectra into decibels of mel bands.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMel {
    bank: MelBank,
    amin: f32,
}

impl LogMel {
    /// Computes the filter bank.
    ///
    /// # Errors
    /// As [`MelBank::new`].
    pub fn new(spec: &LogMelSpec) -> Result<LogMel, DspError> {
        let LogMelSpec { rate_hz, n_fft, n_mels, fmin, fmax, scale, norm, amin } = *spec;
        let fmax = if fmax == 0.0 { rate_hz / 2.0 } else { fmax };
        Ok(LogMel { bank: MelBank::new(rate_hz, n_fft, n_mels, fmin, fmax, scale, norm)?, amin })
    }

    /// The filter bank.
    pub fn bank(&self) -> &MelBank {
        &self.bank
    }

    /// `10 log10(max(amin, band))` of the bands of one power spectrum, relative
    /// to 1. Lengths are as in [`MelBank::apply`].
    pub fn apply(&self, power_row: &[f32], out: &mut [f32]) {
        self.bank.apply(power_row, out);
        power_to_db_slice(out, self.amin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power_to_db;

    #[test]
    fn bands_in_decibels() {
        let spec = LogMelSpec {
            rate_hz: 22_050.0,
            n_fft: 64,
            n_mels: 4,
            fmin: 0.0,
            fmax: 0.0,
            scale: MelScale::Slaney,
            norm: MelNorm::Slaney,
            amin: 1e-10,
        };
        let log_mel = LogMel::new(&spec).expect("a valid spec");
        assert_eq!(LogMel::new(&LogMelSpec { fmax: 11_025.0, ..spec }), Ok(log_mel.clone()));
        assert!(LogMel::new(&LogMelSpec { fmin: 12_000.0, ..spec }).is_err());
        let (mut bands, mut db) = ([0.0; 4], [0.0; 4]);
        let row: Vec<f32> = (0..33u8).map(f32::from).collect();
        log_mel.bank().apply(&row, &mut bands);
        log_mel.apply(&row, &mut db);
        assert_eq!(db, bands.map(|band| power_to_db(band, 1e-10)));
        log_mel.apply(&[0.0; 33], &mut db);
        assert_eq!(db, [-100.0; 4]);
    }
}
