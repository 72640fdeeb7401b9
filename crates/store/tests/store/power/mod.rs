//! A loss of power at any moment: what was acknowledged is there, and nothing
//! that was never written.
//!
//! Every operation of a cache's life is written down. After each of them the
//! power goes, and what was not synced is dropped, kept, or torn; the cache
//! must open on what is left. `AGOGIC_POWER` says how many torn disks there are
//! for each moment.

mod recorder;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agogic_schema::{AssetId, CacheKey, FeatureTrack, Namespace};
use agogic_store::{Limits, Store};

use crate::cases::*;
use recorder::{Fate, Recorder, after_power_loss};

/// The index at some moment: its file and its journal.
type Index = Vec<(&'static str, Vec<u8>)>;

/// Tracks that a reader may get. The last is the one that it must get, unless
/// the step is not over; `None` is a miss.
type Values = BTreeMap<CacheKey, Vec<Option<FeatureTrack>>>;

/// A cache's life, and what was acknowledged when.
struct Life {
    dir: tempfile::TempDir,
    disk: Recorder,
    store: Option<Store>,
    values: Values,
    /// After so many operations these values were acknowledged, and the index
    /// was so.
    moments: Vec<(usize, Values, Index)>,
}

impl Life {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (disk, values) = (Recorder::default(), Values::new());
        let mut life = Self { dir, disk, store: None, values, moments: vec![] };
        life.acknowledge();
        life.store = Some(Store::open_on(&life.root(), Arc::new(life.disk.clone())).unwrap());
        life.acknowledge();
        life
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// What the cache holds now is what it holds after a loss of power.
    fn acknowledge(&mut self) {
        let names = ["index.db", "index.db-wal"];
        let index = names.map(|name| Some((name, fs::read(self.root().join(name)).ok()?)));
        let index = index.into_iter().flatten().collect();
        self.moments.push((self.disk.len(), self.values.clone(), index));
    }

    /// Publishes tracks together.
    fn publish(&mut self, tracks: &[(CacheKey, FeatureTrack, &str)]) {
        let writers = tracks.iter().map(|(key, track, bound)| {
            let store = self.store().in_namespace(key.namespace.clone());
            let mut writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
            if !bound.is_empty() {
                writer = writer.max_error(bound.parse().unwrap());
                writer.frames(0, values(track)).unwrap();
                return writer;
            }
            drop(writer);
            written(&store, key, track, 1000)
        });
        self.store().publish_all(writers.collect()).unwrap();
        for (key, ..) in tracks {
            let read = self.store().in_namespace(key.namespace.clone()).read(key).unwrap();
            assert!(read.is_some());
            self.values.entry(key.clone()).or_insert(vec![None]).push(read);
        }
        self.acknowledge();
    }

    fn gone(&mut self, key: &CacheKey) {
        self.values.get_mut(key).unwrap().push(None);
    }
}

fn in_guest(key: CacheKey) -> CacheKey {
    CacheKey { namespace: Namespace::new("guest").unwrap(), ..key }
}

fn life() -> Life {
    let mut life = Life::new();
    let [a, b, c, d] = ["t.a", "t.b", "t.c", "t.d"];
    life.publish(&[(key(1, a), dense(a, &["mono"], 2, 40), "")]);
    life.publish(&[
        (key(1, b), events(b, 5), ""),
        (key(2, c), peaks(c, &[40, 10]), ""),
        (key(2, d), log_mel(d, 300), "0.01 dB"),
    ]);
    // Others in the place of some, one of them much shorter.
    life.publish(&[(key(1, a), dense(a, &["mono"], 2, 3), ""), (key(1, b), events(b, 9), "")]);
    life.store().pin(&AssetId([2; 32])).unwrap();
    life.acknowledge();
    life.publish(&[(in_guest(key(3, a)), dense(a, &["mono"], 1, 20), "")]);
    let guest = life.store().in_namespace(Namespace::new("guest").unwrap());
    guest.set_expiry(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1))).unwrap();
    life.acknowledge();
    assert!(life.store().remove(&key(1, b)).unwrap());
    life.gone(&key(1, b));
    life.acknowledge();
    // A floor that is known at the end.
    let track = dense(c, &["mono"], 4, 9000);
    let mut writer = written(life.store(), &key(4, c), &track, 1000);
    writer.raise_floor(-50.0).unwrap();
    writer.publish().unwrap();
    let read = life.store().read(&key(4, c)).unwrap();
    life.values.insert(key(4, c), vec![None, read]);
    life.acknowledge();
    // The guest's time is over, and a limit leaves room for what is pinned.
    life.store().set_limits(&Limits { size: Some(1000), ..Limits::default() }).unwrap();
    let collection = life.store().collect(false).unwrap().unwrap();
    assert_eq!((collection.guests.len(), collection.gone.len(), collection.failed.len()), (1, 3, 0));
    for key in [in_guest(key(3, a)), key(1, a), key(4, c)] {
        life.gone(&key);
    }
    life.acknowledge();
    life.publish(&[(key(2, c), peaks(c, &[4, 1]), "")]);
    // Damage is moved aside.
    let file = chunk_file(&life.root(), &key(2, c));
    fs::write(&file, "damaged").unwrap();
    assert_eq!(life.store().read(&key(2, c)).unwrap(), None);
    life.gone(&key(2, c));
    life.acknowledge();
    life
}

