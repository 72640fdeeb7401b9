//! Limits, pins, guests, namespaces and stems, and what is told of them.

use std::fs;
use std::time::{Duration, SystemTime};

use agogic_schema::{AssetId, CacheKey, CalculatorId, Namespace, Stem};
use agogic_store::{AssetInfo, FileStamp, Filter, Limits, Store, Use, Why};

use crate::cases::{dense, files, key, listed, log_mel, provenance, publish};

fn name(text: &str) -> Namespace {
    Namespace::new(text).unwrap()
}

/// Publishes a track of some kilobytes.
fn put(store: &Store, asset: u8) -> CacheKey {
    let key = store.key(AssetId([asset; 32]), &key(asset, "t.a").profile, &key(asset, "t.a").descriptor);
    publish(store, &key, &dense("t.a", &["mono"], 1, 1000));
    key
}

fn there(store: &Store, keys: &[CacheKey]) -> Vec<bool> {
    keys.iter().map(|key| store.reader(key).unwrap().is_some()).collect()
}

#[test]
fn nobody_finds_what_is_anothers() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let anna = store.in_namespace(name("anna"));
    let hers = put(&anna, 1);
    assert!(anna.reader(&hers).unwrap().is_some());
    assert!(store.reader(&hers).unwrap().is_none() && !store.remove(&hers).unwrap());
    assert!(store.writer(hers.clone(), provenance(), dense("t.a", &["mono"], 1, 1).header).is_err());
    assert!(listed(&store, 1).is_empty());
    assert!(store.reader(&CacheKey { namespace: Namespace::default(), ..hers.clone() }).unwrap().is_none());
    assert!(store.entries(|_| true).unwrap().is_empty());
    // A file that is put into another's folder does not answer there.
    let [file] = &files(&dir.path().join("ns"))[..] else { panic!("one file") };
    let to = dir.path().join("ns/default").join(file.strip_prefix(dir.path().join("ns/anna")).unwrap());
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(file, to).unwrap();
    assert!(listed(&store, 1).is_empty());
    assert_eq!(store.stats().unwrap().damaged, 1);
    assert_eq!(store.namespaces().unwrap(), [name("anna"), name("default")]);
}

#[test]
fn a_stem_is_another_track() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let drums = store.of_stem(Stem::new("drums").unwrap());
    let [master, drum] = [put(&store, 1), put(&drums, 1)];
    assert_ne!(master, drum);
    for (store, own) in [(&store, &master), (&drums, &drum)] {
        let records = store.records(&AssetId([1; 32]), None).unwrap();
        let keys: Vec<_> = records.into_iter().map(|entry| entry.record.key).collect();
        assert_eq!(keys, std::slice::from_ref(own));
    }
    // Also where the index is lost.
    drop((store, drums));
    fs::remove_file(dir.path().join("index.db")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    let drums = store.of_stem(Stem::new("drums").unwrap());
    assert_eq!(drums.records(&AssetId([1; 32]), None).unwrap()[0].record.key, drum);
    let all = store.verify(|_, _| ()).unwrap();
    assert_eq!((all.files, all.damaged.len()), (2, 0));
}

#[test]
fn the_longest_unused_goes_and_limits_hold_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
    let mut keys: Vec<_> = (1..=4).map(|asset| put(&one, asset)).collect();
    let each = one.stats().unwrap().bytes / 4;
    one.pin(&AssetId([2; 32])).unwrap();
    // One is used again, by another process.
    drop(one.reader(&keys[0]).unwrap());
    one.set_limits(&Limits { size: Some(5 * each), ..Limits::default() }).unwrap();
    assert_eq!(other.collect(true).unwrap().unwrap().gone, []);
    one.set_limits(&Limits { size: Some(4 * each), ..Limits::default() }).unwrap();
    let before = files(dir.path()).len();
    // The other notices when it publishes the fifth.
    keys.push(put(&other, 5));
    assert!(files(dir.path()).len() <= before, "one came, one went at least");
    assert!(other.stats().unwrap().bytes <= 4 * each);
    let left = there(&other, &keys);
    assert!(left[1], "what is pinned stays: {left:?}");
    let report = other.report().unwrap();
    assert!(report.collected.unwrap().1.entries >= 1);
    assert!(report.complaints.is_empty() || report.stats.bytes > 3 * each, "{:?}", report.complaints);

    // A dry run tells what would go and leaves it.
    one.set_limits(&Limits { size: Some(0), ..Limits::default() }).unwrap();
    let dry = other.collect(true).unwrap().unwrap();
    assert!(dry.gone.iter().all(|gone| gone.why == Why::Size) && !dry.gone.is_empty());
    assert_eq!(there(&other, &keys), left);
    let done = other.collect(false).unwrap().unwrap();
    assert_eq!(done.gone.len(), dry.gone.len());
    assert_eq!(there(&other, &keys), [false, true, false, false, false]);
    // Nothing of it was damage.
    assert!(other.verify(|_, _| ()).unwrap().damaged.is_empty());
    one.unpin(&AssetId([2; 32])).unwrap();
    assert_eq!(one.collect(false).unwrap().unwrap().after, 0);
}

