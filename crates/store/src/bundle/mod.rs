//! Bundles: tracks of a cache in one file, to be taken into another cache.
//! Here is what the file is made of and which rules it must keep before
//! anything it says is believed; writing one is in `export`, taking tracks out
//! of one in `import`.
//!
//! `docs/store-format.md` describes the bytes.

mod export;
mod import;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agogic_schema::{
    AssetId, CacheKey, CacheRecord, CalculatorId, ContentHash, DescriptorId, MaxError, Namespace,
    ProfileName, Stem, Version,
};
use serde::{Deserialize, Serialize};

use crate::disk::{Disk, System};
use crate::file::{ChunkFile, Fault, read_some};
use crate::stat::Stat;
use crate::{AssetInfo, StoreError};

pub use export::Exported;
pub use import::{Fate, Imported};

/// Version of the bundles that are written.
pub const BUNDLE_VERSION: u32 = 1;

/// First and last bytes of a bundle.
const MAGIC: [u8; 8] = *b"\x89AGOBDL\n";
const END_MAGIC: [u8; 8] = *b"\nBDLEND\x89";
const HEADER_LEN: u64 = 16;
/// Length and hash of the manifest, and the last bytes.
const TRAILER_LEN: u64 = 48;
/// Longest manifest written or believed.
const MAX_MANIFEST: u64 = 64 << 20;

/// What a bundle may be at most before it is not even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of the file.
    pub bytes: u64,
    /// Tracks in it.
    pub entries: u64,
}

impl Default for Caps {
    /// 8 GiB and a million tracks.
    fn default() -> Self {
        Self { bytes: 8 << 30, entries: 1_000_000 }
    }
}

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Manifest {
    /// The program that wrote it.
    program: String,
    /// When, in seconds since 1970.
    made: i64,
    assets: Vec<(AssetId, AssetInfo)>,
    items: Vec<Item>,
}

/// What a manifest says of a track. The chunk files stand in the same order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    asset: AssetId,
    stem: Stem,
    profile: ProfileName,
    descriptor: DescriptorId,
    calculator: CalculatorId,
    calculator_version: Version,
    frames: Vec<u64>,
    content: ContentHash,
    max_error: MaxError,
    /// Bytes of the chunk file, and their BLAKE3.
    bytes: u64,
    digest: [u8; 32],
}

impl Item {
    fn new(record: &CacheRecord, bytes: u64, digest: [u8; 32]) -> Self {
        let CacheRecord { key, provenance, frames, content, max_error, .. } = record.clone();
        let (calculator, calculator_version) = (provenance.calculator, provenance.version);
        let CacheKey { asset, stem, profile, descriptor, .. } = key;
        Self {
            asset,
            stem,
            profile,
            descriptor,
            calculator,
            calculator_version,
            frames,
            content,
            max_error,
            bytes,
            digest,
        }
    }

    /// The key of the track in a namespace.
    fn key(&self, namespace: &Namespace) -> CacheKey {
        CacheKey {
            namespace: namespace.clone(),
            asset: self.asset,
            stem: self.stem.clone(),
            profile: self.profile.clone(),
            descriptor: self.descriptor.clone(),
        }
    }

    /// For messages.
    fn name(&self) -> String {
        format!("{} of asset {} ({})", self.descriptor, self.asset, self.profile)
    }
}

/// A bundle whose manifest is whole. Its tracks are checked when they are taken
/// out.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    file: Arc<File>,
    manifest: Manifest,
    /// Where the chunk file of each item begins.
    starts: Vec<u64>,
}

impl Bundle {
    /// Opens a bundle and checks its manifest.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] for a file that is none, is damaged, exceeds the
    /// caps or was written by a later program; [`StoreError::Io`] for one that
    /// cannot be read.
    pub fn open(path: &Path, caps: Caps) -> Result<Self, StoreError> {
        let unread = |cause| StoreError::io("read", path, cause);
        // Asked before opening: opening a pipe blocks.
        let meta = System.metadata(path).map_err(unread)?;
        if !meta.is_file() {
            return Err(bad(path, "it is no file"));
        }
        let file = System.open(path).map_err(unread)?;
        let size = file.metadata().map_err(unread)?.len();
        if size > caps.bytes {
            return Err(bad(path, format!("it has {size} bytes, {} are allowed", caps.bytes)));
        }
        let Some(room) = size.checked_sub(HEADER_LEN + TRAILER_LEN) else {
            return Err(bad(path, "it is no bundle"));
        };
        let mut header = [0; HEADER_LEN as usize];
        System.read_at(&file, 0, &mut header).map_err(unread)?;
        let (magic, version) = header.split_at(8);
        if magic != MAGIC {
            return Err(bad(path, "it is no bundle"));
        }
        if header[..] != self::header()[..] {
            let found = u64::from_le_bytes(version.try_into().unwrap_or_default());
            let rule = format!("it has version {found}, this program knows {BUNDLE_VERSION}");
            return Err(bad(path, rule));
        }
        let mut trailer = [0; TRAILER_LEN as usize];
        System.read_at(&file, size - TRAILER_LEN, &mut trailer).map_err(unread)?;
        if trailer[40..] != END_MAGIC {
            return Err(bad(path, "its end is missing"));
        }
        let length = u64::from_le_bytes(trailer[..8].try_into().unwrap_or_default());
        if length > room.min(MAX_MANIFEST) {
            return Err(bad(path, format!("manifest of {length} bytes in a file of {size}")));
        }
        let from = size - TRAILER_LEN - length;
        let bytes = read_some(&System, &file, from, length).map_err(unread)?;
        if hash(&bytes) != trailer[8..40] {
            return Err(bad(path, "checksum of its manifest differs"));
        }
        let manifest = parse(&bytes, caps).map_err(|rule| bad(path, rule))?;
        let starts = places(&manifest, from).map_err(|rule| bad(path, rule))?;
        Ok(Self { path: path.to_path_buf(), file: Arc::new(file), manifest, starts })
    }

