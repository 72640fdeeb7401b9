//! Tracks that derived calculators are made of, and ways to run those.

#![allow(dead_code, reason = "each test file uses what it needs")]

use agogic_calculator::{Calculator, Collected, Shape, TrackHeader};

use crate::signals::{RATE, run, run_blocks};

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
