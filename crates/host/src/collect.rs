//! What a call to a calculator gave: checked against the description and held
//! in memory of the host's own, until the call is over.

use std::sync::Arc;

use agogic_schema::{CalculatorId, Event, Shape, TrackHeader};
use agogic_timebase::Samples;

use crate::backend::Sink;
use crate::library::one_line;
use crate::{CallError, Level, Watch};

/// Most values that one call may ask room for: 256 MiB.
pub(crate) const MAX_VALUES: usize = 1 << 26;
/// Most bytes of events that one call may give.
const MAX_EVENT_BYTES: usize = 1 << 26;

/// What a call gave.
pub(crate) struct Collector<'a> {
    calculator: &'a CalculatorId,
    headers: Arc<[TrackHeader]>,
    /// One per output.
    held: Vec<Held>,
    watch: &'a dyn Watch,
    /// Rule that the calculator broke, if it did.
    broken: Option<CallError>,
}

/// What a call gave for one output.
#[derive(Default)]
pub(crate) struct Held {
    /// Values by plane.
    pub(crate) values: Vec<Vec<f32>>,
    /// Events in order.
    pub(crate) events: Vec<Event>,
    /// The floor that was asked for.
    pub(crate) floor: Option<f32>,
    last_event: Option<Samples>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        calculator: &'a CalculatorId,
        headers: Arc<[TrackHeader]>,
        watch: &'a dyn Watch,
    ) -> Self {
        let held = headers
            .iter()
            .map(|header| Held { values: vec![vec![]; header.planes.len()], ..Held::default() })
            .collect();
        Self { calculator, headers, held, watch, broken: None }
    }

    /// Another for the same outputs, empty.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.calculator, Arc::clone(&self.headers), self.watch)
    }

    /// The headers of the outputs.
    pub(crate) fn headers(&self) -> &[TrackHeader] {
        &self.headers
    }

    /// What each output holds, beside its header.
    pub(crate) fn parts(&mut self) -> (&[TrackHeader], &mut [Held]) {
        (&self.headers, &mut self.held)
    }

    /// How a call ended. A broken rule says more than what the calculator made
    /// of the refusal.
    pub(crate) fn settle(&mut self, result: Result<(), CallError>) -> Result<(), CallError> {
        match self.broken.take() {
            Some(rule) => Err(rule),
            None => result,
        }
    }

    /// Checks that every output that is wanted holds a frame for each of the
    /// frames that were given.
    pub(crate) fn check_one_to_one(&self, wanted: &[bool], frames: u64) -> Result<(), CallError> {
        for ((header, held), _) in
            self.headers.iter().zip(&self.held).zip(wanted).filter(|(_, wanted)| **wanted)
        {
            let given = held.values.iter().map(|values| (values.len() / header.width()) as u64);
            if let Some((level, given)) = given.enumerate().find(|&(_, given)| given != frames) {
                let descriptor = header.descriptor.clone();
                return Err(CallError::WrongCount { descriptor, level, given, least: frames, most: frames });
            }
        }
        Ok(())
    }

    /// Remembers the first rule that was broken.
    fn refuse(&mut self, rule: CallError) {
        self.broken.get_or_insert(rule);
    }

    fn output(&mut self, output: u32) -> Result<(&TrackHeader, &mut Held), CallError> {
        let outputs = self.held.len();
        let found = self.headers.get(output as usize).zip(self.held.get_mut(output as usize));
        found.ok_or(CallError::NoSuchOutput { output, outputs })
    }

    /// Makes room and says where it begins.
    fn make_room(&mut self, output: u32, plane: u32, count: u64) -> Result<usize, CallError> {
        let (header, held) = self.output(output)?;
        let descriptor = || header.descriptor.clone();
        if header.shape == Shape::Events {
            return Err(CallError::WrongShape { descriptor: descriptor(), what: "frames and holds events" });
        }
        let Some(values) = held.values.get_mut(plane as usize) else {
            return Err(CallError::NoSuchPlane { descriptor: descriptor(), plane });
        };
        let more = usize::try_from(count).ok().and_then(|count| count.checked_mul(header.width()));
        let start = values.len();
        match more.and_then(|more| more.checked_add(start)) {
            Some(end) if end <= MAX_VALUES => {
                values.resize(end, 0.0);
                Ok(start)
            }
            _ => Err(CallError::TooMuch { descriptor: descriptor(), count, what: "frames" }),
        }
    }

    fn take_events(&mut self, output: u32, bytes: &[u8]) -> Result<(), CallError> {
        let (header, held) = self.output(output)?;
        let descriptor = || header.descriptor.clone();
        if header.shape != Shape::Events {
            return Err(CallError::WrongShape { descriptor: descriptor(), what: "events and holds frames" });
        }
        if bytes.len() > MAX_EVENT_BYTES {
            let count = bytes.len() as u64;
            return Err(CallError::TooMuch { descriptor: descriptor(), count, what: "bytes of events" });
        }
        let events: Vec<Event> = rmp_serde::from_slice(bytes).map_err(|error| {
            CallError::Misbehaved(format!("events of {} cannot be read: {error}", header.descriptor))
        })?;
        for event in &events {
            if event.values.len() != header.bins as usize {
                let given = event.values.len();
                return Err(CallError::WrongValues { descriptor: descriptor(), given, bins: header.bins });
            }
            if event.duration.raw() < 0 || held.last_event.is_some_and(|last| event.at < last) {
                return Err(CallError::OutOfOrder { descriptor: descriptor(), at: event.at.0 });
            }
            held.last_event = Some(event.at);
        }
        held.events.extend(events);
        Ok(())
    }

    fn take_floor(&mut self, output: u32, floor: f32) -> Result<(), CallError> {
        let (header, held) = self.output(output)?;
        let descriptor = || header.descriptor.clone();
        if header.shape == Shape::Events {
            return Err(CallError::WrongShape { descriptor: descriptor(), what: "a floor and holds events" });
        }
        if !floor.is_finite() {
            return Err(CallError::WrongShape {
                descriptor: descriptor(),
                what: "a floor that is no number",
            });
        }
        held.floor = Some(held.floor.map_or(floor, |old| old.max(floor)));
        Ok(())
    }
}

impl Sink for Collector<'_> {
    fn size(&self, output: u32) -> (usize, usize) {
        let header = self.headers.get(output as usize);
        header.map_or((0, 0), |header| (header.width(), header.planes.len()))
    }

    fn frames(&mut self, output: u32, plane: u32, count: u64) -> &mut [f32] {
        match self.make_room(output, plane, count) {
            Ok(start) => &mut self.held[output as usize].values[plane as usize][start..],
            Err(rule) => {
                self.refuse(rule);
                &mut []
            }
        }
    }

    fn events(&mut self, output: u32, events: &[u8]) -> bool {
        self.take_events(output, events).map_err(|rule| self.refuse(rule)).is_ok()
    }

    fn raise_floor(&mut self, output: u32, floor: f32) -> bool {
        self.take_floor(output, floor).map_err(|rule| self.refuse(rule)).is_ok()
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }

    fn log(&self, level: u32, text: &str) {
        self.watch.log(self.calculator, Level::of(level), one_line(text).as_str());
    }

    fn progress(&self, done: f32) {
        if (0.0..=1.0).contains(&done) {
            self.watch.progress(self.calculator, done);
        }
    }
}
