//! What happens to damage: the file is moved out of the way, one line is added
//! to `damage.log`, and nobody is told a value from it.
//!
//! The log, not the index, is the count of all damage ever found: it outlives
//! a lost index, and a reader needs no lock to add to it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::disk::{gone, make_folders};
use crate::layout::{EXTENSION, Layout, unique};
use crate::stat::{Stat, now_ns};
use crate::{Store, StoreError};

/// Moves a damaged file into quarantine and counts it, unless it is gone or
/// another has taken its place since `seen`. Returns whether it was counted:
/// of two processes that find the same damage, one does.
pub(crate) fn set_aside(layout: &Layout, path: &Path, seen: Option<Stat>, reason: &str) -> bool {
    let disk = layout.disk();
    let Ok(meta) = disk.metadata(path) else { return false };
    if seen.is_some_and(|seen| seen != Stat::of(&meta)) {
        return false;
    }
    let to = layout.quarantine().join(name(path));
    let moved = disk.rename(path, &to).or_else(|_| {
        make_folders(&**disk, &layout.quarantine())?;
        disk.rename(path, &to)
    });
    match moved {
        Ok(()) => {
            let text = format!("{}\n{reason}\n", layout.relative(path).display());
            // A reason that cannot be written is in the log still.
            let _ = disk.append(&to.with_extension("reason.txt"), text.as_bytes());
        }
        Err(_) if !path.exists() => return false,
        // It cannot be moved: then it should at least not be met again.
        Err(_) => drop(disk.remove(path)),
    }
    count(layout, path, reason);
    true
}

/// A damaged file that was moved aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it stands now.
    pub path: PathBuf,
    /// Where it stood, below the cache folder.
    pub was: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// Bytes that it takes.
    pub bytes: u64,
}

impl Store {
    /// The files in quarantine, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the folder cannot be read.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let folder = self.inner.layout.quarantine();
        let list = |cause| StoreError::io("list", &folder, cause);
        let mut found = vec![];
        for entry in fs::read_dir(&folder).map_err(list)?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "txt") {
                continue;
            }
            let text = fs::read_to_string(path.with_extension("reason.txt")).unwrap_or_default();
            let (was, reason) = text.split_once('\n').unwrap_or(("?", "its reason was not written down"));
            let bytes = entry.metadata().map_or(0, |meta| meta.len());
            found.push(Quarantined { path, was: was.into(), reason: reason.trim_end().into(), bytes });
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Removes what stands in quarantine.
    ///
    /// # Errors
    /// [`StoreError::Io`] for a file that cannot be removed.
    pub fn clear_quarantine(&self) -> Result<(), StoreError> {
        let folder = self.inner.layout.quarantine();
        let disk = self.inner.layout.disk();
        let list = |cause| StoreError::io("list", &folder, cause);
        for entry in fs::read_dir(&folder).map_err(list)?.flatten() {
            let path = entry.path();
            gone(disk.remove(&path)).map_err(|cause| StoreError::io("remove", &path, cause))?;
        }
        Ok(())
    }
}

/// Adds a line to the damage log: time, file, reason.
pub(crate) fn count(layout: &Layout, path: &Path, reason: &str) {
    let seconds = now_ns() / 1_000_000_000;
    let reason = reason.replace(['\n', '\r', '\t'], " ");
    let line = format!("{seconds}\t{}\t{reason}\n", layout.relative(path).display());
    // On a full disk the count is lost; the damage is still a miss.
    let _ = layout.disk().append(&layout.damage_log(), line.as_bytes());
}

/// Lines in the damage log.
pub(crate) fn counted(layout: &Layout) -> u64 {
    fs::read(layout.damage_log()).map_or(0, |log| log.iter().filter(|&&byte| byte == b'\n').count() as u64)
}

/// Files in quarantine, their reasons not counted.
pub(crate) fn held(layout: &Layout) -> u64 {
    let Ok(entries) = fs::read_dir(layout.quarantine()) else { return 0 };
    entries
        .flatten()
        .filter(|entry| Path::new(&entry.file_name()).extension().is_none_or(|ending| ending != "txt"))
        .count() as u64
}

fn name(path: &Path) -> String {
    let ending = path.extension().map_or(EXTENSION.into(), |ending| ending.to_string_lossy());
    format!("{}.{ending}", unique())
}
