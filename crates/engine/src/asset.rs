//! From a file to its asset: the shortcut where it holds, the packets where it
//! does not.

use std::path::{Path, PathBuf};

use agogic_decode::AudioFile;
use agogic_schema::AssetId;
use agogic_store::{AssetInfo, Entry, FileStamp};

use crate::{Engine, Error};

/// A file whose asset is known.
pub(crate) struct Identified {
    pub(crate) file: PathBuf,
    pub(crate) asset: AssetId,
    /// What is known from an earlier analysis.
    pub(crate) info: Option<AssetInfo>,
    /// The file as it was before it was read; none where it cannot be told.
    pub(crate) stamp: Option<FileStamp>,
}

impl Engine {
    /// The identity of the audio in a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn asset(&self, file: &Path) -> Result<AssetId, Error> {
        Ok(self.identify(file)?.asset)
    }

    /// The cached tracks that no calculator computes any more.
    ///
    /// # Errors
    /// When the cache cannot be asked.
    pub fn unknown_entries(&self) -> Result<Vec<Entry>, Error> {
        let all = self.store.entries(|_| true)?;
        let names: Vec<_> = all.iter().map(|entry| entry.record.key.descriptor.clone()).collect();
        let registry = self.registry_for(&names);
        let unknown = |entry: &Entry| registry.descriptor(&entry.record.key.descriptor).is_none();
        Ok(all.into_iter().filter(unknown).collect())
    }

    pub(crate) fn identify(&self, file: &Path) -> Result<Identified, Error> {
        // A file that is not there is explained by opening it.
        let stamp = FileStamp::of(file).ok();
        if let Some(stamp) = &stamp
            && let Some((asset, info)) = self.store.asset(stamp)?
        {
            return Ok(Identified { file: file.into(), asset, info: Some(info), stamp: None });
        }
        let asset = AssetId(AudioFile::open(file)?.identify()?);
        let info = self.store.asset_info(&asset)?;
        let found = Identified { file: file.into(), asset, info, stamp };
        if let Some(info) = &found.info {
            self.remember(&found, info);
        }
        Ok(found)
    }

    /// Remembers what was learned of a file and its asset. It spares work next
    /// time; where it cannot be written, it spares none.
    pub(crate) fn remember(&self, found: &Identified, info: &AssetInfo) {
        if let Some(stamp) = &found.stamp {
            let _ = self.store.remember_asset(stamp, &found.asset, Some(info));
        }
    }
}
