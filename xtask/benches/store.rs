//! A track of 128 bins and 10,000 frames (5.1 MB): put, read in part, read
//! whole. Putting makes it durable, so the disk is measured too.

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, DescriptorId, ProfileName, Provenance, Revision, Shape, TrackHeader,
    Version,
};
use agogic_store::Store;
use divan::Bencher;
use divan::counter::BytesCount;
use tempfile::TempDir;

const BINS: u32 = 128;
const FRAMES: u32 = 10_000;

fn main() {
    divan::main();
}

fn key() -> CacheKey {
    CacheKey::new(
        AssetId([7; 32]),
        ProfileName::new("default").expect("a name"),
        DescriptorId::new("bench.track").expect("an id"),
    )
}

fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    (folder, store)
}

fn values() -> Vec<f32> {
    (0..FRAMES * BINS).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 2e5).collect()
}

fn publish(store: &Store, values: &[f32]) {
    let provenance = Provenance {
        calculator: CalculatorId::new("bench").expect("an id"),
        version: Version::new(1, 0, 0),
        revision: Revision([1; 32]),
        inputs: [].into(),
    };
    let header = TrackHeader {
        descriptor: key().descriptor,
        unit: "dB".into(),
        range: None,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins: BINS,
        rate: 44_100,
        planes: vec![(0, 512)],
    };
    let mut writer = store.writer(key(), provenance, header).expect("a writer");
    writer.frames(0, values).expect("room");
    writer.publish().expect("a record");
}

#[divan::bench]
fn put(bencher: Bencher) {
    let (_folder, store) = open();
    let values = values();
    bencher.counter(BytesCount::of_slice(&values)).bench_local(|| publish(&store, &values));
}

/// The file is opened and its footer checked each time.
#[divan::bench]
fn open_and_read_64_frames(bencher: Bencher) {
    let (_folder, store) = open();
    publish(&store, &values());
    let key = key();
    bencher.bench_local(|| {
        let mut reader = store.reader(&key).expect("a store").expect("a track");
        reader.frames(0, 5000..5064).expect("a store").expect("frames")
    });
}

#[divan::bench]
fn read_64_frames(bencher: Bencher) {
    let (_folder, store) = open();
    publish(&store, &values());
    let mut reader = store.reader(&key()).expect("a store").expect("a track");
    // Somewhere else each time: the reader may keep what it read last.
    let mut from = 0;
    bencher.bench_local(|| {
        from = (from + 4999) % u64::from(FRAMES - 64);
        reader.frames(0, from..from + 64).expect("a store").expect("frames")
    });
}

#[divan::bench]
fn read_whole(bencher: Bencher) {
    let (_folder, store) = open();
    let values = values();
    publish(&store, &values);
    let key = key();
    bencher
        .counter(BytesCount::of_slice(&values))
        .bench_local(|| store.read(&key).expect("a store").expect("a track"));
}
