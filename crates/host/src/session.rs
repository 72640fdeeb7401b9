//! One run over one asset: blocks of PCM in, every task's calculator driven
//! through the interface, results out to receivers.

use rayon::prelude::*;

use crate::feed::Feeds;
use crate::work::Work;
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

impl<'a, R: Receiver> Session<'a, R> {
    /// Makes an instance for each task. One that cannot be made fails its own
    /// outputs only.
    pub fn new(source: &Source, tasks: Vec<Task<'a, R>>, watch: &'a dyn Watch) -> Self {
        let mut feeds = Feeds::default();
        let running = tasks
            .into_iter()
            .map(|task| Running {
                calculator: task.prepared.calculator,
                state: Work::start(task, &mut feeds, source, watch),
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
            result: running.state.map(|work| work.into_receivers()),
        });
        outcomes.collect()
    }

    fn drive(&mut self, last: bool) {
        let feeds = &self.feeds;
        let watch = self.watch;
        self.running.par_iter_mut().for_each(|running| {
            let Ok(work) = &mut running.state else { return };
            let done = if watch.cancelled() { Err(CallError::Cancelled) } else { work.step(feeds, last) };
            if let Err(error) = done {
                running.state = Err(error);
            }
        });
    }
}
