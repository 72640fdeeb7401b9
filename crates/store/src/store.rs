//! The cache as its users see it: opening it, asking what is there, taking
//! tracks out. Putting tracks in is in `writer` and `publish`, checking all of
//! it in `verify`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agogic_schema::{
    AssetId, CacheKey, CacheRecord, DescriptorId, FeatureTrack, Namespace, ProfileName, Provenance, Stem,
    TrackHeader,
};

use crate::disk::{Disk, System};
use crate::file::{ChunkFile, Fault};
use crate::index::{Index, Row};
use crate::layout::Layout;
use crate::limits::Current;
use crate::memory::MemoryTier;
use crate::stat::{Stat, now_ns};
use crate::touch::{DEFAULT_TOUCHES, Touches};
use crate::uses::Uses;
use crate::{FORMAT_VERSION, StoreError, TrackReader, TrackWriter};
use crate::{publish, quarantine, temp};

/// An open cache folder, seen by one namespace and for one stem. Cloning it is
/// cheap; threads and processes may share a folder as they like.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    pub(crate) namespace: Namespace,
    pub(crate) stem: Stem,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) layout: Layout,
    pub(crate) index: Index,
    pub(crate) limits: Current,
    /// Decoded chunks, by the hash of their file's footer and their number.
    pub(crate) memory: MemoryTier<([u8; 32], u32), [f32]>,
    pub(crate) touches: Touches<CacheKey>,
    pub(crate) uses: Uses,
    /// Tracks that were published while the cache was not enabled, and whether
    /// there was one before in their place.
    pub(crate) own: Mutex<HashMap<CacheKey, bool>>,
    /// Tracks in files of an earlier format version, met while reading.
    pub(crate) old: Mutex<BTreeSet<CacheKey>>,
}

impl Inner {
    /// Notes a track that is about to be published and that nobody else is to
    /// find. It goes in the end, unless it took the place of one that was there
    /// before.
    pub(crate) fn note_own(&self, key: &CacheKey) {
        let there = || self.layout.disk().metadata(&self.layout.track(key)).is_ok();
        self.own().entry(key.clone()).or_insert_with(there);
    }

    fn own(&self) -> MutexGuard<'_, HashMap<CacheKey, bool>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a track may be found: any, or those of this process alone.
    fn finds(&self, key: &CacheKey) -> bool {
        self.limits.enabled() || self.own().contains_key(key)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.limits.enabled() {
            let own = std::mem::take(&mut *self.own());
            for (key, _) in own.into_iter().filter(|(_, there)| !there) {
                // What stays is a track like any other.
                let _ = self.index.drop_row(&self.layout, &key);
                let _ = self.layout.disk().remove(&self.layout.track(&key));
            }
        }
        self.flush_uses();
    }
}

/// A cached track, without its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What is known of it.
    pub record: CacheRecord,
    /// Bytes that it takes on disk.
    pub bytes: u64,
}

/// Figures about a cache folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The folder.
    pub path: PathBuf,
    /// Its format version.
    pub version: u32,
    /// Tracks that the index knows.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// Assets that they belong to.
    pub assets: u64,
    /// Damaged, truncated and missing files found since the folder was made,
    /// each counted once. A damaged index counts as a file.
    pub damaged: u64,
    /// Files in quarantine now.
    pub quarantined: u64,
    /// Files without a row that were checked and given one since the index
    /// was made.
    pub adopted: u64,
}

/// What became of a file that was checked in full.
pub(crate) enum Examined {
    /// With the format version of its file.
    Good(Box<Row>, u32),
    Missing,
    /// Quarantined and counted.
    Damaged(String),
    /// Written by a later program, and left as it is.
    Newer(String),
}

