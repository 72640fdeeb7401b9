//! `cargo xtask fuzz`: bytes that no program meant, given to everything that makes a
//! tempo map out of bytes, or to what reads the cache (`store`). What lives here: the
//! run and its report. What does not: making the inputs (`inputs`), judging what comes
//! of them (`judge`).
//!
//! First every prefix of every file of the corpus, then files damaged at random
//! until the time is up; damaged ones that still gave a map are damaged further. An
//! input may give an error or a sound map. On anything else, first of all a panic,
//! the run writes the input to `target/fuzz`, goes on, and fails in the end. The
//! same seed makes the same inputs.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod inputs;
mod judge;
mod store;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agogic_tempo::formats::Format;
use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum};

use inputs::{Corpus, Random};

/// Seconds from which on an input counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// From which on the slowest input is written down too.
const SLOW: Duration = Duration::from_secs(1);
/// Failures after which a run stops.
const MAX_FAILURES: usize = 10;
/// Letters by which failures are told apart: where a panic was, or what was wrong.
const ALIKE: usize = 48;

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
    /// What the bytes are given to
    #[arg(long, value_enum, default_value_t = Target::Tempo)]
    target: Target,
    /// Try these files instead
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Target {
    Tempo,
    /// All that follow
    Store,
    /// Headers and trailers of chunk files
    Header,
    Footer,
    /// Packed chunks
    Codec,
    /// Records, as they stand in the index
    Record,
    /// Whole chunk files in a folder
    File,
    Bundle,
}

impl Target {
    /// The name of a part of the cache, or none for all of it.
    fn of_store(self) -> Option<Option<&'static str>> {
        match self {
            Self::Tempo => None,
            Self::Store => Some(None),
            Self::Header => Some(Some("header")),
            Self::Footer => Some(Some("footer")),
            Self::Codec => Some(Some("codec")),
            Self::Record => Some(Some("record")),
            Self::File => Some(Some("file")),
            Self::Bundle => Some(Some("bundle")),
        }
    }
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
    let mut run = Run {
        seed: cli.seed,
        out: &cli.out,
        tally: BTreeMap::new(),
        slowest: Slowest::default(),
        failures: BTreeSet::new(),
    };
    if let Some(only) = cli.target.of_store() {
        store::run(&mut run, only, Duration::from_secs(cli.seconds), Random::new(cli.seed))?;
        return run.finish();
    }
    if !cli.files.is_empty() {
        for file in &cli.files {
            let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
            for format in std::iter::once(None).chain(Format::ALL.map(Some)) {
                run.give(&bytes, format, &file.display().to_string())?;
            }
        }
        return run.finish();
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
    run.finish()
}

/// What a run has seen.
struct Run<'a> {
    seed: u64,
    out: &'a Path,
    /// Per format or door: sound ones and errors.
    tally: BTreeMap<String, [u64; 2]>,
    slowest: Slowest,
    /// How each began.
    failures: BTreeSet<String>,
}

/// The input that took longest.
#[derive(Default)]
struct Slowest {
    took: Duration,
    what: String,
    bytes: Vec<u8>,
}

impl Run<'_> {
    /// Gives an input to the importer; tells whether a map came of it.
    fn give(&mut self, bytes: &[u8], format: Option<Format>, what: &str) -> Result<bool> {
        let name = format.map_or("detected", Format::name);
        self.judge(name, bytes, what, || judge::judge(bytes, format))
    }

    /// Looks at what comes of an input: whether it was sound, an error, or wrong.
    fn judge(
        &mut self,
        name: &str,
        bytes: &[u8],
        what: &str,
        give: impl FnOnce() -> Result<bool, String>,
    ) -> Result<bool> {
        let start = Instant::now();
        let judged = catch_unwind(AssertUnwindSafe(give));
        let took = start.elapsed();
        if took > self.slowest.took {
            self.slowest = Slowest { took, what: format!("{what} read as {name}"), bytes: bytes.to_vec() };
        }
        let wrong = match judged {
            Ok(Ok(_)) if took > PATIENCE => format!("it took {:.1} s", took.as_secs_f64()),
            Ok(Ok(is_map)) => {
                self.tally.entry(name.into()).or_default()[usize::from(!is_map)] += 1;
                return Ok(is_map);
            }
            Ok(Err(wrong)) => wrong,
            Err(_) => PLACE.take(),
        };
        let wrong = format!("read as {name}: {wrong}");
        if self.failures.insert(wrong.chars().take(ALIKE).collect()) {
            let path = self.write(&self.failures.len().to_string(), bytes)?;
            println!("FAILED: seed {}, {what}, {wrong}\n  the input is {}", self.seed, path.display());
            if self.failures.len() >= MAX_FAILURES {
                bail!("{MAX_FAILURES} ways to fail are enough");
            }
        }
        Ok(false)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.out.join(format!("{}-{name}.bin", self.seed));
        std::fs::create_dir_all(self.out)
            .and_then(|()| std::fs::write(&path, bytes))
            .with_context(|| path.display().to_string())?;
        Ok(path)
    }

    fn finish(&self) -> Result<()> {
        for (format, [maps, errors]) in &self.tally {
            println!("{format:12} {maps:9} sound {errors:9} errors");
        }
        let Slowest { took, what, bytes } = &self.slowest;
        println!("the slowest was {what}: {:.3} s", took.as_secs_f64());
        if *took > SLOW {
            println!("  the input is {}", self.write("slowest", bytes)?.display());
        }
        match self.failures.len() {
            0 => println!("nothing failed"),
            ways => bail!("{ways} ways to fail"),
        }
        Ok(())
    }
}
