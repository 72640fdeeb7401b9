//! What a calculator's results go through after each call: looked at once
//! more, counted, and handed on to whoever takes them.

use agogic_schema::{CalculatorSpec, Event, TrackHeader};

use crate::collect::{Collector, MAX_VALUES};
use crate::counts::{Counts, Extent};
use crate::error::Place;
use crate::finite::first_refused;
use crate::{CallError, Watch};

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

/// The host's side of a calculator's outputs.
pub(crate) struct HostSink<'a, R> {
    collector: Collector<'a>,
    counts: Counts<'a>,
    outputs: Vec<Output<R>>,
}

struct Output<R> {
    receiver: Option<R>,
    /// Whether NaN may stand for a value.
    gaps: bool,
    /// The greatest floor that was asked for.
    floor: Option<f32>,
    /// Frames handed on so far, by plane.
    given: Vec<u64>,
}

impl<'a, R: Receiver> HostSink<'a, R> {
    /// `latency` is the description's, resolved.
    pub(crate) fn new(
        spec: &'a CalculatorSpec,
        latency: u32,
        headers: Vec<TrackHeader>,
        receivers: Vec<Option<R>>,
        watch: &'a dyn Watch,
    ) -> Self {
        let outputs = spec.descriptors.iter().zip(&headers).zip(receivers);
        let outputs = outputs.map(|((descriptor, header), receiver)| Output {
            receiver,
            gaps: descriptor.gaps,
            floor: None,
            given: vec![0; header.planes.len()],
        });
        let outputs = outputs.collect();
        let collector = Collector::new(&spec.id, headers.into(), watch);
        Self { collector, counts: Counts { spec, latency }, outputs }
    }

    /// Where a call puts what it gives.
    pub(crate) fn lend(&mut self) -> &mut Collector<'a> {
        &mut self.collector
    }

    /// Hands on what a call gave that ended so.
    pub(crate) fn settle(&mut self, result: Result<(), CallError>) -> Result<(), CallError> {
        self.collector.settle(result)?;
        hand_on(&mut self.outputs, &mut self.collector)
    }

    /// Hands on what a call gave into a collector of its own.
    pub(crate) fn hand_on(&mut self, collector: &mut Collector<'_>) -> Result<(), CallError> {
        hand_on(&mut self.outputs, collector)
    }

    /// Checks that no output runs far ahead of what was fed.
    pub(crate) fn check_ahead(&self, extent: Extent) -> Result<(), CallError> {
        for (index, (output, header)) in self.outputs.iter().zip(self.collector.headers()).enumerate() {
            self.counts.check_ahead(index, header, &output.given, extent, MAX_VALUES)?;
        }
        Ok(())
    }

    /// Checks, at the end, that every output that anybody takes has as many
    /// frames as the asset.
    pub(crate) fn check_counts(&self, extent: Extent) -> Result<(), CallError> {
        for (index, (output, header)) in self.outputs.iter().zip(self.collector.headers()).enumerate() {
            if output.receiver.is_some() {
                self.counts.check(index, header, &output.given, extent)?;
            }
        }
        Ok(())
    }

    /// The receivers, after the last call.
    pub(crate) fn into_receivers(self) -> Vec<Option<R>> {
        self.outputs.into_iter().map(|output| output.receiver).collect()
    }
}

fn hand_on<R: Receiver>(outputs: &mut [Output<R>], collector: &mut Collector<'_>) -> Result<(), CallError> {
    for (index, output) in outputs.iter_mut().enumerate() {
        output.take(index, collector)?;
    }
    Ok(())
}

impl<R: Receiver> Output<R> {
    fn take(&mut self, index: usize, collector: &mut Collector<'_>) -> Result<(), CallError> {
        let (headers, held) = collector.parts();
        let (header, held) = (&headers[index], &mut held[index]);
        let raised = held.floor.take().filter(|&floor| self.floor.is_none_or(|old| floor > old));
        self.floor = raised.or(self.floor);
        for (plane, values) in held.values.iter_mut().enumerate() {
            if values.is_empty() {
                continue;
            }
            let before = self.given[plane];
            self.given[plane] += (values.len() / header.width()) as u64;
            if let Some(receiver) = &mut self.receiver {
                if let Some(at) = first_refused(values, self.gaps) {
                    let place = Place::Frame(before + (at / header.width()) as u64);
                    let (descriptor, value) = (header.descriptor.clone(), values[at]);
                    return Err(CallError::NotFinite { descriptor, value, place });
                }
                if let Some(floor) = self.floor {
                    values.iter_mut().filter(|value| **value < floor).for_each(|value| *value = floor);
                }
                receiver.frames(plane, values).map_err(CallError::Receiver)?;
            }
            values.clear();
        }
        if let Some(receiver) = &mut self.receiver {
            for event in &held.events {
                if let Some(at) = first_refused(&event.values, self.gaps) {
                    let place = Place::EventAt(event.at.0);
                    let (descriptor, value) = (header.descriptor.clone(), event.values[at]);
                    return Err(CallError::NotFinite { descriptor, value, place });
                }
            }
            if !held.events.is_empty() {
                receiver.events(&held.events).map_err(CallError::Receiver)?;
            }
            if let Some(floor) = raised {
                receiver.raise_floor(floor).map_err(CallError::Receiver)?;
            }
        }
        held.events.clear();
        Ok(())
    }
}
