//! The shortcut from a file's place and times to the asset in it, which spares
//! hashing the file. Never the truth: a file that was touched, or might have
//! been touched unnoticed, is hashed again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use agogic_schema::AssetId;
use serde::{Deserialize, Serialize};

use crate::stat::{Stat, now_ns};
use crate::store::Inner;
use crate::{Store, StoreError};

/// How much older than the look at it a file's last change must be. File
/// systems count time in steps of up to 10 ms (two seconds on FAT, which is
/// left to its own): a write within the same step would leave no trace.
const SETTLED_NS: i64 = 100_000_000;

/// What is known of an asset without decoding it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetInfo {
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Audio channels.
    pub channels: u16,
    /// Samples per channel.
    pub samples: u64,
    /// Name of the codec.
    pub codec: String,
}

/// A file as it was at one moment: where it stands, its size, its times and
/// its inode. Take it *before* the file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStamp {
    path: PathBuf,
    stat: Stat,
    taken_ns: i64,
}

impl FileStamp {
    /// The stamp of a file, now. Links are followed.
    ///
    /// # Errors
    /// Whatever the file system says of a file that is not there.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        // Before the look, so that a write between the two is not settled.
        let taken_ns = now_ns();
        let stat = Stat::of(&fs::metadata(&path)?);
        Ok(Self { path, stat, taken_ns })
    }

    /// The canonical path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes in the file.
    pub fn size(&self) -> u64 {
        self.stat.size
    }

    fn is_settled(&self) -> bool {
        self.stat.mtime_ns.max(self.stat.ctime_ns) < self.taken_ns.saturating_sub(SETTLED_NS)
    }
}

impl Store {
    /// The asset in a file, if the file was remembered and has not been
    /// touched since, and what is known of it.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn asset(&self, stamp: &FileStamp) -> Result<Option<(AssetId, AssetInfo)>, StoreError> {
        let path = stamp.path.as_os_str().as_encoded_bytes();
        let Some(asset) = self.inner.index.stamped(&self.inner.layout, &self.namespace, path, &stamp.stat)?
        else {
            return Ok(None);
        };
        Ok(self.asset_info(&asset)?.map(|info| (asset, info)))
    }

    /// What is known of an asset.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn asset_info(&self, asset: &AssetId) -> Result<Option<AssetInfo>, StoreError> {
        self.inner.index.asset_info(&self.inner.layout, &self.namespace, asset)
    }

    /// Remembers what somebody else says of an asset of which nothing is known.
    pub(crate) fn remember_info(&self, asset: &AssetId, info: &AssetInfo) -> Result<(), StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        if info.sample_rate == 0 || info.channels == 0 || self.asset_info(asset)?.is_some() {
            return Ok(());
        }
        index.remember(layout, &self.namespace, asset, None, Some(info))
    }

    /// Remembers which asset a file holds, and what is known of the asset. What
    /// was computed of the audio that the file held before goes, unless that is
    /// pinned or was seen in another file.
    ///
    /// `stamp` was taken before the file was hashed. A file that changed less
    /// than a tenth of a second before that is not remembered, since a later
    /// write might not show in its times.
    ///
    /// # Errors
    /// [`StoreError::Index`] or [`StoreError::Full`] where the index cannot be
    /// written.
    pub fn remember_asset(
        &self,
        stamp: &FileStamp,
        asset: &AssetId,
        info: Option<&AssetInfo>,
    ) -> Result<(), StoreError> {
        let path = stamp.path.as_os_str().as_encoded_bytes();
        let settled = stamp.is_settled().then_some((path, &stamp.stat));
        if settled.is_none() && info.is_none() {
            return Ok(());
        }
        let Inner { layout, index, .. } = &*self.inner;
        let lost = if settled.is_some() { index.lost(layout, &self.namespace, path, asset)? } else { None };
        index.remember(layout, &self.namespace, asset, settled, info)?;
        match lost {
            Some(lost) => self.remove_lost(lost),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file last written at `mtime`, looked at at `taken`.
    fn stamp(mtime_ns: i64, taken_ns: i64) -> FileStamp {
        let stat = Stat { size: 1, mtime_ns, ctime_ns: mtime_ns, inode: 1 };
        FileStamp { path: "/music/a.flac".into(), stat, taken_ns }
    }

    #[test]
    fn only_settled_files_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let info = AssetInfo { sample_rate: 44_100, channels: 2, samples: 1 << 40, codec: "flac".into() };
        let [old, fresh] = [AssetId([1; 32]), AssetId([2; 32])];
        let s = 1_000_000_000;
        for (asset, stamp, expect) in
            [(old, stamp(10 * s, 11 * s), true), (fresh, stamp(20 * s, 20 * s + s / 20), false)]
        {
            store.remember_asset(&stamp, &asset, Some(&info)).unwrap();
            assert_eq!(store.asset(&stamp).unwrap(), expect.then(|| (asset, info.clone())));
            assert_eq!(store.asset_info(&asset).unwrap(), Some(info.clone()));
        }
        // Touched since.
        assert_eq!(store.asset(&stamp(10 * s + 1, 30 * s)).unwrap(), None);
    }

    #[test]
    fn stamps_of_real_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(FileStamp::of(&path).is_err());
        fs::write(&path, "abc").unwrap();
        let stamp = FileStamp::of(&path).unwrap();
        assert_eq!((stamp.size(), stamp.path()), (3, fs::canonicalize(&path).unwrap().as_path()));
        fs::write(&path, "abcd").unwrap();
        assert_ne!(FileStamp::of(&path).unwrap().stat, stamp.stat);
    }
}
