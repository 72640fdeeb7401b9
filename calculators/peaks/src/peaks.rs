//! Extremes and root mean square at several resolutions.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::energy::Energy;
use crate::extremes::Extremes;
use crate::gather::Levels;

/// How much coarser each level is than the one before.
const FACTOR: u32 = 4;
/// From 256 samples a frame to 262,144: six seconds at 44.1 kHz.
const LEVELS: u32 = 6;

// Numbers of the outputs.
const EXTREMES: usize = 0;
const RMS: usize = 1;

/// Least and greatest sample and root mean square at several resolutions.
pub struct Peaks {
    extremes: Option<Levels<Extremes>>,
    rms: Option<Levels<Energy>>,
}

impl Calculator for Peaks {
    fn describe() -> CalculatorSpec {
        let peaks = |id: &str, bins: u32| {
            let kind = Kind::Peaks { hop: Amount::param("peak_hop"), factor: FACTOR, levels: LEVELS };
            DescriptorSpec::new(id, "", kind, Bins::Count(Amount::Fixed(bins)))
        };
        let hop = "Samples under a frame of the finest level; even, so that frames have a middle sample.";
        CalculatorSpec::new("agogic.peaks", "1.1.0", PcmInput::new(ChannelUse::Each).native_rate())
            .about("Least and greatest sample and root mean square at several resolutions, for drawing waveforms.")
            .author("Agogic")
            .param(ParamSpec::integer("peak_hop", 256, 2, 65_536, "samples", hop))
            .descriptor(
                peaks("agogic.peaks", 2)
                    .about("Least and greatest of the samples under each frame; full scale is -1 to 1.")
                    .changed_in("1.0.0"),
            )
            .descriptor(
                peaks("agogic.peaks.rms", 1)
                    .about("sqrt(mean(x^2)) of the samples under each frame; full scale is 1.")
                    .changed_in("1.1.0"),
            )
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let hop = setup.params.integer("peak_hop").and_then(|hop| usize::try_from(hop).ok()).unwrap_or(0);
        if hop < 2 || !hop.is_multiple_of(2) {
            return Err(format!("peak_hop {hop} is not positive and even").into());
        }
        let (channels, levels) = (setup.channels.len(), (LEVELS, FACTOR));
        Ok(Self {
            extremes: setup.wants(EXTREMES).then(|| Levels::new(hop, channels, levels)),
            rms: setup.wants(RMS).then(|| Levels::new(hop, channels, levels)),
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        if let Some(extremes) = &mut self.extremes {
            extremes.push(block, output, EXTREMES)?;
        }
        if let Some(rms) = &mut self.rms {
            rms.push(block, output, RMS)?;
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if let Some(extremes) = &mut self.extremes {
            extremes.finish(output, EXTREMES)?;
        }
        if let Some(rms) = &mut self.rms {
            rms.finish(output, RMS)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn run(planar: &[f32], channels: usize, hop: i64) -> Collected {
        let mut setup = Collected::setup::<Peaks>(44_100, channels, 1);
        setup.params.0.insert("peak_hop".into(), hop.into());
        let block = Block::new(0, planar.len() / channels, channels, 1, planar).expect("whole channels");
        Collected::run::<Peaks>(&setup, [block]).expect("a result")
    }

    #[test]
    fn every_level_is_as_defined() {
        let noise: Vec<f32> = (0..9000i32).map(|i| ((i * i) % 2001 - 1000) as f32 / 1000.0).collect();
        for hop in [2, 6, 256] {
            for length in [0, 1, 2, 255, 256, 257, 1024, 1025, 8999] {
                let got = run(&noise[..length], 1, hop);
                for level in 0..LEVELS {
                    let samples = hop as usize * (FACTOR as usize).pow(level);
                    let expect: Vec<f32> = noise[..length]
                        .chunks(samples)
                        .flat_map(|frame| {
                            [
                                frame.iter().copied().fold(f32::INFINITY, f32::min),
                                frame.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                            ]
                        })
                        .collect();
                    assert_eq!(got.plane(0, level as usize), expect, "{length} samples, hop {hop}, {level}");
                }
            }
        }
    }

    #[test]
    fn channels_keep_apart_and_zero_has_no_sign() {
        let planar = [[0.25f32; 600], [-0.0; 600]].concat();
        let got = run(&planar, 2, 256);
        assert_eq!(got.plane(0, 0), [0.25, 0.25, 0.0, 0.0].repeat(3));
        assert_eq!(got.plane(0, 1), [0.25, 0.25, 0.0, 0.0]);
        assert!(got.plane(0, 0).iter().all(|value| value.is_sign_positive()));
    }

    #[test]
    fn the_description_holds_and_odd_hops_do_not() {
        Peaks::describe().check().expect("a valid description");
        let mut setup = Collected::setup::<Peaks>(44_100, 1, 1);
        setup.params.0.insert("peak_hop".into(), 255.into());
        assert!(Peaks::new(&setup).is_err_and(|error| error.to_string().contains("peak_hop 255")));
    }

    #[test]
    fn rms_is_as_defined_on_every_level() {
        let noise: Vec<f32> = (0..9000i32).map(|i| ((i * i) % 2001 - 1000) as f32 / 1000.0).collect();
        for hop in [2, 6, 256, 4096] {
            for length in [0, 1, 255, 257, 1025, 8999] {
                let got = run(&noise[..length], 1, hop);
                for level in 0..LEVELS {
                    let samples = hop as usize * (FACTOR as usize).pow(level);
                    let square = |x: &f32| f64::from(*x) * f64::from(*x);
                    let mean = |frame: &[f32]| frame.iter().map(square).sum::<f64>() / frame.len() as f64;
                    let expect = noise[..length].chunks(samples).map(|frame| mean(frame).sqrt());
                    let values = got.plane(1, level as usize);
                    assert_eq!(values.len(), length.div_ceil(samples));
                    for (value, expect) in values.iter().zip(expect) {
                        assert!((f64::from(*value) - expect).abs() <= 1e-6 * expect, "{value} {expect}");
                    }
                }
            }
        }
    }

    #[test]
    fn blocks_may_be_cut_anywhere() {
        let noise: Vec<f32> = (0..9000i32).map(|i| ((i * i) % 2001 - 1000) as f32 / 1000.0).collect();
        let setup = Collected::setup::<Peaks>(44_100, 1, 1);
        let of = |size: usize| {
            let blocks = noise.chunks(size).zip((0..).step_by(size));
            let blocks = blocks.filter_map(|(piece, at)| Block::new(at, piece.len(), 1, 1, piece));
            let got = Collected::run::<Peaks>(&setup, blocks).expect("a result");
            let planes = (0..2).flat_map(|output| (0..LEVELS as usize).map(move |plane| (output, plane)));
            planes.map(|(output, plane)| got.plane(output, plane).to_vec()).collect::<Vec<_>>()
        };
        let whole = of(65_536);
        for size in [1, 7, 64, 1000] {
            assert_eq!(of(size), whole, "blocks of {size}");
        }
    }

    #[test]
    fn what_is_no_audio_gives_finite_values() {
        let mut samples = vec![0.5; 1024];
        samples[..256].fill(f32::NAN);
        samples[300] = f32::NAN;
        samples[600] = f32::INFINITY;
        samples[800] = -1e12;
        let got = run(&samples, 1, 256);
        assert_eq!(got.plane(0, 0), [0.0, 0.0, 0.5, 0.5, 0.5, f32::MAX, -1e12, 0.5]);
        assert_eq!(got.plane(1, 0)[..3], [f32::MAX; 3]);
        assert!((got.plane(1, 0)[3] / 6.25e10 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_nobody_wants_is_left_out() {
        let mut setup = Collected::setup::<Peaks>(44_100, 1, 1);
        setup.wanted = vec![true, false];
        let block = Block::new(0, 600, 1, 1, &[0.5; 600]).expect("one channel");
        let got = Collected::run::<Peaks>(&setup, [block]).expect("a result");
        assert_eq!((got.plane(0, 0).len(), got.plane(1, 0).len()), (6, 0));
    }
}
