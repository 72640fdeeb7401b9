//! Spectral shape, chroma, cepstrum and zero crossings against figures of librosa
//! 0.11.0, computed in float64 by `tests/reference/make_librosa.py`: n_fft 2048, hop
//! 512, 22,050 Hz, centred with zeros, `top_db` 80. `spectral.json` holds some frames.

mod signals;

use agogic_calculator::{Calculator, Collected, ParamValue, Setup};
use agogic_chroma::Chroma;
use agogic_mel::Mel;
use agogic_mfcc::Mfcc;
use agogic_spectral::Spectral;
use agogic_zero_crossings::ZeroCrossings;
use serde_json::Value;

const SIGNALS: [&str; 6] = ["noise", "chord", "chirp", "clicks", "drums", "silence"];

/// How far a value may be from librosa's.
#[derive(Clone, Copy)]
enum Bound {
    Absolute(f64),
    Relative(f64),
}

fn setup<C: Calculator>(changes: &[(&str, ParamValue)]) -> Setup {
    let mut setup = Collected::setup::<C>(22_050, 1, 1025);
    for (name, value) in [("top_db", ParamValue::Float(80.0))].iter().chain(changes) {
        if let Some(param) = setup.params.0.get_mut(*name) {
            *param = value.clone();
        }
    }
    setup
}

fn results<C: Calculator>(signal: &str, changes: &[(&str, ParamValue)]) -> Collected {
    signals::run::<C>(&setup::<C>(changes), &signals::signal(signal), 100)
}

fn numbers(value: &Value) -> Vec<f64> {
    let one = |value: &Value| value.as_f64().map_or_else(|| numbers(value), |number| vec![number]);
    value.as_array().expect("an array").iter().flat_map(one).collect()
}

/// Compares an output, `width` values a frame, with the figure of this name.
#[track_caller]
fn check(signal: &str, got: &[f32], width: usize, figure: &str, bound: Bound) {
    let all: Value = serde_json::from_str(include_str!("spectral.json")).expect("valid JSON");
    let figures = &all["signals"][signal];
    assert_eq!(got.len(), 173 * width, "{figure} of {signal}");
    let (frames, expect) = (numbers(&figures["frames"]), numbers(&figures[figure]));
    assert_eq!(expect.len(), frames.len() * width, "{figure} of {signal}");
    for (&frame, expect) in frames.iter().zip(expect.chunks(width)) {
        let row = &got[frame as usize * width..][..width];
        for (&value, &expect) in row.iter().zip(expect) {
            let error = (f64::from(value) - expect).abs();
            let allowed = match bound {
                Bound::Absolute(allowed) => allowed,
                Bound::Relative(share) => share * expect.abs(),
            };
            assert!(error <= allowed, "{figure} of {signal}, frame {frame}: {value} is not {expect}");
        }
    }
}

#[test]
fn spectral_shape() {
    for signal in SIGNALS {
        let got = results::<Spectral>(signal, &[]);
        // Where tones stand over silence, all other bins hold the rounding of a transform
        // in f32, and what weighs those bins is off by it.
        let tones = matches!(signal, "chord" | "chirp");
        let single = [
            ("centroid", 3e-5),
            ("bandwidth", 0.2),
            ("rolloff", 1e-7),
            ("flatness", 2e-3),
            ("flux", 5e-6),
            ("crest", 2e-6),
        ];
        for (output, (figure, share)) in single.into_iter().enumerate() {
            check(signal, got.frames(output), 1, figure, Bound::Relative(if tones { share } else { 1e-6 }));
        }
        if signal != "chirp" {
            let decibels = if tones { 0.1 } else { 1e-4 };
            check(signal, got.frames(6), 7, "contrast", Bound::Absolute(decibels));
        }
    }
}

#[test]
fn chroma() {
    for signal in SIGNALS {
        for (figure, tuning) in [("chroma", 0.0), ("chroma_tuned", 0.3)] {
            let got = results::<Chroma>(signal, &[("tuning", tuning.into())]);
            check(signal, got.frames(0), 12, figure, Bound::Absolute(1e-6));
        }
    }
}

#[test]
fn cepstrum_and_its_slopes() {
    for signal in SIGNALS {
        let (mel, mfcc) = (setup::<Mel>(&[]), setup::<Mfcc>(&[]));
        let got = signals::run_on::<Mel, Mfcc>(&mel, &mfcc, &signals::signal(signal), 100);
        check(signal, got.frames(0), 20, "mfcc", Bound::Absolute(5e-4));
        check(signal, got.frames(1), 20, "mfcc_delta", Bound::Absolute(1e-4));
        check(signal, got.frames(2), 20, "mfcc_delta2", Bound::Absolute(1e-4));
    }
}

#[test]
fn zero_crossings() {
    for signal in SIGNALS {
        let got = results::<ZeroCrossings>(signal, &[]);
        check(signal, got.frames(0), 1, "zero_crossings", Bound::Relative(1e-7));
    }
}
