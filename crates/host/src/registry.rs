//! All calculators that are there: built in, or found as plug-ins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agogic_abi::v1::CalculatorLibraryRef;
use agogic_schema::{CalculatorId, CalculatorSpec, DescriptorId, DescriptorSpec};

use crate::backend::Library;
use crate::stable::StableLibrary;
use crate::{HostError, library};

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
    pub(crate) library: Arc<dyn Library>,
}

/// A plug-in file that was passed over.
#[derive(Debug)]
pub struct Refusal {
    /// The file, or a folder of the search path that cannot be read.
    pub path: PathBuf,
    /// Why.
    pub reason: HostError,
}

/// All calculators that are there, each id once.
#[derive(Default)]
pub struct Registry {
    calculators: BTreeMap<CalculatorId, LoadedCalculator>,
    refusals: Vec<Refusal>,
}

impl Registry {
    /// The calculators of libraries that are linked in.
    ///
    /// # Errors
    /// When a description cannot be used: a mistake in the linked library.
    pub fn with_built_in(libraries: &[CalculatorLibraryRef]) -> Result<Self, HostError> {
        let mut registry = Self::default();
        for &library in libraries {
            registry.add(Arc::new(StableLibrary::built_in(library)), &Origin::BuiltIn)?;
        }
        Ok(registry)
    }

    /// Adds every plug-in of a folder, or one plug-in file. What cannot be
    /// used is remembered as a [`Refusal`] and harms nothing else.
    ///
    /// A calculator of an id that is there already takes its place if its
    /// version is newer.
    pub fn scan(&mut self, path: &Path) {
        let mut files = match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => match list(path) {
                Ok(files) => files,
                Err(cause) => return self.refuse(path, HostError::Path { path: path.into(), cause }),
            },
            Ok(_) => vec![path.to_owned()],
            Err(cause) => return self.refuse(path, HostError::Path { path: path.into(), cause }),
        };
        files.sort();
        for file in files {
            let origin = Origin::File(file.clone());
            if let Err(reason) = library::load(&file).and_then(|library| self.add(library, &origin)) {
                self.refuse(&file, reason);
            }
        }
    }

    /// The calculators, by id.
    pub fn calculators(&self) -> impl ExactSizeIterator<Item = &LoadedCalculator> {
        self.calculators.values()
    }

    /// The calculator of this id.
    pub fn calculator(&self, id: &CalculatorId) -> Option<&LoadedCalculator> {
        self.calculators.get(id)
    }

    /// The calculator that computes a descriptor, and the descriptor.
    pub fn descriptor(&self, id: &DescriptorId) -> Option<(&LoadedCalculator, &DescriptorSpec)> {
        self.calculators().find_map(|calculator| {
            let found = calculator.spec.descriptors.iter().find(|descriptor| &descriptor.id == id)?;
            Some((calculator, found))
        })
    }

    /// The plug-in files that were passed over, and why.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    fn refuse(&mut self, path: &Path, reason: HostError) {
        self.refusals.push(Refusal { path: path.into(), reason });
    }

    /// Takes all calculators of a library or, if one of them is in the way of
    /// another, none.
    fn add(&mut self, library: Arc<dyn Library>, origin: &Origin) -> Result<(), HostError> {
        let manifest = library.manifest()?;
        for calculator in &manifest.calculators {
            calculator.check()?;
        }
        if let Origin::File(path) = origin {
            for reason in &manifest.refused {
                self.refuse(path, HostError::Part(reason.clone()));
            }
        }
        if manifest.calculators.is_empty() {
            return Err(HostError::NoCalculators);
        }
        for spec in &manifest.calculators {
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
        }
        for spec in manifest.calculators {
            let newer = self.calculators.get(&spec.id).is_none_or(|old| old.spec.version < spec.version);
            if newer {
                let loaded = LoadedCalculator { spec, origin: origin.clone(), library: Arc::clone(&library) };
                self.calculators.insert(loaded.spec.id.clone(), loaded);
            }
        }
        Ok(())
    }
}

/// The files of a folder that bear the system's ending for libraries.
fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == std::env::consts::DLL_EXTENSION) {
            files.push(path);
        }
    }
    Ok(files)
}
