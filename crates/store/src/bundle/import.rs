//! Taking tracks out of a bundle: all of them are checked in full first, then
//! each is written anew under the key that it has here, with checksums of its
//! own, and published. The packed values stay as they are.

use std::collections::HashSet;

use agogic_schema::{CacheKey, CacheRecord, RECORD_VERSION};

use super::{Bundle, Item, bad};
use crate::file::ChunkFile;
use crate::format::{self, Chunk, FORMAT_VERSION, HEADER_LEN};
use crate::publish::{self, Sealed};
use crate::temp::TempFile;
use crate::{Store, StoreError, compact};

/// Tracks that are published together.
const BATCH: usize = 64;

/// What became of a track of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fate {
    /// There was none, and it is there now.
    Added,
    /// It took the place of another.
    Replaced,
    /// The same one was there.
    Present,
    /// Another one was there, and stays: the bundle's was computed by no newer
    /// version of the calculator.
    Kept,
}

impl Fate {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Present => "present",
            Self::Kept => "kept",
        }
    }

    fn is_taken(self) -> bool {
        matches!(self, Self::Added | Self::Replaced)
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What became of each track, in the order of the bundle.
    pub tracks: Vec<(CacheKey, Fate)>,
    /// Bytes of those that were added or replaced.
    pub bytes: u64,
}

impl Imported {
    /// How many tracks had this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.tracks.iter().filter(|(_, one)| *one == fate).count()
    }
}

impl Store {
    /// Takes the tracks of a bundle into this namespace. All of them are checked
    /// in full before the first is published. A track that is there already
    /// stays, unless the bundle's was computed by a newer version of the
    /// calculator, or `replace` is set. With `dry_run` nothing is changed.
    /// `progress` is told how many bytes of how many are done, and says whether to
    /// go on.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] for a damaged track, and nothing is published;
    /// [`StoreError::ReadOnly`], [`StoreError::Full`] or [`StoreError::Io`]
    /// where tracks cannot be written, [`StoreError::Stopped`]: some may be
    /// published then, each of them whole.
    pub fn import(
        &self,
        bundle: &Bundle,
        replace: bool,
        dry_run: bool,
        mut progress: impl FnMut(u64, u64) -> bool,
    ) -> Result<Imported, StoreError> {
        if !dry_run {
            self.inner.layout.check_writable()?;
        }
        let items = &bundle.manifest.items;
        let (mut done, total) = (0, 2 * bundle.bytes());
        let mut imported = Imported::default();
        for (number, item) in items.iter().enumerate() {
            if !progress(done, total) {
                return Err(StoreError::Stopped);
            }
            bundle.check(number)?;
            let key = item.key(&self.namespace);
            let fate = self.fate(&key, item, replace)?;
            imported.bytes += if fate.is_taken() { item.bytes } else { 0 };
            imported.tracks.push((key, fate));
            done += item.bytes;
        }
        let mut batch = Vec::with_capacity(BATCH);
        for (number, item) in items.iter().enumerate() {
            if !progress(done, total) {
                return Err(StoreError::Stopped);
            }
            let (key, fate) = &imported.tracks[number];
            if fate.is_taken() && !dry_run {
                batch.push(self.stage(bundle, number, key)?);
            }
            if batch.len() == BATCH {
                publish::publish_all(self, std::mem::take(&mut batch))?;
            }
            done += item.bytes;
        }
        if !batch.is_empty() {
            publish::publish_all(self, batch)?;
        }
        if !dry_run {
            let here: HashSet<_> = items.iter().map(|item| item.asset).collect();
            for (asset, info) in bundle.manifest.assets.iter().filter(|(asset, _)| here.contains(asset)) {
                self.remember_info(asset, info)?;
            }
        }
        progress(total, total);
        Ok(imported)
    }

    fn fate(&self, key: &CacheKey, item: &Item, replace: bool) -> Result<Fate, StoreError> {
        let Some(reader) = self.open_track(key)? else { return Ok(Fate::Added) };
        let CacheRecord { provenance, content, .. } = reader.record();
        let same_calculator = provenance.calculator == item.calculator;
        if *content == item.content && same_calculator && provenance.version == item.calculator_version {
            return Ok(Fate::Present);
        }
        let newer = same_calculator && provenance.version < item.calculator_version;
        Ok(if replace || newer { Fate::Replaced } else { Fate::Kept })
    }

    /// Writes a track of a bundle under a key of this cache. Each chunk is
    /// checked once more as it is read.
    fn stage(&self, bundle: &Bundle, number: usize, key: &CacheKey) -> Result<Sealed, StoreError> {
        let file = bundle.chunk_file(number)?;
        let mut temp = TempFile::create(&self.inner.layout)?;
        let path = temp.path().to_path_buf();
        let failed = |cause| StoreError::io("write", &path, cause);
        temp.write_at(0, &format::header(FORMAT_VERSION)).map_err(failed)?;
        let (seed, mut at) = (format::seed(key), HEADER_LEN);
        let (mut chunks, mut bytes) = (Vec::with_capacity(file.chunks.len()), Vec::new());
        for (chunk_number, chunk) in file.chunks.iter().enumerate() {
            file.file_bytes(chunk_number, &mut bytes).map_err(|fault| bundle.faulty(number, fault))?;
            temp.write_at(at, &bytes).map_err(failed)?;
            let checksum = format::checksum(&bytes, seed, chunk_number);
            chunks.push(Chunk { offset: at, checksum, ..*chunk });
            at += u64::from(chunk.length);
        }
        let record = CacheRecord { version: RECORD_VERSION, key: key.clone(), ..file.record };
        let unkept = |cause: &str| bad(&bundle.path, format!("{} cannot be kept: {cause}", key.descriptor));
        let bytes = compact::to_bytes(&record).map_err(|cause| unkept(&cause.to_string()))?;
        let end = format::footer(&bytes, &chunks);
        let (end, footer) = end.ok_or_else(|| unkept("it has too many chunks"))?;
        temp.write_at(at, &end).map_err(failed)?;
        temp.wait().map_err(failed)?;
        Ok(Sealed { temp, record, footer })
    }
}

impl Bundle {
    /// Checks a track in full: its digest, its chunks, its content, and that it
    /// is what the manifest says.
    fn check(&self, number: usize) -> Result<(), StoreError> {
        let item = &self.manifest.items[number];
        let file: ChunkFile = self.chunk_file(number)?;
        let mut hash = blake3::Hasher::new();
        let read = file.copy(|bytes| {
            hash.update(bytes);
            Ok(())
        });
        read.map_err(|cause| StoreError::io("read", &self.path, cause))?;
        let wrong = |rule: &str| Err(bad(&self.path, format!("{}: {rule}", item.name())));
        if hash.finalize().as_bytes() != &item.digest {
            return wrong("its digest differs");
        }
        if Item::new(&file.record, item.bytes, item.digest) != *item {
            return wrong("it is not what the manifest says");
        }
        file.check_all().map_err(|fault| self.faulty(number, fault))
    }
}
