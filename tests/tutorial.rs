//! The path of docs/write-a-calculator.md, step by step: a new calculator is
//! written, tested, given the tutorial's own code, locked, validated, installed
//! and drawn.

use std::path::Path;
use std::process::Command;

use agogic_tests::{Ran, Sandbox, Wav, workspace};

/// Runs cargo in the folder of the new crate.
fn cargo(folder: &Path, args: &[&str], update: bool) -> Ran {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // One folder for all runs, so that what stands below the SDK is built once.
    command.current_dir(folder).args(args).args(["--quiet", "--offline"]);
    command.env("CARGO_TARGET_DIR", workspace().join("target/plug-ins/tutorial"));
    command.env("RUST_BACKTRACE", "0").env_remove("AGOGIC_UPDATE");
    if update {
        command.env("AGOGIC_UPDATE", "1");
    }
    Ran::of(&mut command)
}

fn passes(folder: &Path, args: &[&str], update: bool) {
    let ran = cargo(folder, args, update);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status, Some(0), "cargo {args:?}: {said}{}", ran.stderr);
}

fn fails(folder: &Path, update: bool, part: &str) {
    let ran = cargo(folder, &["test"], update);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status != Some(0) && said.contains(part), "{part:?} is not in {said}{}", ran.stderr);
}

#[test]
fn from_nothing_to_a_picture() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["calculators", "new", "crest"]);
    let folder = sandbox.path("crest");
    // The same versions from outside as here, which are there without a network.
    std::fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    passes(&folder, &["test"], false);

    // The tutorial's own code, word for word.
    let tutorial =
        std::fs::read_to_string(workspace().join("docs/write-a-calculator.md")).expect("the tutorial");
    let code = tutorial.split("```rust,ignore\n").nth(1).and_then(|rest| rest.split("```").next());
    let code = code.expect("a block of code");
    let source = folder.join("src/lib.rs");
    std::fs::write(&source, code).expect("a source file");
    fails(&folder, false, "example.crest changed its values");
    std::fs::remove_file(folder.join("calculator.lock")).expect("a lock to begin anew");
    fails(&folder, false, "example.crest is not in the lock");
    passes(&folder, &["test"], true);
    passes(&folder, &["test"], false);

    // Other values want another version, and writing the lock does not help.
    let changed = code.replace("f32::max)", "f32::max) * 1.01");
    assert_ne!(changed, code);
    std::fs::write(&source, &changed).expect("a source file");
    fails(&folder, false, "example.crest changed its values and is still changed_in 1.0.0");
    fails(&folder, true, "was left as it is");
    std::fs::write(&source, code).expect("a source file");

    passes(&folder, &["build"], false);
    let file = format!("{}crest{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let built = workspace().join("target/plug-ins/tutorial/debug").join(file);
    let lock = folder.join("calculator.lock").to_string_lossy().into_owned();
    let plugin = built.to_string_lossy().into_owned();
    let report = sandbox.json(&["calculators", "validate", &plugin, "--lock", &lock, "--json"]);
    assert_eq!((&report["failed"], &report["warned"]), (&0.into(), &0.into()), "{report:#}");

    sandbox.install(&built);
    sandbox.write("song.wav", &Wav::bursts(2).bytes(None));
    sandbox.ok(&["analyze", "song.wav", "--only", "example.crest"]);
    sandbox.ok(&["plot", "song.wav", "example.crest", "-o", "crest.png"]);
    let picture = std::fs::read(sandbox.path("crest.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn names_and_places_that_do_not_do() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("there")).expect("a folder");
    for (args, part) in [
        (&["there"][..], "it exists already"),
        (&["Crest"], "only a to z"),
        (&["fn"], "reserved"),
        (&["crest", "--sdk", "there"], "there is no sdk/calculator in it"),
    ] {
        let ran = sandbox.run(&[&["calculators", "new"], args].concat());
        assert_eq!(ran.status, Some(1), "{args:?}");
        assert!(ran.stderr.contains(part) && ran.stderr.lines().count() == 1, "{args:?}: {}", ran.stderr);
    }
    assert!(!sandbox.path("crest").exists());
}
