//! Where the features of an output go: to frames, where they stand at regular
//! times and all have as many values, else to events.

use agogic_vamp::{OutputSpec, SampleType};

/// How far, in samples, a distance between features may be from a whole number
/// and still be one: rates are told in single precision.
const WHOLE: f64 = 1e-3;

/// Where the features of an output go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// A frame for each block.
    PerBlock {
        /// Values of a frame, at least one.
        bins: u32,
    },
    /// A frame every so many samples, from the first sample on.
    Grid {
        /// Samples between frames.
        hop: u32,
        /// Values of a frame, at least one.
        bins: u32,
    },
    /// Events.
    Events {
        /// Values of each; none where they vary.
        bins: Option<u32>,
        /// When they are.
        times: Times,
    },
}

/// When events are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Times {
    /// At the time of the block that they come from.
    OfBlock,
    /// At multiples of so many samples.
    Every(f64),
    /// Each at its own time.
    Own,
}

/// Where the features of an output go at a sample rate in Hz, or what of the
/// output cannot be.
pub(super) fn place(output: &OutputSpec, rate: u32) -> Result<Place, String> {
    // Frames have no durations and, without bins, nothing at all.
    let frame = output.bin_count.filter(|&bins| bins > 0 && !output.has_duration);
    let events = |times| Place::Events { bins: output.bin_count, times };
    Ok(match output.sample_type {
        SampleType::OneSamplePerStep => match frame {
            Some(bins) => Place::PerBlock { bins },
            None => events(Times::OfBlock),
        },
        SampleType::FixedSampleRate { rate: features } => {
            if !(features.is_finite() && features > 0.0) {
                return Err(format!("{} has {features} features per second", output.identifier));
            }
            let hop = f64::from(rate) / f64::from(features);
            let whole = hop.round();
            let is_whole = (1.0..=f64::from(u32::MAX)).contains(&whole) && (hop - whole).abs() <= WHOLE;
            match frame {
                Some(bins) if is_whole => Place::Grid { hop: whole as u32, bins },
                _ => events(Times::Every(if is_whole { whole } else { hop })),
            }
        }
        SampleType::VariableSampleRate { .. } => events(Times::Own),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        use SampleType::{FixedSampleRate, OneSamplePerStep, VariableSampleRate};
        #[track_caller]
        fn check(sample_type: SampleType, bin_count: Option<u32>, has_duration: bool, expect: Place) {
            let output = OutputSpec {
                identifier: "o".into(),
                name: String::new(),
                description: String::new(),
                unit: String::new(),
                bin_count,
                bin_names: vec![],
                extents: None,
                quantize_step: None,
                sample_type,
                has_duration,
            };
            assert_eq!(place(&output, 44_100), Ok(expect), "{output:?}");
        }
        let events = |bins, times| Place::Events { bins, times };
        let fixed = |rate| FixedSampleRate { rate };
        check(OneSamplePerStep, Some(3), false, Place::PerBlock { bins: 3 });
        check(OneSamplePerStep, Some(0), false, events(Some(0), Times::OfBlock));
        check(OneSamplePerStep, None, false, events(None, Times::OfBlock));
        check(OneSamplePerStep, Some(3), true, events(Some(3), Times::OfBlock));
        check(fixed(44_100.0 / 512.0), Some(1), false, Place::Grid { hop: 512, bins: 1 });
        check(fixed(44_100.0), Some(1), false, Place::Grid { hop: 1, bins: 1 });
        check(fixed(1.0), Some(1), false, Place::Grid { hop: 44_100, bins: 1 });
        check(fixed(1.0), None, false, events(None, Times::Every(44_100.0)));
        check(fixed(1000.0), Some(1), false, events(Some(1), Times::Every(44.1)));
        check(fixed(88_200.0), Some(1), false, events(Some(1), Times::Every(0.5)));
        check(VariableSampleRate { resolution: 0.0 }, Some(1), false, events(Some(1), Times::Own));
    }

    #[test]
    fn rates_that_cannot_be() {
        let output = |rate| OutputSpec {
            identifier: "o".into(),
            name: String::new(),
            description: String::new(),
            unit: String::new(),
            bin_count: Some(1),
            bin_names: vec![],
            extents: None,
            quantize_step: None,
            sample_type: SampleType::FixedSampleRate { rate },
            has_duration: false,
        };
        for rate in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(place(&output(rate), 44_100).is_err(), "{rate}");
        }
    }
}
