//! `agogic.peaks`: least and greatest sample at several resolutions, for
//! drawing waveforms at any zoom.
//!
//! Frame `i` of level `l` covers the samples from `i * h` to `(i + 1) * h`,
//! where `h = peak_hop * 4^l`; the last frame of a level covers what there is.
//! `n` samples give `n / h` frames, rounded up. Values are the samples' own,
//! not rounded; a negative zero is given as zero.

#![forbid(unsafe_code)]

mod extremes;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::extremes::{Extremes, Level};

/// How much coarser each level is than the one before.
const FACTOR: u32 = 4;
/// From 256 samples a frame to 262,144: six seconds at 44.1 kHz.
const LEVELS: u32 = 6;

/// Least and greatest sample at several resolutions.
pub struct Peaks {
    hop: usize,
    channels: usize,
    /// Samples of the frame of level 0 under way, and their extremes.
    filled: usize,
    under_way: Vec<Extremes>,
    /// The levels from 1 on, made from the frames of the one before.
    coarser: Vec<Level>,
    /// Frames just completed on a level, and on the next.
    rows: Vec<Extremes>,
    next_rows: Vec<Extremes>,
}

impl Calculator for Peaks {
    fn describe() -> CalculatorSpec {
        let kind = Kind::Peaks { hop: Amount::param("peak_hop"), factor: FACTOR, levels: LEVELS };
        let hop = "Samples under a frame of the finest level; even, so that frames have a middle sample.";
        CalculatorSpec::new("agogic.peaks", "1.0.0", PcmInput::new(ChannelUse::Each).native_rate())
            .about("Least and greatest sample at several resolutions, for drawing waveforms.")
            .author("Agogic")
            .param(ParamSpec::integer("peak_hop", 256, 2, 65_536, "samples", hop))
            .descriptor(
                DescriptorSpec::new("agogic.peaks", "", kind, Bins::Count(Amount::Fixed(2)))
                    .about("Least and greatest of the samples under each frame; full scale is -1 to 1."),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let hop = setup.params.integer("peak_hop").and_then(|hop| usize::try_from(hop).ok()).unwrap_or(0);
        if hop < 2 || !hop.is_multiple_of(2) {
            return Err(format!("peak_hop {hop} is not positive and even").into());
        }
        let channels = setup.channels.len();
        Ok(Self {
            hop,
            channels,
            filled: 0,
            under_way: vec![Extremes::NONE; channels],
            coarser: (1..LEVELS).map(|_| Level::new(FACTOR, channels)).collect(),
            rows: vec![],
            next_rows: vec![],
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let frames = (self.filled + block.count()) / self.hop;
        self.rows.clear();
        self.rows.resize(frames * self.channels, Extremes::NONE);
        for (channel, under_way) in self.under_way.iter_mut().enumerate() {
            let mut column = self.rows.iter_mut().skip(channel).step_by(self.channels);
            let mut filled = self.filled;
            let mut rest = block.channel(channel);
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(self.hop - filled));
                under_way.widen(now);
                filled += now.len();
                rest = later;
                if filled == self.hop {
                    filled = 0;
                    let frame = std::mem::replace(under_way, Extremes::NONE);
                    if let Some(row) = column.next() {
                        *row = frame;
                    }
                }
            }
        }
        self.filled = (self.filled + block.count()) % self.hop;
        self.give(output, false)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        self.rows.clear();
        if self.filled > 0 {
            self.rows.append(&mut self.under_way);
        }
        self.give(output, true)
    }
}

impl Peaks {
    /// Gives the rows of level 0, and what they complete on the others; at the
    /// end also what is incomplete.
    fn give(&mut self, output: &mut Output<'_>, at_end: bool) -> Result<(), Error> {
        give_rows(output, 0, &self.rows, self.channels)?;
        for (level, plane) in self.coarser.iter_mut().zip(1..) {
            self.next_rows.clear();
            level.push(&self.rows, &mut self.next_rows);
            if at_end {
                level.flush(&mut self.next_rows);
            }
            std::mem::swap(&mut self.rows, &mut self.next_rows);
            give_rows(output, plane, &self.rows, self.channels)?;
        }
        Ok(())
    }
}

fn give_rows(output: &mut Output<'_>, plane: usize, rows: &[Extremes], channels: usize) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let room = output.plane(0, plane, rows.len() / channels.max(1))?;
    for (pair, extremes) in room.chunks_exact_mut(2).zip(rows) {
        pair.copy_from_slice(&extremes.pair());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn run(planar: &[f32], channels: usize, hop: i64) -> Collected {
        let mut setup = Collected::setup::<Peaks>(44_100, channels, 1);
        setup.params.0.insert("peak_hop".into(), hop.into());
        let block = Block::new(0, planar.len() / channels, channels, 1, planar).expect("whole channels");
        Collected::run::<Peaks>(&setup, [block]).expect("a result")
    }

    #[test]
    fn every_level_is_as_defined() {
        let noise: Vec<f32> = (0..9000i32).map(|i| ((i * i) % 2001 - 1000) as f32 / 1000.0).collect();
        for hop in [2, 6, 256] {
            for length in [0, 1, 2, 255, 256, 257, 1024, 1025, 8999] {
                let got = run(&noise[..length], 1, hop);
                for level in 0..LEVELS {
                    let samples = hop as usize * (FACTOR as usize).pow(level);
                    let expect: Vec<f32> = noise[..length]
                        .chunks(samples)
                        .flat_map(|frame| {
                            [
                                frame.iter().copied().fold(f32::INFINITY, f32::min),
                                frame.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                            ]
                        })
                        .collect();
                    assert_eq!(got.plane(0, level as usize), expect, "{length} samples, hop {hop}, {level}");
                }
            }
        }
    }

    #[test]
    fn channels_keep_apart_and_zero_has_no_sign() {
        let planar = [[0.25f32; 600], [-0.0; 600]].concat();
        let got = run(&planar, 2, 256);
        assert_eq!(got.plane(0, 0), [0.25, 0.25, 0.0, 0.0].repeat(3));
        assert_eq!(got.plane(0, 1), [0.25, 0.25, 0.0, 0.0]);
        assert!(got.plane(0, 0).iter().all(|value| value.is_sign_positive()));
    }

    #[test]
    fn the_description_holds_and_odd_hops_do_not() {
        Peaks::describe().check().expect("a valid description");
        let mut setup = Collected::setup::<Peaks>(44_100, 1, 1);
        setup.params.0.insert("peak_hop".into(), 255.into());
        assert!(Peaks::new(&setup).is_err_and(|error| error.to_string().contains("peak_hop 255")));
    }
}
