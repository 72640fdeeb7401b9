//! Under the profile `librosa` the numbers are librosa's, from the file to the
//! cache: the stated bounds, on our own piece and on real recordings where they
//! lie beside the project. Figures by `reference/make_librosa.py`.

use std::path::Path;

use agogic::schema::{DescriptorId, FeatureTrack, Profile, TrackData};
use agogic::{Control, Engine, Request};
use agogic_tests::{recordings, workspace};
use serde_json::Value;

/// Bounds that hold with resampling from 44.1 kHz; without it they are far
/// tighter (see the tests of `calculators/standard`).
const MEL_DB: f64 = 0.001;
/// The four highest bands lie on the resampler's slope.
const MEL_DB_TOP: f64 = 0.15;
const TOP_BANDS: usize = 4;
const RMS: f64 = 5e-6;
const ONSET_DB: f64 = 0.0015;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn worst(given: impl IntoIterator<Item = f64>, wanted: impl IntoIterator<Item = f64>) -> f64 {
    given.into_iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn dense(track: &FeatureTrack) -> &[f32] {
    match &track.data {
        TrackData::Dense(plane) => &plane.data,
        other => panic!("not dense: {other:?}"),
    }
}

#[allow(clippy::print_stdout, reason = "the figures behind the bounds")]
fn check(file: &Path) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let figures: Value = serde_json::from_str(include_str!("reference/librosa.json")).unwrap();
    let figures = &figures["recordings"][name];
    assert!(figures.is_object(), "no figures for {name}");
    let cache = tempfile::tempdir().unwrap();
    let engine = Engine::builder(cache.path()).plugin_path([]).open().unwrap();
    let profile = Profile::built_in("librosa").unwrap();
    let control = Control::default();
    let request = Request::new(profile.clone());
    assert_eq!(engine.analyze(file, &request, &control).unwrap().failed, []);
    let track =
        |id: &str| engine.track(file, &DescriptorId::new(id).unwrap(), &profile, None, &control).unwrap();
    let resampled = figures["source_sr"] != 22_050;

    let mel = track("agogic.mel");
    let mel = dense(&mel);
    assert_eq!(mel.len() / 128, figures["n_frames"].as_u64().unwrap() as usize, "{name}: frames");
    let frames = numbers(&figures["logmel_frames"]);
    let (mut low, mut top) = (0.0f64, 0.0f64);
    for (frame, wanted) in frames.iter().zip(figures["logmel_db_at"].as_array().unwrap()) {
        let given = mel[*frame as usize * 128..][..128].iter().map(|&v| f64::from(v));
        let wanted = numbers(wanted);
        low = low.max(worst(given.clone().take(128 - TOP_BANDS), wanted.iter().copied()));
        top = top.max(worst(given.skip(128 - TOP_BANDS), wanted[128 - TOP_BANDS..].iter().copied()));
    }

    let rms = track("agogic.rms");
    let channels = rms.header.channels.len();
    let frames = numbers(&figures["rms_frames"]);
    let mut rms_worst = 0.0f64;
    for (channel, wanted) in figures["rms_channels_at"].as_array().unwrap().iter().enumerate() {
        let given = frames.iter().map(|frame| f64::from(dense(&rms)[*frame as usize * channels + channel]));
        rms_worst = rms_worst.max(worst(given, numbers(wanted)));
    }

    let onset = track("agogic.onset.strength");
    let step = figures["onset_strength_step"].as_u64().unwrap() as usize;
    let given = dense(&onset).iter().step_by(step).map(|&v| f64::from(v));
    let onset_worst = worst(given, numbers(&figures["onset_strength_every_step"]));

    println!(
        "{name}: mel {low:.6} / top {top:.6} dB, rms {rms_worst:.2e}, onset strength {onset_worst:.6} dB"
    );
    assert!(low < MEL_DB, "{name}: mel {low} dB");
    assert!(top < if resampled { MEL_DB_TOP } else { MEL_DB }, "{name}: highest mel bands {top} dB");
    assert!(rms_worst < RMS, "{name}: rms {rms_worst}");
    assert!(onset_worst < ONSET_DB, "{name}: onset strength {onset_worst} dB");

    let TrackData::Events(times) = track("agogic.onset.times").data else { panic!("not events") };
    let given: Vec<f64> = times.iter().map(|event| event.at.0 as f64 / 512.0).collect();
    assert_eq!(given, numbers(&figures["onset_frames"]), "{name}: onset frames");
}

#[test]
fn our_own_piece() {
    check(&workspace().join("examples/media/slow-turn.ogg"));
}

#[test]
fn real_recordings() {
    let Some(folder) = recordings() else { return };
    for name in ["hungarian-dance-5.ogg", "vibe-ace.ogg", "speech.ogg"] {
        check(&folder.join(name));
    }
}
