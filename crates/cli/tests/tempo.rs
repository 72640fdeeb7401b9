//! `agogic tempo` and the ways a command ends, through the real binary. No test
//! here needs audio.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn agogic(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agogic"))
        .args(args)
        .current_dir(folder)
        .env("AGOGIC_CACHE_DIR", folder.join("cache"))
        .env("AGOGIC_PLUGIN_PATH", "")
        .env("XDG_DATA_HOME", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // Commands that read nothing may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

/// Exit status, stdout, stderr.
#[track_caller]
fn check(args: &[&str], input: &str, expect: (i32, &str, &str)) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ramp.json"), RAMP).unwrap();
    std::fs::write(folder.path().join("bad.json"), "{\"points\": [{\"beat\": 0, \"bpm\": 0}]}").unwrap();
    std::fs::write(folder.path().join("cut.mid"), b"MThd\0\0\0\x06\0\x01\0\x01").unwrap();
    std::fs::write(folder.path().join("text.mid"), "hello").unwrap();
    std::fs::write(folder.path().join("beats.txt"), "0.0\n0.5\n1.25\n").unwrap();
    std::fs::write(
        folder.path().join("song.rpp"),
        "<REAPER_PROJECT 0.1\n  <TEMPOENVEX\n    PT 0 120 0\n    PT 4 60 1\n  >\n>\n",
    )
    .unwrap();
    let done = agogic(folder.path(), args, input);
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert_eq!(
        (done.status.code(), out.as_str(), err.as_str()),
        (Some(expect.0), expect.1, expect.2),
        "{args:?}"
    );
}

