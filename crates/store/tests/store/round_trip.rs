//! What goes in comes out: whole, in parts, in any pieces, with a floor.

use agogic_schema::{CacheKey, DescriptorId, FeatureTrack, Plane, ProfileName, TrackData};
use agogic_store::{Store, StoreError, content_hash};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::cases::*;

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

#[test]
fn every_shape_and_size() {
    let (dir, store) = open();
    for (track, counts) in [
        (dense("t.d", &["mono"], 1, 0), vec![0]),
        (dense("t.d", &["mono"], 1, 1), vec![1]),
        (dense("t.d", &["mono"], 128, 257), vec![257]),
        (dense("t.d", &["left", "mid", "right"], 7, 5000), vec![5000]),
        // Exactly whole chunks, and a frame longer than a chunk.
        (dense("t.d", &["mono"], 1, 65_536), vec![65_536]),
        (dense("t.d", &["mono"], 40_000, 3), vec![3]),
        (peaks("t.p", &[9000, 2250, 563, 1]), vec![9000, 2250, 563, 1]),
        (peaks("t.p", &[0, 0]), vec![0, 0]),
        (events("t.e", 0), vec![0]),
        (events("t.e", 1), vec![1]),
        (events("t.e", 20_000), vec![20_000]),
    ] {
        let key = key(1, track.header.descriptor.as_str());
        assert_eq!(store.read(&key).unwrap(), None);
        for piece in [1, 333, 100_000] {
            let record = written(&store, &key, &track, piece).publish().unwrap();
            assert_eq!(record.frames, counts);
            assert_eq!(record.content, content_hash(&track));
            assert_eq!((&record.key, &record.provenance), (&key, &provenance()));
            assert_eq!(store.read(&key).unwrap().as_ref(), Some(&track));
            let reader = store.reader(&key).unwrap().unwrap();
            assert_eq!(reader.record(), &record);
            assert_eq!(store.records(&key.asset, None).unwrap()[0].record, record);
        }
        assert!(store.remove(&key).unwrap() && !store.remove(&key).unwrap());
        assert_eq!(store.read(&key).unwrap(), None);
    }
    let stats = store.stats().unwrap();
    assert_eq!((stats.entries, stats.damaged, stats.quarantined, stats.adopted), (0, 0, 0, 0));
    assert!(files(&dir.path().join("tmp")).is_empty());
}

#[test]
fn values_keep_their_bits() {
    let (_dir, store) = open();
    let mut track = dense("t.d", &["mono"], 1, 6);
    let odd =
        [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE / 2.0, f32::from_bits(0x7fc0_1234)];
    let TrackData::Dense(plane) = &mut track.data else { unreachable!() };
    plane.data.copy_from_slice(&odd);
    let key = key(1, "t.d");
    publish(&store, &key, &track);
    let Some(FeatureTrack { data: TrackData::Dense(plane), .. }) = store.read(&key).unwrap() else {
        panic!("no dense track")
    };
    assert_eq!(plane.data.map_bits(), odd.to_vec().map_bits());
}

trait Bits {
    fn map_bits(&self) -> Vec<u32>;
}
impl Bits for Vec<f32> {
    fn map_bits(&self) -> Vec<u32> {
        self.iter().map(|value| value.to_bits()).collect()
    }
}

#[test]
fn the_content_hash_is_of_content_only() {
    let track = dense("t.d", &["mono"], 4, 100);
    let hash = content_hash(&track);
    let with = |change: &dyn Fn(&mut FeatureTrack)| {
        let mut track = track.clone();
        change(&mut track);
        content_hash(&track) == hash
    };
    assert!(with(&|_| {}));
    assert!(with(&|t| t.header.descriptor = DescriptorId::new("t.other").unwrap()));
    assert!(with(&|t| t.header.unit = "Hz".into()));
    assert!(!with(&|t| t.header.bins = 2));
    assert!(!with(&|t| t.header.planes[0].1 = 256));
    assert!(!with(&|t| {
        let TrackData::Dense(plane) = &mut t.data else { unreachable!() };
        plane.data[7] += 1.0;
    }));
}

#[test]
fn names_that_file_systems_confuse() {
    let (dir, store) = open();
    let names = ["vamp:qm:mfcc", "vamp:qm:MFCC", "nul", &"X".repeat(128), &"x".repeat(128)];
    for (i, name) in names.iter().enumerate() {
        let key = CacheKey { profile: ProfileName::new("My:Profile").unwrap(), ..key(1, name) };
        publish(&store, &key, &dense(name, &["mono"], 1, i));
    }
    assert_eq!(listed(&store, 1).len(), names.len());
    std::fs::remove_file(dir.path().join("index.db")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(listed(&store, 1).len(), names.len());
    let other = ProfileName::new("default").unwrap();
    assert!(store.records(&key(1, "x").asset, Some(&other)).unwrap().is_empty());
}

#[test]
fn what_does_not_fit_is_refused() {
    let (dir, store) = open();
    let expect = |result: Result<(), StoreError>, text: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(text), "{error} / {text}");
    };
    let dense = dense("t.d", &["mono"], 2, 1);
    let mut writer = store.writer(key(1, "t.d"), provenance(), dense.header.clone()).unwrap();
    expect(writer.frames(0, &[1.0]), "track of t.d: 1 values are no whole number of frames of 2");
    expect(writer.frames(1, &[1.0, 2.0]), "no plane 1");
    expect(writer.events(&[]), "track of frames");
    writer.finish().unwrap();
    expect(writer.frames(0, &[]), "finished");
    writer.publish().unwrap();
    let mut reader = store.reader(&key(1, "t.d")).unwrap().unwrap();
    expect(reader.frames(1, 0..1).map(drop), "no plane 1");
    expect(reader.events().map(drop), "not events");

    let TrackData::Events(list) = events("t.e", 3).data else { unreachable!() };
    let mut writer = store.writer(key(1, "t.e"), provenance(), events("t.e", 0).header).unwrap();
    expect(writer.frames(0, &[]), "track of events");
    expect(writer.raise_floor(0.0), "no floor");
    writer.events(&list[2..]).unwrap();
    expect(writer.events(&list[..1]), "out of order");
    let mut long = list[2].clone();
    long.values.push(0.0);
    expect(writer.events(&[long.clone()]), "more or fewer values");
    long.values.pop();
    long.label = "x".repeat(16 << 20);
    expect(writer.events(&[long]), "an event longer");
    drop(writer);

    let mut header = dense.header;
    header.bins = 0;
    expect(store.writer(key(1, "t.d"), provenance(), header.clone()).map(drop), "without channels or bins");
    expect(store.writer(key(1, "t.x"), provenance(), header).map(drop), "header names t.d");
    assert!(files(&dir.path().join("tmp")).is_empty());
}

