//! Bundles: what one cache writes, another has, and nothing else gets in.

use std::fs;
use std::path::{Path, PathBuf};

use agogic_schema::{CacheKey, CacheRecord, FeatureTrack, Namespace, Stem, Version};
use agogic_store::{Bundle, Caps, Exported, Fate, Store, StoreError};

use crate::cases::*;

/// A cache with a track of every kind, and a folder for bundles.
struct Case {
    dir: tempfile::TempDir,
    store: Store,
    keys: Vec<CacheKey>,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("cache")).unwrap();
        let tracks =
            [dense("t.d", &["mono"], 2, 9), events("t.e", 5), peaks("t.p", &[4, 1]), log_mel("t.m", 200)];
        let mut keys = vec![];
        for track in &tracks {
            let key = key(1, track.header.descriptor.as_str());
            publish(&store, &key, track);
            keys.push(key);
        }
        bounded(&store, &key(2, "t.b"), &log_mel("t.b", 130), "0.01 dB");
        let drums = store.of_stem(Stem::new("drums").unwrap());
        let stem = CacheKey { stem: Stem::new("drums").unwrap(), ..key(2, "t.d") };
        publish(&drums, &stem, &dense("t.d", &["mono"], 2, 7));
        keys.extend([key(2, "t.b"), stem]);
        Self { dir, store, keys }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn export(&self, keys: &[CacheKey]) -> (PathBuf, Exported) {
        let path = self.path("tracks.agb");
        let exported = self.store.export(keys, &path, true, |_, _| true).unwrap();
        (path, exported)
    }
}

fn open(path: &Path) -> Bundle {
    Bundle::open(path, Caps::default()).unwrap()
}

/// What a store has under these keys, in its namespace.
fn held(store: &Store, keys: &[CacheKey], namespace: &Namespace) -> Vec<Option<(CacheRecord, FeatureTrack)>> {
    let read = |key: &CacheKey| {
        let key = CacheKey { namespace: namespace.clone(), ..key.clone() };
        let mut reader = store.reader(&key).unwrap()?;
        let record = CacheRecord {
            key: CacheKey { namespace: Namespace::default(), ..key },
            ..reader.record().clone()
        };
        Some((record, reader.read_all().unwrap().unwrap()))
    };
    keys.iter().map(read).collect()
}

#[test]
fn everything_arrives_in_any_namespace() {
    let case = Case::new();
    let (path, exported) = case.export(&case.keys);
    assert_eq!((exported.tracks, exported.left_out.len()), (6, 0));
    assert_eq!(exported.bytes, fs::metadata(&path).unwrap().len());
    let own = Namespace::default();
    let expect = held(&case.store, &case.keys, &own);
    assert!(expect.iter().all(Option::is_some));
    for name in ["default", "anna"] {
        let namespace = Namespace::new(name).unwrap();
        let store = Store::open(&case.path(name)).unwrap().in_namespace(namespace.clone());
        let mut last = (0, 0);
        let bundle = open(&path);
        let would = store.import(&bundle, false, true, |_, _| true).unwrap();
        assert!(held(&store, &case.keys, &namespace).iter().all(Option::is_none));
        let imported = store
            .import(&bundle, false, false, |done, total| {
                last = (done, total);
                true
            })
            .unwrap();
        assert_eq!((imported.count(Fate::Added), &imported, last.0), (6, &would, last.1));
        assert_eq!(held(&store, &case.keys, &namespace), expect);
        assert_eq!(store.verify(|_, _| ()).unwrap().damaged, []);
        assert_eq!(store.stats().unwrap().entries, 6);
        // Bounded tracks are as small as they were.
        assert_eq!(imported.bytes, bundle.bytes());
        let again = store.import(&bundle, false, false, |_, _| true).unwrap();
        assert_eq!((again.count(Fate::Present), again.bytes), (6, 0));
    }
    // And back again from there.
    let anna = Namespace::new("anna").unwrap();
    let store = Store::open(&case.path("anna")).unwrap().in_namespace(anna.clone());
    let theirs: Vec<_> =
        case.keys.iter().map(|key| CacheKey { namespace: anna.clone(), ..key.clone() }).collect();
    let back = case.path("back.agb");
    // Of another namespace there is nothing.
    assert_eq!(store.export(&case.keys, &back, false, |_, _| true).unwrap().tracks, 0);
    assert_eq!(store.export(&theirs, &back, true, |_, _| true).unwrap().tracks, 6);
    let home = Store::open(&case.path("home")).unwrap();
    home.import(&open(&back), false, false, |_, _| true).unwrap();
    assert_eq!(held(&home, &case.keys, &own), expect);
}

