//! One run over one asset: blocks of PCM in, every task's calculator driven
//! through the interface, results out to receivers.

use std::sync::atomic::{AtomicBool, Ordering};

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RResult, RSlice, RStr};
use agogic_abi::v1::{self, Block, Failure, InstanceBox, Sink_TO, SinkRef};
use agogic_schema::{Frames, Kind};
use rayon::prelude::*;

use crate::feed::{FeedId, Feeds, Piece, refused};
use crate::sink::HostSink;
use crate::{CallError, HostError, LoadedCalculator, Prepared, Receiver, Source};

/// A prepared calculator and who takes its outputs; `None` where nobody does.
pub struct Task<'a, R> {
    /// The calculator.
    pub prepared: Prepared<'a>,
    /// One per output.
    pub receivers: Vec<Option<R>>,
}

/// How a task ended.
pub struct Outcome<'a, R> {
    /// The calculator.
    pub calculator: &'a LoadedCalculator,
    /// The receivers, in the order of the outputs, or why there is nothing.
    pub result: Result<Vec<Option<R>>, CallError>,
}

/// One run over one asset.
pub struct Session<'a, R> {
    feeds: Feeds,
    running: Vec<Running<'a, R>>,
    cancel: &'a AtomicBool,
}

struct Running<'a, R> {
    calculator: &'a LoadedCalculator,
    state: Result<Work<'a, R>, CallError>,
}

struct Work<'a, R> {
    feed: FeedId,
    instance: InstanceBox,
    sink: HostSink<'a, R>,
    /// Frames or samples that the calculator was given.
    fed: u64,
}

impl<'a, R: Receiver> Session<'a, R> {
    /// Makes an instance for each task. One that cannot be made fails its own
    /// outputs only.
    pub fn new(source: &Source, tasks: Vec<Task<'a, R>>, cancel: &'a AtomicBool) -> Self {
        let mut feeds = Feeds::default();
        let running = tasks
            .into_iter()
            .map(|task| Running {
                calculator: task.prepared.calculator,
                state: start(task, &mut feeds, source, cancel)
                    .map_err(|error| CallError::Failed(error.to_string())),
            })
            .collect();
        Self { feeds, running, cancel }
    }

    /// Takes the next planar block of the source: `count` samples of each
    /// channel. Work is spread over the threads of the current rayon pool.
    pub fn push(&mut self, block: &[f32], count: usize) {
        self.feeds.push(block, count);
        self.drive(false);
    }

    /// Ends the run.
    pub fn finish(mut self) -> Vec<Outcome<'a, R>> {
        self.feeds.finish();
        self.drive(true);
        let outcomes = self.running.into_iter().map(|running| Outcome {
            calculator: running.calculator,
            result: running.state.map(|work| work.sink.into_receivers()),
        });
        outcomes.collect()
    }

    fn drive(&mut self, last: bool) {
        let feeds = &self.feeds;
        let cancel = self.cancel;
        self.running.par_iter_mut().for_each(|running| {
            let Ok(work) = &mut running.state else { return };
            let done = if cancel.load(Ordering::Relaxed) {
                Err(CallError::Cancelled)
            } else {
                work.step(&feeds.piece(work.feed), running.calculator, last)
            };
            if let Err(error) = done {
                running.state = Err(error);
            }
        });
    }
}

fn start<'a, R: Receiver>(
    task: Task<'a, R>,
    feeds: &mut Feeds,
    source: &Source,
    cancel: &'a AtomicBool,
) -> Result<Work<'a, R>, HostError> {
    let Task { prepared, receivers } = task;
    let id = &prepared.calculator.spec.id;
    let mut setup = prepared.setup;
    setup.wanted = receivers.iter().map(Option::is_some).collect();
    let feed = feeds.serve(&prepared.input, source).map_err(|reason| refused(id, reason))?;
    let bytes = rmp_serde::to_vec_named(&setup).map_err(|error| refused(id, error.to_string()))?;
    let create = prepared.calculator.library.create();
    match create(RStr::from_str(id.as_str()), RSlice::from_slice(&bytes)) {
        RResult::ROk(instance) => {
            let sink = HostSink::new(prepared.headers, receivers, cancel);
            Ok(Work { feed, instance, sink, fed: 0 })
        }
        RResult::RErr(failure) => Err(refused(id, failure.message.into_string())),
    }
}

impl<R: Receiver> Work<'_, R> {
    fn step(
        &mut self,
        piece: &Piece<'_>,
        calculator: &LoadedCalculator,
        last: bool,
    ) -> Result<(), CallError> {
        if piece.count > 0 {
            let block = Block {
                position: piece.position,
                count: piece.count as u64,
                channels: piece.channels as u32,
                width: piece.width as u32,
                data: RSlice::from_slice(piece.data),
            };
            self.fed += piece.count as u64;
            let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut self.sink, TD_Opaque);
            let result = self.instance.process(block, &mut sink);
            drop(sink);
            self.settle(result)?;
        }
        if last {
            let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut self.sink, TD_Opaque);
            let result = self.instance.finish(&mut sink);
            drop(sink);
            self.settle(result)?;
            self.count_frames(calculator)?;
        }
        Ok(())
    }

    fn settle(&mut self, result: RResult<(), Failure>) -> Result<(), CallError> {
        let RResult::RErr(failure) = result else { return self.sink.flush() };
        let message = failure.message.into_string();
        Err(match failure.kind {
            v1::FAILURE_PANIC => CallError::Panicked(message),
            v1::FAILURE_CANCELLED => CallError::Cancelled,
            // The sink knows best why it refused.
            v1::FAILURE_REFUSED => self.sink.flush().err().unwrap_or(CallError::Misbehaved(message)),
            _ => CallError::Failed(message),
        })
    }

    /// A descriptor with a frame per spectrum frame must have given as many.
    fn count_frames(&self, calculator: &LoadedCalculator) -> Result<(), CallError> {
        for (output, descriptor) in calculator.spec.descriptors.iter().enumerate() {
            let given = self.sink.given(output);
            if descriptor.kind == Kind::Dense(Frames::Spectrum)
                && self.sink.wanted(output)
                && given != self.fed
            {
                let rule =
                    format!("{} has {given} frames where the spectrum has {}", descriptor.id, self.fed);
                return Err(CallError::Misbehaved(rule));
            }
        }
        Ok(())
    }
}
