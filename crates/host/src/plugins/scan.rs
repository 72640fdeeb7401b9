//! Looking at a plug-in file: what it holds is learnt from its sidecar, from
//! memory, or by loading it in a process of its own with a time limit.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agogic_schema::Manifest;

use super::lazy::LazyLibrary;
use super::{Found, Known, Memory, Plugin, sidecar};
use crate::worker::{Process, Program, describe};
use crate::{HostError, library};

/// Who looks at plug-in files.
pub(crate) struct Scanner {
    pub(crate) memory: Arc<Memory>,
    pub(crate) worker: Option<Program>,
    pub(crate) timeout: Duration,
}

impl Scanner {
    /// Looks at a file. Whatever it is or does, this returns.
    pub(crate) fn look(&self, path: &Path) -> Plugin {
        let (mut content, mut warnings) = (String::new(), vec![]);
        let found = self.find(path, &mut content, &mut warnings).map_err(Arc::new);
        Plugin { path: path.to_owned(), hash: content, found, warnings }
    }

    fn find(
        &self,
        path: &Path,
        content: &mut String,
        warnings: &mut Vec<String>,
    ) -> Result<Found, HostError> {
        *content = self.content(path)?;
        let hash = content.as_str();
        if let Some(quarantine) = self.memory.quarantine(hash) {
            return Err(HostError::Quarantined(quarantine));
        }
        let beside = sidecar::read(path, hash).unwrap_or_else(|warning| {
            warnings.push(warning);
            None
        });
        let (manifest, known) = match (beside, self.memory.manifest(hash)) {
            (Some(manifest), _) => (manifest, Known::Sidecar),
            (None, Some(manifest)) => (manifest, Known::Remembered),
            (None, None) => (self.scan(path, hash)?, Known::Scanned),
        };
        let manifest = Arc::new(manifest);
        let library = Arc::new(LazyLibrary::new(path, hash, Arc::clone(&manifest)));
        Ok(Found { manifest, known, library })
    }

    /// The hash of a file that may be a library: BLAKE3 in hex.
    pub(crate) fn content(&self, path: &Path) -> Result<String, HostError> {
        library::check_whole(path)?;
        let read = || -> std::io::Result<String> {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(File::open(path)?)?;
            Ok(hasher.finalize().to_hex().to_string())
        };
        read().map_err(|cause| HostError::Path { path: path.into(), cause })
    }

    /// Loads a file in a process of its own; what it does there is its own
    /// trouble.
    pub(crate) fn scan(&self, path: &Path, hash: &str) -> Result<Manifest, HostError> {
        let program = self.worker.as_ref().ok_or(HostError::NoWorker)?;
        let scanned = Process::start(program)
            .map_err(HostError::from)
            .and_then(|process| describe(process, path, self.timeout));
        match &scanned {
            Ok(manifest) => self.memory.remember(hash, manifest),
            Err(error @ (HostError::ScanCrashed(_) | HostError::ScanTimedOut(_))) => {
                self.memory.condemn(hash, path, &error.to_string());
            }
            Err(_) => {}
        }
        scanned
    }
}
