//! The cache from outside: whose it is, how large it may grow, what is removed
//! from it, how near its values are, and who of many computes.

use std::fs;
use std::process::Stdio;

use agogic_tests::{Sandbox, Wav, usual_descriptors};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    sandbox
}

fn count(report: &serde_json::Value, what: &str) -> usize {
    report[what].as_array().unwrap().len()
}

/// How many descriptors were computed and found.
fn analyze(sandbox: &Sandbox, args: &[&str]) -> (usize, usize) {
    let args = [&["analyze", "song.wav", "--json", "--only", "agogic.rms,agogic.mel"], args].concat();
    let report = sandbox.json(&args);
    (count(&report, "computed"), count(&report, "cached"))
}

#[test]
fn a_namespace_and_a_stem_have_tracks_of_their_own() {
    let sandbox = sandbox();
    let anna = ["--namespace", "anna"];
    for (args, expect) in [
        (&[][..], (2, 0)),
        (&[], (0, 2)),
        (&anna, (2, 0)),
        (&anna, (0, 2)),
        (&["--stem", "drums"], (2, 0)),
        (&["--stem", "drums"], (0, 2)),
    ] {
        assert_eq!(analyze(&sandbox, args), expect, "{args:?}");
    }
    let stats = sandbox.json(&["cache", "stats", "--json"]);
    assert_eq!((&stats["tracks"], &stats["namespaces"]["anna"]["tracks"]), (&6.into(), &2.into()));
    assert_eq!(stats["namespaces"]["default"]["hit_rate"], 0.5);
    // A guest's namespace goes as a whole.
    sandbox.ok(&["cache", "guest", "0s", "--namespace", "anna"]);
    let gone = sandbox.json(&["cache", "gc", "--json"]);
    assert_eq!((count(&gone, "gone"), gone["guests"][0].as_str()), (2, Some("anna")));
    assert_eq!(analyze(&sandbox, &anna), (2, 0));
    assert_eq!(analyze(&sandbox, &[]), (0, 2));
}

#[test]
fn limits_hold_and_pins_stay() {
    let sandbox = sandbox();
    analyze(&sandbox, &[]);
    let told = sandbox.ok(&["cache", "limits", "--size", "1k", "--ttl", "30d", "--quota-of", "anna=1G"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("size         1.0 kB") && told.contains("ttl          30 d"), "{told}");
    sandbox.ok(&["cache", "pin", "song.wav"]);
    assert_eq!(count(&sandbox.json(&["cache", "gc", "--json"]), "gone"), 0);
    let stats = sandbox.json(&["cache", "stats", "--json"]);
    assert_eq!(stats["healthy"], false, "{stats}");
    assert!(stats["complaints"][0].as_str().unwrap().starts_with("nearly full"), "{stats}");
    sandbox.ok(&["cache", "unpin", "song.wav"]);
    let dry = sandbox.json(&["cache", "gc", "--json", "--dry-run"]);
    assert!(count(&dry, "gone") > 0);
    assert_eq!(sandbox.chunk_files().len(), 2);
    let gone = sandbox.json(&["cache", "gc", "--json"]);
    assert_eq!(gone["gone"], dry["gone"]);
    assert!(gone["after"].as_u64().unwrap() <= 1000, "{gone}");
    sandbox.ok(&["cache", "limits", "--size", "none"]);
    assert!(analyze(&sandbox, &[]).0 > 0);
    // A share that cannot be, and a size that is none.
    let wrong = sandbox.run(&["cache", "limits", "--size", "much"]);
    assert_eq!(wrong.status, Some(2), "{}", wrong.stderr);
}

#[test]
fn what_is_named_is_removed_and_computed_again() {
    let sandbox = sandbox();
    analyze(&sandbox, &[]);
    sandbox.ok(&["cache", "remove", "--descriptors", "agogic.rms", "--dry-run"]);
    assert_eq!(analyze(&sandbox, &[]), (0, 2));
    sandbox.ok(&["cache", "remove", "song.wav", "--descriptors", "agogic.rms"]);
    assert_eq!(analyze(&sandbox, &[]), (1, 1));
    sandbox.ok(&["cache", "remove", "--calculator", "agogic.mel"]);
    assert_eq!(analyze(&sandbox, &[]), (1, 1));
    let pruned = sandbox.ok(&["cache", "prune"]);
    assert_eq!(String::from_utf8(pruned.stdout).unwrap(), "0 tracks gone\n");
    assert_eq!(sandbox.run(&["cache", "remove"]).status, Some(2));
    sandbox.ok(&["cache", "remove", "--all"]);
    assert_eq!(sandbox.chunk_files().len(), 0);
}

#[test]
fn damage_is_listed_with_its_reason_and_left_where_it_is_unless_told() {
    let sandbox = sandbox();
    analyze(&sandbox, &[]);
    let file = &sandbox.chunk_files()[0];
    let mut bytes = fs::read(file).unwrap();
    bytes[100] ^= 1;
    fs::write(file, bytes).unwrap();
    for _ in 0..2 {
        let found = sandbox.run(&["cache", "verify"]);
        assert_eq!((found.status, file.exists()), (Some(1), true), "{}", found.stderr);
    }
    assert_eq!(sandbox.run(&["cache", "verify", "--repair"]).status, Some(1));
    assert!(!file.exists());
    sandbox.ok(&["cache", "verify"]);
    let listed = String::from_utf8(sandbox.ok(&["cache", "quarantine"]).stdout).unwrap();
    assert!(listed.contains("checksum of chunk 0 differs"), "{listed}");
    sandbox.ok(&["cache", "quarantine", "--clear"]);
    assert_eq!(sandbox.ok(&["cache", "quarantine"]).stdout, b"");
}

#[test]
fn a_profile_may_allow_errors_and_they_are_kept_to() {
    let sandbox = sandbox();
    sandbox.write(
        "agogic.toml",
        b"[profiles.near]\nmax_error = '0.01 dB'\n[profiles.mixed]\nmax_error = { agogic.mel = '0.1 dB' }\n",
    );
    let mel = |profile: &str| {
        let args = ["frames", "song.wav", "agogic.mel", "--profile", profile, "--format", "json", "-q"];
        flat(&sandbox.json(&args)["frames"])
    };
    let exact = mel("default");
    let size = || sandbox.chunk_files().iter().map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
    let raw = size();
    for (profile, bound) in [("near", 0.01), ("mixed", 0.1)] {
        let before = size();
        let near = mel(profile);
        assert_eq!(near.len(), exact.len());
        let error = near.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error <= bound * 1.000_001 && error > 0.0, "{profile}: {error}");
        assert!((size() - before) * 2 < raw, "{profile}: {} of {raw}", size() - before);
    }
    let wrong = "[profiles.odd]\nmax_error = '3 apples'\n";
    sandbox.write("agogic.toml", wrong.as_bytes());
    let told = sandbox.run(&["status", "song.wav", "--profile", "odd"]);
    assert!(told.stderr.contains("3 apples") && told.status != Some(0), "{}", told.stderr);
}

