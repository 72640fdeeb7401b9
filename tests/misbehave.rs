//! Plug-ins that break the rules: each ends as one line that names the
//! descriptor and the cause, and every other descriptor of the run is as it
//! would be without them. What takes the whole process with it is tested with
//! worker processes.

use agogic_tests::{Ran, Sandbox, Wav, misbehaving_plugin, undescribable_plugin};

/// Calculators that a host contains in its own process, and what it says.
const CONTAINED: [(&str, &str); 17] = [
    ("bad.new", "the calculator panicked: not made today (src/lib.rs:"),
    ("bad.panics", "the calculator panicked: no idea what to do with"),
    ("bad.nan", "bad.nan is NaN in frame 7"),
    ("bad.infinite", "bad.infinite is -inf in frame 7"),
    ("bad.nan.event", "bad.nan.event is NaN in the event at sample 0"),
    // Of 44,100 samples.
    ("bad.few", "bad.few has 1 frames instead of 86 to 88"),
    ("bad.many", "bad.many has 44100 frames instead of 86 to 88"),
    ("bad.few.input", "bad.few.input has 86 frames instead of 87"),
    ("bad.many.input", "bad.many.input has 88 frames instead of 87"),
    ("bad.range.output", "it gave to output 1 and described 1"),
    ("bad.range.plane", "plane 7 of bad.range.plane does not exist"),
    ("bad.range.room", "frames of bad.range.room in one call are too many"),
    ("bad.lies.events", "bad.lies.events was given events and holds frames"),
    ("bad.lies.order", "events of bad.lies.order are out of order at sample 100"),
    ("bad.lies.length", "events of bad.lies.length are out of order at sample 0"),
    ("bad.lies.values", "an event of bad.lies.values has 3 values instead of 1"),
    ("bad.lies.floor", "bad.lies.floor was given a floor and holds events"),
];

/// Descriptors that are computed beside them.
const OTHERS: [&str; 6] = [
    "agogic.mel",
    "agogic.onset.strength",
    "agogic.onset.times",
    "agogic.peaks",
    "agogic.rms",
    "agogic.spectrum",
];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 2, ..Wav::bursts(1) }.bytes(None));
    sandbox
}

fn analyze(sandbox: &Sandbox, ids: &[&str]) -> Ran {
    sandbox.run(&["analyze", "song.wav", "--json", "--only", &ids.join(",")])
}

#[test]
fn each_fails_alone_and_says_why() {
    let alone = sandbox();
    assert_eq!(analyze(&alone, &OTHERS).status, Some(0));
    let sandbox = sandbox();
    sandbox.install(misbehaving_plugin());
    let bad = CONTAINED.map(|(id, _)| id);
    let ran = analyze(&sandbox, &[&OTHERS[..], &bad, &["bad.good"]].concat());
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let lines = ran.lines();
    let [result] = &lines[..] else { panic!("{} lines", lines.len()) };
    let failed: Vec<(&str, &str)> = result["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failed| (failed["id"].as_str().unwrap(), failed["error"].as_str().unwrap()))
        .collect();
    assert_eq!(failed.len(), CONTAINED.len(), "{failed:?}");
    for (id, cause) in CONTAINED {
        let Some((_, error)) = failed.iter().find(|(failed, _)| *failed == id) else {
            panic!("{id} did not fail")
        };
        assert!(error.contains(cause), "{id}: {error}");
        assert_eq!(error.lines().count(), 1, "{id}: {error}");
        assert_eq!(ran.stderr.matches(&format!("{id}: {error}")).count(), 1, "{id} in {}", ran.stderr);
    }
    let mut expect = [&OTHERS[..], &["bad.good"]].concat();
    expect.sort_unstable();
    assert_eq!(result["computed"], serde_json::json!(expect));
    for id in OTHERS {
        let frames = |sandbox: &Sandbox| sandbox.ok(&["frames", "song.wav", id]).stdout;
        assert!(frames(&sandbox) == frames(&alone), "{id} is not what it is without bad neighbours");
    }
    let good = sandbox.ok(&["frames", "song.wav", "bad.good"]).stdout;
    assert!(!good.is_empty());
}

#[test]
fn what_failed_is_missing_and_tried_again() {
    let sandbox = sandbox();
    sandbox.install(misbehaving_plugin());
    for _ in 0..2 {
        let ran = analyze(&sandbox, &["bad.nan", "bad.good"]);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        assert_eq!(ran.lines()[0]["failed"].as_array().unwrap().len(), 1);
    }
    let status = sandbox.json(&["status", "song.wav", "--json"]);
    let found = |id: &str| {
        let all = status["descriptors"].as_array().unwrap();
        all.iter().find(|d| d["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!((found("bad.nan"), found("bad.good")), ("missing".into(), "current".into()));
}

#[test]
fn files_that_are_no_plug_ins_are_named_and_skipped() {
    let sandbox = sandbox();
    let named = |stem: &str| format!("{stem}.{}", std::env::consts::DLL_EXTENSION);
    sandbox.install(&sandbox.write(&named("text"), b"I am a text file"));
    sandbox.install(&sandbox.write(&named("foreign"), &foreign_library()));
    sandbox.install(undescribable_plugin());
    let ran = sandbox.ok(&["calculators", "list", "--json"]);
    assert_eq!(ran.stderr.lines().count(), 3, "{}", ran.stderr);
    for (name, cause) in [
        ("text", "not a loadable library"),
        ("foreign", "not a loadable library"),
        ("misbehaving_calculators", "describing failed"),
    ] {
        let told = ran.stderr.lines().find(|line| line.contains(name)).unwrap_or_default();
        assert!(told.contains(cause), "{name}: {}", ran.stderr);
    }
    assert_eq!(analyze(&sandbox, &OTHERS).status, Some(0));
}

/// The least that calls itself a whole dynamic library: an ELF header and one
/// segment, for a processor that this machine does not have.
fn foreign_library() -> Vec<u8> {
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    const DYNAMIC: u16 = 3;
    let machine = if cfg!(target_arch = "x86_64") { AARCH64 } else { X86_64 };
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([DYNAMIC, machine].iter().flat_map(|half| half.to_le_bytes()));
    file.extend(1u32.to_le_bytes()); // version
    // Entry, program headers behind this header, no section headers.
    file.extend([0u64, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
    file.extend(0u32.to_le_bytes()); // flags
    // Size of this header, size and count of program headers, no sections.
    file.extend([64u16, 56, 1, 64, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    // One segment that is loaded for reading: all of the file.
    file.extend([1u32, 4].iter().flat_map(|word| word.to_le_bytes()));
    file.extend([0u64, 0, 0, 120, 120, 4096].iter().flat_map(|word| word.to_le_bytes()));
    file
}
