//! What is told of namespaces and of assets beside their tracks: which guest's
//! time is over when, and what is pinned. Both are files of their own, which a
//! lost index does not take with it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agogic_schema::{AssetId, Namespace};

use crate::disk::{gone, make_folders};
use crate::layout::{Kind, Layout, file_name, list, namespace_of, unique};
use crate::temp::TempFile;
use crate::{Store, StoreError};

/// The file in a guest's folder that says when its time is over, in seconds
/// since 1970.
const EXPIRES: &str = "EXPIRES";

impl Store {
    /// Makes the namespace a guest's: after this moment it goes as a whole, when
    /// the cache is next cleaned up. With `None` it stays.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`] where that cannot be written.
    pub fn set_expiry(&self, at: Option<SystemTime>) -> Result<(), StoreError> {
        let layout = &self.inner.layout;
        layout.check_writable()?;
        let disk = &**layout.disk();
        let folder = layout.namespace(&self.namespace);
        let path = folder.join(EXPIRES);
        let failed = |cause| StoreError::io("write", &path, cause);
        let Some(at) = at else { return gone(disk.remove(&path)).map_err(failed) };
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        make_folders(disk, &folder).map_err(failed)?;
        let mut staged = TempFile::with(layout, &format!("{seconds}\n"))?;
        staged.place(&path).and_then(|()| disk.sync_folder(&folder)).map_err(failed)
    }

    /// When the namespace goes as a whole, if it is a guest's.
    pub fn expiry(&self) -> Option<SystemTime> {
        let seconds = expiry(&self.inner.layout.namespace(&self.namespace))?;
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }

    /// The namespaces that there are, in order.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the folder cannot be read.
    pub fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        let folder = self.inner.layout.namespaces();
        let folders = list(&folder, Kind::Folder).map_err(|cause| StoreError::io("list", &folder, cause))?;
        let mut names: Vec<_> = folders.iter().filter_map(|folder| namespace_of(folder)).collect();
        names.sort();
        Ok(names)
    }

    /// Keeps all that is computed of an asset from being cleaned up, in this
    /// namespace.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`] where that cannot be written.
    pub fn pin(&self, asset: &AssetId) -> Result<(), StoreError> {
        let layout = &self.inner.layout;
        layout.check_writable()?;
        let (disk, path) = (&**layout.disk(), layout.pin(&self.namespace, asset));
        let folder = path.parent().unwrap_or(&path);
        let make = || match disk.create(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
            _ => disk.sync_folder(folder),
        };
        let made = make_folders(disk, folder).and_then(|()| make());
        made.map_err(|cause| StoreError::io("write", &path, cause))
    }

    /// Lets an asset be cleaned up again.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the pin cannot be removed.
    pub fn unpin(&self, asset: &AssetId) -> Result<(), StoreError> {
        let path = self.inner.layout.pin(&self.namespace, asset);
        gone(self.inner.layout.disk().remove(&path)).map_err(|cause| StoreError::io("remove", &path, cause))
    }

    /// The assets that are pinned in this namespace, in order.
    pub fn pinned(&self) -> Vec<AssetId> {
        let mine = |(namespace, asset)| (namespace == self.namespace).then_some(asset);
        let mut assets: Vec<_> = self.inner.layout.pins().into_iter().filter_map(mine).collect();
        assets.sort();
        assets
    }
}

impl Layout {
    /// The guests whose time is over, in order.
    pub(crate) fn expired(&self, now: i64) -> Vec<Namespace> {
        let over =
            |folder: &PathBuf| expiry(folder).is_some_and(|at| i64::try_from(at).is_ok_and(|at| at <= now));
        let folders = list(&self.namespaces(), Kind::Folder).unwrap_or_default();
        let mut guests: Vec<_> =
            folders.iter().filter(|folder| over(folder)).filter_map(|folder| namespace_of(folder)).collect();
        guests.sort();
        guests
    }

    /// Removes a namespace as a whole: at once out of sight, then from the disk.
    pub(crate) fn remove_namespace(&self, namespace: &Namespace) -> io::Result<()> {
        let aside = self.tmp().join(unique());
        let disk = self.disk();
        gone(disk.rename(&self.namespace(namespace), &aside))?;
        gone(disk.remove_folder(&self.pin_folder(namespace)))?;
        gone(disk.remove_folder(&aside))
    }

    fn pin_folder(&self, namespace: &Namespace) -> PathBuf {
        self.root().join("pins").join(file_name(namespace.as_str()))
    }

    fn pin(&self, namespace: &Namespace, asset: &AssetId) -> PathBuf {
        self.pin_folder(namespace).join(asset.to_string())
    }

    /// All that is pinned.
    pub(crate) fn pins(&self) -> HashSet<(Namespace, AssetId)> {
        let mut pins = HashSet::new();
        for folder in list(&self.root().join("pins"), Kind::Folder).unwrap_or_default() {
            let Some(namespace) = namespace_of(&folder) else { continue };
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            let assets = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            pins.extend(assets.map(|asset| (namespace.clone(), asset)));
        }
        pins
    }

    /// The asset that a chunk file belongs to, by its place.
    pub(crate) fn asset_of(&self, track: &Path) -> Option<AssetId> {
        track.parent()?.parent()?.file_name()?.to_str()?.parse().ok()
    }
}

fn expiry(folder: &Path) -> Option<u64> {
    fs::read_to_string(folder.join(EXPIRES)).ok()?.trim_end().parse().ok()
}
