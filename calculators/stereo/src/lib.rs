//! `agogic.stereo`: how wide the sound is, how alike its two channels are, and to
//! which side it leans, per frame.
//!
//! With the sums of squares `LL` and `RR` of the first two channels under a frame
//! and the sum of their products `LR`:
//!
//! - `agogic.stereo.width` is the energy of the side signal `(L - R) / 2` over that
//!   of middle `(L + R) / 2` and side together, `1/2 - LR / (LL + RR)`: 0 for equal
//!   channels, 0.5 for channels that have nothing to do with each other and for a
//!   single one, 1 for opposite ones.
//! - `agogic.stereo.correlation` is `LR / sqrt(LL RR)`, what a phase meter beside a
//!   goniometer shows: 1 for channels that are alike but for their level, 0 for
//!   channels that have nothing to do with each other, -1 for opposite ones; means
//!   are not taken off. Where only one channel is silent it is 0.
//! - `agogic.stereo.balance` is `(RR - LL) / (LL + RR)`: -1 for the left channel
//!   alone, 0 for equal energies, 1 for the right one alone.
//!
//! Silence counts as mono: width 0, correlation 1, balance 0, as every frame of an
//! asset with one channel has. Of more than two channels the first two count. Frame
//! `i` covers the samples from `i * hop_length - frame_length / 2` on, zeros beyond
//! the ends, and `n` samples give `1 + n / hop_length` frames (none for none). Sums
//! are in f64 and taken anew for every frame. A sample that is not finite counts
//! as 0.

#![forbid(unsafe_code)]

mod pieces;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::pieces::{Framing, Pair, Sums};

/// Longest frame and greatest hop, in samples.
const LONGEST: i64 = 65_536;

/// Width, correlation and balance, in the order of the outputs.
const VALUES: [fn(&Sums) -> f64; 3] = [width, correlation, balance];

/// Width, correlation and balance of the first two channels.
pub struct Stereo {
    framing: Framing,
    wanted: [bool; 3],
    /// Whether there are two channels.
    two: bool,
    pair: Pair,
    /// Sums of the frames of a block.
    frames: Vec<Sums>,
    /// Samples per channel so far.
    samples: u64,
    /// Frames given so far.
    given: u64,
}

