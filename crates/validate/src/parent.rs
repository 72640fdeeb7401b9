//! Starts a process for each test and waits for it, but not for ever.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use regex_lite::Regex;
use wait_timeout::ChildExt as _;

use crate::checks::Scope;
use crate::job::{Job, Outcome};
use crate::report::Verdict;
use crate::{Report, TestResult, ValidateError, checks};

/// What to validate, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The plug-in.
    pub file: PathBuf,
    /// What noise is made from.
    pub seed: u64,
    /// Only tests of which `CALCULATOR/TEST`, or `TEST` for those of the
    /// library, matches this regular expression.
    pub only: Option<String>,
    /// The revision lock to compare with; none is looked for elsewhere.
    pub lock: Option<PathBuf>,
    /// Another build of the same plug-in, to compare with.
    pub against: Option<PathBuf>,
    /// How long a test may take.
    pub limit: Duration,
    /// Program that calls [`child`](crate::child), and the arguments before the
    /// one that it is handed.
    pub program: (PathBuf, Vec<OsString>),
}

/// Runs the tests, one after another, and tells each result as it comes.
///
/// # Errors
/// [`ValidateError`] where no test could be run. Faults of the plug-in are
/// results.
pub fn validate(options: &Options, mut each: impl FnMut(&TestResult)) -> Result<Report, ValidateError> {
    let files = [Some(&options.file), options.lock.as_ref(), options.against.as_ref()];
    for path in files.into_iter().flatten() {
        let found = File::open(path);
        found.map_err(|cause| ValidateError::File { path: path.clone(), cause })?;
    }
    let only = pattern(options.only.as_deref())?;
    let folder = tempfile::tempdir().map_err(|error| ValidateError::Process(error.to_string()))?;
    let mut results = vec![];
    let mut told = |calculator: Option<&str>, test: &str, (verdict, seconds): (Verdict, f64)| {
        let result = TestResult {
            calculator: calculator.map(Into::into),
            test: test.into(),
            status: verdict.status,
            reason: one_line(&verdict.reason),
            seconds,
        };
        each(&result);
        results.push(result);
    };
    // First of all: without it nobody knows the calculators.
    let mut calculators = vec![];
    for check in checks().iter().filter(|check| matches!(check.scope, Scope::Library(_))) {
        let (outcome, seconds) = run(options, folder.path(), None, check.name)?;
        if calculators.is_empty() {
            calculators = outcome.calculators;
        }
        if only.as_ref().is_none_or(|only| only.is_match(check.name)) || calculators.is_empty() {
            told(None, check.name, (outcome.verdict, seconds));
        }
    }
    for calculator in &calculators {
        for check in checks().iter().filter(|check| matches!(check.scope, Scope::Calculator(_))) {
            let name = format!("{calculator}/{}", check.name);
            if only.as_ref().is_none_or(|only| only.is_match(&name)) {
                let (outcome, seconds) = run(options, folder.path(), Some(calculator), check.name)?;
                told(Some(calculator), check.name, (outcome.verdict, seconds));
            }
        }
    }
    if results.is_empty() {
        return Err(ValidateError::NoTest(options.only.clone().unwrap_or_default()));
    }
    Ok(Report { file: options.file.clone(), seed: options.seed, results })
}

fn pattern(text: Option<&str>) -> Result<Option<Regex>, ValidateError> {
    let failed = |text: &str, cause| ValidateError::Pattern { pattern: text.into(), cause };
    text.map(|text| Regex::new(text).map_err(|cause| failed(text, cause))).transpose()
}

/// A test in a process of its own, and the seconds that it took.
fn run(
    options: &Options,
    folder: &Path,
    calculator: Option<&str>,
    test: &str,
) -> Result<(Outcome, f64), ValidateError> {
    let failed = |error: &dyn std::fmt::Display| ValidateError::Process(error.to_string());
    let outcome = folder.join("outcome");
    let job = Job {
        file: options.file.clone(),
        calculator: calculator.map(Into::into),
        test: test.into(),
        seed: options.seed,
        lock: options.lock.clone(),
        against: options.against.clone(),
        outcome: outcome.clone(),
    };
    let argument = serde_json::to_string(&job).map_err(|error| failed(&error))?;
    // Files, not pipes: a process that a plug-in left behind may hold them open.
    let said = folder.join("said");
    let stderr = File::create(&said).map_err(|error| failed(&error))?;
    let (program, arguments) = &options.program;
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|error| failed(&error))?;
    let ended = child.wait_timeout(options.limit).map_err(|error| failed(&error))?;
    if ended.is_none() {
        child.kill().and_then(|()| child.wait()).map_err(|error| failed(&error))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let written = std::fs::read(&outcome).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let _ = std::fs::remove_file(&outcome);
    let reason = match (ended, written) {
        (Some(status), Some(found)) if status.success() => return Ok((found, seconds)),
        (None, _) => format!("it was not done after {} s", options.limit.as_secs_f64()),
        (Some(status), _) => {
            let last = std::fs::read(&said).map(|said| last_line(&said)).unwrap_or_default();
            format!("{}{last}", how(status))
        }
    };
    Ok((Outcome { verdict: Verdict::fail(reason), calculators: vec![] }, seconds))
}

/// How a process ended that should have written its outcome.
fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended the process with status {code}"),
        None => format!("it crashed the process ({status})"),
    }
}

fn last_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map(|line| format!(": {line}")).unwrap_or_default()
}

/// A reason in one line of bearable length, whatever a plug-in says.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(240) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_why() {
        assert_eq!(last_line(b"a\nmemory allocation failed\n\n"), ": memory allocation failed");
        assert_eq!(last_line(b""), "");
        assert_eq!(one_line(" a\n b "), "a b");
        assert_eq!(one_line(&"x".repeat(300)).len(), 243);
    }

    #[test]
    fn patterns_are_checked() {
        assert!(pattern(Some("a/.*")).unwrap().unwrap().is_match("a/b"));
        assert!(pattern(Some("(")).unwrap_err().to_string().starts_with("pattern \"(\""));
    }
}
