//! The calculator: what it is made of, and what it gives.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, Frames, InputSpec,
    Kind, Output, ParamSpec, Samples, Setup, Shape,
};

use crate::beats;
use crate::curve::Curve;
use crate::envelope::Envelope;
use crate::level;
use crate::low::Low;
use crate::periodicity::Periods;

/// Number of the output that holds the beats.
pub const BEAT_TIMES: usize = 0;
/// Number of the output that holds the tempo of the whole asset.
pub const TEMPO: usize = 1;
/// Number of the output that holds the tempo along time.
pub const TEMPO_CURVE: usize = 2;

/// Most candidates for the tempo.
const CANDIDATES: usize = 3;
/// How much the onset strength of the lowest bands counts beside that of all: for the
/// tempo, and how much more for the beats.
const LOW: f32 = 0.25;

/// Tempo and beats.
pub struct Beat {
    start: i64,
    hop: usize,
    rate: u32,
    n_fft: usize,
    tempo: [f64; 2],
    /// Where the prior has its peak, in bpm, and how wide it is, in octaves.
    prior: [f64; 2],
    tightness: f32,
    wanted: [bool; 3],
    /// All strengths so far.
    strengths: Vec<f32>,
    low: Low,
}

impl Calculator for Beat {
    fn describe() -> CalculatorSpec {
        let inputs = InputSpec::descriptors(&["agogic.onset.strength", "agogic.mel"]);
        let tempo = |name, default, about| ParamSpec::float(name, default, 20.0, 400.0, "bpm", about);
        let std_bpm = "Width of the prior over tempi, a bell over the logarithm.";
        let tightness = "How much the beats keep to the tempo curve.";
        let n_fft = "Length of the mel spectrogram's transform, which tells how late strengths come.";
        let fmin = "Lower edge of the mel spectrogram's lowest band.";
        let fmax = "Upper edge of the mel spectrogram's highest band; 0 for half the sample rate.";
        let all =
            ["fmax", "fmin", "htk", "n_fft", "start_bpm", "std_bpm", "tempo_max", "tempo_min", "tightness"];
        let events =
            |id, unit, bins| DescriptorSpec::new(id, unit, Kind::Events, Bins::Count(Amount::Fixed(bins)));
        let mut times = events("agogic.beat.times", "", 1).range(0.0, 1.0).reads(&all).about(
            "Beats by dynamic programming (Ellis 2007) along the tempo curve, each with a confidence: \
             s / (s + m), s the onset strength of all and of the lowest bands there, m its mean at all beats.",
        );
        times.bin_names = vec!["confidence".into()];
        let mut whole = events("agogic.tempo", "", 2).reads(&all).about(
            "Up to three tempi of the whole asset, likeliest first, each with its share of their salience: \
             a comb over the autocorrelation of onset strength, times a log-normal prior at the level \
             of the beats.",
        );
        whole.bin_names = vec!["bpm".into(), "confidence".into()];
        let one = Bins::Count(Amount::Fixed(1));
        CalculatorSpec::new("agogic.beat", "1.0.0", inputs)
            .about("Tempo, its course, and beats.")
            .author("Agogic")
            .param(ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", n_fft))
            .param(ParamSpec::float("fmin", 0.0, 0.0, 1e6, "Hz", fmin))
            .param(ParamSpec::float("fmax", 0.0, 0.0, 1e6, "Hz", fmax))
            .param(ParamSpec::flag("htk", false, "Whether the mel spectrogram is on HTK's scale."))
            .param(tempo("start_bpm", 105.0, "Where the prior over tempi has its peak."))
            .param(ParamSpec::float("std_bpm", 0.5, 0.05, 10.0, "octaves", std_bpm))
            .param(tempo("tempo_min", 40.0, "Slowest tempo."))
            .param(tempo("tempo_max", 240.0, "Fastest tempo."))
            .param(ParamSpec::float("tightness", 100.0, 0.0, 1e6, "", tightness))
            .descriptor(times)
            .descriptor(whole)
            .descriptor(
                DescriptorSpec::new("agogic.tempo.curve", "bpm", Kind::Dense(Frames::Input), one)
                    .with_gaps()
                    .reads(&all)
                    .about(
                        "Likeliest course of tempo through a comb over running autocorrelations of 8 s, by \
                         dynamic programming; NaN throughout where nothing ever begins to sound.",
                    ),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let strength = setup.inputs.first().ok_or("its input is missing")?;
        let dense = strength.shape == Shape::Dense && strength.width() == 1;
        let plane = strength.planes.first().copied().filter(|plane| dense && plane.1 > 0);
        let (start, hop) = plane.ok_or("its input is not dense, of one channel and one bin")?;
        let float = |name: &str| setup.params.float(name).ok_or_else(|| format!("{name} is missing"));
        let tempo = [float("tempo_min")?, float("tempo_max")?];
        if tempo[0] >= tempo[1] {
            return Err(format!("tempo_min {} is not below tempo_max {}", tempo[0], tempo[1]).into());
        }
        let n_fft = setup.params.integer("n_fft").and_then(|n| usize::try_from(n).ok());
        let n_fft = n_fft.ok_or("n_fft is missing or negative")?;
        let mel = setup.inputs.get(1).ok_or("its second input is missing")?;
        if mel.shape != Shape::Dense || mel.channels.len() != 1 || mel.planes.first() != Some(&(start, hop)) {
            return Err("its inputs do not have the same frames, of one channel".into());
        }
        let late = n_fft / (2 * hop as usize);
        let low = Low::new(&setup.params, setup.rate, mel.width(), late)?;
        Ok(Self {
            start,
            hop: hop as usize,
            rate: setup.rate,
            n_fft,
            tempo,
            prior: [float("start_bpm")?, float("std_bpm")?],
            tightness: float("tightness")? as f32,
            wanted: [BEAT_TIMES, TEMPO, TEMPO_CURVE].map(|output| setup.wants(output)),
            strengths: vec![],
            low,
        })
    }

    fn process(&mut self, block: &Block<'_>, _output: &mut Output<'_>) -> Result<(), Error> {
        if block.input() == 1 {
            block.rows().for_each(|row| self.low.next(row));
            return Ok(());
        }
        let finite = |&strength: &f32| if strength.is_finite() { strength } else { 0.0 };
        self.strengths.extend(block.data().iter().map(finite));
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let frames = self.strengths.len();
        let rate = f64::from(self.rate) / self.hop as f64;
        let mut envelope = Envelope::new(&self.strengths, rate);
        if envelope.values.iter().all(|value| *value == 0.0) {
            if self.wanted[TEMPO_CURVE] {
                output.frames(TEMPO_CURVE, frames)?.fill(f32::NAN);
            }
            return Ok(());
        }
        self.low.rises.resize(frames, 0.0);
        let (low, weight) = (Envelope::new(&self.low.rises, rate), LOW * self.low.weight());
        envelope.add(&low, weight);
        output.check_cancelled()?;
        let periods = Periods::new(envelope.rate, self.tempo[0], self.tempo[1]);
        let [centre, width] = self.prior;
        let likely = |bpm: f64| (-0.5 * ((bpm / centre).log2() / width).powi(2)).exp();
        let prior: Vec<f32> = periods.bpm.iter().map(|&bpm| likely(bpm) as f32).collect();
        let curve = Curve::new(&envelope.values, envelope.rate, &periods, &prior);
        output.progress(0.5);
        envelope.add(&low, weight);
        let mean = curve.mean.clone();
        let level = level::choose(&envelope, curve, self.tempo, likely, self.tightness, output)?;
        let curve = &level.curve;
        output.progress(0.9);
        if self.wanted[TEMPO] {
            // The prior is at the level of the beats.
            let prior = periods.bpm.iter().map(|bpm| likely(bpm * level.multiple) as f32);
            let events = self.candidates(&mean, &periods, &prior.collect::<Vec<_>>(), frames);
            output.events(TEMPO, &events)?;
        }
        if self.wanted[TEMPO_CURVE] {
            for (i, bpm) in output.frames(TEMPO_CURVE, frames)?.iter_mut().enumerate() {
                *bpm = (60.0 * envelope.rate / curve.at(i as f64 / envelope.factor as f64)) as f32;
            }
        }
        if self.wanted[BEAT_TIMES] {
            let events = self.events(&level.beats, envelope.factor);
            output.events(BEAT_TIMES, &events)?;
        }
        Ok(())
    }
}

impl Beat {
    /// The peaks of the mean salience under the prior.
    fn candidates(&self, mean: &[f32], periods: &Periods, prior: &[f32], frames: usize) -> Vec<Event> {
        let salience: Vec<f32> = mean.iter().zip(prior).map(|(a, b)| (a * b).max(0.0)).collect();
        let at = |i: usize| salience.get(i).copied().unwrap_or(0.0);
        let peak = |i: &usize| {
            let before = if *i > 0 { at(i - 1) } else { 0.0 };
            at(*i) > before && at(*i) >= at(i + 1)
        };
        let mut peaks: Vec<usize> = (0..salience.len()).filter(peak).collect();
        peaks.sort_by(|a, b| at(*b).total_cmp(&at(*a)));
        peaks.truncate(CANDIDATES);
        let sum: f32 = peaks.iter().map(|i| at(*i)).sum();
        let event = |i: usize| Event {
            at: Samples(self.start),
            duration: Delta(Samples((frames * self.hop) as i64)),
            values: vec![periods.bpm[i] as f32, at(i) / sum],
            label: String::new(),
        };
        peaks.into_iter().map(event).collect()
    }

    /// Beats in samples. A strength peaks later than what it tells of by about a third
    /// of the transform's window (15 ms of 46, as measured on pieces with known beats).
    fn events(&self, beats: &[beats::Found], factor: usize) -> Vec<Event> {
        let mean = beats.iter().map(|beat| beat.score).sum::<f32>() / beats.len().max(1) as f32;
        let event = |beat: &beats::Found| {
            let frame = beat.at * factor as f64 + (factor - 1) as f64 / 2.0;
            let sample = frame * self.hop as f64 - self.n_fft as f64 / 3.0;
            Event {
                at: Samples(self.start + sample.round().max(0.0) as i64),
                duration: Delta(Samples(0)),
                values: vec![if beat.score > 0.0 { beat.score / (beat.score + mean) } else { 0.0 }],
                label: String::new(),
            }
        };
        let mut events: Vec<Event> = beats.iter().map(event).collect();
        // A first beat that would be before the asset may meet the second at its start.
        events.dedup_by_key(|event| event.at);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, TrackHeader};

    const BANDS: usize = 8;

    fn setup(hop: u32, rate: u32) -> Setup {
        let mut setup = Collected::setup::<Beat>(rate, 1, 0);
        let inputs = Beat::describe().input;
        let inputs = inputs.inputs().iter().zip([1, BANDS as u32]).map(|(id, bins)| TrackHeader {
            descriptor: id.clone(),
            unit: "dB".into(),
            range: None,
            shape: Shape::Dense,
            channels: vec!["mono".into()],
            bins,
            rate,
            planes: vec![(0, hop)],
        });
        setup.inputs = inputs.collect();
        setup
    }

    /// Of strengths, and of mel spectrograms of these values in all bands.
    fn run_both(setup: &Setup, strengths: &[f32], mel: &[f32], block: usize) -> Collected {
        let rows: Vec<f32> = mel.iter().flat_map(|&db| [db; BANDS]).collect();
        let both = strengths.chunks(block).zip(rows.chunks(block * BANDS)).enumerate();
        let blocks = both.flat_map(|(i, (data, rows))| {
            let (at, count) = ((i * block) as u64, data.len());
            let rows = Block::new(at, count, 1, BANDS, rows).unwrap().of_input(1, 0);
            [Block::new(at, count, 1, 1, data).unwrap(), rows]
        });
        Collected::run::<Beat>(setup, blocks).unwrap()
    }

    fn run(setup: &Setup, data: &[f32], block: usize) -> Collected {
        run_both(setup, data, data, block)
    }

    /// A peak every `period` frames.
    fn pulses(period: usize, count: usize) -> Vec<f32> {
        (0..count).map(|i| if i % period == period / 2 { 10.0 } else { 0.1 }).collect()
    }

    #[test]
    fn a_steady_pulse() {
        Beat::describe().check().unwrap();
        // 43 frames of 512 at 44,100 Hz: 120.2 bpm.
        let data = pulses(43, 3000);
        let got = run(&setup(512, 44_100), &data, 100);
        let beats = got.events(BEAT_TIMES);
        assert!((68..=70).contains(&beats.len()), "{}", beats.len());
        assert!(beats.windows(2).all(|pair| (pair[1].at.0 - pair[0].at.0 - 43 * 512).abs() <= 1));
        assert!((got.events(TEMPO)[0].values[0] - 120.2).abs() < 3.0);
        assert_eq!(got.frames(TEMPO_CURVE).len(), 3000);
        assert!(got.frames(TEMPO_CURVE).iter().all(|bpm| (bpm - 120.2).abs() < 3.0));
    }

    #[test]
    fn the_lowest_bands_decide_the_phase() {
        // Onsets on the beat and, stronger, off it; the low ones are on it. Strengths
        // come two frames late.
        let strength =
            |i: usize| [(21, 10.0), (42, 11.0)].iter().find(|x| x.0 == i % 43).map_or(0.1, |x| x.1);
        let strengths: Vec<f32> = (0..3000).map(strength).collect();
        let on = |i: usize| if (19..25).contains(&(i % 43)) { 0.0 } else { -60.0 };
        for (mel, expect) in [((0..3000).map(on).collect(), 21), (vec![-60.0; 3000], 42)] {
            let got = run_both(&setup(512, 44_100), &strengths, &mel, 100);
            let beats = got.events(BEAT_TIMES);
            assert!((68..=70).contains(&beats.len()), "{}", beats.len());
            let frame = |event: &Event| (event.at.0 + 2048 / 3 + 256) / 512 % 43;
            assert!(beats.iter().all(|event| (frame(event) - expect).abs() <= 1), "{expect}");
        }
    }

    #[test]
    fn inputs_that_do_not_go_together() {
        let mut setup = setup(512, 44_100);
        setup.inputs[1].planes = vec![(0, 256)];
        let error = Beat::new(&setup).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("its inputs do not have the same frames, of one channel"));
        setup.inputs.pop();
        assert!(Beat::new(&setup).is_err());
    }

    #[test]
    fn blocks_may_be_cut_anywhere() {
        let data = pulses(37, 1500);
        let whole = run(&setup(512, 44_100), &data, 65_536);
        for block in [1, 64, 1000] {
            let got = run(&setup(512, 44_100), &data, block);
            for output in [BEAT_TIMES, TEMPO] {
                assert_eq!(got.events(output), whole.events(output));
            }
            assert_eq!(got.frames(TEMPO_CURVE), whole.frames(TEMPO_CURVE));
        }
    }

    #[test]
    fn silence_and_odd_input() {
        for (hop, rate) in [(512, 8_000), (512, 192_000), (1, 44_100), (1 << 20, 44_100)] {
            let setup = setup(hop, rate);
            for count in [0, 1, 2, 3, 100, 2000] {
                for value in [0.0, 1.0, f32::NAN, f32::INFINITY] {
                    let got = run(&setup, &vec![value; count], 100);
                    assert_eq!(got.frames(TEMPO_CURVE).len(), count);
                }
                let got = run(&setup, &vec![0.0; count], 100);
                assert!(got.events(BEAT_TIMES).is_empty() && got.events(TEMPO).is_empty());
                assert!(got.frames(TEMPO_CURVE).iter().all(|bpm| bpm.is_nan()));
                for level in [1e-20, 1.0, 1e12] {
                    let data: Vec<f32> = pulses(7, count).iter().map(|x| x * level).collect();
                    let got = run(&setup, &data, 100);
                    let values = got.events(BEAT_TIMES).iter().chain(got.events(TEMPO));
                    assert!(values.flat_map(|event| &event.values).all(|value| value.is_finite()));
                    assert!(got.frames(TEMPO_CURVE).iter().all(|bpm| !bpm.is_infinite()));
                }
            }
        }
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        let mut setup = setup(512, 44_100);
        setup.params.0.insert("tempo_min".into(), 300.0.into());
        let error = Beat::new(&setup).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("tempo_min 300 is not below tempo_max 240"));
        setup.inputs.clear();
        assert!(Beat::new(&setup).is_err());
    }
}
