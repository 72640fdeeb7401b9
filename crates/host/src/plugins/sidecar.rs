//! The description beside a plug-in file, `<file>.agogic.json`, by which a
//! host knows what it holds without loading it.

use std::io::Write;
use std::path::{Path, PathBuf};

use agogic_schema::Manifest;
use serde::{Deserialize, Serialize};

use crate::HostError;

/// The form of this file.
const FORMAT: u32 = 1;
/// Largest one that is read.
const MAX_BYTES: u64 = 16 << 20;

#[derive(Serialize, Deserialize)]
struct Sidecar {
    format: u32,
    /// BLAKE3 of the plug-in file, in hex.
    library: String,
    manifest: Manifest,
}

/// Where the sidecar of a plug-in file is.
pub fn sidecar_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".agogic.json");
    name.into()
}

/// What the sidecar of a file of this content says: nothing where there is
/// none, and a warning where it is none of this content.
pub(super) fn read(file: &Path, hash: &str) -> Result<Option<Manifest>, String> {
    let path = sidecar_path(file);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(meta) if meta.len() > MAX_BYTES => return Err("sidecar ignored: it is too large".into()),
        _ => {}
    }
    let bytes = std::fs::read(&path).map_err(|error| format!("sidecar ignored: {error}"))?;
    let sidecar: Sidecar =
        serde_json::from_slice(&bytes).map_err(|error| format!("sidecar ignored: {error}"))?;
    if sidecar.format != FORMAT {
        return Err(format!("sidecar ignored: it is of format {}", sidecar.format));
    }
    if sidecar.library != hash {
        return Err("sidecar ignored: it was written for another content of the file".into());
    }
    Ok(Some(sidecar.manifest))
}

/// Writes the sidecar of a file.
pub(crate) fn write(file: &Path, hash: &str, manifest: &Manifest) -> Result<PathBuf, HostError> {
    let path = sidecar_path(file);
    let written = || -> std::io::Result<()> {
        let sidecar = Sidecar { format: FORMAT, library: hash.into(), manifest: manifest.clone() };
        let mut text = serde_json::to_vec_pretty(&sidecar)?;
        text.push(b'\n');
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut staged = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        staged.write_all(&text)?;
        share(staged.as_file())?;
        staged.persist(&path)?;
        Ok(())
    };
    match written() {
        Ok(()) => Ok(path),
        Err(cause) => Err(HostError::Path { path, cause }),
    }
}

/// Temporary files are for their owner alone; a sidecar is for all.
fn share(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    let _ = file;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_that_of_the_same_content_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.so");
        assert_eq!(read(&file, "1234"), Ok(None));
        let path = write(&file, "1234", &Manifest::default()).unwrap();
        assert_eq!(path, folder.path().join("a.so.agogic.json"));
        assert_eq!(read(&file, "1234"), Ok(Some(Manifest::default())));
        assert!(read(&file, "4321").unwrap_err().contains("another content"));
        std::fs::write(&path, "{}").unwrap();
        assert!(read(&file, "1234").is_err());
    }
}
