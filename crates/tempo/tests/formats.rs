//! Standard MIDI Files and another program: the times that mido counts, of files
//! that it wrote and of files written here. All files of `formats/` are small and
//! were made for these tests; `mido_times.py` there tells how.

use std::path::{Path, PathBuf};

use agogic_tempo::TempoMap;
use agogic_timebase::{Seconds, Ticks};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The maps that are written as `exported-*.mid`.
fn exported() -> Vec<(&'static str, TempoMap)> {
    let maps = [
        (
            "exported-ramps.mid",
            r#"{"points": [{"beat": 0, "bpm": 120, "law": "linear-beats"}, {"beat": 4, "bpm": 60, "law": "linear-time"},
                {"beat": 9.5, "bpm": 143.21, "law": "geometric-beats", "to": 99}, {"beat": 12, "bpm": 77, "law": "linear-period"},
                {"beat": 13, "bpm": 200}], "ticks_per_quarter": 480,
                "meter": [{"beat": 0, "numerator": 3, "denominator": 4}, {"beat": 12, "numerator": 7, "denominator": 8}]}"#,
        ),
        (
            "exported-step.mid",
            r#"[{"beat": 0, "bpm": 77.7}, {"beat": 400, "bpm": 133.3}, {"beat": 1000, "bpm": 60}]"#,
        ),
    ];
    maps.into_iter().map(|(name, text)| (name, TempoMap::from_json(text).unwrap())).collect()
}

#[test]
fn mido_agrees() {
    let text = file("mido.json");
    let told: Value = serde_json::from_slice(&text).unwrap();
    let cases = told["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 11);
    for case in cases {
        let name = case["file"].as_str().unwrap();
        let bytes = file(name);
        let map = TempoMap::from_bytes(&bytes).unwrap();
        let source = exported().into_iter().find(|map| map.0 == name);
        for pair in case["times"].as_array().unwrap() {
            let (tick, seconds) = (pair[0].as_i64().unwrap(), pair[1].as_f64().unwrap());
            let found = map.ticks_to_seconds(Ticks(tick)).0;
            assert!((found - seconds).abs() <= 1e-9, "{name}: tick {tick} is at {found}, not {seconds}");
            assert_eq!(map.seconds_to_ticks(Seconds(found)), Ticks(tick), "{name}");
            if let Some((_, source)) = &source {
                let beat = map.ticks_to_beats(Ticks(tick));
                // Every piece's end: within 1e-6 s of the map that was written.
                let miss = (source.seconds(beat).0 - seconds).abs();
                assert!(miss <= 1e-6, "{name}: {beat:?} is {miss} s off");
            }
        }
    }
}

#[test]
fn what_mido_read_is_what_is_written() {
    for (name, map) in exported() {
        let bytes = map.to_midi().unwrap();
        if std::env::var_os("AGOGIC_BLESS").is_some() {
            std::fs::write(folder().join(name), &bytes).unwrap();
        }
        assert!(bytes == file(name), "{name} is not what to_midi writes");
    }
}
