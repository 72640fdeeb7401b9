//! The calculator of the predominant local pulse.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, InputSpec, Kind, Output,
    ParamSpec, Setup, Shape,
};

use crate::envelope::around;
use crate::tempogram::Tempogram;

/// The predominant local pulse.
///
/// The strength loses its local mean (under a triangle of the window's length), as the
/// paper's has. Around each frame it is transformed under a Hann window of `pulse_window`
/// frames, with zeros before the first and after the last frame. The strongest tempo
/// from `tempo_min` to `tempo_max` gives a cosine of its phase under the same window;
/// these kernels are added, negative sums become 0, and the largest value of the asset 1
/// (Grosche and Müller, *Extracting predominant local pulse information from music
/// recordings*, IEEE TASLP 19.6, 2011). All kernels are equally high: the pulse is high
/// where neighbouring windows agree, however loud they are. In the first and last half
/// window there are fewer kernels: it is lower, and may be off by some frames.
///
/// Tempi are a quarter of the window's resolution apart (3.4 bpm by default at 44,100
/// Hz); the phase, found anew for each frame, keeps the pulse on onsets between them.
/// Tempi of less than two periods to the window are left out, as are those above 30
/// times the frames a second; where none is left, or no frame holds a tempo, the pulse
/// is 0. A strength that is negative or no finite number counts as 0, as does a deviation
/// from the mean that is below 1e-9 of the largest strength.
///
/// This follows the paper and differs from `librosa.beat.plp`, which looks at whole bins
/// of the window only, divides by the largest of the complex coefficients in
/// lexicographic order, which is not always the strongest, and by the sum of squared
/// windows.
///
/// Kept to the end are 4 bytes a frame, and some 30 more while `finish` works.
pub struct Pulse {
    window: usize,
    /// `None` where the window holds no tempo of the range.
    tempogram: Option<Tempogram>,
    /// All strengths so far, after half a window of zeros.
    strengths: Vec<f32>,
}

impl Calculator for Pulse {
    fn describe() -> CalculatorSpec {
        let tempo = |name, default, about| ParamSpec::float(name, default, 20.0, 400.0, "bpm", about);
        let window = "Length of the window in which there is one tempo.";
        let kind = Kind::Dense(Frames::Input);
        let pulse = DescriptorSpec::new("agogic.pulse", "", kind, Bins::Count(Amount::Fixed(1)))
            .range(0.0, 1.0)
            .about(
                "Predominant local pulse (Grosche and Müller 2011): the sum of cosines under Hann windows, \
                 each of the strongest tempo and phase at its frame of the Fourier tempogram of onset \
                 strength less its local mean; negative sums are 0, the largest is 1. librosa.beat.plp scales otherwise.",
            );
        CalculatorSpec::new("agogic.pulse", "1.0.0", InputSpec::descriptors(&["agogic.onset.strength"]))
            .about("Where a listener would tap, frame by frame.")
            .author("Agogic")
            .param(ParamSpec::integer("pulse_window", 384, 16, 4096, "frames", window))
            .param(tempo("tempo_min", 30.0, "Slowest tempo."))
            .param(tempo("tempo_max", 300.0, "Fastest tempo."))
            .descriptor(pulse)
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let strength = setup.inputs.first().ok_or("its input is missing")?;
        let dense = strength.shape == Shape::Dense && strength.width() == 1;
        let plane = strength.planes.first().copied().filter(|plane| dense && plane.1 > 0);
        let (_, hop) = plane.ok_or("its input is not dense, of one channel and one bin")?;
        let float = |name: &str| setup.params.float(name).ok_or_else(|| format!("{name} is missing"));
        let tempo = [float("tempo_min")?, float("tempo_max")?];
        if tempo[0] >= tempo[1] {
            return Err(format!("tempo_min {} is not below tempo_max {}", tempo[0], tempo[1]).into());
        }
        let window = setup.params.integer("pulse_window").and_then(|n| usize::try_from(n).ok());
        let window = window.filter(|&n| n > 0).ok_or("pulse_window is missing or not positive")?;
        let minutes = window as f64 * f64::from(hop) / f64::from(setup.rate) / 60.0;
        let tempogram = Tempogram::new(window, tempo.map(|bpm| bpm * minutes));
        Ok(Self { window, tempogram, strengths: vec![0.0; window / 2] })
    }

