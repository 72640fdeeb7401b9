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
/// records and tables are shorter.
pub const FORMAT_VERSION: u32 = 2;

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
const CHUNK_LEN: usize = 32;
/// The same in files of version 1, which told places too.
const CHUNK_LEN_1: usize = 48;
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
/// longer than is believed.
pub(crate) fn footer(record: &[u8], chunks: &[Chunk]) -> Option<(Vec<u8>, [u8; 32])> {
    if (8 + record.len() + chunks.len() * CHUNK_LEN) as u64 > MAX_FOOTER {
        return None;
    }
    let mut out = Vec::with_capacity(8 + record.len() + chunks.len() * CHUNK_LEN + TRAILER_LEN as usize);
    out.extend((record.len() as u32).to_le_bytes());
    out.extend((chunks.len() as u32).to_le_bytes());
    out.extend(record);
    for chunk in chunks {
        out.extend(chunk.plane.to_le_bytes());
        out.extend(chunk.encoding.to_le_bytes());
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
    let row = if version == 1 { CHUNK_LEN_1 } else { CHUNK_LEN };
    if count.checked_mul(row).and_then(|table| table.checked_add(record_len)?.checked_add(8))
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

/// The rows of a chunk table. Where a chunk stands and which frames it holds
/// follows from those before it.
fn read_table(table: &[u8], version: u32, planes: usize) -> Vec<Chunk> {
    if version == 1 {
        return table.chunks_exact(CHUNK_LEN_1).map(parse_chunk_1).collect();
    }
    let mut at = HEADER_LEN;
    let mut counts = vec![0_u64; planes];
    let row = |bytes: &[u8]| {
        let mut chunk = parse_chunk(bytes);
        chunk.offset = at;
        // Of no plane: it is refused with the table.
        if let Some(count) = counts.get_mut(chunk.plane as usize) {
            chunk.first = *count;
            *count = count.saturating_add(u64::from(chunk.frames));
        }
        at = at.saturating_add(u64::from(chunk.length));
        chunk
    };
    table.chunks_exact(CHUNK_LEN).map(row).collect()
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
                    && length >= codec::least_length(values)
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

/// A row, without its place.
fn parse_chunk(bytes: &[u8]) -> Chunk {
    Chunk {
        plane: u32_at(bytes, 0),
        encoding: u32_at(bytes, 4),
        first: 0,
        offset: 0,
        frames: u32_at(bytes, 8),
        length: u32_at(bytes, 12),
        checksum: u64_at(bytes, 16),
        min: f32::from_bits(u32_at(bytes, 24)),
        max: f32::from_bits(u32_at(bytes, 28)),
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
mod tests {
    use agogic_schema::{
        AssetId, CalculatorId, ContentHash, DescriptorId, Notes, ProfileName, Provenance, Revision, Version,
    };
    use proptest::prelude::*;

    use super::*;

    /// Three frames of two bins in two chunks.
    fn track() -> (CacheRecord, Vec<Chunk>) {
        let descriptor = DescriptorId::new("t.d").unwrap();
        let profile = ProfileName::new("default").unwrap();
        let record = CacheRecord {
            version: RECORD_VERSION,
            key: CacheKey::new(AssetId([1; 32]), profile, descriptor.clone()),
            provenance: Provenance {
                calculator: CalculatorId::new("t").unwrap(),
                version: Version::new(1, 0, 0),
                revision: Revision([2; 32]),
                inputs: Default::default(),
            },
            header: TrackHeader {
                descriptor,
                unit: String::new(),
                range: None,
                shape: Shape::Dense,
                channels: vec!["mono".into()],
                bins: 2,
                rate: 48_000,
                planes: vec![(0, 512)],
            },
            frames: vec![3],
            content: ContentHash([3; 32]),
            max_error: Default::default(),
            notes: Notes::default(),
        };
        let chunk = |first, offset, frames, length| Chunk {
            plane: 0,
            encoding: RAW_F32,
            first,
            offset,
            frames,
            length,
            checksum: 0,
            min: 0.0,
            max: 0.0,
        };
        (record, vec![chunk(0, 16, 2, 16), chunk(2, 32, 1, 8)])
    }

    /// A footer as it was in version 1.
    fn footer_1(record: &CacheRecord, chunks: &[Chunk]) -> Vec<u8> {
        let record = rmp_serde::to_vec_named(record).unwrap();
        let mut out = [record.len() as u32, chunks.len() as u32].map(u32::to_le_bytes).concat();
        out.extend(record);
        for chunk in chunks {
            out.extend([chunk.plane, chunk.encoding].map(u32::to_le_bytes).concat());
            out.extend([chunk.first, chunk.offset].map(u64::to_le_bytes).concat());
            out.extend([chunk.frames, chunk.length].map(u32::to_le_bytes).concat());
            out.extend(chunk.checksum.to_le_bytes());
            out.extend([chunk.min, chunk.max].map(f32::to_le_bytes).concat());
        }
        out
    }

    /// Changes a good track, and gives it right checksums all the same.
    fn check_of(version: u32, change: impl Fn(&mut CacheRecord, &mut Vec<Chunk>), expect: &str) {
        let (mut record, mut chunks) = track();
        change(&mut record, &mut chunks);
        let mut bytes = footer_1(&record, &chunks);
        if version > 1 {
            bytes = footer(&compact::to_bytes(&record).unwrap(), &chunks).unwrap().0;
            bytes.truncate(bytes.len() - TRAILER_LEN as usize);
        }
        let (header, size) = (header(version), HEADER_LEN + 24 + bytes.len() as u64 + TRAILER_LEN);
        match parse(&header, &bytes, footer_hash(&header, &bytes), size) {
            Ok(parsed) => assert_eq!((expect, parsed), ("ok", (record, chunks))),
            Err(Unread::Damaged(reason) | Unread::Newer(reason)) => {
                assert!(reason.contains(expect), "version {version}: {reason} / {expect}");
            }
        }
    }

    fn check(change: impl Fn(&mut CacheRecord, &mut Vec<Chunk>), expect: &str) {
        check_of(1, &change, expect);
        check_of(2, &change, expect);
    }

    #[test]
    fn a_table_that_lies_is_refused() {
        check(|_, _| {}, "ok");
        check(|_, c| c[1].plane = 1, "chunk 1 contradicts");
        check(|_, c| c[1].plane = u32::MAX, "chunk 1 contradicts");
        check(|_, c| c[0].encoding = EVENTS, "chunk 0 contradicts");
        check(|_, c| c[0].encoding = 77, "chunk 0 contradicts");
        check(|_, c| c[0].encoding = PACKED, "chunk 0 contradicts");
        check(|_, c| (c[0].encoding, c[0].frames) = (PACKED, u32::MAX), "chunk 0 contradicts");
        check_of(1, |_, c| c[1].first = 1, "chunk 1 contradicts");
        check_of(1, |_, c| c[1].offset = u64::MAX, "chunk 1 contradicts");
        check_of(1, |_, c| c[1].offset = 16, "chunk 1 contradicts");
        check(|_, c| c[1].frames = u32::MAX, "chunk 1 contradicts");
        check(|_, c| c[1].length = u32::MAX, "chunk 1 contradicts");
        check_of(1, |_, c| c.swap(0, 1), "chunk 0 contradicts");
        check(|_, c| c.truncate(1), "length of the file");
        check(|r, _| r.frames = vec![4], "number of frames");
        check(|r, _| r.frames = vec![], "frame counts");
        check(|r, _| r.frames = vec![3, 0], "frame counts");
        check(|r, _| r.version = 2, "record version 2");
        check(|r, _| r.header.bins = u32::MAX, "a frame is longer");
        check(|r, _| r.header.bins = 0, "without channels or bins");
        check(|r, _| r.header.channels.clear(), "without channels or bins");
        check(|r, _| r.header.rate = 0, "frame grid");
        check(|r, _| r.header.planes = vec![(0, 0)], "frame grid");
        check(|r, _| r.header.planes.clear(), "one plane");
        check(|r, _| r.header.shape = Shape::Events, "no planes");
        // Version 2 says it once.
        check_of(1, |r, _| r.header.descriptor = DescriptorId::new("t.e").unwrap(), "names t.e");
    }

    #[test]
    fn trailers_that_lie_are_refused() {
        for (length, size, good) in [
            (8, 72, true),
            (7, 72, false),
            (9, 72, false),
            (u64::MAX, 72, false),
            (MAX_FOOTER, u64::MAX, true),
            (MAX_FOOTER + 1, u64::MAX, false),
        ] {
            let mut bytes = [0; TRAILER_LEN as usize];
            bytes[..8].copy_from_slice(&u64::to_le_bytes(length));
            bytes[40..].copy_from_slice(&END_MAGIC);
            assert_eq!(parse_trailer(&bytes, size).is_ok(), good, "{length} of {size}");
        }
    }

    proptest! {
        /// Whatever stands in a footer of the right hash, it is refused or
        /// read, and nothing panics.
        #[test]
        fn no_footer_panics(
            bytes in prop::collection::vec(any::<u8>(), 8..400),
            record in 0_u32..64,
            count in 0_u32..9,
        ) {
            let mut bytes = bytes;
            bytes[..4].copy_from_slice(&record.to_le_bytes());
            bytes[4..8].copy_from_slice(&count.to_le_bytes());
            let size = bytes.len() as u64 + HEADER_LEN + TRAILER_LEN;
            let header = header(FORMAT_VERSION);
            prop_assert!(parse(&header, &bytes, footer_hash(&header, &bytes), size).is_err());
        }

        #[test]
        fn no_change_of_a_record_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let (record, chunks) = track();
            let mut record = compact::to_bytes(&record).unwrap();
            let at = at.index(record.len());
            record[at] = to;
            let (bytes, hash) = footer(&record, &chunks).unwrap();
            let size = 40 + bytes.len() as u64;
            let _ = parse(&header(FORMAT_VERSION), &bytes[..bytes.len() - TRAILER_LEN as usize], hash, size);
        }
    }
}
