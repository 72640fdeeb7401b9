//! Vamp plug-ins: looked for when one is asked for, and never before. The
//! machine may hold hundreds, so that they are computed by name only.

use std::path::Path;
use std::sync::OnceLock;

use agogic_host::{LoadedCalculator, Refusal, Registry, vamp_path};
use agogic_scheduler::{Freshness, Reason};
use agogic_schema::{CacheRecord, DescriptorId, DescriptorSpec, Profile};

use crate::{DescriptorStatus, Engine, Error, Status};

/// What the names of Vamp plug-ins' calculators and descriptors begin with.
const PREFIX: &str = "vamp:";

/// The Vamp plug-ins of the machine, once somebody has asked.
#[derive(Default)]
pub(crate) struct VampPlugins(OnceLock<Registry>);

impl Engine {
    /// The calculators of the Vamp plug-ins on `VAMP_PATH` or, where that is not
    /// set, in the folders that are usual for them; in order of id. They are
    /// looked for at the first call.
    ///
    /// Their descriptors are computed where a request names them.
    pub fn vamp_calculators(&self) -> impl ExactSizeIterator<Item = &LoadedCalculator> {
        self.vamp_registry().calculators()
    }

    /// The Vamp plug-ins that were passed over, and why.
    pub fn vamp_refusals(&self) -> &[Refusal] {
        self.vamp_registry().refusals()
    }

    /// As [`Engine::status`] under a profile, with these descriptors too: those
    /// of Vamp plug-ins that are not cached are told of only where they are
    /// named.
    ///
    /// # Errors
    /// As [`Engine::status`].
    pub fn status_of(&self, file: &Path, profile: &Profile, named: &[DescriptorId]) -> Result<Status, Error> {
        let mut status = self.status(file, Some(profile))?;
        for wanted in self.wanted(profile, Some(named))? {
            if !status.descriptors.iter().any(|known| known.id == wanted.descriptor) {
                status.descriptors.push(DescriptorStatus {
                    id: wanted.descriptor,
                    status: Freshness::Missing,
                    calculator: wanted.calculator,
                    version: None,
                    profile: profile.name.clone(),
                    reason: Reason::NotCached,
                });
            }
        }
        Ok(status)
    }

    /// The calculators that these descriptors may need, or those of no name in
    /// particular.
    pub(crate) fn calculators_for<'a>(
        &'a self,
        names: Option<&[DescriptorId]>,
    ) -> impl Iterator<Item = &'a LoadedCalculator> + use<'a> {
        let asked = names.is_some_and(|names| names.iter().any(is_vamp));
        let vamp = asked.then(|| self.vamp_registry().calculators());
        // A library in the plug-in path hides the one of its name here.
        let hidden = |found: &&LoadedCalculator| self.registry.calculator(&found.spec.id).is_none();
        self.registry.calculators().chain(vamp.into_iter().flatten().filter(hidden))
    }

    /// The calculator that computes a descriptor, and the descriptor.
    pub(crate) fn find(&self, id: &DescriptorId) -> Option<(&LoadedCalculator, &DescriptorSpec)> {
        let vamp = || is_vamp(id).then(|| self.vamp_registry().descriptor(id)).flatten();
        self.registry.descriptor(id).or_else(vamp)
    }

    /// The names that may have been meant by one that is not known: of Vamp
    /// plug-ins those of the same library or, if there is none, the libraries.
    pub(crate) fn known_to(&self, id: &DescriptorId) -> String {
        let library = |id: &str| id.split(':').take(2).collect::<Vec<_>>().join(":");
        let of = |calculator: &LoadedCalculator| {
            calculator.spec.descriptors.iter().map(|known| known.id.to_string()).collect::<Vec<_>>()
        };
        let mut known: Vec<String> = if is_vamp(id) {
            let vamp: Vec<_> = self.vamp_calculators().flat_map(of).collect();
            let near = |known: &&String| library(known) == library(id.as_str());
            match vamp.iter().filter(near).cloned().collect::<Vec<_>>() {
                same if !same.is_empty() => same,
                _ => vamp.iter().map(|known| library(known)).collect(),
            }
        } else {
            self.calculators().flat_map(of).collect()
        };
        known.sort();
        known.dedup();
        if known.is_empty() { "no Vamp plug-in".into() } else { known.join(", ") }
    }

    fn vamp_registry(&self) -> &Registry {
        self.vamp.0.get_or_init(|| {
            let mut registry = Registry::default();
            for folder in vamp_path(|name| std::env::var_os(name)) {
                // Most of the usual folders are not there.
                if folder.exists() {
                    registry.scan(&folder);
                }
            }
            registry
        })
    }
}

/// Whether a descriptor is a Vamp plug-in's.
pub(crate) fn is_vamp(id: &DescriptorId) -> bool {
    id.as_str().starts_with(PREFIX)
}

/// The descriptors of Vamp plug-ins among records.
pub(crate) fn cached_vamp(records: &[CacheRecord]) -> Vec<DescriptorId> {
    records.iter().map(|record| &record.key.descriptor).filter(|id| is_vamp(id)).cloned().collect()
}
