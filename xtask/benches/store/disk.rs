//! What files take, in bytes and in time.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files below a folder, and the bytes they take: their lengths, without the holes of
/// those that have room kept for later.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push((entry.path(), held(&meta)));
        }
    }
    Ok(found)
}

/// Bytes that a folder takes.
pub(crate) fn size(folder: &Path) -> io::Result<u64> {
    Ok(files(folder)?.iter().map(|(_, bytes)| bytes).sum())
}

#[cfg(unix)]
fn held(meta: &Metadata) -> u64 {
    meta.len().min(std::os::unix::fs::MetadataExt::blocks(meta) * 512)
}

#[cfg(not(unix))]
fn held(meta: &Metadata) -> u64 {
    meta.len()
}

/// Has the system write what it was given, so that it does not while something is measured.
pub(crate) fn settle() {
    let _ = Command::new("sync").status();
}

/// The least that makes values durable in a file of their own: it is written and synced, and
/// where that can be done its folder, too.
pub(crate) fn put(folder: &Path, name: &str, values: &[f32]) -> io::Result<()> {
    let bytes: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
    let mut file = File::create_new(folder.join(name))?;
    file.write_all(bytes.as_flattened())?;
    file.sync_data()?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
