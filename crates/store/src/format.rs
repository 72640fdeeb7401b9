//! The bytes of a chunk file, apart from reading and writing them: header,
//! chunk table, footer, checksums, and the rules a record must keep before
//! anything it says is believed. `docs/store-format.md` says the same in prose.

use std::borrow::Cow;

use agogic_schema::{CacheKey, CacheRecord, RECORD_VERSION, Shape, TrackHeader};
use serde::Deserialize;
use twox_hash::XxHash3_64;

use crate::{codec, compact};

/// Version of the cache folder and of the chunk files that are written. Files
/// and folders of earlier versions are read. Since 2 there are packed chunks, and
/// records and tables are shorter; since 3 packed chunks may leave out zeros, and
/// all of it is shorter once more.
pub const FORMAT_VERSION: u32 = 3;

/// First bytes of a chunk file. The first byte is no text and the last ends a
/// line, so that a transfer "as text" shows.
const MAGIC: [u8; 8] = *b"\x89AGOGIC\n";
/// Last bytes of a chunk file.
const END_MAGIC: [u8; 8] = *b"\nAGOEND\x89";

/// Length of the fixed header.
pub(crate) const HEADER_LEN: u64 = 16;
/// Length of the fixed trailer.
pub(crate) const TRAILER_LEN: u64 = 48;
/// Length of one row of the chunk table.
const CHUNK_LEN: usize = 28;
/// Longest footer believed; enough for a track of half a terabyte.
const MAX_FOOTER: u64 = 256 << 20;
/// Longest chunk written or believed.
pub(crate) const MAX_CHUNK: usize = 16 << 20;
/// Length that chunks are cut to, as far as whole frames allow.
pub(crate) const CHUNK_TARGET: usize = 32 << 10;

/// Little-endian f32 values, nothing more.
pub(crate) const RAW_F32: u32 = 0;
/// A MessagePack array of events.
pub(crate) const EVENTS: u32 = 1;
/// Values as [`crate::codec`] packs them.
pub(crate) const PACKED: u32 = 2;

/// Why a file was not read.
#[derive(Debug, PartialEq)]
pub(crate) enum Unread {
    /// It fails a check.
    Damaged(String),
    /// It is whole, and a later program wrote it.
    Newer(String),
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

/// One row of the chunk table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chunk {
    /// Plane that the frames belong to; 0 for events.
    pub(crate) plane: u32,
    /// [`RAW_F32`], [`EVENTS`] or [`PACKED`].
    pub(crate) encoding: u32,
    /// Number of the first frame or event.
    pub(crate) first: u64,
    /// Where the chunk begins in the file.
    pub(crate) offset: u64,
    /// Frames or events.
    pub(crate) frames: u32,
    /// Bytes.
    pub(crate) length: u32,
    /// XXH3-64 of the bytes, seeded with key and chunk number.
    pub(crate) checksum: u64,
    /// Least value, NaN passed over; infinity where there is none. Events: 0.
    pub(crate) min: f32,
    /// Greatest value, NaN passed over; minus infinity where there is none.
    /// Events: 0.
    pub(crate) max: f32,
}

/// The fixed header of a file of this version.
pub(crate) fn header(version: u32) -> [u8; HEADER_LEN as usize] {
    let mut bytes = [0; HEADER_LEN as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&version.to_le_bytes());
    bytes
}

/// The version that a header states.
pub(crate) fn version(header: &[u8; HEADER_LEN as usize]) -> u32 {
    u32_at(header, 8)
}

