//! The calculator: the rises of bands, and the transients among them.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, Frames, Kind,
    Output, ParamSpec, Samples, Setup, SpectrumInput,
};

use crate::picking::{Picking, Transient};
use crate::rise::Rise;

const MAP: usize = 0;
const TIMES: usize = 1;

/// A map of transients, and their times.
pub struct Transients {
    rise: Rise,
    bands: usize,
    hop: u64,
    /// Whether the map is wanted.
    map: bool,
    /// Where the times are wanted.
    picking: Option<Picking>,
    /// The rises of a frame, where nobody wants the map.
    rises: Vec<f32>,
    found: Vec<Transient>,
}

impl Calculator for Transients {
    fn describe() -> CalculatorSpec {
        let about = "Rise of the bands' compressed loudness since the frame before: mean over a band's bins of \
                     max(0, rise of 20 log10(1 + 10000 a) over the frame before and its neighbouring bins), after \
                     Boeck and Widmer (2013).";
        let times = "Moments at which the mean rise of all bands peaks above its local mean, with that rise in \
                     dB and the band that rises most.";
        let hop = "Distance between frames.";
        let fmin = "Lower edge of the lowest band; bands have equal ratios up to half the sample rate.";
        let wait = "A transient rises most within this time before and after.";
        let delta = "Rise above the local mean that makes a transient, per frame.";
        let shape = ["transient_n_fft", "transient_hop", "transient_bands", "transient_fmin"];
        let mut events =
            DescriptorSpec::new("agogic.transients.times", "", Kind::Events, Bins::Count(Amount::Fixed(2)))
                .about(times)
                .reads(&[&shape[..], &["transient_wait", "transient_delta"]].concat());
        events.bin_names = vec!["strength".into(), "band".into()];
        CalculatorSpec::new(
            "agogic.transients",
            "1.0.0",
            SpectrumInput::new("transient_n_fft", "transient_hop"),
        )
        .about("Where in time and frequency something strikes.")
        .author("Agogic")
        .param(ParamSpec::integer(
            "transient_n_fft",
            512,
            16,
            1 << 16,
            "samples",
            "Length of the Fourier transform.",
        ))
        .param(ParamSpec::integer("transient_hop", 128, 1, 1 << 16, "samples", hop))
        .param(ParamSpec::integer("transient_bands", 8, 1, 256, "", "Number of bands."))
        .param(ParamSpec::float("transient_fmin", 200.0, 1.0, 1e6, "Hz", fmin))
        .param(ParamSpec::float("transient_wait", 30.0, 1.0, 1000.0, "ms", wait))
        .param(ParamSpec::float("transient_delta", 3.0, 0.0, 1000.0, "dB", delta))
        .descriptor(
            DescriptorSpec::new(
                "agogic.transients",
                "dB",
                Kind::Dense(Frames::Input),
                Bins::Count(Amount::param("transient_bands")),
            )
            .about(about)
            .reads(&shape)
            .with_gaps()
            .on_demand(),
        )
        .descriptor(events.on_demand())
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let float = |name: &str| setup.params.float(name).ok_or_else(|| format!("{name} is missing"));
        let count = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let (n_fft, hop, bands) =
            (count("transient_n_fft")?, count("transient_hop")?, count("transient_bands")?);
        if n_fft / 2 + 1 != setup.bins as usize {
            return Err(
                format!("transient_n_fft {n_fft} does not give spectra of {} bins", setup.bins).into()
            );
        }
        let rise = Rise::new(setup.rate, n_fft, float("transient_fmin")?, bands)?;
        let wait = float("transient_wait")? / 1000.0 * f64::from(setup.rate) / hop as f64;
        let picking = setup.wants(TIMES).then_some(float("transient_delta")?);
        let picking = picking.map(|delta| Picking::new(wait.round() as usize, n_fft / 2 / hop, delta as f32));
        Ok(Self {
            rise,
            bands,
            hop: hop as u64,
            map: setup.wants(MAP),
            picking,
            rises: vec![0.0; bands],
            found: vec![],
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let map = output.frames(MAP, if self.map { block.count() } else { 0 })?;
        let mut rows = map.chunks_exact_mut(self.bands);
        self.found.clear();
        for spectrum in block.rows() {
            let rises = rows.next().unwrap_or(&mut self.rises);
            self.rise.next(spectrum, rises);
            self.found.extend(self.picking.as_mut().and_then(|picking| picking.push(rises)));
        }
        self.give(output)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        self.found.clear();
        while let Some(last) = self.picking.as_mut().and_then(Picking::finish) {
            self.found.extend(last);
        }
        self.give(output)
    }
}

impl Transients {
    fn give(&self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.found.is_empty() {
            return Ok(());
        }
        let event = |transient: &Transient| Event {
            at: Samples((transient.frame * self.hop) as i64),
            duration: Delta(Samples(0)),
            values: vec![transient.strength, transient.band as f32],
            label: String::new(),
        };
        output.events(TIMES, &self.found.iter().map(event).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};
    use agogic_dsp::{Stft, StftSpec, Window};

    const RATE: u32 = 44_100;

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Transients>(RATE, 1, 257);
        for (name, value) in changes {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    /// As a host would: magnitudes of centred frames of 512 samples, 128 apart.
    fn spectra(samples: &[f32]) -> Vec<f32> {
        let hop = std::num::NonZeroUsize::new(128).expect("a hop");
        let mut stft = Stft::new(StftSpec::new(512, hop, 512, Window::Hann, true).expect("a valid spec"));
        let mut rows = vec![];
        stft.push(samples, |_, batch| rows.extend(batch.iter().map(|power| power.sqrt())));
        stft.finish(|_, batch| rows.extend(batch.iter().map(|power| power.sqrt())));
        rows
    }

    fn run(setup: &Setup, spectra: &[f32], block: usize) -> Collected {
        let blocks = spectra.chunks(block * 257).enumerate().map(|(i, data)| {
            Block::new((i * block) as u64, data.len() / 257, 1, 257, data).expect("whole frames")
        });
        Collected::run::<Transients>(setup, blocks).expect("a result")
    }

    fn times(samples: &[f32]) -> Vec<i64> {
        run(&setup(&[]), &spectra(samples), 50).events(TIMES).iter().map(|event| event.at.0).collect()
    }

    fn noise(length: usize) -> impl Iterator<Item = f32> {
        let mut state = 1u32;
        (0..length).map(move |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
    }

    #[test]
    fn clicks_are_found_within_a_hop() {
        for level in [1.0, 0.05] {
            for behind in [0.0, 1e-5] {
                let mut samples: Vec<f32> = noise(150_000).map(|x| x * behind).collect();
                // Every place relative to the frames.
                let clicks: Vec<usize> = (1..35).map(|i| 4000 * i + 13 * i).collect();
                clicks.iter().for_each(|&click| samples[click] += level);
                let got = times(&samples);
                assert_eq!(got.len(), clicks.len(), "level {level} over {behind}: {got:?}");
                for (got, click) in got.iter().zip(clicks) {
                    assert!(
                        (got - click as i64).abs() <= 128,
                        "level {level} over {behind}: {got} for {click}"
                    );
                }
            }
        }
    }

    #[test]
    fn struck_sounds_and_the_band_that_rises() {
        // Decaying tones of 500 Hz and 5 kHz in turns.
        let mut samples = vec![0.0f32; 120_000];
        let starts: Vec<usize> = (1..10).map(|i| 11_000 * i + 37 * i).collect();
        for (i, &start) in starts.iter().enumerate() {
            let hz = if i % 2 == 0 { 500.0 } else { 5000.0 };
            for (n, sample) in samples[start..].iter_mut().take(8000).enumerate() {
                let t = n as f32 / RATE as f32;
                *sample += 0.5
                    * (std::f32::consts::TAU * hz * t).sin()
                    * (-t * 60.0).exp()
                    * (n as f32 / 100.0).min(1.0);
            }
        }
        let got = run(&setup(&[]), &spectra(&samples), 50);
        let events = got.events(TIMES);
        assert_eq!(events.len(), starts.len(), "{events:?}");
        for (i, (event, start)) in events.iter().zip(starts).enumerate() {
            assert!((event.at.0 - start as i64).abs() <= 256, "{} for {start}", event.at.0);
            let expect = if i % 2 == 0 { 1.0 } else { 5.0 };
            assert_eq!(event.values[1], expect, "{event:?}");
            assert!(event.values[0] > 3.0);
        }
    }

    #[test]
    fn steady_sounds_have_none_but_their_beginning() {
        assert!(times(&[]).is_empty() && times(&[0.0; 30_000]).is_empty());
        let tone = |i: usize| (std::f32::consts::TAU * 440.0 * i as f32 / RATE as f32).sin() * 0.5;
        let tone: Vec<f32> = (0..30_000).map(tone).collect();
        // It is cut off at the end.
        assert!(times(&tone).iter().all(|at| !(257..29_700).contains(at)), "{:?}", times(&tone));
        assert!(times(&[0.5; 30_000]).iter().all(|at| !(257..29_700).contains(at)));
        let noise: Vec<f32> = noise(60_000).map(|x| 0.25 * x).collect();
        assert!(times(&noise).iter().all(|at| !(513..59_700).contains(at)), "{:?}", times(&noise));
    }

    #[test]
    fn odd_input() {
        let base: Vec<f32> = noise(9000).collect();
        for scale in [1e12, 1e-20, 1.0] {
            for length in [1, 2, 511, 9000] {
                let samples: Vec<f32> = base[..length].iter().map(|x| x * scale).collect();
                let got = run(&setup(&[]), &spectra(&samples), 50);
                assert_eq!(got.frames(MAP).len(), (length / 128 + 1) * 8);
                assert!(got.frames(MAP).iter().all(|rise| rise.is_finite() && *rise >= 0.0));
            }
        }
        for bad in [f32::NAN, f32::INFINITY] {
            let mut rows = spectra(&base);
            rows[30 * 257 + 9] = bad;
            let got = run(&setup(&[]), &rows, 50);
            for (frame, row) in got.frames(MAP).chunks(8).enumerate() {
                assert!(row.iter().all(|rise| rise.is_nan() == (frame == 30)));
            }
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere_and_what_nobody_wants_is_left_out() {
        let mut samples: Vec<f32> = noise(60_000).map(|x| x * 1e-3).collect();
        (1..9).for_each(|i| samples[6500 * i] += 0.3);
        let rows = spectra(&samples);
        let both = run(&setup(&[]), &rows, 10_000);
        assert_eq!(both.events(TIMES).len(), 8);
        for block in [1, 7, 64] {
            let got = run(&setup(&[]), &rows, block);
            assert!(got.frames(MAP) == both.frames(MAP) && got.events(TIMES) == both.events(TIMES));
        }
        let map = run(&Setup { wanted: vec![true, false], ..setup(&[]) }, &rows, 50);
        assert!(map.frames(MAP) == both.frames(MAP) && map.events(TIMES).is_empty());
        let times = run(&Setup { wanted: vec![false, true], ..setup(&[]) }, &rows, 50);
        assert!(times.frames(MAP).is_empty() && times.events(TIMES) == both.events(TIMES));
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("transient_n_fft", ParamValue::from(64), "transient_n_fft 64 does not give spectra of 257 bins"),
            (
                "transient_fmin",
                30_000.0.into(),
                "transient_fmin 30000 is not below 22050 Hz, half the sample rate",
            ),
        ] {
            let error = Transients::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Transients::describe().check().expect("a valid description");
    }
}
