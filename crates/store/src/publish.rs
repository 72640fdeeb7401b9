//! Making written tracks durable and visible, many at once: every file whole
//! on disk first, then the names, then the folders, then the index.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::thread;

use agogic_schema::CacheRecord;

use crate::disk::make_missing;
use crate::index::Row;
use crate::stat::Stat;
use crate::temp::TempFile;
use crate::{Store, StoreError};

/// A track that is written whole, and has no name yet.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) temp: TempFile,
    pub(crate) record: CacheRecord,
    /// The hash of its footer.
    pub(crate) footer: [u8; 32],
}

pub(crate) fn publish_all(store: &Store, mut sealed: Vec<Sealed>) -> Result<Vec<CacheRecord>, StoreError> {
    let layout = &store.inner.layout;
    let disk = &**layout.disk();
    sync_files(&sealed)?;

    let hidden = !store.inner.limits.enabled();
    let mut folders = BTreeSet::new();
    let mut rows = Vec::with_capacity(sealed.len());
    for Sealed { temp, record, footer } in &mut sealed {
        let path = layout.track(&record.key);
        if let Some(folder) = path.parent() {
            make_missing(disk, folder, &mut folders)
                .map_err(|cause| StoreError::io("make", folder, cause))?;
            folders.insert(folder.to_path_buf());
        }
        if hidden {
            store.inner.note_own(&record.key);
        }
        let placed = temp.place(&path).and_then(|()| temp.metadata());
        // Of the file that was written, not of what stands there: that may be
        // another process' by now, and the row must not vouch for it.
        let meta = placed.map_err(|cause| StoreError::io("publish", &path, cause))?;
        rows.push(Row { stat: Stat::of(&meta), footer: *footer, record: record.clone() });
    }
    // The innermost first: with them most file systems write all that changed.
    for folder in folders.iter().rev() {
        disk.sync_folder(folder).map_err(|cause| StoreError::io("write", folder, cause))?;
    }
    // The files are the truth and are durable: without a row they are adopted.
    let _ = store.inner.index.put(layout, &rows, 0);
    store.collect_if_full();
    Ok(rows.into_iter().map(|row| row.record).collect())
}

/// Makes files durable, several at a time: the file system then writes its
/// journal for all of them at once.
fn sync_files(sealed: &[Sealed]) -> Result<(), StoreError> {
    let sync = |Sealed { temp, .. }: &Sealed| {
        temp.sync().map_err(|cause| StoreError::io("write", temp.path(), cause))
    };
    if let [sealed] = sealed {
        return sync(sealed);
    }
    for some in sealed.chunks(8) {
        thread::scope(|scope| {
            let mut running = Vec::new();
            for sealed in some {
                match thread::Builder::new().spawn_scoped(scope, || sync(sealed)) {
                    Ok(thread) => running.push(thread),
                    Err(_) => sync(sealed)?,
                }
            }
            for thread in running {
                let panicked = |_| StoreError::io("write", Path::new("tmp"), io::Error::other("thread died"));
                thread.join().map_err(panicked)??;
            }
            Ok(())
        })?;
    }
    Ok(())
}
