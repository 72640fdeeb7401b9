//! Writing a bundle: every track is checked in full and copied as it stands.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use agogic_schema::CacheKey;

use super::{Item, Manifest, end, header};
use crate::disk::{Disk, System};
use crate::file::{ChunkFile, Fault};
use crate::layout::unique;
use crate::stat::now_ns;
use crate::{Store, StoreError};

/// What an export wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exported {
    /// Tracks in the bundle.
    pub tracks: u64,
    /// Bytes of the bundle.
    pub bytes: u64,
    /// Tracks that are left out because they are damaged, which is counted, or
    /// were written by a later program, and why.
    pub left_out: Vec<(CacheKey, String)>,
}

impl Store {
    /// Writes tracks into a bundle, each checked in full. The file is there
    /// when it is whole, or not at all. Tracks that are gone are passed over.
    /// `progress` is told how many bytes of how many are done, and says whether
    /// to go on.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] where there is a file already and `replace` is
    /// not set, or for too many tracks; [`StoreError::Full`] or
    /// [`StoreError::Io`] where it cannot be written; [`StoreError::Stopped`].
    pub fn export(
        &self,
        keys: &[CacheKey],
        to: &Path,
        replace: bool,
        mut progress: impl FnMut(u64, u64) -> bool,
    ) -> Result<Exported, StoreError> {
        let taken = || super::bad(to, "there is a file of this name already");
        if !replace && to.exists() {
            return Err(taken());
        }
        let mut staged = Staged::create(to)?;
        let failed = |cause| StoreError::io("write", to, cause);
        let mut out = BufWriter::with_capacity(1 << 20, &staged.file);
        out.write_all(&header()).map_err(failed)?;

        let keys: BTreeSet<&CacheKey> = keys.iter().filter(|key| key.namespace == self.namespace).collect();
        let layout = &self.inner.layout;
        let size = |key: &&CacheKey| layout.disk().metadata(&layout.track(key)).map_or(0, |meta| meta.len());
        let total = keys.iter().map(size).sum();
        let mut done = 0;
        let mut exported = Exported::default();
        let (mut items, mut assets) = (Vec::with_capacity(keys.len()), BTreeSet::new());
        for key in keys {
            if !progress(done, total) {
                return Err(StoreError::Stopped);
            }
            let path = layout.track(key);
            let checked = ChunkFile::open(layout.disk(), &path).and_then(|file| {
                file.check_place(layout, &path)?;
                file.check_all()?;
                Ok(file)
            });
            let file = match checked {
                Ok(file) => file,
                Err(fault) => {
                    if let Fault::Damaged(reason, _) | Fault::Newer(reason) = &fault {
                        exported.left_out.push((key.clone(), reason.clone()));
                    }
                    self.faulty(key, &path, fault)?;
                    continue;
                }
            };
            let mut hash = blake3::Hasher::new();
            // Read from what was opened and checked, whatever is published there
            // meanwhile.
            let copied = file.copy(|bytes| {
                hash.update(bytes);
                out.write_all(bytes)
            });
            copied.map_err(failed)?;
            items.push(Item::new(&file.record, file.stat.size, *hash.finalize().as_bytes()));
            assets.insert(key.asset);
            done += file.stat.size;
        }
        progress(total, total);

        exported.tracks = items.len() as u64;
        let infos = assets.into_iter().filter_map(|asset| Some((asset, self.asset_info(&asset).ok()??)));
        let manifest = Manifest {
            program: format!("agogic {}", env!("CARGO_PKG_VERSION")),
            made: now_ns() / 1_000_000_000,
            assets: infos.collect(),
            items,
        };
        let end = end(&manifest).map_err(|rule| super::bad(to, rule))?;
        out.write_all(&end).and_then(|()| out.flush()).map_err(failed)?;
        drop(out);
        exported.bytes = staged.file.metadata().map_err(failed)?.len();
        staged.file.sync_all().map_err(failed)?;
        staged.place(to, replace).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => taken(),
            _ => failed(cause),
        })?;
        Ok(exported)
    }
}

/// A file beside the one that it becomes; it goes when dropped before.
struct Staged {
    file: File,
    path: PathBuf,
}

impl Staged {
    fn create(to: &Path) -> Result<Self, StoreError> {
        let name = to.file_name().ok_or_else(|| super::bad(to, "it names no file"))?.to_string_lossy();
        let path = to.with_file_name(format!(".{name}.{}", unique()));
        let file = System.create(&path).map_err(|cause| StoreError::io("create", to, cause))?;
        Ok(Self { file, path })
    }

    fn place(&mut self, to: &Path, replace: bool) -> io::Result<()> {
        let linked = if replace { None } else { Some(fs::hard_link(&self.path, to)) };
        match linked {
            Some(Ok(())) => fs::remove_file(&self.path)?,
            Some(Err(cause)) if cause.kind() == io::ErrorKind::AlreadyExists => return Err(cause),
            // A file system without such links: looked at, and then renamed.
            Some(Err(_)) if to.exists() => return Err(io::ErrorKind::AlreadyExists.into()),
            _ => fs::rename(&self.path, to)?,
        }
        match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => System.sync_folder(folder),
            None => System.sync_folder(Path::new(".")),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Gone already where all went well.
        let _ = fs::remove_file(&self.path);
    }
}
