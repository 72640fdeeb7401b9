//! `cargo xtask test`: every step that must pass before a change goes in, one
//! after another, with what each took and what failed told at the end.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cargo::{self, Counts, cargo, run_tests};
use crate::{golden, header, tidy, wasm};

/// Where the recordings are that some tests use if they find them.
const RECORDINGS: &str = "AGOGIC_TEST_DATA";

pub(crate) fn run(root: &Path, keep_going: bool) -> Result<()> {
    check_tools(root)?;
    say_missing(root);
    let mut report = Report::default();
    let steps: [(&str, Step); 10] = [
        ("fmt", |root, _| cargo::run(cargo(root, &["fmt", "--all", "--check"]))),
        ("clippy", |root, _| {
            let lints = ["--", "--deny", "warnings"];
            cargo::run(cargo(
                root,
                &[&["clippy", "--workspace", "--all-targets", "--locked"], &lints[..]].concat(),
            ))
        }),
        ("without std", |root, _| {
            // Alone: next to the rest it would be built with the rest's features.
            cargo::run(cargo(
                root,
                &["check", "--package", "agogic-tempo", "--no-default-features", "--locked"],
            ))
        }),
        ("tidy", |root, _| tidy::run(root)),
        ("C header", |root, _| header::run(root, true)),
        ("tests", |root, counts| {
            let mut command = cargo(root, &["test", "--workspace", "--locked", "--no-fail-fast"]);
            command.env("INSTA_UPDATE", "no");
            run_tests(command, counts)
        }),
        ("example calculators", examples),
        // A second time, apart from the rest: whoever changed a calculator
        // looks for this line.
        ("golden", |root, _| run_tests(golden::command(root, false), &mut Counts::default())),
        ("WebAssembly", |root, _| wasm::run_if_possible(root)),
        ("documentation", |root, _| {
            let mut command = cargo(root, &["doc", "--workspace", "--lib", "--no-deps", "--locked"]);
            command.env("RUSTDOCFLAGS", "--deny warnings");
            cargo::run(command)
        }),
    ];
    for (name, step) in steps {
        println!("\n== {name} ==");
        let start = Instant::now();
        let result = step(root, &mut report.counts);
        if let Err(error) = &result {
            println!("{error:#}");
        }
        report.steps.push((name, start.elapsed(), result.is_ok()));
        if result.is_err() && !keep_going {
            break;
        }
    }
    say_missing(root);
    println!("\n{report}");
    let failed: Vec<_> = report.steps.iter().filter(|(.., passed)| !passed).map(|(name, ..)| *name).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

type Step = fn(&Path, &mut Counts) -> Result<()>;

/// Crates that stand outside the workspace, as an outside author's would: the
/// examples, and the calculators that the tests want to misbehave.
fn examples(root: &Path, counts: &mut Counts) -> Result<()> {
    let folder = root.join("examples").join("calculators");
    let mut crates: Vec<PathBuf> = vec![];
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            crates.push(path);
        }
    }
    crates.sort();
    let misbehaving = root.join("tests").join("misbehaving");
    cargo::run(cargo(&misbehaving, &["fmt", "--check"]))?;
    let mut lints = cargo(&misbehaving, &["clippy", "--locked", "--", "--deny", "warnings"]);
    // Where the end-to-end tests build them, too: what stands below is built once.
    let target = root.join("target").join("plug-ins").join("build");
    lints.env("CARGO_TARGET_DIR", &target);
    cargo::run(lints)?;
    for folder in crates {
        println!("{}:", folder.strip_prefix(root).unwrap_or(&folder).display());
        cargo::run(cargo(&folder, &["fmt", "--check"]))?;
        for features in [&[][..], &["--all-features"]] {
            let with = |args: &[&str], rest: &[&str]| {
                let mut command = cargo(&folder, &[args, features, rest].concat());
                command.env("CARGO_TARGET_DIR", &target);
                command
            };
            cargo::run(with(&["clippy", "--all-targets", "--locked"], &["--", "--deny", "warnings"]))?;
            run_tests(with(&["test", "--locked"], &[]), counts)?;
            cargo::run(with(&["build", "--locked"], &[]))?;
        }
    }
    Ok(())
}

/// Names what is missing on this machine, and what installs it.
fn check_tools(root: &Path) -> Result<()> {
    let works = |command: &mut Command| {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    let mut missing = vec![];
    if !works(&mut cargo(root, &["fmt", "--version"])) {
        missing.push("rustfmt: rustup component add rustfmt");
    }
    if !works(&mut cargo(root, &["clippy", "--version"])) {
        missing.push("clippy: rustup component add clippy");
    }
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    if cfg!(unix) && !works(Command::new(compiler).arg("--version")) {
        missing.push(
            "a C compiler, for the SQLite that is built in: apt-get install build-essential (Debian), \
             dnf install gcc (Fedora), xcode-select --install (macOS)",
        );
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this machine lacks\n  {}", missing.join("\n  "))
}

/// Says what is missing without which some tests pass without looking.
fn say_missing(root: &Path) {
    let named = std::env::var_os(RECORDINGS).map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root.join("..").join("shared").join("data"));
    if !folder.is_dir() {
        println!(
            "The optional recordings are not here: tests that use them pass without looking. \
             {RECORDINGS} names their folder."
        );
    }
    if std::env::var_os("AGOGIC_NODE_MODULES").is_none() {
        println!(
            "AGOGIC_NODE_MODULES names no folder with the npm package waveform-data: the test that reads \
             waveforms with it passes without looking. npm install --prefix DIR waveform-data@4.5.2 brings it."
        );
    }
    if Command::new("vamp-simple-host").arg("-v").output().is_err() {
        println!(
            "The Vamp SDK's example plug-ins and its host are not here: tests that use them pass without \
             looking. apt-get install vamp-examples vamp-plugin-sdk (Debian) brings them."
        );
    }
}

/// What each step took and came to.
#[derive(Default)]
struct Report {
    steps: Vec<(&'static str, Duration, bool)>,
    counts: Counts,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, took, passed) in &self.steps {
            let verdict = if *passed { "ok" } else { "FAILED" };
            writeln!(f, "{name:20} {:8.1} s  {verdict}", took.as_secs_f64())?;
        }
        let total: Duration = self.steps.iter().map(|(_, took, _)| took).sum();
        writeln!(f, "{:20} {:8.1} s", "together", total.as_secs_f64())?;
        let Counts { passed, failed, ignored } = self.counts;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored")
    }
}