#[test]
fn what_is_there_already() {
    let case = Case::new();
    let other = Store::open(&case.path("other")).unwrap();
    let [older, same, newer] = ["t.d", "t.e", "t.m"].map(|name| key(1, name));
    let put = |store: &Store, key: &CacheKey, version: Version, frames: usize| {
        let track = dense(key.descriptor.as_str(), &["mono"], 1, frames);
        let mut from = provenance();
        from.version = version;
        let mut writer = store.writer(key.clone(), from, track.header.clone()).unwrap();
        writer.frames(0, values(&track)).unwrap();
        writer.publish().unwrap();
    };
    for (store, key, version, frames) in [
        (&case.store, &older, Version::new(2, 0, 0), 1),
        (&case.store, &same, Version::new(2, 0, 0), 2),
        (&case.store, &newer, Version::new(2, 0, 0), 3),
        (&other, &older, Version::new(1, 0, 0), 4),
        (&other, &same, Version::new(2, 0, 0), 5),
        (&other, &newer, Version::new(3, 0, 0), 6),
    ] {
        put(store, key, version, frames);
    }
    let (path, _) = case.export(&[older.clone(), same.clone(), newer.clone()]);
    let fates = |replace| {
        let imported = other.import(&open(&path), replace, false, |_, _| true).unwrap();
        imported.tracks.into_iter().map(|(_, fate)| fate).collect::<Vec<_>>()
    };
    assert_eq!(fates(false), [Fate::Replaced, Fate::Kept, Fate::Kept]);
    assert_eq!(fates(false), [Fate::Present, Fate::Kept, Fate::Kept]);
    assert_eq!(fates(true), [Fate::Present, Fate::Replaced, Fate::Replaced]);
    assert_eq!(fates(true), [Fate::Present; 3]);
    assert_eq!(other.verify(|_, _| ()).unwrap().damaged, []);
}

/// Refused in a line that names the file, and nothing is published.
#[track_caller]
fn refused(case: &Case, bytes: &[u8], what: &str) -> String {
    let path = case.path("bad.agb");
    fs::write(&path, bytes).unwrap();
    let target = Store::open(&case.path("target")).unwrap();
    let opened = Bundle::open(&path, Caps::default());
    let done = opened.and_then(|bundle| target.import(&bundle, true, false, |_, _| true));
    let error = done.expect_err(what).to_string();
    assert!(error.starts_with("bundle ") && error.contains("bad.agb"), "{what}: {error}");
    assert_eq!(error.lines().count(), 1, "{what}: {error}");
    assert_eq!(target.stats().unwrap().entries, 0, "{what}");
    assert!(files(&case.path("target").join("ns")).is_empty(), "{what}");
    assert!(files(&case.path("target").join("tmp")).is_empty(), "{what}");
    error
}

#[test]
fn every_flipped_byte_and_every_length() {
    let case = Case::new();
    let (path, _) = case.export(&case.keys[..3]);
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        refused(&case, &bytes, &format!("byte {at}"));
        refused(&case, &good[..at], &format!("{at} bytes"));
    }
    refused(&case, &[&good[..], &[0]].concat(), "a byte more");
}

/// A bundle whose manifest was changed by somebody who knows the format.
fn forged(good: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let end = good.len() - 48;
    let length = u64::from_le_bytes(good[end..end + 8].try_into().unwrap()) as usize;
    let mut manifest = good[end - length..end].to_vec();
    change(&mut manifest);
    let mut bytes = good[..end - length].to_vec();
    bytes.extend(&manifest);
    bytes.extend((manifest.len() as u64).to_le_bytes());
    bytes.extend(blake3_of(&manifest));
    bytes.extend(&good[good.len() - 8..]);
    bytes
}

fn blake3_of(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// Puts other bytes in place of the first that are so.
fn swap(bytes: &mut Vec<u8>, from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|some| some == from).expect("it is there");
    bytes.splice(at..at + from.len(), to.iter().copied());
}

