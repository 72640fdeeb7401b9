//! Tracks that derived calculators are made of, and ways to run those.

#![allow(dead_code, reason = "each test file uses what it needs")]

use agogic_calculator::{Block, Calculator, Collected, Shape, TrackHeader};

use crate::signals::{RATE, run};

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
pub(crate) fn derived<C: Calculator>(track: &(TrackHeader, Vec<f32>), block: usize) -> Collected {
    derived_of::<C>(&[track], block)
}

/// The same over several tracks of as many frames, side by side.
pub(crate) fn derived_of<C: Calculator>(tracks: &[&(TrackHeader, Vec<f32>)], block: usize) -> Collected {
    let (header, data) = tracks[0];
    let mut setup = Collected::setup::<C>(header.rate, 1, 0);
    setup.inputs = tracks.iter().map(|(header, _)| header.clone()).collect();
    let blocks = (0..data.len() / header.bins as usize).step_by(block).flat_map(|at| {
        tracks.iter().enumerate().map(move |(input, (header, data))| {
            let width = header.bins as usize;
            let data = &data[at * width..data.len().min((at + block) * width)];
            let block = Block::new(at as u64, data.len() / width, 1, width, data).expect("a whole block");
            block.of_input(input as u32, 0)
        })
    });
    Collected::run::<C>(&setup, blocks).expect("a result")
}