impl Calculator for Stereo {
    fn describe() -> CalculatorSpec {
        let dense = |id: &str, least: f32, about: &str| {
            let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
            let descriptor =
                DescriptorSpec::new(id, "energy ratio", Kind::Dense(frames), Bins::Count(Amount::Fixed(1)));
            descriptor.about(about).range(least, 1.0).joint().reads(&["frame_length", "hop_length"])
        };
        let width = "Side energy over side and middle energy: 0 mono and silence, 0.5 unrelated, 1 opposite.";
        let correlation = "sum(L R) / sqrt(sum(L^2) sum(R^2)), means kept; 1 for mono and silence.";
        let balance = "(sum(R^2) - sum(L^2)) / (sum(R^2) + sum(L^2)): -1 left; 0 for mono and silence.";
        CalculatorSpec::new("agogic.stereo", "1.0.0", PcmInput::new(ChannelUse::Each))
            .about("Width, correlation and balance of the first two channels.")
            .author("Agogic")
            .param(ParamSpec::integer("frame_length", 2048, 1, LONGEST, "samples", "Samples under a frame."))
            .param(ParamSpec::integer("hop_length", 512, 1, LONGEST, "samples", "Distance between frames."))
            .descriptor(dense("agogic.stereo.width", 0.0, width))
            .descriptor(dense("agogic.stereo.correlation", -1.0, correlation))
            .descriptor(dense("agogic.stereo.balance", -1.0, balance))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let samples = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let framing = Framing::new(samples("frame_length")?, samples("hop_length")?);
        let silence = vec![0.0; framing.lead()];
        let mut pair = Pair::default();
        pair.push(&silence, &silence, &framing, &mut |_| {});
        Ok(Self {
            framing,
            wanted: std::array::from_fn(|output| setup.wants(output)),
            two: setup.channels.len() >= 2,
            pair,
            frames: vec![],
            samples: 0,
            given: 0,
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.samples += block.count() as u64;
        let left = block.channel(0);
        // One channel is its own counterpart.
        let right = if self.two { block.channel(1) } else { left };
        self.pair.push(left, right, &self.framing, &mut |sums| self.frames.push(sums));
        self.give(output)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let total = self.framing.total(self.samples);
        let silence = [0.0; 4096];
        let mut missing = self.framing.missing(self.samples, total);
        while missing > 0 {
            let piece = &silence[..missing.min(silence.len() as u64) as usize];
            missing -= piece.len() as u64;
            self.pair.push(piece, piece, &self.framing, &mut |sums| self.frames.push(sums));
        }
        self.frames.truncate(usize::try_from(total - self.given).unwrap_or(usize::MAX));
        self.give(output)
    }
}

impl Stereo {
    /// Gives the frames that are complete.
    fn give(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        for (number, value) in VALUES.iter().enumerate().filter(|&(number, _)| self.wanted[number]) {
            for (row, sums) in output.frames(number, self.frames.len())?.iter_mut().zip(&self.frames) {
                *row = value(sums) as f32;
            }
        }
        self.given += self.frames.len() as u64;
        self.frames.clear();
        Ok(())
    }
}

fn width(sums: &Sums) -> f64 {
    let all = sums.left + sums.right;
    if all > 0.0 { (0.5 - sums.both / all).clamp(0.0, 1.0) } else { 0.0 }
}

fn correlation(sums: &Sums) -> f64 {
    // Two roots, as the product of two energies may be too great for a number.
    let size = sums.left.sqrt() * sums.right.sqrt();
    if sums.left == sums.right && sums.left == sums.both {
        1.0
    } else if size > 0.0 {
        (sums.both / size).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

fn balance(sums: &Sums) -> f64 {
    let all = sums.left + sums.right;
    if all > 0.0 { ((sums.right - sums.left) / all).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn setup(frame_length: i64, hop_length: i64, channels: usize) -> Setup {
        let mut setup = Collected::setup::<Stereo>(44_100, channels, 1);
        setup.params.0.insert("frame_length".into(), frame_length.into());
        setup.params.0.insert("hop_length".into(), hop_length.into());
        setup
    }

    fn run(setup: &Setup, channels: &[&[f32]], cut: usize) -> [Vec<f32>; 3] {
        let count = channels[0].len();
        let planar = |start: usize| {
            let end = count.min(start + cut);
            channels.iter().flat_map(|channel| channel[start..end].to_vec()).collect::<Vec<f32>>()
        };
        let pieces: Vec<_> = (0..count).step_by(cut).map(|start| (start, planar(start))).collect();
        let blocks = pieces.iter().map(|(start, data)| {
            let count = data.len() / channels.len();
            Block::new(*start as u64, count, channels.len(), 1, data).expect("whole channels")
        });
        let got = Collected::run::<Stereo>(setup, blocks).expect("a result");
        std::array::from_fn(|output| got.frames(output).to_vec())
    }

    fn noise(seed: u32, count: usize) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 as f32 / 2f32.powi(31)
        };
        (0..count).map(|_| next()).collect()
    }

    /// All frames have these values, but for the outermost, within 0.1.
    #[track_caller]
    fn check(channels: &[&[f32]], expect: [f32; 3]) {
        let got = run(&setup(2048, 512, channels.len()), channels, 1000);
        for (values, expect) in got.iter().zip(expect) {
            assert_eq!(values.len(), if channels[0].is_empty() { 0 } else { 1 + channels[0].len() / 512 });
            let far = |value: &&f32| (*value - expect).abs() > 0.1;
            assert_eq!(values[2..].iter().find(far), None, "not {expect}");
        }
    }

    /// All frames have exactly these values.
    #[track_caller]
    fn check_exactly(channels: &[&[f32]], expect: [f32; 3]) {
        for (frame_length, hop) in [(2048, 512), (7, 3), (100, 333)] {
            let got = run(&setup(frame_length, hop, channels.len()), channels, 1000);
            for (values, expect) in got.iter().zip(expect) {
                assert_eq!(values.iter().find(|&&value| value != expect), None, "not {expect}");
            }
        }
    }

    #[test]
    fn values_by_hand() {
        let (a, b) = (noise(1, 30_000), noise(2, 30_000));
        let times = |gain: f32| a.iter().map(|x| gain * x).collect::<Vec<f32>>();
        let silence = vec![0.0; 30_000];
        check_exactly(&[&a], [0.0, 1.0, 0.0]);
        check_exactly(&[&a, &a], [0.0, 1.0, 0.0]);
        check_exactly(&[&a, &a, &b], [0.0, 1.0, 0.0]);
        check_exactly(&[&a, &times(-1.0)], [1.0, -1.0, 0.0]);
        check_exactly(&[&a, &silence], [0.5, 0.0, -1.0]);
        check_exactly(&[&silence, &a], [0.5, 0.0, 1.0]);
        check_exactly(&[&silence, &silence], [0.0, 1.0, 0.0]);
        check_exactly(&[&silence], [0.0, 1.0, 0.0]);
        check(&[&a, &b], [0.5, 0.0, 0.0]);
        // LL = 1, RR = 1/4, LR = 1/2.
        check(&[&a, &times(0.5)], [0.1, 1.0, -0.6]);
    }

    #[test]
    fn frames_are_as_defined() {
        let (a, b) = (noise(3, 5000), noise(4, 5000));
        for (frame_length, hop) in [(2048, 512), (2048, 441), (7, 3), (8, 8), (4, 100), (1, 1), (9000, 6000)]
        {
            let [width, correlation, balance] = run(&setup(frame_length, hop, 2), &[&a, &b], 5000);
            let inside = |frame: usize| {
                let start = frame as i64 * hop - frame_length / 2;
                start.clamp(0, 5000) as usize..(start + frame_length).clamp(0, 5000) as usize
            };
            assert_eq!(width.len() as i64, 1 + 5000 / hop);
            for frame in 0..width.len() {
                let (a, b) = (&a[inside(frame)], &b[inside(frame)]);
                let sum = |a: &[f32], b: &[f32]| -> f64 {
                    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
                };
                let (left, right, both) = (sum(a, a), sum(b, b), sum(a, b));
                if left + right == 0.0 {
                    continue;
                }
                let near = |got: f32, expect: f64| (f64::from(got) - expect).abs() < 1e-6;
                assert!(near(width[frame], 0.5 - both / (left + right)));
                assert!(near(correlation[frame], both / (left * right).sqrt()));
                assert!(near(balance[frame], (right - left) / (left + right)));
            }
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere() {
        let (a, b) = (noise(5, 20_000), noise(6, 20_000));
        for (frame_length, hop) in [(2048, 512), (255, 100), (100, 255)] {
            let setup = setup(frame_length, hop, 2);
            let whole = run(&setup, &[&a, &b], 65_536);
            for cut in [1, 7, 64, 1000] {
                let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                let other = run(&setup, &[&a, &b], cut);
                assert!((0..3).all(|i| bits(&whole[i]) == bits(&other[i])), "blocks of {cut}");
            }
        }
    }

    #[test]
    fn odd_input_has_values_within_the_range() {
        let noise = noise(7, 5000);
        let scaled = |by: f32| noise.iter().map(|x| x * by).collect::<Vec<f32>>();
        let mut bad = noise.clone();
        bad[100..103].copy_from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
        let all = [scaled(1e12), scaled(1e-40), scaled(1e38), bad, vec![0.5; 5000]];
        for left in &all {
            for right in &all {
                for count in [0, 1, 2, 511, 5000] {
                    let got = run(&setup(2048, 512, 2), &[&left[..count], &right[..count]], 5000);
                    for (values, least) in got.iter().zip([0.0, -1.0, -1.0]) {
                        assert!(values.iter().all(|value| (least..=1.0).contains(value)), "{values:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_description_holds() {
        Stereo::describe().check().expect("a valid description");
        assert!(Stereo::new(&setup(0, 1, 1)).is_err());
        assert!(Stereo::new(&setup(1, 0, 1)).is_err());
    }
}
