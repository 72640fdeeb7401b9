//! Derived calculators: driven over tracks instead of audio. Block by block, so
//! that no track is ever held whole, and all inputs side by side in time.

use std::ops::Range;
use std::time::Instant;

use agogic_schema::{Event, Profile, Setup, Shape, TempoUse, TrackHeader};
use agogic_timebase::{FrameGrid, SampleRate, Seconds};
use rayon::prelude::*;

use crate::derived::{DerivedWork, Frames};
use crate::prepare::{Given, headers};
use crate::tempo::TickMap;
use crate::ticks::{Fit, Fitted};
use crate::{CallError, HostError, LoadedCalculator, Outcome, ReceiveError, Receiver, Watch};

/// Most values of a track in one block, unless a single frame has more.
const BLOCK_VALUES: u64 = 1 << 15;

/// How much time a round of blocks spans where there are only events, in
/// seconds.
const EVENTS_SPAN: f64 = 1.0;

/// A track that a calculator is made of, read piece by piece in order.
pub trait TrackSource: Send {
    /// What its values are.
    fn header(&self) -> &TrackHeader;

    /// Frames of a plane; of a track of events, how many there are.
    fn count(&self, plane: usize) -> u64;

    /// The values of these frames of a plane, all of which exist.
    ///
    /// # Errors
    /// The source's own; what is made of the track is given up.
    fn frames(&mut self, plane: usize, range: Range<u64>) -> Result<Vec<f32>, ReceiveError>;

    /// Some events from number `first` on, at least one if there is one.
    ///
    /// # Errors
    /// As [`Self::frames`].
    fn events(&mut self, first: u64) -> Result<Vec<Event>, ReceiveError>;
}

/// A derived calculator made ready: its parameters under a profile, and the
/// headers of the tracks that it will give.
#[derive(Clone)]
pub struct Derivation<'a> {
    pub(crate) calculator: &'a LoadedCalculator,
    pub(crate) setup: Setup,
    pub(crate) tempo: Option<&'a dyn TickMap>,
    /// The headers of its tracks, in the order of its outputs.
    pub headers: Vec<TrackHeader>,
}

impl<'a> Derivation<'a> {
    /// Resolves a calculator's parameters and outputs for these inputs, in the
    /// order of its description. Rate and channels of its outputs, and their
    /// frames and bins where the description says so, are those of the first.
    ///
    /// # Errors
    /// [`HostError::Schema`] for a parameter outside its bounds and
    /// [`HostError::Setup`] where inputs or parameters do not go together.
    pub fn new(
        calculator: &'a LoadedCalculator,
        profile: &Profile,
        inputs: &[TrackHeader],
        tempo: Option<&'a dyn TickMap>,
    ) -> Result<Self, HostError> {
        let spec = &calculator.spec;
        let fail = |reason: &str| HostError::Setup { calculator: spec.id.clone(), reason: reason.into() };
        let same = inputs.iter().map(|input| &input.descriptor).eq(spec.input.inputs());
        let first = inputs.first().filter(|_| same).ok_or_else(|| fail("its inputs are not all there"))?;
        let tempo = tempo.filter(|_| spec.tempo != TempoUse::None);
        let setup = Setup {
            params: profile.resolve(spec)?,
            rate: first.rate,
            channels: first.channels.clone(),
            bins: 0,
            inputs: inputs.to_vec(),
            tempo: tempo.is_some(),
            wanted: vec![false; spec.descriptors.len()],
        };
        let given = Given { bins: first.bins, width: 0, frames: first.planes.first().copied() };
        let headers = headers(spec, &setup, &given)?;
        Ok(Self { calculator, setup, tempo, headers })
    }

    /// What the calculator will be told, but for what is wanted, and the headers
    /// of its tracks.
    pub(crate) fn into_parts(self) -> (Setup, Vec<TrackHeader>) {
        (self.setup, self.headers)
    }

    /// As [`Prepared::fit`](crate::Prepared::fit).
    ///
    /// # Errors
    /// As there.
    pub fn fit<R: Receiver>(
        &self,
        header: &TrackHeader,
        receiver: R,
        end: Option<Seconds>,
        watch: &dyn Watch,
    ) -> Result<Fitted<'a, R>, HostError> {
        let (spec, params) = (&self.calculator.spec, &self.setup.params);
        Fit { spec, params, tempo: self.tempo, end, watch }.receiver(header, receiver)
    }
}

/// A derived calculator, what it is made of and who takes its outputs.
pub struct Derived<'a, R> {
    /// The calculator.
    pub derivation: Derivation<'a>,
    /// The tracks, in the order of its description.
    pub inputs: Vec<Box<dyn TrackSource>>,
    /// One per output; `None` where nobody takes it.
    pub receivers: Vec<Option<R>>,
}

/// Runs derived calculators, none of which is made of another's outputs. One
/// that fails fails alone. Work is spread over the current rayon pool.
pub fn derive<'a, R: Receiver>(tasks: Vec<Derived<'a, R>>, watch: &'a dyn Watch) -> Vec<Outcome<'a, R>> {
    let run = |task: Derived<'a, R>| {
        let (calculator, begin) = (task.derivation.calculator, Instant::now());
        let result = run(task, watch);
        Outcome { calculator, result, busy: begin.elapsed() }
    };
    tasks.into_par_iter().map(run).collect()
}