/// The seed of a key's checksums; chunk `i` is seeded with this plus `i`.
pub(crate) fn seed(key: &CacheKey) -> u64 {
    let mut hash = blake3::Hasher::new();
    hash.update(b"agogic chunk 1\0").update(&key.asset.0);
    for name in [key.profile.as_str(), key.descriptor.as_str()] {
        hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    // As in the time before there were others.
    if !key.namespace.is_default() || !key.stem.is_master() {
        for name in [key.namespace.as_str(), key.stem.as_str()] {
            hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
    }
    u64_at(hash.finalize().as_bytes(), 0)
}

/// The checksum of chunk number `number`.
pub(crate) fn checksum(bytes: &[u8], seed: u64, number: usize) -> u64 {
    XxHash3_64::oneshot_with_seed(seed.wrapping_add(number as u64), bytes)
}

/// Least and greatest value, NaN passed over.
pub(crate) fn bounds(values: &[f32]) -> (f32, f32) {
    // Eight at a time, so that none waits for the one before.
    let (eights, rest) = values.as_chunks::<8>();
    let (mut least, mut greatest) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
    for eight in eights {
        for ((least, greatest), &value) in least.iter_mut().zip(&mut greatest).zip(eight) {
            (*least, *greatest) = (least.min(value), greatest.max(value));
        }
    }
    let least = least.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
    let greatest = greatest.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    (least, greatest)
}

/// Values as they stand in a raw chunk and in the content hash. A copy only
/// where the machine orders bytes differently.
pub(crate) fn to_bytes(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        bytemuck::cast_slice(values).into()
    } else {
        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }
}

/// The first frames of a chunk of `count` values: as many as `out` has room
/// for.
pub(crate) fn values(
    encoding: u32,
    bytes: &[u8],
    width: usize,
    count: usize,
    out: &mut [f32],
) -> Result<(), &'static str> {
    if encoding == PACKED {
        return codec::decode_first(bytes, width, count, out);
    }
    if bytes.len() != count * size_of::<f32>() {
        return Err("its length is not that of its values");
    }
    raw(bytes, out);
    Ok(())
}

/// Values that stand as they are in memory, as many as there is room for.
pub(crate) fn raw(bytes: &[u8], out: &mut [f32]) {
    let values = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    out.iter_mut().zip(values).for_each(|(out, value)| *out = value);
}

/// Footer and trailer as bytes, and the footer's hash. `None` where it would be
/// longer than is believed, or planes are more than 65,536.
pub(crate) fn footer(record: &[u8], chunks: &[Chunk]) -> Option<(Vec<u8>, [u8; 32])> {
    if (8 + record.len() + chunks.len() * CHUNK_LEN) as u64 > MAX_FOOTER {
        return None;
    }
    let mut out = Vec::with_capacity(8 + record.len() + chunks.len() * CHUNK_LEN + TRAILER_LEN as usize);
    out.extend((record.len() as u32).to_le_bytes());
    out.extend((chunks.len() as u32).to_le_bytes());
    out.extend(record);
    for chunk in chunks {
        out.extend(u16::try_from(chunk.plane).ok()?.to_le_bytes());
        out.extend(u16::try_from(chunk.encoding).ok()?.to_le_bytes());
        out.extend(chunk.frames.to_le_bytes());
        out.extend(chunk.length.to_le_bytes());
        out.extend(chunk.checksum.to_le_bytes());
        out.extend(chunk.min.to_le_bytes());
        out.extend(chunk.max.to_le_bytes());
    }
    let hash = footer_hash(&header(FORMAT_VERSION), &out);
    out.extend((out.len() as u64).to_le_bytes());
    out.extend(hash);
    out.extend(END_MAGIC);
    Some((out, hash))
}

