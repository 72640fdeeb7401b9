//! A calculator of the plug-in on the bench: made ready for signals and run
//! over them in every way that a test wants.

use std::path::PathBuf;

use agogic_host::{CallError, HostError, Kept, LoadedCalculator, Plan, Prepared, Probe, ProbeBlock, Source};
use agogic_schema::{CalculatorSpec, ChannelUse, InputSpec, Kind, ParamValue, Profile, ProfileName, Setup};
use agogic_testkit::{Cut, Input, Outputs, Piece, Shape, Signal, Subject, Values, stand_ins};
use agogic_timebase::SampleRate;

use crate::job::Job;
use crate::report::Verdict;

/// Parameters that are not at their defaults.
pub(crate) type Changes<'a> = &'a [(&'a str, ParamValue)];

/// A calculator on the bench.
pub(crate) struct Bench<'a> {
    pub(crate) calculator: &'a LoadedCalculator,
    pub(crate) seed: u64,
    pub(crate) lock: Option<PathBuf>,
    pub(crate) against: Option<PathBuf>,
}

/// Why there are no outputs.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Host or calculator will not serve such parameters or such audio.
    Refused(String),
    /// Anything else.
    Failed(String),
}

impl Trouble {
    /// For a test that compares: another test says what is wrong.
    pub(crate) fn elsewhere(self) -> Verdict {
        Verdict::skip(format!("it does not run: {}", self.text()))
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Refused(text) | Self::Failed(text) => text,
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Setup(_) => Self::Refused(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl<'a> Bench<'a> {
    pub(crate) fn new(calculator: &'a LoadedCalculator, job: &Job) -> Self {
        Self { calculator, seed: job.seed, lock: job.lock.clone(), against: job.against.clone() }
    }

    pub(crate) fn spec(&self) -> &'a CalculatorSpec {
        &self.calculator.spec
    }

    /// A second and a half of something of everything.
    pub(crate) fn music(&self) -> Signal {
        self.signal(Shape::Music, 44_100, 66_150)
    }

    /// A signal with as many channels as the calculator asks for at least.
    pub(crate) fn signal(&self, shape: Shape, rate: u32, samples: usize) -> Signal {
        let channels = match self.channels() {
            ChannelUse::Mono => 1,
            ChannelUse::Each => 2,
            ChannelUse::Only(channel) => channel as usize + 1,
        };
        Signal::new(shape, rate, samples).channels(channels).seed(self.seed)
    }

    pub(crate) fn channels(&self) -> ChannelUse {
        match &self.spec().input {
            InputSpec::Pcm(pcm) => pcm.channels,
            InputSpec::Spectrum(spectrum) => spectrum.channels,
            _ => ChannelUse::Mono,
        }
    }

    /// Makes the calculator ready for a signal.
    pub(crate) fn prepare(&self, changes: Changes<'_>, signal: &Signal) -> Result<Plan<'a>, Trouble> {
        let id = &self.spec().id;
        let failed = |error: &dyn std::fmt::Display| Trouble::Failed(error.to_string());
        let params = changes.iter().map(|(name, value)| (format!("{id}.{name}"), value.clone())).collect();
        let name = ProfileName::new("validate").map_err(|error| failed(&error))?;
        let profile = Profile { params, ..Profile::plain(name) };
        let rate = SampleRate::new(signal.rate).map_err(|error| failed(&error))?;
        let channels = (1..=signal.channels).map(|channel| channel.to_string()).collect();
        let plan = if self.spec().input.inputs().is_empty() {
            Prepared::new(self.calculator, &profile, &Source { rate, channels }).map(Plan::from)
        } else {
            Plan::derived(self.calculator, &profile, &stand_ins(self.spec(), signal.rate))
        };
        plan.map_err(|error| match error {
            HostError::Setup { .. } | HostError::Schema(_) => Trouble::Refused(error.to_string()),
            other => Trouble::Failed(other.to_string()),
        })
    }

    /// The input for a signal.
    pub(crate) fn input(&self, prepared: &Plan<'_>, signal: &Signal) -> Result<Input, Trouble> {
        let made = Input::new(self.spec(), &prepared.setup().params, signal);
        made.map_err(|error| Trouble::Failed(error.to_string()))
    }

    /// Runs a fresh instance over a signal, with every output wanted.
    pub(crate) fn run(&self, changes: Changes<'_>, signal: &Signal, cut: Cut) -> Result<Outputs, Trouble> {
        let prepared = self.prepare(changes, signal)?;
        let pieces = self.input(&prepared, signal)?.pieces(cut);
        self.run_pieces(&prepared, &self.all(), &pieces)
    }

    /// Runs a fresh instance over pieces.
    pub(crate) fn run_pieces(
        &self,
        prepared: &Plan<'a>,
        wanted: &[bool],
        pieces: &[Piece],
    ) -> Result<Outputs, Trouble> {
        let mut probe = Probe::new(prepared, wanted)?;
        feed(&mut probe, pieces)?;
        self.finish(&mut probe, None)
    }

    /// Runs a fresh instance over a signal and counts its frames.
    pub(crate) fn run_counted(&self, signal: &Signal) -> Result<(), Trouble> {
        let prepared = self.prepare(&[], signal)?;
        let mut probe = Probe::new(&prepared, &self.all())?;
        feed(&mut probe, &self.input(&prepared, signal)?.pieces(Cut::Every(1000)))?;
        self.finish(&mut probe, Some(signal.samples as u64)).map(drop)
    }

    /// Ends an instance's run; with the signal's samples, counts its frames.
    pub(crate) fn finish(&self, probe: &mut Probe<'_>, samples: Option<u64>) -> Result<Outputs, Trouble> {
        let given = probe.finish(samples)?;
        let kinds = self.spec().descriptors.iter().map(|descriptor| &descriptor.kind);
        let values = |(Kept { planes, events }, kind): (Kept, &Kind)| match kind {
            Kind::Events => Values::Events(events),
            _ => Values::Planes(planes),
        };
        Ok(Outputs(given.into_iter().zip(kinds).map(values).collect()))
    }

    /// Every output wanted.
    pub(crate) fn all(&self) -> Vec<bool> {
        vec![true; self.spec().descriptors.len()]
    }
}

/// Gives pieces to an instance.
pub(crate) fn feed(probe: &mut Probe<'_>, pieces: &[Piece]) -> Result<(), Trouble> {
    pieces.iter().try_for_each(|piece| Ok(probe.process(block(piece))?))
}

/// A piece as the host takes it.
pub(crate) fn block(piece: &Piece) -> ProbeBlock<'_> {
    let Piece { input, position, count, channels, width, ref data } = *piece;
    ProbeBlock { input, position, count, channels, width, data }
}

/// For the revision lock.
impl Subject for Bench<'_> {
    fn spec(&self) -> &CalculatorSpec {
        &self.calculator.spec
    }

    fn run(&self, setup: &Setup, pieces: &[Piece]) -> Result<Outputs, String> {
        let signal = self.signal(Shape::Silence, setup.rate, 0);
        let done =
            self.prepare(&[], &signal).and_then(|prepared| self.run_pieces(&prepared, &self.all(), pieces));
        done.map_err(Trouble::text)
    }
}
