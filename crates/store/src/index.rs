//! The index: a row per chunk file, and the table of assets. Here are the
//! questions put to it; opening and mending it is in `database`. No other file
//! names SQLite.
//!
//! The index is a shortcut. Every row carries a checksum over itself, so that
//! a damaged page cannot say something wrong.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use agogic_schema::{AssetId, CacheKey, CacheRecord, DescriptorId, Namespace, ProfileName, Stem};
use rusqlite::{
    Connection, Error as SqlError, OptionalExtension, Row as SqlRow, TransactionBehavior, params,
};
use twox_hash::XxHash3_64;

use crate::StoreError;
use crate::assets::AssetInfo;
use crate::database::{self, Open, failing, is_damage, unreadable};
use crate::layout::Layout;
use crate::stat::{Stat, now_ns};

/// The columns of a [`Row`], in the order of [`read_row`].
const ROW: &str =
    "namespace, asset, stem, profile, descriptor, size, mtime_ns, ctime_ns, inode, footer, record, checksum";
/// One entry.
pub(crate) const THAT: &str =
    "namespace = ?1 AND asset = ?2 AND stem = ?3 AND profile = ?4 AND descriptor = ?5";

/// What the index knows of a chunk file.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) stat: Stat,
    pub(crate) footer: [u8; 32],
    pub(crate) record: CacheRecord,
}

/// Totals over the index.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) assets: u64,
    pub(crate) adopted: u64,
}

/// The open index.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    open: Mutex<Open>,
}

impl Index {
    pub(crate) fn open(layout: &Layout) -> Result<Self, StoreError> {
        let path = layout.index();
        Ok(Self { path, open: Mutex::new(database::open(layout)?) })
    }

