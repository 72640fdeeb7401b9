//! `agogic.zero-crossings`: how often the samples change sign, per channel.
//!
//! Sample `n` is a crossing if it is negative and the one before is not, or the
//! other way round; samples within `zero_threshold` of 0 count as positive. Frame
//! `i` covers `frame_length` samples from `i * hop_length - frame_length / 2` on,
//! and its value is the number of crossings after its first sample over
//! `frame_length`; `n` samples give `1 + n / hop_length` frames (none for none).
//! Beyond the ends nothing crosses. These are the numbers of librosa's
//! `feature.zero_crossing_rate` with centred frames of even length; crossings are
//! counted, so nothing is rounded but the quotient. The measure is that of B. Kedem,
//! *Spectral analysis and discrimination by zero-crossings* (1986).
//!
//! Silence and direct current give 0. A sample that is NaN counts as positive.

#![forbid(unsafe_code)]

mod channel;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::channel::{Channel, Framing};

/// Longest frame and greatest hop, in samples.
const LONGEST: i64 = 65_536;

/// Rate of zero crossings per channel.
pub struct ZeroCrossings {
    framing: Framing,
    channels: Vec<Channel>,
    /// Samples per channel so far.
    samples: u64,
}

impl Calculator for ZeroCrossings {
    fn describe() -> CalculatorSpec {
        let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
        let kind = Kind::Dense(frames);
        let threshold = "Samples no further from 0 than this count as positive.";
        CalculatorSpec::new("agogic.zero-crossings", "1.0.0", PcmInput::new(ChannelUse::Each))
            .about("Rate of zero crossings of overlapping frames, per channel.")
            .author("Agogic")
            .param(ParamSpec::integer("frame_length", 2048, 1, LONGEST, "samples", "Samples under a frame."))
            .param(ParamSpec::integer("hop_length", 512, 1, LONGEST, "samples", "Distance between frames."))
            .param(ParamSpec::float("zero_threshold", 1e-10, 0.0, 1.0, "", threshold))
            .descriptor(
                DescriptorSpec::new("agogic.zero-crossings", "", kind, Bins::Count(Amount::Fixed(1)))
                    .about(
                        "Changes of sign over samples of the frame; 0 for silence; \
                         librosa.feature.zero_crossing_rate.",
                    )
                    .range(0.0, 1.0)
                    .reads(&["frame_length", "hop_length", "zero_threshold"])
                    .changed_in("1.0.0"),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let samples = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| u64::try_from(value).ok());
            value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
        };
        let threshold = setup.params.float("zero_threshold").ok_or("zero_threshold is missing")?;
        let framing = Framing {
            length: samples("frame_length")?,
            hop: samples("hop_length")?,
            threshold: threshold as f32,
        };
        let channels = setup.channels.iter().map(|_| Channel::default()).collect();
        Ok(Self { framing, channels, samples: 0 })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let before = self.framing.complete(self.samples);
        self.samples += block.count() as u64;
        let count = self.framing.complete(self.samples) - before;
        self.give(count, output, |channel, framing, index, give| {
            channel.push(block.channel(index), framing, give);
        })
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let count = self.framing.total(self.samples) - self.framing.complete(self.samples);
        self.give(count, output, |channel, framing, _, give| {
            (0..count).for_each(|_| channel.close(framing, give));
        })
    }
}

impl ZeroCrossings {
    /// Lets every channel give `count` values.
    fn give(
        &mut self,
        count: u64,
        output: &mut Output<'_>,
        work: impl Fn(&mut Channel, &Framing, usize, &mut dyn FnMut(f32)),
    ) -> Result<(), Error> {
        let rows = output.frames(0, count as usize)?;
        let width = self.channels.len();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let mut column = rows.iter_mut().skip(index).step_by(width);
            work(channel, &self.framing, index, &mut |rate| {
                if let Some(value) = column.next() {
                    *value = rate;
                }
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn setup(frame_length: i64, hop_length: i64, channels: usize) -> Setup {
        let mut setup = Collected::setup::<ZeroCrossings>(44_100, channels, 1);
        setup.params.0.insert("frame_length".into(), frame_length.into());
        setup.params.0.insert("hop_length".into(), hop_length.into());
        setup
    }

    fn run(setup: &Setup, planar: &[f32]) -> Vec<f32> {
        let channels = setup.channels.len();
        let block = Block::new(0, planar.len() / channels, channels, 1, planar).expect("whole channels");
        Collected::run::<ZeroCrossings>(setup, [block]).expect("a result").frames(0).to_vec()
    }

    fn by_definition(samples: &[f32], frame_length: usize, hop: usize) -> Vec<f32> {
        let frames = if samples.is_empty() { 0 } else { 1 + samples.len() / hop };
        let negative = |at: i64| {
            let at = at.clamp(0, samples.len() as i64 - 1) as usize;
            samples[at] < -1e-10
        };
        let frame = |i: usize| {
            let start = (i * hop) as i64 - (frame_length / 2) as i64;
            let inside = start + 1..start + frame_length as i64;
            let crossings = inside.filter(|&at| negative(at) != negative(at - 1)).count();
            (crossings as f64 / frame_length as f64) as f32
        };
        (0..frames).map(frame).collect()
    }

    #[test]
    fn frames_are_as_defined() {
        let noise: Vec<f32> =
            (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 8.4e6 - 1.0).collect();
        for (frame_length, hop) in [
            (2048, 512),
            (2048, 441),
            (7, 3),
            (8, 8),
            (4, 100),
            (1, 1),
            (2, 1),
            (5, 5000),
            (9000, 6000),
            (3, 1),
        ] {
            for length in [0, 1, 2, 511, 512, 513, 1024, 5000] {
                let got = run(&setup(frame_length, hop, 1), &noise[..length]);
                let expect = by_definition(&noise[..length], frame_length as usize, hop as usize);
                assert_eq!(got, expect, "{length} samples, {frame_length}/{hop}");
            }
        }
    }

    #[test]
    fn what_crosses_and_what_does_not() {
        for (samples, expect) in [
            ([1.0, -1.0, 1.0, -1.0], 0.75),
            ([1.0, 0.0, -0.0, 1.0], 0.0),
            ([1.0, -1e-10, 1e-10, -1.0], 0.25),
            ([-1.0, -1e-9, 0.0, -1.0], 0.5),
            ([-1.0, -1.0, f32::NAN, f32::INFINITY], 0.25),
            ([0.0; 4], 0.0),
            ([-0.5; 4], 0.0),
        ] {
            assert_eq!(run(&setup(4, 2, 1), &samples)[1], expect, "{samples:?}");
        }
    }

    #[test]
    fn channels_keep_apart() {
        let turns: Vec<f32> = (0..100).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let rows = run(&setup(16, 8, 2), &[&[0.5f32; 100][..], &turns].concat());
        assert_eq!(rows.len(), 2 * (1 + 100 / 8));
        assert!(rows[4..16].chunks(2).all(|row| row == [0.0, 15.0 / 16.0]), "{rows:?}");
    }

    #[test]
    fn the_description_holds() {
        ZeroCrossings::describe().check().expect("a valid description");
        assert!(ZeroCrossings::new(&setup(0, 1, 1)).is_err());
    }
}
