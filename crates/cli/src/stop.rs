//! How a command ends when it does not simply finish, and what the shell is told.

use std::fmt::Display;
use std::process::ExitCode;

use crate::session;
use crate::terminal::Terminal;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something failed: the input and the cause in one line. Exit status 1.
    Failed(String),
    /// Something failed and has been told already. Exit status 1.
    Told,
    /// The command line asks for what cannot be. Exit status 2.
    Usage(String),
    /// Whoever read the output has seen enough. Exit status 0.
    Closed,
}

impl Stop {
    /// A failure of an input.
    pub(crate) fn failed(input: impl Display, cause: impl Display) -> Self {
        Self::Failed(format!("{input}: {cause}"))
    }
}

impl From<agogic::Error> for Stop {
    /// The facade's errors name their input.
    fn from(error: agogic::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The exit status of a command that ended so; says why on stderr.
pub(crate) fn exit(done: Result<(), Stop>, terminal: &Terminal) -> ExitCode {
    if session::interrupted() {
        terminal.error("interrupted");
        return ExitCode::from(130);
    }
    match done {
        Ok(()) | Err(Stop::Closed) => ExitCode::SUCCESS,
        Err(Stop::Told) => ExitCode::FAILURE,
        Err(Stop::Failed(text)) => {
            terminal.error(&text);
            ExitCode::FAILURE
        }
        Err(Stop::Usage(text)) => {
            terminal.error(&text);
            ExitCode::from(2)
        }
    }
}
