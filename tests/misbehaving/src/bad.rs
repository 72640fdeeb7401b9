//! What the bad calculators share: one output, and one way to break the rules.

use std::marker::PhantomData;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, Delta, DescriptorSpec, Error, Event, Frames,
    InputSpec, Kind, Output, PcmInput, Samples, Setup, SpectrumInput,
};

/// Samples between frames.
pub(crate) const HOP: u32 = 512;

/// A way to break the rules.
pub(crate) trait Way: Send + 'static {
    /// Its description.
    fn describe() -> CalculatorSpec;

    /// What it does with each block.
    fn process(block: &Block<'_>, output: &mut Output<'_>);
}

/// A calculator that misbehaves in one way and hides what the host thinks of
/// it: whatever is refused, it says that all is well.
pub(crate) struct Bad<W>(PhantomData<W>);

impl<W: Way> Calculator for Bad<W> {
    fn describe() -> CalculatorSpec {
        W::describe()
    }

    fn new(_setup: &Setup) -> Result<Self, Error> {
        Ok(Self(PhantomData))
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        W::process(block, output);
        Ok(())
    }
}

/// Fed with samples, gives a frame for each [`HOP`] of them.
pub(crate) fn pcm(id: &str, about: &str) -> CalculatorSpec {
    let frames = Frames::Every { hop: Amount::Fixed(HOP), first: Amount::Fixed(0) };
    describe(id, about, PcmInput::new(ChannelUse::Mono), Kind::Dense(frames))
}

/// Fed with spectra, gives a frame for each of them.
pub(crate) fn spectrum(id: &str, about: &str) -> CalculatorSpec {
    describe(id, about, SpectrumInput::new(2048, HOP), Kind::Dense(Frames::Input))
}

/// Fed with samples, gives events of one value.
pub(crate) fn events(id: &str, about: &str) -> CalculatorSpec {
    describe(id, about, PcmInput::new(ChannelUse::Mono), Kind::Events)
}

fn describe(id: &str, about: &str, input: impl Into<InputSpec>, kind: Kind) -> CalculatorSpec {
    let descriptor = DescriptorSpec::new(id, "", kind, Bins::Count(Amount::Fixed(1)));
    CalculatorSpec::new(id, "1.0.0", input).about(about).descriptor(descriptor.about(about))
}

/// Gives frames of zeros and does not care whether there is room.
pub(crate) fn zeros(output: &mut Output<'_>, count: usize) {
    let _ = output.frames(0, count);
}

/// Something that happens at a sample, with these values.
pub(crate) fn event(at: i64, values: Vec<f32>) -> Event {
    Event { at: Samples(at), duration: Delta(Samples(0)), values, label: String::new() }
}
