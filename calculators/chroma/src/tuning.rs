//! The calculator of tuning: one estimate for the whole asset.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, Kind, Output,
    ParamSpec, Samples, Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::TuningSpec;

/// How far the piece is tuned above A 440.
pub struct Tuning {
    estimate: agogic_dsp::Tuning,
    /// Whether there was a frame.
    begun: bool,
}

impl Calculator for Tuning {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let spec = CalculatorSpec::new("agogic.tuning", "1.0.0", input)
            .about("How far the piece is tuned above A 440, from the peaks of its spectra.")
            .author("Agogic");
        let about = "One event at the start: how far most of the louder spectral peaks are above the nearest \
                     pitch class of A 440, in classes; 0 where there are no peaks; librosa.estimate_tuning.";
        params().into_iter().fold(spec, CalculatorSpec::param).descriptor(
            DescriptorSpec::new("agogic.tuning", "classes", Kind::Events, Bins::Count(Amount::Fixed(1)))
                .about(about)
                .range(-0.5, 0.5)
                .changed_in("1.0.0"),
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
        if n_fft / 2 + 1 != setup.bins as usize {
            return Err(format!("n_fft {n_fft} does not give spectra of {} bins", setup.bins).into());
        }
        let estimate = agogic_dsp::Tuning::new(&TuningSpec {
            rate_hz: f64::from(setup.rate),
            n_fft,
            fmin: float("fmin")?,
            fmax: float("fmax")?,
            threshold: float("threshold")?,
            resolution: float("resolution")?,
            bins_per_octave: count("bins_per_octave")?,
            of_powers: false,
        });
        Ok(Self { estimate: estimate.map_err(|error| error.to_string())?, begun: false })
    }

    fn process(&mut self, block: &Block<'_>, _: &mut Output<'_>) -> Result<(), Error> {
        self.begun |= block.count() > 0;
        block.rows().for_each(|row| self.estimate.add(row));
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if !self.begun {
            return Ok(());
        }
        let event = Event {
            at: Samples(0),
            duration: Delta(Samples(0)),
            values: vec![self.estimate.estimate() as f32],
            label: String::new(),
        };
        output.events(0, &[event])
    }
}

fn params() -> [ParamSpec; 8] {
    let threshold = "Peaks exceed this part of their frame's largest magnitude.";
    let resolution = "Steps of the result.";
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
        ParamSpec::float("fmin", 150.0, 0.0, 1e6, "Hz", "Lowest frequency of a peak."),
        ParamSpec::float("fmax", 4000.0, 0.0, 1e6, "Hz", "Where peaks end."),
        ParamSpec::float("threshold", 0.1, 0.0, 0.999, "", threshold),
        ParamSpec::float("resolution", 0.01, 0.001, 0.5, "classes", resolution),
        ParamSpec::integer("bins_per_octave", 12, 1, 1200, "", "Pitch classes of an octave."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn run(changes: &[(&str, ParamValue)], spectra: &[f32]) -> Result<Vec<Event>, Error> {
        let mut setup = Collected::setup::<Tuning>(44_000, 1, 2201);
        for (name, value) in [("n_fft", 4400.into()), ("win_length", 4400.into())].iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        let block = Block::new(0, spectra.len() / 2201, 1, 2201, spectra).expect("whole frames");
        Collected::run::<Tuning>(&setup, [block]).map(|got| got.events(0).to_vec())
    }

    #[test]
    fn one_event_for_an_asset() {
        let mut spectra = vec![0.0; 2 * 2201];
        let tuning =
            |got: Result<Vec<Event>, Error>| got.expect("a result").iter().map(|e| e.values[0]).sum();
        let value: f32 = tuning(run(&[], &spectra));
        assert_eq!(value, 0.0);
        // 450 Hz is 0.389 classes above A.
        (spectra[45], spectra[2201 + 45]) = (7.0, 3.0);
        let value: f32 = tuning(run(&[], &spectra));
        assert!((value - 0.38).abs() < 1e-6, "{value}");
        let value: f32 = tuning(run(&[("bins_per_octave", 24.into())], &spectra));
        assert!((value + 0.23).abs() < 1e-6, "{value}");
        spectra.fill(f32::NAN);
        let value: f32 = tuning(run(&[], &spectra));
        assert_eq!(value, 0.0);
        assert_eq!(run(&[], &[]).expect("a result"), []);
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(4401), "win_length 4401 is longer than n_fft 4400"),
            ("n_fft", 8800.into(), "n_fft 8800 does not give spectra of 2201 bins"),
            ("fmin", 5000.0.into(), "frequency range 5000..4000 Hz is empty, negative or not finite"),
        ] {
            assert_eq!(
                run(&[(name, value)], &[]).err().map(|error| error.to_string()).as_deref(),
                Some(expect)
            );
        }
        Tuning::describe().check().expect("a valid description");
    }
}
