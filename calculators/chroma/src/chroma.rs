//! The calculator: the filter bank, and each frame normalised.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::{ChromaBank, ChromaSpec};

/// How strong each pitch class is.
pub struct Chroma {
    bank: ChromaBank,
    norm: Norm,
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
        let spec = CalculatorSpec::new("agogic.chroma", "1.0.0", input)
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
                     librosa.feature.chroma_stft with a given tuning.",
                )
                .reads(&names)
                .changed_in("1.0.0")
                .with_gaps(),
        )
        .independent()
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
        let bank = ChromaBank::new(&ChromaSpec {
            rate_hz: f64::from(setup.rate),
            n_fft,
            n_chroma: count("n_chroma")?,
            tuning: float("tuning")?,
            ctroct: float("ctroct")?,
            octwidth: Some(float("octwidth")?).filter(|&octwidth| octwidth > 0.0),
        });
        let bank = bank.map_err(|error| error.to_string())?;
        if bank.bins() != setup.bins as usize {
            return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
        }
        let norm = match params.choice("chroma_norm") {
            Some("sum") => Norm::Sum,
            Some("length") => Norm::Length,
            Some("none") => Norm::None,
            _ => Norm::Largest,
        };
        Ok(Self { bank, norm })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let rows = output.frames(0, block.count())?;
        self.bank.apply_rows(block.data(), rows);
        rows.chunks_exact_mut(self.bank.n_chroma()).for_each(|classes| normalise(classes, self.norm));
        Ok(())
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

fn params() -> [ParamSpec; 8] {
    let tuning = "How far the piece is tuned above A 440, in pitch classes.";
    let ctroct = "Middle of the octaves that count most, in octaves above 27.5 Hz.";
    let octwidth = "Half width of the octaves that count most; 0 if all count alike.";
    let norm = "What becomes 1 in each frame: the largest class, the sum, the root of the sum of squares.";
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
        ParamSpec::integer("n_chroma", 12, 1, 1200, "", "Pitch classes of an octave."),
        ParamSpec::float("tuning", 0.0, -100.0, 100.0, "classes", tuning),
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
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(4401), "win_length 4401 is longer than n_fft 4400"),
            ("n_fft", 8800.into(), "n_fft 8800 does not give spectra of 2201 bins"),
            ("n_chroma", 0.into(), "n_chroma is missing or not positive"),
        ] {
            let error = Chroma::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Chroma::describe().check().expect("a valid description");
    }
}
