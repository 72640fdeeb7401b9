//! The calculator: mel frames in decibels, their flux, and its peaks.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, Frames, Kind,
    Output, ParamSpec, Samples, Setup, SpectrumInput, SpectrumScale,
};
use agogic_dsp::{LogMel, LogMelSpec, MelNorm, MelScale};

use crate::flux::Flux;
use crate::picking::Picking;

const STRENGTH: usize = 0;
const TIMES: usize = 1;

/// Onset strength and onset times.
pub struct Onset {
    hop: usize,
    log_mel: LogMel,
    top_db: f32,
    picking: Picking,
    flux: Flux,
    /// Mel bands of a frame; of all frames where `top_db` asks for the loudest.
    bands: Vec<f32>,
    /// All strengths so far, where onset times are wanted.
    strengths: Option<Vec<f32>>,
}

impl Calculator for Onset {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let spec = mel_params().into_iter().fold(
            CalculatorSpec::new("agogic.onset", "1.0.0", input)
                .about("Onset strength and onset times.")
                .author("Agogic"),
            CalculatorSpec::param,
        );
        let mel_names: Vec<String> = spec.params.iter().map(|param| param.name.clone()).collect();
        let mel_names: Vec<&str> = mel_names.iter().map(String::as_str).collect();
        let none = Bins::Count(Amount::Fixed(0));
        let one = Bins::Count(Amount::Fixed(1));
        Picking::params()
            .fold(spec, CalculatorSpec::param)
            .descriptor(
                DescriptorSpec::new("agogic.onset.strength", "dB", Kind::Dense(Frames::Input), one)
                    .about(
                        "Mean over mel bands of max(0, rise in dB since the frame before); \
                         librosa.onset.onset_strength.",
                    )
                    .reads(&mel_names),
            )
            .descriptor(
                DescriptorSpec::new("agogic.onset.times", "", Kind::Events, none)
                    .about("Peaks of the strength that exceed its local mean; librosa.onset.onset_detect."),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let count = |name: &str| {
            let value = params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let (n_fft, win_length, hop) = (count("n_fft")?, count("win_length")?, count("hop_length")?);
        if win_length > n_fft {
            return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
        }
        let log_mel = LogMel::new(&LogMelSpec {
            rate_hz: f64::from(setup.rate),
            n_fft,
            n_mels: count("n_mels")?,
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
        Ok(Self {
            hop,
            log_mel,
            top_db: float("top_db")? as f32,
            picking: Picking::new(setup, hop)?,
            flux: Flux::new(n_fft / (2 * hop)),
            bands: vec![],
            strengths: setup.wants(TIMES).then(Vec::new),
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        if self.top_db > 0.0 {
            for spectrum in block.rows() {
                let start = self.bands.len();
                self.bands.resize(start + self.log_mel.bank().n_mels(), 0.0);
                self.log_mel.apply(spectrum, &mut self.bands[start..]);
            }
            return Ok(());
        }
        self.bands.resize(self.log_mel.bank().n_mels(), 0.0);
        for (spectrum, strength) in block.rows().zip(output.frames(STRENGTH, block.count())?) {
            self.log_mel.apply(spectrum, &mut self.bands);
            *strength = self.flux.next(&self.bands);
            if let Some(strengths) = &mut self.strengths {
                strengths.push(*strength);
            }
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.top_db > 0.0 {
            let loudest = self.bands.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let floor = loudest - self.top_db;
            let n_mels = self.log_mel.bank().n_mels();
            let rows = output.frames(STRENGTH, self.bands.len() / n_mels)?;
            for (bands, strength) in self.bands.chunks_exact_mut(n_mels).zip(rows) {
                for band in &mut *bands {
                    *band = band.max(floor);
                }
                *strength = self.flux.next(bands);
                if let Some(strengths) = &mut self.strengths {
                    strengths.push(*strength);
                }
            }
        }
        let Some(strengths) = &self.strengths else { return Ok(()) };
        let event = |frame: usize| Event {
            at: Samples((frame * self.hop) as i64),
            duration: Delta(Samples(0)),
            values: vec![],
            label: String::new(),
        };
        let onsets: Vec<Event> = self.picking.pick(strengths).into_iter().map(event).collect();
        output.events(TIMES, &onsets)
    }
}

/// What the mel frames depend on: the parameters of `agogic.mel`, under the same
/// names, so that a profile speaks to both.
fn mel_params() -> [ParamSpec; 10] {
    let fmax = "Upper edge of the highest mel band; 0 for half the sample rate.";
    let norm = "Mel bands of equal area (slaney) or of equal height (none).";
    let top_db = "Mel bands further below the loudest one are raised to that; 0 for no such limit.";
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
    ]
}
