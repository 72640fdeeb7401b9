//! Profiles: the built-in ones and those that a configuration file defines.

use agogic_tests::{Ran, Sandbox, Wav, usual_descriptors};
use serde_json::json;

const CONFIG: &str = "
[profiles.drums]
base = 'librosa'
sample_rate = 'native'
descriptors = ['agogic.rms', 'agogic.mel']
params = { n_mels = 40, agogic.rms.hop_length = 441 }
";

fn sandbox(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    sandbox.write("agogic.toml", config.as_bytes());
    sandbox
}

fn refused(ran: &Ran, words: &str) {
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains(words) && ran.stderr.lines().count() == 1, "{}", ran.stderr);
}

#[test]
fn a_profile_of_ones_own() {
    let sandbox = sandbox(CONFIG);
    let both = json!(["agogic.mel", "agogic.rms"]);
    let plan = sandbox.json(&["analyze", "song.wav", "--profile", "drums", "--json", "--dry-run"]);
    assert_eq!(plan["would_compute"], both);
    let ran = sandbox.json(&["analyze", "song.wav", "--profile", "drums", "--json"]);
    assert_eq!(ran["computed"], both);
    let mel = sandbox.json(&["frames", "song.wav", "agogic.mel", "--profile", "drums", "--format", "json"]);
    assert_eq!((&mel["bins"], &mel["hop"], &mel["profile"]), (&json!(40), &json!(512), &json!("drums")));
    let rms = sandbox.json(&["frames", "song.wav", "agogic.rms", "--profile", "drums", "--format", "json"]);
    assert_eq!((&rms["hop"], &rms["rate"]), (&json!(441), &mel["rate"]));
    // The cache knows under which profile it has what, whatever is asked.
    let status = sandbox.json(&["status", "song.wav", "--json"]);
    let of = |profile: &str| {
        let all = status["descriptors"].as_array().unwrap().iter();
        all.filter(|found| found["profile"] == profile && found["status"] == "current").count()
    };
    assert_eq!((of("drums"), of("default")), (2, 0), "{status}");
}

#[test]
fn a_changed_parameter_makes_stale_what_reads_it() {
    let sandbox = sandbox(CONFIG);
    sandbox.ok(&["analyze", "song.wav", "--profile", "drums"]);
    sandbox.write("agogic.toml", CONFIG.replace("n_mels = 40", "n_mels = 41, n_chroma = 24").as_bytes());
    let ran = sandbox.json(&["analyze", "song.wav", "--profile", "drums", "--json"]);
    assert_eq!((&ran["computed"], &ran["cached"]), (&json!(["agogic.mel"]), &json!(["agogic.rms"])));
}

#[test]
fn what_means_nothing_is_refused() {
    for (from, to, words) in [
        ("n_mels = 40", "n_mles = 40", "profile drums: no calculator has a parameter n_mles"),
        ("agogic.rms.hop", "agogic.rms.hip", "no calculator has a parameter agogic.rms.hip_length"),
        ("'agogic.mel'", "'agogic.mell'", "profile drums: unknown descriptor \"agogic.mell\""),
        ("n_mels = 40", "n_mels = 0", "n_mels = 0 of agogic.mel: must be a whole number"),
        ("base = 'librosa'", "base = 'librosaa'", "profile drums: base: unknown profile \"librosaa\""),
    ] {
        let sandbox = sandbox(&CONFIG.replace(from, to));
        refused(&sandbox.run(&["analyze", "song.wav", "--profile", "drums"]), words);
    }
    let sandbox = sandbox(CONFIG);
    refused(
        &sandbox.run(&["analyze", "song.wav", "--profile", "nope"]),
        "known: default, drums, highres, librosa",
    );
}

#[test]
fn profiles_are_listed_as_a_file_would_define_them() {
    let sandbox = sandbox(CONFIG);
    let text = String::from_utf8(sandbox.ok(&["profiles", "drums"]).stdout).unwrap();
    let lines = [
        "[profiles.drums]",
        "sample_rate = \"native\"",
        "descriptors = [\"agogic.rms\", \"agogic.mel\"]",
        "params.agogic.chroma.estimate_tuning = true",
        "params.agogic.rms.hop_length = 441",
        "params.n_mels = 40",
        "params.top_db = 80.0",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    // What is printed is understood again.
    sandbox.write("agogic.toml", text.as_bytes());
    assert_eq!(sandbox.ok(&["profiles", "drums"]).stdout, text.as_bytes());
    assert_eq!(sandbox.ok(&["profiles", "--json"]).lines().len(), 4);
}

#[test]
fn what_is_on_demand_is_computed_where_it_is_named() {
    let sandbox = sandbox("");
    let usual = sandbox.json(&["analyze", "song.wav", "--json"]);
    assert_eq!(usual["computed"], json!(usual_descriptors()));
    let all = sandbox.json(&["analyze", "song.wav", "--json", "--all"]);
    assert_eq!(
        all["computed"].as_array().unwrap().len(),
        agogic_tests::all_descriptors().len() - usual_descriptors().len()
    );
}
