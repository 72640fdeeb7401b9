//! What can go wrong between finding a calculator and its last frame.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use agogic_schema::{CalculatorId, DescriptorId, SchemaError};

use crate::ReceiveError;
use crate::plugins::Quarantine;

/// A library that cannot be used. A retry fails the same way until the file or
/// the host changes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The file cannot be loaded as a library of this system.
    #[error("not a loadable library: {0}")]
    NotALibrary(String),
    /// A library without calculators.
    #[error("a library, but it exports no calculators")]
    NoCalculators,
    /// A library built for another generation of the interface.
    #[error("built for interface generation {found}, this host speaks generation {spoken}")]
    Generation {
        /// Generation that the library was built for.
        found: String,
        /// Generation that this host speaks.
        spoken: u32,
    },
    /// A library built for another version of the C interface.
    #[error("built for version {found} of the C interface, this host speaks version {spoken}")]
    CVersion {
        /// Version that the library was built for.
        found: u32,
        /// Version that this host speaks.
        spoken: u32,
    },
    /// A library of the C interface whose functions cannot be called.
    #[error("it breaks the C interface: {0}")]
    CInterface(String),
    /// A library of this generation whose layout differs all the same.
    #[error("its layout differs from that of the generation it names: {0}")]
    Layout(String),
    /// A part of a library that cannot be used; the rest can.
    #[error("{0}")]
    Part(String),
    /// A description that cannot be read.
    #[error("its description cannot be read: {0}")]
    Manifest(String),
    /// Its process ended when it was asked what it holds.
    #[error("its process {0} when it was asked what it holds")]
    ScanCrashed(String),
    /// It did not say in time what it holds.
    #[error("it did not say within {} s what it holds", .0.as_secs_f64())]
    ScanTimedOut(Duration),
    /// It ended or blocked its process before.
    #[error("in quarantine: {}", .0.reason)]
    Quarantined(Quarantine),
    /// The library is not what its sidecar or an earlier scan says.
    #[error("it holds other calculators than its description says")]
    Contradiction,
    /// The file is not the one that was looked at.
    #[error("it was replaced after it was looked at")]
    Replaced,
    /// There is no program to run plug-ins in.
    #[error("there is no worker program to look at plug-ins with; AGOGIC_WORKER names the agogic command")]
    NoWorker,
    /// The program to run plug-ins in cannot be used.
    #[error("the worker program cannot be used: {0}")]
    Worker(String),
    /// A description that contradicts itself.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A descriptor that another calculator computes already.
    #[error("descriptor {descriptor} of {calculator} is already computed by {other}")]
    Taken {
        /// The calculator that came later.
        calculator: CalculatorId,
        /// The descriptor that both claim.
        descriptor: String,
        /// The calculator that has it.
        other: CalculatorId,
    },
    /// A file or folder of the plug-in path that cannot be read.
    #[error("{}: {cause}", path.display())]
    Path {
        /// File or folder.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A calculator that fails when it is asked what its outputs will be.
    #[error("{0}")]
    Outputs(Box<CallError>),
    /// Parameters or input that a calculator cannot be set up with.
    #[error("{calculator} cannot be set up: {reason}")]
    Setup {
        /// The calculator.
        calculator: CalculatorId,
        /// Its reason, or the host's.
        reason: String,
    },
}

