//! The linear magnitude spectrogram.

use agogic_calculator::{
    Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output, Setup,
    SpectrumInput,
};

use crate::{checked_n_fft, transform_params};

/// The linear magnitude spectrogram: what the host computed, as it is.
pub struct Spectrum;

impl Calculator for Spectrum {
    fn describe() -> CalculatorSpec {
        let input = SpectrumInput::new("n_fft", "hop_length").window_length("win_length");
        let spec = CalculatorSpec::new("agogic.spectrum", "1.0.0", input)
            .about("Linear magnitude spectrogram.")
            .author("Agogic")
            .independent();
        let frames = Kind::Dense(Frames::Input);
        transform_params().into_iter().fold(spec, CalculatorSpec::param).descriptor(
            DescriptorSpec::new("agogic.spectrum", "", frames, Bins::Input)
                .about("|X| of a short-time Fourier transform, not normalised; abs of librosa.stft."),
        )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        checked_n_fft(setup).map(|_| Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let (rows, given) = (output.frames(0, block.count())?, block.data());
        let count = rows.len().min(given.len());
        rows[..count].copy_from_slice(&given[..count]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    #[test]
    fn rows_pass_through() {
        Spectrum::describe().check().expect("a valid description");
        let setup = Collected::setup::<Spectrum>(44_100, 1, 1025);
        let data: Vec<f32> = (0..2050u16).map(f32::from).collect();
        let block = Block::new(0, 2, 1, 1025, &data).expect("whole frames");
        assert_eq!(Collected::run::<Spectrum>(&setup, [block]).expect("a result").frames(0), data);
        assert!(Spectrum::new(&Setup { bins: 513, ..setup }).is_err());
    }
}
