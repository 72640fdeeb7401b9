//! How the descriptors of a file stand.

use std::path::Path;

use agogic_host::Registry;
use agogic_scheduler::{Freshness, Reason, with_inputs};
use agogic_schema::{AssetId, CacheRecord, CalculatorId, DescriptorId, Profile, ProfileName, Version};

use crate::wanted::{Wants, usual};
use crate::{Engine, Error, Tempo};

/// How the descriptors of a file stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The audio of the file.
    pub asset: AssetId,
    /// By profile, then in order of id.
    pub descriptors: Vec<DescriptorStatus>,
}

/// How one descriptor stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DescriptorStatus {
    /// The descriptor.
    pub id: DescriptorId,
    /// How it stands.
    pub status: Freshness,
    /// The calculator that would compute it; for an extraneous one, that did.
    pub calculator: CalculatorId,
    /// The version that computed it, where it is cached.
    pub version: Option<Version>,
    /// The profile.
    pub profile: ProfileName,
    /// Why.
    pub reason: Reason,
    /// What it is made of: descriptors, and `tempo` where it depends on that.
    pub inputs: Vec<DescriptorId>,
}

impl Engine {
    /// How every descriptor stands for a file: under this profile, or under the
    /// default one and whatever else is cached. What depends on tempo is
    /// compared with the tempo map, where one is given.
    ///
    /// # Errors
    /// When the file cannot be read or the cache cannot be asked.
    pub fn status(
        &self,
        file: &Path,
        profile: Option<&Profile>,
        tempo: Option<&Tempo>,
    ) -> Result<Status, Error> {
        let Some(profile) = profile else { return self.status_of_all(file, tempo) };
        self.status_of(file, profile, tempo, &[])
    }

    /// As [`Engine::status`] under a profile, with these descriptors too: those
    /// on demand and those of Vamp plug-ins are told of only where they are
    /// cached or named.
    ///
    /// # Errors
    /// As [`Engine::status`].
    pub fn status_of(
        &self,
        file: &Path,
        profile: &Profile,
        tempo: Option<&Tempo>,
        named: &[DescriptorId],
    ) -> Result<Status, Error> {
        let asset = self.identify(file)?.asset;
        let records = self.records(&asset, profile)?;
        let of_profile = profile.descriptors.as_deref().unwrap_or_default();
        let registry = self.registry_for(&[named, of_profile, &descriptors_of(&records)].concat());
        let mut descriptors = self.under(&registry, profile, tempo, &records, true)?;
        let asked = match &profile.descriptors {
            Some(ids) => ids.clone(),
            None => usual(&registry),
        };
        let asked = with_inputs(named.iter().chain(&asked), |id| registry.inputs(id));
        descriptors.retain(|found| found.status != Freshness::Missing || asked.contains(&found.id));
        Ok(Status { asset, descriptors })
    }

    fn status_of_all(&self, file: &Path, tempo: Option<&Tempo>) -> Result<Status, Error> {
        let asset = self.identify(file)?.asset;
        let mut records: Vec<CacheRecord> =
            self.store.records(&asset, None)?.into_iter().map(|entry| entry.record).collect();
        let registry = self.registry_for(&descriptors_of(&records));
        let default = self.profiles.get("default")?;
        records.retain(|record| record.key.profile != default.name);
        let mut descriptors = self.status_of(file, default, tempo, &[])?.descriptors;
        records.sort_by(|a, b| a.key.profile.cmp(&b.key.profile));
        for records in records.chunk_by(|a, b| a.key.profile == b.key.profile) {
            match self.profiles.get(records[0].key.profile.as_str()) {
                Ok(profile) => descriptors.extend(self.under(&registry, profile, tempo, records, false)?),
                Err(_) => descriptors.extend(records.iter().map(|record| DescriptorStatus {
                    status: Freshness::Extraneous,
                    reason: Reason::NotWanted,
                    ..cached(record)
                })),
            }
        }
        Ok(Status { asset, descriptors })
    }

    /// The statuses under one profile: of every descriptor, or only of those
    /// that are cached.
    fn under(
        &self,
        registry: &Registry,
        profile: &Profile,
        tempo: Option<&Tempo>,
        records: &[CacheRecord],
        all: bool,
    ) -> Result<Vec<DescriptorStatus>, Error> {
        let wants = Wants::new(registry, profile, None, tempo)?;
        let statuses = wants.diff(registry, records).into_iter().filter_map(|verdict| {
            let record = records.iter().find(|record| record.key.descriptor == verdict.descriptor);
            let calculator = match (wants.get(&verdict.descriptor), record) {
                (Some(_), None) if !all => return None,
                (Some(wanted), _) => wanted.calculator.clone(),
                (None, record) => record?.provenance.calculator.clone(),
            };
            let inputs = wants.get(&verdict.descriptor).map(|wanted| wanted.inputs.clone());
            Some(DescriptorStatus {
                inputs: inputs.unwrap_or_default(),
                calculator,
                version: record.map(|record| record.provenance.version.clone()),
                profile: profile.name.clone(),
                id: verdict.descriptor,
                status: verdict.freshness,
                reason: verdict.reason,
            })
        });
        Ok(statuses.collect())
    }
}

fn descriptors_of(records: &[CacheRecord]) -> Vec<DescriptorId> {
    records.iter().map(|record| record.key.descriptor.clone()).collect()
}

fn cached(record: &CacheRecord) -> DescriptorStatus {
    DescriptorStatus {
        id: record.key.descriptor.clone(),
        status: Freshness::Current,
        calculator: record.provenance.calculator.clone(),
        version: Some(record.provenance.version.clone()),
        profile: record.key.profile.clone(),
        reason: Reason::UpToDate,
        inputs: vec![],
    }
}
