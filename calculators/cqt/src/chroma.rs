//! The calculator of pitch classes of a constant-Q spectrum.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};
use agogic_dsp::{ConstantQ, ConstantQSpec, MAX_CONSTANT_Q_BINS};

use crate::setup::{bins_per_octave, count, float, fmin, hop_length, tuning};

/// How far a frame is behind under the defaults at up to 48 kHz, in samples.
const LATENCY: u32 = 98_304;

/// How strong each pitch class is.
pub struct CqtChroma {
    transform: ConstantQ,
    fold: Fold,
}

/// What becomes of a row of the spectrum.
struct Fold {
    /// The class of each bin.
    classes: Vec<usize>,
    n_chroma: usize,
    norm: Norm,
}

/// What becomes 1 in each frame.
#[derive(Clone, Copy)]
enum Norm {
    Largest,
    Sum,
    Length,
    None,
}

impl Calculator for CqtChroma {
    fn describe() -> CalculatorSpec {
        let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
        let bins = Bins::Count(Amount::param("n_chroma"));
        let about = "Sum of the constant-Q magnitudes around each pitch class, normalised by frame; 0 for \
                     silence; librosa.feature.chroma_cqt with a given tuning.";
        let norm =
            "What becomes 1 in each frame: the largest class, the sum, the root of the sum of squares.";
        CalculatorSpec::new("agogic.cqt.chroma", "1.0.0", PcmInput::new(ChannelUse::Mono))
            .about("Strength of each pitch class, from C up, of a constant-Q spectrum.")
            .author("Agogic")
            .latency(LATENCY)
            .param(hop_length())
            .param(fmin())
            .param(ParamSpec::integer("n_chroma", 12, 1, 1200, "", "Pitch classes of an octave."))
            .param(ParamSpec::integer("n_octaves", 7, 1, 20, "", "Octaves from fmin up."))
            .param(bins_per_octave(36))
            .param(tuning())
            .param(ParamSpec::choice("chroma_norm", "largest", &["largest", "sum", "length", "none"], norm))
            .descriptor(
                DescriptorSpec::new("agogic.cqt.chroma", "", Kind::Dense(frames), bins)
                    .about(about)
                    .changed_in("1.0.0")
                    .with_gaps()
                    .on_demand(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let (n_chroma, per_octave) = (count(setup, "n_chroma")?, count(setup, "bins_per_octave")?);
        if !per_octave.is_multiple_of(n_chroma) {
            return Err(format!("bins_per_octave {per_octave} is no multiple of n_chroma {n_chroma}").into());
        }
        let n_octaves = count(setup, "n_octaves")?;
        let n_bins = n_octaves * per_octave;
        if n_bins > MAX_CONSTANT_Q_BINS {
            let most = MAX_CONSTANT_Q_BINS;
            return Err(
                format!("n_octaves {n_octaves} of {per_octave} bins are more than {most} bins").into()
            );
        }
        let fmin = float(setup, "fmin")?;
        let transform = ConstantQ::new(&ConstantQSpec {
            rate_hz: f64::from(setup.rate),
            hop: count(setup, "hop_length")?,
            fmin,
            n_bins,
            bins_per_octave: per_octave,
            tuning: float(setup, "tuning")?,
            filter_scale: 1.0,
            sparsity: 0.01,
        });
        let norm = match setup.params.choice("chroma_norm") {
            Some("sum") => Norm::Sum,
            Some("length") => Norm::Length,
            Some("none") => Norm::None,
            _ => Norm::Largest,
        };
        let fold = Fold { classes: classes(n_bins, per_octave, n_chroma, fmin), n_chroma, norm };
        Ok(Self { transform: transform.map_err(|error| error.to_string())?, fold })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let mut result = Ok(());
        self.transform.push(block.channel(0), |_, rows| self.fold.give(rows, output, &mut result));
        result
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let mut result = Ok(());
        self.transform.finish(|_, rows| self.fold.give(rows, output, &mut result));
        result
    }
}

/// The class of each bin, from C up: that of the nearest class at or around it, the
/// first bin being in the middle of the class of `fmin`.
fn classes(n_bins: usize, per_octave: usize, n_chroma: usize, fmin: f64) -> Vec<usize> {
    let merged = per_octave / n_chroma;
    let semitones = (12.0 * (fmin / 440.0).log2() + 69.0).rem_euclid(12.0);
    let turn = (semitones * n_chroma as f64 / 12.0).round_ties_even() as usize;
    (0..n_bins).map(|bin| ((bin + merged / 2) / merged + turn) % n_chroma).collect()
}

impl Fold {
    /// Hands rows out as classes, unless that failed before.
    fn give(&self, rows: &[f32], output: &mut Output<'_>, result: &mut Result<(), Error>) {
        if result.is_err() {
            return;
        }
        let rows = rows.chunks_exact(self.classes.len());
        match output.frames(0, rows.len()) {
            Ok(out) => {
                for (row, out) in rows.zip(out.chunks_exact_mut(self.n_chroma)) {
                    row.iter().zip(&self.classes).for_each(|(value, &class)| out[class] += value);
                    self.normalise(out);
                }
            }
            Err(error) => *result = Err(error),
        }
    }

    /// Divides by what shall be 1, unless that is smaller than any normal number.
    fn normalise(&self, classes: &mut [f32]) {
        if classes.iter().any(|class| !class.is_finite()) {
            classes.fill(f32::NAN);
            return;
        }
        let values = || classes.iter().map(|&class| f64::from(class));
        let size = match self.norm {
            Norm::Largest => values().fold(0.0, f64::max),
            Norm::Sum => values().sum(),
            Norm::Length => values().map(|x| x * x).sum::<f64>().sqrt(),
            Norm::None => 1.0,
        };
        if size >= f64::from(f32::MIN_POSITIVE) {
            classes.iter_mut().for_each(|class| *class = (f64::from(*class) / size) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn run(changes: &[(&str, ParamValue)], hz: f64) -> Result<Vec<f32>, Error> {
        let mut setup = Collected::setup::<CqtChroma>(22_050, 1, 1);
        for (name, value) in changes {
            setup.params.0.insert((*name).into(), value.clone());
        }
        let sample = |i: u32| (std::f64::consts::TAU * hz * f64::from(i) / 22_050.0).sin() as f32;
        let tone: Vec<f32> = (0..22_050).map(sample).collect();
        let block = Block::new(0, tone.len(), 1, 1, &tone).expect("whole channels");
        Collected::run::<CqtChroma>(&setup, [block]).map(|got| got.frames(0).to_vec())
    }

    #[test]
    fn a_tone_is_in_its_class() {
        for (hz, class) in [(440.0, 9), (261.63, 0), (1567.98, 7)] {
            for changes in [vec![], vec![("fmin", 55.0.into())], vec![("bins_per_octave", 12.into())]] {
                let got = run(&changes, hz).expect("a result");
                assert_eq!(got[20 * 12..][..12][class], 1.0, "{hz} {changes:?}");
            }
        }
        let sum =
            |norm: &str| run(&[("chroma_norm", norm.into())], 440.0).expect("a result")[240..252].to_vec();
        assert!((sum("sum").iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((sum("length").iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(sum("none")[9] > 5.0);
        assert!(run(&[], 0.0).expect("a result").iter().all(|&value| value == 0.0));
        assert!(run(&[], f64::NAN).expect("a result").iter().all(|value| value.is_nan()));
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("n_chroma", 24, "bins_per_octave 36 is no multiple of n_chroma 24"),
            ("bins_per_octave", 240, "n_octaves 7 of 240 bins are more than 1200 bins"),
        ] {
            let error = run(&[(name, value.into())], 440.0).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        CqtChroma::describe().check().expect("a valid description");
    }
}
