//! An example of a third-party calculator: two numbers that tell tones from
//! noise. It imports the SDK and nothing else of Agogic.
//!
//! The feature `version-2` builds its next release, in which the formula of
//! `example.crest` is another and `example.flatness` is as it was.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, ParamSpec,
    Setup, SpectrumInput,
};

const NEXT: bool = cfg!(feature = "version-2");
const VERSION: &str = if NEXT { "2.0.0" } else { "1.0.0" };

struct Crest;

impl Calculator for Crest {
    fn describe() -> CalculatorSpec {
        let input = SpectrumInput::new("n_fft", "hop_length");
        let number =
            |id| DescriptorSpec::new(id, "", Kind::Dense(Frames::Input), Bins::Count(Amount::Fixed(1)));
        CalculatorSpec::new("example.crest", VERSION, input)
            .param(ParamSpec::integer("n_fft", 2048, 16, 65_536, "samples", "Transform length."))
            .param(ParamSpec::integer("hop_length", 512, 1, 65_536, "samples", "Distance between frames."))
            .descriptor(
                number("example.crest")
                    .about("Largest over average magnitude; 1 for a flat spectrum, 0 for silence.")
                    .changed_in(VERSION),
            )
            .descriptor(
                number("example.flatness")
                    .about("Geometric over arithmetic mean of the power; 1 for a flat spectrum and silence.")
                    .range(0.0, 1.0)
                    .changed_in("1.0.0"),
            )
    }

    fn new(_setup: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        for (row, magnitudes) in output.frames(0, block.count())?.iter_mut().zip(block.rows()) {
            *row = crest(magnitudes);
        }
        for (row, magnitudes) in output.frames(1, block.count())?.iter_mut().zip(block.rows()) {
            *row = flatness(magnitudes);
        }
        Ok(())
    }
}

agogic_calculator::export!(Crest);

/// Version 1: over the mean. Version 2: over the root mean square.
fn crest(magnitudes: &[f32]) -> f32 {
    let largest = magnitudes.iter().copied().fold(0.0, f32::max);
    let average = if NEXT {
        mean(magnitudes, |magnitude| magnitude * magnitude).sqrt()
    } else {
        mean(magnitudes, |magnitude| magnitude)
    };
    if largest > 0.0 { (f64::from(largest) / average) as f32 } else { 0.0 }
}

fn flatness(magnitudes: &[f32]) -> f32 {
    // Bins that hold nothing count as this power, as in librosa.
    let power = |magnitude: f64| (magnitude * magnitude).max(1e-10);
    let geometric = mean(magnitudes, |magnitude| power(magnitude).ln()).exp();
    // The means of equal powers may differ in the last place.
    (geometric / mean(magnitudes, power)).min(1.0) as f32
}

fn mean(magnitudes: &[f32], of: impl Fn(f64) -> f64) -> f64 {
    magnitudes.iter().map(|&magnitude| of(f64::from(magnitude))).sum::<f64>() / magnitudes.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    /// Crest and flatness of one spectrum of nine bins.
    fn check(magnitudes: [f32; 9], expect_crest: [f32; 2], expect_flatness: f32) {
        let setup = Collected::setup::<Crest>(44_100, 1, 9);
        let block = Block::new(0, 1, 1, 9, &magnitudes).expect("one frame");
        let got = Collected::run::<Crest>(&setup, [block]).expect("a result");
        let near = |got: &[f32], expect: f32| got.len() == 1 && (got[0] - expect).abs() < 1e-5;
        assert!(near(got.frames(0), expect_crest[usize::from(NEXT)]), "{:?}", got.frames(0));
        assert!(near(got.frames(1), expect_flatness), "{:?}", got.frames(1));
    }

    #[test]
    fn tones_flat_spectra_and_silence() {
        check([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [9.0, 3.0], 1.2e-8);
        check([0.5; 9], [1.0, 1.0], 1.0);
        check([0.0; 9], [0.0, 0.0], 1.0);
    }

    #[test]
    fn the_description_holds() {
        Crest::describe().check().expect("a valid description");
    }
}
