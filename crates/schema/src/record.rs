//! What the cache knows of a track besides its values.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use agogic_timebase::{FrameGrid, SampleRate, Samples};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    AssetId, CalculatorId, ContentHash, DescriptorId, MaxError, Namespace, Params, ProfileName, Revision,
    SchemaError, Stem,
};

/// Version of the record's shape. A store refuses records of a later one.
///
/// It goes up when a reader that does not know a change would misread the
/// record or judge it wrongly. A new field that may be absent and that nothing
/// is judged by, as those of [`Notes`], leaves it as it is.
pub const RECORD_VERSION: u32 = 1;

/// What a cached track is found by. Tempo is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CacheKey {
    /// Whose it is. Nobody finds what is in another's namespace.
    #[serde(default, skip_serializing_if = "Namespace::is_default")]
    pub namespace: Namespace,
    /// The audio.
    pub asset: AssetId,
    /// Which part of the asset the audio is.
    #[serde(default, skip_serializing_if = "Stem::is_master")]
    pub stem: Stem,
    /// The named set of parameters.
    pub profile: ProfileName,
    /// The output.
    pub descriptor: DescriptorId,
}

impl CacheKey {
    /// Of all of an asset, in the namespace of a cache with one user.
    pub fn new(asset: AssetId, profile: ProfileName, descriptor: DescriptorId) -> Self {
        let (namespace, stem) = (Namespace::default(), Stem::default());
        Self { namespace, asset, stem, profile, descriptor }
    }
}

/// Where a track came from: all that its freshness is judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The calculator that computed it.
    pub calculator: CalculatorId,
    /// The version it had then.
    pub version: Version,
    /// Hash of the parameters that it read.
    pub revision: Revision,
    /// Content of the descriptors that it was computed from; of the tempo map
    /// too, as [`DescriptorId::tempo`], where the values depend on it.
    #[serde(default)]
    pub inputs: BTreeMap<DescriptorId, ContentHash>,
}

/// What the values of a track are: known before the first one is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackHeader {
    /// The output.
    pub descriptor: DescriptorId,
    /// Unit of the values, empty for none.
    pub unit: String,
    /// Least and greatest value that can occur, where there are such.
    pub range: Option<(f32, f32)>,
    /// How the values lie.
    pub shape: Shape,
    /// Names of the audio channels that have values; one, `mono`, for a mix.
    pub channels: Vec<String>,
    /// Rows per channel.
    pub bins: u32,
    /// Sample rate that times count in, in Hz.
    pub rate: u32,
    /// Per plane the centre of frame 0 and the hop, in samples. Dense tracks
    /// have one plane, peaks one per level, events none.
    pub planes: Vec<(i64, u32)>,
}

/// The shape of a track's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Frames of bins at regular times.
    Dense,
    /// Things that happen at a time.
    Events,
    /// Minimum and maximum at several resolutions.
    Peaks,
}

impl TrackHeader {
    /// Values per frame: channels times bins.
    pub fn width(&self) -> usize {
        self.channels.len() * self.bins as usize
    }

    /// The frame grid of a plane.
    ///
    /// # Errors
    /// [`SchemaError::Track`] for a plane that is not there, or whose rate or
    /// hop cannot be.
    pub fn grid(&self, plane: usize) -> Result<FrameGrid, SchemaError> {
        let made = self.planes.get(plane).and_then(|&(start, hop)| {
            Some(FrameGrid {
                rate: SampleRate::new(self.rate).ok()?,
                start: Samples(start),
                hop: NonZeroU32::new(hop)?,
            })
        });
        made.ok_or_else(|| SchemaError::Track {
            descriptor: self.descriptor.to_string(),
            rule: format!("plane {plane} has no valid frame grid"),
        })
    }
}

/// A cached track without its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheRecord {
    /// Shape of this record: [`RECORD_VERSION`].
    pub version: u32,
    /// What it is found by.
    pub key: CacheKey,
    /// Where it came from.
    pub provenance: Provenance,
    /// What the values are.
    pub header: TrackHeader,
    /// Frames per plane; for events one entry, their number.
    pub frames: Vec<u64>,
    /// Hash of the values, as a reader gets them.
    pub content: ContentHash,
    /// How far they may lie from those that were computed. Events and records
    /// of the time before this are lossless.
    #[serde(default, skip_serializing_if = "MaxError::is_lossless")]
    pub max_error: MaxError,
    /// What else was known when it was computed.
    #[serde(default, skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
}

/// What is kept beside a track to explain it. It is no part of the key, and
/// nothing is judged by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// The parameters that it read, with their values. Empty where there were
    /// none, and in records of the time before notes.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// The sample rate that the profile asked for, in Hz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Where its frames stood in the music when it was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<TempoProjection>,
}

impl Notes {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the frames of a track stood on a tempo map at the time of its
/// analysis: for programs that place features by tick. A later edit of the map
/// does not change it; a view never reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TempoProjection {
    /// Ticks per quarter note.
    pub ticks_per_quarter: u32,
    /// Tick at the centre of frame 0; of events, at sample 0.
    pub start_tick: f64,
    /// Ticks from the centre of frame 0 to that of frame 1; of events, 0. With
    /// a tempo that changes, other frames are other distances apart.
    pub hop_ticks: f64,
    /// Content hash of the map.
    pub tempo_map: ContentHash,
}
