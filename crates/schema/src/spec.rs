//! What a calculator says of itself: the data that crosses the plug-in
//! interface as versioned bytes, so that it can grow without a new generation.

use std::collections::BTreeSet;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{CalculatorId, DescriptorId, ParamKind, ParamSpec, Params, SchemaError};

/// A number that is either fixed or read from a whole-number parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Always this.
    Fixed(u32),
    /// The value of the parameter of this name.
    Param(String),
}

impl Amount {
    /// The number under these parameters; `None` where the parameter is
    /// missing or does not fit.
    pub fn resolve(&self, params: &Params) -> Option<u32> {
        match self {
            Self::Fixed(n) => Some(*n),
            Self::Param(name) => u32::try_from(params.integer(name)?).ok(),
        }
    }

    /// Reads a parameter.
    pub fn param(name: &str) -> Self {
        Self::Param(name.into())
    }
}

/// Which sample rate a calculator works at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateUse {
    /// The profile's rate: the asset's own, unless the profile names another.
    #[default]
    Profile,
    /// Always the asset's own rate.
    Native,
}

/// How the channels of the asset reach a calculator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelUse {
    /// One channel: the mean of all.
    Mono,
    /// Every channel by itself.
    Each,
}

/// What the numbers of a spectrum are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpectrumScale {
    /// |X|, not normalised.
    Magnitude,
    /// |X|^2, not normalised.
    Power,
}

/// What a calculator is fed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSpec {
    /// PCM samples, block by block, -1.0 to 1.0 at full scale.
    Pcm {
        /// One channel or each.
        channels: ChannelUse,
        /// Which sample rate.
        rate: RateUse,
    },
    /// Frames of a short-time Fourier transform with a periodic Hann window,
    /// centred, zeros beyond the ends. Computed once for all that ask alike.
    Spectrum {
        /// Transform length in samples; frames have `n_fft / 2 + 1` bins.
        n_fft: Amount,
        /// Distance between frames, in samples.
        hop: Amount,
        /// Window length in samples, at most `n_fft`.
        window: Amount,
        /// Magnitude or power.
        scale: SpectrumScale,
        /// One channel or each.
        channels: ChannelUse,
    },
}

impl InputSpec {
    /// One channel or each.
    pub fn channels(&self) -> ChannelUse {
        match self {
            Self::Pcm { channels, .. } | Self::Spectrum { channels, .. } => *channels,
        }
    }

    /// Which sample rate.
    pub fn rate(&self) -> RateUse {
        match self {
            Self::Pcm { rate, .. } => *rate,
            Self::Spectrum { .. } => RateUse::Profile,
        }
    }

    fn amounts(&self) -> Vec<&Amount> {
        match self {
            Self::Pcm { .. } => vec![],
            Self::Spectrum { n_fft, hop, window, .. } => vec![n_fft, hop, window],
        }
    }
}

/// Rows of a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bins {
    /// A number, fixed or from a parameter.
    Count(Amount),
    /// As many as the input spectrum has: `n_fft / 2 + 1`.
    Spectrum,
}

/// Where frames stand: frame `i` is centred at sample `first + i * hop` of the
/// input's rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frames {
    /// One frame per frame of the input spectrum.
    Spectrum,
    /// A frame every so many samples.
    Every {
        /// Distance between frames, in samples.
        hop: Amount,
        /// Centre of frame 0, in samples.
        first: Amount,
    },
}

/// The shape of a descriptor's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A frame of bins at regular times.
    Dense(Frames),
    /// Things that happen at a time, with values and a label.
    Events,
    /// Minimum and maximum of the waveform at several resolutions. Level `l`
    /// has a frame for each `hop * factor^l` samples and two bins: min, max.
    Peaks {
        /// Samples under a frame of level 0. Even, so that centres are whole.
        hop: Amount,
        /// How much coarser each level is than the one before.
        factor: u32,
        /// How many levels.
        levels: u32,
    },
}

