//! One real song through every layer: analysed once, then only read.

use std::sync::Arc;

use agogic::schema::{DescriptorId, Profile};
use agogic::tempo::TempoMap;
use agogic::timebase::{Beats, Delta};
use agogic::view::{Grid, Interpolation, Reduction, Sampling};
use agogic::{Control, Engine, Event, EventLog, Request, Span};
use agogic_tests::{Sandbox, Wav, usual_descriptors, workspace};
use serde_json::json;

fn song() -> String {
    workspace().join("examples/media/slow-turn.ogg").to_string_lossy().into_owned()
}

#[test]
fn a_second_run_computes_nothing() {
    let sandbox = Sandbox::new();
    let first = sandbox.json(&["analyze", "--json", &song()]);
    assert_eq!(
        (&first["computed"], &first["cached"], &first["failed"]),
        (&json!(usual_descriptors()), &json!([]), &json!([]))
    );
    assert_eq!(first["sample_rate"], 44_100);
    let second = sandbox.json(&["analyze", "--json", &song()]);
    assert_eq!((&second["computed"], &second["cached"]), (&json!([]), &json!(usual_descriptors())));
    for field in ["asset", "sample_rate", "seconds"] {
        assert_eq!(first[field], second[field], "{field}");
    }
}

#[test]
fn tags_names_and_places_change_nothing_and_audio_everything() {
    let sandbox = Sandbox::new();
    let wav = Wav { channels: 1, ..Wav::bursts(1) };
    sandbox.write("plain.wav", &wav.bytes(None));
    sandbox.write("tagged.wav", &wav.bytes(Some("Another title")));
    let mut other = wav.bytes(None);
    *other.last_mut().unwrap() ^= 1;
    sandbox.write("other.wav", &other);
    let plain = sandbox.json(&["analyze", "--json", "plain.wav"]);
    let tagged = sandbox.json(&["analyze", "--json", "tagged.wav"]);
    let other = sandbox.json(&["analyze", "--json", "other.wav"]);
    assert_eq!(tagged["computed"], json!([]));
    assert_eq!(tagged["asset"], plain["asset"]);
    assert_eq!(other["computed"], json!(usual_descriptors()));
    assert_ne!(other["asset"], plain["asset"]);
    // The same audio twice in one command is one job.
    std::fs::remove_dir_all(sandbox.cache()).unwrap();
    let both = sandbox.ok(&["analyze", "--json", "plain.wav", "tagged.wav"]).lines();
    assert_eq!((&both[0]["computed"], &both[1]["computed"]), (&json!(usual_descriptors()), &json!([])));
}

/// A file that is overwritten in place is seen, even within the same moment.
#[test]
fn an_overwritten_file_is_another_asset() {
    let sandbox = Sandbox::new();
    let wav = Wav { channels: 1, ..Wav::bursts(1) };
    let mut bytes = wav.bytes(None);
    let mut assets = std::collections::BTreeSet::new();
    for round in 0..4 {
        *bytes.last_mut().unwrap() = round;
        sandbox.write("song.wav", &bytes);
        let ran = sandbox.json(&["analyze", "--json", "--only", "agogic.rms", "song.wav"]);
        assets.insert(ran["asset"].to_string());
    }
    assert_eq!(assets.len(), 4);
}

#[test]
fn a_tempo_edit_computes_nothing() {
    let cache = tempfile::tempdir().unwrap();
    let log = Arc::new(EventLog::default());
    let control = Control::new(log.clone());
    let engine = Engine::builder(cache.path()).plugin_path([]).open().unwrap();
    let file = song();
    let request = Request::new(Profile::built_in("default").unwrap());
    engine.analyze(file.as_ref(), &request, &control).unwrap();
    let computed = |events: &[Event]| events.iter().filter(|e| matches!(e, Event::Computed { .. })).count();
    assert_eq!(computed(&log.take()), usual_descriptors().len());

    let points = r#"[{"beat":0,"bpm":96,"law":"linear-beats"},{"beat":32,"bpm":140}]"#;
    let midi = std::fs::read(workspace().join("examples/media/slow-turn.mid")).unwrap();
    let maps = [
        TempoMap::constant(120.0).unwrap(),
        TempoMap::from_json(points).unwrap(),
        TempoMap::from_midi(&midi).unwrap(),
    ];
    let samplings = [Sampling::Over(Reduction::Mean), Sampling::At(Interpolation::Spline)];
    for map in &maps {
        for id in usual_descriptors() {
            for sampling in samplings {
                let id = DescriptorId::new(&id).unwrap();
                let span = Span::sixteenths();
                engine.view(file.as_ref(), &id, &request.profile, map, &span, sampling, &control).unwrap();
            }
        }
    }
    let events = log.take();
    assert_eq!(computed(&events), 0);
    assert!(!events.iter().any(|event| matches!(event, Event::Started { .. })));
    let views = events.iter().filter(|event| matches!(event, Event::Viewed { .. })).count();
    assert_eq!(views, maps.len() * usual_descriptors().len() * samplings.len());
}

