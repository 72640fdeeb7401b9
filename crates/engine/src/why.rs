//! Why a descriptor stands as it does: what would compute it now, what did, and
//! the same of all that it is made of.

use std::path::Path;

use agogic_host::{Origin, Registry};
use agogic_scheduler::{Freshness, Reason, Verdict};
use agogic_schema::{
    AssetId, CacheRecord, CalculatorId, ContentHash, DescriptorId, ParamValue, Profile, ProfileName,
    Revision, Version,
};

use crate::wanted::{Wants, params_read};
use crate::{Engine, Error, Tempo};

/// Why a descriptor of a file stands as it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The audio of the file.
    pub asset: AssetId,
    /// The profile.
    pub profile: ProfileName,
    /// The descriptor that was asked about, then what it is made of, then what
    /// that is made of, each once.
    pub chain: Vec<Explanation>,
}

/// How one descriptor stands, and all that this was judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The descriptor.
    pub id: DescriptorId,
    /// How it stands.
    pub status: Freshness,
    /// Why.
    pub reason: Reason,
    /// How it would be computed; none where nobody can.
    pub now: Option<Now>,
    /// How it was computed; none where it is not cached.
    pub then: Option<Then>,
    /// What it reads.
    pub params: Vec<ParamWhy>,
    /// What it is made of, and was.
    pub inputs: Vec<InputWhy>,
}

/// How a descriptor would be computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Now {
    /// The calculator.
    pub calculator: CalculatorId,
    /// Its version.
    pub version: Version,
    /// The version at which the descriptor's values last changed.
    pub changed_in: Version,
    /// Revision of the parameters that it reads.
    pub revision: Revision,
    /// Where the calculator came from.
    pub origin: Origin,
}

/// How a cached descriptor was computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Then {
    /// The calculator.
    pub calculator: CalculatorId,
    /// Its version.
    pub version: Version,
    /// Revision of the parameters that it read.
    pub revision: Revision,
    /// Hash of the values.
    pub content: ContentHash,
    /// Whether the values of the parameters were noted beside the track; a
    /// revision alone does not tell them.
    pub params_noted: bool,
}

/// A parameter that a descriptor reads or read. `sample_rate` is the profile's,
/// and none where that is the asset's own.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamWhy {
    /// Its name.
    pub name: String,
    /// The value that it was computed with, where it was noted.
    pub was: Option<ParamValue>,
    /// The value that it would be computed with.
    pub is: Option<ParamValue>,
}

/// Something that a descriptor is made of or was.
#[derive(Clone, Debug, PartialEq)]
pub struct InputWhy {
    /// A descriptor, or `tempo`.
    pub id: DescriptorId,
    /// Its content when the descriptor was computed.
    pub was: Option<ContentHash>,
    /// Its content now, where it is current.
    pub is: Option<ContentHash>,
}

impl Engine {
    /// Why a descriptor of a file stands as it does under a profile, down to
    /// what it is made of. Nothing is computed.
    ///
    /// # Errors
    /// [`Error::UnknownDescriptor`] for one that nobody computes and that is not
    /// cached; when the file cannot be read or the cache cannot be asked.
    pub fn why(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        tempo: Option<&Tempo>,
    ) -> Result<Why, Error> {
        let registry = &*self.registry_for(std::slice::from_ref(id));
        let asset = self.identify(file)?.asset;
        let records = self.records(&asset, profile)?;
        let wants = Wants::new(registry, profile, None, tempo)?;
        let verdicts = wants.diff(registry, &records);
        let place = Place { registry, profile, wants: &wants, records: &records, verdicts: &verdicts };
        let mut ids = vec![id.clone()];
        let mut chain: Vec<Explanation> = vec![];
        while let Some(id) = ids.get(chain.len()).cloned() {
            let Some(explanation) = place.explain(&id)? else {
                // Nobody computes it: its dependents say so.
                ids.remove(chain.len());
                continue;
            };
            for input in &explanation.inputs {
                if !ids.contains(&input.id) {
                    ids.push(input.id.clone());
                }
            }
            chain.push(explanation);
        }
        if chain.is_empty() {
            self.descriptor(id)?;
        }
        Ok(Why { asset, profile: profile.name.clone(), chain })
    }
}

/// What descriptors are explained by.
struct Place<'a> {
    registry: &'a Registry,
    profile: &'a Profile,
    wants: &'a Wants,
    records: &'a [CacheRecord],
    verdicts: &'a [Verdict],
}

impl Place<'_> {
    fn explain(&self, id: &DescriptorId) -> Result<Option<Explanation>, Error> {
        let Some(verdict) = self.verdict(id) else { return Ok(None) };
        let record = self.record(id);
        let known = self.wants.get(id).zip(self.registry.descriptor(id));
        let now = known.map(|(wanted, (calculator, _))| Now {
            calculator: wanted.calculator.clone(),
            version: wanted.installed.clone(),
            changed_in: wanted.changed_in.clone(),
            revision: wanted.revision,
            origin: calculator.origin.clone(),
        });
        let mut params = vec![];
        if let Some((_, (calculator, descriptor))) = known {
            let (read, sample_rate) = params_read(self.profile, &calculator.spec, descriptor)?;
            let notes = record.map(|record| &record.notes);
            let rate = |hz: Option<u32>| hz.map(|hz| ParamValue::Integer(hz.into()));
            params.extend(read.0.into_iter().map(|(name, value)| ParamWhy {
                was: notes.and_then(|notes| notes.params.0.get(&name).cloned()),
                is: Some(value),
                name,
            }));
            let (was, is) = (rate(notes.and_then(|notes| notes.sample_rate)), rate(sample_rate));
            if was.is_some() || is.is_some() {
                params.push(ParamWhy { name: "sample_rate".into(), was, is });
            }
        }
        let then = record.map(|record| Then {
            calculator: record.provenance.calculator.clone(),
            version: record.provenance.version.clone(),
            revision: record.provenance.revision,
            content: record.content,
            params_noted: !record.notes.is_empty() || params.is_empty(),
        });
        let (status, reason) = (verdict.freshness, verdict.reason.clone());
        Ok(Some(Explanation { id: id.clone(), status, reason, now, then, params, inputs: self.inputs(id) }))
    }

    /// What a descriptor is made of, then what it was made of besides.
    fn inputs(&self, id: &DescriptorId) -> Vec<InputWhy> {
        let was = self.record(id).map(|record| &record.provenance.inputs);
        let mut ids = self.wants.get(id).map(|wanted| wanted.inputs.clone()).unwrap_or_default();
        let gone: Vec<_> =
            was.into_iter().flat_map(|was| was.keys()).filter(|id| !ids.contains(id)).collect();
        ids.extend(gone.into_iter().cloned());
        let input = |id: DescriptorId| InputWhy {
            was: was.and_then(|was| was.get(&id).copied()),
            is: self.content(&id),
            id,
        };
        ids.into_iter().map(input).collect()
    }

    /// The content of an input now, where that is known.
    fn content(&self, id: &DescriptorId) -> Option<ContentHash> {
        if *id == DescriptorId::tempo() {
            return self.wants.tempo;
        }
        let current = self.verdict(id).is_some_and(|verdict| verdict.freshness == Freshness::Current);
        self.record(id).filter(|_| current).map(|record| record.content)
    }

    fn verdict(&self, id: &DescriptorId) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.descriptor == *id)
    }

    fn record(&self, id: &DescriptorId) -> Option<&CacheRecord> {
        self.records.iter().find(|record| record.key.descriptor == *id)
    }
}
