//! The calculator: from mel bands in decibels to cepstral coefficients and their
//! slopes.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, InputSpec, Kind, Output,
    ParamSpec, Setup, Shape,
};
use agogic_dsp::{Dct, Slope, SlopeOrder};

const MFCC: usize = 0;
const DELTA: usize = 1;
const DELTA2: usize = 2;

/// Mel-frequency cepstral coefficients and their slopes.
pub struct Mfcc {
    dct: Dct,
    /// What each coefficient is multiplied with; empty for nothing.
    lifter: Vec<f32>,
    /// Whether the coefficients themselves are wanted.
    wanted: bool,
    /// The slopes that are wanted, with the number of their output.
    slopes: Vec<(usize, Slope)>,
    /// Frames so far.
    taken: u64,
    /// Coefficients per frame: of all channels.
    width: usize,
    /// Coefficients of a block.
    rows: Vec<f32>,
}

impl Calculator for Mfcc {
    fn describe() -> CalculatorSpec {
        let dense = |id: &str, unit: &str, about: &str, reads: &[&str]| {
            let bins = Bins::Count(Amount::param("n_mfcc"));
            DescriptorSpec::new(id, unit, Kind::Dense(Frames::Input), bins)
                .about(about)
                .reads(reads)
                .changed_in("1.0.0")
                .with_gaps()
        };
        let slope =
            |id, unit, about| dense(id, unit, about, &["n_mfcc", "lifter", "delta_width"]).on_demand();
        let mfcc = "Orthonormal DCT-II of the mel bands in dB; librosa.feature.mfcc.";
        let delta = "Slope of the coefficients, per frame; librosa.feature.delta.";
        let delta2 =
            "Second derivative of the coefficients, per frame squared; librosa.feature.delta, order 2.";
        let lifter = "Cepstral liftering: the coefficient after which weights repeat; 0 for none.";
        let width = "Frames that a slope is taken over; an odd number.";
        CalculatorSpec::new("agogic.mfcc", "1.0.0", InputSpec::descriptors(&["agogic.mel"]))
            .about("Mel-frequency cepstral coefficients and their slopes.")
            .author("Agogic")
            .param(ParamSpec::integer("n_mfcc", 20, 1, 8192, "", "Number of coefficients, at most n_mels."))
            .param(ParamSpec::float("lifter", 0.0, 0.0, 1e6, "", lifter))
            .param(ParamSpec::integer("delta_width", 9, 3, 1023, "frames", width))
            .descriptor(dense("agogic.mfcc", "dB", mfcc, &["n_mfcc", "lifter"]))
            .descriptor(slope("agogic.mfcc.delta", "dB/frame", delta))
            .descriptor(slope("agogic.mfcc.delta2", "dB/frame^2", delta2))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let count = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.ok_or_else(|| format!("{name} is missing or negative"))
        };
        let mel = setup.inputs.first().ok_or("agogic.mel is missing")?;
        if mel.shape != Shape::Dense {
            return Err("agogic.mel is no track of frames".into());
        }
        let (n_mels, n_mfcc) = (mel.bins as usize, count("n_mfcc")?);
        if n_mfcc > n_mels {
            return Err(format!("n_mfcc {n_mfcc} is more than the {n_mels} bands of agogic.mel").into());
        }
        let dct = Dct::new(n_mels, n_mfcc).map_err(|error| error.to_string())?;
        let width = n_mfcc * mel.channels.len();
        let frames = count("delta_width")?;
        let mut slopes = vec![];
        for (output, order) in [(DELTA, SlopeOrder::First), (DELTA2, SlopeOrder::Second)] {
            let slope = Slope::new(frames, order, width)
                .map_err(|_| format!("delta_width {frames} is not an odd number from 3 on"))?;
            if setup.wants(output) {
                slopes.push((output, slope));
            }
        }
        let lifter = setup.params.float("lifter").ok_or("lifter is missing")?;
        let weight = |i: usize| 1.0 + 0.5 * lifter * (std::f64::consts::PI * (i + 1) as f64 / lifter).sin();
        let lifter = if lifter > 0.0 { (0..n_mfcc).map(|i| weight(i) as f32).collect() } else { vec![] };
        Ok(Self { dct, lifter, wanted: setup.wants(MFCC), slopes, taken: 0, width, rows: vec![] })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let n_mfcc = self.dct.outputs();
        let count = block.count();
        if block.data().len() * n_mfcc != count * self.width * self.dct.inputs() {
            return Err("a block of agogic.mel has not the bins of its header".into());
        }
        if self.slopes.is_empty() {
            let rows = output.frames(MFCC, if self.wanted { count } else { 0 })?;
            coefficients(&mut self.dct, &self.lifter, block.data(), rows);
            return Ok(());
        }
        self.rows.resize(count * self.width, 0.0);
        coefficients(&mut self.dct, &self.lifter, block.data(), &mut self.rows);
        if self.wanted {
            output.frames(MFCC, count)?.copy_from_slice(&self.rows);
        }
        for (number, slope) in &mut self.slopes {
            let given = slope.given_after(self.taken + count as u64) - slope.given_after(self.taken);
            let mut out = output.frames(*number, given as usize)?.chunks_exact_mut(self.width);
            for row in self.rows.chunks_exact(self.width) {
                slope.push(row, |values| copy(values, out.next()));
            }
        }
        self.taken += count as u64;
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        for (number, slope) in &mut self.slopes {
            let left = self.taken - slope.given_after(self.taken);
            let mut out = output.frames(*number, left as usize)?.chunks_exact_mut(self.width);
            slope.finish(|values| copy(values, out.next()));
        }
        Ok(())
    }
}