/// What a calculator says of one of its outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescriptorSpec {
    /// Name.
    pub id: DescriptorId,
    /// One sentence with the formula or its source.
    #[serde(default)]
    pub about: String,
    /// Unit of the values, empty for none.
    #[serde(default)]
    pub unit: String,
    /// Least and greatest value that can occur, where there are such.
    #[serde(default)]
    pub range: Option<(f32, f32)>,
    /// Shape.
    pub kind: Kind,
    /// Rows per channel. Events: numbers per event. Peaks: always 2.
    pub bins: Bins,
    /// Version of the calculator at which the values last changed; the
    /// calculator's own version where nothing is said, so that any bump is
    /// safe.
    #[serde(default)]
    pub changed_in: Option<Version>,
    /// Parameters that the values depend on; all of the calculator's where
    /// nothing is said.
    #[serde(default)]
    pub reads: Option<BTreeSet<String>>,
}

impl DescriptorSpec {
    /// A descriptor with the cautious defaults: changed in every version, reads
    /// every parameter.
    ///
    /// # Panics
    /// When `id` is not a valid name: a mistake in the calculator's source.
    #[track_caller]
    pub fn new(id: &str, unit: &str, kind: Kind, bins: Bins) -> Self {
        Self {
            id: valid(DescriptorId::new(id)),
            about: String::new(),
            unit: unit.into(),
            range: None,
            kind,
            bins,
            changed_in: None,
            reads: None,
        }
    }

