//! `cargo xtask fuzz`: bytes that no program meant, given to everything that makes a
//! tempo map out of bytes. What lives here: the run and its report. What does not:
//! making the inputs (`inputs`), judging what comes of them (`judge`).
//!
//! First every prefix of every file of the corpus, then files damaged at random
//! until the time is up; damaged ones that still gave a map are damaged further. An
//! input may give an error or a sound map. On anything else, first of all a panic,
//! the run writes the input to `target/fuzz` and fails. The same seed makes the same
//! inputs.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod inputs;
mod judge;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agogic_tempo::formats::Format;
use anyhow::{Context as _, Result, bail};
use clap::Parser;

use inputs::{Corpus, Random};

/// Seconds from which on an input counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Give damaged files to the importers of tempo maps
#[derive(Parser)]
struct Cli {
    /// How long to go on, after the prefixes
    #[arg(long)]
    seconds: u64,
    /// What the damage is made from
    #[arg(long)]
    seed: u64,
    /// Folder for inputs that fail
    #[arg(long)]
    out: PathBuf,
    /// Try these files instead
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

thread_local! {
    /// Where the last panic was: told by the hook, asked for once it is caught.
    static PLACE: Cell<String> = const { Cell::new(String::new()) };
}

fn run(cli: &Cli) -> Result<()> {
    std::panic::set_hook(Box::new(|info| PLACE.set(info.to_string().replace('\n', " "))));
    let mut run = Run { seed: cli.seed, out: &cli.out, tally: BTreeMap::new(), slowest: Duration::ZERO };
    if !cli.files.is_empty() {
        for file in &cli.files {
            let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
            for format in std::iter::once(None).chain(Format::ALL.map(Some)) {
                run.give(&bytes, format, &file.display().to_string())?;
            }
        }
        println!("{} files: nothing failed", cli.files.len());
        return Ok(());
    }
    // Asked for at run time: clones that share a target folder share this binary.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask fuzz`")?;
    let mut corpus = Corpus::read(Path::new(&folder))?;
    println!("seed {}, {} files", cli.seed, corpus.len());
    let mut prefixes = 0_u64;
    for input in corpus.files() {
        if !run.give(&input.bytes, Some(input.format), "a file of the corpus")? {
            bail!("a {} file of the corpus gives no map", input.format);
        }
        for end in 0..input.bytes.len() {
            run.give(&input.bytes[..end], Some(input.format), "a prefix")?;
            prefixes += 1;
        }
    }
    println!("{prefixes} prefixes");
    let mut random = Random::new(cli.seed);
    let start = Instant::now();
    let mut count = 0_u64;
    while start.elapsed() < Duration::from_secs(cli.seconds) {
        let (bytes, from) = corpus.damaged(&mut random);
        // Mostly what it was; else what it looks like, or what it is not.
        let format = match random.below(8) {
            0 => None,
            1 => Some(Format::ALL[random.below(Format::ALL.len())]),
            _ => Some(from),
        };
        if run.give(&bytes, format, &format!("input {count}"))? && format == Some(from) {
            corpus.keep(bytes, from, &mut random);
        }
        count += 1;
    }
    println!("{count} damaged files in {:.0} s", start.elapsed().as_secs_f64());
    for (format, [maps, errors]) in &run.tally {
        println!("{format:12} {maps:9} maps {errors:9} errors");
    }
    println!("the slowest took {:.3} s; nothing failed", run.slowest.as_secs_f64());
    Ok(())
}

/// What a run has seen.
struct Run<'a> {
    seed: u64,
    out: &'a Path,
    /// Per format: maps and errors.
    tally: BTreeMap<String, [u64; 2]>,
    slowest: Duration,
}

impl Run<'_> {
    /// Gives an input to the importer; tells whether a map came of it.
    fn give(&mut self, bytes: &[u8], format: Option<Format>, what: &str) -> Result<bool> {
        let start = Instant::now();
        let judged = catch_unwind(AssertUnwindSafe(|| judge::judge(bytes, format)));
        let took = start.elapsed();
        self.slowest = self.slowest.max(took);
        let name = format.map_or("detected", Format::name);
        let wrong = match judged {
            Ok(Ok(_)) if took > PATIENCE => format!("it took {:.1} s", took.as_secs_f64()),
            Ok(Ok(is_map)) => {
                self.tally.entry(name.into()).or_default()[usize::from(!is_map)] += 1;
                return Ok(is_map);
            }
            Ok(Err(wrong)) => wrong,
            Err(_) => PLACE.take(),
        };
        std::fs::create_dir_all(self.out).with_context(|| self.out.display().to_string())?;
        let path = self.out.join(format!("{name}-{}.bin", self.seed));
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        bail!("seed {}, {what}, read as {name}: {wrong}\nthe input is {}", self.seed, path.display())
    }
}
