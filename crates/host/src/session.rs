//! One run over one asset: blocks of PCM in, every task's calculator driven
//! through the interface, results out to receivers.

use abi_stable::std_types::RSlice;
use agogic_abi::v1::Block;
use agogic_schema::{Frames, Kind};
use rayon::prelude::*;

use crate::backend::Instance;
use crate::feed::{FeedId, Feeds, Piece};
use crate::sink::HostSink;
use crate::{CallError, LoadedCalculator, Prepared, Receiver, Source, Watch};

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
    watch: &'a dyn Watch,
}

struct Running<'a, R> {
    calculator: &'a LoadedCalculator,
    state: Result<Work<'a, R>, CallError>,
}

struct Work<'a, R> {
    feed: FeedId,
    instance: Box<dyn Instance>,
    sink: HostSink<'a, R>,
    /// Frames or samples that the calculator was given.
    fed: u64,
}

impl<'a, R: Receiver> Session<'a, R> {
    /// Makes an instance for each task. One that cannot be made fails its own
    /// outputs only.
    pub fn new(source: &Source, tasks: Vec<Task<'a, R>>, watch: &'a dyn Watch) -> Self {
        let mut feeds = Feeds::default();
        let running = tasks
            .into_iter()
            .map(|task| Running {
                calculator: task.prepared.calculator,
                state: start(task, &mut feeds, source, watch),
            })
            .collect();
        Self { feeds, running, watch }
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
        let watch = self.watch;
        self.running.par_iter_mut().for_each(|running| {
            let Ok(work) = &mut running.state else { return };
            let done = if watch.cancelled() {
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
    watch: &'a dyn Watch,
) -> Result<Work<'a, R>, CallError> {
    let Task { prepared, receivers } = task;
    let calculator = prepared.calculator;
    let mut setup = prepared.setup;
    setup.wanted = receivers.iter().map(Option::is_some).collect();
    let feed = feeds.serve(&prepared.input, source).map_err(CallError::Setup)?;
    let instance = calculator.library.create(&calculator.spec.id, &setup)?;
    let sink = HostSink::new(&calculator.spec.id, prepared.headers, receivers, watch);
    Ok(Work { feed, instance, sink, fed: 0 })
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
                input: 0,
                plane: 0,
                position: piece.position,
                count: piece.count as u64,
                channels: piece.channels as u32,
                width: piece.width as u32,
                data: RSlice::from_slice(piece.data),
                events: RSlice::EMPTY,
                ticks: RSlice::EMPTY,
            };
            self.fed += piece.count as u64;
            let result = self.instance.process(&block, &mut self.sink);
            self.sink.settle(result)?;
        }
        if last {
            let result = self.instance.finish(&mut self.sink);
            self.sink.settle(result)?;
            self.count_frames(calculator)?;
        }
        Ok(())
    }

    /// A descriptor with a frame per spectrum frame must have given as many.
    fn count_frames(&self, calculator: &LoadedCalculator) -> Result<(), CallError> {
        for (output, descriptor) in calculator.spec.descriptors.iter().enumerate() {
            let given = self.sink.given(output);
            if descriptor.kind == Kind::Dense(Frames::Input) && self.sink.wanted(output) && given != self.fed
            {
                let rule = format!("{} has {given} frames where its input has {}", descriptor.id, self.fed);
                return Err(CallError::Misbehaved(rule));
            }
        }
        Ok(())
    }
}
