//! Signals that any language generates alike, and the ways to hand them to a
//! calculator.

#![allow(dead_code, unused_imports, reason = "each test file uses what it needs")]

mod generate;

use std::num::NonZeroUsize;

use agogic_calculator::{
    Bins, Block, Calculator, Collected, InputSpec, Setup, Shape, SpectrumScale, TrackHeader,
};
use agogic_dsp::{Stft, StftSpec, Window};

pub(crate) use generate::{RATE, noise, signal};

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

/// Runs a calculator that is made of the first output of `Base`, a dense one of one channel, over
/// what `Base` gives.
pub(crate) fn run_on<Base: Calculator, C: Calculator>(
    base: &Setup,
    setup: &Setup,
    samples: &[f32],
    block: usize,
) -> Collected {
    let described = Base::describe().descriptors.into_iter().next().expect("an output");
    let bins = match described.bins {
        Bins::Count(amount) => amount.resolve(&base.params).expect("a number"),
        Bins::Input => base.bins,
    };
    let header = TrackHeader {
        descriptor: described.id,
        unit: described.unit,
        range: described.range,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins,
        rate: base.rate,
        planes: vec![(0, 512)],
    };
    let setup = Setup { inputs: vec![header], bins: 0, ..setup.clone() };
    let track = run::<Base>(base, samples, 1000);
    run_blocks::<C>(&setup, track.frames(0), block, bins as usize)
}

/// Runs a calculator over data in blocks of so many samples or frames.
fn run_blocks<C: Calculator>(setup: &Setup, data: &[f32], block: usize, width: usize) -> Collected {
    let blocks = data.chunks(block * width).enumerate().map(|(i, data)| {
        Block::new((i * block) as u64, data.len() / width, 1, width, data).expect("a whole block")
    });
    Collected::run::<C>(setup, blocks).expect("a result")
}
