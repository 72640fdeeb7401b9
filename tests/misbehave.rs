//! Plug-ins that break the rules: each ends as one line that names the
//! descriptor and the cause, and every other descriptor of the run is as it
//! would be without them. What takes the whole process with it is tested with
//! worker processes.

use agogic_tests::{Sandbox, Wav, misbehaving_plugin, undescribable_plugin};

#[test]
fn the_plug_in_is_there() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    sandbox.install(misbehaving_plugin());
    let ran = sandbox.json(&["analyze", "song.wav", "--json", "--only", "bad.good"]);
    assert_eq!(ran["computed"][0], "bad.good", "{ran}");
}

#[test]
fn a_library_that_cannot_be_described_is_named_and_skipped() {
    let sandbox = Sandbox::new();
    sandbox.install(undescribable_plugin());
    let ran = sandbox.ok(&["calculators", "list", "--json"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("misbehaving_calculators") && ran.stderr.contains("describing failed"));
}
