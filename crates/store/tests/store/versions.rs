//! Files of other versions of the format, put together byte by byte as
//! `docs/store-format.md` says: earlier ones are read, later ones are left as
//! they are, and what contradicts its own version is damage.

use std::fs;
use std::path::Path;

use agogic_schema::{CacheKey, CacheRecord, FeatureTrack, MaxError, Notes, TrackData};
use agogic_store::{FORMAT_VERSION, Store, content_hash};

use crate::cases::*;

/// A chunk file of one plane and one chunk.
struct File {
    version: u32,
    record_version: u32,
    encoding: u32,
    chunk: Vec<u8>,
}

impl File {
    fn raw(version: u32, track: &FeatureTrack) -> Self {
        let chunk = values(track).iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { version, record_version: 1, encoding: 0, chunk }
    }

    fn bytes(&self, key: &CacheKey, track: &FeatureTrack) -> Vec<u8> {
        let frames = (values(track).len() / track.width()) as u64;
        let record = CacheRecord {
            version: self.record_version,
            key: key.clone(),
            provenance: provenance(),
            header: track.header.clone(),
            frames: vec![frames],
            content: content_hash(track),
            max_error: MaxError::LOSSLESS,
            notes: Notes::default(),
        };
        let record = if self.version == 1 {
            let named = rmp_serde::to_vec_named(&record).unwrap();
            // So that records of exact tracks are those of the first version.
            assert!(!named.windows(9).any(|bytes| bytes == b"max_error"));
            named
        } else {
            by_place(&record, self.version)
        };

        let mut name = b"agogic chunk 1\0".to_vec();
        name.extend(key.asset.0);
        for part in [key.profile.as_str(), key.descriptor.as_str()] {
            name.extend((part.len() as u64).to_le_bytes());
            name.extend(part.as_bytes());
        }
        let seed = u64::from_le_bytes(blake3::hash(&name).as_bytes()[..8].try_into().unwrap());

        let mut footer = Vec::new();
        footer.extend((record.len() as u32).to_le_bytes());
        footer.extend(1_u32.to_le_bytes());
        footer.extend(&record);
        if self.version < 3 {
            footer.extend([0_u32, self.encoding].map(u32::to_le_bytes).as_flattened());
        } else {
            footer.extend([0, self.encoding as u16].map(u16::to_le_bytes).as_flattened());
        }
        if self.version == 1 {
            footer.extend([0_u64, 16].map(u64::to_le_bytes).as_flattened());
        }
        footer.extend([frames as u32, self.chunk.len() as u32].map(u32::to_le_bytes).as_flattened());
        footer.extend(twox_hash::XxHash3_64::oneshot_with_seed(seed, &self.chunk).to_le_bytes());
        footer.extend([-100_f32, 0.0].map(f32::to_le_bytes).as_flattened());

        let mut bytes = b"\x89AGOGIC\n".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend([0; 4]);
        let length = (footer.len() as u64).to_le_bytes();
        let hash = blake3::hash(&[&bytes[..], &length, &footer].concat());
        bytes.extend(&self.chunk);
        bytes.extend(footer);
        bytes.extend(length);
        bytes.extend(hash.as_bytes());
        bytes.extend(b"\nAGOEND\x89");
        bytes
    }
}

/// 32 bytes, as MessagePack has bytes.
struct Bytes([u8; 32]);

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// An exact record without notes and inputs, of the default namespace and the
/// master, of a calculator with another name, as files of version 2 or 3 have it.
fn by_place(record: &CacheRecord, version: u32) -> Vec<u8> {
    let (key, from, header) = (&record.key, &record.provenance, &record.header);
    let nothing: Option<()> = None;
    let mut bytes = rmp_serde::to_vec(&(
        record.version,
        ("", Bytes(key.asset.0), "", key.profile.as_str(), key.descriptor.as_str()),
        (from.calculator.as_str(), from.version.to_string(), Bytes(from.revision.0), [(); 0]),
        (&header.unit, header.range, "dense", &header.channels, header.bins, header.rate, &header.planes),
        &record.frames,
        Bytes(record.content.0),
        nothing,
        nothing,
    ))
    .unwrap();
    if version > 2 {
        // Shapes have numbers.
        let name = b"\xa5dense";
        let at = bytes.windows(name.len()).position(|bytes| bytes == name).unwrap();
        bytes.splice(at..at + name.len(), [0]);
    }
    bytes
}

