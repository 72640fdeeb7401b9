//! The calculator of the constant-Q spectrum.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};
use agogic_dsp::{ConstantQ, ConstantQSpec};

use crate::setup::{bins_per_octave, count, float, fmin, hop_length, tuning};

/// How far a frame is behind under the defaults at up to 48 kHz, in samples.
const LATENCY: u32 = 32_768;

/// A constant-Q spectrum.
pub struct Cqt {
    transform: ConstantQ,
}

impl Calculator for Cqt {
    fn describe() -> CalculatorSpec {
        let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
        let bins = Bins::Count(Amount::param("n_bins"));
        let about = "Magnitude of the samples under a Hann window of Q periods, times the root of its length; \
                     bins beyond half the sample rate are 0; librosa.cqt.";
        let scale = "Length of the filters, as a part of the usual one.";
        let sparsity = "Share of the filters' magnitudes in frequency that is left out, weakest first.";
        CalculatorSpec::new("agogic.cqt", "1.0.0", PcmInput::new(ChannelUse::Mono))
            .about("Spectrum whose bins are as far apart as notes.")
            .author("Agogic")
            .latency(LATENCY)
            .param(hop_length())
            .param(fmin())
            .param(ParamSpec::integer("n_bins", 84, 1, 1200, "", "Number of bins."))
            .param(bins_per_octave(12))
            .param(tuning())
            .param(ParamSpec::float("filter_scale", 1.0, 0.01, 16.0, "", scale))
            .param(ParamSpec::float("sparsity", 0.01, 0.0, 0.5, "", sparsity))
            .descriptor(
                DescriptorSpec::new("agogic.cqt", "", Kind::Dense(frames), bins)
                    .about(about)
                    .changed_in("1.0.0")
                    .with_gaps()
                    .on_demand(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let transform = ConstantQ::new(&ConstantQSpec {
            rate_hz: f64::from(setup.rate),
            hop: count(setup, "hop_length")?,
            fmin: float(setup, "fmin")?,
            n_bins: count(setup, "n_bins")?,
            bins_per_octave: count(setup, "bins_per_octave")?,
            tuning: float(setup, "tuning")?,
            filter_scale: float(setup, "filter_scale")?,
            sparsity: float(setup, "sparsity")?,
        });
        Ok(Self { transform: transform.map_err(|error| error.to_string())? })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let width = self.transform.n_bins();
        let mut result = Ok(());
        self.transform.push(block.channel(0), |_, rows| give(rows, width, output, &mut result));
        result
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let width = self.transform.n_bins();
        let mut result = Ok(());
        self.transform.finish(|_, rows| give(rows, width, output, &mut result));
        result
    }
}

/// Hands rows out, unless that failed before.
fn give(rows: &[f32], width: usize, output: &mut Output<'_>, result: &mut Result<(), Error>) {
    if result.is_ok() {
        *result = output.frames(0, rows.len() / width).map(|out| out.copy_from_slice(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    #[test]
    fn a_tone_is_in_its_bin() {
        let setup = Collected::setup::<Cqt>(44_100, 1, 1);
        let tone: Vec<f32> = (0..44_100)
            .map(|i| (std::f64::consts::TAU * 440.0 * f64::from(i) / 44_100.0).sin() as f32)
            .collect();
        let block = Block::new(0, tone.len(), 1, 1, &tone).expect("whole channels");
        let got = Collected::run::<Cqt>(&setup, [block]).expect("a result");
        assert_eq!(got.frames(0).len(), 84 * (1 + 44_100 / 512));
        let row = &got.frames(0)[40 * 84..][..84];
        // A4 is 45 semitones above C1; Q is 17.3 under twelve bins.
        let length: f64 = 17.3 * 44_100.0 / 440.0;
        assert!((f64::from(row[45]) / (length.sqrt() / 2.0) - 1.0).abs() < 2e-3, "{}", row[45]);
        assert!(row.iter().enumerate().all(|(bin, &value)| bin == 45 || value < row[45]));
    }

    #[test]
    fn every_rate_and_level() {
        for rate in [8000, 22_050, 44_100, 48_000, 192_000] {
            let setup = Collected::setup::<Cqt>(rate, 1, 1);
            for level in [0.0, 1e-21, 1.0, 1e12] {
                for length in [0, 1, 511, 5000] {
                    let samples: Vec<f32> =
                        (0..length).map(|i| level * ((i * 37 % 101) as f32 - 50.0)).collect();
                    let block = Block::new(0, length, 1, 1, &samples).expect("whole channels");
                    let got = Collected::run::<Cqt>(&setup, [block]).expect("a result");
                    assert_eq!(got.frames(0).len(), if length == 0 { 0 } else { 84 * (1 + length / 512) });
                    assert!(got.frames(0).iter().all(|value| value.is_finite()));
                    assert!(level > 0.0 || got.frames(0).iter().all(|&value| value == 0.0));
                }
            }
        }
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        let mut setup = Collected::setup::<Cqt>(192_000, 1, 1);
        setup.params.0.insert("hop_length".into(), ParamValue::from(441));
        setup.params.0.insert("fmin".into(), ParamValue::from(1.0));
        let error = Cqt::new(&setup).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.ends_with("fmin is too low, or hop_length has too few factors of 2"), "{error}");
        Cqt::describe().check().expect("a valid description");
    }
}
