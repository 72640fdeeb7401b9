//! What is wanted of an asset: the descriptors of a request, all that they are
//! made of, and how each would be computed now.

use std::collections::BTreeSet;

use agogic_host::{Registry, TickMap};
use agogic_scheduler::{Verdict, Wanted, diff, with_inputs};
use agogic_schema::{
    AssetId, CacheRecord, CalculatorSpec, ContentHash, DescriptorId, DescriptorSpec, Params, Profile,
    RateUse, TempoUse,
};
use agogic_store::StoreError;

use crate::{Engine, Error, Tempo};

/// What is wanted under one profile.
pub(crate) struct Wants {
    /// In no particular order.
    pub(crate) all: Vec<Wanted>,
    /// The tempo map, where anything that is wanted depends on it.
    pub(crate) tempo: Option<ContentHash>,
}

impl Wants {
    /// These descriptors, or all that there are, and what they are made of.
    pub(crate) fn new(
        registry: &Registry,
        profile: &Profile,
        only: Option<&[DescriptorId]>,
        tempo: Option<&Tempo>,
    ) -> Result<Self, Error> {
        let named: Option<BTreeSet<_>> = only.map(|only| with_inputs(only, |id| registry.inputs(id)));
        let mut all = vec![];
        for calculator in registry.calculators() {
            let spec = &calculator.spec;
            for descriptor in &spec.descriptors {
                if named.as_ref().is_some_and(|named| !named.contains(&descriptor.id)) {
                    continue;
                }
                all.push(Wanted {
                    descriptor: descriptor.id.clone(),
                    calculator: spec.id.clone(),
                    installed: spec.version.clone(),
                    changed_in: spec.changed_in(descriptor).clone(),
                    revision: profile.revision(spec, descriptor)?,
                    inputs: inputs_of(spec),
                });
            }
        }
        let depends = all.iter().any(|wanted: &Wanted| wanted.inputs.contains(&DescriptorId::tempo()));
        Ok(Self { all, tempo: tempo.filter(|_| depends).map(TickMap::content) })
    }

    /// The difference to what is cached.
    pub(crate) fn diff(&self, registry: &Registry, cached: &[CacheRecord]) -> Vec<Verdict> {
        diff(&self.all, cached, self.tempo, |id| registry.descriptor(id).is_some())
    }

    /// How a descriptor would be computed; none for one that is not wanted.
    pub(crate) fn get(&self, id: &DescriptorId) -> Option<&Wanted> {
        self.all.iter().find(|wanted| wanted.descriptor == *id)
    }
}

/// The descriptors that are computed where none is named: all but those on
/// demand.
pub(crate) fn usual(registry: &Registry) -> Vec<DescriptorId> {
    let all = registry.calculators().flat_map(|calculator| &calculator.spec.descriptors);
    all.filter(|descriptor| !descriptor.on_demand).map(|descriptor| descriptor.id.clone()).collect()
}

/// The descriptors that a calculator's outputs are made of, and tempo.
fn inputs_of(spec: &CalculatorSpec) -> Vec<DescriptorId> {
    let mut inputs = spec.input.inputs().to_vec();
    if spec.tempo == TempoUse::Input {
        inputs.push(DescriptorId::tempo());
    }
    inputs
}

/// The parameters that a descriptor reads, with their values, and the sample
/// rate that the profile asks for: what its revision is made of.
pub(crate) fn params_read(
    profile: &Profile,
    spec: &CalculatorSpec,
    descriptor: &DescriptorSpec,
) -> Result<(Params, Option<u32>), Error> {
    let mut params = profile.resolve(spec)?;
    if let Some(reads) = &descriptor.reads {
        params.0.retain(|name, _| reads.contains(name));
    }
    Ok((params, profile.sample_rate.filter(|_| spec.input.rate() == RateUse::Profile)))
}

impl Engine {
    /// What is cached of an asset under a profile, as near to what was computed
    /// as the profile wants it.
    pub(crate) fn records(&self, asset: &AssetId, profile: &Profile) -> Result<Vec<CacheRecord>, StoreError> {
        let entries = self.store.records(asset, Some(&profile.name))?;
        let near = |record: &CacheRecord| {
            let wanted = profile.max_error(&record.key.descriptor);
            record.max_error.keeps_to(&wanted, &record.header.unit)
        };
        Ok(entries.into_iter().map(|entry| entry.record).filter(near).collect())
    }
}