/// A store that holds such a file and nothing else.
fn placed(root: &Path, key: &CacheKey, bytes: &[u8]) -> Store {
    let store = Store::open(root).unwrap();
    let path = chunk_file(root, key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    store
}

#[test]
fn files_of_earlier_versions_are_read() {
    for version in 1..FORMAT_VERSION {
        let dir = tempfile::tempdir().unwrap();
        let track = dense("t.d", &["left", "right"], 3, 50);
        let key = key(1, "t.d");
        // As a program of that time left its folder.
        let store = placed(dir.path(), &key, &File::raw(version, &track).bytes(&key, &track));
        drop(store);
        fs::write(dir.path().join("VERSION"), format!("{version}\n")).unwrap();

        let store = Store::open(dir.path()).unwrap();
        let now = fs::read_to_string(dir.path().join("VERSION")).unwrap();
        assert_eq!(now, format!("{FORMAT_VERSION}\n"));
        assert_eq!(store.read(&key).unwrap().as_ref(), Some(&track));
        let records = store.records(&key.asset, None).unwrap();
        assert_eq!(records[0].record.content, content_hash(&track));
        assert!(records[0].record.max_error.is_lossless());
        let report = store.inspect(|_, _| ()).unwrap();
        assert_eq!((report.files, report.damaged.len(), report.newer.len()), (1, 0, 0));
        // The next to publish it writes it as it is written today.
        let file = chunk_file(dir.path(), &key);
        assert_eq!(u32::from(fs::read(&file).unwrap()[8]), version);
        assert_eq!(publish(&store, &key, &track).content, records[0].record.content);
        assert_eq!(u32::from(fs::read(&file).unwrap()[8]), FORMAT_VERSION);
        assert_eq!(store.read(&key).unwrap(), Some(track));
    }
}

/// Packed chunks of version 2 have all blocks filled up, count their runs where
/// there are none, and leave nothing out.
#[test]
fn packed_chunks_of_the_second_version_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut track = dense("t.d", &["mono"], 1, 5);
    let TrackData::Dense(plane) = &mut track.data else { unreachable!() };
    plane.data = vec![0.0, 0.5, 1.5, 0.0, 0.0];
    let key = key(1, "t.d");
    // Steps of a half, of which each number is told from the one before:
    // 0 1 3 0 0, so 0 1 2 -3 0, folded 0 2 4 5 0, in three bits each.
    let mut chunk = vec![1, 1, 0, 0];
    chunk.extend([0.5, f32::NEG_INFINITY].map(f32::to_le_bytes).as_flattened());
    chunk.extend([0, 0, 0, 0, 3, 0]);
    chunk.extend([0_u32, 2, 4, 5].map(u32::to_le_bytes).as_flattened());
    chunk.extend([0; 32 + 2]);
    let file = File { version: 2, record_version: 1, encoding: 2, chunk };
    let store = placed(dir.path(), &key, &file.bytes(&key, &track));
    assert_eq!(store.read(&key).unwrap(), Some(track));
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.files, report.renewed, report.damaged.len()), (1, 1, 0));
}

/// Files of earlier versions are written anew: those that were read, when
/// others are published; all of them, when the cache is repaired.
#[test]
fn files_of_earlier_versions_are_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let tracks = ["t.a", "t.b", "t.c"].map(|name| dense(name, &["left", "right"], 3, 50));
    let keys = ["t.a", "t.b", "t.c"].map(|name| key(1, name));
    let mut store = None;
    for ((key, track), version) in keys.iter().zip(&tracks).zip([1, 2, 1]) {
        store = Some(placed(dir.path(), key, &File::raw(version, track).bytes(key, track)));
    }
    let store = store.unwrap();
    let versions = || keys.each_ref().map(|key| fs::read(chunk_file(dir.path(), key)).unwrap()[8]);
    assert_eq!(store.read(&keys[1]).unwrap().as_ref(), Some(&tracks[1]));
    assert_eq!(versions(), [1, 2, 1]);
    publish(&store, &key(2, "t.a"), &tracks[0]);
    assert_eq!(versions(), [1, 3, 1]);
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.renewed, report.damaged.len()), (2, 0));
    assert_eq!(versions(), [3, 3, 3]);
    for (key, track) in keys.iter().zip(&tracks) {
        assert_eq!(store.read(key).unwrap().as_ref(), Some(track));
    }
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.renewed, report.refreshed, report.adopted), (0, 0, 0));
    assert_eq!(store.stats().unwrap().entries, 4);
}

#[test]
fn tracks_are_packed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let track = log_mel("t.d", 900);
    let key = key(1, "t.d");
    let old = File::raw(1, &track).bytes(&key, &track);
    let store = placed(dir.path(), &key, &old);
    let file = chunk_file(dir.path(), &key);
    let length = || fs::metadata(&file).unwrap().len() as usize;
    let version = || store.reader(&key).unwrap().unwrap().format_version();
    assert_eq!(version(), 1);
    let known = store.reader(&key).unwrap().unwrap().record().clone();

    assert_eq!(store.repack(&key, MaxError::LOSSLESS).unwrap().as_ref(), Some(&known));
    assert_eq!(store.read(&key).unwrap().as_ref(), Some(&track));
    assert!(version() == FORMAT_VERSION && length() < old.len() * 8 / 10);
    let exact = fs::read(&file).unwrap();
    assert_eq!(store.repack(&key, MaxError::LOSSLESS).unwrap(), Some(known));
    assert_eq!(fs::read(&file).unwrap(), exact);

    let bound: MaxError = "0.01 dB".parse().unwrap();
    let record = store.repack(&key, bound).unwrap().unwrap();
    assert_eq!(record.max_error, bound);
    assert_eq!(record.content, content_hash(&store.read(&key).unwrap().unwrap()));
    assert!(record.content != content_hash(&track) && length() < old.len() * 4 / 10);
    // Errors do not add up.
    for bound in ["lossless", "1 dB"] {
        assert_eq!(store.repack(&key, bound.parse().unwrap()).unwrap().as_ref(), Some(&record));
    }

    for (track, exact) in [(events("t.e", 7), true), (peaks("t.p", &[900, 225]), false)] {
        let key = crate::cases::key(1, track.header.descriptor.as_str());
        let before = publish(&store, &key, &track);
        let after = store.repack(&key, "1 absolute".parse().unwrap()).unwrap().unwrap();
        assert_eq!((after == before, after.max_error.is_lossless()), (exact, exact));
        assert_eq!(after.frames, before.frames);
    }
    assert_eq!(store.repack(&crate::cases::key(9, "t.d"), bound).unwrap(), None);
}

