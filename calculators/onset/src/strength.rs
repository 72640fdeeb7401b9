//! The onset strength, of the mel spectrogram.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, InputSpec, Kind, Output,
    ParamSpec, Setup,
};

use crate::flux::Flux;
use crate::input::Input;

/// The onset strength.
pub struct OnsetStrength {
    bins: usize,
    flux: Flux,
}

impl Calculator for OnsetStrength {
    fn describe() -> CalculatorSpec {
        let n_fft = "Length of the mel spectrogram's transform: half of it is how late the strength comes.";
        let top_db =
            "Values further below the loudest one so far count as that far below; 0 for no such limit.";
        let kind = Kind::Dense(Frames::Input);
        CalculatorSpec::new("agogic.onset.strength", "2.1.0", InputSpec::descriptors(&["agogic.mel"]))
            .about("How much the mel spectrogram rises.")
            .author("Agogic")
            .param(ParamSpec::integer("n_fft", 2048, 16, 1 << 20, "samples", n_fft))
            .param(ParamSpec::float("top_db", 80.0, 0.0, 1000.0, "dB", top_db))
            .descriptor(
                DescriptorSpec::new("agogic.onset.strength", "dB", kind, Bins::Count(Amount::Fixed(1)))
                    .about(
                        "Mean over mel bands of max(0, rise in dB since the frame before), what is more than \
                         top_db below the loudest value so far seen as that; librosa.onset.onset_strength.",
                    ),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let input = Input::of(setup)?;
        let n_fft = setup.params.integer("n_fft").and_then(|n| usize::try_from(n).ok());
        let n_fft = n_fft.ok_or("n_fft is missing or negative")?;
        let top_db = setup.params.float("top_db").ok_or("top_db is missing")? as f32;
        let range = if top_db > 0.0 { top_db } else { f32::INFINITY };
        Ok(Self { bins: input.bins, flux: Flux::new(n_fft / (2 * input.hop), range) })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let strengths = output.frames(0, block.count())?;
        for (bands, strength) in block.data().chunks_exact(self.bins).zip(strengths) {
            *strength = self.flux.next(bands);
        }
        Ok(())
    }
}
