//! YIN: the first trough that is deep enough.

use agogic_calculator::{Block, Calculator, CalculatorSpec, Error, Output, ParamSpec, Setup};

use crate::common::{Common, dense, float, spec};
use crate::difference::{Difference, Sound, is_trough, shift};
use crate::framing::Framer;

// Numbers of the outputs.
const F0: usize = 0;
const CONFIDENCE: usize = 1;

/// Fundamental frequency by YIN, and how sure it is.
pub struct Yin {
    common: Common,
    threshold: f32,
    wanted: [bool; 2],
    framer: Framer,
    difference: Difference,
    /// Values of some frames, for each output.
    values: [Vec<f32>; 2],
}

impl Calculator for Yin {
    fn describe() -> CalculatorSpec {
        let threshold = "The first trough of the difference below this is the period.";
        let f0 = "rate / period, the period at the first trough of the cumulative mean normalised difference \
                  below trough_threshold, else at its lowest value; NaN where samples are not finite; \
                  librosa.yin.";
        let confidence = "1 - d' at the period, within 0..=1, where d' is the aperiodic share of the power; \
                          0 for silence; de Cheveigne and Kawahara 2002.";
        spec("agogic.pitch.yin", "Fundamental frequency of one voice by YIN.")
            .param(ParamSpec::float("trough_threshold", 0.1, 0.0, 10.0, "", threshold))
            .descriptor(dense("agogic.pitch.yin", "Hz", f0, &["trough_threshold"]).with_gaps())
            .descriptor(
                dense("agogic.pitch.yin.confidence", "", confidence, &["trough_threshold"]).range(0.0, 1.0),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let common = Common::new(setup)?;
        Ok(Self {
            common,
            threshold: float(setup, "trough_threshold")? as f32,
            wanted: [setup.wants(F0), setup.wants(CONFIDENCE)],
            framer: Framer::new(common.frame_length, common.hop_length),
            difference: Difference::new(
                common.frame_length,
                common.hop_length,
                common.min_period,
                common.max_period,
            )?,
            values: [vec![], vec![]],
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.run(Some(block.channel(0)), output)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        self.run(None, output)
    }
}

impl Yin {
    /// Takes more samples, or their end, and gives the frames that they complete.
    fn run(&mut self, samples: Option<&[f32]>, output: &mut Output<'_>) -> Result<(), Error> {
        let Self { common, threshold, framer, difference, values: [f0s, confidences], .. } = self;
        f0s.clear();
        confidences.clear();
        let mut give = |frames: &[&[f32]]| {
            difference.of(frames, |row, sound| {
                let place = period(row, *threshold);
                let f0 = common.rate / ((common.min_period + place) as f64 + shift(row, place));
                f0s.push(if sound == Sound::Bad { f32::NAN } else { f0 as f32 });
                confidences.push(if sound == Sound::Some { (1.0 - row[place]).clamp(0.0, 1.0) } else { 0.0 });
            });
        };
        match samples {
            Some(samples) => framer.push(samples, &mut give),
            None => framer.finish(&mut give),
        }
        for (number, values) in self.values.iter().enumerate().filter(|&(number, _)| self.wanted[number]) {
            output.frames(number, values.len())?.copy_from_slice(values);
        }
        Ok(())
    }
}

/// The place of the period: the first trough below the threshold, or the first of
/// the lowest values.
fn period(row: &[f32], threshold: f32) -> usize {
    /// Places that are looked at one by one only if one of them may be it.
    const REACH: usize = 32;
    let (mut lowest, mut least) = (0, f32::INFINITY);
    for (start, some) in (0..).step_by(REACH).zip(row.chunks(REACH)) {
        let here = smallest(some);
        if here < threshold {
            let deep = |&place: &usize| row[place] < threshold && is_trough(row, place);
            if let Some(place) = (start..start + some.len()).find(deep) {
                return place;
            }
        }
        if here < least {
            (lowest, least) = (start, here);
        }
    }
    lowest + row[lowest..].iter().position(|&value| value == least).unwrap_or(0)
}

/// The smallest value, in independent lanes, which the compiler can vectorise.
fn smallest(values: &[f32]) -> f32 {
    let least = |a: f32, b: f32| if b < a { b } else { a };
    let mut lanes = [f32::INFINITY; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = least(*lane, value);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::INFINITY, least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_deep_trough_is_the_period() {
        let row = [0.9, 0.5, 0.7, 0.09, 0.2, 0.01, 0.4];
        assert_eq!(period(&row, 0.1), 3);
        assert_eq!(period(&row, 0.6), 1);
        assert_eq!(period(&row, 0.05), 5);
        assert_eq!(period(&row, 0.0), 5);
        assert_eq!(period(&[0.0; 4], 0.1), 0);
    }

    #[test]
    fn the_description_holds() {
        Yin::describe().check().expect("a valid description");
    }
}
