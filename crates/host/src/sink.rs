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

/// A copy of what an output gives, for a calculator that follows it.
#[derive(Default)]
pub(crate) struct Tap {
    /// The values of the last step, of plane 0.
    pub(crate) frames: Vec<f32>,
    /// Values that were given before have changed since.
    pub(crate) revised: bool,
    /// The least value of all steps.
    lowest: f32,
}

impl Tap {
    fn take(&mut self, values: &[f32]) {
        self.frames.extend_from_slice(values);
        self.lowest = values.iter().fold(self.lowest, |low, &value| low.min(value));
    }
}

struct Output<R> {
    receiver: Option<R>,
    tap: Option<Tap>,
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
            tap: None,
            gaps: descriptor.gaps,
            floor: None,
            given: vec![0; header.planes.len()],
        });
        let outputs = outputs.collect();
        let collector = Collector::new(&spec.id, headers.into(), watch);
        Self { collector, counts: Counts { spec, latency }, outputs }
    }

    /// From now on keeps a copy of what an output gives.
    pub(crate) fn follow(&mut self, output: usize) {
        if let Some(output) = self.outputs.get_mut(output) {
            output.tap = Some(Tap { lowest: f32::INFINITY, ..Tap::default() });
        }
    }

    /// The copy of what an output gave; none of one that is not followed.
    pub(crate) fn tap(&mut self, output: usize) -> Option<&mut Tap> {
        self.outputs.get_mut(output)?.tap.as_mut()
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
                if let Some(tap) = self.tap.as_mut().filter(|_| plane == 0) {
                    tap.take(values);
                }
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
                if let Some(tap) = &mut self.tap {
                    tap.revised |= tap.lowest < floor;
                }
            }
        }
        held.events.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use agogic_schema::{Amount, Bins, ChannelUse, DescriptorSpec, Frames, Kind, PcmInput, Shape};
    use agogic_timebase::{Delta, Samples};

    use super::*;
    use crate::backend::Sink as _;

    #[derive(Default)]
    struct Kept {
        values: Vec<f32>,
        events: usize,
        floors: Vec<f32>,
    }

    impl Receiver for Kept {
        fn frames(&mut self, _: usize, values: &[f32]) -> Result<(), ReceiveError> {
            self.values.extend_from_slice(values);
            Ok(())
        }
        fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
            self.events += events.len();
            Ok(())
        }
        fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
            self.floors.push(floor);
            Ok(())
        }
    }

    /// Output 0 holds frames of two values, output 1 events of one value.
    fn spec() -> CalculatorSpec {
        let frames = Frames::Every { hop: Amount::Fixed(100), first: Amount::Fixed(0) };
        let dense = DescriptorSpec::new("t.dense", "", Kind::Dense(frames), Bins::Count(Amount::Fixed(2)));
        let events = DescriptorSpec::new("t.events", "", Kind::Events, Bins::Count(Amount::Fixed(1)));
        let spec = CalculatorSpec::new("t.calc", "1.0.0", PcmInput::new(ChannelUse::Mono));
        spec.descriptor(dense).descriptor(events)
    }

    /// Runs calls through a sink; what each receiver got, or the first error.
    fn run(
        spec: &CalculatorSpec,
        wanted: [bool; 2],
        calls: &[&dyn Fn(&mut Collector<'_>)],
    ) -> Result<Vec<Option<Kept>>, String> {
        let header = |descriptor: &DescriptorSpec, shape, bins, planes| TrackHeader {
            descriptor: descriptor.id.clone(),
            unit: String::new(),
            range: None,
            shape,
            channels: vec!["mono".into()],
            bins,
            rate: 8000,
            planes,
        };
        let headers = vec![
            header(&spec.descriptors[0], Shape::Dense, 2, vec![(0, 100)]),
            header(&spec.descriptors[1], Shape::Events, 1, vec![]),
        ];
        let watch = AtomicBool::new(false);
        let receivers = wanted.map(|wanted| wanted.then(Kept::default)).into();
        let mut sink = HostSink::new(spec, 0, headers, receivers, &watch);
        for call in calls {
            call(sink.lend());
            sink.settle(Ok(())).map_err(|error| error.to_string())?;
        }
        Ok(sink.into_receivers())
    }

    fn give(sink: &mut Collector<'_>, values: &[f32]) {
        sink.frames(0, 0, values.len() as u64 / 2).copy_from_slice(values);
    }

    fn happen(sink: &mut Collector<'_>, at: i64, value: f32) {
        let event =
            Event { at: Samples(at), duration: Delta(Samples(0)), values: vec![value], label: String::new() };
        sink.events(1, &rmp_serde::to_vec(&[event]).unwrap());
    }

    #[test]
    fn values_must_be_finite_and_places_are_told() {
        let nan: &dyn Fn(&mut Collector<'_>) = &|sink| give(sink, &[0.0, 1.0, 2.0, f32::NAN]);
        let fine: &dyn Fn(&mut Collector<'_>) = &|sink| give(sink, &[0.0; 6]);
        let event: &dyn Fn(&mut Collector<'_>) = &|sink| happen(sink, 77, f32::INFINITY);
        let broke = "the calculator broke the interface: ";
        let check = |spec: &CalculatorSpec, wanted, calls: &[&dyn Fn(&mut Collector<'_>)], expect: &str| {
            let error = run(spec, wanted, calls).err().unwrap_or_default();
            assert_eq!(error.trim_start_matches(broke), expect);
        };
        let plain = spec();
        check(&plain, [true; 2], &[fine, nan], "t.dense is NaN in frame 4");
        check(&plain, [true; 2], &[event], "t.events is inf in the event at sample 77");
        // What nobody takes is dropped unseen.
        check(&plain, [false; 2], &[fine, nan, event], "");
        let mut gaps = spec();
        gaps.descriptors.iter_mut().for_each(|descriptor| descriptor.gaps = true);
        check(&gaps, [true; 2], &[fine, nan], "");
        check(&gaps, [true; 2], &[event], "t.events is inf in the event at sample 77");
    }

    #[test]
    fn a_floor_holds_for_what_is_to_come_and_never_sinks() {
        let got = run(
            &spec(),
            [true; 2],
            &[
                &|sink| give(sink, &[-5.0, 5.0]),
                &|sink| {
                    assert!(sink.raise_floor(0, -2.0) && sink.raise_floor(0, -3.0));
                    give(sink, &[-9.0, 9.0]);
                },
                &|sink| assert!(sink.raise_floor(0, -4.0)),
                &|sink| give(sink, &[-2.5, -1.5]),
            ],
        );
        let kept = got.unwrap().remove(0).unwrap();
        assert_eq!(kept.values, [-5.0, 5.0, -2.0, 9.0, -2.0, -1.5]);
        assert_eq!(kept.floors, [-2.0]);
    }

    #[test]
    fn the_first_broken_rule_counts() {
        let error = run(
            &spec(),
            [true; 2],
            &[&|sink| {
                assert!(!sink.raise_floor(0, f32::NAN));
                assert!(sink.frames(1, 0, 1).is_empty() && sink.frames(5, 0, 1).is_empty());
                assert!(!sink.events(1, b"no events"));
            }],
        );
        let expect = "the calculator broke the interface: t.dense was given a floor that is no number";
        assert_eq!(error.err().as_deref(), Some(expect));
    }

    #[test]
    fn events_may_come_at_once_but_not_go_back() {
        let at = |times: &'static [i64]| {
            run(&spec(), [true; 2], &[&|sink| times.iter().for_each(|&time| happen(sink, time, 1.0))])
        };
        assert_eq!(at(&[3, 3, 5]).unwrap().remove(1).unwrap().events, 3);
        assert!(at(&[3, 2]).is_err_and(|error| error.ends_with("out of order at sample 2")));
    }
}
