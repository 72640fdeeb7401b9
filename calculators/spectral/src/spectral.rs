//! The calculator: which numbers are wanted of a spectrum, and in what order they
//! are worked out.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput, SpectrumScale,
};

use crate::contrast::{Contrast, Relief};
use crate::flatness::flatness;
use crate::shape::{LANES, Moments, bandwidth, distance, largest, magnitudes, reach, rows};

// Numbers of the outputs.
const CENTROID: usize = 0;
const BANDWIDTH: usize = 1;
const ROLLOFF: usize = 2;
const FLATNESS: usize = 3;
const FLUX: usize = 4;
const CREST: usize = 5;
const CONTRAST: usize = 6;
/// How many of them have one value per frame.
const SINGLE: usize = 6;

/// Centroid, bandwidth, roll-off, flatness, flux, crest and contrast.
pub struct Spectral {
    bins: usize,
    hz_per_bin: f64,
    roll_percent: f64,
    amin: f32,
    rises: bool,
    top_db: f32,
    wanted: [bool; SINGLE],
    contrast: Option<Contrast>,
    contrast_bands: usize,
    /// Magnitudes of this frame and of the one before; empty before the first.
    now: Vec<[f32; LANES]>,
    before: Vec<[f32; LANES]>,
    /// Sums of stretches of the magnitudes.
    stretches: Vec<f64>,
    /// Values of the outputs with one value per frame, one output after the other.
    values: Vec<f32>,
    /// Peaks and valleys of all frames, where `top_db` asks for the loudest.
    reliefs: Vec<Relief>,
}

