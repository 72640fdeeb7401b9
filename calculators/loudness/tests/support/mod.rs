//! Signals, and what the calculator makes of them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::f64::consts::TAU;

use agogic_calculator::{Block, Collected, Setup};
use agogic_loudness::Loudness;

/// All that was measured.
pub(crate) struct Measured {
    pub(crate) momentary: Vec<f32>,
    pub(crate) short_term: Vec<f32>,
    pub(crate) integrated: f64,
    pub(crate) range: f64,
    pub(crate) true_peaks: Vec<f64>,
    pub(crate) sample_peaks: Vec<f64>,
}

/// The setup for channels of these names.
pub(crate) fn setup(rate: u32, names: &[&str]) -> Setup {
    let channels = names.iter().map(|&name| name.into()).collect();
    Setup { channels, ..Collected::setup::<Loudness>(rate, names.len(), 1) }
}

/// Runs the calculator over channels, in blocks of so many samples.
pub(crate) fn run(setup: &Setup, channels: &[&[f32]], block: usize) -> Collected {
    let count = channels[0].len();
    let planar = |start: usize| -> Vec<f32> {
        let end = count.min(start + block);
        channels.iter().flat_map(|channel| channel[start..end].iter().copied()).collect()
    };
    let blocks: Vec<_> = (0..count).step_by(block).map(|start| (start, planar(start))).collect();
    let width = channels.len();
    let blocks = blocks.iter().map(|(start, planar)| {
        Block::new(*start as u64, planar.len() / width, width, 1, planar).expect("whole channels")
    });
    Collected::run::<Loudness>(setup, blocks).expect("a result")
}

/// Measures channels of these names.
pub(crate) fn measure(rate: u32, names: &[&str], channels: &[&[f32]]) -> Measured {
    let got = run(&setup(rate, names), channels, 16_384);
    let values = |output: usize| got.events(output).iter().map(|event| f64::from(event.values[0]));
    let single = |output: usize| values(output).next().expect("an event");
    Measured {
        momentary: got.frames(0).to_vec(),
        short_term: got.frames(1).to_vec(),
        integrated: single(2),
        range: single(3),
        true_peaks: values(4).collect(),
        sample_peaks: values(5).collect(),
    }
}

/// Tones of 1 kHz, one after the other: peak levels in dBFS, and seconds.
pub(crate) fn tone(rate: u32, tones: &[(f64, f64)]) -> Vec<f32> {
    let step = TAU * 1000.0 / f64::from(rate);
    let mut samples = vec![];
    let mut end = 0.0;
    for &(level, seconds) in tones {
        end += seconds * f64::from(rate);
        let amplitude = 10f64.powf(level / 20.0);
        let from = samples.len();
        let count = end.round() as usize - from;
        samples.extend((from..from + count).map(|n| (amplitude * (step * n as f64).sin()) as f32));
    }
    samples
}
