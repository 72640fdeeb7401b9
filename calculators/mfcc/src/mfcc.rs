//! The calculator: mel bands of a spectrum, and the cepstrum of them.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::{LogMel, LogMelSpec, MelNorm, MelScale};

use crate::cepstrum::Cepstrum;

/// Frames that go through the transform together once the loudest is known.
const BATCH: usize = 1024;

/// Mel-frequency cepstral coefficients and their slopes.
pub struct Mfcc {
    log_mel: LogMel,
    top_db: f32,
    cepstrum: Cepstrum,
    /// Mel bands of a block; of all frames where `top_db` asks for the loudest.
    bands: Vec<f32>,
}

impl Calculator for Mfcc {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let spec = CalculatorSpec::new("agogic.mfcc", "1.0.0", input)
            .about("Mel-frequency cepstral coefficients and their slopes.")
            .author("Agogic");
        let spec = params().into_iter().fold(spec, CalculatorSpec::param);
        let names: Vec<String> = spec.params.iter().map(|param| param.name.clone()).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let still: Vec<&str> = all.iter().copied().filter(|&name| name != "delta_width").collect();
        let dense = |id: &str, about: &str, reads: &[&str]| {
            let bins = Bins::Count(Amount::param("n_mfcc"));
            let frames = Kind::Dense(Frames::Input);
            DescriptorSpec::new(id, "", frames, bins)
                .about(about)
                .reads(reads)
                .changed_in("1.0.0")
                .with_gaps()
        };
        let mfcc = "Orthonormal DCT-II of the mel bands in dB; librosa.feature.mfcc.";
        let delta = "Slope of the coefficients, per frame; librosa.feature.delta.";
        let delta2 =
            "Second derivative of the coefficients, per frame squared; librosa.feature.delta, order 2.";
        spec.descriptor(dense("agogic.mfcc", mfcc, &still))
            .descriptor(dense("agogic.mfcc.delta", delta, &all))
            .descriptor(dense("agogic.mfcc.delta2", delta2, &all))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let count = |name: &str| {
            let value = params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let (n_fft, win_length, n_mels) = (count("n_fft")?, count("win_length")?, count("n_mels")?);
        if win_length > n_fft {
            return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
        }
        let log_mel = LogMel::new(&LogMelSpec {
            rate_hz: f64::from(setup.rate),
            n_fft,
            n_mels,
            fmin: float("fmin")?,
            fmax: float("fmax")?,
            scale: if params.flag("htk") == Some(true) { MelScale::Htk } else { MelScale::Slaney },
            norm: if params.choice("norm") == Some("none") { MelNorm::Peak } else { MelNorm::Slaney },
            amin: float("amin")? as f32,
        });
        let log_mel = log_mel.map_err(|error| error.to_string())?;
        if log_mel.bank().bins() != setup.bins as usize {
            return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
        }
        let cepstrum = Cepstrum::new(setup, n_mels)?;
        Ok(Self { log_mel, top_db: float("top_db")? as f32, cepstrum, bands: vec![] })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let n_mels = self.log_mel.bank().n_mels();
        let start = if self.top_db > 0.0 { self.bands.len() } else { 0 };
        self.bands.resize(start + block.count() * n_mels, 0.0);
        for (spectrum, bands) in block.rows().zip(self.bands[start..].chunks_exact_mut(n_mels)) {
            self.log_mel.apply(spectrum, bands);
        }
        if self.top_db > 0.0 { Ok(()) } else { self.cepstrum.push(&self.bands, output) }
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.top_db > 0.0 {
            let finite = self.bands.iter().copied().filter(|band| band.is_finite());
            let loudest = finite.fold(f32::NEG_INFINITY, f32::max);
            let floor = loudest - self.top_db;
            for bands in self.bands.chunks_mut(BATCH * self.log_mel.bank().n_mels()) {
                output.check_cancelled()?;
                for band in &mut *bands {
                    *band = if *band < floor { floor } else { *band };
                }
                self.cepstrum.push(bands, output)?;
            }
        }
        self.cepstrum.finish(output)
    }
}

