//! `agogic calculators validate`: looks for faults in a finished plug-in. Each
//! test is this program again, started with a hidden command.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use agogic_validate::{Options, Report, Status, TestResult};
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;

use crate::args::authors::Validate;
use crate::formats::json;
use crate::output;
use crate::stop::Stop;
use crate::terminal::{OneLine, Terminal};

/// The hidden command that runs one test.
pub(crate) const CHILD: &str = "validate-one";

/// What is printed with `--json`.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    report: &'a Report,
    passed: usize,
    skipped: usize,
    warned: usize,
    failed: usize,
}

/// A test as `--list --json` prints it.
#[derive(Serialize)]
struct Test {
    name: &'static str,
    about: &'static str,
}

/// Validates a plug-in file.
pub(super) fn run(args: &Validate, terminal: &Terminal) -> Result<(), Stop> {
    let Some(file) = args.file.as_ref().filter(|_| !args.list) else { return list(args.json) };
    let program = std::env::current_exe().map_err(|error| Stop::failed("this program", error))?;
    let options = Options {
        file: file.clone(),
        seed: args.seed,
        only: args.only.clone(),
        lock: args.lock.clone().or_else(|| lock_of(file)),
        against: args.against.clone(),
        limit: Duration::from_secs(args.timeout.into()),
        program: (program, vec![CHILD.into()]),
    };
    let mut closed = Ok(());
    let mut before = None;
    let report = agogic_validate::validate(&options, |result| {
        if !args.json && closed.is_ok() {
            closed = output::stdout(|out| line(out, result, &mut before, terminal));
        }
    });
    closed?;
    let report = report.map_err(|error| Stop::Failed(error.to_string()))?;
    let [passed, skipped, warned, failed] =
        [Status::Pass, Status::Skip, Status::Warn, Status::Fail].map(|status| report.count(status));
    output::stdout(|out| {
        if args.json {
            return json::line(out, &Whole { report: &report, passed, skipped, warned, failed });
        }
        writeln!(
            out,
            "\n{passed} passed, {warned} warned, {failed} failed, {skipped} skipped, seed {}",
            args.seed
        )
    })?;
    if failed > 0 { Err(Stop::Told) } else { Ok(()) }
}

/// Runs the test of which this process was started.
pub(crate) fn child(job: &str) -> Result<(), Stop> {
    agogic_validate::child(job).map_err(|error| Stop::Failed(error.to_string()))
}

/// The lock beside the crate that this file was built from:
/// `CRATE/target/release/FILE`, or with a target triple between.
fn lock_of(file: &Path) -> Option<PathBuf> {
    let file = std::fs::canonicalize(file).ok()?;
    let target = file.ancestors().skip(2).take(2).find(|folder| folder.ends_with("target"))?;
    Some(target.parent()?.join("calculator.lock")).filter(|lock| lock.is_file())
}

fn list(as_json: bool) -> Result<(), Stop> {
    output::stdout(|out| {
        let tests = agogic_validate::checks();
        if as_json {
            let tests: Vec<_> = tests.iter().map(|t| Test { name: t.name, about: t.about }).collect();
            return json::line(out, &tests);
        }
        tests.iter().try_for_each(|test| writeln!(out, "{:<12}  {}", test.name, test.about))
    })
}

fn line(
    out: &mut dyn Write,
    result: &TestResult,
    before: &mut Option<String>,
    terminal: &Terminal,
) -> io::Result<()> {
    if result.calculator != *before {
        before.clone_from(&result.calculator);
        let name = result.calculator.as_deref().unwrap_or_default();
        writeln!(out, "\n{}", terminal.paint(Style::new().bold(), name))?;
    }
    let colour = match result.status {
        Status::Pass => AnsiColor::Green,
        Status::Skip => AnsiColor::BrightBlack,
        Status::Warn => AnsiColor::Yellow,
        Status::Fail => AnsiColor::Red,
    };
    let status = terminal.paint(colour.on_default(), result.status.as_str());
    let text = format!("{:<12} {:>6.2} s  {}", result.test, result.seconds, OneLine(&result.reason));
    writeln!(out, "  {status}  {}", text.trim_end())
}
