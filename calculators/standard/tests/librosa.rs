//! The standard calculators against figures of librosa 0.11.0, computed in
//! float64: n_fft 2048, hop 512, 22,050 Hz, centred with zeros, 128 mel bands
//! with Slaney's scale and norm, `top_db` 80. `librosa.json` holds every third
//! band, every 64th bin, and curves in full.

mod signals;
mod tracks;

use agogic_calculator::{Calculator, Collected};
use serde_json::Value;

const SIGNALS: [&str; 6] = ["noise", "chord", "chirp", "clicks", "drums", "silence"];

/// A calculator's result under librosa's profile, and librosa's.
fn results<C: Calculator>(signal: &str) -> Collected {
    let mut setup = Collected::setup::<C>(22_050, 1, 1025);
    if let Some(top_db) = setup.params.0.get_mut("top_db") {
        *top_db = 80.0.into();
    }
    signals::run::<C>(&setup, &signals::signal(signal), 100)
}

fn figures(signal: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("librosa.json")).expect("valid JSON");
    all["signals"][signal].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// Frames by number, of a figure that is given at some.
fn frames(figure: &Value) -> impl Iterator<Item = (usize, Vec<f64>)> {
    let frames = figure.as_object().expect("frames");
    frames.iter().map(|(frame, row)| (frame.parse().expect("a number"), numbers(row)))
}

#[test]
fn mel_decibels() {
    for signal in SIGNALS {
        let got = results::<agogic_mel::Mel>(signal);
        assert_eq!(got.frames(0).len(), 173 * 128);
        for (frame, expect) in frames(&figures(signal)["mel_db"]) {
            let row = &got.frames(0)[frame * 128..][..128];
            for (band, expect) in (0..128).step_by(3).zip(expect) {
                let error = (f64::from(row[band]) - expect).abs();
                assert!(error <= 5e-4, "{signal} frame {frame} band {band}: off by {error:e} dB");
            }
        }
    }
}

#[test]
fn magnitudes() {
    for signal in SIGNALS {
        let got = results::<agogic_spectrum::Spectrum>(signal);
        assert_eq!(got.frames(0).len(), 173 * 1025);
        for (frame, expect) in frames(&figures(signal)["magnitude"]) {
            let row = &got.frames(0)[frame * 1025..][..1025];
            let largest = f64::from(row.iter().copied().fold(0.0, f32::max));
            for (bin, expect) in (0..1025).step_by(64).zip(expect) {
                let error = (f64::from(row[bin]) - expect).abs();
                assert!(error <= 1e-6 * largest, "{signal} frame {frame} bin {bin}: off by {error:e}");
            }
        }
    }
}

#[test]
fn root_mean_squares() {
    for signal in SIGNALS {
        let got = results::<agogic_rms::Rms>(signal);
        let expect = numbers(&figures(signal)["rms"]);
        assert_eq!(got.frames(0).len(), expect.len());
        for (frame, (&got, expect)) in got.frames(0).iter().zip(expect).enumerate() {
            let error = (f64::from(got) - expect).abs();
            assert!(error <= 1e-6 * expect, "{signal} frame {frame}: {got} is not {expect}");
        }
    }
}

#[test]
fn onset_strengths() {
    for signal in SIGNALS {
        let (_, got) = tracks::strength(&signals::signal(signal), 80.0);
        let expect = numbers(&figures(signal)["onset_strength"]);
        assert_eq!(got.len(), expect.len());
        for (frame, (&got, expect)) in got.iter().zip(expect).enumerate() {
            let error = (f64::from(got) - expect).abs();
            assert!(error <= 1e-4, "{signal} frame {frame}: off by {error:e} dB");
        }
    }
}

#[test]
fn onset_frames() {
    for signal in SIGNALS {
        let strength = tracks::strength(&signals::signal(signal), 80.0);
        let got = tracks::derived::<agogic_onset::OnsetTimes>(&strength, 100);
        for event in got.events(0) {
            assert_eq!(event.values, [strength.1[(event.at.0 / 512) as usize]], "{signal}");
        }
        let got: Vec<i64> = got.events(0).iter().map(|event| event.at.0).collect();
        let expect = numbers(&figures(signal)["onset_frames"]);
        let expect: Vec<i64> = expect.into_iter().map(|frame| frame as i64 * 512).collect();
        assert_eq!(got, expect, "{signal}");
    }
}
