//! Opening the SQLite file of the index, making it, and putting a new one in
//! the place of a damaged one.
//!
//! Nothing in the index is missed for long, since the files are the truth.
//! So whatever about it cannot be read makes the whole of it be moved into
//! quarantine and begun anew, and the files are adopted again as they are
//! asked for. For the same reason `synchronous = NORMAL` is enough: a row lost
//! in a power cut is written again from its file.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error as SqlError, ErrorCode, OpenFlags, TransactionBehavior, ffi, types::Type};

use crate::disk::make_folders;
use crate::layout::{Layout, unique};
use crate::stat::Stat;
use crate::{StoreError, quarantine};

/// Version of the tables, apart from that of the folder. Those of another
/// version are dropped and made anew: the files are the truth.
const VERSION: i64 = 2;

const TABLES: &str = "
    CREATE TABLE entry (
        namespace TEXT NOT NULL, asset BLOB NOT NULL, stem TEXT NOT NULL, profile TEXT NOT NULL,
        descriptor TEXT NOT NULL,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL, footer BLOB NOT NULL, record BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        calculator TEXT NOT NULL, used_ns INTEGER NOT NULL,
        PRIMARY KEY (namespace, asset, stem, profile, descriptor)
    ) WITHOUT ROWID;
    CREATE TABLE total (
        namespace TEXT NOT NULL PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TRIGGER entry_in AFTER INSERT ON entry BEGIN
        INSERT INTO total VALUES (new.namespace, 1, new.size)
            ON CONFLICT (namespace) DO UPDATE SET entries = entries + 1, bytes = bytes + new.size;
    END;
    CREATE TRIGGER entry_out AFTER DELETE ON entry BEGIN
        UPDATE total SET entries = entries - 1, bytes = bytes - old.size WHERE namespace = old.namespace;
    END;
    CREATE TRIGGER entry_changed AFTER UPDATE OF size ON entry BEGIN
        UPDATE total SET bytes = bytes - old.size + new.size WHERE namespace = new.namespace;
    END;
    CREATE TABLE asset (
        namespace TEXT NOT NULL, asset BLOB NOT NULL, sample_rate INTEGER NOT NULL,
        channels INTEGER NOT NULL, samples INTEGER NOT NULL, codec TEXT NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (namespace, asset)
    ) WITHOUT ROWID;
    CREATE TABLE stamp (
        namespace TEXT NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, asset BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (namespace, path)
    ) WITHOUT ROWID;
    CREATE TABLE usage (
        namespace TEXT NOT NULL, asset BLOB NOT NULL, calculator TEXT NOT NULL, hits INTEGER NOT NULL,
        misses INTEGER NOT NULL, busy_ns INTEGER NOT NULL,
        PRIMARY KEY (namespace, asset, calculator)
    ) WITHOUT ROWID;
    CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// Questions that the tables must be able to answer.
pub(crate) const SHAPES: [&str; 6] = [
    "SELECT namespace, asset, stem, profile, descriptor, size, mtime_ns, ctime_ns, inode, footer, record,
         checksum, calculator, used_ns FROM entry",
    "SELECT namespace, entries, bytes FROM total",
    "SELECT namespace, asset, sample_rate, channels, samples, codec, checksum FROM asset",
    "SELECT namespace, path, size, mtime_ns, ctime_ns, inode, asset, checksum FROM stamp",
    "SELECT namespace, asset, calculator, hits, misses, busy_ns FROM usage",
    "SELECT name, value FROM counter",
];

/// How long to wait for another process that writes to the index.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open database.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) connection: Connection,
    /// Tells the index that was opened from one that has since taken its
    /// place.
    pub(crate) inode: Option<u64>,
}

/// The index of a folder, made or made anew where need be.
pub(crate) fn open(layout: &Layout) -> Result<Open, StoreError> {
    if layout.is_read_only() {
        return in_memory(layout);
    }
    match connect(layout) {
        Ok((open, version)) if version == VERSION => Ok(open),
        Ok((open, _)) => {
            drop(open);
            make(layout, None)
        }
        Err(cause) if is_damage(&cause) => make(layout, None),
        Err(cause) => Err(opening(layout, &cause)),
    }
}

/// An index of this process alone, for a folder that may be read only: its
/// files are adopted as they are asked for.
fn in_memory(layout: &Layout) -> Result<Open, StoreError> {
    let made = Connection::open_in_memory().and_then(|connection| {
        connection.execute_batch(TABLES)?;
        Ok(Open { connection, inode: None })
    });
    made.map_err(|cause| failing(layout, &layout.index(), &cause))
}

