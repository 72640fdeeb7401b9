//! LMDB, through heed: every commit is synced, a transaction for each read.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result};
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions};
use tempfile::TempDir;

use super::{Peer, key};

/// Addresses that the file may grow into.
const ROOM: usize = 16 << 30;

pub(super) struct Lmdb {
    env: Env,
    database: Database<'static, Bytes, Bytes>,
    folder: TempDir,
}

impl Lmdb {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let env = open(folder.path())?;
        let txn = env.write_txn()?;
        let database = env
            .create_databases_and_commit(txn, |opener, txn| {
                let database = opener.create_database::<Bytes, Bytes>(txn, None);
                database.map(CommitOrAbort::<_, ()>::Commit)
            })?
            .unwrap_commit();
        Ok(Self { env, database, folder })
    }
}

#[expect(unsafe_code, reason = "LMDB maps a file that others could change")]
fn open(folder: &Path) -> Result<Env, heed::Error> {
    // SAFETY: the folder was made by this process under a name that nobody else knows, it
    // is opened once, and nothing but LMDB touches the files in it.
    unsafe { EnvOpenOptions::new().map_size(ROOM).open(folder) }
}

impl Peer for Lmdb {
    fn name(&self) -> &'static str {
        "LMDB"
    }

    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()> {
        let mut txn = self.env.write_txn()?;
        for (number, chunk) in (0..).zip(chunks) {
            self.database.put(&mut txn, &key(track, number).to_be_bytes(), chunk)?;
        }
        txn.commit()?;
        Ok(())
    }

    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let txn = self.env.read_txn()?;
        for number in chunks {
            sink(self.database.get(&txn, &key(track, number).to_be_bytes())?.context("no such chunk")?);
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
