//! Bad input: one line that names the input and the cause, the right exit
//! status, nothing half-written, no panic.

use std::fs;

use agogic_tests::{Ran, Sandbox, Wav, usual_descriptors};

/// The run failed with this status and one line that holds all of these words.
fn refused(ran: &Ran, status: i32, words: &[&str]) {
    assert_eq!(ran.status, Some(status), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    if status == 1 {
        assert_eq!(ran.stderr.lines().count(), 1, "one line: {}", ran.stderr);
    }
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} in: {}", ran.stderr);
    }
}

fn float(samples: &[f32]) -> Vec<u8> {
    Wav::float(44_100, 1, samples)
}

#[test]
fn audio_files() {
    let sandbox = Sandbox::new();
    let good = Wav { channels: 1, ..Wav::bursts(1) }.bytes(None);
    // Name, content, and what the error must say.
    type Case<'a> = (&'a str, Option<Vec<u8>>, &'a [&'a str]);
    let cases: [Case<'_>; 10] = [
        ("missing.wav", None, &["missing.wav", "cannot be opened"]),
        ("empty.wav", Some(vec![]), &["empty.wav", "is empty"]),
        (
            "text.wav",
            Some(b"Dear diary, today I am a file.".repeat(20)),
            &["text.wav", "not a recognised audio file"],
        ),
        ("cut.wav", Some(good[..good.len() / 2].to_vec()), &["cut.wav", "truncated"]),
        ("header.wav", Some(good[..30].to_vec()), &["header.wav"]),
        ("nan.wav", Some(float(&[0.0, 0.5, f32::NAN, 0.1])), &["nan.wav", "sample 2"]),
        ("infinite.wav", Some(float(&[f32::INFINITY])), &["infinite.wav"]),
        ("thunder.wav", Some(float(&[0.1, 1e38])), &["thunder.wav", "sample 1"]),
        ("silent.wav", Some(float(&[])), &["silent.wav", "no audio"]),
        ("song.mid", Some(fs::read(midi()).unwrap()), &["song.mid", "not a recognised audio file"]),
    ];
    for (name, bytes, words) in &cases {
        if let Some(bytes) = bytes {
            sandbox.write(name, bytes);
        }
        for args in [
            &["analyze", name][..],
            &["status", name],
            &["frames", name, "agogic.rms"],
            &["view", name, "agogic.rms", "--tempo", "120", "--every", "1/4"],
            &["plot", name, "agogic.rms", "-o", "out.png"],
        ] {
            // The last check of a file comes with its last sample.
            if args[0] == "status" && sandbox.run(args).status == Some(0) {
                continue;
            }
            refused(&sandbox.run(args), 1, words);
        }
        assert!(!sandbox.path("out.png").exists());
    }
    assert_eq!(sandbox.chunk_files(), [] as [std::path::PathBuf; 0]);
    let folder = sandbox.path("folder.wav");
    fs::create_dir(&folder).unwrap();
    refused(&sandbox.run(&["analyze", "folder.wav"]), 1, &["folder.wav", "is a directory"]);
}

fn midi() -> std::path::PathBuf {
    agogic_tests::workspace().join("examples/media/slow-turn.mid")
}

