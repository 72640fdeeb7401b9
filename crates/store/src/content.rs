//! The content hash of a track: of its values and where they stand, and of
//! nothing else. It does not depend on how the values were cut into chunks.

use agogic_schema::{ContentHash, Event, FeatureTrack, Shape, TrackData, TrackHeader};

/// The hash of a track's values, as [`crate::TrackWriter::publish`] records it.
///
/// BLAKE3 over a prefix, shape, number of channels and bins, rate, and per
/// plane its grid, its number of frames and the BLAKE3 of its little-endian
/// values. The grid belongs to it because a calculator that reads the track
/// reads its times too.
pub fn content_hash(track: &FeatureTrack) -> ContentHash {
    let width = track.width().max(1);
    let parts: Vec<Part> = match &track.data {
        TrackData::Dense(plane) => vec![Part::of(&plane.data, width)],
        TrackData::Peaks(planes) => planes.iter().map(|plane| Part::of(&plane.data, width)).collect(),
        TrackData::Events(events) => {
            let mut part = Part::default();
            part.events(events);
            vec![part]
        }
    };
    finish(&track.header, &parts)
}

/// The running hash of one plane, or of all events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    hash: blake3::Hasher,
    count: u64,
}

impl Part {
    fn of(values: &[f32], width: usize) -> Self {
        let mut part = Self::default();
        for piece in values.chunks(1 << 14) {
            let bytes: Vec<u8> = piece.iter().flat_map(|v| v.to_le_bytes()).collect();
            part.bytes(&bytes, 0);
        }
        part.count = (values.len() / width) as u64;
        part
    }

    /// Adds the little-endian values of whole frames.
    pub(crate) fn bytes(&mut self, bytes: &[u8], frames: u64) {
        self.hash.update(bytes);
        self.count += frames;
    }

    pub(crate) fn events(&mut self, events: &[Event]) {
        for event in events {
            self.hash.update(&event.at.0.to_le_bytes());
            self.hash.update(&event.duration.raw().to_le_bytes());
            self.hash.update(&(event.values.len() as u64).to_le_bytes());
            for value in &event.values {
                self.hash.update(&value.to_le_bytes());
            }
            self.hash.update(&(event.label.len() as u64).to_le_bytes());
            self.hash.update(event.label.as_bytes());
        }
        self.count += events.len() as u64;
    }

    /// Frames or events so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// The content hash of a track with these parts: one per plane, or one for
/// all events.
pub(crate) fn finish(header: &TrackHeader, parts: &[Part]) -> ContentHash {
    let shape: u8 = match header.shape {
        Shape::Dense => 0,
        Shape::Events => 1,
        Shape::Peaks => 2,
    };
    let mut hash = blake3::Hasher::new();
    hash.update(b"agogic content 1\0");
    hash.update(&[shape]);
    hash.update(&(header.channels.len() as u64).to_le_bytes());
    hash.update(&header.bins.to_le_bytes());
    hash.update(&header.rate.to_le_bytes());
    hash.update(&(parts.len() as u64).to_le_bytes());
    for (i, part) in parts.iter().enumerate() {
        let (start, hop) = header.planes.get(i).copied().unwrap_or_default();
        hash.update(&start.to_le_bytes());
        hash.update(&hop.to_le_bytes());
        hash.update(&part.count.to_le_bytes());
        hash.update(part.hash.finalize().as_bytes());
    }
    ContentHash(*hash.finalize().as_bytes())
}
