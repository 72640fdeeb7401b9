//! Extremes at one resolution of the caller's choice.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::extremes::Extremes;
use crate::gather::Levels;

/// Least and greatest sample of the mean of all channels under every `zoom`
/// samples.
pub struct Waveform(Levels<Extremes>);

impl Calculator for Waveform {
    fn describe() -> CalculatorSpec {
        describe("agogic.waveform", ChannelUse::Mono, "the mean of all channels")
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        levels(setup).map(Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.0.push(block, output, 0)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        self.0.finish(output, 0)
    }
}

/// Least and greatest sample of each channel under every `zoom` samples.
pub struct ChannelWaveforms(Levels<Extremes>);

impl Calculator for ChannelWaveforms {
    fn describe() -> CalculatorSpec {
        describe("agogic.waveform.channels", ChannelUse::Each, "each channel")
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        levels(setup).map(Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.0.push(block, output, 0)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        self.0.finish(output, 0)
    }
}

fn describe(id: &str, channels: ChannelUse, of: &str) -> CalculatorSpec {
    let frames = Frames::Every { hop: Amount::param("zoom"), first: Amount::Fixed(0) };
    let zoom = "Samples under a frame, which stands at the first of them; audiowaveform's --zoom.";
    let mut waveform = DescriptorSpec::new(id, "", Kind::Dense(frames), Bins::Count(Amount::Fixed(2)))
        .about(&format!("Least and greatest sample of {of} under each frame; full scale is -1 to 1."))
        .reads(&["zoom"])
        .on_demand();
    waveform.bin_names = vec!["min".into(), "max".into()];
    CalculatorSpec::new(id, "1.0.0", PcmInput::new(channels).native_rate())
        .about(&format!("Least and greatest sample of {of} at one resolution, for export."))
        .author("Agogic")
        .param(ParamSpec::integer("zoom", 512, 2, 1 << 24, "samples", zoom))
        .latency(Amount::param("zoom"))
        .descriptor(waveform)
}

fn levels(setup: &Setup) -> Result<Levels<Extremes>, Error> {
    let zoom = setup.params.integer("zoom").and_then(|zoom| usize::try_from(zoom).ok());
    let zoom = zoom.filter(|&zoom| zoom >= 2).ok_or("zoom is missing or below 2")?;
    Ok(Levels::new(zoom, setup.channels.len(), (1, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    fn run<C: Calculator>(planar: &[f32], channels: usize, zoom: i64) -> Result<Vec<f32>, Error> {
        let mut setup = Collected::setup::<C>(44_100, channels, 1);
        setup.params.0.insert("zoom".into(), zoom.into());
        let block = Block::new(0, planar.len() / channels, channels, 1, planar).expect("whole channels");
        Ok(Collected::run::<C>(&setup, [block])?.frames(0).to_vec())
    }

    #[test]
    fn odd_zooms_and_short_ends() {
        let ramp: Vec<f32> = (0..8).map(|i| i as f32).collect();
        let of = |zoom| run::<Waveform>(&ramp, 1, zoom).expect("a result");
        assert_eq!(of(3), [0.0, 2.0, 3.0, 5.0, 6.0, 7.0]);
        assert_eq!(of(2), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(of(100), [0.0, 7.0]);
        assert_eq!(run::<Waveform>(&[], 1, 100).expect("a result"), []);
        assert_eq!(
            run::<ChannelWaveforms>(&ramp, 2, 3).expect("a result"),
            [0.0, 2.0, 4.0, 6.0, 3.0, 3.0, 7.0, 7.0]
        );
    }

    #[test]
    fn descriptions_hold_and_one_sample_is_no_zoom() {
        for spec in [Waveform::describe(), ChannelWaveforms::describe()] {
            spec.check().expect("a valid description");
        }
        let refused = run::<Waveform>(&[0.0], 1, 1);
        assert!(refused.is_err_and(|error| error.to_string() == "zoom is missing or below 2"));
    }
}
