//! Runs built-in calculators over audio in memory, on one thread, as the engine runs
//! them over a file: those made of audio in one pass, then in rounds those made of what
//! is there by then. Which they are follows from the descriptors that are asked for and
//! from what the calculators say they are made of.
//!
//! Everything asked for is kept, as peers keep what they return, in memory that the next
//! run uses again. What is needed on the way only is kept too: something is made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use agogic_decode::PcmBlock;
use agogic_host::{
    Derivation, Derived, LoadedCalculator, Outcome, Prepared, ReceiveError, Receiver, Registry, Session,
    Source, Task, TrackSource, derive,
};
use agogic_schema::{CalculatorId, DescriptorId, Event, ParamValue, Profile, TrackHeader};
use anyhow::{Context as _, Result, anyhow};

use crate::works::Value;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Audio in memory, cut as a file's is.
pub(crate) struct Audio {
    pub(crate) source: Source,
    pub(crate) blocks: Vec<PcmBlock>,
}

impl Audio {
    /// Samples of all blocks, frame by frame.
    pub(crate) fn interleaved(&self) -> Vec<f32> {
        let of = |block: &PcmBlock| {
            let (channels, frames) = (usize::from(block.channels), block.frames);
            (0..frames * channels)
                .map(|i| block.data[i % channels * frames + i / channels])
                .collect::<Vec<_>>()
        };
        self.blocks.iter().flat_map(of).collect()
    }
}

/// The built-in calculators and the one thread that they run on.
pub(crate) struct Runner {
    registry: Registry,
    pool: rayon::ThreadPool,
}

impl Runner {
    pub(crate) fn new() -> Result<Self> {
        let registry = Registry::with_built_in(&[agogic_standard::library()])?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        Ok(Self { registry, pool })
    }

    /// What has to run so that these descriptors come out, under the profile `default`
    /// with these parameters.
    pub(crate) fn plan(&self, ids: &[&str], params: &[(&str, Value)]) -> Result<Plan<'_>> {
        let mut profile = Profile::built_in("default")?;
        for &(name, value) in params {
            let value = match value {
                Value::Number(number) => ParamValue::Float(number),
                Value::Flag(flag) => ParamValue::Flag(flag),
            };
            profile.params.insert(name.into(), value);
        }
        let mut steps = BTreeMap::<CalculatorId, Step<'_>>::new();
        let (mut missing, mut asked) = (vec![], BTreeSet::new());
        let mut open = ids.iter().map(|&id| DescriptorId::new(id)).collect::<Result<Vec<_>, _>>()?;
        while let Some(id) = open.pop() {
            if !asked.insert(id.clone()) {
                continue;
            }
            let Some((calculator, _)) = self.registry.descriptor(&id) else {
                missing.push(id.to_string());
                continue;
            };
            let calculator: &LoadedCalculator = calculator;
            let spec = &calculator.spec;
            let none = || Step { calculator, wanted: vec![false; spec.descriptors.len()] };
            let step = steps.entry(spec.id.clone()).or_insert_with(none);
            let outputs = step.wanted.iter_mut().zip(&spec.descriptors);
            outputs.filter(|(_, output)| output.id == id).for_each(|(wanted, _)| *wanted = true);
            open.extend(spec.input.inputs().iter().cloned());
        }
        let known = |name: &str| {
            let all = steps.values().flat_map(|step| &step.calculator.spec.params);
            all.into_iter().any(|param| param.name == name)
        };
        let unread = params.iter().filter(|(name, _)| !known(name));
        missing.extend(unread.map(|(name, _)| format!("the parameter {name}")));
        let rounds = rounds(steps.into_values().collect(), &mut missing);
        missing.sort();
        Ok(Plan { runner: self, profile, rounds, missing, shelf: BTreeMap::new() })
    }
}

/// A calculator and which of its outputs are wanted.
struct Step<'a> {
    calculator: &'a LoadedCalculator,
    wanted: Vec<bool>,
}

impl Step<'_> {
    fn outputs(&self) -> impl Iterator<Item = DescriptorId> {
        let outputs = self.calculator.spec.descriptors.iter().zip(&self.wanted);
        outputs.filter(|(_, wanted)| **wanted).map(|(output, _)| output.id.clone())
    }
}

/// In which order the steps can run; what never can is put among the missing.
fn rounds<'a>(mut steps: Vec<Step<'a>>, missing: &mut Vec<String>) -> Vec<Vec<Step<'a>>> {
    let (mut done, mut rounds) = (BTreeSet::new(), vec![]);
    while !steps.is_empty() {
        let can = |step: &Step<'_>| step.calculator.spec.input.inputs().iter().all(|id| done.contains(id));
        let (now, later): (Vec<_>, Vec<_>) = steps.into_iter().partition(can);
        if now.is_empty() {
            missing.extend(later.iter().flat_map(Step::outputs).map(|id| id.to_string()));
            break;
        }
        done.extend(now.iter().flat_map(Step::outputs));
        rounds.push(now);
        steps = later;
    }
    rounds
}

/// What runs, in which order, and where what it gives is kept.
pub(crate) struct Plan<'a> {
    runner: &'a Runner,
    profile: Profile,
    rounds: Vec<Vec<Step<'a>>>,
    /// Descriptors that no calculator gives, and parameters that none of these reads.
    pub(crate) missing: Vec<String>,
    shelf: BTreeMap<DescriptorId, Arc<Stored>>,
}

