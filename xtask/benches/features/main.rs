//! Features beside what peers need for them: one thread, 300 s of mono music, frames of
//! 2048 samples every 512, decoding left out; and whole processes. Started by
//! `cargo xtask bench features`, which builds the release binary first.
//!
//! - `works` says what is compared with what, and what is demanded
//! - `runner` runs our calculators, `peers` the peers (through `../peers.py`)
//! - `turns` times them in turns, `limit` is what none can beat
//! - `whole` and `process` time and weigh whole processes
//! - `report` makes the table, on stdout and in `docs/performance.md`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark tells its figures")]

mod input;
mod limit;
#[path = "../table/music.rs"]
mod music;
mod peers;
mod process;
#[path = "../table/report.rs"]
mod report;
mod runner;
#[path = "../table/mod.rs"]
#[expect(dead_code, reason = "the other benchmarks use what this one does not")]
mod table;
#[path = "../table/turns.rs"]
mod turns;
mod whole;
mod works;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use input::Files;
use limit::Limit;
use music::Piece;
use peers::Peers;
use report::{Row, ms};
use runner::{Audio, Runner};
use turns::{Way, take_turns};
use works::{CRATE, Demand, Input, WORKS, Work};

/// What `cargo xtask bench features` hands on.
#[derive(Parser)]
struct Args {
    /// Make a virtual environment with the peers in target/peers first
    #[arg(long)]
    install_peers: bool,
    /// Another Python that has the peers
    #[arg(long, env = "AGOGIC_PEERS_PYTHON")]
    python: Option<PathBuf>,
    /// Only these rows
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Turns that everybody has, after one that does not count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of music
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=7200))]
    seconds: u32,
    /// Files of up to two hours, too
    #[arg(long)]
    long: bool,
    /// Write docs/performance.md; with the long files
    #[arg(long)]
    write: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let names = WORKS.iter().map(|work| work.name).chain(whole::NAMES).chain(["limit"]);
    let names: Vec<_> = names.collect();
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no row {unknown:?} (there are: {})", names.join(", "));
    }
    if args.write && !args.only.is_empty() {
        bail!("docs/performance.md has all rows: --write and --only do not go together");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in no workspace")?;
    let target = process::agogic()?;
    let target = target.ancestors().nth(2).context("the binary stands in no folder")?;
    let environment = target.join("peers");
    if args.install_peers {
        peers::install(&environment)?;
    }
    let folder = target.join("bench-features");
    std::fs::create_dir_all(&folder)?;

    let start = Instant::now();
    eprintln!("... {} s of music", args.seconds);
    let piece = Piece::read()?;
    let files = Files::make(&folder, &piece, args.seconds)?;
    let peers = || Peers::new(args.python.clone(), &environment);
    let mut bench =
        Bench { peers: RefCell::new(peers()), rounds: args.rounds.into(), files, rows: vec![], limits: None };
    if !bench.peers.borrow().any() {
        eprintln!("no peers are there; --install-peers fetches them from PyPI");
    }
    let only = |name: &str| args.only.is_empty() || args.only.iter().any(|wanted| wanted == name);
    bench.features(&only)?;
    if only("peaks") {
        bench.done(whole::peaks(&bench.files, bench.rounds)?);
    }
    if only("analyze") {
        bench.done(whole::analyze(&bench.files, bench.rounds)?);
    }
    if (args.long || args.write) && (only("memory") || only("length")) {
        for row in whole::long(&piece, &folder, peers, only)? {
            bench.done(row);
        }
    }
    let text = bench.text(&args, start);
    println!("{text}");
    if args.write {
        let path = root.join("docs/performance.md");
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        eprintln!("wrote docs/performance.md");
    }
    Ok(())
}

struct Bench {
    peers: RefCell<Peers>,
    rounds: usize,
    files: Files,
    rows: Vec<Row>,
    /// Milliseconds of the transforms alone, and with the power spectrum kept.
    limits: Option<[f64; 2]>,
}