impl Store {
    /// Opens a cache folder, making it where there is none, and clears away
    /// what killed writers left. One that may not be written is read all the
    /// same; nothing can be added to it then.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where the folder cannot be made or written,
    /// [`StoreError::Newer`] where a later program made it.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_on(dir, Arc::new(System))
    }

    /// The same on a file system that a test stands in for.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(dir: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let layout = Layout::open(dir, disk)?;
        let index = Index::open(&layout)?;
        if !layout.is_read_only() {
            temp::clean(&layout);
        }
        let (namespace, stem) = (Namespace::default(), Stem::default());
        let limits = Current::new(&layout);
        let memory = MemoryTier::new(limits.get().of_memory());
        let (touches, uses) = (Touches::new(DEFAULT_TOUCHES), Uses::default());
        let inner = Inner {
            layout,
            index,
            limits,
            memory,
            touches,
            uses,
            own: Mutex::default(),
            old: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), namespace, stem })
    }

    /// The same folder for another namespace: what is in any other is never
    /// found through it.
    #[must_use]
    pub fn in_namespace(&self, namespace: Namespace) -> Self {
        Self { namespace, ..self.clone() }
    }

    /// The same folder for another stem of assets.
    #[must_use]
    pub fn of_stem(&self, stem: Stem) -> Self {
        Self { stem, ..self.clone() }
    }

    /// The key of a track in this namespace and of this stem.
    pub fn key(&self, asset: AssetId, profile: &ProfileName, descriptor: &DescriptorId) -> CacheKey {
        CacheKey {
            namespace: self.namespace.clone(),
            asset,
            stem: self.stem.clone(),
            profile: profile.clone(),
            descriptor: descriptor.clone(),
        }
    }

    /// Whether a track belongs here.
    fn sees(&self, key: &CacheKey) -> bool {
        key.namespace == self.namespace
    }

    /// The tracks of an asset, under one profile or under all, in order of
    /// their keys.
    ///
    /// A file that was touched since it was published is checked in full
    /// first, and so is one that the index does not know. What fails is
    /// counted, quarantined and left out; what a later program wrote is left
    /// out only.
    ///
    /// # Errors
    /// [`StoreError::Index`] or [`StoreError::Io`] where the index or a folder
    /// cannot be read.
    pub fn records(&self, asset: &AssetId, profile: Option<&ProfileName>) -> Result<Vec<Entry>, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let mut entries = Vec::new();
        let mut put = Vec::new();
        let mut seen = HashSet::new();
        for row in index.rows(layout, &self.namespace, asset, &self.stem, profile)? {
            let path = layout.track(&row.record.key);
            if layout.disk().metadata(&path).is_ok_and(|meta| meta.is_file() && Stat::of(&meta) == row.stat) {
                entries.push(Entry { bytes: row.stat.size, record: row.record });
            } else {
                match self.examine(&path)? {
                    Examined::Good(fresh, _) => put.push(*fresh),
                    Examined::Missing => drop(self.missing(&row.record.key)?),
                    Examined::Damaged(_) | Examined::Newer(_) => {
                        index.drop_row(layout, &row.record.key)?;
                    }
                }
            }
            seen.insert(path);
        }
        let mut adopted = 0;
        let listed = layout.tracks(&self.namespace, asset, &self.stem, profile).map_err(|cause| {
            StoreError::io("list the tracks in", &layout.namespace(&self.namespace), cause)
        })?;
        for path in listed.into_iter().filter(|path| !seen.contains(path)) {
            if let Examined::Good(row, _) = self.examine(&path)? {
                put.push(*row);
                adopted += 1;
            }
        }
        // A row that cannot be written now is made from its file next time.
        let _ = index.put(layout, &put, adopted);
        entries.extend(put.into_iter().map(|row| Entry { bytes: row.stat.size, record: row.record }));
        entries.retain(|entry| self.inner.finds(&entry.record.key));
        entries.sort_by(|a, b| a.record.key.cmp(&b.record.key));
        Ok(entries)
    }

    /// A reader of a track; `None` is a miss, and so is a key of another
    /// namespace, or of another's track where the cache is not enabled. Damage is counted and quarantined, and is a miss. So is the
    /// file of a later program, which stays as it is until a track is published
    /// in its place.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the process cannot open files at present.
    pub fn reader(&self, key: &CacheKey) -> Result<Option<TrackReader>, StoreError> {
        if !self.sees(key) || !self.inner.finds(key) {
            return Ok(None);
        }
        self.open_track(key)
    }

    /// A reader of a track, also where the cache is not enabled.
    pub(crate) fn open_track(&self, key: &CacheKey) -> Result<Option<TrackReader>, StoreError> {
        let path = self.inner.layout.track(key);
        let opened = ChunkFile::open(self.inner.layout.disk(), &path).and_then(|file| {
            file.check_place(&self.inner.layout, &path)?;
            Ok(file)
        });
        match opened {
            Ok(file) => {
                self.inner.touches.touch(key, now_ns());
                if file.version < FORMAT_VERSION {
                    self.note_old(key);
                }
                Ok(Some(TrackReader::new(self.clone(), path, file)))
            }
            Err(fault) => {
                self.faulty(key, &path, fault)?;
                Ok(None)
            }
        }
    }

    /// A whole track; `None` is a miss. Every chunk is checked.
    ///
    /// # Errors
    /// As [`Store::reader`].
    pub fn read(&self, key: &CacheKey) -> Result<Option<FeatureTrack>, StoreError> {
        match self.reader(key)? {
            Some(mut reader) => reader.read_all(),
            None => Ok(None),
        }
    }

    /// A writer of a track. Nobody sees the track before it is published.
    ///
    /// # Errors
    /// [`StoreError::Track`] for a header that contradicts itself or the key,
    /// [`StoreError::ReadOnly`], [`StoreError::Full`] or [`StoreError::Io`]
    /// where no file can be made.
    pub fn writer(
        &self,
        key: CacheKey,
        provenance: Provenance,
        header: TrackHeader,
    ) -> Result<TrackWriter, StoreError> {
        if !self.sees(&key) {
            return Err(StoreError::track(&key, format!("it belongs into namespace {}", key.namespace)));
        }
        TrackWriter::new(self.clone(), key, provenance, header)
    }

    /// Publishes many tracks at once, much cheaper than one by one: all files
    /// are made durable together, each folder once, and the index is written
    /// in one transaction. Records come back in the order of the writers.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`]. Until every file is durable
    /// none is published; after that an error may leave some published, each
    /// of them whole.
    pub fn publish_all(&self, writers: Vec<TrackWriter>) -> Result<Vec<CacheRecord>, StoreError> {
        let sealed: Result<_, _> = writers.into_iter().map(TrackWriter::into_sealed).collect();
        let records = publish::publish_all(self, sealed?);
        self.renew_some();
        records
    }

    /// Removes a track. Whether there was one; of another namespace there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError::Index`], [`StoreError::Io`] or [`StoreError::ReadOnly`].
    pub fn remove(&self, key: &CacheKey) -> Result<bool, StoreError> {
        if !self.sees(key) {
            return Ok(false);
        }
        self.inner.layout.check_writable()?;
        // The row first: a file without a row is no damage, a row without a
        // file is.
        self.inner.index.drop_row(&self.inner.layout, key)?;
        let path = self.inner.layout.track(key);
        match self.inner.layout.disk().remove(&path) {
            Ok(()) => Ok(true),
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(false)
            }
            Err(cause) => Err(StoreError::io("remove", &path, cause)),
        }
    }

    /// Figures about the folder, from the index and the damage log.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let totals = index.totals(layout)?;
        Ok(Stats {
            path: layout.root().to_path_buf(),
            version: FORMAT_VERSION,
            entries: totals.entries,
            bytes: totals.bytes,
            assets: totals.assets,
            damaged: quarantine::counted(layout),
            quarantined: quarantine::held(layout),
            adopted: totals.adopted,
        })
    }

    /// Checks a file in full, and quarantines and counts it if it fails.
    pub(crate) fn examine(&self, path: &Path) -> Result<Examined, StoreError> {
        self.check(path, |reason, seen| {
            quarantine::set_aside(&self.inner.layout, path, seen, reason);
        })
    }

    /// Checks a file in full and leaves it as it is.
    pub(crate) fn look_at(&self, path: &Path) -> Result<Examined, StoreError> {
        self.check(path, |_, _| ())
    }

    fn check(&self, path: &Path, fails: impl FnOnce(&str, Option<Stat>)) -> Result<Examined, StoreError> {
        let checked = ChunkFile::open(self.inner.layout.disk(), path).and_then(|file| {
            file.check_place(&self.inner.layout, path)?;
            file.check_all()?;
            Ok(file)
        });
        match checked {
            Ok(file) => {
                let ChunkFile { stat, footer, record, version, .. } = file;
                Ok(Examined::Good(Box::new(Row { stat, footer, record }), version))
            }
            Err(Fault::Missing) => Ok(Examined::Missing),
            Err(Fault::Damaged(reason, seen)) => {
                fails(&reason, seen);
                Ok(Examined::Damaged(reason))
            }
            Err(Fault::Newer(reason)) => Ok(Examined::Newer(reason)),
            Err(Fault::Busy(cause)) => Err(StoreError::io("open", path, cause)),
        }
    }

    /// Sees to a fault met while reading a track.
    pub(crate) fn faulty(&self, key: &CacheKey, path: &Path, fault: Fault) -> Result<(), StoreError> {
        match fault {
            Fault::Missing => {
                self.missing(key)?;
            }
            Fault::Damaged(reason, seen) => {
                if quarantine::set_aside(&self.inner.layout, path, seen, &reason) {
                    self.inner.index.drop_row(&self.inner.layout, key)?;
                }
            }
            Fault::Newer(_) => {}
            Fault::Busy(cause) => return Err(StoreError::io("open", path, cause)),
        }
        Ok(())
    }

    /// Sees to a track without a file: damage if the index knew of one. Returns
    /// whether it was counted.
    pub(crate) fn missing(&self, key: &CacheKey) -> Result<bool, StoreError> {
        let layout = &self.inner.layout;
        let path = layout.track(key);
        let counted = self.inner.index.drop_row(layout, key)? && !path.exists();
        if counted {
            quarantine::count(layout, &path, "the file is missing");
        }
        Ok(counted)
    }
}
