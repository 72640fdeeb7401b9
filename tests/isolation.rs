//! Plug-ins that end badly take nothing along: each end is an error of its own
//! calculator, and no process is left behind.

use std::time::{Duration, Instant};

use agogic_tests::{Ran, Sandbox, Wav, crest_plugin, misbehaving_plugin};
use serde_json::Value;

/// Everything in processes of their own, with little time and memory where
/// they are needed.
const CONFIG: &str = "
isolation = 'process'
[calculators.'bad.loops']
timeout = 0.5
[calculators.'bad.allocates']
memory = 200
";

fn sandbox(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(2) }.bytes(None));
    sandbox.write("agogic.toml", config.as_bytes());
    sandbox
}

/// The errors of a run, by descriptor.
fn errors(line: &Value) -> Vec<(String, String)> {
    let failed = line["failed"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    failed.iter().map(|f| (text(&f["id"]), text(&f["error"]))).collect()
}

#[test]
fn each_end_is_an_error_of_its_own_and_the_others_are_right() {
    let sandbox = sandbox(CONFIG);
    sandbox.install(misbehaving_plugin());
    let only =
        "bad.good,bad.aborts,bad.loops,bad.exits,bad.allocates,bad.panics,bad.new,bad.range.plane,agogic.rms";
    let ran = sandbox.run(&["analyze", "--json", "--only", only, "song.wav"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "one line: {}", ran.stderr);
    let line = &ran.lines()[0];
    assert_eq!(line["computed"], serde_json::json!(["agogic.rms", "bad.good"]));
    let expected = [
        ("bad.aborts", "the calculator's process was ended by SIGABRT"),
        ("bad.allocates", "the calculator needs more than its 200 MiB of memory"),
        ("bad.exits", "the calculator's process exited with status 0"),
        ("bad.loops", "the calculator did not return within 0.5 s"),
        ("bad.new", "panicked: not made today"),
        ("bad.panics", "panicked: no idea what to do"),
        ("bad.range.plane", "the calculator broke the interface: plane"),
    ];
    let errors = errors(line);
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for ((id, error), (expected, words)) in errors.iter().zip(expected) {
        assert!(id == expected && error.contains(words), "{id}: {error}, not {expected}: {words}");
    }
    assert_eq!(processes(&sandbox), [] as [u32; 0]);
}

#[test]
fn isolated_results_are_the_same_to_the_bit() {
    let outputs = ["no", "yes"].map(|isolated| {
        let sandbox = sandbox(if isolated == "yes" { "isolation = 'process'" } else { "" });
        sandbox.install(misbehaving_plugin());
        sandbox.install(crest_plugin(1));
        let ids = ["bad.good", "example.crest", "example.flatness"];
        sandbox.ok(&["analyze", "--only", &ids.join(","), "song.wav"]);
        let doctor = sandbox.json(&["calculators", "doctor", "--json"]);
        assert_eq!(doctor["isolated"].as_array().unwrap().is_empty(), isolated == "no");
        ids.map(|id| sandbox.ok(&["frames", "song.wav", id, "--format", "npy", "-o", "-"]).stdout)
    });
    assert_eq!(outputs[0], outputs[1]);
    assert!(outputs[0].iter().all(|npy| npy.len() > 200));
}

#[test]
fn three_crashes_are_quarantine_until_something_changes() {
    let sandbox = sandbox(CONFIG);
    sandbox.install(misbehaving_plugin());
    let crash = || sandbox.run(&["analyze", "--only", "bad.exits,bad.good", "song.wav"]);
    // A crash is tried once more before it is a failure.
    assert!(crash().stderr.contains("exited with status 0"));
    assert_eq!(doctor(&sandbox, 0)["files"][0]["state"], "taken");
    assert!(crash().stderr.contains("exited with status 0"));
    let file = doctor(&sandbox, 1)["files"][0].clone();
    assert_eq!((&file["state"], file["since"].is_u64()), (&"quarantined".into(), true), "{file}");
    assert!(file["reason"].as_str().unwrap().contains("exited with status 0"), "{file}");
    // It is passed over with one line, and the built-in calculators work.
    let ran = crash();
    assert!(ran.status == Some(1) && ran.stderr.contains("unknown descriptor"), "{}", ran.stderr);
    let ran = sandbox.ok(&["analyze", "song.wav"]);
    assert!(ran.stderr.contains("passed over: in quarantine"), "{}", ran.stderr);

    // Another content is another plug-in.
    let mut changed = std::fs::read(misbehaving_plugin()).unwrap();
    changed.push(0);
    let name = misbehaving_plugin().file_name().unwrap().to_str().unwrap();
    sandbox.install(&sandbox.write(name, &changed));
    assert_eq!(doctor(&sandbox, 0)["files"][0]["known"], "scanned");
    // The old one is still known for what it is, until it is forgiven.
    sandbox.install(misbehaving_plugin());
    doctor(&sandbox, 1);
    sandbox.ok(&["calculators", "scan", "--retry"]);
    doctor(&sandbox, 0);
}

/// The report of the doctor, who must find this status.
fn doctor(sandbox: &Sandbox, status: i32) -> Value {
    let ran = sandbox.run(&["calculators", "doctor", "--json"]);
    assert_eq!(ran.status, Some(status), "{}", String::from_utf8_lossy(&ran.stdout));
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn describing_ends_badly() {
    for (mood, words) in [
        ("aborts", "its process was ended by SIGABRT when it was asked what it holds"),
        ("exits", "its process exited with status 3 when it was asked what it holds"),
        ("hangs", "it did not say within 0.5 s what it holds"),
    ] {
        let sandbox = sandbox("scan_timeout = 0.5");
        sandbox.install(misbehaving_plugin());
        let list = |mood: Option<&str>| {
            let mut command = sandbox.command(&["calculators", "list", "--json"]);
            mood.map(|mood| command.env("MISBEHAVING_DESCRIBE", mood));
            Ran::of(&mut command)
        };
        let ran = list(Some(mood));
        assert!(ran.status == Some(0) && ran.stderr.contains(words), "{mood}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(!String::from_utf8_lossy(&ran.stdout).contains("bad.good"));
        // In a better mood it would be fine, but nobody asks it again.
        let ran = list(None);
        assert!(ran.stderr.contains("in quarantine"), "{mood}: {}", ran.stderr);
        sandbox.ok(&["calculators", "scan", "--retry"]);
        assert!(String::from_utf8_lossy(&list(None).stdout).contains("bad.good"));
        assert_eq!(processes(&sandbox), [] as [u32; 0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_host_and_an_interrupted_one_leave_no_process() {
    for (signal, status) in [("-KILL", None), ("-INT", Some(130))] {
        let sandbox = sandbox("isolation = 'process'\ntimeout = 600");
        sandbox.install(misbehaving_plugin());
        // So that the only worker to come is the one that hangs.
        sandbox.ok(&["calculators", "scan"]);
        let mut host = sandbox
            .command(&["analyze", "--only", "bad.loops", "song.wav"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The host, and its worker that hangs.
        wait(|| processes(&sandbox).len() >= 2);
        let killed = std::process::Command::new("kill").args([signal, &host.id().to_string()]).status();
        assert!(killed.unwrap().success());
        assert_eq!(host.wait().unwrap().code(), status);
        wait(|| processes(&sandbox).is_empty());
    }
}

/// Waits for something that will be.
#[cfg(target_os = "linux")]
fn wait(done: impl Fn() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(120), "it never came");
        std::thread::yield_now();
    }
}

/// The processes that were started with a sandbox's cache, hosts and workers.
fn processes(sandbox: &Sandbox) -> Vec<u32> {
    let mark = sandbox.cache().to_string_lossy().into_owned();
    let mut found = vec![];
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if String::from_utf8_lossy(&environment).contains(&mark) {
            found.extend(entry.file_name().to_str().and_then(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}
