//! Writing a bundle: every track is checked in full and copied as it stands.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use agogic_schema::CacheKey;
use tempfile::NamedTempFile;

use super::{Item, Manifest, end, header};
use crate::disk::{Disk, System};
use crate::file::{ChunkFile, Fault};
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
        let failed = |cause| StoreError::io("write", to, cause);
        let staged = beside(to).map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 20, staged.as_file());
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
        exported.bytes = staged.as_file().metadata().map_err(failed)?.len();
        staged.as_file().sync_all().map_err(failed)?;
        let placed = if replace { staged.persist(to) } else { staged.persist_noclobber(to) };
        placed.map_err(|refused| match refused.error.kind() {
            io::ErrorKind::AlreadyExists => taken(),
            _ => failed(refused.error),
        })?;
        System.sync_folder(folder_of(to)).map_err(failed)?;
        Ok(exported)
    }
}

/// A file beside the one that it becomes; it goes when dropped before.
fn beside(to: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".agogic-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What any new file gets; the default of temporary files is stricter.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(to))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
