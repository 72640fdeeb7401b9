//! Pitch against figures of librosa 0.11.0, computed in float64 by
//! `tests/reference/make_pitch.py`, and against the pitch that glides are made with.

#[path = "../../standard/tests/signals/mod.rs"]
mod signals;

use std::f64::consts::TAU;

use agogic_calculator::{Calculator, Collected};
use agogic_pitch::{Pyin, Yin};
use serde_json::Value;

const SIGNALS: [&str; 8] = ["noise", "chord", "chirp", "clicks", "drums", "silence", "glide", "voice"];
const RATE: f64 = 22_050.0;
const C2: f64 = 65.406_391_325_149_66;

fn signal(name: &str) -> Vec<f32> {
    let seconds = |i: usize| i as f64 / RATE;
    let phase = |t: f64| TAU * 100.0 * 4.0 / 8f64.ln() * (8f64.powf(t / 4.0) - 1.0);
    let sample = |t: f64| match name {
        "glide" => 0.5 * phase(t).sin(),
        _ => {
            let voice = phase(t) + (TAU * 5.0 * t).sin();
            (1..=10).map(|h| 0.3 / f64::from(h) * (f64::from(h) * voice).sin()).sum()
        }
    };
    match name {
        "glide" | "voice" => (0..4 * 22_050).map(|i| sample(seconds(i)) as f32).collect(),
        other => signals::signal(other),
    }
}

/// The pitch that a glide is made with, in the middle of a frame.
fn truth(name: &str, frame: usize) -> f64 {
    let t = (frame * 512) as f64 / RATE;
    let vibrato = if name == "voice" { 5.0 * (TAU * 5.0 * t).cos() } else { 0.0 };
    100.0 * 8f64.powf(t / 4.0) + vibrato
}

fn results<C: Calculator>(name: &str, block: usize) -> Collected {
    signals::run::<C>(&Collected::setup::<C>(22_050, 1, 1), &signal(name), block)
}

fn figures(name: &str, figure: &str) -> Vec<f64> {
    let all: Value = serde_json::from_str(include_str!("pitch.json")).expect("valid JSON");
    let values = all[name][figure].as_array().expect("an array");
    values.iter().map(|value| value.as_f64().expect("a number")).collect()
}

fn cents(a: f64, b: f64) -> f64 {
    1200.0 * (a / b).log2()
}

#[test]
fn yin() {
    for name in SIGNALS {
        let (got, expect) = (results::<Yin>(name, 1000), figures(name, "yin"));
        assert_eq!(got.frames(0).len(), expect.len());
        let error = |(&got, expect): (&f32, &f64)| (f64::from(got) / expect - 1.0).abs();
        let errors: Vec<f64> = got.frames(0).iter().zip(&expect).map(error).collect();
        let largest = errors.iter().copied().fold(0.0, f64::max);
        // Around a lone click all differences are alike, and rounding chooses.
        assert!(largest < 1e-5 || name == "clicks", "yin of {name}: {largest}");
    }
}

#[test]
fn pyin() {
    for name in SIGNALS {
        let (got, bins, voiced) =
            (results::<Pyin>(name, 1000), figures(name, "pyin"), figures(name, "voiced"));
        assert_eq!((got.frames(0).len(), got.frames(1).len()), (bins.len(), bins.len()));
        for (frame, (&f0, &bin)) in got.frames(0).iter().zip(&bins).enumerate() {
            let expect = C2 * (bin / 120.0).exp2();
            let same = if bin < 0.0 { f0.is_nan() } else { (f64::from(f0) / expect - 1.0).abs() < 1e-6 };
            assert!(same, "pyin of {name}, frame {frame}: {f0} is not {expect}, bin {bin}");
        }
        let errors = got.frames(1).iter().zip(&voiced).map(|(&got, expect)| (f64::from(got) - expect).abs());
        let largest = errors.fold(0.0, f64::max);
        // As above, for troughs at the height of the last threshold.
        let bound = if name == "clicks" { 0.02 } else { 1e-4 };
        assert!(largest < bound, "pyin of {name}: {largest}");
    }
}

#[test]
fn glides_have_the_pitch_that_they_are_made_with() {
    for (name, near) in [("glide", 8.0), ("voice", 26.0)] {
        let (yin, pyin) = (results::<Yin>(name, 1000), results::<Pyin>(name, 1000));
        let bins = figures(name, "pyin");
        // The outermost frames are half empty.
        for (what, f0s, resolution) in [("yin", yin.frames(0), 0.0), ("pyin", pyin.frames(0), 5.0)] {
            let errors: Vec<f64> = (3..f0s.len() - 3)
                .filter(|&frame| f0s[frame].is_finite())
                .map(|frame| cents(f64::from(f0s[frame]), truth(name, frame)))
                .collect();
            let largest = errors.iter().map(|error| error.abs()).fold(0.0, f64::max);
            assert!(largest < near + resolution, "{what} of {name}: {largest} cents");
        }
        let confidences = &yin.frames(1)[3..bins.len() - 3];
        assert!(confidences.iter().all(|&confidence| confidence > 0.5));
    }
}

#[test]
fn blocks_change_nothing() {
    fn check<C: Calculator>() {
        for name in ["voice", "drums"] {
            let whole = results::<C>(name, 1 << 20);
            for block in [1, 64, 1000, 65_536] {
                let cut = results::<C>(name, block);
                for output in 0..2 {
                    let bits =
                        |got: &Collected| got.frames(output).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&cut), bits(&whole), "{name} in blocks of {block}");
                }
            }
        }
    }
    check::<Yin>();
    check::<Pyin>();
}
