//! Whatever happens to a chunk file, it is a miss, it is counted once, and a
//! new track takes its place.

use std::fs;

use agogic_schema::{FeatureTrack, TrackData};
use agogic_store::Store;

use crate::cases::*;

/// A store with one small track, and its file.
struct Case {
    _dir: tempfile::TempDir,
    root: std::path::PathBuf,
    store: Store,
    track: FeatureTrack,
    file: std::path::PathBuf,
    good: Vec<u8>,
}

impl Case {
    fn new(track: FeatureTrack) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_path_buf();
        let store = Store::open(&root).unwrap();
        let key = key(1, track.header.descriptor.as_str());
        publish(&store, &key, &track);
        let file = chunk_file(&root, &key);
        let good = fs::read(&file).unwrap();
        Self { _dir: dir, root, store, track, file, good }
    }

    fn key(&self) -> agogic_schema::CacheKey {
        key(1, self.track.header.descriptor.as_str())
    }

    /// With these bytes in place of the good ones, reading misses, counts one
    /// damage and takes the file away.
    fn check_miss(&self, bytes: &[u8], what: &str) {
        fs::write(&self.file, bytes).unwrap();
        let before = self.store.stats().unwrap();
        assert_eq!(self.store.read(&self.key()).unwrap(), None, "{what}");
        assert_eq!(self.store.read(&self.key()).unwrap(), None, "{what}");
        let after = self.store.stats().unwrap();
        assert_eq!(after.damaged, before.damaged + 1, "{what}");
        assert_eq!(after.quarantined, before.quarantined + 1, "{what}");
        assert!(!self.file.exists(), "{what}");
    }

    /// As [`Self::check_miss`], found by listing instead.
    fn check_unlisted(&self, bytes: &[u8], what: &str) {
        publish(&self.store, &self.key(), &self.track);
        fs::write(&self.file, bytes).unwrap();
        let before = self.store.stats().unwrap().damaged;
        assert!(listed(&self.store, 1).is_empty() && listed(&self.store, 1).is_empty(), "{what}");
        let stats = self.store.stats().unwrap();
        assert_eq!((stats.damaged, stats.entries), (before + 1, 0), "{what}");
    }
}

fn small() -> [FeatureTrack; 3] {
    [dense("t.d", &["mono"], 2, 9), events("t.e", 5), peaks("t.p", &[4, 1])]
}

#[test]
fn every_flipped_byte() {
    for case in small().map(Case::new) {
        for at in 0..case.good.len() {
            let mut bytes = case.good.clone();
            bytes[at] ^= 1 << (at % 8);
            case.check_miss(&bytes, &format!("byte {at}"));
            if at % 29 == 0 {
                case.check_unlisted(&bytes, &format!("byte {at}"));
            }
        }
        publish(&case.store, &case.key(), &case.track);
        assert_eq!(case.store.read(&case.key()).unwrap().as_ref(), Some(&case.track));
    }
}

#[test]
fn every_length() {
    for case in small().map(Case::new) {
        for length in 0..case.good.len() {
            case.check_miss(&case.good[..length], &format!("{length} bytes"));
            if length % 31 == 0 {
                case.check_unlisted(&case.good[..length], &format!("{length} bytes"));
            }
        }
        let longer = [&case.good[..], &[0]].concat();
        case.check_miss(&longer, "a byte more");
        // A hole as long as no disk.
        fs::write(&case.file, &case.good).unwrap();
        fs::OpenOptions::new().write(true).open(&case.file).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(case.store.read(&case.key()).unwrap(), None);
    }
}

#[test]
fn misplaced_chunks() {
    let case = Case::new(dense("t.d", &["mono"], 1, 3 * 8192));
    let length = 4 * 8192;
    // As they are in memory, so that they are equally long.
    let writer = case.store.writer(case.key(), provenance(), case.track.header.clone()).unwrap();
    let mut writer = writer.packing(false);
    let TrackData::Dense(plane) = &case.track.data else { unreachable!() };
    writer.frames(0, &plane.data).unwrap();
    writer.publish().unwrap();
    let mut bytes = fs::read(&case.file).unwrap();
    let (one, two) = bytes[16..16 + 2 * length].split_at_mut(length);
    one.swap_with_slice(two);
    case.check_miss(&bytes, "chunks swapped");

    // The third chunk is sound, and a reader of it never looks at the others.
    fs::write(&case.file, &bytes).unwrap();
    let mut reader = case.store.reader(&case.key()).unwrap().unwrap();
    assert_eq!(reader.frames(0, 17_000..17_010).unwrap().unwrap().data.len(), 10);
    assert_eq!(reader.frames(0, 8_000..9_000).unwrap(), None);
    assert!(!case.file.exists());
}

