//! Doors for those who try to break what reads bytes from outside, behind the
//! checksums that keep nearly all damage out, and for measuring. Not for use
//! otherwise.

use std::path::PathBuf;

use agogic_schema::{CacheKey, CacheRecord};

use crate::format::{self, FORMAT_VERSION, HEADER_LEN, TRAILER_LEN};
use crate::{Store, bundle, codec, compact};

/// A packed chunk of so many values in frames of `width`. Whether it has any.
///
/// # Panics
/// Where its first half, unpacked alone, is another.
pub fn packed(bytes: &[u8], width: usize, values: usize) -> bool {
    let (mut all, mut half) = (vec![0.0; values], vec![0.0; values / width.max(1) / 2 * width]);
    let has_half = unpack(bytes, width, values, &mut half);
    let has_all = unpack(bytes, width, values, &mut all);
    let same = || all.iter().zip(&half).all(|(all, half)| all.to_bits() == half.to_bits());
    assert!(!has_all || has_half && same(), "the first half of a chunk is another when it is unpacked alone");
    has_all
}

/// The first frames, of `width` values, of a packed chunk of so many values:
/// as many as there is room for. Whether it has them.
pub fn unpack(bytes: &[u8], width: usize, values: usize, out: &mut [f32]) -> bool {
    codec::decode_first(bytes, width, values, out).is_ok()
}

/// A footer, as if its hash were right. Whether it is one.
pub fn footer(bytes: &[u8]) -> bool {
    if bytes.len() < 8 {
        return false;
    }
    let header = format::header(FORMAT_VERSION);
    // As long as its chunks want it, which is where the check is hardest.
    let word = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let record = word(0) as usize;
    let lengths = (0..word(4).min(1 << 10) as usize).map(|row| u64::from(word(8 + record + 28 * row + 8)));
    let size = HEADER_LEN + lengths.sum::<u64>() + bytes.len() as u64 + TRAILER_LEN;
    format::parse(&header, bytes, format::footer_hash(&header, bytes), size).is_ok()
}

/// A record as it stands in a chunk file. Whether it is one.
pub fn compact(bytes: &[u8]) -> bool {
    compact::from_bytes(bytes).is_ok_and(|record| compact::to_bytes(&record).is_ok())
}

/// A record as it stands in the index. Whether it is one.
pub fn record(bytes: &[u8]) -> bool {
    rmp_serde::from_slice::<CacheRecord>(bytes).is_ok_and(|record| rmp_serde::to_vec_named(&record).is_ok())
}

/// The manifest of a bundle. Whether it is one.
pub fn manifest(bytes: &[u8]) -> bool {
    bundle::is_manifest(bytes)
}

/// Where the chunk file of a track stands.
pub fn path(store: &Store, key: &CacheKey) -> PathBuf {
    store.inner.layout.track(key)
}

/// What a chunk file is made of.
#[derive(Debug)]
pub struct Parts {
    /// The footer, without the trailer.
    pub footer: Vec<u8>,
    /// Values of a frame.
    pub width: usize,
    /// The bytes of each chunk, and how many values it has.
    pub chunks: Vec<(Vec<u8>, usize)>,
}

/// The parts of a chunk file; none of a file that is none.
pub fn parts(file: &[u8]) -> Option<Parts> {
    let size = file.len() as u64;
    let trailer = file.last_chunk::<{ TRAILER_LEN as usize }>()?;
    let (length, hash) = format::parse_trailer(trailer, size).ok()?;
    let end = file.len() - TRAILER_LEN as usize;
    let footer = file.get(end - length as usize..end)?;
    let (record, chunks) = format::parse(file.first_chunk()?, footer, hash, size).ok()?;
    let width = record.header.width();
    let chunk = |chunk: &format::Chunk| {
        let from = chunk.offset as usize;
        Some((file.get(from..from + chunk.length as usize)?.to_vec(), chunk.frames as usize * width))
    };
    Some(Parts { footer: footer.to_vec(), width, chunks: chunks.iter().map(chunk).collect::<Option<_>>()? })
}