/// Opens what is left of a life after `ops` operations and asks for every track.
fn check(life: &Life, ops: usize, fate: Fate, index: Option<&Index>) {
    let what =
        || format!("after {ops} operations, {fate:?}, {}", if index.is_some() { "index" } else { "none" });
    let left = tempfile::tempdir().unwrap();
    let root = left.path().join("cache");
    after_power_loss(&life.disk.ops()[..ops], &life.root(), fate, &root);
    for (name, bytes) in index.into_iter().flatten() {
        if root.is_dir() {
            fs::write(root.join(name), bytes).unwrap();
        }
    }
    let moment = life.moments.iter().rposition(|(at, ..)| *at <= ops).unwrap();
    let sure = &life.moments[moment].1;
    let next = &life.moments.get(moment + 1).unwrap_or(&life.moments[moment]).1;

    let store = Store::open(&root).unwrap_or_else(|error| panic!("{}: {error}", what()));
    let everything = life.values.iter();
    for (key, all) in everything {
        let store = store.in_namespace(key.namespace.clone());
        let found = store.read(key).unwrap_or_else(|error| panic!("{}: {error}", what()));
        let known = next.get(key).map_or(0, Vec::len);
        assert!(found.is_none() || all[..known].contains(&found), "{}: {key:?} is another", what());
        let [sure, next] = [sure, next].map(|values| values.get(key));
        if let (Some(sure), true) = (sure, sure == next) {
            match sure.last().unwrap() {
                Some(_) => assert_eq!(&found, sure.last().unwrap(), "{}: {key:?}", what()),
                // The name of a file that was removed may come back.
                None => assert!(found.is_none() || sure.contains(&found), "{}: {key:?}", what()),
            }
        }
    }
    let report = store.verify(|_, _| ()).unwrap_or_else(|error| panic!("{}: {error}", what()));
    if index.is_none() {
        // No file has its place before it is whole.
        assert_eq!(report.damaged, [], "{}", what());
    }
    store.set_limits(&Limits::default()).unwrap();
    let again = dense("t.again", &["mono"], 1, 3);
    publish(&store, &key(9, "t.again"), &again);
    assert_eq!(store.read(&key(9, "t.again")).unwrap(), Some(again), "{}", what());
}

#[test]
fn every_moment() {
    let life = life();
    let torn = std::env::var("AGOGIC_POWER").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let last = life.disk.len();
    assert!(last > 100, "{last} operations");
    let mut indexes = life.moments.iter().map(|(at, _, index)| (*at, index)).cycle();
    for ops in 0..=last {
        check(&life, ops, Fate::Dropped, None);
        check(&life, ops, Fate::Kept, None);
        for seed in 0..torn {
            let fate = Fate::Torn(1 + (ops as u64 * torn + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            // None, or one from before: rows are written after the files.
            let index = if seed % 2 == 0 { None } else { indexes.by_ref().find(|(at, _)| *at <= ops) };
            check(&life, ops, fate, index.map(|(_, index)| index));
        }
    }
}

/// What the test is worth: without syncing, it finds that tracks are lost.
#[test]
fn a_disk_that_forgets_is_noticed() {
    let life = life();
    let ops: Vec<_> = life.disk.ops();
    let without: Vec<_> = ops
        .into_iter()
        .filter(|op| !matches!(op, recorder::Op::Sync(_) | recorder::Op::SyncFolder(_)))
        .collect();
    let left = tempfile::tempdir().unwrap();
    let root: &Path = &left.path().join("cache");
    let mut lost = 0;
    for seed in 1..20 {
        let _ = fs::remove_dir_all(root);
        after_power_loss(&without, &life.root(), Fate::Torn(seed * 0x9e37_79b9), root);
        let store = Store::open(root).unwrap();
        lost += u64::from(store.read(&key(2, "t.d")).unwrap().is_none());
    }
    assert!(lost > 0);
}
