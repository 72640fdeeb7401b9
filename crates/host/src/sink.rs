//! What a calculator's results go through: checked, collected in memory of the
//! host's own, and handed on after each call.

use agogic_schema::{CalculatorId, Event, Shape, TrackHeader};
use agogic_timebase::Samples;

use crate::backend::Sink;
use crate::library::one_line;
use crate::{CallError, Level, Watch};

/// Why a receiver cannot take a track.
pub type ReceiveError = Box<dyn std::error::Error + Send + Sync>;

/// Who takes a track as it is computed, piece by piece in order.
pub trait Receiver: Send {
    /// Takes more whole frames of a plane.
    ///
    /// # Errors
    /// The receiver's own; the track is given up.
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError>;

    /// Takes more events, in order of time.
    ///
    /// # Errors
    /// The receiver's own; the track is given up.
    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError>;

    /// Every value so far below `floor` becomes `floor`.
    ///
    /// # Errors
    /// The receiver's own; the track is given up.
    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError>;
}

/// Most values that one call may ask room for: 256 MiB.
const MAX_VALUES: usize = 1 << 26;
/// Most bytes of events that one call may give.
const MAX_EVENT_BYTES: usize = 1 << 26;

/// The host's side of a calculator's outputs.
pub(crate) struct HostSink<'a, R> {
    calculator: &'a CalculatorId,
    outputs: Vec<Output<R>>,
    watch: &'a dyn Watch,
    /// Rule that the calculator broke, if it did.
    broken: Option<String>,
}

struct Output<R> {
    header: TrackHeader,
    receiver: Option<R>,
    /// Values of this call, by plane.
    pending: Vec<Vec<f32>>,
    events: Vec<Event>,
    last_event: Option<Samples>,
    /// Floor that was asked for, and whether the receiver knows.
    floor: Option<(f32, bool)>,
    /// Frames given so far, by plane.
    given: Vec<u64>,
}

impl<'a, R: Receiver> HostSink<'a, R> {
    pub(crate) fn new(
        calculator: &'a CalculatorId,
        headers: Vec<TrackHeader>,
        receivers: Vec<Option<R>>,
        watch: &'a dyn Watch,
    ) -> Self {
        let outputs = headers.into_iter().zip(receivers).map(|(header, receiver)| {
            let planes = header.planes.len();
            Output {
                header,
                receiver,
                pending: vec![vec![]; planes],
                events: vec![],
                last_event: None,
                floor: None,
                given: vec![0; planes],
            }
        });
        Self { calculator, outputs: outputs.collect(), watch, broken: None }
    }

    /// Hands on what a call gave that ended so. A broken rule says more than
    /// what the calculator made of the refusal.
    pub(crate) fn settle(&mut self, result: Result<(), CallError>) -> Result<(), CallError> {
        if let Some(rule) = self.broken.take() {
            return Err(CallError::Misbehaved(rule));
        }
        result?;
        for output in &mut self.outputs {
            output.flush().map_err(CallError::Receiver)?;
        }
        Ok(())
    }

    /// Frames given for an output so far, in its first plane.
    pub(crate) fn given(&self, output: usize) -> u64 {
        self.outputs.get(output).and_then(|output| output.given.first()).copied().unwrap_or(0)
    }

    /// Whether anybody takes an output.
    pub(crate) fn wanted(&self, output: usize) -> bool {
        self.outputs.get(output).is_some_and(|output| output.receiver.is_some())
    }

    /// The receivers, after the last flush.
    pub(crate) fn into_receivers(self) -> Vec<Option<R>> {
        self.outputs.into_iter().map(|output| output.receiver).collect()
    }

    fn refuse(&mut self, rule: String) {
        self.broken.get_or_insert(rule);
    }

