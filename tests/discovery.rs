//! Which plug-ins are found, in which order they count, and what is known of
//! them without loading them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use agogic::schema::{DescriptorId, Profile};
use agogic::worker::Program;
use agogic::{Control, Engine, Event, EventLog, Request};
use agogic_tests::{Ran, Sandbox, Wav, agogic_binary, crest_plugin, misbehaving_plugin, standard_plugin};
use serde_json::{Value, json};

/// A folder of the sandbox with this plug-in in it.
fn folder(sandbox: &Sandbox, name: &str, plugin: &Path) -> PathBuf {
    let folder = sandbox.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(plugin, folder.join(plugin.file_name().unwrap())).unwrap();
    folder
}

/// `agogic calculators` with a plug-in path and a mood of the misbehaving
/// plug-in when it is described.
fn calculators(sandbox: &Sandbox, args: &[&str], path: &[&Path], mood: &str) -> Command {
    let mut command = sandbox.command(&[&["calculators"], args].concat());
    let path: OsString = std::env::join_paths(path).unwrap();
    command.env("AGOGIC_PLUGIN_PATH", path).env("MISBEHAVING_DESCRIBE", mood);
    command
}

fn json(command: &mut Command) -> Value {
    let ran = Ran::of(command);
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn the_first_of_equals_and_the_newest_of_all_count() {
    let sandbox = Sandbox::new();
    let [one, same] = ["one", "same"].map(|name| folder(&sandbox, name, crest_plugin(1)));
    let two = folder(&sandbox, "two", crest_plugin(2));
    let crest = |path: &[&Path]| {
        let list = json(&mut calculators(&sandbox, &["list", "--json"], path, ""));
        let found = list.as_array().unwrap().iter().find(|c| c["id"] == "example.crest").unwrap().clone();
        let origin = PathBuf::from(found["origin"].as_str().unwrap());
        (found["version"].as_str().unwrap().to_owned(), origin.parent().unwrap().to_owned())
    };
    assert_eq!(crest(&[&one, &same]), ("1.0.0".into(), one.clone()));
    assert_eq!(crest(&[&same, &one]), ("1.0.0".into(), same.clone()));
    assert_eq!(crest(&[&one, &two]), ("2.0.0".into(), two.clone()));
    assert_eq!(crest(&[&two, &one]), ("2.0.0".into(), two.clone()));
    // The user's folder comes after what is named.
    sandbox.install(crest_plugin(1));
    assert_eq!(crest(&[&one]), ("1.0.0".into(), one.clone()));
    let doctor = json(&mut calculators(&sandbox, &["doctor", "--json"], &[&one, &two], ""));
    let clashes = doctor["clashes"].as_array().unwrap();
    assert_eq!(clashes.len(), 2, "{clashes:?}");
    assert!(clashes[0].as_str().unwrap().starts_with("example.crest 1.0.0 ("), "{clashes:?}");
    let kinds: Vec<_> = doctor["places"].as_array().unwrap().iter().map(|p| p["kind"].clone()).collect();
    assert_eq!(kinds[..3], ["named", "named", "user"]);
}

#[test]
fn the_standard_calculators_are_a_file_as_well() {
    let sandbox = Sandbox::new();
    let place = folder(&sandbox, "place", &standard_plugin());
    let list = json(&mut calculators(&sandbox, &["list", "--json"], &[], ""));
    let list = list.as_array().unwrap().iter();
    let built_in: BTreeSet<_> = list.map(|c| c["id"].as_str().unwrap()).collect();
    let doctor = json(&mut calculators(&sandbox, &["doctor", "--json"], &[&place], ""));
    assert_eq!(doctor["refused"], 0, "{doctor}");
    // Equal versions: what is linked counts, and each of them is in the file.
    let clashes = doctor["clashes"].as_array().unwrap();
    let hidden: BTreeSet<_> = clashes.iter().filter_map(|c| c.as_str().unwrap().split(' ').next()).collect();
    assert_eq!(hidden, built_in);
}

#[test]
fn the_doctor_names_everything_and_its_status_is_the_outcome() {
    let sandbox = Sandbox::new();
    let good = folder(&sandbox, "good", crest_plugin(1));
    let ran = Ran::of(&mut calculators(&sandbox, &["doctor"], &[&good], ""));
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{text}");
    for words in ["worker", "searched", "good", "taken, looked at just now", "example.crest 1.0.0  inside"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let bad = good.join(format!("bad.{}", std::env::consts::DLL_EXTENSION));
    std::fs::write(&bad, "I am a text file").unwrap();
    let nowhere = sandbox.path("nowhere");
    let ran = Ran::of(&mut calculators(&sandbox, &["doctor", "--isolate"], &[&good, &nowhere], ""));
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status, Some(1), "{text}");
    for words in ["not there", "refused", "not a loadable library", "in a process of its own, 60 s a call"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let ran = Ran::of(&mut calculators(&sandbox, &["scan", "--json"], &[&good], ""));
    assert_eq!(ran.status, Some(1));
    let files: Vec<Value> = serde_json::from_slice(&ran.stdout).unwrap();
    let states: Vec<_> = files.iter().map(|file| file["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["refused", "taken"]);
    // The cache itself is not opened.
    assert!(!sandbox.cache().join("index.db").exists());
}

#[test]
fn what_is_known_is_not_loaded_again() {
    let sandbox = Sandbox::new();
    let place = folder(&sandbox, "place", misbehaving_plugin());
    let known = |mood: &str| {
        let report = json(&mut calculators(&sandbox, &["doctor", "--json"], &[&place], mood));
        report["files"][0]["known"].clone()
    };
    assert_eq!(known(""), "scanned");
    // Whoever loads it now does not come back.
    assert_eq!(known("aborts"), "remembered");
    // Another time and place of the same content changes nothing.
    let file = place.join(misbehaving_plugin().file_name().unwrap());
    let bytes = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::write(place.join("other.so"), &bytes).unwrap();
    assert_eq!(known("aborts"), "remembered");
    std::fs::remove_dir_all(sandbox.cache()).unwrap();
    assert_eq!(known("aborts"), Value::Null);
}

#[test]
fn a_sidecar_is_believed_until_the_library_is_loaded() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    let place = folder(&sandbox, "place", misbehaving_plugin());
    let file = place.join(misbehaving_plugin().file_name().unwrap());
    let args = ["scan", "--sidecar", file.to_str().unwrap()];
    assert_eq!(Ran::of(&mut calculators(&sandbox, &args, &[], "")).status, Some(0));
    std::fs::remove_dir_all(sandbox.cache()).unwrap();
    let report = || json(&mut calculators(&sandbox, &["doctor", "--json"], &[&place], "aborts"));
    assert_eq!(report()["files"][0]["known"], "sidecar");

    // One that says of the same content what is not so.
    let sidecar = PathBuf::from(format!("{}.agogic.json", file.display()));
    let honest = std::fs::read_to_string(&sidecar).unwrap();
    std::fs::write(&sidecar, honest.replace("as it should be", "as it is not")).unwrap();
    for isolate in [&[][..], &["--isolate"]] {
        let args = [&["analyze", "--only", "bad.good", "song.wav"], isolate].concat();
        let ran = Ran::of(sandbox.command(&args).env("AGOGIC_PLUGIN_PATH", &place));
        let words =
            "bad.good: the plug-in cannot be used: it holds other calculators than its description says";
        assert!(ran.status == Some(1) && ran.stderr.contains(words), "{}", ran.stderr);
    }
    // One of another content is ignored, with a warning.
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.push(0);
    std::fs::write(&file, bytes).unwrap();
    std::fs::write(&sidecar, honest).unwrap();
    let report = json(&mut calculators(&sandbox, &["doctor", "--json"], &[&place], ""));
    let file = &report["files"][0];
    assert_eq!((&file["known"], &file["state"]), (&json!("scanned"), &json!("taken")));
    assert!(file["warnings"][0].as_str().unwrap().contains("another content"), "{file}");
}

#[test]
fn a_replaced_plug_in_is_taken_in_by_the_next_job() {
    let sandbox = Sandbox::new();
    let song = sandbox.write("song.wav", &Wav { channels: 1, ..Wav::bursts(1) }.bytes(None));
    let place = folder(&sandbox, "place", crest_plugin(1));
    let engine = Engine::builder(sandbox.cache())
        .plugin_path([place.clone()])
        .worker(Program::agogic(agogic_binary()))
        .open()
        .unwrap();
    let log = Arc::new(EventLog::default());
    let control = Control::new(log.clone());
    let id = |id: &str| DescriptorId::new(id).unwrap();
    let only = [id("example.crest"), id("example.flatness")];
    let request = Request::new(Profile::built_in("default").unwrap()).only(only);
    let run = || {
        let analysis = engine.analyze(&song, &request, &control).unwrap();
        assert_eq!(analysis.failed, []);
        let events = log.take().into_iter();
        let computed = events.filter_map(|event| match event {
            Event::Computed { descriptor, .. } => Some(descriptor.to_string()),
            _ => None,
        });
        computed.collect::<Vec<_>>()
    };
    assert_eq!(run(), ["example.crest", "example.flatness"]);
    let before = engine.registry();
    assert_eq!(run(), [] as [&str; 0]);

    // Written over in place, as a careless copy does, while it is loaded.
    let file = place.join(crest_plugin(1).file_name().unwrap());
    std::fs::write(&file, std::fs::read(crest_plugin(2)).unwrap()).unwrap();
    assert_eq!(run(), ["example.crest"], "only what version 2 changed");
    assert_eq!(engine.descriptor(&id("example.crest")).unwrap().0.spec.version.to_string(), "2.0.0");
    // Whoever looked before keeps what there was.
    let (old, _) = before.descriptor(&id("example.crest")).unwrap();
    assert_eq!(old.spec.version.to_string(), "1.0.0");

    std::fs::remove_file(&file).unwrap();
    assert!(engine.descriptor(&id("example.crest")).is_err());
}
