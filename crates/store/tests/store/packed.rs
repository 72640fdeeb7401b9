//! Tracks in packed chunks: the bound holds, everything said of a track is
//! said of the values that come out, and packed bytes that lie are damage.

use std::fs;

use agogic_schema::{FeatureTrack, MaxError, Shape, TrackData};
use agogic_store::{Store, content_hash};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::cases::*;

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

/// The greatest difference of two tracks' values, and the greatest in parts of
/// the first.
fn errors(a: &FeatureTrack, b: &FeatureTrack) -> (f64, f64) {
    let pairs = values(a).iter().zip(values(b)).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    pairs.fold((0.0, 0.0), |(absolute, relative), (a, b)| {
        let off = (a - b).abs();
        (off.max(absolute), if off == 0.0 { relative } else { relative.max(off / a.abs()) })
    })
}

#[test]
fn bounds_hold_and_sizes_are_what_they_were() {
    let (dir, store) = open();
    let decibels = log_mel("t.mel", 1500);
    let mut linear = decibels.clone();
    linear.header.unit = String::new();
    let TrackData::Dense(plane) = &mut linear.data else { unreachable!() };
    plane.data.iter_mut().for_each(|value| *value = 10_f32.powf(*value / 20.0));
    let key = key(1, "t.mel");
    let mut found = Vec::new();
    // (track, bound, absolute and relative error, bytes of a hundred)
    for (track, bound, absolute, relative, most) in [
        (&decibels, "lossless", 0.0, 0.0, 70),
        (&decibels, "0.01 dB", 0.01, f64::MAX, 27),
        (&decibels, "0.001 absolute", 0.001, f64::MAX, 37),
        (&decibels, "0.001 relative", f64::MAX, 0.001, 26),
        (&linear, "lossless", 0.0, 0.0, 73),
        (&linear, "0.01 dB", f64::MAX, 0.001_151, 30),
        (&linear, "0.001 absolute", 0.001, f64::MAX, 18),
    ] {
        let record = bounded(&store, &key, track, bound);
        assert_eq!(record.max_error, bound.parse().unwrap());
        let mut reader = store.reader(&key).unwrap().unwrap();
        assert_eq!(reader.record(), &record);
        let read = reader.read_all().unwrap().unwrap();
        assert_eq!(read.header, track.header);
        let (a, r) = errors(track, &read);
        assert!(a <= absolute && r <= relative, "{bound}: {a} {r}");
        // What depends on the track sees what it gets, not what was put in.
        assert_eq!(record.content, content_hash(&read), "{bound}");
        assert_eq!(record.content == content_hash(track), bound == "lossless");
        let size = fs::metadata(chunk_file(dir.path(), &key)).unwrap().len() as usize;
        let percent = size * 100 / size_of_val(values(track));
        found.push((percent, most));
        let report = store.verify(|_, _| ()).unwrap();
        assert_eq!((report.files, report.damaged.len()), (1, 0));
        assert_eq!(store.records(&key.asset, None).unwrap()[0].record.max_error, record.max_error);
    }
    assert!(found.iter().all(|(percent, most)| percent <= most && *percent + 4 > *most), "{found:?}");
}

#[test]
fn packing_can_be_left() {
    let (dir, store) = open();
    let track = log_mel("t.mel", 300);
    let key = key(1, "t.mel");
    let writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
    let mut writer = writer.packing(false);
    writer.frames(0, values(&track)).unwrap();
    let record = writer.publish().unwrap();
    assert_eq!(record.content, content_hash(&track));
    let bytes = fs::read(chunk_file(dir.path(), &key)).unwrap();
    assert_eq!(bytes[16..20], values(&track)[0].to_le_bytes());
    assert_eq!(store.read(&key).unwrap(), Some(track));
}

#[test]
fn events_are_exact() {
    let (_dir, store) = open();
    let track = events("t.e", 9);
    let TrackData::Events(list) = &track.data else { unreachable!() };
    let writer = store.writer(key(1, "t.e"), provenance(), track.header.clone()).unwrap();
    let mut writer = writer.max_error("0.1 absolute".parse().unwrap());
    writer.events(list).unwrap();
    let record = writer.publish().unwrap();
    assert_eq!((record.max_error, record.header.shape), (MaxError::LOSSLESS, Shape::Events));
    assert_eq!(store.read(&key(1, "t.e")).unwrap(), Some(track));
}

