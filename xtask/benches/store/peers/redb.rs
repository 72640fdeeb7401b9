//! redb: every commit is durable, a transaction for each read.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use redb::{Database, Durability, ReadableDatabase as _, TableDefinition};
use tempfile::TempDir;

use super::{Peer, key};

const CHUNKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chunks");

pub(super) struct Redb {
    database: Database,
    folder: TempDir,
}

impl Redb {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = Database::create(folder.path().join("chunks.redb"))?;
        Ok(Self { database, folder })
    }
}

impl Peer for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(CHUNKS)?;
            for (number, chunk) in (0..).zip(chunks) {
                table.insert(key(track, number), chunk.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let table = self.database.begin_read()?.open_table(CHUNKS)?;
        for chunk in table.range(key(track, chunks.start)..key(track, chunks.end))? {
            sink(chunk?.1.value());
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
