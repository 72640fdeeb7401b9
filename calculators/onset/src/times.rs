//! The onset times, of the onset strength.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, InputSpec, Kind,
    Output, Samples, Setup,
};

use crate::input::Input;
use crate::picking::Picking;

/// The onset times.
pub struct OnsetTimes {
    input: Input,
    picking: Picking,
    /// All strengths so far.
    strengths: Vec<f32>,
}

impl Calculator for OnsetTimes {
    fn describe() -> CalculatorSpec {
        let input = InputSpec::descriptors(&["agogic.onset.strength"]);
        let spec = CalculatorSpec::new("agogic.onset.times", "2.0.0", input)
            .about("Where notes and strokes begin.")
            .author("Agogic");
        let mut times =
            DescriptorSpec::new("agogic.onset.times", "dB", Kind::Events, Bins::Count(Amount::Fixed(1)))
                .about(
                    "Peaks of the strength that exceed its local mean, each with its strength; \
                     librosa.onset.onset_detect.",
                );
        times.bin_names = vec!["strength".into()];
        Picking::params().fold(spec, CalculatorSpec::param).descriptor(times)
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let input = Input::of(setup)?;
        if input.bins != 1 {
            return Err(format!("a strength has one bin, not {}", input.bins).into());
        }
        let picking = Picking::new(setup, input.hop)?;
        Ok(Self { input, picking, strengths: vec![] })
    }

    fn process(&mut self, block: &Block<'_>, _output: &mut Output<'_>) -> Result<(), Error> {
        self.strengths.extend_from_slice(block.data());
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let event = |frame: usize| Event {
            at: Samples(self.input.start + (frame * self.input.hop) as i64),
            duration: Delta(Samples(0)),
            values: vec![self.strengths[frame]],
            label: String::new(),
        };
        let onsets: Vec<Event> = self.picking.pick(&self.strengths).into_iter().map(event).collect();
        output.events(0, &onsets)
    }
}
