//! Looks for faults in a finished plug-in: what `agogic calculators validate`
//! runs. Each test has a process of its own with a time limit, so that a crash,
//! an exit and a loop without end are results like any other.
//!
//! [`validate`] starts the processes; each of them is the same program again,
//! which calls [`child`] with the argument that it was given.
//!
//! What does not live here: test signals and the revision lock
//! (`agogic-testkit`), the command line, and the printing of results.
#![forbid(unsafe_code)]

mod bench;
mod checks;
mod error;
mod job;
mod parent;
mod report;

pub use checks::{Check, all as checks};
pub use error::ValidateError;
pub use job::child;
pub use parent::{Options, validate};
pub use report::{Report, Status, TestResult};
