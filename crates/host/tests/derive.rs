//! Derived calculators: fed with tracks piece by piece, all inputs side by side.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, Delta, DescriptorSpec, Error, Event, Frames, InputSpec,
    Kind, Output, Samples, Setup, Shape, TrackHeader,
};
use agogic_host::{Derivation, Derived, ReceiveError, Receiver, Registry, TrackSource, derive};
use agogic_schema::{DescriptorId, Profile};

/// Tells of every item that it is given: input, plane, and the sample that the
/// item stands on, at 1 kHz.
struct Witness {
    inputs: Vec<TrackHeader>,
}

impl Calculator for Witness {
    fn describe() -> CalculatorSpec {
        CalculatorSpec::new("t.witness", "1.0.0", InputSpec::descriptors(&["t.fine", "t.peaks", "t.events"]))
            .descriptor(DescriptorSpec::new("t.seen", "", Kind::Events, Bins::Count(Amount::Fixed(4))))
    }
    fn new(setup: &Setup) -> Result<Self, Error> {
        Ok(Self { inputs: setup.inputs.clone() })
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let header = &self.inputs[block.input()];
        let told = |at: i64, first: f32| Event {
            at: Samples(0),
            duration: Delta(Samples(0)),
            values: vec![block.input() as f32, block.plane() as f32, at as f32, first],
            label: String::new(),
        };
        let seen: Vec<Event> = match header.planes.get(block.plane()) {
            Some(&(start, hop)) => {
                let at = |i: usize| start + i64::from(hop) * (block.position() as i64 + i as i64);
                block.rows().enumerate().map(|(i, row)| told(at(i), row[0])).collect()
            }
            None => block.events().iter().map(|event| told(event.at.0, event.values[0])).collect(),
        };
        if seen.len() != block.count() {
            return Err("a block that does not hold what it says".into());
        }
        output.events(0, &seen)
    }
}

/// A copy of its first input, which has as many frames, channels and bins.
struct Copy;

impl Calculator for Copy {
    fn describe() -> CalculatorSpec {
        CalculatorSpec::new("t.copy", "1.0.0", InputSpec::descriptors(&["t.fine"]))
            .descriptor(DescriptorSpec::new("t.copied", "", Kind::Dense(Frames::Input), Bins::Input))
    }
    fn new(_: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        output.frames(0, block.count())?.copy_from_slice(block.data());
        Ok(())
    }
}

agogic_calculator::export!(Witness, Copy);

/// A track in memory: values that count up, and events every so often.
struct Track {
    header: TrackHeader,
    counts: Vec<u64>,
    /// Number of the first item whose reading fails.
    broken_from: u64,
}

fn track(id: &str, shape: Shape, planes: &[(i64, u32)], counts: &[u64]) -> Track {
    let header = TrackHeader {
        descriptor: DescriptorId::new(id).unwrap(),
        unit: String::new(),
        range: None,
        shape,
        channels: vec!["left".into(), "right".into()],
        bins: 1,
        rate: 1000,
        planes: planes.to_vec(),
    };
    Track { header, counts: counts.to_vec(), broken_from: u64::MAX }
}

impl TrackSource for Track {
    fn header(&self) -> &TrackHeader {
        &self.header
    }
    fn count(&self, plane: usize) -> u64 {
        self.counts.get(plane).copied().unwrap_or(0)
    }
    fn frames(&mut self, _: usize, range: Range<u64>) -> Result<Vec<f32>, ReceiveError> {
        if range.end > self.broken_from {
            return Err("the disk is gone".into());
        }
        Ok(range.flat_map(|frame| [frame as f32, -(frame as f32)]).collect())
    }
    fn events(&mut self, first: u64) -> Result<Vec<Event>, ReceiveError> {
        let event = |n: u64| Event {
            at: Samples(n as i64 * 700),
            duration: Delta(Samples(0)),
            values: vec![n as f32],
            label: String::new(),
        };
        // Pieces as they come from a disk: seven at most.
        Ok((first..self.counts[0].min(first + 7)).map(event).collect())
    }
}