/// Why a calculator's work on an asset came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The calculator cannot serve these parameters or this asset.
    #[error("the calculator cannot be set up: {0}")]
    Setup(String),
    /// The calculator gave up.
    #[error("{0}")]
    Failed(String),
    /// The calculator panicked; the host goes on.
    #[error("the calculator {0}")]
    Panicked(String),
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// What it follows came to nothing, or was changed after it had been taken:
    /// it may yet be made of the track.
    #[error("its input was not computed, or changed at the end")]
    InputLost,
    /// The calculator gave a value that is no number. NaN is one where the
    /// descriptor has gaps; infinity never is.
    #[error("the calculator broke the interface: {descriptor} is {value} in {place}")]
    NotFinite {
        /// The descriptor.
        descriptor: DescriptorId,
        /// The value.
        value: f32,
        /// Where it stands.
        place: Place,
    },
    /// The calculator gave too few or too many frames for the asset.
    #[error(
        "the calculator broke the interface: {descriptor} has {given} frames{} instead of {}",
        of_level(*level), span(*least, *most)
    )]
    WrongCount {
        /// The descriptor.
        descriptor: DescriptorId,
        /// The level of peaks; otherwise 0.
        level: usize,
        /// Frames given.
        given: u64,
        /// Fewest that would do.
        least: u64,
        /// Most that would do.
        most: u64,
    },
    /// The calculator wrote to an output that it never described.
    #[error(
        "the calculator broke the interface: it gave values for output {output}, but describes only {outputs}"
    )]
    NoSuchOutput {
        /// The output's number, from 0.
        output: u32,
        /// How many there are.
        outputs: usize,
    },
    /// The calculator wrote to a plane that its output does not have.
    #[error("the calculator broke the interface: plane {plane} of {descriptor} does not exist")]
    NoSuchPlane {
        /// The descriptor.
        descriptor: DescriptorId,
        /// The plane's number, from 0.
        plane: u32,
    },
    /// The calculator gave something that the descriptor's shape cannot hold.
    #[error("the calculator broke the interface: {descriptor} was given {what}")]
    WrongShape {
        /// The descriptor.
        descriptor: DescriptorId,
        /// What was given.
        what: &'static str,
    },
    /// The calculator asked for more in one call than a host has room for.
    #[error("the calculator broke the interface: {count} {what} of {descriptor} in one call are too many")]
    TooMuch {
        /// The descriptor.
        descriptor: DescriptorId,
        /// How many.
        count: u64,
        /// Of what.
        what: &'static str,
    },
    /// An event has another number of values than the descriptor has bins.
    #[error(
        "the calculator broke the interface: an event of {descriptor} has {given} values instead of {bins}"
    )]
    WrongValues {
        /// The descriptor.
        descriptor: DescriptorId,
        /// Values of the event.
        given: usize,
        /// Values that it must have.
        bins: u32,
    },
    /// An event lies before the one before it, or ends before it begins.
    #[error("the calculator broke the interface: events of {descriptor} are out of order at sample {at}")]
    OutOfOrder {
        /// The descriptor.
        descriptor: DescriptorId,
        /// Where the event begins, in samples of the track's rate.
        at: i64,
    },
    /// The calculator broke another rule of the interface.
    #[error("the calculator broke the interface: {0}")]
    Misbehaved(String),
    /// A track that it is made of cannot be read.
    #[error("{0}")]
    Source(ReceiveError),
    /// The library cannot be used after all.
    #[error("the plug-in cannot be used: {0}")]
    Unusable(String),
    /// The calculator's process ended in the middle of a call.
    #[error("the calculator's process {0}")]
    Crashed(String),
    /// A call took too long, and the calculator's process was ended.
    #[error("the calculator did not return within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The calculator's process needed more memory than it may have.
    #[error("the calculator needs more than its {} MiB of memory", limit >> 20)]
    OutOfMemory {
        /// Most memory, in bytes.
        limit: u64,
    },
    /// There is no process for the calculator to work in.
    #[error("no process for the calculator: {0}")]
    Worker(String),
    /// Whoever takes the results cannot.
    #[error("{0}")]
    Receiver(ReceiveError),
}

impl CallError {
    /// Whether the same call may well end otherwise if it is made again.
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Crashed(_))
    }

    /// Whether the calculator took its process down, or had to be ended.
    pub(crate) fn is_death(&self) -> bool {
        matches!(self, Self::Crashed(_) | Self::TimedOut(_) | Self::OutOfMemory { .. })
    }
}

/// Where a value stands in a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A frame, counted from 0.
    Frame(u64),
    /// An event, by the sample at which it begins.
    EventAt(i64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "frame {frame}"),
            Self::EventAt(at) => write!(f, "the event at sample {at}"),
        }
    }
}

fn of_level(level: usize) -> String {
    if level == 0 { String::new() } else { format!(" of level {level}") }
}

fn span(least: u64, most: u64) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}
