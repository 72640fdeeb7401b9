//! Calculators in C, through the real binary: the example computes what its
//! Rust twin does, and whoever breaks a rule is told which and harms nobody.

use std::env::consts::DLL_EXTENSION;
use std::path::Path;

use agogic_tests::{Compiler, Sandbox, Wav, crest_plugin, workspace};

const CREST: &str = "examples/calculators/crest-c/crest.c";
const HOSTILE: &str = "tests/c_abi/hostile.c";

/// A sandbox with a song of two seconds.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(2).bytes(None));
    sandbox
}

fn install(sandbox: &Sandbox, compiler: &Compiler, source: &str, name: &str) {
    let file = sandbox.path(&format!("{name}.{DLL_EXTENSION}"));
    compiler.library(source, &file, &[&format!("NAME={name}")]);
    sandbox.install(&file);
}

#[test]
fn the_header_is_c11_and_cpp17() {
    let header = Path::new("sdk/abi/include/agogic_calculator.h");
    for compiler in [Compiler::c(), Compiler::cpp()].into_iter().flatten() {
        let output = compiler.compile(header, None, &[]);
        assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_example_computes_what_its_rust_twin_does() {
    let Some(compiler) = Compiler::c() else { return };
    let sandbox = sandbox();
    install(&sandbox, &compiler, CREST, "crest_c");
    sandbox.install(crest_plugin(1));
    let list = sandbox.ok(&["calculators", "list", "--json"]);
    let text = String::from_utf8(list.stdout).unwrap();
    assert!(list.stderr.is_empty(), "{}", list.stderr);
    for word in ["example.crest-c", "example.flatness-c", "Spectral crest and flatness, in C."] {
        assert!(text.contains(word), "{word:?} in: {text}");
    }
    let frames = |id: &str| -> Vec<f64> {
        let rows = String::from_utf8(sandbox.ok(&["frames", "song.wav", id]).stdout).unwrap();
        rows.lines().map(|row| row.split_once(',').unwrap().1.parse().unwrap()).collect()
    };
    for name in ["crest", "flatness"] {
        let (rust, c) = (frames(&format!("example.{name}")), frames(&format!("example.{name}-c")));
        assert_eq!((rust.len(), c.len()), (173, 173));
        for (frame, (rust, c)) in rust.iter().zip(&c).enumerate() {
            assert!((rust - c).abs() <= 1e-6 * rust.abs(), "{name} {frame}: {rust} in Rust, {c} in C");
        }
    }
}

#[test]
fn the_manual_s_first_calculator_works() {
    let Some(compiler) = Compiler::c() else { return };
    let manual = std::fs::read_to_string(workspace().join("docs/c-interface.md")).unwrap();
    let (_, rest) = manual.split_once("```c\n").unwrap();
    let sandbox = Sandbox::new();
    let source = sandbox.write("loudest.c", rest.split_once("```").unwrap().0.as_bytes());
    install(&sandbox, &compiler, source.to_str().unwrap(), "loudest");
    let mut samples = vec![0.25; 3 * 512 + 9];
    (samples[511], samples[512]) = (-0.75, 0.5);
    sandbox.write("song.wav", &Wav::float(44_100, 1, &samples));
    let rows = String::from_utf8(sandbox.ok(&["frames", "song.wav", "me.loudest"]).stdout).unwrap();
    let values: Vec<_> = rows.lines().map(|row| row.split_once(',').unwrap().1).collect();
    assert_eq!(values, ["0.75", "0.5", "0.25"]);
}

#[test]
fn libraries_that_break_a_rule_are_refused_in_one_line() {
    let Some(compiler) = Compiler::c() else { return };
    let sandbox = sandbox();
    let cases = [
        ("null_library", "it breaks the C interface: agogic_calculator_library returns null"),
        ("wrong_size", "it breaks the C interface: its library is 16 bytes large, and not "),
        ("wrong_version", "built for version 2 of the C interface, this host speaks version 1"),
        ("no_process", "it breaks the C interface: its function process is null"),
        ("null_description", "its description cannot be read: it is null"),
        ("garbage", "its description cannot be read: expected value at line 1 column 1"),
        ("not_utf8", "its description cannot be read: it is not UTF-8"),
        ("cut_off", "its description cannot be read: EOF while parsing"),
        ("nothing", "a library, but it exports no calculators"),
        ("bad_id", "its description cannot be read: calculator id"),
    ];
    for (name, _) in cases {
        install(&sandbox, &compiler, HOSTILE, name);
    }
    let ran = sandbox.ok(&["calculators", "list", "--json"]);
    assert_eq!(ran.stderr.lines().count(), cases.len(), "{}", ran.stderr);
    for (name, expect) in cases {
        let line = ran.stderr.lines().find(|line| line.contains(&format!("/{name}.")));
        assert!(line.is_some_and(|line| line.contains(expect)), "{name}: {line:?}");
    }
}

#[test]
fn calculators_that_break_a_rule_fail_alone() {
    let Some(compiler) = Compiler::c() else { return };
    let sandbox = sandbox();
    let cases = [
        ("null_instance", "the calculator cannot be set up: it gives no instance and no reason"),
        ("null_with_reason", "the calculator cannot be set up: the moon is full"),
        ("two_lines", "first line second \u{fffd} line"),
        ("no_text", "it returned 7 and no reason"),
        (
            "no_such_output",
            "the calculator broke the interface: it gave values for output 9, but describes only 2",
        ),
        ("too_many_frames", "the calculator broke the interface: 9223372036854775807 frames of"),
        ("frames_of_events", "t.frames_of_events.frames was given events and holds frames"),
        ("null_events", "the calculator broke the interface: 3 events for output 1 at a null pointer"),
        (
            "null_values",
            "the calculator broke the interface: an event for output 1 has 2 values at a null pointer",
        ),
        ("few_values", "the calculator broke the interface: an event of t.few_values.events has 1 values"),
        (
            "bad_label",
            "the calculator broke the interface: an event for output 1 has a label that is not UTF-8",
        ),
        ("backwards", "the calculator broke the interface: events of t.backwards.events are out of order"),
    ];
    for (name, _) in cases.iter().chain([&("late", "")]) {
        install(&sandbox, &compiler, HOSTILE, name);
    }
    let ran = sandbox.run(&["analyze", "--json", "song.wav"]);
    let lines = ran.lines();
    let failed = lines[0]["failed"].as_array().unwrap();
    for (name, expect) in cases {
        let id = format!("t.{name}.frames");
        let error = failed.iter().find(|failed| failed["id"] == id.as_str());
        let text = error.unwrap_or_else(|| panic!("{name}: {ran:?}"))["error"].as_str().unwrap();
        assert!(text.contains(expect) && text.lines().count() == 1, "{name}: {text}");
    }
    let computed = lines[0]["computed"].to_string();
    for id in ["t.late.events", "agogic.mel", "agogic.rms"] {
        assert!(computed.contains(id), "{id} in {computed}");
    }
}