impl Bench {
    fn done(&mut self, row: Row) {
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// All that runs in this process.
    fn features(&mut self, only: &dyn Fn(&str) -> bool) -> Result<()> {
        let works: Vec<_> = WORKS.iter().filter(|work| only(work.name)).collect();
        if works.is_empty() && !only("limit") {
            return Ok(());
        }
        let runner = Runner::new()?;
        let mono = input::decode(&self.files.mono)?;
        let stereo = input::decode(&self.files.stereo)?;
        let mut limit = Limit::new(&mono.interleaved());
        self.measure_limit(&mut limit);
        let interleaved = stereo.interleaved();
        for work in works {
            let audio = if work.input == Input::Mono { &mono } else { &stereo };
            let row = self.row(work, &runner, audio, &interleaved)?;
            self.done(row);
        }
        Ok(())
    }

    fn measure_limit(&mut self, limit: &mut Limit) {
        let limit = RefCell::new(limit);
        let mut ways = [
            Way::new("transforms", || Ok(clocked(|| limit.borrow_mut().transforms()))),
            Way::new("power", || Ok(clocked(|| limit.borrow_mut().power()))),
        ];
        take_turns(self.rounds.max(7), &mut ways);
        let took = ways.each_ref().map(|way| way.result().unwrap_or(f64::NAN));
        let title = "limit: packed rustfft, power spectrum stored; transforms alone";
        let ours = format!("{}; {}", ms(took[1]), ms(took[0]));
        self.limits = Some(took);
        self.done(Row { ours, ..Row::new("limit", title) });
    }

    /// A piece of work, ours and the peers' in turns.
    fn row(&self, work: &Work, runner: &Runner, audio: &Audio, interleaved: &[f32]) -> Result<Row> {
        eprintln!("... {}", work.name);
        let row = Row { demand: demand(work.demand), ..Row::new(work.name, work.title) };
        let mut plan = runner.plan(work.ids, work.params)?;
        let missing = plan.missing.join(", ");
        if plan.is_empty() {
            return Ok(Row { note: Some(format!("no calculator has {missing}")), ..row });
        }
        let complete = plan.missing.is_empty();
        let wav = if work.input == Input::Mono { &self.files.mono } else { &self.files.stereo };
        let ours = Way::new("ours", || {
            let mut ran = Ok(());
            let took = clocked(|| ran = plan.run(audio));
            ran.map(|()| took).map_err(|error| format!("{error:#}"))
        });
        let mut ways = vec![ours];
        for &(peer, feature) in work.peers.iter().chain(work.beside) {
            let several = work.peers.iter().filter(|(other, _)| *other == peer).count() > 1;
            let name = if several { format!("{peer} {feature}") } else { peer.to_owned() };
            ways.push(Way::new(name, move || match peer {
                CRATE => {
                    peers::ebur128(interleaved, feature == "true-peak").map_err(|error| error.to_string())
                }
                _ => self.peers.borrow_mut().ask(peer, feature, wav),
            }));
        }
        take_turns(self.rounds, &mut ways);
        let (ours, theirs) = (ways[0].result(), &ways[1..]);
        let ours = match ours {
            Ok(ours) => ours,
            Err(reason) => return Ok(Row { note: Some(format!("it failed: {reason}")), ..row }),
        };
        let judged = theirs[..work.peers.len()].iter().filter_map(|way| way.result().ok());
        let best = judged.min_by(f64::total_cmp);
        let said = theirs.iter().map(|way| match way.result() {
            Ok(took) => format!("{} {}", way.name, ms(took)),
            Err(reason) => format!("{}: {reason}", way.name),
        });
        let said: Vec<_> = said.collect();
        let (ratio, met) = match best {
            Some(best) => (compared(work.demand, ours, best), met(work.demand, ours, best)),
            None => (row.ratio.clone(), None),
        };
        let note = (!complete).then(|| format!("measured without {missing}, which no calculator has"));
        Ok(Row {
            ours: ms(ours),
            peers: if said.is_empty() { "-".into() } else { said.join(", ") },
            ratio,
            met: met.filter(|_| complete),
            note,
            ..row
        })
    }

    /// The page.
    fn text(&self, args: &Args, start: Instant) -> String {
        let mut text = String::from(HEAD);
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        let peers = self.peers.borrow();
        let mut versions: Vec<_> =
            peers.versions().map(|(name, version)| format!("{name} {version}")).collect();
        versions.push("ebur128 (crate) 0.1".into());
        versions.extend(report::version_of("audiowaveform", "--version"));
        let rustc = report::version_of("rustc", "--version").unwrap_or_default();
        let _ = writeln!(
            text,
            "Measured on {} on {}; Agogic {}, {rustc}; {}. {} s of music, {} turns, {minutes:.0} minutes.\n",
            report::today(),
            report::machine(),
            env!("CARGO_PKG_VERSION"),
            versions.join(", "),
            args.seconds,
            self.rounds,
        );
        if !peers.any() {
            text.push_str("No peers were installed: `cargo xtask bench features --install-peers`.\n\n");
        }
        text.push_str(&report::table(&self.rows));
        text.push_str("\n## What falls short or is missing\n\n");
        text.push_str(&report::shortfalls(&self.rows));
        text
    }
}

const HEAD: &str = "\
# Performance

Written by `cargo xtask bench features --write`; not by hand.

Everything but the rows about whole processes runs on one thread over the same music in memory: \
the bundled piece over and over, each time at another speed and level. Frames of 2048 samples every \
512, mono at 44.1 kHz where nothing else is said. Decoding is left out. Ours runs as the engine runs it, \
through the plug-in interface, and keeps all values that are asked for; so do the peers. Ways take \
turns, the figures are medians. Only ratios count: machines differ, and drift while they measure. The \
ratio is that to the fastest of the peers that the demand is about; the others are listed beside them. \
Peers have the parameters under which they agree with ours (`xtask/benches/peers.py`).

";

/// Milliseconds of a call.
fn clocked(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

fn demand(demand: Demand) -> String {
    match demand {
        Demand::Nothing => "-".into(),
        Demand::Times(times) => format!(">= {times}x"),
        Demand::Fastest(share) => format!("<= {:.0} % of the fastest", share * 100.0),
    }
}

fn compared(demand: Demand, ours: f64, best: f64) -> String {
    match demand {
        Demand::Fastest(_) => format!("{:.0} % of the fastest", ours / best * 100.0),
        _ => format!("{:.1}x", best / ours),
    }
}

fn met(demand: Demand, ours: f64, best: f64) -> Option<bool> {
    match demand {
        Demand::Nothing => None,
        Demand::Times(times) => Some(best >= times * ours),
        Demand::Fastest(share) => Some(ours <= share * best),
    }
}
