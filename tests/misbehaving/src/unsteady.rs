//! Calculators that keep the rules of the interface and break those of good
//! manners, one each, so that each test of a validator has something to find.
//! The fault is named as the test that finds it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

use agogic_calculator::{
    Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup, SpectrumInput,
};

use crate::bad::event;

/// What an unsteady calculator does wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Steady,
    Description,
    Constructor,
    Parameters,
    Reads,
    Empty,
    Short,
    Silence,
    Loud,
    Signals,
    Rates,
    Channels,
    Range,
    Times,
    Repeat,
    Blocks,
    Start,
    Independent,
    Reset,
    Interleaved,
    Parallel,
    Wanted,
    Contained,
}

/// All of them, so that a number names one.
const FAULTS: [(Fault, &str); 23] = [
    (Fault::Steady, "steady"),
    (Fault::Description, "description"),
    (Fault::Constructor, "constructor"),
    (Fault::Parameters, "parameters"),
    (Fault::Reads, "reads"),
    (Fault::Empty, "empty"),
    (Fault::Short, "short"),
    (Fault::Silence, "silence"),
    (Fault::Loud, "loud"),
    (Fault::Signals, "signals"),
    (Fault::Rates, "rates"),
    (Fault::Channels, "channels"),
    (Fault::Range, "range"),
    (Fault::Times, "times"),
    (Fault::Repeat, "repeat"),
    (Fault::Blocks, "blocks"),
    (Fault::Start, "start"),
    (Fault::Independent, "independent"),
    (Fault::Reset, "reset"),
    (Fault::Interleaved, "interleaved"),
    (Fault::Parallel, "parallel"),
    (Fault::Wanted, "wanted"),
    (Fault::Contained, "contained"),
];

/// The calculator with fault number `N`: the largest magnitude of each frame of
/// each channel, the number of blocks of audio, and an event at the end.
pub(crate) struct Unsteady<const N: usize> {
    gain: f32,
    all_wanted: bool,
    /// Frames of this and of all instances so far.
    seen: u64,
    last: f32,
}

/// How often something was described, and how many instances there were.
static DESCRIBED: AtomicU32 = AtomicU32::new(0);
static MADE: AtomicU32 = AtomicU32::new(0);
/// The last value of any instance, and the first thread that made one.
static LAST: Mutex<f32> = Mutex::new(0.0);
static FIRST_THREAD: OnceLock<ThreadId> = OnceLock::new();

impl<const N: usize> Unsteady<N> {
    const FAULT: Fault = FAULTS[N].0;

    fn is(fault: Fault) -> bool {
        Self::FAULT == fault
    }

    /// What the value of a frame becomes.
    fn spoil(&mut self, value: f32, place: usize) -> f32 {
        let before = std::mem::replace(&mut self.last, value);
        match Self::FAULT {
            Fault::Range => value - 1.0,
            Fault::Repeat => value + MADE.load(Relaxed) as f32,
            Fault::Blocks => value + place as f32,
            Fault::Start => value + self.seen as f32,
            Fault::Independent | Fault::Reset => value + before,
            Fault::Interleaved => {
                value + std::mem::replace(&mut *LAST.lock().expect("nobody panics with it"), value)
            }
            Fault::Parallel if FIRST_THREAD.get() != Some(&thread::current().id()) => value + 1.0,
            Fault::Wanted if self.all_wanted => value + 1.0,
            _ => value,
        }
    }
}

