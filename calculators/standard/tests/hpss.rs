//! Harmonic and percussive energy, and linear spectrograms in decibels, against
//! figures of librosa 0.11.0, computed in float64 by `tests/reference/make_hpss.py`:
//! n_fft 2048, hop 512, 22,050 Hz, centred with zeros.

mod signals;

use agogic_calculator::{Calculator, Collected, ParamValue};
use agogic_hpss::Hpss;
use agogic_spectrum::{PowerSpectrum, Spectrum, SpectrumDecibels};
use serde_json::Value;

const SIGNALS: [&str; 6] = ["noise", "chord", "chirp", "clicks", "drums", "silence"];
const BINS: usize = 1025;

fn run<C: Calculator>(signal: &str, changes: &[(&str, ParamValue)]) -> Collected {
    let mut setup = Collected::setup::<C>(22_050, 1, BINS as u32);
    for (name, value) in changes {
        *setup.params.0.get_mut(*name).expect("a parameter") = value.clone();
    }
    signals::run::<C>(&setup, &signals::signal(signal), 100)
}

fn figures(signal: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("hpss.json")).expect("valid JSON");
    all["signals"][signal].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[test]
fn energies() {
    let wide = [
        ("kernel_harmonic", ParamValue::from(17)),
        ("kernel_percussive", 9.into()),
        ("mask_power", 1.0.into()),
        ("margin_harmonic", 2.0.into()),
        ("margin_percussive", 3.0.into()),
    ];
    for signal in SIGNALS {
        let figures = figures(signal);
        let kept = numbers(&figures["kept"]);
        for (changes, suffix) in [(&[][..], ""), (&wide[..], "_wide")] {
            let got = run::<Hpss>(signal, changes);
            let expect = ["harmonic", "percussive"].map(|name| numbers(&figures[format!("{name}{suffix}")]));
            for (i, &frame) in kept.iter().enumerate() {
                let sum = expect[0][i] + expect[1][i];
                for output in [0, 1] {
                    let error = (f64::from(got.frames(output)[frame as usize]) - expect[output][i]).abs();
                    assert!(
                        error <= 1e-4 * sum,
                        "{signal}{suffix} frame {frame}, {output}: {error:e} of {sum:e}"
                    );
                }
                let ratio = f64::from(got.frames(2)[frame as usize]);
                let expect = if sum > 0.0 { expect[0][i] / sum } else { 0.5 };
                assert!(
                    (ratio - expect).abs() <= 1e-4,
                    "{signal}{suffix} frame {frame}: {ratio} is not {expect}"
                );
            }
        }
    }
}

#[test]
fn decibels_and_powers() {
    for signal in SIGNALS {
        let figures = figures(signal);
        let decibels = run::<SpectrumDecibels>(signal, &[("top_db", 80.0.into())]);
        let (magnitude, power) = (run::<Spectrum>(signal, &[]), run::<PowerSpectrum>(signal, &[]));
        for (magnitude, power) in magnitude.frames(0).iter().zip(power.frames(0)) {
            assert!((magnitude * magnitude - power).abs() <= 1e-6 * power, "{magnitude}, {power}");
        }
        let rows = figures["decibels"].as_array().expect("frames");
        for (frame, expect) in numbers(&figures["frames"]).into_iter().zip(rows) {
            let row = &decibels.frames(0)[frame as usize * BINS..][..BINS];
            let loudest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (&got, expect) in row.iter().step_by(32).zip(numbers(expect)) {
                // What the transform's rounding is worth, further below the loudest.
                let bound = if got < loudest - 80.0 { 1.0 } else { 0.02 };
                let error = (f64::from(got) - expect).abs();
                assert!(error <= bound, "{signal} frame {frame}: {got} is not {expect}, loudest {loudest}");
            }
        }
    }
}