/// A whole track is read with several threads; parts of it, in any order and one
/// after another, are parts of the whole.
#[test]
fn parts_of_a_long_track() {
    let (_dir, store) = open();
    let track = log_mel("t.mel", 10_000);
    let key = key(1, "t.mel");
    for bound in [None, Some("lossless"), Some("0.01 dB")] {
        let writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
        let mut writer = match bound {
            None => writer.packing(false),
            Some(bound) => writer.max_error(bound.parse().unwrap()),
        };
        writer.frames(0, values(&track)).unwrap();
        writer.publish().unwrap();
        let whole = store.read(&key).unwrap().unwrap();
        let mut reader = store.reader(&key).unwrap().unwrap();
        let anywhere = [(0, 1), (9_999, 10_000), (100, 300), (250, 260), (1, 9_999), (255, 513), (7, 7)];
        let again = [(130, 150), (140, 170), (120, 125), (125, 190), (180, 192)];
        let in_turn = [(0, 5), (5, 70), (70, 200), (200, 201), (201, 3_600), (3_600, 3_610), (3_611, 3_612)];
        for (start, end) in [&anywhere[..], &again, &in_turn].concat() {
            let part = reader.frames(0, start..end).unwrap().unwrap();
            let expect = &values(&whole)[start as usize * 128..end as usize * 128];
            assert_eq!(part.data, expect, "{start}..{end}, {bound:?}");
        }
    }
}

#[test]
fn damage_among_many_chunks() {
    let (dir, store) = open();
    let key = key(1, "t.mel");
    let file = chunk_file(dir.path(), &key);
    let track = log_mel("t.mel", 10_000);
    for part in 0..8 {
        bounded(&store, &key, &track, "0.01 dB");
        let mut bytes = fs::read(&file).unwrap();
        let at = 16 + (bytes.len() - 4000) / 8 * part;
        bytes[at] ^= 0x20;
        fs::write(&file, bytes).unwrap();
        assert_eq!(store.read(&key).unwrap(), None, "{at}");
        assert!(!file.exists());
        assert_eq!(store.stats().unwrap().damaged, part as u64 + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A floor is raised after packing: what comes out is within the bound of
    /// what raised values would have been, and none is below.
    #[test]
    fn floors_and_bounds(
        frames in 1_usize..600, floor in -120_f32..10.0, early in -140_f32..-40.0,
        bound in prop::sample::select(vec!["lossless", "0.01 dB", "0.5 dB", "0.01 relative", "1e-9 absolute"]),
    ) {
        let (_dir, store) = open();
        let mut track = log_mel("t.mel", frames);
        let TrackData::Dense(plane) = &mut track.data else { unreachable!() };
        plane.data[frames / 2 * 128] = f32::NAN;
        let key = key(1, "t.mel");
        let writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
        let mut writer = writer.max_error(bound.parse().unwrap());
        let half = frames / 2 * 128;
        writer.frames(0, &values(&track)[..half]).unwrap();
        writer.raise_floor(early).unwrap();
        writer.frames(0, &values(&track)[half..]).unwrap();
        writer.raise_floor(floor).unwrap();
        let record = writer.publish().unwrap();

        let floor = floor.max(early);
        let TrackData::Dense(plane) = &mut track.data else { unreachable!() };
        for value in &mut plane.data {
            *value = if *value < floor { floor } else { *value };
        }
        let read = store.read(&key).unwrap().unwrap();
        prop_assert_eq!(record.content, content_hash(&read));
        prop_assert!(values(&read)[half].is_nan() && !values(&read).iter().any(|&value| value < floor));
        let (absolute, relative) = errors(&track, &read);
        let held = match bound {
            "0.01 dB" => absolute <= 0.01,
            "0.5 dB" => absolute <= 0.5,
            "0.01 relative" => relative <= 0.01,
            "1e-9 absolute" => absolute <= 1e-9,
            _ => record.content == content_hash(&track),
        };
        prop_assert!(held, "{bound}: {absolute} {relative}");
        prop_assert!(store.verify(|_, _| ()).unwrap().damaged.is_empty());
    }
}