    fn room(&mut self, output: u32, plane: u32, count: u64) -> Result<&mut [f32], String> {
        let known = self.outputs.len();
        let out = self
            .outputs
            .get_mut(output as usize)
            .ok_or_else(|| format!("output {output} of {known} was given frames"))?;
        let width = out.header.width();
        let id = &out.header.descriptor;
        let pending = out
            .pending
            .get_mut(plane as usize)
            .ok_or_else(|| format!("plane {plane} of {id} does not exist"))?;
        let more = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        let start = pending.len();
        match more.and_then(|more| more.checked_add(start)) {
            Some(end) if end <= MAX_VALUES => {
                pending.resize(end, 0.0);
                out.given[plane as usize] += count;
                Ok(&mut pending[start..])
            }
            _ => Err(format!("{count} frames of {id} in one call are too many")),
        }
    }

    fn take_events(&mut self, output: u32, bytes: &[u8]) -> Result<(), String> {
        let known = self.outputs.len();
        let out = self
            .outputs
            .get_mut(output as usize)
            .ok_or_else(|| format!("output {output} of {known} was given events"))?;
        let id = &out.header.descriptor;
        if out.header.shape != Shape::Events {
            return Err(format!("{id} holds frames and was given events"));
        }
        if bytes.len() > MAX_EVENT_BYTES {
            return Err(format!("{} bytes of events of {id} in one call are too many", bytes.len()));
        }
        let events: Vec<Event> = rmp_serde::from_slice(bytes)
            .map_err(|error| format!("events of {id} cannot be read: {error}"))?;
        for event in &events {
            if event.values.len() != out.header.bins as usize {
                return Err(format!("an event of {id} has {} values", event.values.len()));
            }
            if event.duration.raw() < 0 || out.last_event.is_some_and(|last| event.at < last) {
                return Err(format!("events of {id} are out of order"));
            }
            out.last_event = Some(event.at);
        }
        out.events.extend(events);
        Ok(())
    }
}

impl<R: Receiver> Output<R> {
    fn flush(&mut self) -> Result<(), crate::ReceiveError> {
        let floor = self.floor.map(|(floor, _)| floor);
        for (plane, pending) in self.pending.iter_mut().enumerate() {
            if pending.is_empty() {
                continue;
            }
            if let Some(receiver) = &mut self.receiver {
                if let Some(floor) = floor {
                    pending.iter_mut().filter(|value| **value < floor).for_each(|value| *value = floor);
                }
                receiver.frames(plane, pending)?;
            }
            pending.clear();
        }
        if let Some(receiver) = &mut self.receiver {
            if !self.events.is_empty() {
                receiver.events(&self.events)?;
            }
            if let Some((floor, known @ false)) = &mut self.floor {
                receiver.raise_floor(*floor)?;
                *known = true;
            }
        }
        self.events.clear();
        Ok(())
    }
}

impl<R: Receiver> Sink for HostSink<'_, R> {
    fn frames(&mut self, output: u32, plane: u32, count: u64) -> &mut [f32] {
        match self.room(output, plane, count) {
            // The borrow of the good case would otherwise last into the other.
            Ok(_) => {}
            Err(rule) => {
                self.refuse(rule);
                return &mut [];
            }
        }
        let out = &mut self.outputs[output as usize];
        let width = out.header.width();
        let pending = &mut out.pending[plane as usize];
        let start = pending.len() - count as usize * width;
        &mut pending[start..]
    }

    fn events(&mut self, output: u32, events: &[u8]) -> bool {
        match self.take_events(output, events) {
            Ok(()) => true,
            Err(rule) => {
                self.refuse(rule);
                false
            }
        }
    }

    fn raise_floor(&mut self, output: u32, floor: f32) -> bool {
        let Some(out) = self.outputs.get_mut(output as usize) else {
            self.refuse(format!("a floor for output {output}, which does not exist"));
            return false;
        };
        if floor.is_nan() || out.header.shape == Shape::Events {
            let id = out.header.descriptor.clone();
            self.refuse(format!("a floor of {floor} for {id}"));
            return false;
        }
        if out.floor.is_none_or(|(old, _)| floor > old) {
            out.floor = Some((floor, false));
        }
        true
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
