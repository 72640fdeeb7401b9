//! Generations of the plug-in interface: who meets whom once there is a second
//! one. `tests/generations` holds what that needs: the interface with another
//! generation beside the first, a host and a plug-in of it, and a plug-in of
//! generation 1 with an extension.

use std::path::Path;
use std::process::Command;

use agogic_tests::{Ran, Sandbox, Wav, crest_plugin, generation};

/// What the host of generation 2 says of a plug-in.
fn later_host(plugin: &Path, id: &str) -> String {
    let ran = Ran::of(Command::new(generation("host")).arg(plugin).arg(id));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn a_later_host_takes_plug_ins_of_generation_1() {
    // One peak among nine bins: largest over mean is 9.
    let said = later_host(crest_plugin(1), "example.crest");
    assert!(said.starts_with("generation 1\nextension None\nvalues [9.0, "), "{said}");
}

#[test]
fn a_later_host_takes_plug_ins_of_its_own_generation() {
    let said = later_host(&generation("second"), "test.second");
    assert_eq!(said, "generation 2, 4096 bytes\nextension None\nvalues [2.0]\n");
}

#[test]
fn this_host_refuses_a_later_generation_by_its_number() {
    let sandbox = Sandbox::new();
    sandbox.install(&generation("second"));
    let ran = sandbox.ok(&["calculators", "list"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let expect = "built for interface generation 2, this host speaks generation 1\n";
    assert!(ran.stderr.ends_with(expect), "{}", ran.stderr);
}

#[test]
fn an_extension_is_no_new_generation() {
    // A host that asks for it finds it.
    let said = later_host(&generation("grown"), "test.grown");
    assert_eq!(said, "generation 1\nextension Some(\"cba\")\nvalues [1.0]\n");
    // This host never asks, and works with the plug-in as with any other.
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::float(44_100, 1, &[0.0, 0.5]));
    sandbox.install(&generation("grown"));
    let ran = sandbox.ok(&["frames", "song.wav", "test.grown"]);
    let rows = String::from_utf8(ran.stdout).unwrap();
    let values: Vec<_> = rows.lines().map(|row| row.split_once(',').unwrap().1).collect();
    assert_eq!(values, ["1", "1.5"]);
}
