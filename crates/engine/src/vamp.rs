//! Vamp plug-ins: looked for when one is asked for, and never before. The
//! machine may hold hundreds, so that they are computed by name only.

use std::sync::{Arc, OnceLock};

use agogic_host::{Catalogue, Registry, SearchKind, SearchPlace, Settings, vamp_path};
use agogic_schema::DescriptorId;

use crate::engine::Builder;
use crate::{Engine, Error};

/// What the names of Vamp plug-ins' calculators and descriptors begin with.
const PREFIX: &str = "vamp:";

/// The Vamp plug-ins of the machine, once somebody has asked.
#[derive(Default)]
pub(crate) struct VampPlugins(OnceLock<Option<Catalogue>>);

impl Builder {
    /// The Vamp plug-ins alone: those on `VAMP_PATH` or, where that is not set,
    /// in the folders that are usual for them.
    ///
    /// # Errors
    /// As [`Builder::catalogue`].
    pub fn vamp_catalogue(self) -> Result<Catalogue, Error> {
        Ok(Catalogue::open(for_vamp(&self.settings()))?)
    }
}

impl Engine {
    /// The calculators that these descriptors may need: those of Vamp plug-ins
    /// only where one is among them. A library in the plug-in path hides the
    /// one of its name in Vamp's folders.
    pub(crate) fn registry_for(&self, names: &[DescriptorId]) -> Arc<Registry> {
        let usual = self.registry();
        if !names.iter().any(is_vamp) {
            return usual;
        }
        let vamp = self.vamp.0.get_or_init(|| Catalogue::open(for_vamp(self.catalogue.settings())).ok());
        match vamp {
            Some(vamp) => Arc::new(usual.joined(&vamp.refresh())),
            None => usual,
        }
    }
}

/// How Vamp plug-ins are looked for and run: they are of others, and crash as
/// it happens, so that each works in a process of its own where nothing else is
/// said.
fn for_vamp(settings: &Settings) -> Settings {
    let mut rules = settings.rules.clone();
    rules.all.isolated.get_or_insert(true);
    // Most of the usual folders are not there.
    let place = |path| SearchPlace { path, kind: SearchKind::System };
    let places = vamp_path(|name| std::env::var_os(name)).into_iter().map(place).collect();
    Settings { built_in: vec![], places, rules, ..settings.clone() }
}

/// The names that may have been meant by one that is not known: of Vamp
/// plug-ins those of the same library or, if there is none, the libraries.
pub(crate) fn known_to(id: &DescriptorId, registry: &Registry) -> String {
    let library = |id: &str| id.split(':').take(2).collect::<Vec<_>>().join(":");
    let all = registry.calculators().flat_map(|calculator| &calculator.spec.descriptors);
    let alike = all.map(|known| &known.id).filter(|known| is_vamp(known) == is_vamp(id));
    let mut known: Vec<String> = alike.map(ToString::to_string).collect();
    if is_vamp(id) {
        let same = |known: &&String| library(known) == library(id.as_str());
        known = match known.iter().filter(same).cloned().collect::<Vec<_>>() {
            same if !same.is_empty() => same,
            _ => known.iter().map(|known| library(known)).collect(),
        };
    }
    known.sort();
    known.dedup();
    if known.is_empty() { "no Vamp plug-in".into() } else { known.join(", ") }
}

fn is_vamp(id: &DescriptorId) -> bool {
    id.as_str().starts_with(PREFIX)
}