#[test]
fn a_lost_index_hides_nothing_from_the_clean_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (1..=3).for_each(|asset| drop(put(&store, asset)));
    drop(store);
    fs::remove_file(dir.path().join("index.db")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.set_limits(&Limits { size: Some(0), ..Limits::default() }).unwrap();
    let done = store.collect(false).unwrap().unwrap();
    assert_eq!((done.gone.len(), done.after), (3, 0));
    assert!(done.gone.iter().all(|gone| gone.key.is_none()));
}

#[test]
fn one_cleans_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let lock = fs::File::create(dir.path().join("locks/collect")).unwrap();
    lock.lock().unwrap();
    assert_eq!(store.collect(false).unwrap(), None);
    drop(lock);
    assert!(store.collect(false).unwrap().is_some());
}

#[test]
fn guests_go_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let guest = store.in_namespace(name("guest:7"));
    let stays = put(&store, 1);
    let goes = [put(&guest, 1), put(&guest, 2)];
    guest.pin(&AssetId([1; 32])).unwrap();
    let soon = SystemTime::now() + Duration::from_secs(3600);
    guest.set_expiry(Some(soon)).unwrap();
    assert!(guest.expiry().unwrap() <= soon && store.expiry().is_none());
    assert_eq!(store.collect(false).unwrap().unwrap().guests, []);
    guest.set_expiry(Some(SystemTime::UNIX_EPOCH)).unwrap();
    let done = store.collect(false).unwrap().unwrap();
    assert_eq!(done.guests, [name("guest:7")]);
    assert!(done.gone.iter().all(|gone| gone.why == Why::Guest));
    assert_eq!(there(&guest, &goes), [false, false]);
    assert_eq!((there(&store, &[stays]), guest.pinned()), (vec![true], vec![]));
    assert_eq!(store.namespaces().unwrap(), [Namespace::default()]);
    assert!(store.verify(|_, _| ()).unwrap().damaged.is_empty());
    // It may come back, and stays then.
    put(&guest, 1);
    assert_eq!(guest.expiry(), None);
}

#[test]
fn uses_are_counted_over_processes() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
    let (asset, mel) = (AssetId([1; 32]), CalculatorId::new("agogic.mel").unwrap());
    let used = |hits, misses| Use { hits, misses, busy: Duration::from_millis(10 * misses) };
    put(&one, 1);
    one.count_use(&asset, &mel, used(0, 3));
    drop(one);
    other.count_use(&asset, &mel, used(1, 0));
    other.in_namespace(name("anna")).count_use(&asset, &mel, used(0, 5));
    let report = other.report().unwrap();
    assert_eq!(report.calculators[&mel].used, used(1, 3).clone());
    assert_eq!(report.assets[&asset].used.hit_rate(), Some(0.25));
    assert_eq!(report.assets[&asset].total.entries, 1);
    assert_eq!(report.namespaces[&name("anna")].used, used(0, 5));
}

#[test]
fn what_a_filter_names_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for asset in [1, 2] {
        for id in ["t.a", "t.b", "u.c"] {
            publish(&store, &key(asset, id), &dense(id, &["mono"], 1, 10));
        }
    }
    let left = |filter: &Filter| {
        let found = store.entries(|record| filter.matches(record)).unwrap();
        store.remove_all(&found).unwrap();
        [listed(&store, 1).len(), listed(&store, 2).len()]
    };
    let named = |id: &str| key(1, id).descriptor;
    assert_eq!(left(&Filter { assets: vec![AssetId([9; 32])], ..Filter::default() }), [3, 3]);
    assert_eq!(left(&Filter { descriptors: vec![named("t.a")], ..Filter::default() }), [2, 2]);
    let of_one = Filter { assets: vec![AssetId([1; 32])], prefix: Some("u.".into()), ..Filter::default() };
    assert_eq!(left(&of_one), [1, 2]);
    assert_eq!(left(&Filter::default()), [0, 0]);
    assert!(store.verify(|_, _| ()).unwrap().damaged.is_empty());
}

