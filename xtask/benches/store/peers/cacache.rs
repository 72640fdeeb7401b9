//! cacache, a file for each content. It does not sync.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;

use super::{Peer, key};

pub(super) struct Cacache {
    folder: TempDir,
}

impl Cacache {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }
}

impl Peer for Cacache {
    fn name(&self) -> &'static str {
        "cacache"
    }

    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()> {
        for (number, chunk) in (0..).zip(chunks) {
            cacache::write_sync(self.folder.path(), key(track, number).to_string(), chunk)?;
        }
        Ok(())
    }

    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        for number in chunks {
            sink(&cacache::read_sync(self.folder.path(), key(track, number).to_string())?);
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