#[test]
fn forged_manifests() {
    let case = Case::new();
    let (path, _) = case.export(&case.keys[..2]);
    let good = fs::read(&path).unwrap();
    let word = |text: &str| [&[0xa0 | text.len() as u8][..], text.as_bytes()].concat();
    // Names that lead elsewhere are no names.
    for name in ["../x", "/x", "..", "t\0d", "a/b"] {
        let error = refused(&case, &forged(&good, |m| swap(m, &word("t.d"), &word(name))), name);
        assert!(error.contains("manifest is not readable"), "{error}");
        let error = refused(&case, &forged(&good, |m| swap(m, &word("default"), &word(name))), name);
        assert!(error.contains("manifest is not readable"), "{error}");
    }
    // A good name that is not the track's.
    let error = refused(&case, &forged(&good, |m| swap(m, &word("t.d"), &word("t.x"))), "another");
    assert!(error.contains("not what the manifest says"), "{error}");
    let error = refused(&case, &forged(&good, |m| swap(m, &word("t.d"), &word("t.e"))), "twice");
    assert!(error.contains("twice"), "{error}");
    // The first length is no length of what follows.
    let bytes = word("bytes");
    let huge = [&bytes[..], &[0xcf], &u64::MAX.to_le_bytes()].concat();
    let at = |m: &[u8]| m.windows(bytes.len()).position(|some| some == bytes).unwrap() + bytes.len();
    let error = refused(
        &case,
        &forged(&good, |m| {
            let length = if m[at(m)] == 0xcd { 3 } else { 2 };
            let from = [&bytes[..], &m[at(m)..at(m) + length]].concat();
            swap(m, &from, &huge);
        }),
        "huge",
    );
    assert!(error.contains("shorter than its tracks"), "{error}");
    // More tracks than memory has room for.
    let items = [&word("items")[..], &[0x92]].concat();
    let many = [&word("items")[..], &[0xdd, 0xff, 0xff, 0xff, 0xff]].concat();
    let error = refused(&case, &forged(&good, |m| swap(m, &items, &many)), "many");
    assert!(error.contains("not readable"), "{error}");
    // Another version, and another file altogether.
    let mut later = good.clone();
    later[8] = 7;
    let error = refused(&case, &later, "later");
    assert!(error.contains("version 7, this program knows 1"), "{error}");
    refused(&case, b"RIFF", "short");
    refused(&case, &[7; 500], "noise");
}

#[test]
fn caps_and_names() {
    let case = Case::new();
    let (path, exported) = case.export(&case.keys);
    for caps in [
        Caps { bytes: exported.bytes - 1, ..Caps::default() },
        Caps { entries: 5, ..Caps::default() },
        Caps { bytes: 0, entries: 0 },
    ] {
        let error = Bundle::open(&path, caps).unwrap_err();
        assert!(matches!(error, StoreError::Bundle { .. }) && error.to_string().contains("are allowed"));
    }
    let bundle = Bundle::open(&path, Caps { bytes: exported.bytes, entries: 6 }).unwrap();
    // Stopped in the middle, neither leaves anything.
    let target = Store::open(&case.path("target")).unwrap();
    for most in [0, bundle.bytes() / 2] {
        let stop = |done, _| done < most;
        assert!(matches!(target.import(&bundle, false, false, stop), Err(StoreError::Stopped)));
        assert!(files(&case.path("target").join("ns")).is_empty());
        let stopped = case.store.export(&case.keys, &case.path("stopped.agb"), false, stop);
        assert!(matches!(stopped, Err(StoreError::Stopped)));
    }
    // What is there stays, and nothing half-written stands beside it.
    let before = fs::read(&path).unwrap();
    let error = case.store.export(&case.keys[..1], &path, false, |_, _| true).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    for wrong in ["nowhere/x.agb", "cache"] {
        let error = case.store.export(&case.keys, &case.path(wrong), true, |_, _| true).unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(error.to_string().contains(wrong), "{error}");
    }
    let names: Vec<_> =
        fs::read_dir(case.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(Bundle::open(&case.path("cache"), Caps::default()).is_err());
    assert!(Bundle::open(&case.path("nothing"), Caps::default()).is_err());
}

#[test]
fn damaged_tracks_are_left_out_and_counted() {
    let case = Case::new();
    let file = chunk_file(&case.path("cache"), &case.keys[3]);
    let mut bytes = fs::read(&file).unwrap();
    bytes[5000] ^= 1;
    fs::write(&file, bytes).unwrap();
    fs::remove_file(chunk_file(&case.path("cache"), &case.keys[0])).unwrap();
    let (path, exported) = case.export(&case.keys);
    assert_eq!(exported.tracks, 4);
    assert_eq!(exported.left_out.len(), 1);
    assert!(exported.left_out[0].0 == case.keys[3] && exported.left_out[0].1.contains("chunk 0"));
    assert_eq!(case.store.stats().unwrap().quarantined, 1);
    assert_eq!(open(&path).tracks(), 4);
}
