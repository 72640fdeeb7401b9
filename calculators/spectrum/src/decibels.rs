//! The linear spectrogram in decibels.

use agogic_calculator::{
    Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec, Setup,
    SpectrumScale,
};
use agogic_dsp::power_to_db_slice;

use crate::{check, describe, finite};

/// Values that are converted together.
const PIECE: usize = 2048;

/// The linear spectrogram in decibels.
pub struct SpectrumDecibels {
    /// The least power that counts.
    amin: f32,
    top_db: f32,
    /// The greatest value so far.
    loudest: f32,
}

impl Calculator for SpectrumDecibels {
    fn describe() -> CalculatorSpec {
        let frames = Kind::Dense(Frames::Input);
        let top_db = "Values further below the loudest one are raised to that; 0 for no such limit.";
        describe("agogic.spectrum.db", SpectrumScale::Power)
            .about("Linear spectrogram in decibels.")
            .param(ParamSpec::float("amin", 1e-10, 1e-30, 1.0, "", "Powers below this count as this."))
            .param(ParamSpec::float("top_db", 0.0, 0.0, 1000.0, "dB", top_db))
            .descriptor(
                DescriptorSpec::new("agogic.spectrum.db", "dB", frames, Bins::Input)
                    .about(
                        "10 log10(max(amin, |X|^2)), which is 20 log10 |X|; librosa.power_to_db, and \
                         librosa.amplitude_to_db with the root of amin.",
                    )
                    .reads(&["n_fft", "hop_length", "win_length", "amin", "top_db"])
                    .raised_with("top_db")
                    .with_gaps()
                    .on_demand(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        check(setup)?;
        let float = |name: &str| setup.params.float(name).ok_or_else(|| format!("{name} is missing"));
        Ok(Self { amin: float("amin")? as f32, top_db: float("top_db")? as f32, loudest: f32::NEG_INFINITY })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let values = output.frames(0, block.count())?;
        // A piece at a time, so that all three loops find it in the nearest cache.
        for (values, powers) in values.chunks_mut(PIECE).zip(block.data().chunks(PIECE)) {
            values.copy_from_slice(powers);
            power_to_db_slice(values, self.amin);
            values.iter_mut().for_each(|db| *db = finite(*db));
        }
        if self.top_db > 0.0 {
            self.loudest = loudest(values).max(self.loudest);
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

/// The greatest value, NaN left out. Lanes apart, so that it vectorises.
fn loudest(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<8>();
    let mut greatest = [f32::NEG_INFINITY; 8];
    for lanes in lanes {
        for (greatest, &value) in greatest.iter_mut().zip(lanes) {
            *greatest = if value > *greatest { value } else { *greatest };
        }
    }
    greatest.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<SpectrumDecibels>(22_050, 1, 9);
        let base = [("n_fft", 16.into()), ("win_length", 16.into())];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    fn run(powers: &[f32], changes: &[(&str, ParamValue)]) -> Vec<f32> {
        let block = Block::new(0, powers.len() / 9, 1, 9, powers).expect("whole frames");
        Collected::run::<SpectrumDecibels>(&setup(changes), [block]).expect("a result").frames(0).to_vec()
    }

    #[test]
    fn powers_silence_and_the_floor() {
        let powers = [[0.0; 9], [1.0; 9], [1e-6; 9]].concat();
        let decibels = |levels: [f32; 3]| levels.iter().flat_map(|&db| [db; 9]).collect::<Vec<_>>();
        let close = |got: Vec<f32>, expect: [f32; 3]| {
            let pairs = got.iter().zip(decibels(expect)).all(|(got, expect)| (got - expect).abs() < 1e-4);
            assert!(pairs && got.len() == 27, "{got:?}");
        };
        close(run(&powers, &[]), [-100.0, 0.0, -60.0]);
        close(run(&powers, &[("top_db", 80.0.into())]), [-80.0, 0.0, -60.0]);
        close(run(&powers, &[("amin", 1e-4.into())]), [-40.0, 0.0, -40.0]);
        assert!(run(&[], &[("top_db", 80.0.into())]).is_empty());
    }

    #[test]
    fn a_bad_spectrum_is_a_gap_and_sets_no_floor() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut powers = [[1.0; 9], [1e-12; 9]].concat();
            powers[3] = bad;
            let got = run(&powers, &[("top_db", 80.0.into())]);
            assert!(got[3].is_nan() && got[9..].iter().all(|&db| db == -80.0), "{got:?}");
        }
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(17), "win_length 17 is longer than n_fft 16"),
            ("n_fft", 128.into(), "n_fft 128 does not give spectra of 9 bins"),
        ] {
            let error = SpectrumDecibels::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        SpectrumDecibels::describe().check().expect("a valid description");
    }
}
