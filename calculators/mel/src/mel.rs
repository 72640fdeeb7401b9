//! The mel spectrogram in decibels.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::{LogMel, LogMelSpec, MelNorm, MelScale};

/// The mel spectrogram in decibels.
pub struct Mel {
    log_mel: LogMel,
    top_db: f32,
    /// The greatest value so far, where `top_db` asks for it.
    loudest: f32,
}

impl Calculator for Mel {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let bins = Bins::Count(Amount::param("n_mels"));
        let spec = CalculatorSpec::new("agogic.mel", "1.0.0", input)
            .about("Mel spectrogram in decibels.")
            .author("Agogic");
        let fmax = "Upper edge of the highest band; 0 for half the sample rate.";
        let norm = "Bands of equal area (slaney) or of equal height (none).";
        let top_db = "Values further below the loudest one are raised to that; 0 for no such limit.";
        let n_fft = "Length of the Fourier transform.";
        spec.param(ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", n_fft))
            .param(ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."))
            .param(ParamSpec::integer(
                "win_length",
                2048,
                1,
                1 << 20,
                "samples",
                "Length of the Hann window.",
            ))
            .param(ParamSpec::integer("n_mels", 128, 1, 8192, "", "Number of bands."))
            .param(ParamSpec::float("fmin", 0.0, 0.0, 1e6, "Hz", "Lower edge of the lowest band."))
            .param(ParamSpec::float("fmax", 0.0, 0.0, 1e6, "Hz", fmax))
            .param(ParamSpec::flag("htk", false, "HTK's mel scale instead of Slaney's."))
            .param(ParamSpec::choice("norm", "slaney", &["slaney", "none"], norm))
            .param(ParamSpec::float("amin", 1e-10, 1e-30, 1.0, "", "Powers below this count as this."))
            .param(ParamSpec::float("top_db", 0.0, 0.0, 1000.0, "dB", top_db))
            .descriptor(
                DescriptorSpec::new("agogic.mel", "dB", Kind::Dense(Frames::Input), bins)
                    .about(
                        "10 log10(max(amin, M |X|^2)), M the mel filter bank; librosa.feature.melspectrogram \
                         and librosa.power_to_db.",
                    )
                    .raised_with("top_db")
                    .with_gaps(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let log_mel = LogMel::new(&LogMelSpec {
            rate_hz: f64::from(setup.rate),
            n_fft: checked_n_fft(setup)?,
            n_mels: params.integer("n_mels").and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            fmin: float("fmin")?,
            fmax: float("fmax")?,
            scale: if params.flag("htk") == Some(true) { MelScale::Htk } else { MelScale::Slaney },
            norm: if params.choice("norm") == Some("none") { MelNorm::Peak } else { MelNorm::Slaney },
            amin: float("amin")? as f32,
        });
        let log_mel = log_mel.map_err(|error| error.to_string())?;
        Ok(Self { log_mel, top_db: float("top_db")? as f32, loudest: f32::NEG_INFINITY })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let rows = output.frames(0, block.count())?;
        for (spectrum, row) in block.rows().zip(rows.chunks_exact_mut(self.log_mel.bank().n_mels())) {
            self.log_mel.apply(spectrum, row);
            if row.iter().fold(false, |gap, db| gap | !db.is_finite()) {
                row.fill(f32::NAN);
            }
            if self.top_db > 0.0 {
                self.loudest = row.iter().copied().fold(self.loudest, f32::max);
            }
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.top_db > 0.0 && self.loudest.is_finite() {
            output.raise_floor(0, self.loudest - self.top_db)?;
        }
        Ok(())
    }
}

/// The transform's length, once it is known to hold the window and to agree
/// with the input.
fn checked_n_fft(setup: &Setup) -> Result<usize, Error> {
    let integer = |name: &str| setup.params.integer(name).ok_or_else(|| format!("{name} is missing"));
    let (n_fft, win_length) = (integer("n_fft")?, integer("win_length")?);
    if win_length > n_fft {
        return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
    }
    let length = usize::try_from(n_fft).unwrap_or(0);
    if length / 2 + 1 != setup.bins as usize {
        return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Mel>(22_050, 1, 33);
        let base = [("n_fft", 64.into()), ("win_length", 64.into()), ("n_mels", 4.into())];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    fn run(changes: &[(&str, ParamValue)]) -> Vec<f32> {
        let mut spectra = vec![0.0; 3 * 33];
        spectra[33..66].fill(1.0);
        spectra[66..].fill(1e-5);
        let block = Block::new(0, 3, 1, 33, &spectra).expect("whole frames");
        Collected::run::<Mel>(&setup(changes), [block]).expect("a result").frames(0).to_vec()
    }

    #[test]
    fn silence_loudness_and_the_floor() {
        let plain = run(&[]);
        assert_eq!(plain.len(), 12);
        assert_eq!(plain[..4], [-100.0; 4]);
        for (loud, soft) in plain[4..8].iter().zip(&plain[8..]) {
            assert!((loud - soft - 50.0).abs() < 1e-4, "{loud} {soft}");
        }
        let loudest = plain.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let floor = loudest - 30.0;
        let cut = run(&[("top_db", 30.0.into())]);
        assert_eq!(cut, plain.iter().map(|&db| db.max(floor)).collect::<Vec<_>>());
        assert_eq!(run(&[("amin", 1e-3.into())])[..4], [-30.0; 4]);
    }

    #[test]
    fn a_bad_spectrum_is_a_gap_and_sets_no_floor() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut spectra = vec![1.0; 3 * 33];
            spectra[40] = bad;
            spectra[66..].fill(1e-9);
            let block = Block::new(0, 3, 1, 33, &spectra).expect("whole frames");
            let got = Collected::run::<Mel>(&setup(&[("top_db", 30.0.into())]), [block]).expect("a result");
            let rows: Vec<&[f32]> = got.frames(0).chunks(4).collect();
            assert!(rows[1].iter().all(|db| db.is_nan()));
            let loudest = rows[0].iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(rows[2], [loudest - 30.0; 4]);
        }
    }

    #[test]
    fn scale_and_norm_are_heard_of() {
        assert_ne!(run(&[]), run(&[("htk", true.into())]));
        assert_ne!(run(&[]), run(&[("norm", "none".into())]));
        assert_ne!(run(&[]), run(&[("fmax", 5000.0.into())]));
        assert_eq!(run(&[]), run(&[("fmax", 11_025.0.into())]));
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(65), "win_length 65 is longer than n_fft 64"),
            ("n_fft", 128.into(), "n_fft 128 does not give spectra of 33 bins"),
            ("fmin", 12_000.0.into(), "frequency range 12000..11025 Hz is empty, negative or not finite"),
            ("n_mels", 0.into(), "n_mels 0 is not within 1..=8192"),
        ] {
            let error = Mel::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Mel::describe().check().expect("a valid description");
    }
}
