//! From samples to onsets and beats, through the calculators alone.

use std::num::NonZeroUsize;

use agogic_beat::Beat;
use agogic_calculator::{Block, Calculator, Collected, Shape, TrackHeader};
use agogic_dsp::{Stft, StftSpec, Window};
use agogic_mel::Mel;
use agogic_onset::{OnsetStrength, OnsetTimes};
use anyhow::{Context as _, Result};

const N_FFT: usize = 2048;
const HOP: usize = 512;

/// What was found, in seconds.
pub(crate) struct Found {
    pub(crate) onsets: Vec<f64>,
    pub(crate) beats: Vec<f64>,
}

/// Analyses one channel with every parameter at its default.
pub(crate) fn analyse(samples: &[f32], rate: u32) -> Result<Found> {
    let hop = NonZeroUsize::new(HOP).context("a hop")?;
    let spec = StftSpec::new(N_FFT, hop, N_FFT, Window::Hann, true)?;
    let mut stft = Stft::new(spec);
    let mut rows = Vec::new();
    stft.push(samples, |_, batch| rows.extend_from_slice(batch));
    stft.finish(|_, batch| rows.extend_from_slice(batch));
    let block = Block::new(0, rows.len() / spec.bins(), 1, spec.bins(), &rows).context("whole frames")?;
    let mel = Collected::run::<Mel>(&Collected::setup::<Mel>(rate, 1, spec.bins() as u32), [block])?;
    let mel = (header::<Mel>(rate, 128), mel.frames(0));
    let strength = derived::<OnsetStrength>(rate, std::slice::from_ref(&mel))?;
    let strength = (header::<OnsetStrength>(rate, 1), strength.frames(0));
    let onsets = derived::<OnsetTimes>(rate, std::slice::from_ref(&strength))?;
    let beat = derived::<Beat>(rate, &[strength, mel])?;
    let seconds = |collected: &Collected, output| {
        let at = |event: &agogic_calculator::Event| event.at.0 as f64 / f64::from(rate);
        collected.events(output).iter().map(at).collect()
    };
    Ok(Found { onsets: seconds(&onsets, 0), beats: seconds(&beat, agogic_beat::BEAT_TIMES) })
}

fn derived<C: Calculator>(rate: u32, inputs: &[(TrackHeader, &[f32])]) -> Result<Collected> {
    let mut setup = Collected::setup::<C>(rate, 1, 0);
    setup.inputs = inputs.iter().map(|(header, _)| header.clone()).collect();
    let mut collected = Collected::new::<C>(&setup);
    let mut calculator = C::new(&setup)?;
    for (i, (header, data)) in inputs.iter().enumerate() {
        let width = header.bins as usize;
        let block = Block::new(0, data.len() / width, 1, width, data).context("whole frames")?;
        calculator.process(&block.of_input(i as u32, 0), &mut collected.output())?;
    }
    calculator.finish(&mut collected.output())?;
    Ok(collected)
}

fn header<C: Calculator>(rate: u32, bins: u32) -> TrackHeader {
    let spec = C::describe().descriptors.swap_remove(0);
    TrackHeader {
        descriptor: spec.id,
        unit: spec.unit,
        range: spec.range,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins,
        rate,
        planes: vec![(0, HOP as u32)],
    }
}