/// What one cache exports another has, whoever it is there for: nothing is
/// computed.
#[test]
fn a_bundle_takes_tracks_to_another_cache() {
    let [one, two] = [sandbox(), sandbox()];
    assert_eq!(analyze(&one, &[]), (2, 0));
    let song = one.path("song.agb");
    let song = song.to_str().unwrap();
    let exported = one.json(&["cache", "export", song, "song.wav", "--json"]);
    assert_eq!((&exported["tracks"], count(&exported, "left_out")), (&2.into(), 0));
    assert_eq!(one.run(&["cache", "export", song, "--all"]).status, Some(1));
    one.ok(&["cache", "export", song, "--all", "--force"]);
    assert_eq!(one.run(&["cache", "export", "x.agb", "--prefix", "nothing."]).status, Some(1));
    let anna = ["--namespace", "anna"];
    let import = |args: &[&str]| two.json(&[&["cache", "import", song, "--json"], args].concat());
    let would = import(&["--dry-run"]);
    assert_eq!((&would["added"], &would["dry_run"]), (&2.into(), &true.into()));
    assert_eq!(import(&anna)["added"], 2);
    assert_eq!(import(&anna)["present"], 2);
    assert_eq!(analyze(&two, &anna), (0, 2));
    assert_eq!(analyze(&two, &[]), (2, 0));
    let mel = ["frames", "song.wav", "agogic.mel", "--format", "json"];
    assert_eq!(two.ok(&[&mel[..], &anna].concat()).stdout, one.ok(&mel).stdout);
    // What is no bundle, or too large a one.
    for args in [["cache", "import", "song.wav", "--json"], ["cache", "import", song, "--max-size=10"]] {
        let ran = two.run(&args);
        assert_eq!((ran.status, ran.stderr.lines().count()), (Some(1), 1), "{ran:?}");
        assert!(ran.stderr.starts_with("agogic: bundle "), "{ran:?}");
    }
}

fn flat(value: &serde_json::Value) -> Vec<f64> {
    match value {
        serde_json::Value::Array(all) => all.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

/// Eight processes analyse the same ten files at once: each descriptor of each
/// file is computed by one of them, and a limit that only leaves room if what
/// was there before goes holds for all of them.
#[test]
fn of_many_processes_one_computes() {
    const PROCESSES: usize = 8;
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..10).map(|n| format!("{n}.wav")).collect();
    for (n, name) in (1..).zip(&names) {
        sandbox.write(name, &Wav { rate: 8000 + n, ..Wav::bursts(1) }.bytes(None));
    }
    for n in 0..5 {
        let old = format!("old{n}.wav");
        sandbox.write(&old, &Wav { rate: 8100 + n, ..Wav::bursts(1) }.bytes(None));
        sandbox.ok(&["analyze", &old]);
    }
    let bytes = || sandbox.json(&["cache", "stats", "--json"])["bytes"].as_u64().unwrap();
    // Twice as many as that are to come.
    let limit = bytes() * 22 / 10;
    sandbox.ok(&["cache", "limits", "--size", &limit.to_string()]);
    let args: Vec<&str> = ["analyze", "--json", "--jobs", "2", "--quiet"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let running: Vec<_> = (0..PROCESSES)
        .map(|_| sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let (mut computed, mut cached) = (0, 0);
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let report: serde_json::Value = serde_json::from_str(line).unwrap();
            computed += count(&report, "computed");
            cached += count(&report, "cached");
        }
    }
    let all = names.len() * usual_descriptors().len();
    assert_eq!((computed, computed + cached), (all, PROCESSES * all));
    assert!(bytes() <= limit, "{} of {limit}", bytes());
    for name in &names {
        let report = sandbox.json(&["analyze", "--json", name]);
        assert_eq!(count(&report, "computed"), 0, "{name}");
    }
    sandbox.ok(&["cache", "verify"]);
}
