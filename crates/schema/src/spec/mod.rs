//! What a calculator says of itself: the data that crosses the plug-in
//! interface as versioned bytes, so that it can grow without a new generation.

mod check;
mod input;
mod output;

use semver::Version;
use serde::{Deserialize, Serialize};

pub use input::{
    ChannelUse, InputSpec, PcmInput, RateUse, SpectrumInput, SpectrumScale, TempoUse, WindowShape,
};
pub use output::{Bins, DescriptorSpec, Frames, Kind};

use crate::{CalculatorId, ParamSpec, Params};

/// A number that is fixed, read from a whole-number parameter, or a length of
/// time in samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Always this.
    Fixed(u32),
    /// The value of the parameter of this name.
    Param(String),
    /// So many milliseconds of the input's rate, rounded to whole samples, halves
    /// up. Only for what is an amount of samples at a rate that is not known
    /// yet: the frames of [`Frames::Every`] and the latency.
    Milliseconds(u32),
}

impl Amount {
    /// The number under these parameters; `None` where the parameter is
    /// missing or does not fit, and for an amount of time.
    pub fn resolve(&self, params: &Params) -> Option<u32> {
        match self {
            Self::Fixed(n) => Some(*n),
            Self::Param(name) => u32::try_from(params.integer(name)?).ok(),
            Self::Milliseconds(_) => None,
        }
    }

    /// As [`Self::resolve`], at a rate in samples per second, which makes a
    /// number of an amount of time too.
    pub fn resolve_at(&self, params: &Params, rate: u32) -> Option<u32> {
        match self {
            Self::Milliseconds(ms) => u32::try_from((u64::from(*ms) * u64::from(rate) + 500) / 1000).ok(),
            other => other.resolve(params),
        }
    }

    /// Reads a parameter.
    pub fn param(name: &str) -> Self {
        Self::Param(name.into())
    }
}

impl From<u32> for Amount {
    fn from(n: u32) -> Self {
        Self::Fixed(n)
    }
}

impl From<&str> for Amount {
    fn from(name: &str) -> Self {
        Self::param(name)
    }
}

/// What a calculator says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalculatorSpec {
    /// Name.
    pub id: CalculatorId,
    /// Version of the calculator.
    pub version: Version,
    /// One sentence.
    #[serde(default)]
    pub about: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// What it is fed with.
    pub input: InputSpec,
    /// What it has to do with tempo.
    #[serde(default)]
    pub tempo: TempoUse,
    /// Whether each output frame depends on nothing but the input frame of the
    /// same number, so that a host may give parts of an asset to several
    /// instances. Each of them then sees blocks with gaps in between, and gives
    /// the frames of a block before it takes the next.
    #[serde(default)]
    pub independent: bool,
    /// How far after a frame's centre the input must reach before the frame
    /// comes, in samples; for displays that follow a live input.
    #[serde(default = "none")]
    pub latency: Amount,
    /// Whatever tells two builds apart where the version cannot be relied on,
    /// such as a hash of the file; part of the revision of all descriptors.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// What it can be told.
    #[serde(default)]
    pub params: Vec<ParamSpec>,
    /// What it computes, in the order of its output numbers.
    pub descriptors: Vec<DescriptorSpec>,
}

impl CalculatorSpec {
    /// A calculator without parameters or outputs yet.
    ///
    /// # Panics
    /// When `id` or `version` is not valid: a mistake in the calculator's
    /// source.
    #[track_caller]
    pub fn new(id: &str, version: &str, input: impl Into<InputSpec>) -> Self {
        Self {
            id: valid(CalculatorId::new(id)),
            version: valid(Version::parse(version)),
            about: String::new(),
            author: String::new(),
            input: input.into(),
            tempo: TempoUse::None,
            independent: false,
            latency: none(),
            fingerprint: None,
            params: vec![],
            descriptors: vec![],
        }
    }

    /// With a sentence that says what it does.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        self.about = text.into();
        self
    }

    /// With its author.
    #[must_use]
    pub fn author(mut self, name: &str) -> Self {
        self.author = name.into();
        self
    }

    /// With a word on tempo.
    #[must_use]
    pub fn tempo(mut self, tempo: TempoUse) -> Self {
        self.tempo = tempo;
        self
    }

    /// Each output frame depends on nothing but the input frame of the same
    /// number.
    #[must_use]
    pub fn independent(mut self) -> Self {
        self.independent = true;
        self
    }

    /// Needs the input this many samples beyond a frame's centre.
    #[must_use]
    pub fn latency(mut self, samples: impl Into<Amount>) -> Self {
        self.latency = samples.into();
        self
    }

    /// With one more parameter.
    #[must_use]
    pub fn param(mut self, param: ParamSpec) -> Self {
        self.params.push(param);
        self
    }

    /// With one more output.
    #[must_use]
    pub fn descriptor(mut self, descriptor: DescriptorSpec) -> Self {
        self.descriptors.push(descriptor);
        self
    }

    /// The version at which a descriptor's values last changed.
    pub fn changed_in<'a>(&'a self, descriptor: &'a DescriptorSpec) -> &'a Version {
        descriptor.changed_in.as_ref().unwrap_or(&self.version)
    }
}

/// All that a plug-in library holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its calculators.
    pub calculators: Vec<CalculatorSpec>,
    /// What else it holds and why that cannot be used, a line each.
    #[serde(default)]
    pub refused: Vec<String>,
}

fn none() -> Amount {
    Amount::Fixed(0)
}

/// Names and versions in a calculator's source are literals: a wrong one is a
/// bug that the first load or test shows.
#[track_caller]
fn valid<T, E: std::fmt::Display>(made: Result<T, E>) -> T {
    match made {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
