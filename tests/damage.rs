//! Whatever happens to the files of the cache, answers stay right: damage is
//! counted, and what it cost is computed again.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use agogic_tests::{Sandbox, Wav};

/// One descriptor of each shape and some more: what is damaged in turn.
const IDS: [&str; 6] = [
    "agogic.mel",
    "agogic.onset.strength",
    "agogic.onset.times",
    "agogic.peaks",
    "agogic.rms",
    "agogic.spectrum",
];

fn answers(sandbox: &Sandbox) -> Vec<Vec<u8>> {
    IDS.iter().map(|id| sandbox.ok(&["frames", "song.wav", id, "--quiet"]).stdout).collect()
}

fn damaged(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["cache", "stats", "--json"])["damaged"].as_u64().unwrap()
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x20;
    fs::write(file, bytes).unwrap();
}

/// Damages each chunk file in turn; the next run must mend it.
fn check(harm: impl Fn(&Path, u64), through_analyze: bool) {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    sandbox.ok(&["analyze", "song.wav", "--only", &IDS.join(",")]);
    let before = answers(&sandbox);
    let files = sandbox.chunk_files();
    assert_eq!(files.len(), IDS.len());
    assert_eq!(damaged(&sandbox), 0);
    for (round, file) in files.iter().enumerate() {
        harm(file, fs::metadata(file).unwrap().len());
        if through_analyze {
            let ran = sandbox.json(&["analyze", "song.wav", "--json", "--only", &IDS.join(",")]);
            assert_eq!(ran["computed"].as_array().unwrap().len(), 1, "{}: {ran}", file.display());
        }
        assert_eq!(answers(&sandbox), before, "{}", file.display());
        assert_eq!(damaged(&sandbox), round as u64 + 1, "{}", file.display());
        assert_eq!(
            sandbox.json(&["analyze", "song.wav", "--json", "--only", &IDS.join(",")])["computed"],
            serde_json::json!([])
        );
    }
    sandbox.ok(&["cache", "verify"]);
}

#[test]
fn a_flipped_byte_in_the_values() {
    check(|file, len| flip(file, len as usize / 2), false);
}

#[test]
fn a_flipped_byte_in_the_first_bytes() {
    check(|file, _| flip(file, 3), true);
}

#[test]
fn a_flipped_byte_in_the_last_bytes() {
    check(|file, len| flip(file, len as usize - 1), true);
}

/// Damage that leaves size and times as they were is seen when it is read.
#[test]
fn a_flipped_byte_behind_the_back_of_the_times() {
    check(
        |file, len| {
            let times = fs::metadata(file).unwrap();
            flip(file, len as usize / 2);
            fs::File::options()
                .append(true)
                .open(file)
                .unwrap()
                .set_modified(times.modified().unwrap())
                .unwrap();
        },
        false,
    );
}

#[test]
fn a_file_cut_short() {
    check(|file, len| fs::File::options().write(true).open(file).unwrap().set_len(len / 2).unwrap(), true);
}

#[test]
fn an_empty_file() {
    check(|file, _| drop(fs::File::create(file).unwrap()), false);
}

#[test]
fn a_deleted_file() {
    check(|file, _| fs::remove_file(file).unwrap(), true);
}

#[test]
fn a_lost_or_broken_index_costs_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    sandbox.ok(&["analyze", "song.wav", "--only", &IDS.join(",")]);
    let before = answers(&sandbox);
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(sandbox.cache().join(name));
    }
    assert_eq!(
        sandbox.json(&["analyze", "song.wav", "--json", "--only", &IDS.join(",")])["computed"],
        serde_json::json!([])
    );
    fs::write(sandbox.cache().join("index.db"), b"I am no database").unwrap();
    assert_eq!(
        sandbox.json(&["analyze", "song.wav", "--json", "--only", &IDS.join(",")])["computed"],
        serde_json::json!([])
    );
    assert_eq!(answers(&sandbox), before);
}

/// Killed at any moment: the cache verifies and the next run completes.
#[test]
fn a_kill_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(20).bytes(None));
    let whole = Sandbox::new();
    whole.write("song.wav", &Wav::bursts(20).bytes(None));
    whole.ok(&["analyze", "song.wav"]);
    let expect = answers(&whole);
    for round in 0..10u64 {
        let mut child = sandbox
            .command(&["analyze", "song.wav"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        kill_when(&mut child, &sandbox, round * round * 200_000);
        let verified = sandbox.run(&["cache", "verify"]);
        assert_eq!(verified.status, Some(0), "round {round}: {}", verified.stderr);
        let left = fs::read_dir(sandbox.cache().join("tmp")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "round {round}: files left in tmp");
    }
    sandbox.ok(&["analyze", "song.wav"]);
    assert_eq!(answers(&sandbox), expect);
    assert_eq!(damaged(&sandbox), 0);
}

/// Kills a run once so many bytes stand in its temporary files or it ends:
/// another point of the work each round, whatever the machine's speed.
fn kill_when(child: &mut Child, sandbox: &Sandbox, bytes: u64) {
    while child.try_wait().unwrap().is_none() {
        let files = fs::read_dir(sandbox.cache().join("tmp")).into_iter().flatten().flatten();
        let written: u64 = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
        if written > bytes {
            break;
        }
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}
