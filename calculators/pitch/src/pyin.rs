//! Probabilistic YIN: all troughs, weighed, and the most likely path through them.

use agogic_calculator::{Block, Calculator, CalculatorSpec, Error, Output, ParamSpec, Setup};

use crate::candidates::{Candidates, Prior, Scale};
use crate::common::{Common, count, dense, float, spec};
use crate::difference::{Difference, Sound};
use crate::framing::Framer;
use crate::viterbi::Decoder;

// Numbers of the outputs.
const F0: usize = 0;
const VOICED: usize = 1;

/// What the most likely path depends on beside the candidates.
const PATH: [&str; 2] = ["max_transition_rate", "switch_prob"];
/// What the candidates depend on.
const CANDIDATES: [&str; 6] =
    ["n_thresholds", "beta_a", "beta_b", "boltzmann_parameter", "resolution", "no_trough_prob"];

/// Fundamental frequency by probabilistic YIN, and how likely there is one.
pub struct Pyin {
    scale: Scale,
    wanted: [bool; 2],
    framer: Framer,
    difference: Difference,
    candidates: Candidates,
    decoder: Decoder,
    /// Values of some frames, for each output.
    values: [Vec<f32>; 2],
}

impl Calculator for Pyin {
    fn describe() -> CalculatorSpec {
        let f0 = "Frequency of the pitch bin on the most likely path through the troughs of YIN, a whole \
                  number of resolutions above fmin; NaN where the path is unvoiced; librosa.pyin.";
        let voiced = "Probability that the frame has a pitch: the sum of its candidates' probabilities; \
                      librosa.pyin.";
        let reads: Vec<&str> = CANDIDATES.iter().chain(&PATH).copied().collect();
        let spec = spec("agogic.pitch.pyin", "Fundamental frequency of one voice by probabilistic YIN.");
        params()
            .into_iter()
            .fold(spec, CalculatorSpec::param)
            .descriptor(dense("agogic.pitch.pyin", "Hz", f0, &reads).with_gaps())
            .descriptor(dense("agogic.pitch.pyin.voiced", "", voiced, &CANDIDATES).range(0.0, 1.0))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let common = Common::new(setup)?;
        let shape = |name| Ok::<_, Error>(u32::try_from(count(setup, name)?).unwrap_or(u32::MAX));
        let prior = Prior {
            n_thresholds: count(setup, "n_thresholds")?,
            beta: (shape("beta_a")?, shape("beta_b")?),
            boltzmann: float(setup, "boltzmann_parameter")?,
            no_trough: float(setup, "no_trough_prob")?,
        };
        let bins_per_semitone = (1.0 / float(setup, "resolution")?).ceil();
        let bins_per_octave = 12.0 * bins_per_semitone;
        let n_bins = (bins_per_octave * (common.fmax / common.fmin).log2()).floor() as usize + 1;
        let scale = Scale {
            rate: common.rate,
            fmin: common.fmin,
            min_period: common.min_period,
            bins_per_octave,
            n_bins,
        };
        let seconds = common.hop_length as f64 / common.rate;
        let semitones = (float(setup, "max_transition_rate")? * 12.0 * seconds).round_ties_even();
        // No wider than all bins are apart.
        let width = ((semitones * bins_per_semitone) as usize).min(2 * n_bins) + 1;
        Ok(Self {
            scale,
            wanted: [setup.wants(F0), setup.wants(VOICED)],
            framer: Framer::new(common.frame_length, common.hop_length),
            difference: Difference::new(
                common.frame_length,
                common.hop_length,
                common.min_period,
                common.max_period,
            )?,
            candidates: Candidates::new(scale, &prior),
            decoder: Decoder::new(n_bins, width, float(setup, "switch_prob")?),
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

impl Pyin {
    /// Takes more samples, or their end, and gives the values that are known by then.
    fn run(&mut self, samples: Option<&[f32]>, output: &mut Output<'_>) -> Result<(), Error> {
        let Self { scale, framer, difference, candidates, decoder, values: [f0s, voiced], .. } = self;
        f0s.clear();
        voiced.clear();
        let mut decided = |bin: Option<usize>| f0s.push(bin.map_or(f32::NAN, |bin| scale.hz(bin) as f32));
        let wants_path = self.wanted[F0];
        let mut give = |frames: &[&[f32]]| {
            difference.of(frames, |row, sound| {
                // Other rows are flat, and have no candidates.
                debug_assert!(sound == Sound::Some || row.iter().all(|&value| value == 0.0));
                let (found, probability) = candidates.find(row);
                voiced.push(probability as f32);
                if wants_path {
                    decoder.push(found, probability, &mut decided);
                }
            });
        };
        match samples {
            Some(samples) => framer.push(samples, &mut give),
            None => framer.finish(&mut give),
        }
        if samples.is_none() && wants_path {
            output.check_cancelled()?;
            decoder.finish(&mut decided);
        }
        for (number, values) in self.values.iter().enumerate().filter(|&(number, _)| self.wanted[number]) {
            output.frames(number, values.len())?.copy_from_slice(values);
        }
        Ok(())
    }
}

fn params() -> [ParamSpec; 8] {
    let boltzmann = "Decay of the probability from a trough to the next later one.";
    let no_trough = "Share of its probability that a threshold below all troughs gives to the lowest one.";
    let rate = "How fast pitch moves at most, in octaves per second.";
    let switch = "Probability that a voice begins or ends from one frame to the next.";
    [
        ParamSpec::integer("n_thresholds", 100, 1, 1000, "", "Thresholds, evenly spaced up to 1."),
        ParamSpec::integer("beta_a", 2, 1, 100, "", "First shape of the thresholds' beta distribution."),
        ParamSpec::integer("beta_b", 18, 1, 100, "", "Second shape of the thresholds' beta distribution."),
        ParamSpec::float("boltzmann_parameter", 2.0, 0.001, 100.0, "", boltzmann),
        ParamSpec::float("resolution", 0.1, 0.01, 0.99, "semitones", "Width of a bin of pitch."),
        ParamSpec::float("no_trough_prob", 0.01, 0.0, 1.0, "", no_trough),
        ParamSpec::float("max_transition_rate", 35.92, 0.001, 10_000.0, "octaves/s", rate),
        ParamSpec::float("switch_prob", 0.01, 1e-6, 0.999_999, "", switch),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_holds() {
        Pyin::describe().check().expect("a valid description");
    }
}
