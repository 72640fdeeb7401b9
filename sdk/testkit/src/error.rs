//! What can be wrong with a test's own means.

use std::path::PathBuf;

/// Why a calculator could not be run, or a lock could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The description asks for an input that cannot be made.
    #[error("the input of {calculator} cannot be made: {reason}")]
    Input {
        /// The calculator.
        calculator: String,
        /// Why.
        reason: String,
    },
    /// The calculator failed on a signal.
    #[error("{calculator} failed on {signal}: {reason}")]
    Run {
        /// The calculator.
        calculator: String,
        /// The signal.
        signal: String,
        /// The calculator's reason.
        reason: String,
    },
    /// A lock file that cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