impl Calculator for Spectral {
    fn describe() -> CalculatorSpec {
        let input =
            SpectrumInput::new("n_fft", "hop_length").window_length("win_length").scale(SpectrumScale::Power);
        let about = "Centroid, bandwidth, roll-off, flatness, flux, crest and contrast of the spectrum.";
        let spec = CalculatorSpec::new("agogic.spectral", "1.0.0", input).about(about).author("Agogic");
        let spec = params().into_iter().fold(spec, CalculatorSpec::param);
        descriptors().into_iter().fold(spec, CalculatorSpec::descriptor)
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| params.float(name).ok_or_else(|| format!("{name} is missing"));
        let count = |name: &str| {
            let value = params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let (n_fft, win_length, bins) = (count("n_fft")?, count("win_length")?, setup.bins as usize);
        if win_length > n_fft {
            return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
        }
        if n_fft / 2 + 1 != bins {
            return Err(format!("n_fft {n_fft} does not give spectra of {bins} bins").into());
        }
        // In this order, as NumPy has it: bins on the edge of a band depend on it.
        let hz_per_bin = 1.0 / (n_fft as f64 * (1.0 / f64::from(setup.rate)));
        let (amin, bands) = (float("amin")? as f32, count("contrast_bands")?);
        let (fmin, quantile) = (float("contrast_fmin")?, float("quantile")?);
        let contrast =
            setup.wants(CONTRAST).then(|| Contrast::new(bins, hz_per_bin, bands, fmin, quantile, amin));
        Ok(Self {
            bins,
            hz_per_bin,
            roll_percent: float("roll_percent")?,
            amin,
            rises: params.flag("flux_rise") == Some(true),
            top_db: float("top_db")? as f32,
            wanted: std::array::from_fn(|output| setup.wants(output)),
            contrast,
            contrast_bands: bands,
            now: rows(bins),
            before: vec![],
            stretches: vec![],
            values: vec![],
            reliefs: vec![],
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let count = block.count();
        self.values.clear();
        self.values.resize(SINGLE * count, 0.0);
        if self.top_db <= 0.0 {
            self.reliefs.clear();
        }
        for (frame, powers) in block.rows().enumerate() {
            let values = self.frame(powers);
            for (output, value) in values.into_iter().enumerate() {
                self.values[output * count + frame] = value;
            }
        }
        for number in (0..SINGLE).filter(|&number| self.wanted[number]) {
            output.frames(number, count)?.copy_from_slice(&self.values[number * count..][..count]);
        }
        if self.top_db <= 0.0 && self.contrast.is_some() {
            give(&self.reliefs, output.frames(CONTRAST, count)?, None);
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.top_db <= 0.0 || self.contrast.is_none() {
            return Ok(());
        }
        let loudest = |value: fn(&Relief) -> f32| {
            self.reliefs.iter().map(value).fold(f32::NEG_INFINITY, f32::max) - self.top_db
        };
        let floors = Relief { peak: loudest(|relief| relief.peak), valley: loudest(|relief| relief.valley) };
        let count = self.reliefs.len() / self.contrast_bands;
        give(&self.reliefs, output.frames(CONTRAST, count)?, Some(floors));
        Ok(())
    }
}

impl Spectral {
    /// What is wanted of one spectrum; 0 for what is not.
    fn frame(&mut self, powers: &[f32]) -> [f32; SINGLE] {
        let mut values = [0.0; SINGLE];
        if self.wanted[FLATNESS] {
            values[FLATNESS] = flatness(powers, self.amin);
        }
        let of_magnitudes = [CENTROID, BANDWIDTH, ROLLOFF, FLUX, CREST];
        if self.contrast.is_none() && !of_magnitudes.into_iter().any(|output| self.wanted[output]) {
            return values;
        }
        magnitudes(powers, &mut self.now);
        let moments = Moments::of(&self.now, &mut self.stretches);
        let finite = moments.total.is_finite();
        if !finite {
            of_magnitudes.into_iter().for_each(|output| values[output] = f32::NAN);
        } else {
            let centroid = moments.centroid();
            values[CENTROID] = (centroid * self.hz_per_bin) as f32;
            if self.wanted[BANDWIDTH] {
                values[BANDWIDTH] = (bandwidth(&self.now, centroid, moments.total) * self.hz_per_bin) as f32;
            }
            if self.wanted[ROLLOFF] {
                let bin = reach(&self.now, &self.stretches, self.roll_percent * moments.total);
                let bin = bin.min(self.bins - 1);
                values[ROLLOFF] = (bin as f64 * self.hz_per_bin) as f32;
            }
            if self.wanted[CREST] && moments.total > 0.0 {
                let mean = moments.total / self.bins as f64;
                values[CREST] = (f64::from(largest(&self.now)) / mean) as f32;
            }
        }
        if let Some(contrast) = &mut self.contrast {
            let bad = Relief { peak: f32::NAN, valley: f32::NAN };
            contrast.reliefs(self.now.as_flattened(), |relief| {
                self.reliefs.push(if finite { relief } else { bad });
            });
        }
        if self.wanted[FLUX] {
            if finite {
                values[FLUX] = distance(&self.now, &self.before, self.rises).sqrt() as f32;
            }
            self.before.resize(self.now.len(), [0.0; LANES]);
            std::mem::swap(&mut self.now, &mut self.before);
        }
        values
    }
}

/// The contrast of each band of each frame, raised to the floors if there are any.
fn give(reliefs: &[Relief], out: &mut [f32], floors: Option<Relief>) {
    for (value, relief) in out.iter_mut().zip(reliefs) {
        *value = floors.map_or(*relief, |floors| relief.raised(floors)).contrast();
    }
}

fn params() -> [ParamSpec; 10] {
    let rise = "The flux counts rises only, not falls.";
    let bands = "Bands of the contrast: one up to contrast_fmin, the others an octave each.";
    let top_db = "Peaks and valleys of the contrast further below the loudest ones are raised to that; 0 for \
                  no such limit.";
    [
        ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", "Length of the Fourier transform."),
        ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."),
        ParamSpec::integer("win_length", 2048, 1, 1 << 20, "samples", "Length of the Hann window."),
        ParamSpec::float("roll_percent", 0.85, 1e-6, 1.0 - 1e-6, "", "Share of the sum below the roll-off."),
        ParamSpec::float("amin", 1e-10, 1e-30, 1.0, "", "Powers below this count as this."),
        ParamSpec::flag("flux_rise", false, rise),
        ParamSpec::integer("contrast_bands", 7, 1, 32, "", bands),
        ParamSpec::float("contrast_fmin", 200.0, 1.0, 1e6, "Hz", "Upper edge of the contrast's lowest band."),
        ParamSpec::float("quantile", 0.02, 1e-6, 1.0 - 1e-6, "", "Share of a band that its peaks are."),
        ParamSpec::float("top_db", 0.0, 0.0, 1000.0, "dB", top_db),
    ]
}

fn descriptors() -> [DescriptorSpec; 7] {
    let dense = |id: &str, unit: &str, bins: Bins, about: &str, reads: &[&str]| {
        let reads: Vec<&str> = ["n_fft", "hop_length", "win_length"].iter().chain(reads).copied().collect();
        DescriptorSpec::new(id, unit, Kind::Dense(Frames::Input), bins)
            .about(about)
            .reads(&reads)
            .changed_in("1.0.0")
            .with_gaps()
    };
    let one = || Bins::Count(Amount::Fixed(1));
    [
        dense(
            "agogic.spectral.centroid",
            "Hz",
            one(),
            "Mean frequency, weighted with magnitudes; 0 for silence; librosa.feature.spectral_centroid.",
            &[],
        ),
        dense(
            "agogic.spectral.bandwidth",
            "Hz",
            one(),
            "Standard deviation of frequency, weighted with magnitudes; 0 for silence; \
             librosa.feature.spectral_bandwidth.",
            &[],
        ),
        dense(
            "agogic.spectral.rolloff",
            "Hz",
            one(),
            "Frequency below which the magnitudes have a share of roll_percent of their sum; 0 for silence; \
             librosa.feature.spectral_rolloff.",
            &["roll_percent"],
        ),
        dense(
            "agogic.spectral.flatness",
            "power ratio",
            one(),
            "Geometric over arithmetic mean of max(amin, |X|^2); 1 for silence; \
             librosa.feature.spectral_flatness.",
            &["amin"],
        )
        .range(0.0, 1.0),
        dense(
            "agogic.spectral.flux",
            "",
            one(),
            "Root of the summed squares of what each magnitude differs from the frame before; 0 for silence.",
            &["flux_rise"],
        ),
        dense(
            "agogic.spectral.crest",
            "",
            one(),
            "Largest magnitude over mean magnitude; 0 for silence.",
            &[],
        ),
        dense(
            "agogic.spectral.contrast",
            "dB",
            Bins::Count(Amount::param("contrast_bands")),
            "Per band, peaks over valleys of the magnitudes; 0 for silence and for bands without bins; \
             librosa.feature.spectral_contrast.",
            &["contrast_bands", "contrast_fmin", "quantile", "amin", "top_db"],
        ),
    ]
}