    fn process(&mut self, block: &Block<'_>, _output: &mut Output<'_>) -> Result<(), Error> {
        let positive = |&strength: &f32| if strength.is_finite() { strength.max(0.0) } else { 0.0 };
        self.strengths.extend(block.data().iter().map(positive));
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let (window, before) = (self.window, self.window / 2);
        let frames = self.strengths.len() - before;
        let largest = self.strengths.iter().copied().fold(0.0, f32::max);
        let Some(tempogram) = self.tempogram.as_mut().filter(|_| largest > 0.0) else {
            if frames > 0 {
                output.frames(0, frames)?.fill(0.0);
            }
            return Ok(());
        };
        self.strengths.iter_mut().for_each(|strength| *strength /= largest);
        take_off_mean(&mut self.strengths[before..], window / 4);
        // Whole windows, and one more for what begins last.
        let blocks = frames.div_ceil(window);
        self.strengths.resize((blocks + 1) * window, 0.0);
        let mut pulse = vec![0.0; self.strengths.len()];
        for block in 0..blocks {
            output.check_cancelled()?;
            output.progress(block as f32 / blocks as f32);
            let from = block * window;
            let part = from..from + 2 * window;
            tempogram.add(&self.strengths[part.clone()], frames - from, &mut pulse[part]);
        }
        let pulse = &pulse[before..before + frames];
        let largest = pulse.iter().copied().fold(0.0, f32::max);
        let scale = |value: f32| if value > 0.0 { value / largest } else { 0.0 };
        for (value, &pulse) in output.frames(0, frames)?.iter_mut().zip(pulse) {
            *value = scale(pulse);
        }
        Ok(())
    }
}

