//! A newer calculator makes stale what it changed, and nothing else.

use std::collections::BTreeMap;

use agogic_tests::{Sandbox, Wav, crest_plugin, usual_descriptors};
use serde_json::{Value, json};

fn statuses(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let status = sandbox.json(&["status", "song.wav", "--json"]);
    let descriptors = status["descriptors"].as_array().unwrap();
    let pair = |d: &Value| (d["id"].as_str().unwrap().to_owned(), d["status"].as_str().unwrap().to_owned());
    descriptors.iter().map(pair).collect()
}

fn those(statuses: &BTreeMap<String, String>, status: &str) -> Vec<String> {
    statuses.iter().filter(|(_, s)| *s == status).map(|(id, _)| id.clone()).collect()
}

fn analyze(sandbox: &Sandbox) -> Value {
    sandbox.json(&["analyze", "song.wav", "--json"])
}

#[test]
fn an_upgrade_recomputes_what_it_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    sandbox.install(crest_plugin(1));
    // And the two of the plug-in.
    let all = usual_descriptors().len() + 2;
    assert_eq!(those(&statuses(&sandbox), "missing").len(), all);
    assert_eq!(analyze(&sandbox)["computed"].as_array().unwrap().len(), all);
    assert_eq!(those(&statuses(&sandbox), "current").len(), all);
    let flatness = sandbox.ok(&["frames", "song.wav", "example.flatness"]).stdout;
    let crest = sandbox.ok(&["frames", "song.wav", "example.crest"]).stdout;

    sandbox.install(crest_plugin(2));
    let upgraded = statuses(&sandbox);
    assert_eq!(those(&upgraded, "stale"), ["example.crest"]);
    assert_eq!(those(&upgraded, "current").len(), all - 1);
    let ran = analyze(&sandbox);
    assert_eq!(ran["computed"], json!(["example.crest"]));
    assert_eq!(ran["cached"].as_array().unwrap().len(), all - 1);
    assert_eq!(those(&statuses(&sandbox), "current").len(), all);
    assert_eq!(sandbox.ok(&["frames", "song.wav", "example.flatness"]).stdout, flatness);
    assert_ne!(sandbox.ok(&["frames", "song.wav", "example.crest"]).stdout, crest);

    // The sibling that was not recomputed still says who computed it.
    let status = sandbox.json(&["status", "song.wav", "--json"]);
    let version = |id: &str| {
        let all = status["descriptors"].as_array().unwrap();
        all.iter().find(|d| d["id"] == id).unwrap()["version"].clone()
    };
    assert_eq!((version("example.crest"), version("example.flatness")), (json!("2.0.0"), json!("1.0.0")));
}

#[test]
fn a_downgrade_and_a_removal() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    sandbox.install(crest_plugin(2));
    analyze(&sandbox);
    sandbox.install(crest_plugin(1));
    // Version 1 cannot answer for what version 2 computed.
    assert_eq!(those(&statuses(&sandbox), "stale"), ["example.crest", "example.flatness"]);
    std::fs::remove_dir_all(sandbox.path("data")).unwrap();
    assert_eq!(those(&statuses(&sandbox), "extraneous"), ["example.crest", "example.flatness"]);
    assert_eq!(those(&statuses(&sandbox), "current").len(), usual_descriptors().len());
    assert_eq!(analyze(&sandbox)["computed"], json!([]));
}

#[test]
fn profiles_are_apart() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    analyze(&sandbox);
    let librosa = sandbox.json(&["analyze", "song.wav", "--json", "--profile", "librosa"]);
    assert_eq!(librosa["computed"].as_array().unwrap().len(), usual_descriptors().len());
    assert_eq!(analyze(&sandbox)["computed"], json!([]));
    let status = sandbox.json(&["status", "song.wav", "--json", "--profile", "librosa"]);
    let all = status["descriptors"].as_array().unwrap();
    assert!(all.iter().all(|d| d["profile"] == "librosa" && d["status"] == "current"), "{status}");
}