#[test]
fn many_at_once() {
    let (_dir, store) = open();
    let tracks: Vec<_> = (0..20).map(|i| dense(&format!("t.d{i:02}"), &["mono"], 3, i * 100)).collect();
    let keys: Vec<_> = tracks.iter().map(|track| key(1, track.header.descriptor.as_str())).collect();
    let writers = keys.iter().zip(&tracks).map(|(key, track)| written(&store, key, track, 50)).collect();
    let records = store.publish_all(writers).unwrap();
    assert!(records.iter().map(|record| &record.key).eq(&keys));
    for (key, track) in keys.iter().zip(&tracks) {
        assert_eq!(store.read(key).unwrap().as_ref(), Some(track));
    }
    let stats = store.stats().unwrap();
    assert_eq!((stats.entries, stats.assets, stats.damaged), (20, 1, 0));
    assert_eq!(store.publish_all(vec![]).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any range of frames is the slice of the whole.
    #[test]
    fn a_range_is_a_slice(
        channels in 1_usize..3, bins in 1_u32..40, frames in 0_usize..9000, piece in 1_usize..5000,
        cuts in prop::collection::vec((0_u64..10_000, 0_u64..10_000), 12),
    ) {
        let (_dir, store) = open();
        let track = dense("t.d", &["left", "right"][..channels], bins, frames);
        let TrackData::Dense(Plane { grid, data }) = &track.data else { unreachable!() };
        written(&store, &key(1, "t.d"), &track, piece).publish().unwrap();
        let mut reader = store.reader(&key(1, "t.d")).unwrap().unwrap();
        for (start, end) in cuts {
            let part = reader.frames(0, start..end).unwrap().unwrap();
            let last = end.min(frames as u64);
            let first = start.min(last);
            let width = track.width();
            prop_assert_eq!(&part.data[..], &data[first as usize * width..last as usize * width]);
            prop_assert_eq!(part.grid.start, grid.centre(first));
        }
    }

    /// A floor raised at the end, or in the middle, gives the track that
    /// floored values would have given, content hash and all.
    #[test]
    fn a_floor_is_as_if_from_the_start(
        levels in prop::collection::vec(0_usize..30_000, 1..4), piece in 1_usize..7000,
        floor in -120_f32..10.0, early in any::<bool>(),
    ) {
        let (_dir, store) = open();
        let mut track = peaks("t.p", &levels);
        let TrackData::Peaks(planes) = &mut track.data else { unreachable!() };
        if let Some(value) = planes[0].data.first_mut() {
            *value = f32::NAN;
        }
        let mut writer = if early {
            let mut writer = store.writer(key(1, "t.p"), provenance(), track.header.clone()).unwrap();
            let TrackData::Peaks(planes) = &track.data else { unreachable!() };
            let half = planes[0].data.len() / 8 * 4;
            writer.frames(0, &planes[0].data[..half]).unwrap();
            writer.raise_floor(floor).unwrap();
            writer.frames(0, &planes[0].data[half..]).unwrap();
            for (i, plane) in planes.iter().enumerate().skip(1) {
                writer.frames(i, &plane.data).unwrap();
            }
            writer
        } else {
            written(&store, &key(1, "t.p"), &track, piece)
        };
        writer.raise_floor(floor).unwrap();
        // Lower ones and none at all change nothing.
        writer.raise_floor(floor - 1.0).unwrap();
        writer.raise_floor(f32::NAN).unwrap();
        let record = writer.publish().unwrap();

        let TrackData::Peaks(planes) = &mut track.data else { unreachable!() };
        for value in planes.iter_mut().flat_map(|plane| &mut plane.data) {
            if *value < floor {
                *value = floor;
            }
        }
        prop_assert_eq!(record.content, content_hash(&track));
        let got = store.read(&key(1, "t.p")).unwrap().unwrap();
        prop_assert_eq!(content_hash(&got), content_hash(&track));
        prop_assert_eq!(publish(&store, &key(1, "t.p"), &track).content, record.content);
        let report = store.verify(|_, _| ()).unwrap();
        prop_assert_eq!((report.files, report.damaged.len()), (1, 0));
    }
}
