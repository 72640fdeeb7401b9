//! The project's own tasks: `cargo xtask test`, `golden`, `parity`, `sizes`, `tidy`,
//! `header`, `bench`, `accuracy`, `fuzz`, `wasm`, `new-calculator`. What lives here: starting cargo in
//! the right way and judging what it says, the C header, and the rules of the
//! repository that no compiler checks. Nothing of the product.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod accuracy;
mod bench;
mod cargo;
mod fuzz;
mod golden;
mod header;
mod page;
mod test;
mod tidy;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

/// The project's own tasks
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass: format, lints, tidy, tests, golden, documentation
    Test {
        /// Go on after a step that fails
        #[arg(long)]
        keep_going: bool,
    },
    /// Compare every descriptor of the bundled piece with its snapshot
    Golden {
        /// Write the snapshots that differ anew
        #[arg(long)]
        update: bool,
    },
    /// Compare every descriptor with its reference, and write docs/parity.md
    Parity,
    /// Measure how small tracks are, and write docs/store-sizes.md
    Sizes,
    /// Check the rules of the repository, first of all who imports whom
    Tidy,
    /// Write the C header of the plug-in interface
    Header {
        /// Write nothing, and fail where the header is not as it should be
        #[arg(long)]
        check: bool,
    },
    /// Run benchmarks and print their medians
    Bench {
        /// Some of abi, analyze, decode, features, store, tempo, view [default: all
        /// but features and store]
        names: Vec<String>,
        #[command(flatten)]
        compared: bench::Compared,
    },
    /// Beats and onsets of rendered pieces against those that are known
    Accuracy {
        /// Write the pieces into this folder instead, for tests/reference/make_beats.py
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Give damaged bytes to the importers of tempo maps, or to what reads the cache
    Fuzz {
        /// What they are given to, one after another: importers of tempo maps, all of the cache,
        /// or parts of it
        #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "tempo")]
        #[arg(value_parser = ["tempo", "store", "header", "footer", "codec", "record", "file", "bundle"])]
        target: Vec<String>,
        /// How long to go on with each, after every prefix of sound files
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// What the damage is made from [default: the time]
        #[arg(long)]
        seed: Option<u64>,
        /// Try these files instead, such as one that a run wrote
        files: Vec<PathBuf>,
    },
    /// Check that tempo maps have the same bits in WebAssembly
    Wasm,
    /// Write the crate of a new calculator that builds on this checkout
    NewCalculator {
        /// Name of the crate, such as crest
        name: String,
        /// Folder to write the crate's folder into
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    // Asked for at run time: clones that share a target folder share this binary.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask`")?;
    let root = Path::new(&folder).parent().context("xtask stands in no workspace")?;
    match task {
        Task::Test { keep_going } => test::run(root, keep_going),
        Task::Golden { update } => golden::run(root, update),
        Task::Parity => page::run(root, "parity", "AGOGIC_PARITY_PAGE", "parity.md"),
        Task::Sizes => page::run(root, "sizes", "AGOGIC_SIZES_PAGE", "store-sizes.md"),
        Task::Tidy => tidy::run(root),
        Task::Header { check } => header::run(root, check),
        Task::Bench { names, compared } => bench::run(root, &names, &compared),
        Task::Accuracy { write } => accuracy::run(root, write.as_deref()),
        Task::Fuzz { target, seconds, seed, files } => {
            target.iter().try_for_each(|target| fuzz::run(root, target, seconds, seed, &files))
        }
        Task::Wasm => wasm::run(root),
        Task::NewCalculator { name, dir } => {
            let folder = agogic_scaffold::new_calculator(&name, &dir, Some(root))?;
            println!("wrote {}", folder.display());
            Ok(())
        }
    }
}