impl Plan<'_> {
    /// Whether there is nothing to run.
    pub(crate) fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }

    /// One run.
    pub(crate) fn run(&mut self, audio: &Audio) -> Result<()> {
        let Self { runner, profile, rounds, shelf, .. } = self;
        runner.pool.install(|| {
            for (number, round) in rounds.iter().enumerate() {
                let outcomes = match number {
                    0 => over_audio(round, profile, shelf, audio)?,
                    _ => over_tracks(round, profile, shelf)?,
                };
                for Outcome { calculator, result, .. } in outcomes {
                    let stored = result.with_context(|| calculator.spec.id.to_string())?;
                    for mut stored in stored.into_iter().flatten() {
                        stored.settle();
                        shelf.insert(stored.header.descriptor.clone(), Arc::new(stored));
                    }
                }
            }
            Ok(())
        })
    }
}

type Shelf = BTreeMap<DescriptorId, Arc<Stored>>;

fn over_audio<'a>(
    round: &[Step<'a>],
    profile: &Profile,
    shelf: &mut Shelf,
    audio: &Audio,
) -> Result<Vec<Outcome<'a, Stored>>> {
    let mut tasks = vec![];
    for Step { calculator, wanted } in round {
        let prepared = Prepared::new(calculator, profile, &audio.source)?;
        let receivers = receivers(&prepared.headers, wanted, shelf);
        tasks.push(Task { prepared, receivers });
    }
    let mut session = Session::new(&audio.source, tasks, vec![], &NEVER);
    audio.blocks.iter().for_each(|block| session.push(&block.data, block.frames));
    Ok(session.finish())
}

fn over_tracks<'a>(
    round: &[Step<'a>],
    profile: &Profile,
    shelf: &mut Shelf,
) -> Result<Vec<Outcome<'a, Stored>>> {
    let mut tasks = vec![];
    for Step { calculator, wanted } in round {
        let tracks = calculator.spec.input.inputs().iter().map(|id| shelf.get(id).cloned());
        let tracks: Vec<_> = tracks.collect::<Option<_>>().ok_or_else(|| anyhow!("an input is gone"))?;
        let headers: Vec<_> = tracks.iter().map(|track| track.header.clone()).collect();
        let derivation = Derivation::new(calculator, profile, &headers, None)?;
        let receivers = receivers(&derivation.headers, wanted, shelf);
        let inputs = tracks.into_iter().map(|track| Box::new(Lent(track)) as Box<dyn TrackSource>);
        tasks.push(Derived { derivation, inputs: inputs.collect(), receivers });
    }
    Ok(derive(tasks, &NEVER))
}

/// Who takes the outputs that are wanted: into the memory of the last run, if there was one.
fn receivers(headers: &[TrackHeader], wanted: &[bool], shelf: &mut Shelf) -> Vec<Option<Stored>> {
    let mut take = |header: &TrackHeader| {
        let old = shelf.remove(&header.descriptor).and_then(Arc::into_inner);
        Stored::new(header, old)
    };
    headers.iter().zip(wanted).map(|(header, wanted)| wanted.then(|| take(header))).collect()
}

/// A track in memory.
struct Stored {
    header: TrackHeader,
    planes: Vec<Vec<f32>>,
    events: Vec<Event>,
    floor: Option<f32>,
}

impl Stored {
    fn new(header: &TrackHeader, old: Option<Self>) -> Self {
        let (mut planes, mut events) = old.map(|old| (old.planes, old.events)).unwrap_or_default();
        planes.iter_mut().for_each(Vec::clear);
        planes.resize(header.planes.len(), vec![]);
        events.clear();
        Self { header: header.clone(), planes, events, floor: None }
    }

    /// Raises what lies below the floor.
    fn settle(&mut self) {
        if let Some(floor) = self.floor {
            self.planes.iter_mut().flatten().for_each(|value| *value = value.max(floor));
        }
    }
}

impl Receiver for Stored {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.planes.get_mut(plane).ok_or("no such plane")?.extend_from_slice(values);
        Ok(())
    }

    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.events.extend_from_slice(events);
        Ok(())
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        self.floor = Some(self.floor.map_or(floor, |old| old.max(floor)));
        Ok(())
    }
}

/// A track in memory, as an input.
struct Lent(Arc<Stored>);

impl TrackSource for Lent {
    fn header(&self) -> &TrackHeader {
        &self.0.header
    }

    fn count(&self, plane: usize) -> u64 {
        match self.0.planes.get(plane) {
            Some(values) => (values.len() / self.0.header.width().max(1)) as u64,
            None => self.0.events.len() as u64,
        }
    }

    fn frames(&mut self, plane: usize, range: Range<u64>) -> Result<Vec<f32>, ReceiveError> {
        let width = self.0.header.width();
        let range = range.start as usize * width..range.end as usize * width;
        let values = self.0.planes.get(plane).and_then(|values| values.get(range));
        Ok(values.ok_or("no such frames")?.to_vec())
    }

    fn events(&mut self, first: u64) -> Result<Vec<Event>, ReceiveError> {
        Ok(self.0.events.get(first as usize..).unwrap_or_default().to_vec())
    }
}
