//! Making written tracks durable and visible, many at once: every file whole
//! on disk first, then the names, then the folders, then the index.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::thread;

use agogic_schema::CacheRecord;

use crate::disk::make_folders;
use crate::index::Row;
use crate::stat::Stat;
use crate::{Store, StoreError, TrackWriter};

pub(crate) fn publish_all(
    store: &Store,
    mut writers: Vec<TrackWriter>,
) -> Result<Vec<CacheRecord>, StoreError> {
    let layout = &store.inner.layout;
    let disk = &**layout.disk();
    let mut sealed = Vec::with_capacity(writers.len());
    for writer in &mut writers {
        let (record, footer) = writer.seal()?;
        sealed.push((record.clone(), footer));
    }
    sync_files(&writers)?;

    let mut folders = BTreeSet::new();
    let mut rows = Vec::with_capacity(writers.len());
    for (writer, (record, footer)) in writers.iter_mut().zip(sealed) {
        let path = layout.track(&record.key);
        if let Some(folder) = path.parent() {
            make_folders(disk, folder).map_err(|cause| StoreError::io("make", folder, cause))?;
            folders.insert(folder.to_path_buf());
        }
        let placed = writer.temp.place(&path).and_then(|()| writer.temp.metadata());
        // Of the file that was written, not of what stands there: that may be
        // another process' by now, and the row must not vouch for it.
        let meta = placed.map_err(|cause| StoreError::io("publish", &path, cause))?;
        rows.push(Row { stat: Stat::of(&meta), footer, record });
    }
    for folder in &folders {
        disk.sync_folder(folder).map_err(|cause| StoreError::io("write", folder, cause))?;
    }
    // The files are the truth and are durable: without a row they are adopted.
    let _ = store.inner.index.put(layout, &rows, 0);
    store.collect_if_full();
    Ok(rows.into_iter().map(|row| row.record).collect())
}

/// Makes files durable, several at a time: the file system then writes its
/// journal for all of them at once.
fn sync_files(writers: &[TrackWriter]) -> Result<(), StoreError> {
    let sync = |writer: &TrackWriter| {
        let done = writer.temp.sync();
        done.map_err(|cause| StoreError::io("write", writer.temp.path(), cause))
    };
    if let [writer] = writers {
        return sync(writer);
    }
    for some in writers.chunks(8) {
        thread::scope(|scope| {
            let mut running = Vec::new();
            for writer in some {
                match thread::Builder::new().spawn_scoped(scope, || sync(writer)) {
                    Ok(thread) => running.push(thread),
                    Err(_) => sync(writer)?,
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
