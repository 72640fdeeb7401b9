//! Tuning, and chroma with the tuning estimated, against figures of librosa 0.11.0,
//! computed in float64 by `tests/reference/make_tonal.py`.

#[path = "../../standard/tests/signals/mod.rs"]
mod signals;

use agogic_calculator::{Calculator, Collected, ParamValue};
use agogic_chroma::{Chroma, Tuning};
use serde_json::Value;

/// Without "clicks", whose spectra are flat: their peaks are those of rounding errors.
const SIGNALS: [&str; 5] = ["noise", "chord", "chirp", "drums", "silence"];

fn figures(signal: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("tuning.json")).expect("valid JSON");
    all["signals"][signal].clone()
}

fn run<C: Calculator>(signal: &str, changes: &[(&str, ParamValue)]) -> Collected {
    let mut setup = Collected::setup::<C>(22_050, 1, 1025);
    for (name, value) in changes {
        setup.params.0.insert((*name).into(), value.clone());
    }
    signals::run::<C>(&setup, &signals::signal(signal), 100)
}

#[test]
fn tuning() {
    for signal in SIGNALS {
        let got = f64::from(run::<Tuning>(signal, &[]).events(0)[0].values[0]);
        let expect = figures(signal)["tuning"].as_f64().expect("a number");
        assert!((got - expect).abs() < 1e-6, "{signal}: {got} is not {expect}");
    }
}

#[test]
fn chroma_of_the_estimated_tuning() {
    for signal in SIGNALS {
        let figures = figures(signal);
        let frames = figures["frames"].as_array().expect("frames");
        let tuning = figures["chroma_tuning"].as_f64().expect("a number");
        let estimated = run::<Chroma>(signal, &[("estimate_tuning", true.into())]);
        let given = run::<Chroma>(signal, &[("tuning", tuning.into())]);
        let mut worst = [0.0f64; 2];
        for (row, frame) in frames.iter().enumerate() {
            let at = 12 * frame.as_u64().expect("a frame") as usize;
            for class in 0..12 {
                let expect = figures["chroma"][row][class].as_f64().expect("a number");
                for (worst, got) in worst.iter_mut().zip([&given, &estimated]) {
                    *worst = worst.max((f64::from(got.frames(0)[at + class]) - expect).abs());
                }
            }
        }
        assert!(worst[0] < 2e-6, "{signal} given: {}", worst[0]);
        assert!(worst[1] < 1e-3, "{signal} estimated: {}", worst[1]);
    }
}