    /// Rows of a stem of an asset, under one profile or under all.
    pub(crate) fn rows(
        &self,
        layout: &Layout,
        namespace: &Namespace,
        asset: &AssetId,
        stem: &Stem,
        profile: Option<&ProfileName>,
    ) -> Result<Vec<Row>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {ROW} FROM entry WHERE namespace = ?1 AND asset = ?2 AND stem = ?3
                 AND (?4 IS NULL OR profile = ?4)"
            ))?;
            let profile = profile.map(ProfileName::as_str);
            let rows = statement
                .query_map(params![namespace.as_str(), asset.0, stem.as_str(), profile], read_row)?;
            rows.collect()
        })
    }

    /// Every row.
    pub(crate) fn all_rows(&self, layout: &Layout) -> Result<Vec<Row>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare(&format!("SELECT {ROW} FROM entry"))?;
            statement.query_map([], read_row)?.collect()
        })
    }

    /// Whether there is a row of this key.
    pub(crate) fn has(&self, layout: &Layout, key: &CacheKey) -> Result<bool, StoreError> {
        self.run(layout, |connection| {
            connection.prepare_cached(&format!("SELECT 1 FROM entry WHERE {THAT}"))?.exists(that(key))
        })
    }

    /// Writes rows, replacing those of the same key, and adds to the number of
    /// adopted files, in one transaction. A file that is gone gets none.
    pub(crate) fn put(&self, layout: &Layout, rows: &[Row], adopted: u64) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for row in rows {
                let key = &row.record.key;
                // Cleaned up already. Whoever removes it now drops its row after
                // this transaction.
                if layout.disk().metadata(&layout.track(key)).is_err() {
                    continue;
                }
                let record = rmp_serde::to_vec_named(&row.record).map_err(unreadable)?;
                let [size, mtime, ctime, inode] = numbers(&row.stat);
                transaction
                    .prepare_cached(
                        "INSERT INTO entry VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)
                         ON CONFLICT DO UPDATE SET size = ?6, mtime_ns = ?7, ctime_ns = ?8, inode = ?9,
                             footer = ?10, record = ?11, checksum = ?12, calculator = ?13, used_ns = ?14",
                    )?
                    .execute(params![
                        key.namespace.as_str(),
                        key.asset.0,
                        key.stem.as_str(),
                        key.profile.as_str(),
                        key.descriptor.as_str(),
                        size,
                        mtime,
                        ctime,
                        inode,
                        row.footer,
                        record,
                        row_checksum(key, &row.stat, &row.footer, &record),
                        row.record.provenance.calculator.as_str(),
                        now_ns(),
                    ])?;
            }
            if adopted > 0 {
                transaction.execute(
                    "INSERT INTO counter VALUES ('adopted', ?1)
                     ON CONFLICT (name) DO UPDATE SET value = value + ?1",
                    params![adopted as i64],
                )?;
            }
            transaction.commit()
        })
    }

    /// Drops a row. Whether there was one: of two processes that drop the same
    /// row, one is told so.
    pub(crate) fn drop_row(&self, layout: &Layout, key: &CacheKey) -> Result<bool, StoreError> {
        if !self.has(layout, key)? {
            return Ok(false);
        }
        self.run(layout, |connection| {
            let dropped =
                connection.prepare_cached(&format!("DELETE FROM entry WHERE {THAT}"))?.execute(that(key))?;
            Ok(dropped > 0)
        })
    }

    /// The asset remembered for a path with this stat.
    pub(crate) fn stamped(
        &self,
        layout: &Layout,
        namespace: &Namespace,
        path: &[u8],
        stat: &Stat,
    ) -> Result<Option<AssetId>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT asset, checksum FROM stamp
                 WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND inode = ?5
                 AND namespace = ?6",
            )?;
            let [size, mtime, ctime, inode] = numbers(stat);
            let found = statement
                .query_row(params![path, size, mtime, ctime, inode, namespace.as_str()], |row| {
                    Ok((AssetId(row.get(0)?), row.get::<_, i64>(1)?))
                })
                .optional()?;
            match found {
                Some((asset, checksum)) if checksum != stamp_checksum(path, stat, &asset) => {
                    Err(unreadable("a stamp fails its checksum"))
                }
                found => Ok(found.map(|(asset, _)| asset)),
            }
        })
    }

    /// The asset that was remembered for a path, if it is another one and stands
    /// at no other path either.
    pub(crate) fn lost(
        &self,
        layout: &Layout,
        namespace: &Namespace,
        path: &[u8],
        now: &AssetId,
    ) -> Result<Option<AssetId>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT asset FROM stamp AS this WHERE namespace = ?1 AND path = ?2 AND asset <> ?3
                 AND NOT EXISTS (SELECT 1 FROM stamp WHERE namespace = ?1 AND asset = this.asset AND path <> ?2)",
            )?;
            let found = statement.query_row(params![namespace.as_str(), path, now.0], |row| row.get(0));
            Ok(found.optional()?.map(AssetId))
        })
    }

    /// What is known of an asset.
    pub(crate) fn asset_info(
        &self,
        layout: &Layout,
        namespace: &Namespace,
        asset: &AssetId,
    ) -> Result<Option<AssetInfo>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT sample_rate, channels, samples, codec, checksum FROM asset
                 WHERE asset = ?1 AND namespace = ?2",
            )?;
            let found = statement
                .query_row(params![asset.0, namespace.as_str()], |row| {
                    let info = AssetInfo {
                        sample_rate: row.get(0)?,
                        channels: row.get(1)?,
                        samples: row.get::<_, i64>(2)? as u64,
                        codec: row.get(3)?,
                    };
                    Ok((info, row.get::<_, i64>(4)?))
                })
                .optional()?;
            match found {
                Some((info, checksum)) if checksum != info_checksum(asset, &info) => {
                    Err(unreadable("an asset fails its checksum"))
                }
                found => Ok(found.map(|(info, _)| info)),
            }
        })
    }

    /// Remembers what is known of an asset, and where it was found if `stamp`
    /// says.
    pub(crate) fn remember(
        &self,
        layout: &Layout,
        namespace: &Namespace,
        asset: &AssetId,
        stamp: Option<(&[u8], &Stat)>,
        info: Option<&AssetInfo>,
    ) -> Result<(), StoreError> {
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some(info) = info {
                transaction.execute(
                    "INSERT OR REPLACE INTO asset VALUES (?1,?2,?3,?4,?5,?6,?7)",
                    params![
                        namespace.as_str(),
                        asset.0,
                        info.sample_rate,
                        info.channels,
                        info.samples as i64,
                        info.codec,
                        info_checksum(asset, info)
                    ],
                )?;
            }
            if let Some((path, stat)) = stamp {
                let [size, mtime, ctime, inode] = numbers(stat);
                transaction.execute(
                    "INSERT OR REPLACE INTO stamp VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
                    params![
                        namespace.as_str(),
                        path,
                        size,
                        mtime,
                        ctime,
                        inode,
                        asset.0,
                        stamp_checksum(path, stat, asset)
                    ],
                )?;
            }
            transaction.commit()
        })
    }

    pub(crate) fn totals(&self, layout: &Layout) -> Result<Totals, StoreError> {
        self.run(layout, |connection| {
            connection.query_row(
                "SELECT count(*), coalesce(sum(size), 0), count(DISTINCT asset),
                     coalesce((SELECT value FROM counter WHERE name = 'adopted'), 0) FROM entry",
                [],
                |row| {
                    let number = |i| row.get::<_, i64>(i).map(|n| n as u64);
                    Ok(Totals {
                        entries: number(0)?,
                        bytes: number(1)?,
                        assets: number(2)?,
                        adopted: number(3)?,
                    })
                },
            )
        })
    }

    /// Drops rows, in one transaction.
    pub(crate) fn drop_rows(&self, layout: &Layout, keys: &[&CacheKey]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for key in keys {
                transaction.prepare_cached(&format!("DELETE FROM entry WHERE {THAT}"))?.execute(that(key))?;
            }
            transaction.commit()
        })
    }

    /// Reads the whole index, so that damage to any page shows now.
    pub(crate) fn check(&self, layout: &Layout) -> Result<(), StoreError> {
        self.run(layout, |connection| {
            let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            if said != "ok" {
                return Err(unreadable(said));
            }
            // A name that is damaged makes a table of another shape, which is in
            // itself as it should be.
            database::SHAPES.iter().try_for_each(|query| connection.prepare(query).map(drop))
        })
    }

    /// Runs `f`; where the index turns out damaged, begins a new one and runs
    /// it once more.
    pub(crate) fn run<T>(
        &self,
        layout: &Layout,
        mut f: impl FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |cause: &SqlError| failing(layout, &self.path, cause);
        match f(&mut open.connection) {
            Err(cause) if is_damage(&cause) => {
                let inode = open.inode;
                // Closed before it is moved: the last to close a database
                // removes its journal by name.
                open.connection = Connection::open_in_memory().map_err(|cause| failed(&cause))?;
                *open = database::make(layout, Some((inode, &cause)))?;
                f(&mut open.connection).map_err(|cause| failed(&cause))
            }
            done => done.map_err(|cause| failed(&cause)),
        }
    }
}

