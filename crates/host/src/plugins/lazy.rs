//! A plug-in file that is loaded into the host when its first instance is
//! made, from a copy of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use agogic_schema::{CalculatorId, Manifest, Outputs, Setup};

use crate::backend::{Instance, Library};
use crate::{CallError, HostError, library};

/// A library that is loaded when it is needed.
///
/// It is loaded from a copy: the system returns a library that it has mapped
/// already for every file of the same name, and a file that is written over
/// while it is mapped takes the process down.
pub(crate) struct LazyLibrary {
    file: PathBuf,
    hash: String,
    manifest: Arc<Manifest>,
    loaded: OnceLock<Result<Arc<dyn Library>, Arc<HostError>>>,
}

impl LazyLibrary {
    pub(crate) fn new(file: &Path, hash: &str, manifest: Arc<Manifest>) -> Self {
        Self { file: file.to_owned(), hash: hash.to_owned(), manifest, loaded: OnceLock::new() }
    }

    fn loaded(&self) -> Result<&Arc<dyn Library>, &Arc<HostError>> {
        self.loaded.get_or_init(|| self.load().map_err(Arc::new)).as_ref()
    }

    fn load(&self) -> Result<Arc<dyn Library>, HostError> {
        let failed = |cause| HostError::Path { path: self.file.clone(), cause };
        let bytes = std::fs::read(&self.file).map_err(failed)?;
        if blake3::hash(&bytes).to_hex().as_str() != self.hash {
            return Err(HostError::Replaced);
        }
        let library = match copy(&self.file, &bytes).and_then(|copy| library::load(&copy.file)) {
            // A library may look for others beside itself, and a folder for
            // temporary files may forbid that programs are run from it.
            Err(HostError::NotALibrary(_)) => library::load(&self.file)?,
            other => other?,
        };
        if library.manifest()? == *self.manifest { Ok(library) } else { Err(HostError::Contradiction) }
    }
}

impl Library for LazyLibrary {
    fn manifest(&self) -> Result<Manifest, HostError> {
        match self.loaded() {
            Ok(library) => library.manifest(),
            Err(error) => Err(HostError::Manifest(error.to_string())),
        }
    }

    fn outputs(&self, id: &CalculatorId, setup: &Setup) -> Result<Option<Outputs>, CallError> {
        match self.loaded() {
            Ok(library) => library.outputs(id, setup),
            Err(error) => Err(CallError::Unusable(error.to_string())),
        }
    }

    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError> {
        match self.loaded() {
            Ok(library) => library.create(id, setup),
            Err(error) => Err(CallError::Unusable(error.to_string())),
        }
    }
}

/// A copy in a folder of its own, which goes when the copy is mapped.
struct Copy {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

fn copy(file: &Path, bytes: &[u8]) -> Result<Copy, HostError> {
    let failed = |error: std::io::Error| HostError::NotALibrary(error.to_string());
    let folder = tempfile::Builder::new().prefix("agogic-plugin-").tempdir().map_err(failed)?;
    let copy = folder.path().join(file.file_name().unwrap_or("plugin".as_ref()));
    std::fs::File::create(&copy).and_then(|mut file| file.write_all(bytes)).map_err(failed)?;
    Ok(Copy { file: copy, _folder: folder })
}
