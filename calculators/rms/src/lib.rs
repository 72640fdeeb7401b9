//! `agogic.rms` and `agogic.energy`: root mean square and short-time energy, per
//! channel.
//!
//! The energy of a frame is the sum of its squares, `sum x^2` (L. Rabiner and
//! R. Schafer, *Digital processing of speech signals*, 1978); the root mean square is
//! `sqrt(energy / frame_length)`, the number of librosa's `feature.rms` with centred
//! frames and zeros beyond the ends: frame `i` covers the samples from
//! `i * hop_length - frame_length / 2` on, and `n` samples give
//! `1 + n / hop_length` frames (none for none). Squares are exact and summed in
//! f64, so that values are within 1e-7, relative, of the definition. Silence
//! gives 0.
//!
//! Frames overlap, so the sums are taken over pieces that no frame cuts. They
//! are added up anew for every frame: nothing is ever subtracted, and no error
//! builds up over a long asset.

#![forbid(unsafe_code)]

mod channel;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::channel::{Channel, Framing};

/// Longest frame and greatest hop, in samples.
const LONGEST: i64 = 65_536;

// Numbers of the outputs.
const RMS: usize = 0;
const ENERGY: usize = 1;

/// Root mean square and short-time energy per channel.
pub struct Rms {
    framing: Framing,
    /// Which outputs are wanted.
    wanted: [bool; 2],
    channels: Vec<Channel>,
    /// Energies of some frames, channel by channel.
    energies: Vec<f64>,
    /// Samples per channel so far.
    samples: u64,
    /// Frames given so far.
    given: u64,
}

impl Calculator for Rms {
    fn describe() -> CalculatorSpec {
        let dense = |id: &str, unit: &str, about: &str| {
            let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
            DescriptorSpec::new(id, unit, Kind::Dense(frames), Bins::Count(Amount::Fixed(1))).about(about)
        };
        let rms = "sqrt(mean(x^2)) over the frame, zeros beyond the ends; librosa.feature.rms.";
        let energy = "sum(x^2) over the frame, zeros beyond the ends.";
        CalculatorSpec::new("agogic.rms", "1.1.0", PcmInput::new(ChannelUse::Each))
            .about("Root mean square and energy of overlapping frames, per channel.")
            .author("Agogic")
            .param(ParamSpec::integer("frame_length", 2048, 1, LONGEST, "samples", "Samples under a frame."))
            .param(ParamSpec::integer("hop_length", 512, 1, LONGEST, "samples", "Distance between frames."))
            .descriptor(dense("agogic.rms", "", rms).changed_in("1.0.0"))
            .descriptor(dense("agogic.energy", "energy", energy).changed_in("1.1.0"))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let samples = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let framing = Framing::new(samples("frame_length")?, samples("hop_length")?);
        let channels = setup.channels.iter().map(|_| Channel::new(&framing)).collect();
        let wanted = [setup.wants(RMS), setup.wants(ENERGY)];
        Ok(Self { framing, wanted, channels, energies: vec![], samples: 0, given: 0 })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.samples += block.count() as u64;
        let complete = self.framing.complete(self.samples);
        self.feed(complete, |channel| block.channel(channel), output)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let total = self.framing.total(self.samples);
        let silence = [0.0; 4096];
        let mut missing = self.framing.missing(self.samples, total);
        let mut fed = self.samples;
        while missing > 0 {
            let piece = &silence[..missing.min(silence.len() as u64) as usize];
            missing -= piece.len() as u64;
            fed += piece.len() as u64;
            let complete = self.framing.complete(fed).min(total);
            self.feed(complete, |_| piece, output)?;
        }
        Ok(())
    }
}

