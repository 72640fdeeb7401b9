//! Footers, tables and trailers that lie, of every version.

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

/// A footer as it was in version 1 or 2.
fn earlier_footer(version: u32, record: &CacheRecord, chunks: &[Chunk]) -> Vec<u8> {
    let record = match version {
        1 => rmp_serde::to_vec_named(record).unwrap(),
        _ => compact::to_bytes(record).unwrap(),
    };
    let mut out = [record.len() as u32, chunks.len() as u32].map(u32::to_le_bytes).concat();
    out.extend(record);
    for chunk in chunks {
        out.extend([chunk.plane, chunk.encoding].map(u32::to_le_bytes).concat());
        if version == 1 {
            out.extend([chunk.first, chunk.offset].map(u64::to_le_bytes).concat());
        }
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
    let bytes = if version < FORMAT_VERSION {
        earlier_footer(version, &record, &chunks)
    } else {
        // As if there were no limits to them.
        for chunk in &mut chunks {
            (chunk.plane, chunk.encoding) = (chunk.plane & 0xffff, chunk.encoding & 0xffff);
        }
        let mut bytes = footer(&compact::to_bytes(&record).unwrap(), &chunks).unwrap().0;
        bytes.truncate(bytes.len() - TRAILER_LEN as usize);
        bytes
    };
    let (header, size) = (header(version), HEADER_LEN + 24 + bytes.len() as u64 + TRAILER_LEN);
    match parse(&header, &bytes, footer_hash(&header, &bytes), size) {
        Ok(parsed) => assert_eq!((expect, parsed), ("ok", (record, chunks))),
        Err(Unread::Damaged(reason) | Unread::Newer(reason)) => {
            assert!(reason.contains(expect), "version {version}: {reason} / {expect}");
        }
    }
}

fn check(change: impl Fn(&mut CacheRecord, &mut Vec<Chunk>), expect: &str) {
    (1..=FORMAT_VERSION).for_each(|version| check_of(version, &change, expect));
}

#[test]
fn a_table_that_lies_is_refused() {
    check(|_, _| {}, "ok");
    check(|_, c| c[1].plane = 1, "chunk 1 contradicts");
    check(|_, c| c[1].plane = u32::MAX, "chunk 1 contradicts");
    check(|_, c| c[0].encoding = EVENTS, "chunk 0 contradicts");
    check(|_, c| c[0].encoding = 77, "chunk 0 contradicts");
    check_of(1, |_, c| c[0].encoding = PACKED, "chunk 0 contradicts");
    check_of(2, |_, c| c[0].encoding = PACKED, "chunk 0 contradicts");
    check_of(3, |_, c| c[0].encoding = PACKED, "ok");
    check_of(3, |_, c| c[1].encoding = PACKED, "chunk 1 contradicts");
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
    // Later versions say it once.
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
