//! What a description must hold before anything is built on it.

use std::collections::BTreeSet;

use super::{Amount, Bins, CalculatorSpec, DescriptorSpec, Frames, InputSpec, Kind, TempoUse};
use crate::{DescriptorId, ParamKind, ParamSpec, SchemaError};

impl CalculatorSpec {
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
        self.check_samples(&self.latency)?;
        self.check_inputs()?;
        let mut ids = BTreeSet::new();
        for descriptor in &self.descriptors {
            if !ids.insert(&descriptor.id) {
                return fail(format!("descriptor {} stands twice", descriptor.id));
            }
            if descriptor.id == DescriptorId::tempo() {
                return fail("no descriptor may be called \"tempo\": that is the tempo map".into());
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
            if let Some(name) = descriptor.raised_with.as_ref().filter(|name| !names.contains(name.as_str()))
            {
                return fail(format!("{} is raised with {name:?}, which is no parameter", descriptor.id));
            }
            self.check_shape(descriptor)?;
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<(), SchemaError> {
        let fail = |rule: String| Err(SchemaError::Spec { calculator: self.id.to_string(), rule });
        if let InputSpec::Descriptors(ids) = &self.input {
            if ids.is_empty() || ids.len() > 256 {
                return fail("it is made of no descriptor, or of more than 256".into());
            }
            let mut seen = BTreeSet::new();
            for id in ids {
                if !seen.insert(id) {
                    return fail(format!("input {id} stands twice"));
                }
                if *id == DescriptorId::tempo() {
                    return fail("tempo is no descriptor; it is declared as a use of tempo".into());
                }
                if self.descriptors.iter().any(|own| &own.id == id) {
                    return fail(format!("{id} is its own input"));
                }
            }
        }
        let one_to_one = |own: &DescriptorSpec| own.kind == Kind::Dense(Frames::Input);
        if self.independent && !self.descriptors.iter().all(one_to_one) {
            return fail(
                "its frames cannot be independent: one output has not a frame per input frame".into(),
            );
        }
        Ok(())
    }

    fn check_shape(&self, descriptor: &DescriptorSpec) -> Result<(), SchemaError> {
        let fail = |rule: String| Err(SchemaError::Spec { calculator: self.id.to_string(), rule });
        let has_frames = self.input.has_frames();
        match &descriptor.bins {
            Bins::Count(amount) => self.check_amount(amount)?,
            Bins::Input if has_frames => {}
            Bins::Input => return fail(format!("{} has the bins of an input without any", descriptor.id)),
        }
        match &descriptor.kind {
            Kind::Events => Ok(()),
            Kind::Dense(Frames::Input) if has_frames => Ok(()),
            Kind::Dense(Frames::Input) => {
                fail(format!("{} has the frames of an input without any", descriptor.id))
            }
            Kind::Dense(Frames::Ticks { per_quarter, hop, every }) => {
                if self.tempo != TempoUse::Input || *per_quarter == 0 {
                    return fail(format!("{} counts in ticks without tempo as an input", descriptor.id));
                }
                self.check_amount(hop)?;
                self.check_amount(every)
            }
            Kind::Dense(Frames::Every { hop, first }) => {
                self.check_samples(hop)?;
                self.check_samples(first)
            }
            Kind::Peaks { hop, factor, levels } => {
                self.check_amount(hop)?;
                if *factor < 2 || *levels == 0 || *levels > 16 {
                    return fail(format!(
                        "{} needs a factor of at least 2 and 1 to 16 levels",
                        descriptor.id
                    ));
                }
                if ![1, 2].map(|bins| Bins::Count(Amount::Fixed(bins))).contains(&descriptor.bins) {
                    return fail(format!("{} holds peaks, which have one bin or two", descriptor.id));
                }
                Ok(())
            }
        }
    }

    /// Samples at the input's rate, which may be said as a time.
    fn check_samples(&self, amount: &Amount) -> Result<(), SchemaError> {
        if matches!(amount, Amount::Milliseconds(_)) { Ok(()) } else { self.check_amount(amount) }
    }

    fn check_amount(&self, amount: &Amount) -> Result<(), SchemaError> {
        let name = match amount {
            Amount::Fixed(_) => return Ok(()),
            Amount::Param(name) => name,
            Amount::Milliseconds(ms) => {
                let rule = format!("{ms} ms stand where no amount of time may");
                return Err(SchemaError::Spec { calculator: self.id.to_string(), rule });
            }
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChannelUse, PcmInput, Version};

    fn spec() -> CalculatorSpec {
        CalculatorSpec::new("t.calc", "1.2.0", PcmInput::new(ChannelUse::Mono))
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
        check(|s| s.descriptors[0].bins = Bins::Input, "without any");
        check(|s| s.independent = true, "cannot be independent");
        check(|s| s.latency = Amount::param("nope"), "whole-number parameter");
        check(|s| s.input = InputSpec::Descriptors(vec![]), "no descriptor");
        check(|s| s.input = InputSpec::descriptors(&["a", "a"]), "stands twice");
        check(|s| s.input = InputSpec::descriptors(&["t.calc.a"]), "its own input");
        check(|s| s.input = InputSpec::descriptors(&["a", "b"]), "ok");
        check(|s| s.input = InputSpec::descriptors(&["tempo"]), "is no descriptor");
        check(|s| s.descriptors[0].id = DescriptorId::tempo(), "may be called");
        check(
            |s| {
                let (hop, every) = (Amount::Fixed(10), Amount::Fixed(512));
                s.descriptors[0].kind = Kind::Dense(Frames::Ticks { per_quarter: 960, hop, every });
            },
            "in ticks without tempo",
        );
        check(|s| s.descriptors[0].reads = Some(["x".to_string()].into()), "no parameter");
        check(|s| s.descriptors[0].raised_with = Some("x".into()), "no parameter");
        check(|s| s.descriptors[0].range = Some((1.0, f32::NAN)), "backwards");
        check(|s| s.descriptors[0].bins = Bins::Count(Amount::Milliseconds(100)), "no amount of time");
        check(|s| s.latency = Amount::Milliseconds(100), "ok");
        check(
            |s| {
                let (hop, first) = (Amount::Milliseconds(100), Amount::Milliseconds(50));
                s.descriptors[0].kind = Kind::Dense(Frames::Every { hop, first });
            },
            "ok",
        );
    }

    #[test]
    fn times_become_whole_samples() {
        let at = |ms, rate| Amount::Milliseconds(ms).resolve_at(&Default::default(), rate);
        assert_eq!(at(100, 44_100), Some(4410));
        assert_eq!(at(100, 22_051), Some(2205));
        assert_eq!(at(100, 22_055), Some(2206));
        assert_eq!(at(u32::MAX, u32::MAX), None);
        assert_eq!(Amount::Milliseconds(1).resolve(&Default::default()), None);
        assert_eq!(Amount::Fixed(7).resolve_at(&Default::default(), 44_100), Some(7));
    }

    #[test]
    fn changed_in_defaults_to_the_own_version() {
        let spec = spec();
        assert_eq!(spec.changed_in(&spec.descriptors[0]), &Version::new(1, 2, 0));
        let older = dense().changed_in("1.0.0");
        assert_eq!(spec.changed_in(&older), &Version::new(1, 0, 0));
    }
}
