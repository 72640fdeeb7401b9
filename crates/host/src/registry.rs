//! All calculators that are there at one moment: built in, or of plug-ins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agogic_abi::v1::CalculatorLibraryRef;
use agogic_schema::{CalculatorId, CalculatorSpec, DescriptorId, DescriptorSpec, Manifest, Version};

use crate::HostError;
use crate::backend::Library;
use crate::isolation::Isolation;
use crate::plugins::Plugin;
use crate::stable::StableLibrary;

/// Where a calculator came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Linked into the host.
    BuiltIn,
    /// A plug-in file.
    File(PathBuf),
}

/// A calculator that can be used.
#[derive(Clone)]
pub struct LoadedCalculator {
    /// What it says of itself, checked.
    pub spec: CalculatorSpec,
    /// Where it came from.
    pub origin: Origin,
    /// Where it works.
    pub isolation: Isolation,
    pub(crate) library: Arc<dyn Library>,
}

/// A plug-in file that was passed over.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file, or a folder of the search path that cannot be read.
    pub path: PathBuf,
    /// Why.
    pub reason: Arc<HostError>,
}

/// A calculator that is there twice, and is not used from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The calculator.
    pub calculator: CalculatorId,
    /// Where it is not used from, and its version there.
    pub hidden: (Origin, Version),
    /// Where it is used from, and its version there.
    pub by: (Origin, Version),
}

/// All calculators that are there, each id once.
#[derive(Default)]
pub struct Registry {
    calculators: BTreeMap<CalculatorId, Arc<LoadedCalculator>>,
    refusals: Vec<Refusal>,
    plugins: Vec<Plugin>,
    clashes: Vec<Clash>,
}

impl Registry {
    /// The calculators of libraries that are linked in.
    ///
    /// # Errors
    /// When a description cannot be used: a mistake in the linked library.
    pub fn with_built_in(libraries: &[CalculatorLibraryRef]) -> Result<Self, HostError> {
        let mut registry = Self::default();
        for &library in libraries {
            let library: Arc<dyn Library> = Arc::new(StableLibrary::built_in(library));
            let manifest = library.manifest()?;
            registry.add(&manifest, &Origin::BuiltIn, |_| Ok((Isolation::None, Arc::clone(&library))))?;
        }
        Ok(registry)
    }

    /// The calculators, by id.
    pub fn calculators(&self) -> impl ExactSizeIterator<Item = &LoadedCalculator> {
        self.calculators.values().map(Arc::as_ref)
    }

    /// The calculators, by id, for whoever wants to keep them.
    pub fn shared(&self) -> impl ExactSizeIterator<Item = &Arc<LoadedCalculator>> {
        self.calculators.values()
    }

    /// The calculator of this id.
    pub fn calculator(&self, id: &CalculatorId) -> Option<&LoadedCalculator> {
        self.calculators.get(id).map(Arc::as_ref)
    }

    /// The calculator that computes a descriptor, and the descriptor.
    pub fn descriptor(&self, id: &DescriptorId) -> Option<(&Arc<LoadedCalculator>, &DescriptorSpec)> {
        self.shared().find_map(|calculator| {
            let found = calculator.spec.descriptors.iter().find(|descriptor| &descriptor.id == id)?;
            Some((calculator, found))
        })
    }

    /// The descriptors that a descriptor is made of; none of one that is made of
    /// audio, or that nobody computes.
    pub fn inputs(&self, id: &DescriptorId) -> &[DescriptorId] {
        self.descriptor(id).map_or(&[], |(calculator, _)| calculator.spec.input.inputs())
    }

    /// The plug-in files that were passed over, and why.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// All plug-in files, in the order in which they were found.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// The calculators that are there more than once.
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// These calculators, and those of `other` whose ids are not among them.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut calculators = other.calculators.clone();
        calculators.extend(self.calculators.iter().map(|(id, own)| (id.clone(), Arc::clone(own))));
        Self { calculators, ..Self::default() }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    pub(crate) fn remember(&mut self, plugin: Plugin) {
        self.plugins.push(plugin);
    }

    /// Takes the calculators of a plug-in; `place` says where each works.
    pub(crate) fn add_plugin(
        &mut self,
        path: &Path,
        manifest: &Manifest,
        place: impl Fn(&CalculatorSpec) -> Result<(Isolation, Arc<dyn Library>), HostError>,
    ) -> Result<(), HostError> {
        self.add(manifest, &Origin::File(path.to_owned()), place)
    }

    /// Takes all calculators of a library or, if one of them is in the way of
    /// another, none. Of two with the same id the newer version is used, and
    /// of equal ones the first.
    fn add(
        &mut self,
        manifest: &Manifest,
        origin: &Origin,
        place: impl Fn(&CalculatorSpec) -> Result<(Isolation, Arc<dyn Library>), HostError>,
    ) -> Result<(), HostError> {
        if manifest.calculators.is_empty() {
            return Err(HostError::NoCalculators);
        }
        let mut ready = vec![];
        for spec in &manifest.calculators {
            spec.check()?;
            for descriptor in &spec.descriptors {
                if let Some((other, _)) = self.descriptor(&descriptor.id)
                    && other.spec.id != spec.id
                {
                    return Err(HostError::Taken {
                        calculator: spec.id.clone(),
                        descriptor: descriptor.id.to_string(),
                        other: other.spec.id.clone(),
                    });
                }
            }
            let (isolation, library) = place(spec)?;
            ready.push(LoadedCalculator { spec: spec.clone(), origin: origin.clone(), isolation, library });
        }
        for calculator in ready {
            self.take(calculator);
        }
        Ok(())
    }

    fn take(&mut self, new: LoadedCalculator) {
        let id = new.spec.id.clone();
        let side =
            |calculator: &LoadedCalculator| (calculator.origin.clone(), calculator.spec.version.clone());
        let old = self.calculators.get(&id).map(|old| side(old));
        let new_side = side(&new);
        let newer = old.as_ref().is_none_or(|(_, version)| *version < new.spec.version);
        if let Some(old) = old {
            let (hidden, by) = if newer { (old, new_side) } else { (new_side, old) };
            self.clashes.push(Clash { calculator: id.clone(), hidden, by });
        }
        if newer {
            self.calculators.insert(id, Arc::new(new));
        }
    }
}
