//! Checking all of a cache: every byte of every file, and the index against
//! the files.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::store::{Examined, Inner};
use crate::{FORMAT_VERSION, Store, StoreError, temp};

/// How many rows are written to the index at a time.
const BATCH: usize = 256;

/// What [`Store::verify`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files that were checked.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Files that failed, now in quarantine, and files that were missing. All
    /// are counted, and recomputed when they are next asked for.
    pub damaged: Vec<Damaged>,
    /// Files that a later program wrote. They are left as they are, and miss.
    pub newer: Vec<Newer>,
    /// Whole files that the index did not know, and knows now.
    pub adopted: u64,
    /// Whole files that had been touched or replaced since the index was
    /// written, which knows them again now.
    pub refreshed: u64,
    /// Files of an earlier format version, written anew as they are today.
    pub renewed: u64,
    /// Leftovers of killed writers, now removed.
    pub leftovers: u64,
}

/// A file that failed a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The file, below the cache folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A file of a later program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// The file, below the cache folder.
    pub path: PathBuf,
    /// Which version it has, and which this program knows.
    pub reason: String,
}

impl Store {
    /// Checks every file in full, quarantines and counts what fails, adopts
    /// what the index does not know, drops rows without a file, writes files of
    /// earlier format versions anew, and removes what killed writers left. `progress` is told the bytes checked so far
    /// and the bytes in all.
    ///
    /// # Errors
    /// [`StoreError::Index`] or [`StoreError::Io`] where the index or a folder
    /// cannot be read.
    pub fn verify(&self, progress: impl FnMut(u64, u64)) -> Result<VerifyReport, StoreError> {
        self.walk(true, progress)
    }

    /// Checks every file in full as [`Store::verify`] does, and leaves all as it
    /// is: what is reported as adopted, refreshed or damaged is what would be.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn inspect(&self, progress: impl FnMut(u64, u64)) -> Result<VerifyReport, StoreError> {
        self.walk(false, progress)
    }

    fn walk(&self, repair: bool, mut progress: impl FnMut(u64, u64)) -> Result<VerifyReport, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let leftovers = if repair { temp::clean(layout) } else { 0 };
        let mut report = VerifyReport { leftovers, ..VerifyReport::default() };
        index.check(layout)?;
        let rows = index.all_rows(layout)?.into_iter();
        let mut rows: HashMap<PathBuf, _> =
            rows.map(|row| (layout.track(&row.record.key), (row.record.key, row.stat, row.footer))).collect();
        let files = layout
            .all_tracks()
            .map_err(|cause| StoreError::io("list the tracks in", &layout.namespaces(), cause))?;
        let sized = |path: PathBuf| {
            let size = layout.disk().metadata(&path).map_or(0, |meta| meta.len());
            (path, size)
        };
        let files: Vec<(PathBuf, u64)> = files.into_iter().map(sized).collect();
        let total = files.iter().map(|(_, size)| size).sum();

        let mut put = Vec::new();
        let mut adopted = 0;
        progress(0, total);
        for (path, size) in files {
            let known = rows.remove(&path);
            let found = if repair { self.examine(&path)? } else { self.look_at(&path)? };
            let damage = match found {
                Examined::Good(row, version)
                    if repair && version < FORMAT_VERSION && self.renew(&row.record.key).is_ok() =>
                {
                    // It has a row of its own by now.
                    report.renewed += 1;
                    None
                }
                Examined::Good(row, _) => {
                    match known {
                        Some((_, stat, footer)) if stat == row.stat && footer == row.footer => {}
                        Some(_) => {
                            report.refreshed += 1;
                            put.push(*row);
                        }
                        None => {
                            adopted += 1;
                            put.push(*row);
                        }
                    }
                    None
                }
                Examined::Damaged(reason) => {
                    if let Some((key, ..)) = known.filter(|_| repair) {
                        index.drop_row(layout, &key)?;
                    }
                    Some(reason)
                }
                Examined::Newer(reason) => {
                    if let Some((key, ..)) = known.filter(|_| repair) {
                        index.drop_row(layout, &key)?;
                    }
                    report.newer.push(Newer { path: layout.relative(&path).to_path_buf(), reason });
                    None
                }
                Examined::Missing => {
                    // Removed since it was listed; counted if its row was not.
                    let counted =
                        known.filter(|_| repair).map_or(Ok(false), |(key, ..)| self.missing(&key))?;
                    counted.then(|| "the file is missing".into())
                }
            };
            if let Some(reason) = damage {
                report.damaged.push(Damaged { path: layout.relative(&path).to_path_buf(), reason });
            }
            if !repair {
                put.clear();
                report.adopted += std::mem::take(&mut adopted);
            }
            if put.len() == BATCH {
                index.put(layout, &put, adopted)?;
                report.adopted += std::mem::take(&mut adopted);
                put.clear();
            }
            report.files += 1;
            report.bytes += size;
            progress(report.bytes, total);
        }
        index.put(layout, &put, adopted)?;
        report.adopted += adopted;
        for (path, (key, ..)) in rows {
            if !repair || self.missing(&key)? {
                let reason = "the file is missing".into();
                report.damaged.push(Damaged { path: layout.relative(&path).to_path_buf(), reason });
            }
        }
        report.damaged.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(report)
    }
}
