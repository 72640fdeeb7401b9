//! Beats and onsets of rendered pieces against those that are known: on the mean no
//! worse than librosa's on the same samples (tests/reference/make_beats.py), and per
//! piece what is stated here. `cargo xtask accuracy` prints all of it.

#[path = "../../../xtask/accuracy/analyse.rs"]
mod analyse;
#[path = "../../../xtask/accuracy/measure.rs"]
mod measure;
#[allow(dead_code, reason = "files are written elsewhere")]
#[path = "../../../xtask/accuracy/render.rs"]
mod render;
#[path = "../../../xtask/accuracy/score.rs"]
mod score;

use measure::f_measure;

/// The least F-measure of the beats of each piece.
const BEATS: [(&str, f64); 10] = [
    ("steady-90", 0.99),
    ("steady-120", 0.98),
    // Every second beat.
    ("steady-174", 0.65),
    ("accelerando", 0.99),
    ("ritardando", 0.98),
    ("rubato", 0.98),
    ("waltz", 0.98),
    ("rests", 0.99),
    ("ballad", 0.97),
    // Four in the time of three.
    ("funk", 0.20),
];

#[test]
fn beats_and_onsets_of_known_pieces() {
    let figures: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/reference/beats.json")).unwrap();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (piece, (name, least)) in score::Piece::all().iter().zip(BEATS) {
        assert_eq!(piece.name, name);
        let samples: Vec<f32> = render::render(piece).iter().map(|&x| f32::from(x) / 32_768.0).collect();
        let found = analyse::analyse(&samples, render::RATE).unwrap();
        let beats = f_measure(&piece.beat_times(), &found.beats, measure::BEATS);
        assert!(beats >= least, "beats of {name}: {beats:.3}");
        ours += beats;
        theirs += figures["pieces"][name]["beats"].as_f64().unwrap();
        // librosa cuts its mel spectrogram off at 80 dB, the default profile does not.
        let onsets = f_measure(&piece.onset_times(), &found.onsets, measure::ONSETS);
        let librosa = figures["pieces"][name]["onsets"].as_f64().unwrap();
        assert!(onsets >= librosa - 0.02, "onsets of {name}: {onsets:.3}, librosa {librosa:.3}");
    }
    assert!(ours >= theirs, "beats: {ours:.3} of 10, librosa {theirs:.3}");
}

/// What `mir_eval.beat.f_measure` gives for the same lists.
#[test]
fn the_measure() {
    for (known, found, expect) in [
        (&[][..], &[][..], 0.0),
        (&[1.0], &[], 0.0),
        (&[1.0, 2.0], &[1.0, 2.0], 1.0),
        (&[1.0, 2.0], &[1.06, 2.08], 0.5),
        // One to one: of two near the same beat one counts.
        (&[1.0], &[0.97, 1.03], 2.0 / 3.0),
        (&[1.0, 1.1], &[1.05, 1.15], 1.0),
        (&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0], 2.0 / 3.0),
    ] {
        let got = f_measure(known, found, measure::BEATS);
        assert!((got - expect).abs() < 1e-12, "{known:?} {found:?}: {got}");
    }
}