/// The coefficients of rows of bands; NaN for a row that holds a band without value.
fn coefficients(dct: &mut Dct, lifter: &[f32], bands: &[f32], rows: &mut [f32]) {
    let (n_mels, n_mfcc) = (dct.inputs(), dct.outputs());
    for (bands, row) in bands.chunks_exact(n_mels).zip(rows.chunks_exact_mut(n_mfcc)) {
        dct.apply(bands, row);
        for (value, weight) in row.iter_mut().zip(lifter) {
            *value *= weight;
        }
        if row.iter().any(|value| !value.is_finite()) {
            row.fill(f32::NAN);
        }
    }
}

fn copy(values: &[f32], out: Option<&mut [f32]>) {
    if let Some(out) = out {
        out.copy_from_slice(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue, TrackHeader};

    fn setup(n_mels: u32, changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Mfcc>(22_050, 1, 0);
        let base = [("n_mfcc", 3.into()), ("delta_width", 3.into())];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        let input = Mfcc::describe().input.inputs()[0].clone();
        setup.inputs = vec![TrackHeader {
            descriptor: input,
            unit: "dB".into(),
            range: None,
            shape: Shape::Dense,
            channels: vec!["mono".into()],
            bins: n_mels,
            rate: 22_050,
            planes: vec![(0, 512)],
        }];
        setup
    }

    fn run_blocks(setup: &Setup, bands: &[f32], frames: usize) -> Collected {
        let width = setup.inputs[0].bins as usize;
        let blocks = bands.chunks(frames * width).enumerate().map(|(i, data)| {
            Block::new((i * frames) as u64, data.len() / width, 1, width, data).expect("whole frames")
        });
        Collected::run::<Mfcc>(setup, blocks).expect("a result")
    }

    /// Five frames of four bands, each 10 dB louder than the one before, the first silent.
    fn run(changes: &[(&str, ParamValue)]) -> Collected {
        let bands: Vec<f32> = [-100.0, 0.0, 10.0, 20.0, 30.0f32].iter().flat_map(|&db| [db; 4]).collect();
        run_blocks(&setup(4, changes), &bands, 2)
    }

    #[test]
    fn level_is_the_first_coefficient() {
        let got = run(&[]);
        let rows: Vec<&[f32]> = got.frames(0).chunks(3).collect();
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0], [-200.0, 0.0, 0.0]);
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
    fn lifter_weighs_coefficients() {
        let (plain, lifted) = (run(&[]), run(&[("lifter", 2.0.into())]));
        // sin(pi / 2) = 1, sin(pi) = 0, sin(3 pi / 2) = -1, each times 2 / 2.
        for (plain, lifted) in plain.frames(0).chunks(3).zip(lifted.frames(0).chunks(3)) {
            assert!((lifted[0] - 2.0 * plain[0]).abs() < 1e-3);
            assert!((lifted[1] - plain[1]).abs() < 1e-3 && lifted[2].abs() < 1e-3);
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere_and_gaps_stay_where_they_are() {
        let mut bands: Vec<f32> = (0..200u32 * 16).map(|i| (i * 37 % 101) as f32 - 90.0).collect();
        bands[100 * 16 + 3] = f32::NAN;
        let setup = setup(16, &[("n_mfcc", 13.into()), ("delta_width", 9.into())]);
        let bits = |frames| {
            let got = run_blocks(&setup, &bands, frames);
            [0, 1, 2].map(|output| got.frames(output).iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        };
        let whole = bits(1000);
        for frames in [1, 7, 64] {
            assert_eq!(bits(frames), whole);
        }
        let gap = |output: usize, frame: usize| f32::from_bits(whole[output][frame * 13]).is_nan();
        for frame in 0..200 {
            assert_eq!(gap(0, frame), frame == 100);
            assert_eq!(gap(1, frame), (96..=104).contains(&frame));
        }
    }

    #[test]
    fn what_nobody_wants_is_left_out() {
        let bands: Vec<f32> = (0..80u8).map(f32::from).collect();
        let run = |wanted: [bool; 3]| {
            let setup = Setup { wanted: wanted.to_vec(), ..setup(4, &[]) };
            let got = run_blocks(&setup, &bands, 3);
            [0, 1, 2].map(|output| got.frames(output).to_vec())
        };
        let all = run([true; 3]);
        for wanted in [[true, false, false], [false, true, false], [false, false, true], [false; 3]] {
            for ((got, all), wanted) in run(wanted).iter().zip(&all).zip(wanted) {
                assert!(if wanted { got == all } else { got.is_empty() });
            }
        }
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        let reason = |setup: &Setup| Mfcc::new(setup).err().map(|error| error.to_string());
        for (name, value, expect) in [
            ("n_mfcc", ParamValue::from(5), "n_mfcc 5 is more than the 4 bands of agogic.mel"),
            ("delta_width", 4.into(), "delta_width 4 is not an odd number from 3 on"),
        ] {
            assert_eq!(reason(&setup(4, &[(name, value)])).as_deref(), Some(expect));
        }
        let alone = Setup { inputs: vec![], ..setup(4, &[]) };
        assert_eq!(reason(&alone).as_deref(), Some("agogic.mel is missing"));
        Mfcc::describe().check().expect("a valid description");
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let got = run_blocks(&setup(4, &[]), &[], 1);
        assert!((0..3).all(|output| got.frames(output).is_empty()));
    }
}