/// Takes off the mean of the means of so many frames to both sides; what rounding then
/// leaves of an even strength, however small after others up to 1, is 0.
fn take_off_mean(strengths: &mut [f32], half: usize) {
    let means: Vec<f32> = around(strengths, half).into_iter().map(|mean| mean as f32).collect();
    for (strength, mean) in strengths.iter_mut().zip(around(&means, half)) {
        let rest = f64::from(*strength) - mean;
        *strength = if rest.abs() > 1e-6 * mean.max(1e-3) { rest as f32 } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tempogram::FINER;
    use agogic_calculator::{Collected, TrackHeader};
    use std::f64::consts::TAU;

    fn setup(hop: u32, rate: u32) -> Setup {
        let mut setup = Collected::setup::<Pulse>(rate, 1, 0);
        setup.inputs = vec![TrackHeader {
            descriptor: Pulse::describe().input.inputs()[0].clone(),
            unit: "dB".into(),
            range: None,
            shape: Shape::Dense,
            channels: vec!["mono".into()],
            bins: 1,
            rate,
            planes: vec![(0, hop)],
        }];
        setup
    }

    fn run(setup: &Setup, data: &[f32], block: usize) -> Vec<f32> {
        let blocks = data.chunks(block).enumerate();
        let blocks = blocks.map(|(i, data)| Block::new((i * block) as u64, data.len(), 1, 1, data).unwrap());
        Collected::run::<Pulse>(setup, blocks).unwrap().frames(0).to_vec()
    }

    /// Peaks at these frames, five frames to each side, as onset strengths have them.
    fn train(count: usize, peaks: &[f64]) -> Vec<f32> {
        let mut data = vec![0.0f32; count];
        for peak in peaks {
            for (i, value) in data.iter_mut().enumerate() {
                let off = (i as f64 - peak) / 5.0;
                *value += (10.0 * (1.0 - off.abs()).max(0.0)) as f32;
            }
        }
        data
    }

    fn peaks(from: f64, period: f64, to: f64) -> Vec<f64> {
        (0..).map(|i| from + f64::from(i) * period).take_while(|&at| at < to).collect()
    }

    /// That the pulse peaks within a frame of each place, and is 0 half-way to the next;
    /// within so many frames where there is half a window on one side only.
    fn check(pulse: &[f32], places: &[f64], period: f64, at_ends: f64) {
        for &place in places {
            let end = place < 192.0 || place + 192.0 > pulse.len() as f64;
            let most = if end { at_ends } else { 1.0 };
            let (at, half) = (place.round() as usize, (period / 2.0) as usize);
            let near = at.saturating_sub(half)..(at + half).min(pulse.len());
            let top = near.max_by(|&a, &b| pulse[a].total_cmp(&pulse[b])).unwrap();
            assert!((top as f64 - place).abs() <= most, "{place}: {top}");
            assert!(pulse[top] > 0.4, "{place}: {}", pulse[top]);
            if let Some(value) = pulse.get((place + period / 2.0).round() as usize) {
                assert_eq!(*value, 0.0, "after {place}");
            }
        }
    }

    #[test]
    fn a_steady_pulse() {
        Pulse::describe().check().unwrap();
        // Tempi of 3.4 bpm apart are tried, of which 107.7 is one.
        for bpm in [120.0, 114.4, 85.0, 200.0] {
            let period = 60.0 * 44_100.0 / 512.0 / bpm;
            let places = peaks(17.3, period, 1990.0);
            let pulse = run(&setup(512, 44_100), &train(2000, &places), 100);
            assert_eq!(pulse.len(), 2000);
            assert!(pulse.iter().all(|value| (0.0..=1.0).contains(value)));
            assert_eq!(pulse.iter().copied().fold(0.0, f32::max), 1.0);
            check(&pulse, &places, period, 3.0);
        }
    }

    #[test]
    fn a_change_of_tempo() {
        let (slow, fast) = (51.7, 36.9);
        let first = peaks(20.0, slow, 1500.0);
        let second = peaks(first[first.len() - 1] + fast, fast, 2990.0);
        let pulse = run(&setup(512, 44_100), &train(3000, &[&first[..], &second].concat()), 100);
        // A window around the change holds both.
        let near = |place: &f64| (place - 1500.0).abs() > 192.0;
        check(&pulse, &first.into_iter().filter(near).collect::<Vec<_>>(), slow, 3.0);
        check(&pulse, &second.into_iter().filter(near).collect::<Vec<_>>(), fast, 3.0);
    }

    /// Frame by frame from the definition, in f64.
    #[test]
    fn as_defined() {
        let (window, count) = (64, 150);
        for window in [window, window + 1] {
            let mut setup = setup(512, 8_000);
            setup.params.0.insert("pulse_window".into(), (window as i64).into());
            let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1.7e7;
            let data: Vec<f32> = (0..count as u32).map(noise).collect();
            let mut rest = data.clone();
            take_off_mean(&mut rest, window / 4);
            let fine = window * FINER;
            let bpm = 60.0 * 8_000.0 / 512.0 / fine as f64;
            let hann = |m: usize| 0.5 - 0.5 * (TAU * m as f64 / window as f64).cos();
            let mut sums = vec![0.0; count];
            for t in 0..count {
                // Offsets from the centre, and frames where there are any.
                let places = || (0..window).map(|m| (m, m as f64 - (window / 2) as f64, t + m));
                let frame = |at: usize| at.checked_sub(window / 2).filter(|&at| at < count);
                let mut best = (0.0, 0.0, 0.0);
                for tempo in
                    (2 * FINER..fine / 2).filter(|&tempo| (30.0..=300.0).contains(&(tempo as f64 * bpm)))
                {
                    let angle = TAU * tempo as f64 / fine as f64;
                    let (mut re, mut im) = (0.0, 0.0);
                    for (m, off, at) in places() {
                        let value = frame(at).map_or(0.0, |at| f64::from(rest[at])) * hann(m);
                        re += value * (angle * off).cos();
                        im -= value * (angle * off).sin();
                    }
                    if f64::hypot(re, im) > best.0 {
                        best = (f64::hypot(re, im), im.atan2(re), angle);
                    }
                }
                for (m, off, at) in places() {
                    if let Some(at) = frame(at) {
                        sums[at] += hann(m) * (best.2 * off + best.1).cos();
                    }
                }
            }
            let most = sums.iter().copied().fold(0.0, f64::max);
            for (got, sum) in run(&setup, &data, 7).iter().zip(sums) {
                assert!((f64::from(*got) - sum.max(0.0) / most).abs() < 2e-5, "{got} {sum} {most}");
            }
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere() {
        let data = train(1500, &peaks(5.0, 37.0, 1500.0));
        let whole = run(&setup(512, 44_100), &data, 65_536);
        for block in [1, 64, 1000] {
            assert_eq!(run(&setup(512, 44_100), &data, block), whole);
        }
    }

    #[test]
    fn loudness_does_not_matter() {
        let data = train(1000, &peaks(5.0, 40.0, 1000.0));
        let whole = run(&setup(512, 44_100), &data, 100);
        for level in [1e-30, 1e12, 1e36] {
            let data: Vec<f32> = data.iter().map(|x| x * level).collect();
            let got = run(&setup(512, 44_100), &data, 100);
            assert!(got.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-3), "{level}");
        }
    }

    #[test]
    fn silence_and_odd_input() {
        for (hop, rate) in [(512, 8_000), (512, 44_100), (512, 192_000), (1, 44_100), (1 << 20, 44_100)] {
            let setup = setup(hop, rate);
            for count in [0, 1, 2, 3, 100, 383, 384, 385, 2000] {
                for value in [0.0, 1.0, -1.0, 1e-40, f32::MAX, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    assert_eq!(run(&setup, &vec![value; count], 100), vec![0.0; count]);
                }
                for level in [1e-40, 1.0, 1e37] {
                    let data: Vec<f32> = (0..count).map(|i| level * (i * i % 7) as f32).collect();
                    let got = run(&setup, &data, 100);
                    assert_eq!(got.len(), count);
                    assert!(got.iter().all(|value| (0.0..=1.0).contains(value)));
                }
            }
        }
        // One frame differs from no mean.
        assert_eq!(run(&setup(512, 44_100), &[3.0], 1), [0.0]);
        // Shorter than the window.
        let places = peaks(10.0, 40.0, 195.0);
        check(&run(&setup(512, 44_100), &train(200, &places), 9), &places, 40.0, 3.0);
        // Nothing begins to sound in the middle of what always sounds, nor after it.
        let mut data = vec![0.1; 2000];
        data.resize(4000, 0.0);
        let got = run(&setup(512, 44_100), &data, 100);
        assert!(got[..1400].iter().chain(&got[2600..]).all(|value| *value == 0.0));
        let mut data: Vec<f32> = (0..2000u32).map(|i| (i * i % 97) as f32 / 7.0).collect();
        for even in [0.0, 1e-7, 1e-3] {
            data.resize(2000, 0.0);
            data.resize(4000, even);
            let got = run(&setup(512, 44_100), &data, 100);
            assert!(got[..1900].iter().any(|value| *value > 0.5));
            assert!(got[2600..].iter().all(|value| *value == 0.0), "{even}");
        }
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        let mut setup = setup(512, 44_100);
        setup.params.0.insert("tempo_min".into(), 300.0.into());
        let error = Pulse::new(&setup).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("tempo_min 300 is not below tempo_max 300"));
        setup.inputs.clear();
        assert!(Pulse::new(&setup).is_err());
    }
}
