//! A calculator run without a host, for its author's unit tests.

use agogic_schema::{Bins, CalculatorSpec, Event, InputSpec, Kind, Params, Setup, SpectrumScale};

use crate::output::{Level, Receiver};
use crate::{Block, Calculator, Error, Output};

/// What a calculator gave when it was run without a host.
///
/// Unlike a host it does no decoding, resampling or Fourier transform: the
/// blocks are the test's own.
#[derive(Debug, Default)]
pub struct Collected {
    outputs: Vec<Collection>,
}

#[derive(Debug, Default)]
struct Collection {
    width: usize,
    planes: Vec<Vec<f32>>,
    events: Vec<Event>,
    floor: Option<f32>,
}

impl Collected {
    /// The setup that a host would give with every parameter at its default,
    /// for `channels` channels of PCM, or of spectra with `bins` bins. A derived
    /// calculator's `inputs` are the test's to fill in.
    pub fn setup<C: Calculator>(rate: u32, channels: usize, bins: u32) -> Setup {
        let spec = C::describe();
        Setup {
            params: Params(spec.params.into_iter().map(|param| (param.name, param.default)).collect()),
            rate,
            channels: (1..=channels).map(|channel| channel.to_string()).collect(),
            bins: match &spec.input {
                InputSpec::Spectrum(spectrum) if spectrum.scale == SpectrumScale::Complex => 2 * bins,
                InputSpec::Spectrum(_) => bins,
                InputSpec::Descriptors(_) => 0,
                _ => 1,
            },
            inputs: vec![],
            tempo: false,
            wanted: vec![true; spec.descriptors.len()],
        }
    }

    /// Nothing yet, for a calculator of this setup that is driven call by call.
    pub fn new<C: Calculator>(setup: &Setup) -> Self {
        Self::for_outputs(&C::describe(), setup)
    }

    /// Where a call puts what it gives.
    pub fn output(&mut self) -> Output<'_> {
        Output::new(self)
    }

    /// Forgets what was given and keeps the memory.
    pub fn clear(&mut self) {
        for output in &mut self.outputs {
            output.planes.iter_mut().for_each(Vec::clear);
            output.events.clear();
            output.floor = None;
        }
    }

    /// Runs a calculator over some blocks and to its end.
    ///
    /// # Errors
    /// The calculator's own.
    pub fn run<'a, C: Calculator>(
        setup: &Setup,
        blocks: impl IntoIterator<Item = Block<'a>>,
    ) -> Result<Self, Error> {
        let mut collected = Self::new::<C>(setup);
        let mut calculator = C::new(setup)?;
        for block in blocks {
            calculator.process(&block, &mut collected.output())?;
        }
        calculator.finish(&mut collected.output())?;
        for output in &mut collected.outputs {
            if let Some(floor) = output.floor {
                for value in output.planes.iter_mut().flatten() {
                    *value = if *value < floor { floor } else { *value };
                }
            }
        }
        Ok(collected)
    }

    /// The frames of an output, as they lie.
    pub fn frames(&self, output: usize) -> &[f32] {
        self.plane(output, 0)
    }

    /// The frames of a level of peaks, as they lie.
    pub fn plane(&self, output: usize, plane: usize) -> &[f32] {
        self.outputs.get(output).and_then(|o| o.planes.get(plane)).map_or(&[], Vec::as_slice)
    }

    /// The events of an output.
    pub fn events(&self, output: usize) -> &[Event] {
        self.outputs.get(output).map_or(&[], |o| &o.events)
    }

    fn for_outputs(spec: &CalculatorSpec, setup: &Setup) -> Self {
        let outputs = spec.descriptors.iter().map(|descriptor| {
            let bins = match &descriptor.bins {
                Bins::Count(amount) => amount.resolve(&setup.params).unwrap_or(0),
                Bins::Input => match &spec.input {
                    InputSpec::Spectrum(spectrum) if spectrum.scale == SpectrumScale::Complex => {
                        setup.bins / 2
                    }
                    _ => setup.bins,
                },
            };
            let planes = match descriptor.kind {
                Kind::Dense(_) => 1,
                Kind::Peaks { levels, .. } => levels as usize,
                Kind::Events => 0,
            };
            Collection {
                width: bins as usize * descriptor.channels(setup.channels.len()),
                planes: vec![vec![]; planes],
                ..Collection::default()
            }
        });
        Self { outputs: outputs.collect() }
    }
}

impl Receiver for Collected {
    fn frames(&mut self, output: usize, plane: usize, count: usize) -> &mut [f32] {
        let Some(output) = self.outputs.get_mut(output) else { return &mut [] };
        let Some(plane) = output.planes.get_mut(plane) else { return &mut [] };
        let start = plane.len();
        plane.resize(start + count * output.width, 0.0);
        &mut plane[start..]
    }

    fn events(&mut self, output: usize, events: &[Event]) -> bool {
        let Some(output) = self.outputs.get_mut(output) else { return false };
        output.events.extend_from_slice(events);
        true
    }

    fn raise_floor(&mut self, output: usize, floor: f32) -> bool {
        let Some(output) = self.outputs.get_mut(output) else { return false };
        output.floor = Some(output.floor.map_or(floor, |old| old.max(floor)));
        true
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn log(&self, _level: Level, _text: &str) {}

    fn progress(&self, _done: f32) {}
}
