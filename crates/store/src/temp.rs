//! Files being written. Each is locked for as long as its writer lives, so
//! that what a killed process left behind can be told from what another
//! process is writing: the kernel frees the lock of the dead.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::StoreError;
use crate::disk::{Disk, make_folders};
use crate::layout::{Layout, unique};

/// Bytes that are worth a thread that makes them durable.
const AHEAD: usize = 4 << 20;

/// A file in `tmp/` that is removed when dropped, unless it was renamed.
#[derive(Debug)]
pub(crate) struct TempFile {
    disk: Arc<dyn Disk>,
    file: File,
    path: PathBuf,
    placed: bool,
    /// Bytes written since somebody last began to make them durable.
    fresh: usize,
    ahead: Option<JoinHandle<io::Result<()>>>,
}

impl TempFile {
    pub(crate) fn create(layout: &Layout) -> Result<Self, StoreError> {
        layout.check_writable()?;
        let (folder, disk) = (layout.tmp(), layout.disk());
        loop {
            let path = folder.join(unique());
            let file = match disk.create(&path) {
                Ok(file) => file,
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    make_folders(&**disk, &folder).map_err(|cause| StoreError::io("make", &folder, cause))?;
                    continue;
                }
                Err(cause) => return Err(StoreError::io("create", &path, cause)),
            };
            // Somebody who cleans may have seen the file before it was locked,
            // and may be about to remove it or have done so: take another.
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: nobody can clean there either.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            if is_linked(&file, &path) {
                return Ok(Self { disk: Arc::clone(disk), file, path, placed: false, fresh: 0, ahead: None });
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A temporary file with this in it, which outlasts a loss of power.
    pub(crate) fn with(layout: &Layout, text: &str) -> Result<Self, StoreError> {
        let mut staged = Self::create(layout)?;
        let written = staged.write_at(0, text.as_bytes()).and_then(|()| staged.sync());
        written.map_err(|cause| StoreError::io("write", &staged.path, cause))?;
        Ok(staged)
    }

    pub(crate) fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.write_at(&self.file, &self.path, at, bytes)?;
        self.fresh += bytes.len();
        if self.fresh >= AHEAD && self.ahead.as_ref().is_none_or(JoinHandle::is_finished) {
            self.wait()?;
            self.begin_to_sync();
        }
        Ok(())
    }

    /// Lets the disk write while more is computed, so that there is less to wait
    /// for in the end.
    fn begin_to_sync(&mut self) {
        let Ok(file) = self.file.try_clone() else { return };
        let (disk, path) = (Arc::clone(&self.disk), self.path.clone());
        // Where no thread is to be had, all is written at the end.
        self.ahead = thread::Builder::new().spawn(move || disk.sync(&file, &path)).ok();
        self.fresh = 0;
    }

    /// Waits for what was begun. Its error is the file's: the system tells it
    /// once.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        let Some(ahead) = self.ahead.take() else { return Ok(()) };
        ahead.join().unwrap_or_else(|_| Err(io::Error::other("a thread died")))
    }

    pub(crate) fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read_at(&self.file, at, out)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.disk.sync(&self.file, &self.path)
    }

    /// Of this file, whatever stands under its name by now.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// Gives the file its name, replacing what stood there.
    pub(crate) fn place(&mut self, to: &Path) -> io::Result<()> {
        self.disk.rename(&self.path, to)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is removed by the next to clean.
            let _ = self.disk.remove(&self.path);
        }
    }
}

/// Removes what dead writers left. Returns how many files that were.
pub(crate) fn clean(layout: &Layout) -> u64 {
    let Ok(entries) = fs::read_dir(layout.tmp()) else { return 0 };
    let mut removed = 0;
    for entry in entries.flatten() {
        let kind = entry.file_type().ok();
        if kind.is_some_and(|kind| kind.is_dir()) {
            // A namespace whose removal was broken off.
            let _ = layout.disk().remove_folder(&entry.path());
        }
        if !kind.is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(file) = OpenOptions::new().read(true).write(true).open(entry.path()) else { continue };
        // Should its writer have published it meanwhile, the name is gone and
        // the removal finds nothing.
        if file.try_lock().is_ok() && layout.disk().remove(&entry.path()).is_ok() {
            removed += 1;
        }
    }
    removed
}

#[cfg(unix)]
fn is_linked(file: &File, _: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|meta| meta.nlink() > 0)
}

#[cfg(not(unix))]
fn is_linked(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_cleaned_and_the_living_spared() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::open(dir.path(), Arc::new(crate::disk::System)).unwrap();
        let alive = TempFile::create(&layout).unwrap();
        let dead = layout.tmp().join("1-0-0");
        fs::write(&dead, "half a track").unwrap();
        assert_eq!(clean(&layout), 1);
        assert!(!dead.exists() && alive.path().exists());
        let path = alive.path().to_path_buf();
        drop(alive);
        assert!(!path.exists());
    }
}