/// The length and hash that a trailer states, for a file of `size` bytes.
pub(crate) fn parse_trailer(
    bytes: &[u8; TRAILER_LEN as usize],
    size: u64,
) -> Result<(u64, [u8; 32]), String> {
    if bytes[40..] != END_MAGIC {
        return Err("its end is missing".into());
    }
    let length = u64_at(bytes, 0);
    let room = size.saturating_sub(HEADER_LEN + TRAILER_LEN);
    if !(8..=room.min(MAX_FOOTER)).contains(&length) {
        return Err(format!("footer of {length} bytes in a file of {size}"));
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(&bytes[8..40]);
    Ok((length, hash))
}

/// The record and the chunk table, every number of them checked against each
/// other and against the length of the file.
///
/// Header, trailer and the hash over both are the same in every version, so
/// that a file of a later one can be told from damage.
pub(crate) fn parse(
    header_bytes: &[u8; HEADER_LEN as usize],
    bytes: &[u8],
    hash: [u8; 32],
    size: u64,
) -> Result<(CacheRecord, Vec<Chunk>), Unread> {
    let fail = |reason: &str| Err(Unread::Damaged(reason.into()));
    if header_bytes[..8] != MAGIC {
        return fail("it is no chunk file");
    }
    if footer_hash(header_bytes, bytes) != hash {
        return fail("footer checksum differs");
    }
    let version = version(header_bytes);
    if version > FORMAT_VERSION {
        return Err(newer("format", version, FORMAT_VERSION));
    }
    if version == 0 || *header_bytes != header(version) {
        return fail(&format!("unknown format version {version}"));
    }
    let record_len = u32_at(bytes, 0) as usize;
    let count = u32_at(bytes, 4) as usize;
    if count.checked_mul(row_length(version)).and_then(|table| table.checked_add(record_len)?.checked_add(8))
        != Some(bytes.len())
    {
        return fail("footer lengths disagree");
    }
    let (record, table) = bytes[8..].split_at(record_len);
    let record = read_record(record, version)?;
    check_header(&record.key, &record.header)?;
    let chunks = read_table(table, version, record.frames.len());
    check_table(&record, &chunks, version, size - TRAILER_LEN - bytes.len() as u64)?;
    Ok((record, chunks))
}

/// The record of a file of this version.
fn read_record(bytes: &[u8], version: u32) -> Result<CacheRecord, Unread> {
    let unreadable = |cause: String| Unread::Damaged(format!("record is not readable: {cause}"));
    // The version on its own first.
    let stated = if version == 1 {
        compact::whole::<Named>(bytes).map(|named| named.version)
    } else {
        compact::whole(bytes).map(|compact::Stated(version)| version)
    };
    match stated.map_err(unreadable)? {
        RECORD_VERSION if version == 1 => compact::whole(bytes).map_err(unreadable),
        RECORD_VERSION => compact::from_bytes(bytes).map_err(unreadable),
        found if found > RECORD_VERSION => Err(newer("record", found, RECORD_VERSION)),
        found => Err(Unread::Damaged(format!("unknown record version {found}"))),
    }
}

/// Length of one row of the chunk table of a file of this version.
fn row_length(version: u32) -> usize {
    match version {
        1 => 48,
        2 => 32,
        _ => CHUNK_LEN,
    }
}

/// The rows of a chunk table. Where a chunk stands and which frames it holds
/// follows from those before it; rows of version 1 told it, too.
fn read_table(table: &[u8], version: u32, planes: usize) -> Vec<Chunk> {
    let rows = table.chunks_exact(row_length(version));
    if version == 1 {
        return rows.map(parse_chunk_1).collect();
    }
    let mut at = HEADER_LEN;
    let mut counts = vec![0_u64; planes];
    let row = |bytes: &[u8]| {
        let mut chunk = parse_chunk(bytes, version);
        chunk.offset = at;
        // Of no plane: it is refused with the table.
        if let Some(count) = counts.get_mut(chunk.plane as usize) {
            chunk.first = *count;
            *count = count.saturating_add(u64::from(chunk.frames));
        }
        at = at.saturating_add(u64::from(chunk.length));
        chunk
    };
    rows.map(row).collect()
}

/// What is read of a record of a version 1 file before anything else.
#[derive(Deserialize)]
struct Named {
    version: u32,
}

fn newer(what: &str, found: u32, known: u32) -> Unread {
    Unread::Newer(format!("it has {what} version {found}, this program knows {known}"))
}

/// The rules that a header keeps, before writing and after reading.
pub(crate) fn check_header(key: &CacheKey, header: &TrackHeader) -> Result<(), String> {
    if header.descriptor != key.descriptor {
        return Err(format!("header names {}", header.descriptor));
    }
    match header.shape {
        Shape::Dense if header.planes.len() != 1 => return Err("a dense track has one plane".into()),
        Shape::Peaks if header.planes.is_empty() => return Err("peaks without a plane".into()),
        Shape::Events if !header.planes.is_empty() => return Err("events have no planes".into()),
        _ => {}
    }
    for plane in 0..header.planes.len() {
        header.grid(plane).map_err(|_| format!("plane {plane} has no valid frame grid"))?;
    }
    let width = header.channels.len().checked_mul(header.bins as usize);
    match width.and_then(|width| width.checked_mul(4)) {
        Some(0) if header.shape != Shape::Events => Err("frames without channels or bins".into()),
        Some(bytes) if bytes <= MAX_CHUNK => Ok(()),
        _ => Err(format!("a frame is longer than {MAX_CHUNK} bytes")),
    }
}

/// Chunks lie one after another from the header to `end`, and those of each
/// plane hold its frames one after another.
fn check_table(record: &CacheRecord, chunks: &[Chunk], version: u32, end: u64) -> Result<(), String> {
    let events = record.header.shape == Shape::Events;
    let planes = if events { 1 } else { record.header.planes.len() };
    if record.frames.len() != planes {
        return Err("planes and their frame counts disagree".into());
    }
    let width = record.header.width() as u64;
    let mut counts = vec![0_u64; planes];
    let mut at = HEADER_LEN;
    for (i, chunk) in chunks.iter().enumerate() {
        let fail = || Err(format!("chunk {i} contradicts the chunk table"));
        let Some(count) = counts.get_mut(chunk.plane as usize) else { return fail() };
        let length = u64::from(chunk.length);
        let frames = u64::from(chunk.frames);
        // No more than the longest chunk, also unpacked.
        let values = frames.saturating_mul(width);
        let raw = values.saturating_mul(4);
        let sized = match chunk.encoding {
            EVENTS => events,
            RAW_F32 => !events && raw == length,
            PACKED => {
                !events
                    && version >= 2
                    && raw <= MAX_CHUNK as u64
                    // In version 2 runs are counted also where there are none.
                    && length >= codec::least_length(values) + if version == 2 { 4 } else { 0 }
                    && length.is_multiple_of(4)
            }
            _ => false,
        };
        if !sized || frames == 0 || length > MAX_CHUNK as u64 || chunk.offset != at || chunk.first != *count {
            return fail();
        }
        at += length;
        *count += frames;
    }
    if at != end {
        return Err("chunks and the length of the file disagree".into());
    }
    if counts != record.frames {
        return Err("chunks and the number of frames disagree".into());
    }
    Ok(())
}

pub(crate) fn footer_hash(header: &[u8], footer: &[u8]) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(header).update(&(footer.len() as u64).to_le_bytes()).update(footer);
    *hash.finalize().as_bytes()
}

