//! A hundred thousand seeded injuries to chunk files and to the index: none is
//! ever served, each is a miss that is counted, and what is computed anew takes
//! its place. `AGOGIC_CORRUPTIONS` says how many there are.

use std::fs;
use std::path::{Path, PathBuf};

use agogic_schema::{AssetId, CacheKey, FeatureTrack};
use agogic_store::Store;

use crate::cases::*;

/// Numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, of: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % of as u64) as usize
    }

    /// A range of at least one.
    fn range(&mut self, of: usize) -> std::ops::Range<usize> {
        let start = self.roll(of);
        let most = (of - start).min(1 << self.roll(14));
        start..start + 1 + self.roll(most)
    }
}

/// Ways to injure a file; `other` is one that may stand in its place.
fn injure(good: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = good.to_vec();
    match dice.roll(8) {
        0 | 1 => bytes[dice.roll(good.len())] ^= 1 << dice.roll(8),
        2 => {
            for _ in 0..1 + dice.roll(16) {
                bytes[dice.roll(good.len())] ^= 1 << dice.roll(8);
            }
        }
        3 => bytes.truncate(dice.roll(good.len())),
        4 => bytes[dice.range(good.len())].fill(0),
        5 => {
            let (a, b) = (dice.range(good.len()), dice.roll(good.len()));
            let length = a.len().min(good.len() - b);
            let (from, to) = (good[b..b + length].to_vec(), good[a.start..a.start + length].to_vec());
            bytes[a.start..a.start + length].copy_from_slice(&from);
            bytes[b..b + length].copy_from_slice(&to);
        }
        6 => {
            let range = dice.range(good.len());
            bytes[range].iter_mut().for_each(|byte| *byte = dice.roll(256) as u8);
        }
        _ => bytes = other.to_vec(),
    }
    bytes
}

/// A folder in memory where there is one: what is removed and made again a
/// hundred thousand times takes some file systems minutes.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A new file: cutting one to nothing first makes some file systems write.
fn put(file: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(file);
    fs::write(file, bytes).unwrap();
}

fn count() -> usize {
    std::env::var("AGOGIC_CORRUPTIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000)
}

/// A track, its file, and the bytes of it.
type Held = (CacheKey, FeatureTrack, PathBuf, Vec<u8>);

/// A cache with tracks of every kind.
fn cache(root: &Path) -> (Store, Vec<Held>) {
    let store = Store::open(root).unwrap();
    let tracks = [
        dense("t.dense", &["left", "right"], 3, 50),
        log_mel("t.chunks", 300),
        events("t.events", 40),
        peaks("t.peaks", &[60, 15]),
    ];
    for track in &tracks {
        publish(&store, &key(1, track.header.descriptor.as_str()), track);
    }
    bounded(&store, &key(1, "t.bounded"), &log_mel("t.bounded", 60), "0.01 dB");
    // Equal in all but the asset.
    publish(&store, &key(2, "t.dense"), &tracks[0]);
    let keys = tracks.iter().map(|track| key(1, track.header.descriptor.as_str()));
    let keys = keys.chain([key(1, "t.bounded"), key(2, "t.dense")]);
    let held = keys.map(|key| {
        let file = chunk_file(root, &key);
        let (track, good) = (store.read(&key).unwrap().unwrap(), fs::read(&file).unwrap());
        (key, track, file, good)
    });
    let held = held.collect();
    (store, held)
}

#[test]
fn of_chunk_files() {
    let dir = folder();
    let (store, held) = cache(dir.path());
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let before = store.stats().unwrap().damaged;
    let (mut injuries, mut expected) = (0, 0);
    while injuries < count() {
        let (key, track, file, good) = &held[dice.roll(held.len())];
        let bytes = injure(good, &held[dice.roll(held.len())].3, &mut dice);
        if bytes == *good {
            continue;
        }
        injuries += 1;
        put(file, &bytes);
        // A part now and then, which may be whole: then it is the right one.
        let part = dice.roll(8) == 0 && track.header.descriptor.as_str() == "t.chunks";
        if part && let Some(mut reader) = store.reader(key).unwrap() {
            let start = dice.roll(230) as u64;
            let from = start as usize * 128;
            match reader.frames(0, start..start + 64).unwrap() {
                Some(plane) => assert!(plane.data == values(track)[from..from + 64 * 128], "{injuries}"),
                None => expected += 1,
            }
        } else if !part {
            assert_eq!(store.read(key).unwrap(), None, "{injuries}");
            expected += 1;
        } else {
            expected += 1;
        }
        if injuries % 100 == 0 {
            // It is computed again.
            if key.descriptor.as_str() == "t.bounded" {
                bounded(&store, key, &log_mel("t.bounded", 60), "0.01 dB");
            } else {
                publish(&store, key, track);
            }
            assert_eq!(store.read(key).unwrap().as_ref(), Some(track), "{injuries}");
        }
        put(file, good);
        if injuries % 250 == 0 {
            assert_eq!(store.stats().unwrap().damaged - before, expected, "{injuries}");
            store.clear_quarantine().unwrap();
        }
    }
    assert_eq!(store.stats().unwrap().damaged - before, expected);
    for (key, track, ..) in &held {
        assert_eq!(store.read(key).unwrap().as_ref(), Some(track));
    }
}

/// The index and its journal, closed and as they are in the middle of a life.
#[test]
fn of_the_index() {
    let dir = folder();
    let root = dir.path().join("cache");
    let (store, held) = cache(&root);
    let asset = AssetId([1; 32]);
    let expect = store.records(&asset, None).unwrap();
    let names = ["index.db", "index.db-wal"];
    let open = names.map(|name| fs::read(root.join(name)).unwrap_or_default());
    drop(store);
    let closed = [fs::read(root.join("index.db")).unwrap(), Vec::new()];
    let mut dice = Dice(0x0bad_cafe_dead_beef);
    for injury in 0..count() / 50 {
        let mut bytes = if dice.roll(2) == 0 { open.clone() } else { closed.clone() };
        let which = if bytes[1].is_empty() { 0 } else { dice.roll(2) };
        bytes[which] = injure(&bytes[which], &open[0], &mut dice);
        for (name, bytes) in names.iter().zip(&bytes) {
            let path = root.join(name);
            if bytes.is_empty() { drop(fs::remove_file(path)) } else { put(&path, bytes) }
        }
        let _ = fs::remove_file(root.join("index.db-shm"));
        let store = Store::open(&root).unwrap();
        assert_eq!(store.records(&asset, None).unwrap(), expect, "{injury}");
        let (key, track, ..) = &held[dice.roll(held.len())];
        assert_eq!(store.read(key).unwrap().as_ref(), Some(track), "{injury}");
        if injury % 250 == 0 {
            store.clear_quarantine().unwrap();
        }
    }
    let store = Store::open(&root).unwrap();
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.files, report.damaged.len()), (6, 0));
}
