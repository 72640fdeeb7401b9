//! What a validation found.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Pass,
    /// There was nothing to test.
    Skip,
    /// Worth a look.
    Warn,
    /// A fault.
    Fail,
}

impl Status {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How a test ended, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) reason: String,
}

impl Verdict {
    pub(crate) fn pass() -> Self {
        Self { status: Status::Pass, reason: String::new() }
    }

    pub(crate) fn skip(reason: impl Into<String>) -> Self {
        Self { status: Status::Skip, reason: reason.into() }
    }

    pub(crate) fn warn(reason: impl Into<String>) -> Self {
        Self { status: Status::Warn, reason: reason.into() }
    }

    pub(crate) fn fail(reason: impl Into<String>) -> Self {
        Self { status: Status::Fail, reason: reason.into() }
    }
}

/// A test and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct TestResult {
    /// The calculator; none for tests of the library as a whole.
    pub calculator: Option<String>,
    /// The test.
    pub test: String,
    /// How it ended.
    pub status: Status,
    /// Why, in one line; mostly empty where it passed.
    pub reason: String,
    /// What it took, the start of its process included.
    pub seconds: f64,
}

/// What a validation found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plug-in.
    pub file: PathBuf,
    /// What the noise was made from: the same seed gives the same signals.
    pub seed: u64,
    /// By calculator, in the order of the tests.
    pub results: Vec<TestResult>,
}

impl Report {
    /// How many tests ended so.
    pub fn count(&self, status: Status) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }
}