/// The beats that are heard are a tempo map, at once or through a file.
#[test]
fn beats_are_a_tempo_map() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["tempo", "detect", &song(), "-o", "heard.json"]);
    let csv = sandbox.ok(&["frames", &song(), "agogic.beat.times", "--format", "csv"]).stdout;
    sandbox.write("beats.csv", &csv);
    let beats = String::from_utf8(csv).unwrap().lines().count();
    let info = |map: &str| sandbox.json(&["tempo", "info", map, "--json"]);
    assert!(beats > 20, "{beats}");
    // Every other line of the table counts: a beat a line, whichever way it came.
    let count = |map: &str| info(map)["points"].as_u64().unwrap();
    assert_eq!(count("heard.json"), count("beats.csv"));
    // And a view stands on it.
    let view = ["view", &song(), "agogic.rms", "--tempo", "heard.json", "--every", "1/4", "--format", "json"];
    assert!(sandbox.json(&view)["columns"].as_array().unwrap().len() > 20);
    sandbox
        .write("silence.wav", &Wav { signal: agogic_tests::Signal::Silence, ..Wav::bursts(1) }.bytes(None));
    let ran = sandbox.run(&["tempo", "detect", "silence.wav"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("silence.wav: no beats are heard in it"), "{}", ran.stderr);
}

/// What the engine shows and what the command prints are the same numbers.
#[test]
fn formats_agree() {
    let sandbox = Sandbox::new();
    sandbox.write("song.wav", &Wav::bursts(1).bytes(None));
    let json = sandbox.json(&["frames", "song.wav", "agogic.rms", "--format", "json"]);
    let rows = json["frames"].as_array().unwrap();
    // 1 + 44100 / 512 frames of two channels.
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (87, 2));
    assert_eq!((&json["start"], &json["hop"], &json["bins"]), (&json!(0), &json!(512), &json!(1)));
    let csv = sandbox.ok(&["frames", "song.wav", "agogic.rms", "--format", "csv"]).stdout;
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(csv.lines().count(), rows.len());
    for (line, row) in csv.lines().zip(rows) {
        let values: Vec<f32> = line.split(',').skip(1).map(|text| text.parse().unwrap()).collect();
        let wanted: Vec<f32> = row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
        assert_eq!(values, wanted, "{line}");
    }
    sandbox.ok(&["frames", "song.wav", "agogic.mel", "--format", "npy", "-o", "mel.npy"]);
    let npy = std::fs::read(sandbox.path("mel.npy")).unwrap();
    let head = String::from_utf8_lossy(&npy[..128]);
    assert!(head.contains("(128, 87") && head.contains("<f4"), "{head}");
    // Nothing is overwritten unless told to.
    let again = sandbox.run(&["frames", "song.wav", "agogic.mel", "--format", "npy", "-o", "mel.npy"]);
    assert_eq!(again.status, Some(1));
    assert_eq!(std::fs::read(sandbox.path("mel.npy")).unwrap(), npy);
}

/// A view is the same bits whether the engine reads only what it needs or the
/// host keeps the whole track with its pyramid.
#[test]
fn live_equals_export() {
    let cache = tempfile::tempdir().unwrap();
    let control = Control::default();
    let engine = Engine::builder(cache.path()).plugin_path([]).open().unwrap();
    let (file, profile) = (song(), Profile::built_in("default").unwrap());
    let map =
        TempoMap::from_json(r#"[{"beat":0,"bpm":96,"law":"linear-beats"},{"beat":32,"bpm":140}]"#).unwrap();
    let id = DescriptorId::new("agogic.mel").unwrap();
    let live = engine.track_view(file.as_ref(), &id, &profile, &control).unwrap();
    for step in [0.0625, 1.0, 16.0] {
        for sampling in [
            Sampling::Over(Reduction::Mean),
            Sampling::Over(Reduction::Rms),
            Sampling::Over(Reduction::Max),
            Sampling::At(Interpolation::Akima),
        ] {
            let span = Span::every(Delta(Beats(step)));
            let export = engine.view(file.as_ref(), &id, &profile, &map, &span, sampling, &control).unwrap();
            let grid = Grid::new(export.beats.clone()).unwrap();
            let shown = live.view(&map, &grid, sampling).unwrap();
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&export.data), bits(&shown.data), "{step} beats, {sampling:?}");
        }
    }
}
