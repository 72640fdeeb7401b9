//! Signals that any language generates alike: 4 s at 22,050 Hz, one channel.

use std::f64::consts::TAU;

pub(crate) const RATE: usize = 22_050;

/// A signal, computed in f64 and rounded to f32.
pub(crate) fn signal(name: &str) -> Vec<f32> {
    let n = RATE * 4;
    let noise = noise(n);
    let seconds = |i: usize| i as f64 / RATE as f64;
    let sample = |i: usize| match name {
        "noise" => 0.25 * noise[i],
        "chord" => {
            let tones = [261.6255653005986, 329.6275569128699, 391.99543598174927];
            tones.iter().map(|hz| 0.15 * (TAU * hz * seconds(i)).sin()).sum::<f64>() + 1e-4 * noise[i]
        }
        "chirp" => {
            let t = seconds(i);
            0.5 * (TAU * (220.0 * t + (880.0 - 220.0) / 8.0 * t * t)).sin()
        }
        "clicks" => f64::from(u8::from(i.is_multiple_of(RATE / 2))),
        "drums" => {
            let (hit, since) = (i / (RATE / 2), i % (RATE / 2));
            let gain = match (hit, since) {
                (8.., _) | (_, 4000..) => 0.0,
                (hit, _) if hit.is_multiple_of(2) => 1.0,
                _ => 0.6,
            };
            0.5 * noise[since] * (-(since as f64) / 600.0).exp() * gain + 1e-5 * noise[i]
        }
        "silence" => 0.0,
        other => panic!("no signal {other}"),
    };
    (0..n).map(|i| sample(i) as f32).collect()
}

/// Noise within -1..1: the top 24 bits of Knuth's MMIX generator.
pub(crate) fn noise(length: usize) -> Vec<f64> {
    let mut state = 12345u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    };
    (0..length).map(|_| next()).collect()
}
