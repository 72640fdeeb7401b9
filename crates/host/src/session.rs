//! One run over one asset: blocks of PCM in, every task's calculator driven
//! through the interface, what they give handed to those that follow, results
//! out to receivers.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::feed::Feeds;
use crate::follow::{Following, Link};
use crate::sink::HostSink;
use crate::work::Work;
use crate::{CallError, Follower, LoadedCalculator, OutputOf, Prepared, Receiver, Source, Watch};

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
    /// How long the calculator worked.
    pub busy: Duration,
}

/// One run over one asset.
pub struct Session<'a, R> {
    feeds: Feeds,
    running: Vec<Running<'a, R>>,
    following: Vec<Following<'a, R>>,
    /// One per output that is followed.
    links: Vec<(OutputOf, Link)>,
    watch: &'a dyn Watch,
}

struct Running<'a, R> {
    calculator: &'a LoadedCalculator,
    state: Result<Work<'a, R>, CallError>,
    busy: Duration,
}

impl<'a, R: Receiver> Session<'a, R> {
    /// Makes an instance for each task and each follower. One that cannot be
    /// made fails its own outputs only, and what is made of them.
    pub fn new(
        source: &Source,
        tasks: Vec<Task<'a, R>>,
        followers: Vec<Follower<'a, R>>,
        watch: &'a dyn Watch,
    ) -> Self {
        let mut feeds = Feeds::default();
        let running = tasks
            .into_iter()
            .map(|task| Running {
                calculator: task.prepared.calculator,
                state: Work::start(task, &mut feeds, source, watch),
                busy: Duration::ZERO,
            })
            .collect();
        let mut session = Self { feeds, running, following: vec![], links: vec![], watch };
        for Follower { derivation, of, receivers } in followers {
            let link = session.link(of);
            session.following.push(Following::start(derivation, receivers, link, watch));
        }
        session
    }

    /// Takes the next planar block of the source: `count` samples of each
    /// channel. Work is spread over the threads of the current rayon pool.
    pub fn push(&mut self, block: &[f32], count: usize) {
        self.feeds.push(block, count);
        self.drive(false);
    }

    /// Ends the run. The outcomes of the tasks come first, then those of the
    /// followers.
    pub fn finish(mut self) -> Vec<Outcome<'a, R>> {
        self.feeds.finish();
        self.drive(true);
        while self.following.iter().any(|following| !following.is_done()) {
            self.follow();
            self.hand_over(true);
        }
        let tasks = self.running.into_iter().map(|running| Outcome {
            calculator: running.calculator,
            result: running.state.map(|work| work.into_receivers()),
            busy: running.busy,
        });
        let followers = self.following.into_iter().map(|following| Outcome {
            calculator: following.calculator,
            result: following.state.map(|follow| follow.work.sink.into_receivers()),
            busy: following.busy,
        });
        tasks.chain(followers).collect()
    }

    /// One step: the tasks work on what was fed, the followers on what was
    /// given in the step before.
    fn drive(&mut self, last: bool) {
        let Self { feeds, running, following, links, watch } = self;
        let (feeds, links, watch) = (&*feeds, &*links, *watch);
        let step = |running: &mut Running<'a, R>| {
            let Ok(work) = &mut running.state else { return };
            let begin = Instant::now();
            let done = if watch.cancelled() { Err(CallError::Cancelled) } else { work.step(feeds, last) };
            running.busy += begin.elapsed();
            if let Err(error) = done {
                running.state = Err(error);
            }
        };
        if following.is_empty() {
            running.par_iter_mut().for_each(step);
            return;
        }
        rayon::join(
            || running.par_iter_mut().for_each(step),
            || following.par_iter_mut().for_each(|each| each.step(&links[each.link].1, watch)),
        );
        self.hand_over(last);
    }

    fn follow(&mut self) {
        let (links, watch) = (&self.links, self.watch);
        self.following.par_iter_mut().for_each(|each| each.step(&links[each.link].1, watch));
    }

    /// Lets every link take what the last step gave. `ended`: no task will give
    /// more.
    fn hand_over(&mut self, ended: bool) {
        let mut links = std::mem::take(&mut self.links);
        for (of, link) in &mut links {
            let follower = of.number.checked_sub(self.running.len());
            let ended = follower.map_or(ended, |number| self.following.get(number).is_some_and(|f| f.ended));
            link.take(self.sink(of.number).and_then(|sink| sink.tap(of.output)), ended);
        }
        self.links = links;
    }

    /// The number of the link that follows an output.
    fn link(&mut self, of: OutputOf) -> usize {
        if let Some(found) = self.links.iter().position(|(known, _)| *known == of) {
            return found;
        }
        if let Some(sink) = self.sink(of.number) {
            sink.follow(of.output);
        }
        self.links.push((of, Link::default()));
        self.links.len() - 1
    }

    /// The sink of a task or follower; none of one that failed.
    fn sink(&mut self, number: usize) -> Option<&mut HostSink<'a, R>> {
        let tasks = self.running.len();
        match number.checked_sub(tasks) {
            None => Some(self.running.get_mut(number)?.state.as_mut().ok()?.sink()),
            Some(number) => Some(&mut self.following.get_mut(number)?.state.as_mut().ok()?.work.sink),
        }
    }
}
