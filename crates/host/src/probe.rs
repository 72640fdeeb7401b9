//! One instance of a calculator, driven by hand: blocks as the caller cuts
//! them, resets, setups and calls that no session would make. For validators.
//! What it gives goes through the same checks as in a session; the shared front
//! end (mix, resampler, transform) is left out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use abi_stable::std_types::RSlice;
use agogic_abi::v1::Block;
use agogic_schema::{CalculatorSpec, ContentHash, Event, Profile, Setup, TrackHeader};
use agogic_timebase::Seconds;

use crate::backend::Instance;
use crate::counts::Extent;
use crate::isolation::Isolation;
use crate::sink::HostSink;
use crate::tempo::{Items, TICKS_PER_QUARTER, TickMap, TickWriter};
use crate::{
    CallError, Derivation, HostError, LoadedCalculator, Origin, Prepared, ReceiveError, Receiver, library,
};

/// A piece of an input, as the caller cut it.
#[derive(Clone, Copy, Debug)]
pub struct ProbeBlock<'a> {
    /// Which input: 0 for audio.
    pub input: u32,
    /// Number of the first sample or frame.
    pub position: u64,
    /// Samples per channel, or frames.
    pub count: usize,
    /// Channels.
    pub channels: usize,
    /// Values per channel and sample or frame.
    pub width: usize,
    /// `count * channels * width` values, where nobody is lying.
    pub data: &'a [f32],
}

/// What an output was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Frames, by plane.
    pub planes: Vec<Vec<f32>>,
    /// Events.
    pub events: Vec<Event>,
}

/// An instance of a calculator, driven by hand.
pub struct Probe<'a> {
    calculator: &'a LoadedCalculator,
    headers: Vec<TrackHeader>,
    latency: u32,
    wanted: Vec<bool>,
    ticks: Option<(Items, TickWriter<'static>)>,
    /// Samples or frames of the first input so far.
    fed: u64,
    instance: Box<dyn Instance>,
    sink: HostSink<'a, Kept>,
}

/// A calculator made ready to be probed. One that has to do with tempo is told
/// of a steady one, 120 quarter notes a minute.
pub struct Plan<'a> {
    calculator: &'a LoadedCalculator,
    setup: Setup,
    latency: u32,
    /// Where the items of its first input stand, where it is told of tempo.
    items: Option<Items>,
    /// The headers of its tracks, in the order of its outputs.
    pub headers: Vec<TrackHeader>,
}

impl Plan<'_> {
    /// What the calculator will be told, but for what is wanted.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
}

impl<'a> From<Prepared<'a>> for Plan<'a> {
    fn from(prepared: Prepared<'a>) -> Self {
        let prepared = prepared.with_tempo(Some(&METRONOME));
        let items = prepared.tempo.map(|_| prepared.items());
        let Prepared { calculator, setup, latency, headers, .. } = prepared;
        Self { calculator, setup, latency, items, headers }
    }
}

impl<'a> Plan<'a> {
    /// For a derived calculator, of these inputs in the order of its
    /// description, all dense.
    ///
    /// # Errors
    /// As [`Derivation::new`].
    pub fn derived(
        calculator: &'a LoadedCalculator,
        profile: &Profile,
        inputs: &[TrackHeader],
    ) -> Result<Self, HostError> {
        let (setup, headers) = Derivation::new(calculator, profile, inputs, Some(&METRONOME))?.into_parts();
        let latency = calculator.spec.latency.resolve_at(&setup.params, setup.rate).unwrap_or(0);
        let items = inputs.first().filter(|_| setup.tempo).map(|first| first.grid(0).map(Items::Frames));
        Ok(Self { calculator, setup, latency, items: items.transpose()?, headers })
    }
}

/// 120 quarter notes a minute.
struct Metronome;

static METRONOME: Metronome = Metronome;

/// Ticks a second.
const PACE: f64 = 2.0 * TICKS_PER_QUARTER as f64;

impl TickMap for Metronome {
    fn ticks(&self, at: Seconds) -> f64 {
        at.0 * PACE
    }

    fn seconds(&self, tick: f64) -> Seconds {
        Seconds(tick / PACE)
    }

    fn content(&self) -> ContentHash {
        ContentHash([0; 32])
    }
}