    /// With a sentence that says what the values are.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        self.about = text.into();
        self
    }

    /// With the least and greatest value that can occur.
    #[must_use]
    pub fn range(mut self, least: f32, greatest: f32) -> Self {
        self.range = Some((least, greatest));
        self
    }

    /// With the version at which the values last changed.
    ///
    /// # Panics
    /// When `version` is not a semver version: a mistake in the calculator's
    /// source.
    #[must_use]
    #[track_caller]
    pub fn changed_in(mut self, version: &str) -> Self {
        self.changed_in = Some(valid(Version::parse(version)));
        self
    }

    /// Depends on these parameters only.
    #[must_use]
    pub fn reads(mut self, names: &[&str]) -> Self {
        self.reads = Some(names.iter().map(|&name| name.into()).collect());
        self
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
    pub fn new(id: &str, version: &str, input: InputSpec) -> Self {
        Self {
            id: valid(CalculatorId::new(id)),
            version: valid(Version::parse(version)),
            about: String::new(),
            author: String::new(),
            input,
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

    /// Checks what a description must hold before anything is built on it.
    ///
    /// # Errors
    /// [`SchemaError::Spec`] or [`SchemaError::Param`] names the first rule
    /// that is broken.
    pub fn check(&self) -> Result<(), SchemaError> {
        let fail = |rule: String| Err(SchemaError::Spec { calculator: self.id.to_string(), rule });
        if self.descriptors.is_empty() {
            return fail("it computes nothing".into());
        }
        if self.descriptors.len() > 256 || self.params.len() > 256 {
            return fail("more than 256 descriptors or parameters".into());
        }
        let mut names = BTreeSet::new();
        for param in &self.params {
            if param.name.is_empty() || !names.insert(param.name.as_str()) {
                return fail(format!("parameter name {:?} is empty or stands twice", param.name));
            }
            param.accept(self.id.as_str(), &param.default)?;
        }
        for amount in self.input.amounts() {
            self.check_amount(amount)?;
        }
        let mut ids = BTreeSet::new();
        for descriptor in &self.descriptors {
            if !ids.insert(&descriptor.id) {
                return fail(format!("descriptor {} stands twice", descriptor.id));
            }
            if self.changed_in(descriptor) > &self.version {
                return fail(format!("{} changed in a version to come", descriptor.id));
            }
            if let Some((least, greatest)) = descriptor.range
                && (least.is_nan() || greatest.is_nan() || least > greatest)
            {
                return fail(format!("range of {} runs backwards", descriptor.id));
            }
            for name in descriptor.reads.iter().flatten() {
                if !names.contains(name.as_str()) {
                    return fail(format!("{} reads {name:?}, which is no parameter", descriptor.id));
                }
            }
            self.check_shape(descriptor)?;
        }
        Ok(())
    }

    fn check_shape(&self, descriptor: &DescriptorSpec) -> Result<(), SchemaError> {
        let fail = |rule: String| Err(SchemaError::Spec { calculator: self.id.to_string(), rule });
        let spectral = matches!(self.input, InputSpec::Spectrum { .. });
        match &descriptor.bins {
            Bins::Count(amount) => self.check_amount(amount)?,
            Bins::Spectrum if spectral => {}
            Bins::Spectrum => return fail(format!("{} has spectrum bins without a spectrum", descriptor.id)),
        }
        match &descriptor.kind {
            Kind::Events => Ok(()),
            Kind::Dense(Frames::Spectrum) if spectral => Ok(()),
            Kind::Dense(Frames::Spectrum) => {
                fail(format!("{} has spectrum frames without a spectrum", descriptor.id))
            }
            Kind::Dense(Frames::Every { hop, first }) => {
                self.check_amount(hop)?;
                self.check_amount(first)
            }
            Kind::Peaks { hop, factor, levels } => {
                self.check_amount(hop)?;
                if *factor < 2 || *levels == 0 || *levels > 16 {
                    return fail(format!(
                        "{} needs a factor of at least 2 and 1 to 16 levels",
                        descriptor.id
                    ));
                }
                if descriptor.bins != Bins::Count(Amount::Fixed(2)) {
                    return fail(format!("{} holds peaks, which have two bins", descriptor.id));
                }
                Ok(())
            }
        }
    }

    fn check_amount(&self, amount: &Amount) -> Result<(), SchemaError> {
        let Amount::Param(name) = amount else { return Ok(()) };
        let found = self.params.iter().find(|p| &p.name == name);
        if matches!(found, Some(ParamSpec { kind: ParamKind::Integer { min: 0.., max: ..=0xffff_ffff }, .. }))
        {
            return Ok(());
        }
        Err(SchemaError::Spec {
            calculator: self.id.to_string(),
            rule: format!("{name:?} must be a whole-number parameter within 0..=4294967295"),
        })
    }
}

/// All that a plug-in library holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its calculators.
    pub calculators: Vec<CalculatorSpec>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> CalculatorSpec {
        CalculatorSpec::new(
            "t.calc",
            "1.2.0",
            InputSpec::Pcm { channels: ChannelUse::Mono, rate: RateUse::Profile },
        )
        .param(ParamSpec::integer("hop_length", 512, 1, 65536, "samples", ""))
        .descriptor(dense())
    }

    fn dense() -> DescriptorSpec {
        let frames = Frames::Every { hop: Amount::param("hop_length"), first: Amount::Fixed(0) };
        DescriptorSpec::new("t.calc.a", "", Kind::Dense(frames), Bins::Count(Amount::Fixed(1)))
    }

    fn check(change: impl FnOnce(&mut CalculatorSpec), expect: &str) {
        let mut spec = spec();
        change(&mut spec);
        match spec.check() {
            Ok(()) => assert_eq!(expect, "ok"),
            Err(error) => assert!(error.to_string().contains(expect), "{error} / {expect}"),
        }
    }

    #[test]
    fn descriptions_are_checked() {
        check(|_| {}, "ok");
        check(|s| s.descriptors.clear(), "computes nothing");
        check(|s| s.descriptors.push(dense()), "stands twice");
        check(|s| s.params.clear(), "whole-number parameter");
        check(|s| s.params[0].default = 0.into(), "whole number from 1");
        check(|s| s.descriptors[0].changed_in = Some(Version::new(2, 0, 0)), "version to come");
        check(|s| s.descriptors[0].bins = Bins::Spectrum, "without a spectrum");
        check(|s| s.descriptors[0].reads = Some(["x".to_string()].into()), "no parameter");
        check(|s| s.descriptors[0].range = Some((1.0, f32::NAN)), "backwards");
    }

    #[test]
    fn changed_in_defaults_to_the_own_version() {
        let spec = spec();
        assert_eq!(spec.changed_in(&spec.descriptors[0]), &Version::new(1, 2, 0));
        let older = dense().changed_in("1.0.0");
        assert_eq!(spec.changed_in(&older), &Version::new(1, 0, 0));
    }
}