impl<const N: usize> Calculator for Unsteady<N> {
    fn describe() -> CalculatorSpec {
        let (fault, name) = FAULTS[N];
        let id = format!("unsteady.{name}");
        let mut about = format!("Breaks the rule {name}.");
        if fault == Fault::Steady && std::env::var_os("UNSTEADY_DESCRIPTION").is_some() {
            about = format!("Described {} times.", DESCRIBED.fetch_add(1, Relaxed));
        }
        let output = |suffix: &str, kind| {
            DescriptorSpec::new(&format!("{id}{suffix}"), "", kind, Bins::Count(1.into())).about("A number.")
        };
        let (mut value, mut more) = match fault {
            Fault::Channels => {
                let frames = Frames::Every { hop: 512.into(), first: 0.into() };
                let spec = CalculatorSpec::new(&id, "1.0.0", PcmInput::new(ChannelUse::Each));
                (output("", Kind::Dense(frames)), spec)
            }
            _ => {
                let spec = CalculatorSpec::new(&id, "1.0.0", SpectrumInput::new(2048, 512));
                (output("", Kind::Dense(Frames::Input)), spec)
            }
        };
        value = value.range(0.0, f32::MAX).changed_in("1.0.0").reads(&["gain"]);
        if fault == Fault::Reads {
            value = value.reads(&[]);
        }
        more = more.param(ParamSpec::float("gain", 1.0, 0.0, 4.0, "", "What values are multiplied with."));
        more = match fault {
            Fault::Description => more,
            _ => more.about(&about).author("Nobody"),
        };
        more = more.descriptor(value);
        match fault {
            Fault::Independent => more.independent(),
            Fault::Times | Fault::Wanted => {
                more.descriptor(output(".end", Kind::Events).changed_in("1.0.0").reads(&[]))
            }
            _ => more,
        }
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let gain = setup.params.float("gain").map(|gain| gain as f32);
        if Self::is(Fault::Contained) && gain.is_none() {
            std::process::abort();
        }
        if Self::is(Fault::Constructor) {
            thread::sleep(Duration::from_millis(300));
        }
        if Self::is(Fault::Rates) && setup.rate == 47_999 {
            panic!("an odd rate");
        }
        MADE.fetch_add(1, Relaxed);
        *LAST.lock().expect("nobody panics with it") = 0.0;
        FIRST_THREAD.get_or_init(|| thread::current().id());
        let all_wanted = setup.wanted.iter().all(|wanted| *wanted);
        Ok(Self { gain: gain.ok_or("no gain")?, all_wanted, seen: 0, last: 0.0 })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let largest = block.data().iter().copied().fold(0.0, f32::max);
        match Self::FAULT {
            Fault::Silence if largest == 0.0 => return Err("nothing to hear".into()),
            Fault::Loud if largest > 300.0 => panic!("too loud"),
            Fault::Parameters if self.gain == 4.0 => panic!("too much gain"),
            Fault::Channels if block.channels() > 2 => panic!("too many channels"),
            _ => {}
        }
        if Self::is(Fault::Channels) {
            // One frame for each hop that begins within the block.
            let (start, end) = (block.position(), block.position() + block.count() as u64);
            output.frames(0, (end.div_ceil(512) - start.div_ceil(512)) as usize)?.fill(self.gain);
            return Ok(());
        }
        let rows: Vec<_> = block.rows().collect();
        for (place, (row, magnitudes)) in output.frames(0, rows.len())?.iter_mut().zip(rows).enumerate() {
            let value = magnitudes.iter().copied().fold(0.0, f32::max) * self.gain;
            // Bin 0 of a constant is larger than any other signal's.
            if Self::is(Fault::Signals) && magnitudes[0] > 500.0 && magnitudes[2] < 1.0 {
                return Err("a constant".into());
            }
            *row = self.spoil(value, place);
            self.seen += 1;
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        match (Self::FAULT, self.seen) {
            (Fault::Empty, 0) => panic!("no audio"),
            (Fault::Short, 1) => panic!("too short"),
            (Fault::Times, _) => output.events(1, &[event(1 << 40, vec![1.0])]),
            (Fault::Wanted, _) => output.events(1, &[event(0, vec![1.0])]),
            _ => Ok(()),
        }
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), Error> {
        let last = self.last;
        *self = Self::new(setup)?;
        if Self::is(Fault::Reset) {
            self.last = last;
        }
        Ok(())
    }
}