/// Only the exit status, and that stderr is one line that holds these words.
#[track_caller]
fn check_error(args: &[&str], code: i32, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("there.csv"), "kept").unwrap();
    let done = agogic(folder.path(), args, "");
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(code), &b""[..]), "{args:?}: {err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("agogic: "), "{err}");
    for word in words {
        assert!(err.contains(word), "{err:?} does not say {word:?}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("there.csv")).unwrap(), "kept");
}

const RAMP: &str = r#"{"points": [{"beat": 0, "bpm": 120, "law": "linear-beats"}, {"beat": 4, "bpm": 60}]}"#;

#[test]
fn positions_convert_both_ways() {
    let at = |map, from, to| ["tempo", "convert", map, "--from", from, "--to", to];
    check(&at("120", "beats", "seconds"), "0\n1\n3\n", (0, "0\n0.5\n1.5\n", ""));
    check(&at("90", "seconds", "beats"), "2\n", (0, "3\n", ""));
    check(&at("120", "seconds", "ticks"), "0.5\n0.25", (0, "960\n480\n", ""));
    check(&at("ramp.json", "beats", "seconds"), "4\n", (0, "2.772588722239781\n", ""));
    check(&at("ramp.json", "seconds", "beats"), "2.772588722239781\n", (0, "4\n", ""));
    check(&at("120", "beats", "seconds"), "", (0, "", ""));
}

#[test]
fn what_cannot_be_is_one_line() {
    let at = |map| ["tempo", "convert", map, "--from", "beats", "--to", "seconds"];
    check(
        &at("120"),
        "1\nfour\n2\n",
        (1, "0.5\n", "agogic: standard input: line 2: \"four\" is no finite number\n"),
    );
    for bpm in ["0", "-5", "1e9", "nan", "inf"] {
        let text = format!(
            "agogic: tempo \"{bpm}\": tempo {} bpm at beat 0 is outside 0.001..=1000000 bpm\n",
            match bpm {
                "1e9" => "1000000000",
                "nan" => "NaN",
                other => other,
            }
        );
        check(&at(bpm), "1\n", (1, "", &text));
    }
    check(
        &at("bad.json"),
        "",
        (1, "", "agogic: bad.json: tempo 0 bpm at beat 0 is outside 0.001..=1000000 bpm\n"),
    );
    check(
        &at("cut.mid"),
        "",
        (1, "", "agogic: cut.mid: the MIDI file is cut off at byte 12, inside the file header\n"),
    );
    check(&at("text.mid"), "", (1, "", "agogic: text.mid: no form of tempo map that is known here\n"));
    check_error(&at("missing.json"), 1, &["missing.json", "No such file"]);
}

#[test]
fn maps_are_described() {
    check(
        &["tempo", "show", "ramp.json"],
        "",
        (
            0,
            "BAR|BEAT  BEAT  SECONDS   BPM  LAW\n\
             1|1       0     0.000000  120  linear-beats to 60\n\
             2|1       4     2.772589  60   step\n",
            "",
        ),
    );
    check(
        &["tempo", "info", "ramp.json"],
        "",
        (
            0,
            "points  2\nlast    beat 4, 2.773 s\ntempo   60 to 120 bpm\nticks   960 per quarter note\n\
             meter   4/4 from beat 0\n",
            "",
        ),
    );
    check(
        &["tempo", "info", "beats.txt", "--json"],
        "",
        (
            0,
            "{\"points\":3,\"last_beat\":2.0,\"last_seconds\":1.25,\"bpm\":[80.0,120.0],\
             \"ticks_per_quarter\":960,\"meter\":[{\"beat\":0.0,\"numerator\":4,\"denominator\":4}]}\n",
            "",
        ),
    );
}

#[test]
fn maps_come_from_any_format_by_content() {
    let at = |map| ["tempo", "convert", map, "--from", "beats", "--to", "seconds"];
    check(&at("beats.txt"), "1\n2\n", (0, "0.5\n1.25\n", ""));
    check(&["tempo", "show", "song.rpp"], "", (0, SHOWN_SONG, ""));
    check(
        &["tempo", "import", "beats.txt", "--format", "jams"],
        "",
        (
            1,
            "",
            "agogic: beats.txt: no tempo map in jams: invalid type: floating point `0.0`, expected struct File at line 1 column 3\n",
        ),
    );
    check(
        &["tempo", "export", "120", "--format", "reaper"],
        "",
        (2, "", "agogic: reaper is only read; what can be written: json, midi, dawproject, csv\n"),
    );
    check(
        &["tempo", "export", "3", "--format", "midi"],
        "",
        (
            1,
            "",
            "agogic: 3: the tempo map cannot be written as midi: 3 bpm at beat 0 is slower than its slowest tempo, 3.58 bpm\n",
        ),
    );
}

const SHOWN_SONG: &str = "BAR|BEAT  BEAT  SECONDS   BPM  LAW
1|1       0     0.000000  120  linear-time to 60
2|3       6     4.000000  60   step
";

#[test]
fn out_and_in_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ramp.json"), RAMP).unwrap();
    let run = |args: &[&str]| {
        let done = agogic(folder.path(), args, "");
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    for (format, tolerance) in [("json", 0.0), ("csv", 0.0), ("dawproject", 1e-9), ("midi", 1e-6)] {
        run(&["tempo", "export", "ramp.json", "--format", format, "-o", "out"]);
        assert_eq!(run(&["tempo", "import", "out", "-o", "back.json", "--force"]), "");
        let told = |map| run(&["tempo", "info", map, "--json"]);
        let (before, after) = (told("ramp.json"), told("back.json"));
        let last = |info: &str| {
            let (_, rest) = info.split_once("\"last_seconds\":").unwrap();
            rest.split(',').next().unwrap().parse::<f64>().unwrap()
        };
        assert!((last(&before) - last(&after)).abs() <= tolerance, "{format}: {before} {after}");
        let refused = agogic(folder.path(), &["tempo", "export", "120", "--format", "csv", "-o", "out"], "");
        assert_eq!(refused.status.code(), Some(1));
        std::fs::remove_file(folder.path().join("out")).unwrap();
    }
    // Without -o it goes to stdout.
    assert_eq!(run(&["tempo", "export", "90", "--format", "csv"]), "beat,seconds,bpm,law,to\n0,0,90,step,\n");
    assert!(run(&["tempo", "import", "ramp.json"]).contains("\"linear-beats\""));
}

#[test]
fn ten_thousand_spans() {
    let folder = tempfile::tempdir().unwrap();
    const LAWS: [&str; 5] = ["step", "linear-beats", "linear-time", "geometric-beats", "linear-period"];
    let points: Vec<_> = (0..10_000)
        .map(|i| format!(r#"{{"beat": {}, "bpm": {}, "law": "{}"}}"#, i * 3, 60 + i * 7 % 120, LAWS[i % 5]))
        .collect();
    std::fs::write(folder.path().join("map.json"), format!("[{}]", points.join(",\n"))).unwrap();
    let input: String = (0..100_000).map(|i| format!("{}\n", f64::from(i) / 3.1)).collect();
    let args = ["tempo", "convert", "map.json", "--from", "beats", "--to", "seconds"];
    let seconds = agogic_threaded(folder.path(), &args, input.clone());
    let args = ["tempo", "convert", "map.json", "--from", "seconds", "--to", "beats"];
    let back = agogic_threaded(folder.path(), &args, seconds);
    assert_eq!(back.lines().count(), 100_000);
    for (line, expect) in back.lines().zip(input.lines()) {
        let (line, expect): (f64, f64) = (line.parse().unwrap(), expect.parse().unwrap());
        assert!((line - expect).abs() <= 1e-9, "{line} is not {expect}");
    }
}

#[test]
fn a_hundred_thousand_lines() {
    let folder = tempfile::tempdir().unwrap();
    let input: String = (0..100_000).map(|i| format!("{}\n", f64::from(i) / 7.0)).collect();
    let args = ["tempo", "convert", "77.7", "--from", "beats", "--to", "seconds"];
    let seconds = agogic_threaded(folder.path(), &args, input.clone());
    let args = ["tempo", "convert", "77.7", "--from", "seconds", "--to", "beats"];
    let back = agogic_threaded(folder.path(), &args, seconds);
    for (line, expect) in back.lines().zip(input.lines()) {
        let (line, expect): (f64, f64) = (line.parse().unwrap(), expect.parse().unwrap());
        assert!((line - expect).abs() <= 1e-10, "{line} is not {expect}");
    }
    assert_eq!(back.lines().count(), 100_000);
}

/// As `agogic`, for more input than a pipe holds.
fn agogic_threaded(folder: &Path, args: &[&str], input: String) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agogic"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let done = child.wait_with_output().expect("the binary ends");
    writer.join().expect("no panic").expect("all of it was read");
    assert_eq!(done.status.code(), Some(0));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agogic"))
        .args(["tempo", "convert", "120", "--from", "beats", "--to", "seconds"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || {
        // Fails once the command is gone, which is what is expected.
        while stdin.write_all(b"1\n2\n3\n").is_ok() {}
    });
    let done = child.wait_with_output().expect("the binary ends");
    writer.join().expect("no panic");
    assert_eq!((done.status.code(), String::from_utf8(done.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn what_is_wrong_is_found_before_any_work() {
    check_error(&["analyze", "a.wav", "--profile", "nope"], 1, &["unknown profile \"nope\"", "librosa"]);
    check_error(&["analyze", "a.wav", "--only", "no.such"], 1, &["no.such", "agogic.mel"]);
    check_error(&["analyze", "a.wav", "--only", "a b"], 1, &["a b"]);
    check_error(&["analyze", "a.wav", "--tempo", "0"], 1, &["tempo \"0\""]);
    check_error(&["analyze", "a.wav"], 1, &["a.wav"]);
    check_error(&["status", "a.wav"], 1, &["a.wav"]);
    check_error(&["frames", "a.wav", "agogic.mel", "-o", "there.csv"], 1, &["there.csv", "--force"]);
    check_error(&["frames", "a.wav", "agogic.mel", "-o", "no/out.csv"], 1, &["no/out.csv", "no folder"]);
    check_error(&["frames", "a.wav", "agogic.mel", "--from", "2", "--to", "1"], 2, &["--from 2"]);
    check_error(&["plot", "a.wav", "agogic.mel", "-o", "."], 1, &["folder"]);
    check_error(&["--cache-dir", "there.csv", "cache", "stats"], 1, &["there.csv"]);
    check_error(&["man", "nothing"], 2, &["nothing"]);
}

#[test]
fn wrong_usage_is_two() {
    for args in [
        &["--no-such-flag"][..],
        &["tempo", "convert", "120"],
        &["analyze"],
        &["analyze", "a", "--jobs", "x"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(agogic(folder.path(), args, "").status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn what_a_packager_needs_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["man"],
        &["man", "tempo", "convert"],
        &["--version"],
    ] {
        let done = agogic(folder.path(), args, "");
        assert_eq!(done.status.code(), Some(0), "{args:?}");
        assert!(String::from_utf8(done.stdout).unwrap().contains("agogic"), "{args:?}");
    }
}