#[test]
fn files_of_later_versions_are_left_alone() {
    let track = dense("t.d", &["mono"], 1, 50);
    let key = key(1, "t.d");
    let raw = |version, record_version| File { record_version, ..File::raw(version, &track) };
    for (file, expect) in [
        (raw(4, 1), "format version 4, this program knows 3"),
        (raw(u32::MAX, 9), "format version 4294967295, this program knows 3"),
        (raw(2, 2), "record version 2, this program knows 1"),
        (raw(3, 2), "record version 2, this program knows 1"),
        (File { encoding: 77, chunk: vec![1, 2, 3], ..raw(4, 1) }, "format version 4"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let bytes = file.bytes(&key, &track);
        let store = placed(dir.path(), &key, &bytes);
        let path = chunk_file(dir.path(), &key);
        assert!(store.reader(&key).unwrap().is_none() && store.read(&key).unwrap().is_none());
        assert!(listed(&store, 1).is_empty());
        let report = store.verify(|_, _| ()).unwrap();
        assert_eq!((report.files, report.damaged.len(), report.newer.len()), (1, 0, 1));
        assert!(report.newer[0].reason.contains(expect), "{}", report.newer[0].reason);
        assert!(report.newer[0].path.ends_with("t.d.agc"));
        let stats = store.stats().unwrap();
        assert_eq!((stats.damaged, stats.quarantined, stats.entries), (0, 0, 0));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        // A track that was known, and that a later program has replaced.
        publish(&store, &key, &track);
        fs::write(&path, &bytes).unwrap();
        assert!(listed(&store, 1).is_empty());
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(store.stats().unwrap().damaged, 0);
        publish(&store, &key, &track);
        assert_eq!(store.read(&key).unwrap().as_ref(), Some(&track));
    }
}

#[test]
fn what_contradicts_its_version_is_damage() {
    let track = dense("t.d", &["mono"], 1, 128);
    let key = key(1, "t.d");
    // All zeros, in one block of no bits.
    let mut packed = vec![0; 16];
    packed[8..12].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    packed.extend([0; 4]);
    let file =
        |version, chunk: &[u8]| File { version, record_version: 1, encoding: 2, chunk: chunk.to_vec() };
    let changed = |at: usize, to: u8| {
        let mut packed = packed.clone();
        packed[at] = to;
        packed
    };
    for (file, expect) in [
        (file(2, &packed), "content hash differs"),
        (file(1, &packed), "chunk 0 contradicts the chunk table"),
        (file(2, &packed[..16]), "chunk 0 contradicts the chunk table"),
        (file(2, &packed[..19]), "chunk 0 contradicts the chunk table"),
        (file(3, &packed), "content hash differs"),
        (file(3, &packed[..12]), "chunk 0 contradicts the chunk table"),
        (file(3, &packed[..16]), "chunk 0 is not readable: its blocks are cut off"),
        (File { encoding: 3, ..file(3, &packed) }, "chunk 0 contradicts the chunk table"),
        (file(2, &changed(0, 9)), "chunk 0 is not readable: its mapping is not valid"),
        (file(2, &changed(16, 1)), "chunk 0 is not readable: its blocks are cut off"),
        (file(2, &changed(12, 1)), "chunk 0 is not readable: its kept values are cut off"),
        (File { encoding: 0, ..file(2, &packed) }, "chunk 0 contradicts the chunk table"),
        (File { encoding: 3, ..file(2, &packed) }, "chunk 0 contradicts the chunk table"),
        (File::raw(0, &track), "unknown format version 0"),
        (File { record_version: 0, ..File::raw(2, &track) }, "unknown record version 0"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let bytes = file.bytes(&key, &track);
        let store = placed(dir.path(), &key, &bytes);
        let report = store.verify(|_, _| ()).unwrap();
        assert_eq!(report.damaged.len(), 1, "{expect}");
        assert!(report.damaged[0].reason.contains(expect), "{} / {expect}", report.damaged[0].reason);
        let store = placed(dir.path(), &key, &bytes);
        // Reading does not look at the content hash.
        let read = store.read(&key).unwrap();
        assert!(read.is_none_or(|read| expect == "content hash differs" && values(&read) == [0.0; 128]));
    }
}
