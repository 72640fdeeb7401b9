//! The parameters that both calculators have, and the periods that follow from them.

use agogic_calculator::{
    Amount, Bins, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, ParamSpec, PcmInput, Setup,
};

/// Longest frame and greatest hop, in samples.
const LONGEST: i64 = 1 << 16;

/// The names of what [`params`] gives.
pub(crate) const PARAMS: [&str; 4] = ["frame_length", "hop_length", "fmin", "fmax"];

/// What both calculators are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    pub(crate) rate: f64,
    pub(crate) frame_length: usize,
    pub(crate) hop_length: usize,
    pub(crate) fmin: f64,
    pub(crate) fmax: f64,
    /// The shortest and the longest period, in samples.
    pub(crate) min_period: usize,
    pub(crate) max_period: usize,
}

impl Common {
    pub(crate) fn new(setup: &Setup) -> Result<Self, Error> {
        let rate = f64::from(setup.rate);
        let (frame_length, hop_length) = (count(setup, "frame_length")?, count(setup, "hop_length")?);
        let (fmin, fmax) = (float(setup, "fmin")?, float(setup, "fmax")?.min(rate / 2.0));
        if !(fmin > 0.0 && fmin < fmax) {
            return Err(
                format!("fmin {fmin} is not below fmax, or not below half the rate of {rate} Hz").into()
            );
        }
        let (min_period, longest) = ((rate / fmax).floor() as usize, (rate / fmin).ceil() as usize);
        let max_period = longest.min(frame_length - 1);
        if min_period >= max_period {
            let what = format!("frame_length {frame_length} does not hold two periods within fmin and fmax");
            return Err(what.into());
        }
        Ok(Self { rate, frame_length, hop_length, fmin, fmax, min_period, max_period })
    }
}

/// A description without parameters and descriptors of its own.
pub(crate) fn spec(id: &str, about: &str) -> CalculatorSpec {
    let spec =
        CalculatorSpec::new(id, "1.0.0", PcmInput::new(ChannelUse::Mono)).about(about).author("Agogic");
    params().into_iter().fold(spec, CalculatorSpec::param)
}

/// A descriptor with one value per frame that reads these parameters beside the
/// common ones.
pub(crate) fn dense(id: &str, unit: &str, about: &str, reads: &[&str]) -> DescriptorSpec {
    let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
    let reads: Vec<&str> = PARAMS.iter().chain(reads).copied().collect();
    DescriptorSpec::new(id, unit, Kind::Dense(frames), Bins::Count(Amount::Fixed(1)))
        .about(about)
        .reads(&reads)
        .changed_in("1.0.0")
        .on_demand()
}

/// A whole-number parameter above 0.
pub(crate) fn count(setup: &Setup, name: &str) -> Result<usize, Error> {
    let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
    Ok(value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))?)
}

/// A real-number parameter.
pub(crate) fn float(setup: &Setup, name: &str) -> Result<f64, Error> {
    Ok(setup.params.float(name).ok_or_else(|| format!("{name} is missing"))?)
}

fn params() -> [ParamSpec; 4] {
    let (c2, c7) = (65.406_391_325_149_66, 2_093.004_522_404_789);
    [
        ParamSpec::integer("frame_length", 2048, 4, LONGEST, "samples", "Samples under a frame."),
        ParamSpec::integer("hop_length", 512, 1, LONGEST, "samples", "Distance between frames."),
        ParamSpec::float("fmin", c2, 1.0, 100_000.0, "Hz", "Lowest pitch: C2."),
        ParamSpec::float("fmax", c7, 1.0, 100_000.0, "Hz", "Highest pitch, at most half the rate: C7."),
    ]
}
