//! SQLite, a row for each chunk: write-ahead log, synced at every commit.

use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::{Peer, key};

pub(super) struct Sqlite {
    connection: Connection,
    folder: TempDir,
}

impl Sqlite {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let connection = Connection::open(folder.path().join("chunks.db"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute("CREATE TABLE chunks (key INTEGER PRIMARY KEY, value BLOB NOT NULL)", [])?;
        Ok(Self { connection, folder })
    }
}

impl Peer for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO chunks (key, value) VALUES (?1, ?2)")?;
            for (number, chunk) in (0..).zip(chunks) {
                insert.execute(params![key(track, number) as i64, chunk])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        let query = "SELECT value FROM chunks WHERE key >= ?1 AND key < ?2 ORDER BY key";
        let mut query = self.connection.prepare_cached(query)?;
        let [first, end] = [chunks.start, chunks.end].map(|number| key(track, number) as i64);
        let mut rows = query.query([first, end])?;
        while let Some(row) = rows.next()? {
            sink(row.get_ref(0)?.as_blob()?);
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
