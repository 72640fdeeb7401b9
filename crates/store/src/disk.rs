//! What the cache asks of the file system, in one place, so that tests can
//! write down what it does, or make it fail. What does not go through here:
//! SQLite's own files, locks, and listing folders.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file system, as the cache uses it. Every method has the real one behind
/// it unless it is replaced; each fails as the system does.
pub trait Disk: fmt::Debug + Send + Sync {
    /// What is known of a file or folder.
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::metadata(path)
    }

    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    /// Opens a file as if to write to it, and leaves it as it is.
    fn probe(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).open(path).map(drop)
    }

    /// Makes a file that is not there yet, for reading and writing.
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// Fills `out` from a place in a file. Several threads may at once.
    fn read_at(&self, file: &File, at: u64, out: &mut [u8]) -> io::Result<()> {
        read_at(file, at, out)
    }

    /// Writes to a place in the file that was made under this path.
    fn write_at(&self, file: &File, _path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        write_at(file, at, bytes)
    }

    /// Returns when all that was written to a file outlasts a loss of power.
    fn sync(&self, file: &File, _path: &Path) -> io::Result<()> {
        file.sync_data()
    }

    /// Gives a file or folder another name, in place of any file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Removes a folder and all that is in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    /// Makes a folder in one that is there.
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    /// Returns when the names in a folder outlast a loss of power.
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        sync_folder(path)
    }

    /// Adds to the end of a file, which is made where it is missing.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
    }
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {}

/// Makes a folder and those above it that are missing. Returns when their names
/// outlast a loss of power.
pub(crate) fn make_folders(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    let mut changed = BTreeSet::new();
    make_missing(disk, folder, &mut changed)?;
    changed.iter().try_for_each(|folder| disk.sync_folder(folder))
}

/// Makes a folder and those above it that are missing. Until the folders that
/// came to be in `changed` are synced, a loss of power may take the new ones:
/// that is done once, together with what else changes in them.
pub(crate) fn make_missing(
    disk: &dyn Disk,
    folder: &Path,
    changed: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    if disk.metadata(folder).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    let Some(parent) = folder.parent() else { return Ok(()) };
    make_missing(disk, parent, changed)?;
    match disk.make_folder(folder) {
        // Somebody else just made it, and may not have synced it yet.
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => Err(cause),
        _ => {
            changed.insert(parent.to_path_buf());
            Ok(())
        }
    }
}

/// What is gone already need not be removed.
pub(crate) fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        done => done,
    }
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(unix)]
fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut at: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => (at, out) = (at + read as u64, &mut out[read..]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut at: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => (at, bytes) = (at + written as u64, &bytes[written..]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot; they order such changes themselves.
        Err(cause) if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        done => done,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    // Folders cannot be opened; the journal of the file system sees to it.
    Ok(())
}
