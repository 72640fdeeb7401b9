//! Signals that any language generates alike, and the ways to hand them to a
//! calculator: 4 s at 22,050 Hz, one channel.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::f64::consts::TAU;
use std::num::NonZeroUsize;

use agogic_calculator::{Block, Calculator, Collected, InputSpec, Setup, Shape, SpectrumScale, TrackHeader};
use agogic_dsp::{Stft, StftSpec, Window};

const RATE: usize = 22_050;

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

/// Runs a calculator over one channel as a host would: as it is in blocks of so
/// many samples, or as spectra in blocks of so many frames.
pub(crate) fn run<C: Calculator>(setup: &Setup, samples: &[f32], block: usize) -> Collected {
    let description = C::describe();
    let InputSpec::Spectrum(input) = description.input else {
        return run_blocks::<C>(setup, samples, block, 1);
    };
    let amount =
        |amount: &agogic_calculator::Amount| amount.resolve(&setup.params).expect("a number") as usize;
    let hop = NonZeroUsize::new(amount(&input.hop)).expect("a hop");
    let spec = StftSpec::new(amount(&input.n_fft), hop, amount(&input.window_length), Window::Hann, true)
        .expect("a valid spec");
    let mut stft = Stft::new(spec);
    let mut rows = Vec::new();
    stft.push(samples, |_, batch| rows.extend_from_slice(batch));
    stft.finish(|_, batch| rows.extend_from_slice(batch));
    if input.scale == SpectrumScale::Magnitude {
        rows.iter_mut().for_each(|power| *power = power.sqrt());
    }
    run_blocks::<C>(setup, &rows, block, spec.bins())
}

/// The mel spectrogram of one channel at 22,050 Hz, as an input of a derived
/// calculator.
pub(crate) fn mel(samples: &[f32], top_db: f64) -> (TrackHeader, Vec<f32>) {
    let mut setup = Collected::setup::<agogic_mel::Mel>(RATE as u32, 1, 1025);
    setup.params.0.insert("top_db".into(), top_db.into());
    track::<agogic_mel::Mel>(128, run::<agogic_mel::Mel>(&setup, samples, 1000).frames(0))
}

/// The onset strength, likewise.
pub(crate) fn strength(samples: &[f32], top_db: f64) -> (TrackHeader, Vec<f32>) {
    let got = derived::<agogic_onset::OnsetStrength>(&mel(samples, top_db), 1000);
    track::<agogic_onset::OnsetStrength>(1, got.frames(0))
}

fn track<C: Calculator>(bins: u32, data: &[f32]) -> (TrackHeader, Vec<f32>) {
    let spec = C::describe().descriptors.swap_remove(0);
    let header = TrackHeader {
        descriptor: spec.id,
        unit: spec.unit,
        range: spec.range,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins,
        rate: RATE as u32,
        planes: vec![(0, 512)],
    };
    (header, data.to_vec())
}

/// Runs a derived calculator over a track in blocks of so many frames.
pub(crate) fn derived<C: Calculator>((header, data): &(TrackHeader, Vec<f32>), block: usize) -> Collected {
    let mut setup = Collected::setup::<C>(header.rate, 1, 0);
    setup.inputs = vec![header.clone()];
    run_blocks::<C>(&setup, data, block, header.bins as usize)
}

fn run_blocks<C: Calculator>(setup: &Setup, data: &[f32], block: usize, width: usize) -> Collected {
    let blocks = data.chunks(block * width).enumerate().map(|(i, data)| {
        Block::new((i * block) as u64, data.len() / width, 1, width, data).expect("a whole block")
    });
    Collected::run::<C>(setup, blocks).expect("a result")
}