/// The parameters of [`THAT`].
pub(crate) fn that(key: &CacheKey) -> (&str, &[u8; 32], &str, &str, &str) {
    let CacheKey { namespace, asset, stem, profile, descriptor } = key;
    (namespace.as_str(), &asset.0, stem.as_str(), profile.as_str(), descriptor.as_str())
}

fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let text = |i| row.get::<_, String>(i);
    let key = CacheKey {
        namespace: Namespace::new(text(0)?).map_err(unreadable)?,
        asset: AssetId(row.get(1)?),
        stem: Stem::new(text(2)?).map_err(unreadable)?,
        profile: ProfileName::new(text(3)?).map_err(unreadable)?,
        descriptor: DescriptorId::new(text(4)?).map_err(unreadable)?,
    };
    let number = |i| row.get::<_, i64>(i);
    let stat = Stat {
        size: number(5)? as u64,
        mtime_ns: number(6)?,
        ctime_ns: number(7)?,
        inode: number(8)? as u64,
    };
    let footer = row.get(9)?;
    let record = row.get_ref(10)?.as_blob().map_err(unreadable)?;
    if number(11)? != row_checksum(&key, &stat, &footer, record) {
        return Err(unreadable("a row fails its checksum"));
    }
    let record: CacheRecord = rmp_serde::from_slice(record).map_err(unreadable)?;
    Ok(Row { stat, footer, record })
}

/// SQLite counts in i64; the bits are kept.
fn numbers(stat: &Stat) -> [i64; 4] {
    [stat.size as i64, stat.mtime_ns, stat.ctime_ns, stat.inode as i64]
}

fn row_checksum(key: &CacheKey, stat: &Stat, footer: &[u8; 32], record: &[u8]) -> i64 {
    let (namespace, asset, stem, profile, descriptor) = that(key);
    let names = [namespace, stem, profile, descriptor].map(str::as_bytes);
    checksum(&[asset, names[0], names[1], names[2], names[3], &stat.bytes(), footer, record])
}

fn stamp_checksum(path: &[u8], stat: &Stat, asset: &AssetId) -> i64 {
    checksum(&[path, &stat.bytes(), &asset.0])
}

fn info_checksum(asset: &AssetId, info: &AssetInfo) -> i64 {
    checksum(&[
        &asset.0,
        &info.sample_rate.to_le_bytes(),
        &info.channels.to_le_bytes(),
        &info.samples.to_le_bytes(),
        info.codec.as_bytes(),
    ])
}

fn checksum(parts: &[&[u8]]) -> i64 {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    XxHash3_64::oneshot(&bytes) as i64
}
