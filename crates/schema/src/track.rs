//! Feature tracks: the values of one descriptor for one asset, in real time.

use agogic_timebase::{Delta, FrameGrid, Samples};
use serde::{Deserialize, Serialize};

use crate::{SchemaError, TrackHeader};

/// A row of frames. Values lie frame by frame, channel by channel, bin by bin:
/// `data[(frame * channels + channel) * bins + bin]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Where the frames stand; frame 0 of this plane is `grid.start`.
    pub grid: FrameGrid,
    /// The values.
    pub data: Vec<f32>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in samples of the track's rate.
    #[serde(with = "samples")]
    pub at: Samples,
    /// For how long; zero for a point in time.
    #[serde(with = "delta")]
    pub duration: Delta<Samples>,
    /// Numbers that go with it, as many as the descriptor has bins.
    pub values: Vec<f32>,
    /// A word that goes with it; often empty.
    pub label: String,
}

/// The values of a track.
#[derive(Clone, Debug, PartialEq)]
pub enum TrackData {
    /// Frames of bins at regular times.
    Dense(Plane),
    /// Events in order of time.
    Events(Vec<Event>),
    /// Minimum and maximum (two bins), or root mean square (one), at several
    /// resolutions, finest first.
    Peaks(Vec<Plane>),
}

/// The values of one descriptor for one asset under one profile.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureTrack {
    /// What the values are.
    pub header: TrackHeader,
    /// The values.
    pub data: TrackData,
}

impl FeatureTrack {
    /// Values per frame: channels times bins.
    pub fn width(&self) -> usize {
        self.header.width()
    }

    /// Checks that the values fit the header.
    ///
    /// # Errors
    /// [`SchemaError::Track`] names the rule that is broken.
    pub fn check(&self) -> Result<(), SchemaError> {
        let fail =
            |rule: String| Err(SchemaError::Track { descriptor: self.header.descriptor.to_string(), rule });
        let width = self.width();
        if width == 0 && !matches!(self.data, TrackData::Events(_)) {
            return fail("frames without channels or bins".into());
        }
        let planes: &[Plane] = match &self.data {
            TrackData::Dense(plane) => std::slice::from_ref(plane),
            TrackData::Peaks(planes) => planes,
            TrackData::Events(events) => {
                if events.iter().any(|event| event.values.len() != self.header.bins as usize) {
                    return fail("an event with more or fewer values than bins".into());
                }
                if events.windows(2).any(|pair| pair[0].at > pair[1].at) {
                    return fail("events out of order".into());
                }
                &[]
            }
        };
        match planes.iter().find(|plane| plane.data.len() % width != 0) {
            Some(plane) => {
                fail(format!("{} values are no whole number of frames of {width}", plane.data.len()))
            }
            None => Ok(()),
        }
    }
}

mod samples {
    use super::{Deserialize, Samples};
    pub(super) fn serialize<S: serde::Serializer>(at: &Samples, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.0)
    }
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Samples, D::Error> {
        i64::deserialize(from).map(Samples)
    }
}

mod delta {
    use super::{Delta, Deserialize, Samples};
    pub(super) fn serialize<S: serde::Serializer>(by: &Delta<Samples>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(by.raw())
    }
    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Delta<Samples>, D::Error> {
        i64::deserialize(from).map(|raw| Delta(Samples(raw)))
    }
}
