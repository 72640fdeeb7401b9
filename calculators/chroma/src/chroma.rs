//! The calculator: the filter bank, and each frame normalised. Where the tuning is
//! estimated, the bank is known at the end only, and folded frames wait for it.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::{ChromaBank, ChromaFold, ChromaSpec, FOLDED_CHROMA, Tuning, TuningSpec};

use crate::kept::Kept;

/// How strong each pitch class is.
pub struct Chroma {
    way: Way,
    n_chroma: usize,
    norm: Norm,
}

/// How frames become classes.
enum Way {
    /// The tuning is given.
    Given(ChromaBank),
    /// The tuning is estimated.
    Estimated(Box<Estimated>),
}

/// What is known of an asset before its end.
struct Estimated {
    tuning: Tuning,
    fold: ChromaFold,
    folded: Vec<f32>,
    kept: Kept,
}

/// What becomes 1 in each frame.
#[derive(Clone, Copy)]
enum Norm {
    /// The largest class.
    Largest,
    /// The sum.
    Sum,
    /// The root of the sum of squares.
    Length,
    /// Nothing.
    None,
}

impl Calculator for Chroma {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let spec = CalculatorSpec::new("agogic.chroma", "1.1.0", input)
            .about("Strength of each pitch class, from C up.")
            .author("Agogic");
        let spec = params().into_iter().fold(spec, CalculatorSpec::param);
        let names: Vec<String> = spec.params.iter().map(|param| param.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bins = Bins::Count(Amount::param("n_chroma"));
        spec.descriptor(
            DescriptorSpec::new("agogic.chroma", "", Kind::Dense(Frames::Input), bins)
                .about(
                    "Power in each pitch class, normalised by frame; 0 for silence; \
                     librosa.feature.chroma_stft.",
                )
                .reads(&names)
                .changed_in("1.0.0")
                .with_gaps(),
        )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let count = |name: &str| {
            let value = params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let (n_fft, win_length) = (count("n_fft")?, count("win_length")?);
        if win_length > n_fft {
            return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
        }
        let spec = ChromaSpec {
            rate_hz: f64::from(setup.rate),
            n_fft,
            n_chroma: count("n_chroma")?,
            tuning: float("tuning")?,
            ctroct: float("ctroct")?,
            octwidth: Some(float("octwidth")?).filter(|&octwidth| octwidth > 0.0),
        };
        if n_fft / 2 + 1 != setup.bins as usize {
            return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
        }
        let way = if params.flag("estimate_tuning") == Some(true) {
            Way::Estimated(Box::new(Estimated::new(&spec)?))
        } else {
            Way::Given(ChromaBank::new(&spec).map_err(|error| error.to_string())?)
        };
        let norm = match params.choice("chroma_norm") {
            Some("sum") => Norm::Sum,
            Some("length") => Norm::Length,
            Some("none") => Norm::None,
            _ => Norm::Largest,
        };
        Ok(Self { way, n_chroma: spec.n_chroma, norm })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        match &mut self.way {
            Way::Given(bank) => {
                let rows = output.frames(0, block.count())?;
                bank.apply_rows(block.data(), rows);
                rows.chunks_exact_mut(self.n_chroma).for_each(|classes| normalise(classes, self.norm));
            }
            Way::Estimated(estimated) => block.rows().for_each(|powers| estimated.add(powers)),
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let Way::Estimated(estimated) = &mut self.way else { return Ok(()) };
        let bank = estimated.fold.bank(estimated.tuning.estimate()).map_err(|error| error.to_string())?;
        let (width, total) = (estimated.folded.len(), estimated.kept.rows());
        let mut done = 0;
        for (scales, folded) in estimated.kept.pieces() {
            output.check_cancelled()?;
            output.progress(done as f32 / total as f32);
            done += scales.len();
            let rows = output.frames(0, scales.len())?.chunks_exact_mut(self.n_chroma);
            for ((&scale, folded), classes) in scales.iter().zip(folded.chunks_exact(width)).zip(rows) {
                Kept::unpack(scale, folded, &mut estimated.folded);
                bank.apply(&estimated.folded, classes);
                if scale.is_nan() {
                    classes.fill(f32::NAN);
                }
                normalise(classes, self.norm);
            }
        }
        Ok(())
    }
}

impl Estimated {
    fn new(spec: &ChromaSpec) -> Result<Self, Error> {
        if !FOLDED_CHROMA.contains(&spec.n_chroma) {
            let (least, most) = FOLDED_CHROMA.into_inner();
            return Err(format!(
                "n_chroma {} with estimate_tuning is not within {least}..={most}",
                spec.n_chroma
            )
            .into());
        }
        // What librosa.feature.chroma_stft asks of its estimate.
        let tuning = Tuning::new(&TuningSpec {
            rate_hz: spec.rate_hz,
            n_fft: spec.n_fft,
            fmin: 150.0,
            fmax: 4000.0,
            threshold: 0.1,
            resolution: 0.01,
            bins_per_octave: spec.n_chroma,
            of_powers: true,
        });
        let fold = ChromaFold::new(spec).map_err(|error| error.to_string())?;
        let values = fold.values();
        Ok(Self {
            tuning: tuning.map_err(|error| error.to_string())?,
            fold,
            folded: vec![0.0; values],
            kept: Kept::new(values),
        })
    }

    fn add(&mut self, powers: &[f32]) {
        self.tuning.add(powers);
        self.fold.fold(powers, &mut self.folded);
        self.kept.push(&self.folded);
    }
}

/// Divides by what shall be 1, unless that is smaller than any normal number.
fn normalise(classes: &mut [f32], norm: Norm) {
    if classes.iter().any(|class| !class.is_finite()) {
        classes.fill(f32::NAN);
        return;
    }
    let values = || classes.iter().map(|&class| f64::from(class));
    let size = match norm {
        Norm::Largest => values().fold(0.0, f64::max),
        Norm::Sum => values().sum(),
        Norm::Length => values().map(|x| x * x).sum::<f64>().sqrt(),
        Norm::None => 1.0,
    };
    if size >= f64::from(f32::MIN_POSITIVE) {
        classes.iter_mut().for_each(|class| *class = (f64::from(*class) / size) as f32);
    }
}

fn params() -> [ParamSpec; 9] {
    let tuning = "How far the piece is tuned above A 440, in pitch classes.";
    let estimate = "Estimates the tuning from the whole piece, and does not read `tuning`.";
    let ctroct = "Middle of the octaves that count most, in octaves above 27.5 Hz.";
    let octwidth = "Half width of the octaves that count most; 0 if all count alike.";
    let norm = "What becomes 1 in each frame: the largest class, the sum, the root of the sum of squares.";
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
        ParamSpec::integer("n_chroma", 12, 1, 1200, "", "Pitch classes of an octave."),
        ParamSpec::float("tuning", 0.0, -100.0, 100.0, "classes", tuning),
        ParamSpec::flag("estimate_tuning", false, estimate),
        ParamSpec::float("ctroct", 5.0, -20.0, 20.0, "octaves", ctroct),
        ParamSpec::float("octwidth", 2.0, 0.0, 100.0, "octaves", octwidth),
        ParamSpec::choice("chroma_norm", "largest", &["largest", "sum", "length", "none"], norm),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Chroma>(44_000, 1, 2201);
        let base = [("n_fft", 4400.into()), ("win_length", 4400.into())];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    /// Silence, 440 Hz, and the same with a bin that is not finite.
    fn run(changes: &[(&str, ParamValue)]) -> Vec<Vec<f32>> {
        let mut spectra = vec![0.0; 3 * 2201];
        (spectra[2201 + 44], spectra[2 * 2201 + 44], spectra[2 * 2201 + 99]) = (7.0, 7.0, f32::NAN);
        let block = Block::new(0, 3, 1, 2201, &spectra).expect("whole frames");
        let got = Collected::run::<Chroma>(&setup(changes), [block]).expect("a result");
        got.frames(0).chunks(got.frames(0).len() / 3).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn a_tone_silence_and_a_gap() {
        let rows = run(&[]);
        assert_eq!(rows[0], [0.0; 12]);
        assert_eq!(rows[1][9], 1.0);
        assert!(rows[1].iter().all(|class| (0.0..=1.0).contains(class)));
        assert!(rows[2].iter().all(|class| class.is_nan()));
        assert_eq!(run(&[("n_chroma", 24.into())])[1][18], 1.0);
    }

    #[test]
    fn what_becomes_one() {
        let norm = |name: &str| run(&[("chroma_norm", name.into())])[1].clone();
        let sum = |row: &[f32]| row.iter().map(|&x| f64::from(x)).sum::<f64>();
        let length = |row: &[f32]| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        assert!((sum(&norm("sum")) - 1.0).abs() < 1e-6);
        assert!((length(&norm("length")) - 1.0).abs() < 1e-6);
        // Of octave 4, one below the middle: exp(-1/8) of the power.
        assert!((length(&norm("none")) - 7.0 * (-0.125f64).exp()).abs() < 1e-5);
        let flat = run(&[("chroma_norm", "none".into()), ("octwidth", 0.0.into())]);
        assert!((length(&flat[1]) - 7.0).abs() < 1e-5);
    }

    #[test]
    fn an_estimate_is_as_good_as_its_figure() {
        // Partials of tones a third of a class above A 440.
        let mut spectra = vec![0.0f32; 30 * 2201];
        for (frame, row) in spectra.chunks_exact_mut(2201).enumerate() {
            for partial in 1..=8 {
                let place =
                    440.0 * (1.0f64 / 36.0 + (frame % 12) as f64 / 12.0).exp2() * f64::from(partial) / 10.0;
                let bin = place as usize;
                let beyond = (place - place.floor()) as f32;
                (row[bin], row[bin + 1]) = ((1.0 - beyond) / partial as f32, beyond / partial as f32);
            }
        }
        let run = |changes: &[(&str, ParamValue)], block: usize| {
            let blocks = spectra.chunks(block * 2201).enumerate().map(|(i, data)| {
                Block::new((i * block) as u64, data.len() / 2201, 1, 2201, data).expect("whole frames")
            });
            Collected::run::<Chroma>(&setup(changes), blocks).expect("a result").frames(0).to_vec()
        };
        let estimated = run(&[("estimate_tuning", true.into())], 7);
        assert_eq!(estimated, run(&[("estimate_tuning", true.into())], 1));
        let best = (-50..50).map(|percent| {
            let given = run(&[("tuning", (f64::from(percent) / 100.0).into())], 30);
            let errors = given.iter().zip(&estimated).map(|(a, b)| (a - b).abs());
            (percent, errors.fold(0.0, f32::max))
        });
        let best = best.fold((0, f32::MAX), |a, b| if b.1 < a.1 { b } else { a });
        assert!((25..40).contains(&best.0) && best.1 < 1e-3, "{best:?}");
    }

    #[test]
    fn estimates_of_odd_input() {
        let estimate = [("estimate_tuning", true.into())];
        let rows = run(&estimate);
        assert_eq!(rows[0], [0.0; 12]);
        assert_eq!(rows[1][9], 1.0);
        assert!(rows[2].iter().all(|class| class.is_nan()));
        assert!(Collected::run::<Chroma>(&setup(&estimate), []).expect("a result").frames(0).is_empty());
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(4401), "win_length 4401 is longer than n_fft 4400"),
            ("n_fft", 8800.into(), "n_fft 8800 does not give spectra of 2201 bins"),
            ("n_chroma", 0.into(), "n_chroma is missing or not positive"),
            ("n_chroma", 61.into(), "n_chroma 61 with estimate_tuning is not within 12..=60"),
        ] {
            let value = [(name, value), ("estimate_tuning", true.into())];
            let error = Chroma::new(&setup(&value)).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Chroma::describe().check().expect("a valid description");
    }
}
