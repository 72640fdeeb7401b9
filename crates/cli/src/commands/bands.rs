//! The frequencies that the bins of a descriptor stand for, told from what its
//! calculator says of itself: bins of a spectrum, or bands on a mel scale with
//! librosa's parameter names.

use agogic::schema::{Amount, Bins, CalculatorSpec, DescriptorSpec, Params};

/// Centre of each bin in Hz at a sample rate; `None` where nobody knows.
pub(super) fn frequencies(
    calculator: &CalculatorSpec,
    descriptor: &DescriptorSpec,
    params: &Params,
    rate: u32,
) -> Option<Vec<f32>> {
    let n_fft = &calculator.input.spectrum()?.n_fft;
    match &descriptor.bins {
        Bins::Input => {
            let n_fft = n_fft.resolve(params)?;
            Some(
                (0..=n_fft / 2).map(|k| (f64::from(k) * f64::from(rate) / f64::from(n_fft)) as f32).collect(),
            )
        }
        Bins::Count(Amount::Param(name)) if name == "n_mels" => {
            let bands = u32::try_from(params.integer("n_mels")?).ok()?;
            let highest = params.float("fmax").filter(|hz| *hz > 0.0).unwrap_or(f64::from(rate) / 2.0);
            let scale = if params.flag("htk")? { Mel::Htk } else { Mel::Slaney };
            Some(mel(bands, params.float("fmin")?, highest, scale))
        }
        Bins::Count(_) => None,
    }
}

#[derive(Clone, Copy)]
enum Mel {
    /// Linear up to 1 kHz, logarithmic above (Slaney, Auditory Toolbox, 1998).
    Slaney,
    /// `2595 log10(1 + hz / 700)` (Young et al., The HTK Book).
    Htk,
}

/// Hz per mel below the corner of Slaney's scale.
const LINEAR: f64 = 200.0 / 3.0;
/// The corner, in Hz.
const CORNER: f64 = 1000.0;

impl Mel {
    /// Logarithmic part of Slaney's scale: 27 mels for a factor of 6.4.
    fn step() -> f64 {
        6.4_f64.ln() / 27.0
    }

    fn of(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < CORNER => hz / LINEAR,
            Self::Slaney => CORNER / LINEAR + (hz / CORNER).ln() / Self::step(),
        }
    }

    fn hz(self, mel: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (10_f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mel < CORNER / LINEAR => mel * LINEAR,
            Self::Slaney => CORNER * ((mel - CORNER / LINEAR) * Self::step()).exp(),
        }
    }
}

/// Peaks of triangular bands evenly spaced in mels between two frequencies.
fn mel(bands: u32, lowest: f64, highest: f64, scale: Mel) -> Vec<f32> {
    let (from, to) = (scale.of(lowest), scale.of(highest));
    let step = (to - from) / f64::from(bands + 1);
    (1..=bands).map(|band| scale.hz(from + f64::from(band) * step) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &[f32], expect: &[f32]) {
        assert_eq!(given.len(), expect.len());
        for (given, expect) in given.iter().zip(expect) {
            assert!((given - expect).abs() <= 1e-3 * expect, "{given} is not {expect}");
        }
    }

    #[test]
    fn bands_stand_where_librosa_puts_them() {
        // librosa.mel_frequencies(n_mels=40)[[1, 13, 20, 38]], of 0..11025 Hz.
        let bands = mel(38, 0.0, 11_025.0, Mel::Slaney);
        check(&[bands[0], bands[12], bands[19], bands[37]], &[85.317, 1119.114, 2071.84, 10_096.41]);
    }

    #[test]
    fn both_scales_return() {
        for scale in [Mel::Slaney, Mel::Htk] {
            for hz in [0.0, 440.0, 999.0, 1000.0, 1001.0, 20_000.0] {
                assert!((scale.hz(scale.of(hz)) - hz).abs() < 1e-9 * (1.0 + hz));
            }
        }
    }
}
