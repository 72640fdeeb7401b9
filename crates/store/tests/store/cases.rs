//! Tracks to put into a cache, and looks into its folder.

use std::fs;
use std::path::{Path, PathBuf};

use agogic_schema::{
    AssetId, CacheKey, CacheRecord, CalculatorId, DescriptorId, Event, FeatureTrack, Plane, ProfileName,
    Provenance, Revision, Shape, TrackData, TrackHeader, Version,
};
use agogic_store::{Store, TrackWriter};
use agogic_timebase::{Delta, Samples};

pub(crate) fn key(asset: u8, descriptor: &str) -> CacheKey {
    CacheKey::new(
        AssetId([asset; 32]),
        ProfileName::new("default").unwrap(),
        DescriptorId::new(descriptor).unwrap(),
    )
}

pub(crate) fn provenance() -> Provenance {
    Provenance {
        calculator: CalculatorId::new("test.calculator").unwrap(),
        version: Version::new(1, 2, 3),
        revision: Revision([9; 32]),
        inputs: Default::default(),
    }
}

fn header(
    descriptor: &str,
    shape: Shape,
    channels: &[&str],
    bins: u32,
    planes: &[(i64, u32)],
) -> TrackHeader {
    TrackHeader {
        descriptor: DescriptorId::new(descriptor).unwrap(),
        unit: "dB".into(),
        range: Some((-100.0, 0.0)),
        shape,
        channels: channels.iter().map(|&name| name.into()).collect(),
        bins,
        rate: 44_100,
        planes: planes.to_vec(),
    }
}

/// Numbers without a pattern that repeats within a chunk.
pub(crate) fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 24) as f32 * 100.0 - 100.0
    };
    (0..count).map(|_| next()).collect()
}

pub(crate) fn dense(descriptor: &str, channels: &[&str], bins: u32, frames: usize) -> FeatureTrack {
    let header = header(descriptor, Shape::Dense, channels, bins, &[(256, 512)]);
    let data = noise(frames * header.width(), frames as u32);
    let grid = header.grid(0).unwrap();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

/// What a mel spectrogram in decibels is like: partials that come and go over
/// noise that changes more slowly than the frames follow each other.
pub(crate) fn log_mel(descriptor: &str, frames: usize) -> FeatureTrack {
    let header = header(descriptor, Shape::Dense, &["mono"], 128, &[(1024, 512)]);
    let hiss = noise((frames + 3) * 128, 77);
    let value = |i: usize| {
        let (frame, bin) = (i / 128, (i % 128) as f32);
        let partial = |n: usize| {
            let note = frame / 40 + n;
            let place = (note * 7919 % 97) as f32 + n as f32 * 5.0;
            let age = (frame % 40) as f32;
            30.0 * (-0.05 * age).exp() * (-0.4 * (bin - place).powi(2)).exp()
        };
        let power: f32 = (0..6).map(partial).sum();
        let noise: f32 = (0..4).map(|k| hiss[i + k * 128] / -100.0).sum();
        10.0 * (power + noise * (-0.05 * bin).exp() * 1e-2 + 1e-10).log10()
    };
    let data = (0..frames * 128).map(value).collect();
    let grid = header.grid(0).unwrap();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

/// The values of a dense track.
pub(crate) fn values(track: &FeatureTrack) -> &[f32] {
    let TrackData::Dense(plane) = &track.data else { panic!("{} is not dense", track.header.descriptor) };
    &plane.data
}

/// A dense track published with a bound.
pub(crate) fn bounded(store: &Store, key: &CacheKey, track: &FeatureTrack, bound: &str) -> CacheRecord {
    let writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
    let mut writer = writer.max_error(bound.parse().unwrap());
    writer.frames(0, values(track)).unwrap();
    writer.publish().unwrap()
}

pub(crate) fn peaks(descriptor: &str, frames: &[usize]) -> FeatureTrack {
    let planes: Vec<(i64, u32)> = (0..frames.len()).map(|i| (32 << (2 * i), 64 << (2 * i))).collect();
    let header = header(descriptor, Shape::Peaks, &["left", "right"], 2, &planes);
    let plane = |(i, &frames): (usize, &usize)| Plane {
        grid: header.grid(i).unwrap(),
        data: noise(frames * header.width(), i as u32),
    };
    let planes = frames.iter().enumerate().map(plane).collect();
    FeatureTrack { header, data: TrackData::Peaks(planes) }
}

pub(crate) fn events(descriptor: &str, count: usize) -> FeatureTrack {
    let header = header(descriptor, Shape::Events, &["mono"], 2, &[]);
    let values = noise(count * 2, 5);
    let event = |i: usize| Event {
        at: Samples(i as i64 / 2 * 100 - 50),
        duration: Delta(Samples(i as i64 % 3)),
        values: values[2 * i..2 * i + 2].to_vec(),
        label: if i.is_multiple_of(5) { format!("beat {i} \u{266a}") } else { String::new() },
    };
    FeatureTrack { header, data: TrackData::Events((0..count).map(event).collect()) }
}

/// A writer with all of a track in it, handed over `piece` frames at a time,
/// the planes taking turns.
pub(crate) fn written(store: &Store, key: &CacheKey, track: &FeatureTrack, piece: usize) -> TrackWriter {
    let mut writer = store.writer(key.clone(), provenance(), track.header.clone()).unwrap();
    let width = track.width();
    match &track.data {
        TrackData::Dense(plane) => {
            for values in plane.data.chunks(piece * width) {
                writer.frames(0, values).unwrap();
            }
        }
        TrackData::Peaks(planes) => {
            let mut pieces: Vec<_> = planes.iter().map(|plane| plane.data.chunks(piece * width)).collect();
            loop {
                let mut any = false;
                for (plane, pieces) in pieces.iter_mut().enumerate() {
                    if let Some(values) = pieces.next() {
                        writer.frames(plane, values).unwrap();
                        any = true;
                    }
                }
                if !any {
                    break;
                }
            }
        }
        TrackData::Events(events) => {
            for events in events.chunks(piece) {
                writer.events(events).unwrap();
            }
        }
    }
    writer
}

pub(crate) fn publish(store: &Store, key: &CacheKey, track: &FeatureTrack) -> CacheRecord {
    written(store, key, track, 1000).publish().unwrap()
}

/// The descriptors that the cache says it has of an asset.
pub(crate) fn listed(store: &Store, asset: u8) -> Vec<String> {
    let entries = store.records(&AssetId([asset; 32]), None).unwrap();
    entries.into_iter().map(|entry| entry.record.key.descriptor.to_string()).collect()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The chunk file of a descriptor of an asset.
pub(crate) fn chunk_file(root: &Path, key: &CacheKey) -> PathBuf {
    let asset = key.asset.to_string();
    let folder = root.join("ns").join("default").join(&asset[..2]).join(&asset);
    folder.join(key.profile.as_str()).join(format!("{}.agc", key.descriptor))
}
