//! Who computes: of all threads and processes that miss the same tracks, one at
//! a time. The others wait and then find them. The kernel frees the claim of a
//! process that dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;

use agogic_schema::{AssetId, ProfileName};

use crate::Store;
use crate::layout::Layout;

/// Claims are spread over so many lock files. Two that meet in one wait for
/// each other without need, which costs time and nothing else.
const SHARDS: u64 = 4096;

/// The right to compute what is missing of an asset under a profile, until it
/// is dropped. It keeps nobody from reading or writing: it only spares work.
#[derive(Debug)]
#[must_use]
pub struct Claim {
    /// None where the file system has no locks: then nobody is kept waiting.
    _lock: Option<File>,
}

impl Store {
    /// Claims an asset under a profile; `None` while somebody else has it.
    pub fn try_claim(&self, asset: &AssetId, profile: &ProfileName) -> Option<Claim> {
        let names = [self.namespace.as_str(), self.stem.as_str(), profile.as_str()].map(str::as_bytes);
        // A folder that cannot be written is no reason not to compute.
        let Ok(file) = open(&self.inner.layout, &[&[&asset.0[..]], &names[..]].concat()) else {
            return Some(Claim { _lock: None });
        };
        match file.try_lock() {
            Ok(()) => Some(Claim { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Claim { _lock: None }),
        }
    }
}

/// The lock file of a claim. The files stay: to remove one is to let two hold
/// the same claim.
fn open(layout: &Layout, names: &[&[u8]]) -> io::Result<File> {
    let mut hash = blake3::Hasher::new();
    hash.update(b"agogic claim 1\0");
    for name in names {
        hash.update(&(name.len() as u64).to_le_bytes()).update(name);
    }
    let [a, b, ..] = *hash.finalize().as_bytes();
    let shard = u64::from(u16::from_le_bytes([a, b])) % SHARDS;
    layout.check_writable().map_err(io::Error::other)?;
    let path = layout.locks().join(format!("compute-{shard:03x}"));
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_each_asset_for_itself() {
        let dir = tempfile::tempdir().unwrap();
        // As two processes have it.
        let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
        let [default, fine] = ["default", "fine"].map(|name| ProfileName::new(name).unwrap());
        let claim = one.try_claim(&AssetId([1; 32]), &default).unwrap();
        assert!(other.try_claim(&AssetId([1; 32]), &default).is_none());
        assert!(one.try_claim(&AssetId([1; 32]), &default).is_none());
        assert!(other.try_claim(&AssetId([1; 32]), &fine).is_some());
        assert!(other.try_claim(&AssetId([2; 32]), &default).is_some());
        drop(claim);
        assert!(other.try_claim(&AssetId([1; 32]), &default).is_some());
    }
}
