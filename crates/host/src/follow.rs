//! Derived calculators that follow: what another calculator of the same run
//! gives they take at once, instead of from a track later on. They are one
//! step behind, so that all calculators of a run work at the same time.

use std::time::{Duration, Instant};

use agogic_schema::{Frames as Kind, Kind as Shape, TrackHeader};
use agogic_timebase::FrameGrid;

use crate::derived::{DerivedWork, Frames};
use crate::sink::Tap;
use crate::{CallError, Derivation, LoadedCalculator, Receiver, Watch};

/// An output of a run: of a task, or of a follower, whose numbers go on where
/// those of the tasks end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutputOf {
    /// Number of the task or follower.
    pub number: usize,
    /// Number of the output in the order of the calculator's description.
    pub output: usize,
}

/// A derived calculator that takes its one input while it is computed.
pub struct Follower<'a, R> {
    /// The calculator, made ready for [`Follower::of`] as its one input.
    pub derivation: Derivation<'a>,
    /// What it is made of: an output that somebody receives, of a task or of an
    /// earlier follower, and [that can be followed](can_be_followed).
    pub of: OutputOf,
    /// One per output; `None` where nobody takes it.
    pub receivers: Vec<Option<R>>,
}

/// Whether a descriptor can be followed: it is dense, and its frames reach its
/// track as they are.
pub fn can_be_followed(kind: &Shape) -> bool {
    matches!(kind, Shape::Dense(Kind::Every { .. } | Kind::Input))
}

/// What goes from one calculator to those that follow it.
#[derive(Default)]
pub(crate) struct Link {
    /// The frames of the last step.
    frames: Vec<f32>,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Open,
    /// No more frames will come.
    Ended,
    /// Nothing can be made of it.
    Lost,
}

impl Link {
    /// Takes what a step gave, or learns that the step failed.
    pub(crate) fn take(&mut self, tap: Option<&mut Tap>, ended: bool) {
        self.frames.clear();
        match tap {
            Some(tap) if !tap.revised => {
                std::mem::swap(&mut self.frames, &mut tap.frames);
                self.state = if ended { State::Ended } else { State::Open };
            }
            _ => self.state = State::Lost,
        }
    }
}

/// A follower at work.
pub(crate) struct Following<'a, R> {
    pub(crate) calculator: &'a LoadedCalculator,
    pub(crate) link: usize,
    pub(crate) state: Result<Follow<'a, R>, CallError>,
    pub(crate) ended: bool,
    pub(crate) busy: Duration,
}

/// Its instance, and how far it has got.
pub(crate) struct Follow<'a, R> {
    pub(crate) work: DerivedWork<'a, R>,
    header: TrackHeader,
    grid: FrameGrid,
    next: u64,
}

impl<'a, R: Receiver> Following<'a, R> {
    /// Makes the instance. `header` is that of the input.
    pub(crate) fn start(
        derivation: Derivation<'a>,
        receivers: Vec<Option<R>>,
        link: usize,
        watch: &'a dyn Watch,
    ) -> Self {
        let calculator = derivation.calculator;
        let state = Follow::start(derivation, receivers, watch);
        Self { calculator, link, state, ended: false, busy: Duration::ZERO }
    }

    /// Takes what its input gave in the step before.
    pub(crate) fn step(&mut self, link: &Link, watch: &dyn Watch) {
        let Ok(follow) = &mut self.state else { return };
        if self.ended {
            return;
        }
        let begin = Instant::now();
        let done = match link.state {
            _ if watch.cancelled() => Err(CallError::Cancelled),
            State::Lost => Err(CallError::InputLost),
            State::Open => follow.take(&link.frames),
            State::Ended => follow.take(&link.frames).and_then(|()| follow.work.finish(follow.next)),
        };
        self.busy += begin.elapsed();
        match done {
            Ok(()) => self.ended = link.state == State::Ended,
            Err(error) => self.state = Err(error),
        }
    }

    /// Whether it has nothing more to do.
    pub(crate) fn is_done(&self) -> bool {
        self.ended || self.state.is_err()
    }
}

impl<'a, R: Receiver> Follow<'a, R> {
    fn start(
        derivation: Derivation<'a>,
        receivers: Vec<Option<R>>,
        watch: &'a dyn Watch,
    ) -> Result<Self, CallError> {
        let [header] = derivation.setup.inputs.as_slice() else {
            return Err(CallError::Setup("it is not made of one input".into()));
        };
        let header = header.clone();
        let grid = header.grid(0).map_err(|error| CallError::Setup(error.to_string()))?;
        Ok(Self { work: DerivedWork::start(derivation, receivers, watch)?, header, grid, next: 0 })
    }

    fn take(&mut self, data: &[f32]) -> Result<(), CallError> {
        let range = self.next..self.next + (data.len() / self.header.width()) as u64;
        if range.is_empty() {
            return Ok(());
        }
        self.next = range.end;
        self.work.frames(Frames { input: 0, plane: 0, header: &self.header, grid: self.grid, range, data })
    }
}
