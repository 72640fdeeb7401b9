//! Where plug-ins are looked for.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::HostError;

/// A folder or file that plug-ins are looked for in, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPlace {
    /// Folder or file.
    pub path: PathBuf,
    /// Who named it.
    pub kind: SearchKind,
}

/// Who named a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    /// The caller or `AGOGIC_PLUGIN_PATH`: it must be there.
    Named,
    /// The user's folder.
    User,
    /// A folder of the system.
    System,
}

/// What tells whether a file is still the one that was looked at. It spares
/// work and decides nothing: content is known by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: (u64, u64),
}

impl Stamp {
    /// The stamp of a file; `None` where there is none.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (meta.dev(), meta.ino())
        };
        #[cfg(not(unix))]
        let inode = (0, 0);
        Some(Self { length: meta.len(), modified: meta.modified().ok(), inode })
    }
}

/// The files of a place that may be plug-ins, sorted; none where a place that
/// need not be there is not.
pub(crate) fn candidates(place: &SearchPlace) -> Result<Vec<PathBuf>, HostError> {
    let path = &place.path;
    let found = match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => list(path),
        Ok(_) => Ok(vec![path.clone()]),
        Err(error) if error.kind() == io::ErrorKind::NotFound && place.kind != SearchKind::Named => {
            Ok(vec![])
        }
        Err(error) => Err(error),
    };
    found.map_err(|cause| HostError::Path { path: path.clone(), cause })
}

/// The files of a folder that bear the system's ending for libraries.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == std::env::consts::DLL_EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