#[test]
fn files_that_changed_places() {
    let case = Case::new(dense("t.a", &["mono"], 1, 10));
    let other = key(1, "t.b");
    publish(&case.store, &other, &dense("t.b", &["mono"], 1, 10));
    let (a, b) = (&case.file, &chunk_file(&case.root, &other));
    let good = [fs::read(a).unwrap(), fs::read(b).unwrap()];
    for listing in [false, true] {
        fs::write(a, &good[1]).unwrap();
        fs::write(b, &good[0]).unwrap();
        let before = case.store.stats().unwrap().damaged;
        if listing {
            assert!(listed(&case.store, 1).is_empty());
        } else {
            assert_eq!(case.store.read(&case.key()).unwrap(), None);
            assert_eq!(case.store.read(&other).unwrap(), None);
        }
        assert_eq!(case.store.stats().unwrap().damaged, before + 2);
    }
}

#[test]
fn missing_files() {
    let case = Case::new(dense("t.d", &["mono"], 1, 10));
    // (found by, damage counted)
    for (found_by, count) in [("read", 1), ("records", 2), ("verify", 3)] {
        publish(&case.store, &case.key(), &case.track);
        fs::remove_file(&case.file).unwrap();
        match found_by {
            "read" => assert_eq!(case.store.read(&case.key()).unwrap(), None),
            "records" => assert!(listed(&case.store, 1).is_empty()),
            _ => {
                let report = case.store.verify(|_, _| ()).unwrap();
                assert_eq!(report.damaged[0].reason, "the file is missing");
            }
        }
        assert_eq!(case.store.read(&case.key()).unwrap(), None);
        let stats = case.store.stats().unwrap();
        assert_eq!((stats.damaged, stats.entries, stats.quarantined), (count, 0, 0), "{found_by}");
    }
    // Never there, or removed on purpose: a miss, no damage.
    publish(&case.store, &case.key(), &case.track);
    case.store.remove(&case.key()).unwrap();
    assert_eq!(case.store.read(&key(2, "t.d")).unwrap(), None);
    assert_eq!(case.store.stats().unwrap().damaged, 3);
}

#[test]
fn things_that_are_no_files() {
    let case = Case::new(dense("t.d", &["mono"], 1, 10));
    fs::remove_file(&case.file).unwrap();
    fs::create_dir(&case.file).unwrap();
    assert_eq!(case.store.read(&case.key()).unwrap(), None);
    assert_eq!(case.store.stats().unwrap().damaged, 1);
    publish(&case.store, &case.key(), &case.track);
    assert!(case.store.read(&case.key()).unwrap().is_some());
}

#[test]
fn verify_finds_what_reading_would() {
    let case = Case::new(dense("t.a", &["mono"], 1, 100_000));
    for name in ["t.b", "t.c", "t.d"] {
        publish(&case.store, &key(2, name), &dense(name, &["mono"], 1, 10));
    }
    let mut bytes = case.good.clone();
    bytes[300_000] ^= 4;
    fs::write(&case.file, &bytes).unwrap();
    let touched = chunk_file(&case.root, &key(2, "t.b"));
    fs::write(&touched, fs::read(&touched).unwrap()).unwrap();
    fs::remove_file(chunk_file(&case.root, &key(2, "t.c"))).unwrap();

    let mut last = (0, 0);
    let report = case.store.verify(|done, total| last = (done, total)).unwrap();
    assert_eq!(last, (report.bytes, report.bytes));
    assert_eq!((report.files, report.refreshed, report.adopted), (3, 1, 0));
    let damaged: Vec<_> = report.damaged.iter().map(|d| (d.path.file_name().unwrap(), &d.reason)).collect();
    assert_eq!(damaged.len(), 2);
    assert_eq!(
        (damaged[0].0.to_str(), damaged[0].1.as_str()),
        (Some("t.a.agc"), "checksum of chunk 10 differs")
    );
    assert_eq!(damaged[1].0.to_str(), Some("t.c.agc"));
    let stats = case.store.stats().unwrap();
    assert_eq!((stats.damaged, stats.quarantined, stats.entries), (2, 1, 2));
    // The reason lies beside what it is about.
    let reasons = files(&case.root.join("quarantine"));
    assert!(fs::read_to_string(&reasons[1]).unwrap().contains("checksum of chunk 10 differs"));
    let clean = case.store.verify(|_, _| ()).unwrap();
    assert_eq!((clean.files, clean.damaged.len(), clean.refreshed), (2, 0, 0));
}
