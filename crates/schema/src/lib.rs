//! The shared vocabulary of the write path and the read path: ids,
//! calculators' descriptions of themselves, profiles and their revisions,
//! feature tracks, cache keys and records.
//!
//! Pure data and the rules that belong to it: no file, no thread, no clock, no
//! database type, no ABI type. Who decides what is fresh is `scheduler`; who
//! keeps tracks is `store`; who runs calculators is `host`.
#![forbid(unsafe_code)]

mod error;
mod id;
mod max_error;
mod param;
mod profile;
mod record;
mod setup;
mod spec;
mod track;

pub use error::SchemaError;
pub use id::{AssetId, CalculatorId, ContentHash, DescriptorId, Namespace, ProfileName, Revision, Stem};
pub use max_error::{MaxError, Tolerance};
pub use param::{ParamKind, ParamSpec, ParamValue, Params};
pub use profile::Profile;
pub use record::{
    CacheKey, CacheRecord, Notes, Provenance, RECORD_VERSION, Shape, TempoProjection, TrackHeader,
};
pub use semver::Version;
pub use setup::{Outputs, Setup};
pub use spec::{
    Amount, Bins, CalculatorSpec, ChannelUse, DescriptorSpec, Frames, InputSpec, Kind, Manifest, PcmInput,
    RateUse, SpectrumInput, SpectrumScale, TempoUse, WindowShape,
};
pub use track::{Event, FeatureTrack, Plane, TrackData};
