//! The calculator: medians, masks and the energies behind them.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput,
};
use agogic_dsp::MEDIAN_LANES;

use crate::mask::Mask;
use crate::medians::Medians;

const HARMONIC: usize = 0;
const PERCUSSIVE: usize = 1;
const RATIO: usize = 2;

/// Energy of tones and of beats.
pub struct Hpss {
    medians: Medians,
    mask: Mask,
    wanted: [bool; 3],
}

impl Calculator for Hpss {
    fn describe() -> CalculatorSpec {
        let input = SpectrumInput::new("n_fft", "hop_length").window_length("win_length");
        let dense = |id: &str, unit: &str, about: &str| {
            DescriptorSpec::new(id, unit, Kind::Dense(Frames::Input), Bins::Count(Amount::Fixed(1)))
                .about(about)
                .with_gaps()
                .on_demand()
        };
        let harmonic = "Energy of what lasts: sum over bins of (M |X|)^2, M the harmonic mask of \
                        librosa.decompose.hpss.";
        let percussive = "Energy of what strikes: sum over bins of (M |X|)^2, M the percussive mask of \
                          librosa.decompose.hpss.";
        let ratio = "Harmonic energy over the sum of both; 0.5 for silence.";
        let n_fft = "Length of the Fourier transform.";
        let kernel_harmonic = "Frames of the median along time; an odd number.";
        let kernel_percussive = "Bins of the median along frequency; an odd number.";
        let power = "Exponent of the masks: the greater, the harder.";
        let margin_harmonic = "How many times the percussive median counts in the harmonic mask.";
        let margin_percussive = "How many times the harmonic median counts in the percussive mask.";
        CalculatorSpec::new("agogic.hpss", "1.0.0", input)
            .about("Energy of tones and of beats, told apart by median filters.")
            .author("Agogic")
            .param(ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", n_fft))
            .param(ParamSpec::integer("hop_length", 512, 1, 1 << 20, "samples", "Distance between frames."))
            .param(ParamSpec::integer(
                "win_length",
                2048,
                1,
                1 << 20,
                "samples",
                "Length of the Hann window.",
            ))
            .param(ParamSpec::integer("kernel_harmonic", 31, 1, 1023, "frames", kernel_harmonic))
            .param(ParamSpec::integer("kernel_percussive", 31, 1, 1023, "bins", kernel_percussive))
            .param(ParamSpec::float("mask_power", 2.0, 0.01, 100.0, "", power))
            .param(ParamSpec::float("margin_harmonic", 1.0, 1.0, 1e6, "", margin_harmonic))
            .param(ParamSpec::float("margin_percussive", 1.0, 1.0, 1e6, "", margin_percussive))
            .descriptor(dense("agogic.hpss.harmonic", "energy", harmonic))
            .descriptor(dense("agogic.hpss.percussive", "energy", percussive))
            .descriptor(dense("agogic.hpss.ratio", "energy ratio", ratio).range(0.0, 1.0))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let params = &setup.params;
        let float = |name: &str| {
            params.float(name).map(|value| value as f32).ok_or_else(|| format!("{name} is missing"))
        };
        let count = |name: &str| {
            let value = params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.ok_or_else(|| format!("{name} is missing or negative"))
        };
        let odd = |name: &str| match count(name)? {
            width if width.is_multiple_of(2) => Err(format!("{name} {width} is not an odd number")),
            width => Ok(width),
        };
        let (n_fft, win_length, bins) = (count("n_fft")?, count("win_length")?, setup.bins as usize);
        if win_length > n_fft {
            return Err(format!("win_length {win_length} is longer than n_fft {n_fft}").into());
        }
        if n_fft / 2 + 1 != bins {
            return Err(format!("n_fft {n_fft} does not give spectra of {bins} bins").into());
        }
        let width = (odd("kernel_harmonic")?, odd("kernel_percussive")?);
        Ok(Self {
            medians: Medians::new(bins, width).map_err(|error| error.to_string())?,
            mask: Mask {
                power: float("mask_power")?,
                margin_harmonic: float("margin_harmonic")?,
                margin_percussive: float("margin_percussive")?,
            },
            wanted: [HARMONIC, PERCUSSIVE, RATIO].map(|output| setup.wants(output)),
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        for row in block.rows() {
            self.medians.push(row);
            self.give(false, output)?;
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        while self.give(true, output)? {}
        Ok(())
    }
}

impl Hpss {
    /// Gives the frames that are ready, a group at most. Whether there were any.
    fn give(&mut self, end: bool, output: &mut Output<'_>) -> Result<bool, Error> {
        let count = self.medians.ready(end);
        if count == 0 {
            return Ok(false);
        }
        let mut energies = [[0.0f32; MEDIAN_LANES]; 2];
        let mask = &self.mask;
        let bad = self.medians.give(count, end, |x, h, p| mask.add(x, h, p, &mut energies));
        let mut values = [[f32::NAN; MEDIAN_LANES]; 3];
        for lane in 0..count {
            let (tones, beats) = (energies[HARMONIC][lane], energies[PERCUSSIVE][lane]);
            let sum = tones + beats;
            if !bad[lane] && sum.is_finite() {
                values[HARMONIC][lane] = tones;
                values[PERCUSSIVE][lane] = beats;
                values[RATIO][lane] = if sum > 0.0 { tones / sum } else { 0.5 };
            }
        }
        for (number, values) in values.iter().enumerate().filter(|&(number, _)| self.wanted[number]) {
            output.frames(number, count)?.copy_from_slice(&values[..count]);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::{Collected, ParamValue};

    fn setup(changes: &[(&str, ParamValue)]) -> Setup {
        let mut setup = Collected::setup::<Hpss>(22_050, 1, 33);
        let base = [("n_fft", 64.into()), ("win_length", 64.into())];
        for (name, value) in base.iter().chain(changes) {
            setup.params.0.insert((*name).into(), value.clone());
        }
        setup
    }

    fn run(setup: &Setup, spectra: &[f32], block: usize) -> [Vec<f32>; 3] {
        let blocks = spectra.chunks(block * 33).enumerate().map(|(i, data)| {
            Block::new((i * block) as u64, data.len() / 33, 1, 33, data).expect("whole frames")
        });
        let got = Collected::run::<Hpss>(setup, blocks).expect("a result");
        [0, 1, 2].map(|output| got.frames(output).to_vec())
    }

    /// A tone in bin 10 and a beat in frame 20, of magnitude 1.
    fn cross(frames: usize) -> Vec<f32> {
        let value = |i: usize| f32::from(u8::from(i % 33 == 10 || i / 33 == 20));
        (0..frames * 33).map(value).collect()
    }

    #[test]
    fn tones_and_beats_are_told_apart() {
        let [harmonic, percussive, ratio] = run(&setup(&[]), &cross(60), 7);
        for frame in (0..60).filter(|&frame| frame != 20) {
            assert_eq!((harmonic[frame], percussive[frame], ratio[frame]), (1.0, 0.0, 1.0));
        }
        // Where they cross, half the magnitude goes to each.
        assert_eq!((harmonic[20], percussive[20]), (0.25, 32.25));
        assert!((ratio[20] - 0.25 / 32.5).abs() < 1e-6);
    }

    #[test]
    fn silence_and_odd_lengths() {
        for frames in [0, 1, 2, 15, 16, 17, 47, 100] {
            let [harmonic, percussive, ratio] = run(&setup(&[]), &vec![0.0; frames * 33], 10);
            assert_eq!((harmonic, percussive), (vec![0.0; frames], vec![0.0; frames]));
            assert_eq!(ratio, vec![0.5; frames]);
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere() {
        let spectra: Vec<f32> =
            (0..33 * 150u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32).collect();
        let widths = [("kernel_harmonic", ParamValue::from(9)), ("mask_power", 1.5.into())];
        for changes in [&[], &widths[..]] {
            let bits = |block| {
                run(&setup(changes), &spectra, block).map(|v| v.into_iter().map(f32::to_bits).collect())
            };
            let whole: [Vec<u32>; 3] = bits(1000);
            assert!([1, 7, 64].into_iter().all(|block| bits(block) == whole));
        }
    }

    #[test]
    fn a_bad_frame_is_a_gap_and_silent_for_its_neighbours() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut spectra = cross(60);
            spectra[30 * 33 + 4] = bad;
            let [harmonic, percussive, ratio] = run(&setup(&[]), &spectra, 7);
            for frame in (0..60).filter(|&frame| frame != 20) {
                let gap = [harmonic[frame], percussive[frame], ratio[frame]].map(f32::is_nan);
                assert_eq!(gap, [frame == 30; 3]);
            }
            assert_eq!((harmonic[29], harmonic[31]), (1.0, 1.0));
        }
        let loud: Vec<f32> = cross(60).iter().map(|x| x * 1e18).collect();
        assert!(run(&setup(&[]), &loud, 7).iter().flatten().all(|value| value.is_finite()));
    }

    #[test]
    fn what_nobody_wants_is_left_out() {
        let some = Setup { wanted: vec![false, false, true], ..setup(&[]) };
        let [harmonic, percussive, ratio] = run(&some, &cross(60), 7);
        assert!(harmonic.is_empty() && percussive.is_empty());
        assert_eq!(ratio, run(&setup(&[]), &cross(60), 7)[2]);
    }

    #[test]
    fn parameters_that_do_not_go_together() {
        for (name, value, expect) in [
            ("win_length", ParamValue::from(65), "win_length 65 is longer than n_fft 64"),
            ("n_fft", 128.into(), "n_fft 128 does not give spectra of 33 bins"),
            ("kernel_harmonic", 30.into(), "kernel_harmonic 30 is not an odd number"),
            ("kernel_percussive", 2.into(), "kernel_percussive 2 is not an odd number"),
        ] {
            let error = Hpss::new(&setup(&[(name, value)])).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expect));
        }
        Hpss::describe().check().expect("a valid description");
    }
}
