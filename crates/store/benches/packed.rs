//! Twenty thousand frames of a mel spectrogram, as it were (128 bins, 10.2
//! MB): written and read whole as they are in memory, packed exactly, and with
//! a bound. Bytes are those of the values. Written to the page cache, not to
//! the disk: nothing is published in the time that is measured.

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, DescriptorId, ProfileName, Provenance, Revision, Shape, TrackHeader,
    Version,
};
use agogic_store::{Store, TrackWriter};
use divan::Bencher;
use divan::counter::BytesCount;
use tempfile::TempDir;

const BINS: u32 = 128;
const FRAMES: usize = 20_000;
const WAYS: [&str; 4] = ["raw", "lossless", "0.01 dB", "0.001 relative"];

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

/// Notes that die away over noise which four frames share.
fn values() -> Vec<f32> {
    let mut state = 1_u32;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let hiss: Vec<f32> = (0..(FRAMES + 3) * 128).map(|_| noise().powi(2)).collect();
    let value = |i: usize| {
        let (frame, bin) = (i / 128, (i % 128) as f32);
        let note = |n: usize| {
            let place = ((frame / 40 + n) * 7919 % 97) as f32 + n as f32 * 5.0;
            30.0 * (-0.05 * (frame % 40) as f32 - 0.4 * (bin - place).powi(2)).exp()
        };
        let hiss: f32 = (0..4).map(|k| hiss[i + k * 128]).sum();
        10.0 * ((0..6).map(note).sum::<f32>() + hiss * (-0.05 * bin).exp() * 1e-2 + 1e-10).log10()
    };
    (0..FRAMES * 128).map(value).collect()
}

fn written(store: &Store, values: &[f32], way: &str) -> TrackWriter {
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
    let writer = store.writer(key(), provenance, header).expect("a writer");
    let mut writer = match way {
        "raw" => writer.packing(false),
        bound => writer.max_error(bound.parse().expect("a bound")),
    };
    writer.frames(0, values).expect("room");
    writer
}

#[divan::bench(args = WAYS)]
fn write(bencher: Bencher, way: &str) {
    let (_folder, store) = open();
    let values = values();
    bencher
        .counter(BytesCount::of_slice(&values))
        .bench_local(|| written(&store, &values, way).finish().expect("room"));
}

/// The file is opened, and every chunk checked and unpacked.
#[divan::bench(args = WAYS)]
fn read_whole(bencher: Bencher, way: &str) {
    let (_folder, store) = open();
    let values = values();
    written(&store, &values, way).publish().expect("a record");
    let key = key();
    bencher
        .counter(BytesCount::of_slice(&values))
        .bench_local(|| store.read(&key).expect("a store").expect("a track"));
}
