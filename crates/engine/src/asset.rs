//! From a file to its asset: the shortcut where it holds, the packets where it
//! does not.

use std::path::{Path, PathBuf};

use agogic_decode::AudioFile;
use agogic_schema::AssetId;
use agogic_store::{AssetInfo, FileStamp};

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
