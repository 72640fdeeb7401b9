//! One test, as it is handed to a process of its own, and what that process
//! does with it.

use std::path::PathBuf;

use agogic_host::LoadedCalculator;
use serde::{Deserialize, Serialize};

use crate::bench::Bench;
use crate::checks::Scope;
use crate::report::Verdict;
use crate::{ValidateError, checks};

/// One test of one calculator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) file: PathBuf,
    /// None for tests of the library as a whole.
    pub(crate) calculator: Option<String>,
    pub(crate) test: String,
    pub(crate) seed: u64,
    pub(crate) lock: Option<PathBuf>,
    pub(crate) against: Option<PathBuf>,
    /// Where the outcome is to be written: what a plug-in prints does not get
    /// in its way.
    pub(crate) outcome: PathBuf,
}

/// What a test's process found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// The library's calculators, where it could be loaded.
    pub(crate) calculators: Vec<String>,
}

/// Runs the test that the argument names, and writes what came of it where the
/// argument says. The argument is that which the program was started with by
/// [`validate`](crate::validate).
///
/// # Errors
/// [`ValidateError::Process`] for an argument that is none, or an outcome that
/// cannot be written.
pub fn child(argument: &str) -> Result<(), ValidateError> {
    let failed = |error: &dyn std::fmt::Display| ValidateError::Process(error.to_string());
    let job: Job = serde_json::from_str(argument).map_err(|error| failed(&error))?;
    let outcome = serde_json::to_vec(&run(&job)).map_err(|error| failed(&error))?;
    std::fs::write(&job.outcome, outcome).map_err(|error| failed(&error))
}

fn run(job: &Job) -> Outcome {
    let start = std::time::Instant::now();
    let loaded = match LoadedCalculator::all_of(&job.file) {
        Ok(loaded) => loaded,
        Err(error) => return Outcome { verdict: Verdict::fail(error.to_string()), calculators: vec![] },
    };
    let loading = start.elapsed();
    let calculators = loaded.iter().map(|found| found.spec.id.to_string()).collect();
    let check = checks().iter().find(|check| check.name == job.test);
    let verdict = match (check.map(|check| check.scope), &job.calculator) {
        (None, _) => Verdict::fail(format!("there is no test {}", job.test)),
        (Some(Scope::Library(run)), _) => run(&loaded, loading),
        (Some(Scope::Calculator(run)), Some(id)) => {
            match loaded.iter().find(|found| found.spec.id.as_str() == id) {
                Some(calculator) => run(&Bench::new(calculator, job)).unwrap_or_else(|verdict| verdict),
                None => Verdict::fail("the library has no such calculator any more"),
            }
        }
        (Some(Scope::Calculator(_)), None) => Verdict::fail("it needs a calculator"),
    };
    Outcome { verdict, calculators }
}
