//! Profiles: named sets of analysis parameters, and the revision that says
//! which analysis a calculator would run under one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CalculatorSpec, DescriptorId, DescriptorSpec, MaxError, ParamValue, Params, ProfileName, RateUse,
    Revision, SchemaError,
};

/// A named set of analysis parameters.
///
/// A key of `params` is either a parameter's name, which speaks to every
/// calculator that has such a parameter, or `<calculator id>.<name>`, which
/// speaks to that calculator only and wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Name.
    pub name: ProfileName,
    /// Sample rate that the audio is resampled to, in Hz; the asset's own
    /// where nothing is said.
    #[serde(default)]
    pub sample_rate: Option<u32>,
    /// Parameter values.
    #[serde(default)]
    pub params: BTreeMap<String, ParamValue>,
    /// What is computed where no descriptor is named; all that are not on
    /// demand where nothing is said.
    #[serde(default)]
    pub descriptors: Option<Vec<DescriptorId>>,
    /// How far cached values may lie from those that were computed: of
    /// descriptors by name, of all others under the empty name. It is no
    /// parameter: no revision depends on it.
    #[serde(default)]
    pub max_error: BTreeMap<String, MaxError>,
}

impl Profile {
    /// Names of the profiles that are always there.
    pub const BUILT_IN: [&'static str; 3] = ["default", "librosa", "highres"];

    /// A profile that is always there.
    ///
    /// `default` analyses at the asset's own sample rate with every
    /// calculator's defaults. `librosa` gives librosa 0.11's numbers: 22,050
    /// Hz, decibels cut off 80 dB below the loudest value, and chroma at the
    /// tuning of the piece. `highres` has
    /// frames that are longer and closer together, for a close look: twice the
    /// frequencies, twice the frames.
    ///
    /// # Errors
    /// [`SchemaError::UnknownProfile`] for any other name.
    pub fn built_in(name: &str) -> Result<Self, SchemaError> {
        let unknown = || SchemaError::UnknownProfile { name: name.into(), known: Self::BUILT_IN.join(", ") };
        let (sample_rate, params) = match name {
            "default" => (None, BTreeMap::new()),
            "librosa" => {
                let params = [
                    ("top_db", ParamValue::Float(80.0)),
                    ("agogic.chroma.estimate_tuning", ParamValue::Flag(true)),
                ];
                (Some(22_050), params.map(|(name, value)| (name.into(), value)).into())
            }
            "highres" => {
                let lengths = [
                    ("n_fft", 4096),
                    ("win_length", 4096),
                    ("hop_length", 256),
                    ("n_mels", 256),
                    ("peak_hop", 64),
                ];
                (None, lengths.map(|(name, value)| (name.into(), ParamValue::Integer(value))).into())
            }
            _ => return Err(unknown()),
        };
        let name = ProfileName::new(name).map_err(|_| unknown())?;
        Ok(Self { sample_rate, params, ..Self::plain(name) })
    }

    /// How far the cached values of a descriptor may lie from those that were
    /// computed.
    pub fn max_error(&self, descriptor: &DescriptorId) -> MaxError {
        let own = self.max_error.get(descriptor.as_str()).or_else(|| self.max_error.get(""));
        own.copied().unwrap_or_default()
    }

    /// The profile `default` under another name.
    pub fn plain(name: ProfileName) -> Self {
        let (params, max_error) = (BTreeMap::new(), BTreeMap::new());
        Self { name, sample_rate: None, params, descriptors: None, max_error }
    }

    /// Every parameter of a calculator with the value it has under this
    /// profile.
    ///
    /// # Errors
    /// [`SchemaError::Param`] for a value outside its bounds.
    pub fn resolve(&self, calculator: &CalculatorSpec) -> Result<Params, SchemaError> {
        let mut params = BTreeMap::new();
        for spec in &calculator.params {
            let own = self.params.get(&format!("{}.{}", calculator.id, spec.name));
            let value = own.or_else(|| self.params.get(&spec.name)).unwrap_or(&spec.default);
            params.insert(spec.name.clone(), spec.accept(calculator.id.as_str(), value)?);
        }
        Ok(Params(params))
    }

    /// The keys of `params` that no calculator reads: names that none of them
    /// has, with or without one of them before it. What speaks to a calculator
    /// that is not there is left alone.
    pub fn unread<'a>(&self, calculators: impl IntoIterator<Item = &'a CalculatorSpec> + Clone) -> Vec<&str> {
        let has = |spec: &CalculatorSpec, name: &str| spec.params.iter().any(|param| param.name == name);
        let unread = |key: &&str| match key.rsplit_once('.') {
            None => !calculators.clone().into_iter().any(|spec| has(spec, key)),
            Some((id, name)) => calculators
                .clone()
                .into_iter()
                .find(|spec| spec.id.as_str() == id)
                .is_some_and(|spec| !has(spec, name)),
        };
        self.params.keys().map(String::as_str).filter(unread).collect()
    }

