//! Vamp plug-ins as calculators: `vamp:<library>:<plug-in>`, each output a
//! descriptor `vamp:<library>:<plug-in>:<output>`.
//!
//! What lives here: the way from what a plug-in says to a calculator's
//! description, from blocks of PCM to the blocks and spectra that Vamp asks
//! for, and from features to frames and events. What does not: the C interface,
//! which is `agogic-vamp`'s, and any trust in a plug-in: that is decided by
//! whoever loads the library.

mod blocks;
mod collect;
mod describe;
mod instance;
mod layout;
mod params;
mod place;
#[cfg(test)]
mod tests;

use std::path::Path;

use agogic_schema::{CalculatorId, Manifest, Outputs, Setup};
use agogic_vamp::{Plugin, PluginSpec, Running, VampError};
use object::{Object as _, ReadCache};

use crate::backend::{Instance, Library};
use crate::library::one_line;
use crate::{CallError, HostError};

use instance::VampInstance;
use layout::Layout;
use params::Parameters;

/// The sample rate that descriptions are made for, in Hz.
const DESCRIBED_RATE: u32 = 44_100;

/// Whether a file offers Vamp plug-ins, told without running any of it.
pub(crate) fn exported_by(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false };
    let cache = ReadCache::new(file);
    let exports = object::File::parse(&cache).and_then(|object| object.exports()).unwrap_or_default();
    // Mach-O puts an underscore before every name.
    let names = [&b"vampGetPluginDescriptor"[..], b"_vampGetPluginDescriptor"];
    exports.iter().any(|export| names.contains(&export.name()))
}

/// A library of Vamp plug-ins.
pub(crate) struct VampLibrary {
    library: agogic_vamp::Library,
    /// Its name in ids.
    name: String,
    /// Hash of the file: authors forget to raise versions.
    fingerprint: String,
    plugins: Vec<Result<PluginSpec, VampError>>,
}

impl VampLibrary {
    /// Loads a file that was looked at before. It is called as it was `named`,
    /// which may be a link to it.
    pub(crate) fn load(path: &Path, named: &Path) -> Result<Self, HostError> {
        let failed = |error: &dyn std::fmt::Display| HostError::NotALibrary(one_line(&error.to_string()));
        let mut hash = blake3::Hasher::new();
        let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
        hash.update_reader(file).map_err(|error| failed(&error))?;
        let library = agogic_vamp::Library::open(path).map_err(|error| failed(&error))?;
        Ok(Self {
            library,
            name: describe::library_name(named),
            fingerprint: hash.finalize().to_hex().to_string(),
            plugins: library.plugins(),
        })
    }

    fn plugin(&self, id: &CalculatorId) -> Result<&PluginSpec, CallError> {
        let mut known = self.plugins.iter().flatten();
        let found = known.find(|plugin| describe::calculator_id(&self.name, plugin) == id.as_str());
        found.ok_or_else(|| CallError::Setup(format!("the library has no {id}")))
    }

    /// A plug-in that is configured and about to take audio.
    fn start(&self, id: &CalculatorId, setup: &Setup) -> Result<(Running, Layout), CallError> {
        let spec = self.plugin(id)?;
        let refuse = |error: VampError| CallError::Setup(error.to_string());
        let mut plugin = Plugin::instantiate(&self.library, spec.index, setup.rate as f32).map_err(refuse)?;
        let parameters = Parameters::of(spec).map_err(CallError::Setup)?;
        parameters.apply(&mut plugin, &setup.params).map_err(refuse)?;
        let (step, block) = parameters.lengths(&setup.params);
        let layout =
            Layout::of(&plugin, setup.channels.len(), setup.rate, step, block).map_err(CallError::Setup)?;
        let running = plugin.initialise(layout.channels, layout.step, layout.block).map_err(refuse)?;
        Ok((running, layout))
    }
}

impl Library for VampLibrary {
    fn manifest(&self) -> Result<Manifest, HostError> {
        let mut manifest = Manifest::default();
        for plugin in &self.plugins {
            let described = match plugin {
                Ok(plugin) => describe::calculator(&self.library, &self.name, &self.fingerprint, plugin),
                Err(error) => Err(error.to_string()),
            };
            match described {
                Ok(calculator) if manifest.calculators.iter().any(|other| other.id == calculator.id) => {
                    manifest.refused.push(format!("{} stands twice in it", calculator.id));
                }
                Ok(calculator) => manifest.calculators.push(calculator),
                Err(reason) => manifest.refused.push(one_line(&reason)),
            }
        }
        Ok(manifest)
    }

    fn outputs(&self, id: &CalculatorId, setup: &Setup) -> Result<Option<Outputs>, CallError> {
        let (running, layout) = self.start(id, setup)?;
        let descriptors = describe::descriptors(id.as_str(), running.outputs(), &layout);
        Ok(Some(Outputs {
            // What a plug-in finds in several channels it finds in all of them.
            channels: vec!["mono".into()],
            descriptors: descriptors.map_err(CallError::Setup)?,
        }))
    }

    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError> {
        let (running, layout) = self.start(id, setup)?;
        Ok(Box::new(VampInstance::new(id, running, layout, setup)?))
    }
}