fn run<'a, R: Receiver>(task: Derived<'a, R>, watch: &'a dyn Watch) -> Result<Vec<Option<R>>, CallError> {
    let Derived { derivation, mut inputs, receivers } = task;
    let wrong = |reason: String| CallError::Setup(reason);
    let mut streams = Streams::new(&inputs).map_err(wrong)?;
    let fed = inputs.first().map_or(0, |input| input.count(0));
    let mut work = DerivedWork::start(derivation, receivers, watch)?;
    while let Some(horizon) = streams.horizon() {
        for stream in &mut streams.all {
            if watch.cancelled() {
                return Err(CallError::Cancelled);
            }
            let source = inputs.get_mut(stream.input).ok_or_else(|| wrong("an input is gone".into()))?;
            stream.give(source.as_mut(), horizon, &mut work)?;
        }
    }
    work.finish(fed)?;
    Ok(work.sink.into_receivers())
}

/// All planes of all inputs.
struct Streams {
    all: Vec<Stream>,
    /// How much time a round of blocks spans, in seconds.
    span: f64,
}

/// A plane of an input, or its events, and how far it has been read.
struct Stream {
    input: usize,
    plane: usize,
    items: Time,
    count: u64,
    next: u64,
    /// Events that were read and are not yet due.
    events: Vec<Event>,
}

/// How the items of a stream lie in time.
#[derive(Clone, Copy)]
enum Time {
    Frames(FrameGrid),
    Events(SampleRate),
}

impl Streams {
    fn new(inputs: &[Box<dyn TrackSource>]) -> Result<Self, String> {
        let (mut all, mut span) = (vec![], f64::INFINITY);
        for (input, source) in inputs.iter().enumerate() {
            let header = source.header();
            let stream = |plane, items| {
                let count = source.count(plane);
                Stream { input, plane, items, count, next: 0, events: vec![] }
            };
            if header.shape == Shape::Events {
                let rate = SampleRate::new(header.rate).map_err(|error| error.to_string())?;
                all.push(stream(0, Time::Events(rate)));
                continue;
            }
            for plane in 0..header.planes.len() {
                let grid = header.grid(plane).map_err(|error| error.to_string())?;
                let frames = (BLOCK_VALUES / header.width().max(1) as u64).max(1);
                let hop = f64::from(grid.hop.get()) / f64::from(grid.rate.hz());
                span = span.min(frames as f64 * hop);
                all.push(stream(plane, Time::Frames(grid)));
            }
        }
        Ok(Self { all, span: if span.is_finite() { span } else { EVENTS_SPAN } })
    }

    /// Until when this round gives, exclusive; `None` once all is given. The
    /// item that comes next lies before it.
    fn horizon(&self) -> Option<f64> {
        let next = self.all.iter().filter_map(Stream::next_at).min_by(f64::total_cmp)?;
        Some((next + self.span).max(next.next_up()))
    }
}

impl Stream {
    /// When the next item is, in seconds; none when all are given. Of events
    /// that were not read yet it is not known, and they come at once.
    fn next_at(&self) -> Option<f64> {
        if self.next >= self.count {
            return None;
        }
        Some(match self.items {
            Time::Frames(grid) => grid.seconds(self.next).0,
            Time::Events(rate) => self.events.first().map_or(f64::NEG_INFINITY, |e| rate.seconds(e.at).0),
        })
    }

    /// The number of the first frame at or after `horizon`.
    fn end(&self, grid: &FrameGrid, horizon: f64) -> u64 {
        let guess = grid.index(Seconds(horizon)).ceil() as u64;
        let mut end = guess.saturating_sub(1).clamp(self.next, self.count);
        while end < self.count && grid.seconds(end).0 < horizon {
            end += 1;
        }
        end
    }

    /// Gives what there is before the horizon.
    fn give<R: Receiver>(
        &mut self,
        source: &mut dyn TrackSource,
        horizon: f64,
        work: &mut DerivedWork<'_, R>,
    ) -> Result<(), CallError> {
        match self.items {
            Time::Frames(grid) => self.give_frames(source, grid, horizon, work),
            Time::Events(rate) => self.give_events(source, rate, horizon, work),
        }
    }

    fn give_frames<R: Receiver>(
        &mut self,
        source: &mut dyn TrackSource,
        grid: FrameGrid,
        horizon: f64,
        work: &mut DerivedWork<'_, R>,
    ) -> Result<(), CallError> {
        let range = self.next..self.end(&grid, horizon);
        if range.is_empty() {
            return Ok(());
        }
        let data = source.frames(self.plane, range.clone()).map_err(CallError::Source)?;
        let header = source.header();
        if data.len() as u64 != (range.end - range.start).saturating_mul(header.width() as u64) {
            return Err(CallError::Source(format!("{} is cut short", header.descriptor).into()));
        }
        self.next = range.end;
        work.frames(Frames { input: self.input, plane: self.plane, header, grid, range, data: &data })
    }

    fn give_events<R: Receiver>(
        &mut self,
        source: &mut dyn TrackSource,
        rate: SampleRate,
        horizon: f64,
        work: &mut DerivedWork<'_, R>,
    ) -> Result<(), CallError> {
        loop {
            if self.events.is_empty() && self.next < self.count {
                self.events = source.events(self.next).map_err(CallError::Source)?;
                if self.events.is_empty() {
                    let id = &source.header().descriptor;
                    return Err(CallError::Source(format!("{id} is cut short").into()));
                }
            }
            let due = self.events.partition_point(|event| rate.seconds(event.at).0 < horizon);
            let later = self.events.split_off(due);
            let now = std::mem::replace(&mut self.events, later);
            if now.is_empty() {
                return Ok(());
            }
            let bytes = rmp_serde::to_vec(&now).map_err(|error| CallError::Source(error.into()))?;
            let times = now.iter().map(|event| rate.seconds(event.at));
            work.events(self.input, source.header(), self.next, &bytes, times)?;
            self.next += now.len() as u64;
        }
    }
}