    /// The revision of a descriptor: a hash of the sample rate, the parameters
    /// that it reads and its calculator's fingerprint if it has one, and of
    /// nothing else. Two profiles that agree on those have the same revision.
    ///
    /// # Errors
    /// [`SchemaError::Param`] for a value outside its bounds.
    pub fn revision(
        &self,
        calculator: &CalculatorSpec,
        descriptor: &DescriptorSpec,
    ) -> Result<Revision, SchemaError> {
        let params = self.resolve(calculator)?;
        let mut hash = blake3::Hasher::new();
        hash.update(b"agogic revision 1\0");
        let rate = match calculator.input.rate() {
            RateUse::Native => 0,
            RateUse::Profile => self.sample_rate.unwrap_or(0),
        };
        hash.update(&rate.to_le_bytes());
        if let Some(fingerprint) = &calculator.fingerprint {
            // No parameter has an empty name.
            hash.update(&0u64.to_le_bytes()).update(&(fingerprint.len() as u64).to_le_bytes());
            hash.update(fingerprint.as_bytes());
        }
        for (name, value) in &params.0 {
            if descriptor.reads.as_ref().is_some_and(|reads| !reads.contains(name)) {
                continue;
            }
            // Length-prefixed and tagged, so that no two sets of values spell
            // the same bytes.
            hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            match value {
                ParamValue::Flag(v) => hash.update(&[0, u8::from(*v)]),
                ParamValue::Integer(v) => hash.update(&[1]).update(&v.to_le_bytes()),
                // -0.0 and 0.0 are one value.
                ParamValue::Float(v) => hash.update(&[2]).update(&(v + 0.0).to_bits().to_le_bytes()),
                ParamValue::Choice(v) => {
                    hash.update(&[3]).update(&(v.len() as u64).to_le_bytes()).update(v.as_bytes())
                }
            };
        }
        Ok(Revision(*hash.finalize().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Amount, Bins, ChannelUse, Kind, ParamSpec, PcmInput};

    fn calculator() -> CalculatorSpec {
        let events = |id| DescriptorSpec::new(id, "", Kind::Events, Bins::Count(Amount::Fixed(0)));
        CalculatorSpec::new("t", "1.0.0", PcmInput::new(ChannelUse::Mono))
            .param(ParamSpec::integer("n", 1, 0, 9, "", ""))
            .param(ParamSpec::float("x", 0.5, 0.0, 1.0, "", ""))
            .descriptor(events("t.all"))
            .descriptor(events("t.n").reads(&["n"]))
    }

    fn with(pairs: &[(&str, ParamValue)]) -> Profile {
        let mut profile = Profile::built_in("default").unwrap();
        profile.params = pairs.iter().map(|(k, v)| ((*k).into(), v.clone())).collect();
        profile
    }

    #[test]
    fn only_what_is_read_changes_the_revision() {
        let calculator = calculator();
        let [all, n] = [0, 1].map(|i| &calculator.descriptors[i]);
        let base = with(&[]);
        // (profile, t.all changes, t.n changes)
        for (profile, all_changes, n_changes) in [
            (with(&[("n", 1.into())]), false, false),
            (with(&[("n", 2.into())]), true, true),
            (with(&[("t.n", 2.into())]), true, true),
            (with(&[("x", 1.into())]), true, false),
            (with(&[("unread", 1.into())]), false, false),
            (with(&[("other.n", 2.into())]), false, false),
            (Profile { sample_rate: Some(22_050), ..with(&[]) }, true, true),
        ] {
            for (descriptor, changes) in [(all, all_changes), (n, n_changes)] {
                let same =
                    base.revision(&calculator, descriptor) == profile.revision(&calculator, descriptor);
                assert_eq!(!same, changes, "{} under {:?}", descriptor.id, profile.params);
            }
        }
    }

    #[test]
    fn a_fingerprint_is_part_of_every_revision() {
        let plain = calculator();
        let of = |fingerprint: &str| CalculatorSpec { fingerprint: Some(fingerprint.into()), ..calculator() };
        for descriptor in &plain.descriptors {
            let revision = |calculator: CalculatorSpec| with(&[]).revision(&calculator, descriptor).unwrap();
            assert_eq!(revision(of("a")), revision(of("a")));
            assert_ne!(revision(of("a")), revision(of("b")));
            assert_ne!(revision(of("")), revision(plain.clone()));
        }
    }

    #[test]
    fn the_calculators_own_key_wins() {
        let profile = with(&[("n", 2.into()), ("t.n", 3.into())]);
        assert_eq!(profile.resolve(&calculator()).unwrap().integer("n"), Some(3));
        assert!(with(&[("n", 10.into())]).resolve(&calculator()).is_err());
    }

    #[test]
    fn unknown_profiles_are_named() {
        let error = Profile::built_in("nope").unwrap_err().to_string();
        assert_eq!(error, "unknown profile \"nope\" (known: default, librosa, highres)");
    }

    #[test]
    fn keys_that_nobody_reads_are_found() {
        for (key, unread) in [("n", false), ("m", true), ("t.n", false), ("t.m", true), ("other.m", false)] {
            let profile = with(&[(key, 2.into())]);
            assert_eq!(profile.unread([&calculator()]) == [key], unread, "{key}");
        }
    }
}