/// A row of a file of version 2 or later, without its place.
fn parse_chunk(bytes: &[u8], version: u32) -> Chunk {
    let (plane, encoding, bytes) = if version == 2 {
        (u32_at(bytes, 0), u32_at(bytes, 4), &bytes[8..])
    } else {
        let both = u32_at(bytes, 0);
        (both & 0xffff, both >> 16, &bytes[4..])
    };
    Chunk {
        plane,
        encoding,
        first: 0,
        offset: 0,
        frames: u32_at(bytes, 0),
        length: u32_at(bytes, 4),
        checksum: u64_at(bytes, 8),
        min: f32::from_bits(u32_at(bytes, 16)),
        max: f32::from_bits(u32_at(bytes, 20)),
    }
}

/// A row of a file of version 1.
fn parse_chunk_1(bytes: &[u8]) -> Chunk {
    Chunk {
        plane: u32_at(bytes, 0),
        encoding: u32_at(bytes, 4),
        first: u64_at(bytes, 8),
        offset: u64_at(bytes, 16),
        frames: u32_at(bytes, 24),
        length: u32_at(bytes, 28),
        checksum: u64_at(bytes, 32),
        min: f32::from_bits(u32_at(bytes, 40)),
        max: f32::from_bits(u32_at(bytes, 44)),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests;