#[test]
fn parts_are_read_once_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let key = put(&store, 1);
    let reader = || store.reader(&key).unwrap().unwrap().through_memory();
    let expect = store.read(&key).unwrap().unwrap();
    let agogic_schema::TrackData::Dense(plane) = &expect.data else { panic!("dense") };
    for _ in 0..3 {
        assert_eq!(reader().frames(0, 5..9).unwrap().unwrap().data, plane.data[5..9]);
    }
    let counts = store.report().unwrap().memory.kinds["parts"];
    assert_eq!((counts.misses, counts.hits), (1, 2));
    // Without room nothing is kept, and all is read all the same.
    store.set_limits(&Limits { memory: 0, ..Limits::default() }).unwrap();
    assert_eq!(store.report().unwrap().memory.entries, 0);
    assert_eq!(reader().frames(0, 5..9).unwrap().unwrap().data, plane.data[5..9]);
    assert_eq!(reader().warm(|| true).unwrap(), Some(0));
    store.set_limits(&Limits::default()).unwrap();
    assert_eq!((reader().warm(|| false).unwrap(), reader().warm(|| true).unwrap()), (Some(0), Some(1)));
}

#[test]
fn audio_that_is_nowhere_any_more_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("cache")).unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let info = AssetInfo { sample_rate: 44_100, channels: 2, samples: 99, codec: "flac".into() };
    // What changed just now is not remembered until it has aged a little.
    let remember = |path: &std::path::Path, text: &str, asset: u8| {
        fs::write(path, text).unwrap();
        loop {
            let stamp = FileStamp::of(path).unwrap();
            store.remember_asset(&stamp, &AssetId([asset; 32]), Some(&info)).unwrap();
            if store.asset(&stamp).unwrap().is_some() {
                break;
            }
        }
    };
    let keys = [1, 2, 3].map(|asset| put(&store, asset));
    remember(&one, "a", 1);
    remember(&two, "a", 1);
    remember(&one, "b", 2);
    assert_eq!(there(&store, &keys), [true; 3], "it is in the other file still");
    remember(&two, "b", 2);
    assert_eq!(there(&store, &keys), [false, true, true]);
    store.pin(&AssetId([2; 32])).unwrap();
    remember(&one, "c", 3);
    remember(&two, "c", 3);
    assert_eq!(there(&store, &keys), [false, true, true]);
}

#[test]
fn what_is_not_enabled_is_not_found_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
    let before = put(&one, 1);
    let [on, off] = [true, false].map(|enabled| Limits { enabled, ..Limits::default() });
    one.set_limits(&off).unwrap();
    assert_eq!(one.records(&before.asset, None).unwrap(), []);
    let meanwhile = put(&one, 2);
    // Each finds what it published, and nobody else does.
    assert_eq!((there(&one, &[before.clone(), meanwhile.clone()])), [false, true]);
    assert_eq!(one.records(&meanwhile.asset, None).unwrap().len(), 1);
    assert_eq!((there(&other, &[before.clone(), meanwhile.clone()])), [false, false]);
    // One that is computed again takes the place of the one before, and stays.
    put(&one, 1);
    put(&one, 2);
    drop(one);
    other.set_limits(&on).unwrap();
    assert_eq!(there(&other, &[before.clone(), meanwhile.clone()]), [true, false]);
    assert_eq!(other.stats().unwrap().entries, 1);
    // What is there when it is enabled again is a track like any other.
    other.set_limits(&off).unwrap();
    let third = put(&other, 3);
    other.set_limits(&on).unwrap();
    drop(other);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(there(&store, &[before, third]), [true; 2]);
    assert_eq!(store.verify(|_, _| ()).unwrap().damaged, []);
}

#[test]
fn packing_is_as_the_limits_say() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
    let size = |store: &Store| {
        publish(store, &key(1, "t.m"), &log_mel("t.m", 100));
        store.records(&key(1, "t.m").asset, None).unwrap()[0].bytes
    };
    let packed = size(&one);
    other.set_limits(&Limits { packing: false, ..Limits::default() }).unwrap();
    let raw = size(&one);
    assert!(packed < raw && raw > 4 * 128 * 100, "{packed} {raw}");
}
