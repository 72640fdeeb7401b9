//! Why a validation could not take place.

use std::path::PathBuf;

/// Why a validation could not take place. What a test finds is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateError {
    /// The file is not there, or cannot be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A pattern that is none.
    #[error("pattern {pattern:?}: {cause}")]
    Pattern {
        /// As given.
        pattern: String,
        /// What is wrong with it.
        cause: regex_lite::Error,
    },
    /// No test bears such a name.
    #[error("no test matches {0:?}; --list names them")]
    NoTest(String),
    /// A test's process cannot be started or told what to do.
    #[error("a test's process: {0}")]
    Process(String),
}
