//! Whole processes: `agogic peaks` beside audiowaveform, `agogic analyze` beside decoding
//! alone, and what an analysis costs in time and memory as files grow.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::input::{Files, decode_only};
use crate::music::Piece;
use crate::peers::Peers;
use crate::process::{self, Ran, is_there};
use crate::report::{Row, ms};
use crate::turns::{Way, take_turns};

/// Seconds of the files that grow.
const LENGTHS: [u32; 5] = [30, 120, 600, 3600, 7200];
const HOUR: u32 = 3600;
/// MB that an hour of stereo may take.
const MEMORY: f64 = 150.0;
/// By how much the cost of a second of audio, and the memory of files of ten minutes and
/// more, may differ and still count as the same.
const SAME: f64 = 1.25;
/// MB that have to be free before a peer is given an hour of audio.
const FREE: f64 = 18e3;

/// What is measured here, as `--only` knows it; the last two with `--long`.
pub(crate) const NAMES: [&str; 4] = ["peaks", "analyze", "memory", "length"];

/// A command of the release binary, and how long it took with an empty cache.
fn agogic(args: &[&str], file: &Path) -> Result<Ran> {
    let cache = tempfile::tempdir()?;
    let mut command = Command::new(process::agogic()?);
    command.args(args).arg(file).args(["--quiet", "--jobs", "2", "--cache-dir"]).arg(cache.path());
    process::run(&mut command)
}

fn milliseconds(ran: Result<Ran>) -> Result<f64, String> {
    ran.map(|ran| ran.seconds * 1e3).map_err(|error| format!("{error:#}"))
}

/// Peaks of a WAV file into a `.dat` file.
pub(crate) fn peaks(files: &Files, rounds: usize) -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let (ours, theirs) = (folder.path().join("a.dat"), folder.path().join("b.dat"));
    let ours = ours.to_string_lossy();
    let mut ways = [
        Way::new("agogic peaks", || {
            milliseconds(agogic(&["peaks", "-z", "512", "-b", "16", "--force", "-o", &ours], &files.mono))
        }),
        Way::new("audiowaveform", || {
            if !is_there("audiowaveform") {
                return Err("not installed".into());
            }
            let mut command = Command::new("audiowaveform");
            command.args(["-q", "-z", "512", "-b", "16", "-i"]).arg(&files.mono).arg("-o").arg(&theirs);
            milliseconds(process::run(&mut command))
        }),
    ];
    take_turns(rounds, &mut ways);
    let row = Row::new("peaks", "peaks at 512 samples, WAV in, `.dat` out, whole process");
    Ok(Row {
        demand: ">= 1.5x".into(),
        ..compare(row, &ways, |ours, theirs| (format!("{:.1}x", theirs / ours), theirs / ours >= 1.5))
    })
}

/// An analysis of FLAC, beside decoding alone.
pub(crate) fn analyze(files: &Files, rounds: usize) -> Result<Row> {
    let row = Row::new("analyze", "`agogic analyze` on FLAC, stereo, two threads, whole process");
    let row = Row { demand: "<= 1.50 times the decoding".into(), ..row };
    let flac = match &files.flac {
        Ok(flac) => flac,
        Err(reason) => return Ok(Row { note: Some(reason.clone()), ..row }),
    };
    let mut ways = [
        Way::new("agogic analyze", || milliseconds(agogic(&["analyze"], flac))),
        Way::new("decoding alone", || {
            let start = Instant::now();
            decode_only(flac).map_err(|error| format!("{error:#}"))?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        }),
    ];
    take_turns(rounds, &mut ways);
    Ok(compare(row, &ways, |ours, theirs| {
        (format!("{:.2} times the decoding", ours / theirs), ours <= 1.5 * theirs)
    }))
}

