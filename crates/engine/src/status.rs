//! How the descriptors of a file stand.

use std::path::Path;

use agogic_scheduler::{Freshness, Reason, diff};
use agogic_schema::{AssetId, CacheRecord, CalculatorId, DescriptorId, Profile, ProfileName, Version};

use crate::vamp::cached_vamp;
use crate::{Engine, Error};

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
}

impl Engine {
    /// How every descriptor stands for a file: under this profile, or under the
    /// default one and whatever else is cached.
    ///
    /// # Errors
    /// When the file cannot be read or the cache cannot be asked.
    pub fn status(&self, file: &Path, profile: Option<&Profile>) -> Result<Status, Error> {
        let asset = self.identify(file)?.asset;
        let mut descriptors = vec![];
        if let Some(profile) = profile {
            let records = self.records(&asset, profile)?;
            descriptors.extend(self.under(profile, &records, true)?);
            return Ok(Status { asset, descriptors });
        }
        let mut records: Vec<CacheRecord> =
            self.store.records(&asset, None)?.into_iter().map(|entry| entry.record).collect();
        let default = Profile::built_in("default")?;
        let own: Vec<_> = records.extract_if(.., |record| record.key.profile == default.name).collect();
        descriptors.extend(self.under(&default, &own, true)?);
        records.sort_by(|a, b| a.key.profile.cmp(&b.key.profile));
        for records in records.chunk_by(|a, b| a.key.profile == b.key.profile) {
            match Profile::built_in(records[0].key.profile.as_str()) {
                Ok(profile) => descriptors.extend(self.under(&profile, records, false)?),
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
        profile: &Profile,
        records: &[CacheRecord],
        all: bool,
    ) -> Result<Vec<DescriptorStatus>, Error> {
        let mut wanted = self.wanted(profile, None)?;
        let vamp = cached_vamp(records);
        if !vamp.is_empty() {
            wanted.extend(self.wanted(profile, Some(&vamp))?);
        }
        if !all {
            wanted.retain(|wanted| records.iter().any(|record| record.key.descriptor == wanted.descriptor));
        }
        let verdicts = diff(&wanted, records, |id| self.find(id).is_some());
        let statuses = verdicts.into_iter().filter_map(|verdict| {
            let record = records.iter().find(|record| record.key.descriptor == verdict.descriptor);
            let now = wanted.iter().find(|wanted| wanted.descriptor == verdict.descriptor);
            Some(DescriptorStatus {
                calculator: match (now, record) {
                    (Some(wanted), _) => wanted.calculator.clone(),
                    (None, Some(record)) => record.provenance.calculator.clone(),
                    (None, None) => return None,
                },
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

fn cached(record: &CacheRecord) -> DescriptorStatus {
    DescriptorStatus {
        id: record.key.descriptor.clone(),
        status: Freshness::Current,
        calculator: record.provenance.calculator.clone(),
        version: Some(record.provenance.version.clone()),
        profile: record.key.profile.clone(),
        reason: Reason::UpToDate,
    }
}