#[test]
fn the_other_files_are_still_done() {
    let sandbox = Sandbox::new();
    sandbox.write("a.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    sandbox.write("b.wav", b"no audio");
    sandbox.write("c.wav", &Wav { rate: 8_000, ..Wav::bursts(1) }.bytes(None));
    let ran = sandbox.run(&["analyze", "--json", "--keep-going", "a.wav", "b.wav", "c.wav"]);
    refused(&ran, 1, &["b.wav"]);
    // One object a file, the failed one too.
    let done: Vec<_> =
        ran.lines().iter().map(|line| (line["file"].clone(), line["asset"].is_null())).collect();
    assert_eq!(done, [("a.wav".into(), false), ("b.wav".into(), true), ("c.wav".into(), false)]);
    assert!(ran.lines()[1]["failed"][0]["error"].as_str().unwrap().contains("not a recognised audio file"));
    let ran = sandbox.run(&["analyze", "--json", "a.wav", "b.wav", "c.wav"]);
    refused(&ran, 1, &["b.wav"]);
    assert_eq!(ran.lines().len(), 2);
}

#[test]
fn small_and_odd_audio_is_analysed() {
    let sandbox = Sandbox::new();
    let cases = [
        ("one.wav", float(&[0.5])),
        ("two.wav", float(&[0.5, -0.5])),
        ("silence.wav", Wav { signal: agogic_tests::Signal::Silence, ..Wav::bursts(1) }.bytes(None)),
        ("slow.wav", Wav { rate: 8_000, ..Wav::bursts(1) }.bytes(None)),
        ("fast.wav", Wav { rate: 192_000, samples: 100_000, ..Wav::bursts(1) }.bytes(None)),
        ("eight.wav", Wav { channels: 8, samples: 10_000, ..Wav::bursts(1) }.bytes(None)),
        ("loud.wav", float(&[3.0; 5000])),
    ];
    for (name, bytes) in &cases {
        sandbox.write(name, bytes);
        for profile in ["default", "librosa"] {
            let ran = sandbox.json(&["analyze", "--json", "--profile", profile, name]);
            let computed = ran["computed"].as_array().unwrap().len();
            assert_eq!(computed, usual_descriptors().len(), "{name} {profile}: {ran}");
        }
        for id in [
            "agogic.mel",
            "agogic.mfcc.delta",
            "agogic.chroma",
            "agogic.spectral.contrast",
            "agogic.rms",
            "agogic.zero-crossings",
            "agogic.onset.strength",
            "agogic.peaks",
        ] {
            let frames = sandbox.ok(&["frames", name, id]).stdout;
            let text = String::from_utf8(frames).unwrap();
            assert!(
                !text.is_empty() && !text.contains("NaN") && !text.contains("inf"),
                "{name} {id}: {text}"
            );
        }
        sandbox.ok(&["plot", name, "agogic.mel", "--tempo", "90", "--force", "-o", "out.png"]);
    }
}

#[test]
fn requests() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    let bytes = fs::read(midi()).unwrap();
    sandbox.write("cut.mid", &bytes[..bytes.len() - 7]);
    sandbox.write("bad.json", br#"{"points":[{"beat":0,"bpm":0}]}"#);
    sandbox.write("text.json", b"once upon a time");
    let view = |tempo| ["view", "song.wav", "agogic.rms", "--every", "1/4", "--tempo", tempo];
    for (args, words) in [
        (&["analyze", "--only", "agogic.nope", "song.wav"][..], &["agogic.nope", "unknown descriptor"][..]),
        (&["analyze", "--profile", "nope", "song.wav"], &["nope", "unknown profile", "librosa"]),
        (&["frames", "song.wav", "agogic.nope"], &["agogic.nope"]),
        (&["analyze", "--tempo", "missing.json", "song.wav"], &["missing.json"]),
        (&view("0"), &["0"]),
        (&view("-120"), &["-120"]),
        (&view("1e300"), &["bpm"]),
        (&view("cut.mid"), &["cut.mid"]),
        (&view("bad.json"), &["bad.json", "0 bpm"]),
        (&view("text.json"), &["text.json"]),
        (&view("song.wav"), &["song.wav"]),
        (&["plot", "song.wav", "agogic.rms", "-o", "no/such/folder/out.png"], &["no/such/folder"]),
    ] {
        refused(&sandbox.run(args), 1, words);
    }
    for args in [
        &["analyze"][..],
        &["nonsense"],
        &["view", "song.wav", "agogic.rms", "--tempo", "90", "--every", "0"],
    ] {
        refused(&sandbox.run(args), 2, &[]);
    }
}

#[test]
fn caches_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    sandbox.write("file", b"not a folder");
    refused(&sandbox.run(&["analyze", "song.wav", "--cache-dir", "file/cache"]), 1, &["file/cache"]);
    refused(&sandbox.run(&["analyze", "song.wav", "--cache-dir", "/proc/agogic"]), 1, &["/proc/agogic"]);
    // A cache of a later program is left as it is.
    fs::create_dir(sandbox.cache()).unwrap();
    fs::write(sandbox.cache().join("VERSION"), "99\n").unwrap();
    refused(&sandbox.run(&["analyze", "song.wav"]), 1, &["version 99"]);
    assert_eq!(fs::read(sandbox.cache().join("VERSION")).unwrap(), b"99\n");
    assert_eq!(fs::read_dir(sandbox.cache()).unwrap().count(), 1);
}

/// A file size limit stands in for a full disk: writes fail in the middle.
#[cfg(unix)]
#[test]
fn a_full_disk() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(20).bytes(None));
    let binary = agogic_tests::agogic_binary().to_string_lossy().into_owned();
    let mut command = sandbox.command(&[]);
    let limited = format!("ulimit -f 400; trap '' XFSZ; exec '{binary}' analyze song.wav");
    let environment: Vec<_> =
        command.get_envs().map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned))).collect();
    command = std::process::Command::new("bash");
    command.args(["-c", &limited]).current_dir(sandbox.path("."));
    for (key, value) in environment {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    refused(&Ran::of(&mut command), 1, &["song.wav", "no room", "cache"]);
    assert_eq!(sandbox.chunk_files(), [] as [std::path::PathBuf; 0]);
    assert_eq!(fs::read_dir(sandbox.cache().join("tmp")).map_or(0, Iterator::count), 0);
    sandbox.ok(&["analyze", "song.wav"]);
}

#[test]
fn plug_ins_that_are_none_are_named_and_skipped() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    let fake = sandbox.write(&format!("fake.{}", std::env::consts::DLL_EXTENSION), b"I am a text file");
    sandbox.install(&fake);
    // A copy that was cut short would kill the process that maps it.
    let whole = fs::read(agogic_tests::crest_plugin(1)).unwrap();
    for part in [1000, whole.len() / 4, whole.len() / 2] {
        let name = format!("cut-{part}.{}", std::env::consts::DLL_EXTENSION);
        sandbox.install(&sandbox.write(&name, &whole[..part]));
    }
    let ran = sandbox.ok(&["calculators", "list", "--json"]);
    for name in ["fake.", "cut-1000", "cut-"] {
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches("not a loadable library").count(), 4, "{}", ran.stderr);
    let missing =
        Ran::of(sandbox.command(&["cache", "stats"]).env("AGOGIC_PLUGIN_PATH", "no/such/plugin.so"));
    assert!(missing.status == Some(0) && missing.stderr.contains("no/such/plugin.so"), "{missing:?}");
    sandbox.ok(&["analyze", "song.wav"]);
}