impl LoadedCalculator {
    /// All calculators of a plug-in file, which is loaded into this process
    /// whatever else is there.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub fn all_of(path: &Path) -> Result<Vec<Self>, HostError> {
        let library = library::load(path)?;
        let manifest = library.manifest()?;
        if manifest.calculators.is_empty() {
            return Err(HostError::NoCalculators);
        }
        let mut ids = BTreeSet::new();
        for spec in &manifest.calculators {
            spec.check()?;
            if !ids.insert(&spec.id) {
                return Err(HostError::Manifest(format!("{} stands in it twice", spec.id)));
            }
        }
        let origin = Origin::File(path.to_owned());
        let loaded = |spec: &CalculatorSpec| Self {
            spec: spec.clone(),
            origin: origin.clone(),
            isolation: Isolation::None,
            library: Arc::clone(&library),
        };
        Ok(manifest.calculators.iter().map(loaded).collect())
    }

    /// Asks the library once more what this calculator is.
    ///
    /// # Errors
    /// [`HostError::Manifest`] where it fails this time, or has forgotten the
    /// calculator.
    pub fn describe_again(&self) -> Result<CalculatorSpec, HostError> {
        let manifest = self.library.manifest()?;
        let again = manifest.calculators.into_iter().find(|spec| spec.id == self.spec.id);
        again.ok_or_else(|| HostError::Manifest(format!("{} has gone", self.spec.id)))
    }

    /// Makes an instance from any setup at all, and drops it again.
    ///
    /// # Errors
    /// The library's.
    pub fn try_setup(&self, setup: &Setup) -> Result<(), CallError> {
        self.library.create(&self.spec.id, setup).map(drop)
    }
}

impl<'a> Probe<'a> {
    /// Makes an instance of which these outputs are wanted.
    ///
    /// # Errors
    /// The calculator's.
    pub fn new(plan: &Plan<'a>, wanted: &[bool]) -> Result<Self, CallError> {
        let calculator = plan.calculator;
        let setup = Setup { wanted: wanted.to_vec(), ..plan.setup.clone() };
        let instance = calculator.library.create(&calculator.spec.id, &setup)?;
        let (headers, latency) = (plan.headers.clone(), plan.latency);
        let ticks = plan.items.map(|items| (items, TickWriter::new(&METRONOME)));
        let sink = sink(calculator, latency, &headers, wanted);
        Ok(Self { calculator, headers, latency, wanted: wanted.to_vec(), ticks, fed: 0, instance, sink })
    }

    /// Gives it the next block.
    ///
    /// # Errors
    /// The calculator's, or the rule that it broke.
    pub fn process(&mut self, block: ProbeBlock<'_>) -> Result<(), CallError> {
        let ticks = match &mut self.ticks {
            Some((items, writer)) => writer.block(*items, block.position, block.count),
            None => &[],
        };
        let block = Block {
            input: block.input,
            plane: 0,
            position: block.position,
            count: block.count as u64,
            channels: block.channels as u32,
            width: block.width as u32,
            data: RSlice::from_slice(block.data),
            events: RSlice::EMPTY,
            ticks: RSlice::from_slice(ticks),
        };
        self.fed += if block.input == 0 { block.count } else { 0 };
        let result = self.instance.process(&block, self.sink.lend());
        self.sink.settle(result)
    }

    /// Ends the asset: what was given for each output, empty for one that is
    /// not wanted. With the number of the asset's samples it is also checked
    /// that there are as many frames as it has.
    ///
    /// # Errors
    /// As [`Self::process`].
    pub fn finish(&mut self, samples: Option<u64>) -> Result<Vec<Kept>, CallError> {
        let result = self.instance.finish(self.sink.lend());
        self.sink.settle(result)?;
        if let Some(samples) = samples {
            self.sink.check_counts(Extent { fed: self.fed, samples: Some(samples) })?;
        }
        let given = self.begin_anew().into_receivers();
        Ok(given.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Makes the instance as new, finished or not.
    ///
    /// # Errors
    /// The calculator's.
    pub fn reset(&mut self) -> Result<(), CallError> {
        self.begin_anew();
        self.instance.reset()
    }

    /// Puts a fresh sink in place of the old one.
    fn begin_anew(&mut self) -> HostSink<'a, Kept> {
        self.fed = 0;
        let fresh = sink(self.calculator, self.latency, &self.headers, &self.wanted);
        std::mem::replace(&mut self.sink, fresh)
    }
}

fn sink<'a>(
    calculator: &'a LoadedCalculator,
    latency: u32,
    headers: &[TrackHeader],
    wanted: &[bool],
) -> HostSink<'a, Kept> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let kept = |header: &TrackHeader| Kept { planes: vec![vec![]; header.planes.len()], events: vec![] };
    let receivers = headers.iter().zip(wanted).map(|(header, wanted)| wanted.then(|| kept(header)));
    HostSink::new(&calculator.spec, latency, headers.to_vec(), receivers.collect(), &NEVER)
}

impl Receiver for Kept {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        let plane = self.planes.get_mut(plane).ok_or("a plane that is not there")?;
        plane.extend_from_slice(values);
        Ok(())
    }

    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.events.extend_from_slice(events);
        Ok(())
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        let low = self.planes.iter_mut().flatten().filter(|value| **value < floor);
        low.for_each(|value| *value = floor);
        Ok(())
    }
}
