//! Magnitudes and powers: what the host computed, as it is.

use agogic_calculator::{
    Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, Setup,
    SpectrumScale,
};

use crate::{check, describe, finite};

/// The linear magnitude spectrogram.
pub struct Spectrum;

/// The linear power spectrogram.
pub struct PowerSpectrum;

impl Calculator for Spectrum {
    fn describe() -> CalculatorSpec {
        let frames = Kind::Dense(Frames::Input);
        describe("agogic.spectrum", SpectrumScale::Magnitude)
            .about("Linear magnitude spectrogram.")
            .independent()
            .descriptor(
                DescriptorSpec::new("agogic.spectrum", "", frames, Bins::Input)
                    .about("|X| of a short-time Fourier transform, not normalised; abs of librosa.stft.")
                    .reads(&["n_fft", "hop_length", "win_length"])
                    .with_gaps()
                    .on_demand(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        check(setup).map(|()| Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        pass(block, output)
    }
}

impl Calculator for PowerSpectrum {
    fn describe() -> CalculatorSpec {
        let frames = Kind::Dense(Frames::Input);
        describe("agogic.spectrum.power", SpectrumScale::Power)
            .about("Linear power spectrogram.")
            .independent()
            .descriptor(
                DescriptorSpec::new("agogic.spectrum.power", "power", frames, Bins::Input)
                    .about("|X|^2 of a short-time Fourier transform, not normalised.")
                    .reads(&["n_fft", "hop_length", "win_length"])
                    .with_gaps()
                    .on_demand(),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        check(setup).map(|()| Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        pass(block, output)
    }
}

fn pass(block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
    for (value, given) in output.frames(0, block.count())?.iter_mut().zip(block.data()) {
        *value = finite(*given);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn check<C: Calculator>() {
        C::describe().check().expect("a valid description");
        let setup = Collected::setup::<C>(44_100, 1, 1025);
        let mut data: Vec<f32> = (0..2050u16).map(f32::from).collect();
        let run = |data: &[f32]| {
            let block = Block::new(0, 2, 1, 1025, data).expect("whole frames");
            Collected::run::<C>(&setup, [block]).expect("a result").frames(0).to_vec()
        };
        assert_eq!(run(&data), data);
        data[7] = f32::INFINITY;
        data[8] = f32::NAN;
        let got = run(&data);
        assert!(got[7].is_nan() && got[8].is_nan());
        assert_eq!(got[9..], data[9..]);
        assert!(C::new(&Setup { bins: 513, ..setup }).is_err());
    }

    #[test]
    fn rows_pass_through() {
        check::<Spectrum>();
        check::<PowerSpectrum>();
    }
}