/// Opens the index as it is, and says which version it has: 0 for none.
fn connect(layout: &Layout) -> rusqlite::Result<(Open, i64)> {
    let path = layout.index();
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // SQLite opens a file that it may not write as if nothing were wrong, and
    // likewise a file whose damaged header asks for that.
    if connection.is_readonly("main")? {
        return Err(match fs::metadata(&path) {
            Ok(meta) if !meta.permissions().readonly() => unreadable("its header forbids writing"),
            _ => SqlError::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None),
        });
    }
    Ok((Open { connection, inode: inode(layout) }, version))
}

/// Makes the index where there is none, in place of one that is damaged. One
/// process does so at a time. `damage` names the index that was found damaged
/// in use: if another stands there by now, somebody else has seen to it.
pub(crate) fn make(layout: &Layout, damage: Option<(Option<u64>, &SqlError)>) -> Result<Open, StoreError> {
    if layout.is_read_only() {
        return in_memory(layout);
    }
    let lock = layout.locks().join("index");
    let lock = make_folders(&**layout.disk(), &layout.locks())
        .and_then(|()| File::create(&lock))
        .map_err(|cause| StoreError::unusable(layout.root(), &cause))?;
    // A file system without locks leaves it to SQLite's own.
    let _ = lock.lock();

    if let Some((seen, cause)) = damage
        && (seen.is_none() || seen == inode(layout))
    {
        set_aside(layout, cause)?;
    }
    for _ in 0..2 {
        let cause = match connect(layout).and_then(|(open, version)| create(open, version)) {
            Ok(open) => return Ok(open),
            Err(cause) if is_damage(&cause) => cause,
            Err(cause) => return Err(opening(layout, &cause)),
        };
        set_aside(layout, &cause)?;
    }
    Err(StoreError::Index { path: layout.index(), cause: "it cannot be made anew".into() })
}

fn create(mut open: Open, version: i64) -> rusqlite::Result<Open> {
    if version == VERSION {
        return Ok(open);
    }
    if !(0..VERSION).contains(&version) {
        // The folder's VERSION says that no later program was here.
        return Err(unreadable(format!("unknown index version {version}")));
    }
    open.connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = open.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version == 1 {
        transaction
            .execute_batch("DROP TABLE entry; DROP TABLE asset; DROP TABLE stamp; DROP TABLE counter;")?;
    }
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(open)
}

fn set_aside(layout: &Layout, cause: &SqlError) -> Result<(), StoreError> {
    let path = layout.index();
    quarantine::set_aside(layout, &path, None, &format!("index: {cause}"));
    for ending in ["-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(ending);
        // They belong to the index that is gone.
        let _ = fs::remove_file(name);
    }
    if path.exists() {
        return Err(StoreError::Index { path, cause: format!("{cause}; it cannot be moved away") });
    }
    Ok(())
}

fn inode(layout: &Layout) -> Option<u64> {
    fs::metadata(layout.index()).ok().map(|meta| Stat::of(&meta).inode).filter(|&inode| inode != 0)
}

/// Whether an error says that the index holds what this program never wrote.
/// All statements are fixed, so an error in one is an error in the tables.
pub(crate) fn is_damage(cause: &SqlError) -> bool {
    match cause {
        SqlError::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::Unknown
                    | ErrorCode::TypeMismatch
                    | ErrorCode::ConstraintViolation
            ) || failure.extended_code == ffi::SQLITE_IOERR_SHORT_READ
        }
        SqlError::FromSqlConversionFailure(..)
        | SqlError::IntegralValueOutOfRange(..)
        | SqlError::InvalidColumnType(..)
        | SqlError::Utf8Error(..)
        | SqlError::SqlInputError { .. } => true,
        _ => false,
    }
}

pub(crate) fn failing(layout: &Layout, path: &Path, cause: &SqlError) -> StoreError {
    match cause.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied,
        ) => opening(layout, cause),
        _ => StoreError::Index { path: path.to_path_buf(), cause: cause.to_string() },
    }
}

/// SQLite's "disk I/O error" helps nobody: the system is asked for its reason
/// by writing something else to the folder.
fn opening(layout: &Layout, cause: &SqlError) -> StoreError {
    let (disk, probe) = (layout.disk(), layout.locks().join(unique()));
    let written = disk.create(&probe).and_then(|file| disk.write_at(&file, &probe, 0, &[0; 4096]));
    // Where it cannot be removed it could not be made either.
    let _ = disk.remove(&probe);
    let full = cause.sqlite_error_code() == Some(ErrorCode::DiskFull);
    match written {
        Err(cause) => match StoreError::io("write", &layout.index(), cause) {
            StoreError::Io { cause, .. } => StoreError::unusable(layout.root(), &cause),
            full => full,
        },
        Ok(()) if full => StoreError::Full { path: layout.index(), cause: cause.to_string() },
        Ok(()) => StoreError::unusable(layout.root(), &format!("index.db: {cause}")),
    }
}

pub(crate) fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SqlError {
    SqlError::FromSqlConversionFailure(0, Type::Blob, cause.into())
}
