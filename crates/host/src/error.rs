//! What can go wrong between finding a calculator and its last frame.

use std::path::PathBuf;

use agogic_schema::{CalculatorId, SchemaError};

use crate::ReceiveError;

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
        /// Generation and version that the library was built for.
        found: String,
        /// Generation that this host speaks.
        spoken: u32,
    },
    /// A library of this generation whose layout differs all the same.
    #[error("built against another draft of the interface: {0}")]
    Layout(String),
    /// A part of a library that cannot be used; the rest can.
    #[error("{0}")]
    Part(String),
    /// A description that cannot be read.
    #[error("its description cannot be read: {0}")]
    Manifest(String),
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
    /// The calculator broke the rules of the interface.
    #[error("the calculator broke the interface: {0}")]
    Misbehaved(String),
    /// Whoever takes the results cannot.
    #[error("{0}")]
    Receiver(ReceiveError),
}