#[derive(Clone, Default)]
struct Kept {
    frames: Arc<Mutex<Vec<f32>>>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Receiver for Kept {
    fn frames(&mut self, _: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.frames.lock().unwrap().extend_from_slice(values);
        Ok(())
    }
    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.events.lock().unwrap().extend_from_slice(events);
        Ok(())
    }
    fn raise_floor(&mut self, _: f32) -> Result<(), ReceiveError> {
        Ok(())
    }
}

/// What a calculator makes of these tracks, or the reason why it makes nothing.
fn run(calculator: &str, tracks: Vec<Track>) -> Result<Kept, String> {
    let registry = Registry::with_built_in(&[library()]).unwrap();
    let calculator = registry.calculators().find(|found| found.spec.id.as_str() == calculator).unwrap();
    let headers: Vec<_> = tracks.iter().map(|track| track.header.clone()).collect();
    let profile = Profile::built_in("default").unwrap();
    let derivation =
        Derivation::new(calculator, &profile, &headers, None).map_err(|error| error.to_string())?;
    let kept = Kept::default();
    let inputs = tracks.into_iter().map(|track| Box::new(track) as Box<dyn TrackSource>).collect();
    let task = Derived { derivation, inputs, receivers: vec![Some(kept.clone())] };
    let watch = AtomicBool::new(false);
    let outcome = derive(vec![task], &watch).pop().unwrap();
    outcome.result.map(|_| kept).map_err(|error| error.to_string())
}

#[test]
fn frames_are_those_of_the_first_input() {
    let kept = run("t.copy", vec![track("t.fine", Shape::Dense, &[(0, 1)], &[100_000])]).unwrap();
    let expect: Vec<f32> = (0..100_000).flat_map(|frame| [frame as f32, -(frame as f32)]).collect();
    assert_eq!(*kept.frames.lock().unwrap(), expect);
    let empty = run("t.copy", vec![track("t.fine", Shape::Dense, &[(0, 1)], &[0])]).unwrap();
    assert!(empty.frames.lock().unwrap().is_empty());
}

#[test]
fn inputs_go_on_together_and_nothing_is_left_out() {
    // 200 s of frames every millisecond, of peaks on two levels and of events.
    let fine = || track("t.fine", Shape::Dense, &[(-5, 1)], &[200_000]);
    let peaks = || track("t.peaks", Shape::Peaks, &[(50, 100), (200, 400)], &[2000, 500]);
    let events = || track("t.events", Shape::Events, &[], &[280]);
    let kept = run("t.witness", vec![fine(), peaks(), events()]).unwrap();
    let seen = kept.events.lock().unwrap();
    let mut counts = [0; 4];
    let mut reached = [f32::NEG_INFINITY; 4];
    for event in seen.iter() {
        let [input, plane, at, first] = event.values[..] else { panic!("{event:?}") };
        let stream = if input as usize == 2 { 3 } else { (input + plane) as usize };
        assert_eq!(first, counts[stream] as f32, "stream {stream} skips");
        counts[stream] += 1;
        reached[stream] = at;
        // A block is about 16 s of the finest input; the others wait for no more.
        let behind = reached.iter().copied().fold(f32::INFINITY, f32::min);
        assert!(behind == f32::NEG_INFINITY || at - behind <= 2.0 * 16_400.0, "{at} and {behind}");
    }
    assert_eq!(counts, [200_000, 2000, 500, 280]);
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let broken = Track { broken_from: 20_000, ..track("t.fine", Shape::Dense, &[(0, 1)], &[100_000]) };
    assert_eq!(run("t.copy", vec![broken]).err().unwrap(), "the disk is gone");
    let other = track("t.other", Shape::Dense, &[(0, 1)], &[1]);
    let reason = run("t.copy", vec![other]).err().unwrap();
    assert_eq!(reason, "t.copy cannot be set up: its inputs are not all there");
    let events = track("t.fine", Shape::Events, &[], &[1]);
    let reason = run("t.copy", vec![events]).err().unwrap();
    assert_eq!(reason, "t.copy cannot be set up: t.copied has the frames of an input without any");
}
