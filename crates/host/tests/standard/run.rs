//! All built-in calculators over one signal, without a decoder and without a
//! cache: those of audio in one pass, then those of tracks in rounds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use agogic_host::{
    Derivation, Derived, Outcome, Prepared, ReceiveError, Receiver, Registry, Session, Source, Task,
    TrackSource, derive,
};
use agogic_schema::{DescriptorId, Event, Profile, Shape, TrackHeader};

/// A track in memory.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) header: TrackHeader,
    pub(crate) planes: Vec<Vec<f32>>,
    pub(crate) events: Vec<Event>,
    floor: f32,
}

/// Time, duration, values and label of an event.
type EventBits = (i64, i64, Vec<u32>, String);

impl Track {
    fn new(header: &TrackHeader) -> Self {
        let planes = vec![vec![]; header.planes.len()];
        Self { header: header.clone(), planes, events: vec![], floor: f32::NEG_INFINITY }
    }

    fn finish(mut self) -> Self {
        for value in self.planes.iter_mut().flatten().filter(|value| **value < self.floor) {
            *value = self.floor;
        }
        self
    }

    /// All that it holds, bit by bit.
    pub(crate) fn bits(&self) -> (Vec<Vec<u32>>, Vec<EventBits>) {
        let bits = |values: &Vec<f32>| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let event =
            |event: &Event| (event.at.0, event.duration.0.0, bits(&event.values), event.label.clone());
        (self.planes.iter().map(bits).collect(), self.events.iter().map(event).collect())
    }
}

impl Receiver for Track {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.planes[plane].extend_from_slice(values);
        Ok(())
    }
    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.events.extend_from_slice(events);
        Ok(())
    }
    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        self.floor = self.floor.max(floor);
        Ok(())
    }
}

impl TrackSource for Track {
    fn header(&self) -> &TrackHeader {
        &self.header
    }
    fn count(&self, plane: usize) -> u64 {
        match self.header.shape {
            Shape::Events => self.events.len() as u64,
            _ => (self.planes[plane].len() / self.header.width()) as u64,
        }
    }
    fn frames(&mut self, plane: usize, range: Range<u64>) -> Result<Vec<f32>, ReceiveError> {
        let width = self.header.width();
        Ok(self.planes[plane][range.start as usize * width..range.end as usize * width].to_vec())
    }
    fn events(&mut self, first: u64) -> Result<Vec<Event>, ReceiveError> {
        Ok(self.events[first as usize..].to_vec())
    }
}

/// Tracks by descriptor, or why a calculator gave none.
pub(crate) type Tracks = BTreeMap<DescriptorId, Result<Track, String>>;

fn keep(outcomes: Vec<Outcome<'_, Track>>, tracks: &mut Tracks) {
    for outcome in outcomes {
        match outcome.result {
            Ok(given) => {
                for track in given.into_iter().flatten() {
                    tracks.insert(track.header.descriptor.clone(), Ok(track.finish()));
                }
            }
            Err(error) => {
                for descriptor in &outcome.calculator.spec.descriptors {
                    tracks.insert(descriptor.id.clone(), Err(error.to_string()));
                }
            }
        }
    }
}

/// What all calculators give for planar samples that are pushed in blocks of this
/// many, on so many threads.
pub(crate) fn run(
    registry: &Registry,
    profile: &Profile,
    source: &Source,
    channels: &[Vec<f32>],
    block: usize,
    threads: usize,
) -> Tracks {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run_here(registry, profile, source, channels, block))
}

fn run_here(
    registry: &Registry,
    profile: &Profile,
    source: &Source,
    channels: &[Vec<f32>],
    block: usize,
) -> Tracks {
    let watch = AtomicBool::new(false);
    let mut tracks = Tracks::new();
    let (made_of_audio, mut derived): (Vec<_>, Vec<_>) =
        registry.calculators().partition(|calculator| calculator.spec.input.inputs().is_empty());
    let tasks = made_of_audio.into_iter().map(|calculator| {
        let prepared = Prepared::new(calculator, profile, source)
            .unwrap_or_else(|error| panic!("{}: {error}", calculator.spec.id));
        let receivers = prepared.headers.iter().map(|header| Some(Track::new(header))).collect();
        Task { prepared, receivers }
    });
    let mut session = Session::new(source, tasks.collect(), vec![], &watch);
    let length = channels[0].len();
    for start in (0..length).step_by(block) {
        let end = (start + block).min(length);
        let planar: Vec<f32> = channels.iter().flat_map(|channel| &channel[start..end]).copied().collect();
        session.push(&planar, end - start);
    }
    keep(session.finish(), &mut tracks);
    while !derived.is_empty() {
        let (now, later): (Vec<_>, Vec<_>) = derived
            .into_iter()
            .partition(|calculator| calculator.spec.input.inputs().iter().all(|id| tracks.contains_key(id)));
        assert!(!now.is_empty(), "calculators that are made of what nobody gives");
        let tasks = now.into_iter().filter_map(|calculator| {
            let inputs = calculator.spec.input.inputs().iter().map(|id| tracks[id].clone());
            let inputs: Vec<Track> = match inputs.collect() {
                Ok(inputs) => inputs,
                Err(error) => {
                    for descriptor in &calculator.spec.descriptors {
                        tracks.insert(descriptor.id.clone(), Err(format!("its input: {error}")));
                    }
                    return None;
                }
            };
            let headers: Vec<TrackHeader> = inputs.iter().map(|input| input.header.clone()).collect();
            let derivation = Derivation::new(calculator, profile, &headers, None)
                .unwrap_or_else(|error| panic!("{}: {error}", calculator.spec.id));
            let receivers = derivation.headers.iter().map(|header| Some(Track::new(header))).collect();
            let inputs = inputs.into_iter().map(|input| Box::new(input) as Box<dyn TrackSource>).collect();
            Some(Derived { derivation, inputs, receivers })
        });
        let tasks = tasks.collect();
        let outcomes = derive(tasks, &watch);
        keep(outcomes, &mut tracks);
        derived = later;
    }
    tracks
}
