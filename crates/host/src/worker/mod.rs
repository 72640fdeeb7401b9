//! Plug-ins in a process of their own: which program that is, the messages, the
//! shared memory, both ends.
//!
//! The program is this one, started again, or any that calls [`run_if_asked`]
//! first of all. It reads requests from stdin and writes replies to stdout,
//! each a length of four bytes and a MessagePack message (`message`). Samples
//! and frames go through shared memory (`shared`). `serve` is the worker's end,
//! `process` and `isolated` are the host's.

mod call;
mod isolated;
mod message;
mod outputs;
mod process;
mod serve;
mod shared;
mod unusable;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use isolated::{IsolatedLibrary, describe};
pub(crate) use process::{Died, Process};
pub use serve::run;

/// The argument that asks a program to be a worker.
const ASKED: &str = "--agogic-worker";

/// Whether this program answers to that argument.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// A program that works for the host: given its arguments, it serves requests
/// at stdin until that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
}

impl Program {
    /// The `agogic` command at this path.
    pub fn agogic(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), args: vec!["worker".into()] }
    }

    /// A program that calls [`run_if_asked`].
    pub fn asking(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), args: vec![ASKED.into()] }
    }

    /// What there is where nobody names one: the `agogic` command that
    /// `AGOGIC_WORKER` names, or this very program if it is `agogic` or has
    /// called [`run_if_asked`].
    pub fn find() -> Option<Self> {
        if let Some(path) = std::env::var_os("AGOGIC_WORKER").filter(|path| !path.is_empty()) {
            return Some(Self::agogic(path));
        }
        let own = std::env::current_exe().ok()?;
        if ANSWERS.load(Ordering::Relaxed) {
            return Some(Self::asking(own));
        }
        (own.file_stem()? == "agogic").then(|| Self::agogic(own))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes any program a worker when it is asked to be one, and then does not
/// return. To be called first of all in `main` by whoever hosts plug-ins.
pub fn run_if_asked() {
    if std::env::args_os().nth(1).is_some_and(|arg| arg == ASKED) {
        run();
    }
    ANSWERS.store(true, Ordering::Relaxed);
}