impl Rms {
    /// Takes more samples of every channel and gives the frames up to the
    /// `complete`-th, which they complete.
    fn feed<'a>(
        &mut self,
        complete: u64,
        samples: impl Fn(usize) -> &'a [f32],
        output: &mut Output<'_>,
    ) -> Result<(), Error> {
        let (count, width) = ((complete - self.given) as usize, self.channels.len());
        self.energies.clear();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.push(samples(index), &self.framing, |energy| self.energies.push(energy));
        }
        let length = self.framing.frame_length() as f64;
        let value: [fn(f64, f64) -> f64; 2] = [|energy, length| (energy / length).sqrt(), |energy, _| energy];
        for number in [RMS, ENERGY].into_iter().filter(|&number| self.wanted[number]) {
            let rows = output.frames(number, count)?;
            for (index, energies) in self.energies.chunks_exact(count.max(1)).enumerate() {
                for (out, &energy) in rows.iter_mut().skip(index).step_by(width).zip(energies) {
                    *out = value[number](energy, length) as f32;
                }
            }
        }
        self.given = complete;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn setup(frame_length: i64, hop_length: i64, channels: usize) -> Setup {
        let mut setup = Collected::setup::<Rms>(44_100, channels, 1);
        setup.params.0.insert("frame_length".into(), frame_length.into());
        setup.params.0.insert("hop_length".into(), hop_length.into());
        setup
    }

    fn run(setup: &Setup, planar: &[f32]) -> Vec<f32> {
        let channels = setup.channels.len();
        let block = Block::new(0, planar.len() / channels, channels, 1, planar).expect("whole channels");
        Collected::run::<Rms>(setup, [block]).expect("a result").frames(0).to_vec()
    }

    fn by_definition(samples: &[f32], frame_length: usize, hop: usize) -> Vec<f32> {
        let frames = if samples.is_empty() { 0 } else { 1 + samples.len() / hop };
        let frame = |i: usize| {
            let start = (i * hop) as i64 - (frame_length / 2) as i64;
            let inside = (start..start + frame_length as i64).filter_map(|at| usize::try_from(at).ok());
            let squares = inside.filter_map(|at| samples.get(at)).map(|&x| f64::from(x).powi(2));
            (squares.sum::<f64>() / frame_length as f64).sqrt() as f32
        };
        (0..frames).map(frame).collect()
    }

    #[test]
    fn frames_are_as_defined() {
        let noise: Vec<f32> =
            (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1.7e7).collect();
        for (frame_length, hop) in
            [(2048, 512), (2048, 441), (7, 3), (8, 8), (4, 100), (1, 1), (5, 5000), (9000, 6000), (3, 1)]
        {
            for length in [0, 1, 2, 511, 512, 513, 1024, 5000] {
                let got = run(&setup(frame_length, hop, 1), &noise[..length]);
                let expect = by_definition(&noise[..length], frame_length as usize, hop as usize);
                assert_eq!(got.len(), expect.len(), "{length} samples, {frame_length}/{hop}");
                for (got, expect) in got.iter().zip(&expect) {
                    assert!((got - expect).abs() <= 1e-7 * expect, "{got} is not {expect}");
                }
            }
        }
    }

    #[test]
    fn channels_keep_apart() {
        let planar = [[0.5f32; 3000], [0.0; 3000], [-1.0; 3000]].concat();
        let rows = run(&setup(16, 8, 3), &planar);
        assert_eq!(rows.len(), 3 * (1 + 3000 / 8));
        for row in rows.chunks(3).skip(1).take(370) {
            assert_eq!(row, [0.5, 0.0, 1.0]);
        }
    }

    #[test]
    fn energy_is_the_sum_of_squares() {
        let planar = [[0.5f32; 64], [-1.0; 64]].concat();
        let mut setup = setup(16, 8, 2);
        let block = Block::new(0, 64, 2, 1, &planar).expect("whole channels");
        let both = Collected::run::<Rms>(&setup, [block]).expect("a result");
        // The outermost frames reach half over the ends.
        let expect: Vec<f32> =
            (0..9).flat_map(|i| if i % 8 == 0 { [2.0, 8.0] } else { [4.0, 16.0] }).collect();
        assert_eq!(both.frames(1), expect);
        setup.wanted = vec![false, true];
        let one = Collected::run::<Rms>(&setup, [block]).expect("a result");
        assert_eq!((one.frames(0), one.frames(1)), (&[][..], both.frames(1)));
    }

    #[test]
    fn the_description_holds() {
        Rms::describe().check().expect("a valid description");
        assert!(Rms::new(&setup(0, 1, 1)).is_err());
    }
}