/// The parameters of `agogic.mel`, under the same names, so that a profile speaks
/// to both, and those of the cepstrum.
fn params() -> [ParamSpec; 13] {
    let fmax = "Upper edge of the highest mel band; 0 for half the sample rate.";
    let norm = "Mel bands of equal area (slaney) or of equal height (none).";
    let top_db = "Mel bands further below the loudest one are raised to that; 0 for no such limit.";
    let lifter = "Cepstral liftering: the coefficient after which weights repeat; 0 for none.";
    let width = "Frames that a slope is taken over; an odd number.";
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
        ParamSpec::integer("n_mels", 128, 1, 8192, "", "Number of mel bands."),
        ParamSpec::float("fmin", 0.0, 0.0, 1e6, "Hz", "Lower edge of the lowest mel band."),
        ParamSpec::float("fmax", 0.0, 0.0, 1e6, "Hz", fmax),
        ParamSpec::flag("htk", false, "HTK's mel scale instead of Slaney's."),
        ParamSpec::choice("norm", "slaney", &["slaney", "none"], norm),
        ParamSpec::float("amin", 1e-10, 1e-30, 1.0, "", "Powers below this count as this."),
        ParamSpec::float("top_db", 0.0, 0.0, 1000.0, "dB", top_db),
        ParamSpec::integer("n_mfcc", 20, 1, 8192, "", "Number of coefficients, at most n_mels."),
        ParamSpec::float("lifter", 0.0, 0.0, 1e6, "", lifter),
        ParamSpec::integer("delta_width", 9, 3, 1023, "frames", width),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Mfcc>(22_050, 1, 33);
        let base = [
            ("n_fft", 64.into()),
            ("win_length", 64.into()),
            ("n_mels", 4.into()),
            ("n_mfcc", 3.into()),
            ("delta_width", 3.into()),
        ];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    /// Five frames, each ten times as loud as the one before, the first silent.
    fn run(setup: &Setup) -> Collected {
        let mut spectra = vec![0.0f32; 5 * 33];
        for (frame, row) in spectra.chunks_mut(33).enumerate().skip(1) {
            row.fill(10f32.powi(frame as i32));
        }
        let block = Block::new(0, 5, 1, 33, &spectra).expect("whole frames");
        Collected::run::<Mfcc>(setup, [block]).expect("a result")
    }

    #[test]
    fn level_is_the_first_coefficient() {
        let got = run(&setup(&[]));
        let rows: Vec<&[f32]> = got.frames(0).chunks(3).collect();
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0], [-200.0, 0.0, 0.0]);
        // 10 dB in each of four bands.
        for pair in rows[1..].windows(2) {
            assert!((pair[1][0] - pair[0][0] - 20.0).abs() < 1e-4 && (pair[1][1] - pair[0][1]).abs() < 1e-4);
        }
        let slopes: Vec<f32> = got.frames(1).iter().step_by(3).copied().collect();
        assert_eq!(slopes.len(), 5);
        assert!(slopes[2..].iter().all(|slope| (slope - 20.0).abs() < 1e-4), "{slopes:?}");
        assert_eq!(slopes[0], slopes[1]);
        assert!(got.frames(2).chunks(3).skip(2).all(|row| row[0].abs() < 1e-3));
    }

    #[test]
    fn bands_far_below_the_loudest_are_raised() {
        let level = |top_db: f64| {
            run(&setup(&[("top_db", top_db.into())])).frames(0).iter().step_by(3).copied().collect::<Vec<_>>()
        };
        let (all, cut) = (level(0.0), level(25.0));
        assert_eq!(all[3..], cut[3..]);
        assert!(cut[0] > all[0] && cut[1] > all[1] && (cut[0] - cut[1]).abs() < 1e-4);
    }

    #[test]
    fn lifter_weighs_coefficients() {
        let plain = run(&setup(&[]));
        let lifted = run(&setup(&[("lifter", 2.0.into())]));
        // sin(pi / 2) = 1, sin(pi) = 0, sin(3 pi / 2) = -1, each times 2 / 2.
        for (plain, lifted) in plain.frames(0).chunks(3).zip(lifted.frames(0).chunks(3)) {
            assert!((lifted[0] - 2.0 * plain[0]).abs() < 1e-3);
            assert!((lifted[1] - plain[1]).abs() < 1e-3 && lifted[2].abs() < 1e-3);
        }
    }

    #[test]
    fn what_nobody_wants_is_left_out() {
        let mut some = setup(&[]);
        some.wanted = vec![false, true, false];
        let (all, got) = (run(&setup(&[])), run(&some));
        assert_eq!(got.frames(1), all.frames(1));
        assert!(got.frames(0).is_empty() && got.frames(2).is_empty());
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(65), "win_length 65 is longer than n_fft 64"),
            ("n_fft", 128.into(), "n_fft 128 does not give spectra of 33 bins"),
            ("n_mfcc", 5.into(), "n_mfcc 5 is more than n_mels 4"),
            ("delta_width", 4.into(), "delta_width 4 is not an odd number from 3 on"),
        ] {
            let error = Mfcc::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Mfcc::describe().check().expect("a valid description");
    }
}
