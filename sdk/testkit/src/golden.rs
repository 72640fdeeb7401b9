//! The golden test of an author's crate.

use std::path::Path;

use agogic_calculator::Calculator;

use crate::{Linked, Lock, Severity, compare, record};

/// The lock's file name, beside the crate's `Cargo.toml`.
pub const LOCK_FILE: &str = "calculator.lock";

/// Runs a calculator over the golden signals and compares what it gives with
/// `calculator.lock` in this folder, mostly `env!("CARGO_MANIFEST_DIR")`.
///
/// With the environment variable `AGOGIC_UPDATE=1` it writes the file instead,
/// unless values changed without a new version: what was never released can be
/// locked anew by deleting the file first.
///
/// # Panics
/// When values changed without a new version, when the lock must be written
/// anew, or when the calculator cannot be run.
#[track_caller]
pub fn golden<C: Calculator>(folder: &str) {
    let write = std::env::var_os("AGOGIC_UPDATE").is_some_and(|value| value == "1");
    let done = if write { update::<C>(folder) } else { check::<C>(folder) };
    if let Err(why) = done {
        panic!("{why}");
    }
}

/// Writes a calculator's part of `calculator.lock`.
///
/// # Errors
/// Why it was not written, one line for each finding.
#[allow(clippy::print_stderr, reason = "a test's own report")]
pub fn update<C: Calculator>(folder: &str) -> Result<(), String> {
    let subject = Linked::<C>::new();
    let now = record(&subject).map_err(|error| error.to_string())?;
    let path = Path::new(folder).join(LOCK_FILE);
    let id = C::describe().id;
    let findings = Lock::update(&path, id.as_str(), &now).map_err(|error| error.to_string())?;
    let refused = findings.iter().any(|finding| finding.severity == Severity::Fail);
    let lines: Vec<_> = findings.into_iter().map(|finding| finding.text).collect();
    if refused {
        return Err(format!(
            "{}\n{} was left as it is: raise version and changed_in first",
            lines.join("\n"),
            path.display()
        ));
    }
    lines.iter().for_each(|line| eprintln!("{LOCK_FILE}: {line}"));
    Ok(())
}

#[allow(clippy::print_stderr, reason = "a test's own report")]
fn check<C: Calculator>(folder: &str) -> Result<(), String> {
    let subject = Linked::<C>::new();
    let now = record(&subject).map_err(|error| error.to_string())?;
    let lock = Lock::read(&Path::new(folder).join(LOCK_FILE)).map_err(|error| error.to_string())?;
    let findings = compare(&lock, C::describe().id.as_str(), &now);
    let worst = findings.iter().map(|finding| finding.severity).max();
    let text = findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("\n");
    match worst {
        None => Ok(()),
        Some(Severity::Warn) => {
            eprintln!("warning: {text}");
            Ok(())
        }
        Some(Severity::Stale) => Err(format!("{text}\nAGOGIC_UPDATE=1 cargo test writes {LOCK_FILE} anew")),
        Some(Severity::Fail) => Err(format!("{text}\nraise version and changed_in, or undo the change")),
    }
}