/// Fills in what two ways came to.
fn compare(row: Row, ways: &[Way<'_>; 2], judge: impl Fn(f64, f64) -> (String, bool)) -> Row {
    let [ours, theirs] = ways;
    let said = |way: &Way<'_>| match way.result() {
        Ok(took) => format!("{} {}", way.name, ms(took)),
        Err(reason) => format!("{}: {reason}", way.name),
    };
    let judged = ours.result().ok().zip(theirs.result().ok()).map(|(a, b)| judge(a, b));
    let (ratio, met) = judged.map_or((row.ratio.clone(), None), |(ratio, met)| (ratio, Some(met)));
    let note = match (ours.result(), theirs.result()) {
        (Err(reason), _) => Some(format!("not measured: {reason}")),
        (_, Err(reason)) => Some(format!("nothing to compare with, {}: {reason}", theirs.name)),
        _ => row.note.clone(),
    };
    let ours = ours.result().map_or("-".into(), ms);
    Row { ours, peers: said(theirs), ratio, met, note, ..row }
}

/// What a file of some length takes.
struct Cost {
    length: u32,
    /// Milliseconds for a second of audio.
    each: f64,
    /// MB.
    peak: Option<f64>,
}

/// Files of stereo that grow, and what peers need for an hour.
pub(crate) fn long(
    piece: &Piece,
    folder: &Path,
    python: impl Fn() -> Peers,
    only: impl Fn(&str) -> bool,
) -> Result<Vec<Row>> {
    let mut costs = vec![];
    let mut theirs = vec![];
    for length in LENGTHS.into_iter().filter(|&length| length == HOUR || only("length")) {
        eprintln!("... {length} s of stereo");
        let wav = folder.join("long.wav");
        piece.write(&wav, 2, length)?;
        let ran = agogic(&["analyze"], &wav)?;
        costs.push(Cost { length, each: ran.seconds * 1e3 / f64::from(length), peak: ran.peak });
        if length == HOUR && only("memory") {
            theirs = ["librosa", "essentia"].map(|peer| memory_of(&mut python(), peer, &wav)).into();
        }
        std::fs::remove_file(&wav)?;
    }
    let mut rows = vec![];
    if only("memory") {
        let hour = costs.iter().find(|cost| cost.length == HOUR).ok_or_else(|| anyhow!("no hour"))?;
        rows.push(memory(hour, &theirs));
    }
    if only("length") {
        rows.extend(growth(&costs));
    }
    Ok(rows)
}

fn memory_of(peers: &mut Peers, peer: &str, wav: &Path) -> String {
    let free = free().unwrap_or(0.0);
    if free < FREE {
        return format!("{peer}: not tried with {free:.0} MB free");
    }
    match peers.ask(peer, "all", wav) {
        Ok(_) => peers.peak(peer).map_or("-".into(), |peak| format!("{peer} {peak:.0} MB")),
        Err(reason) => format!("{peer}: {reason}"),
    }
}

fn memory(hour: &Cost, theirs: &[String]) -> Row {
    let row = Row::new("memory", "peak memory, `agogic analyze`, 60 min stereo");
    Row {
        ours: hour.peak.map_or("-".into(), |peak| format!("{peak:.0} MB")),
        peers: theirs.join(", "),
        demand: format!("< {MEMORY:.0} MB"),
        met: hour.peak.map(|peak| peak < MEMORY),
        ratio: hour.peak.map_or("-".into(), |peak| format!("{peak:.0} MB")),
        ..row
    }
}

/// A row for each length, beside the ten minutes.
fn growth(costs: &[Cost]) -> Vec<Row> {
    let Some(middle) = costs.iter().find(|cost| cost.length == 600) else { return vec![] };
    let row = |cost: &Cost| {
        let row = Row::new("length", &format!("`agogic analyze`, stereo, {}", minutes(cost.length)));
        let time = cost.each / middle.each;
        let memory = cost.peak.zip(middle.peak).map(|(own, middle)| own / middle);
        let longer = cost.length > middle.length;
        let most = format!("<= {SAME}");
        Row {
            ours: format!(
                "{:.2} ms for a second, {}",
                cost.each,
                cost.peak.map_or("-".into(), |peak| format!("{peak:.0} MB"))
            ),
            peers: "10 min".into(),
            ratio: format!("time {time:.2}, memory {:.2}", memory.unwrap_or(f64::NAN)),
            demand: if longer { format!("{most}, {most}") } else { "-".into() },
            met: longer.then(|| time <= SAME && memory.is_none_or(|memory| memory <= SAME)),
            ..row
        }
    };
    costs.iter().map(row).collect()
}

fn minutes(seconds: u32) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

/// MB that programs may take.
fn free() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