    /// How many tracks are in it.
    pub fn tracks(&self) -> usize {
        self.manifest.items.len()
    }

    /// Bytes of their files.
    pub fn bytes(&self) -> u64 {
        self.manifest.items.iter().map(|item| item.bytes).sum()
    }

    /// The program that wrote it, and when, in seconds since 1970.
    pub fn origin(&self) -> (&str, i64) {
        (&self.manifest.program, self.manifest.made)
    }

    /// The chunk file of an item, with header and footer checked.
    fn chunk_file(&self, number: usize) -> Result<ChunkFile, StoreError> {
        let item = &self.manifest.items[number];
        // Nothing is quarantined by it.
        let stat = Stat { size: item.bytes, mtime_ns: 0, ctime_ns: 0, inode: 0 };
        let disk: Arc<dyn Disk> = Arc::new(System);
        ChunkFile::within(&disk, &self.file, self.starts[number], stat)
            .map_err(|fault| self.faulty(number, fault))
    }

    fn faulty(&self, number: usize, fault: Fault) -> StoreError {
        let name = self.manifest.items[number].name();
        match fault {
            Fault::Missing => bad(&self.path, format!("{name}: it is not there")),
            Fault::Damaged(reason, _) | Fault::Newer(reason) => bad(&self.path, format!("{name}: {reason}")),
            Fault::Busy(cause) => StoreError::io("read", &self.path, cause),
        }
    }
}

fn bad(path: &Path, rule: impl Into<String>) -> StoreError {
    StoreError::Bundle { path: path.to_path_buf(), rule: rule.into() }
}

fn header() -> [u8; HEADER_LEN as usize] {
    let mut bytes = [0; HEADER_LEN as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&BUNDLE_VERSION.to_le_bytes());
    bytes
}

/// The end of a bundle: its manifest and the trailer.
fn end(manifest: &Manifest) -> Result<Vec<u8>, String> {
    let mut bytes = rmp_serde::to_vec_named(manifest).map_err(|cause| cause.to_string())?;
    let (length, hash) = (bytes.len() as u64, hash(&bytes));
    if length > MAX_MANIFEST {
        return Err(format!("{} tracks are more than a bundle holds", manifest.items.len()));
    }
    bytes.extend(length.to_le_bytes());
    bytes.extend(hash);
    bytes.extend(END_MAGIC);
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

fn parse(bytes: &[u8], caps: Caps) -> Result<Manifest, String> {
    let manifest: Manifest =
        rmp_serde::from_slice(bytes).map_err(|cause| format!("its manifest is not readable: {cause}"))?;
    let count = manifest.items.len() as u64;
    if count > caps.entries {
        return Err(format!("it has {count} tracks, {} are allowed", caps.entries));
    }
    let mut seen = HashSet::new();
    for item in &manifest.items {
        if !seen.insert((&item.asset, &item.stem, &item.profile, &item.descriptor)) {
            return Err(format!("{} is in it twice", item.name()));
        }
    }
    Ok(manifest)
}

/// Where the chunk files begin: one after another, from the header to `end`.
fn places(manifest: &Manifest, end: u64) -> Result<Vec<u64>, String> {
    let mut at = HEADER_LEN;
    let mut starts = Vec::with_capacity(manifest.items.len());
    for item in &manifest.items {
        starts.push(at);
        at = at.checked_add(item.bytes).filter(|&at| at <= end).ok_or("it is shorter than its tracks")?;
    }
    if at != end {
        return Err("it is longer than its tracks".into());
    }
    Ok(starts)
}

/// The manifest of a bundle, as if its hash were right. Whether it is one.
pub(crate) fn is_manifest(bytes: &[u8]) -> bool {
    parse(bytes, Caps::default()).is_ok_and(|manifest| places(&manifest, 1 << 20).is_ok())
}
