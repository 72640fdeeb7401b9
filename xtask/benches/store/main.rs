//! This store beside LMDB, SQLite, redb, foyer and cacache: the same tracks in all of
//! them, in one process. Started by `cargo xtask bench store`.
//!
//! - `data` makes the tracks
//! - `ours` is this store, `peers` are the others
//! - `rows` times them in turns, `demands` says what is demanded, `disk` what files take
//! - `../table` makes the table, on stdout and in `docs/store-performance.md`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark tells its figures")]

mod data;
mod demands;
mod disk;
#[path = "../table/music.rs"]
mod music;
mod ours;
mod peers;
#[path = "../table/report.rs"]
mod report;
mod rows;
#[path = "../table/mod.rs"]
#[expect(dead_code, reason = "the other benchmarks use what this one does not")]
mod table;
#[path = "../table/turns.rs"]
mod turns;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use ours::{Ours, PACKINGS};
use rows::Bench;

/// What `cargo xtask bench store` hands on.
#[derive(Parser)]
struct Args {
    /// Turns that everybody has, after one that does not count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Whether everything runs: short tracks, one turn, nothing judged
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Only these parts
    #[arg(long, value_delimiter = ',', conflicts_with = "write")]
    only: Vec<Part>,
    /// Write docs/store-performance.md
    #[arg(long)]
    write: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Parts of the table.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Disk,
    Ranges,
    Whole,
    Unpack,
    Put,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in no workspace")?;
    let start = Instant::now();
    let load = load();
    eprintln!("... tracks");
    let data = data::make(if args.quick { data::FRAMES / 10 } else { data::FRAMES })?;
    let mut bench = Bench {
        data,
        ours: PACKINGS.into_iter().map(Ours::new).collect::<Result<_>>()?,
        peers: peers::all()?,
        quick: args.quick,
        rounds: if args.quick { 1 } else { args.rounds.into() },
        ranges: if args.quick { 20 } else { 300 },
        puts: if args.quick { 2 } else { 15 },
        rows: vec![],
        next: 100,
    };
    eprintln!("... into all stores");
    bench.fill()?;
    for part in Part::value_variants() {
        if !args.only.is_empty() && !args.only.contains(part) {
            continue;
        }
        disk::settle();
        match part {
            Part::Disk => bench.disk()?,
            Part::Ranges => bench.ranges()?,
            Part::Whole => bench.whole(),
            Part::Unpack => bench.unpack()?,
            Part::Put => bench.put()?,
        }
    }
    let text = text(&bench, root, start, &load)?;
    println!("{text}");
    if args.write {
        let path = root.join("docs/store-performance.md");
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        eprintln!("wrote docs/store-performance.md");
    }
    Ok(())
}

/// The page.
fn text(bench: &Bench, root: &Path, start: Instant, load: &str) -> Result<String> {
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    let rustc = report::version_of("rustc", "--version").unwrap_or_default();
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    let version = |name: &str| {
        let after = lock.split(&format!("name = \"{name}\"\nversion = \"")).nth(1);
        after.and_then(|rest| rest.split('"').next()).unwrap_or("?").to_owned()
    };
    let mut text = String::from(HEAD);
    let _ = writeln!(
        text,
        "Measured on {} on {}, load {load} before; Agogic {}, {rustc}; {}. {} turns, {minutes:.1} minutes.\n",
        report::today(),
        report::machine(),
        env!("CARGO_PKG_VERSION"),
        peers::versions(version),
        bench.rounds,
    );
    text.push_str(&report::table(&bench.rows));
    if bench.quick {
        text.push_str("\nA short run: a tenth of the frames, one turn, nothing judged.\n");
    } else {
        text.push_str("\n## What falls short or is missing\n\n");
        text.push_str(&report::shortfalls(&bench.rows));
    }
    Ok(text)
}

/// How many others the processors worked for, over one, five and fifteen minutes.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<_> = text.split_whitespace().take(3).collect();
    if load.is_empty() { "unknown".into() } else { load.join(" ") }
}

const HEAD: &str = "\
# Performance of the store

Written by `cargo xtask bench store --write`; not by hand.

Four tracks of 251 s (hop 512 at 44.1 kHz, 21,600 frames): log-mel spectra (128 bins, dB, 11.1 MB) and STFT \
magnitudes (1025 bins, 88.6 MB), of the bundled piece over and over, each time at another speed and level, and \
of a generated signal. The peers keep 64 frames as a value; where this store reads packed \
chunks in parts, they keep these very chunks, one as a value, and unpack them with its code. All is done in one \
process, in temporary folders of the same file system, with warm caches; ways take turns, the figures are \
medians. Only ratios count: machines differ, and drift while they measure. Ratios that fall short are bold.

- This store keeps values *unpacked*, *lossless* (as it does where nothing is said) or within a bound, and \
checks the checksum of every chunk that it reads. Of the peers only foyer and cacache check.
- *64 frames*: from anywhere, as f32; the median of 300 places in a turn, each of which was read once just \
before. *From its file*: an open reader reads the bytes, checks and unpacks them each time; beside it, one is \
opened each time. *From memory*: as views read, through the memory tier, where what was checked and unpacked \
once stays. LMDB, SQLite and redb hold the database open, with a transaction for each read, and their pages in \
memory; the memory tier of foyer admits nothing, so that it reads from its files.
- *All*: opened and read, this store on as many threads as it takes (two on two cores), the peers on one.
- *One thread*: an open reader, 16 chunks at a time, all of the track. The time of reading the bytes of the \
chunks alone is taken off; checksums and memory for the values are not.
- *Durable put*: under a new key, as one transaction: LMDB with its syncs, SQLite with a write-ahead log and \
`synchronous = full`, redb with `Durability::Immediate`. foyer and cacache do not sync. This store publishes a \
track of an asset that has others; beside it, of a new asset, whose folders must be made. *A file alone* is \
the least that a new file costs: written, synced, its folder synced. Before each turn the system writes what \
others left unwritten. On a busy machine a put of few bytes shows little but how often it waits for the disk.
- *Bytes on disk*: of the folder after all four tracks were put, holes in files left out, SQLite's log written \
back; beside it each file of this store.

";
