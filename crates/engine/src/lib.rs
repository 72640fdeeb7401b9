//! The facade of Agogic: what a host application imports.
//!
//! An [`Engine`] opens a cache and the calculators that are there, analyses
//! files into it, and reads tracks and views out of it. It only wires the
//! rooms together: deciding is `scheduler`'s, computing is `host`'s, keeping is
//! `store`'s, and tempo appears nowhere but in [`Engine::view`] and, for the few
//! calculators that ask for it, in a [`Request`].
//!
//! ```
//! use agogic::schema::{DescriptorId, Profile};
//! use agogic::tempo::TempoMap;
//! use agogic::view::{Interpolation, Sampling};
//! use agogic::{Control, Engine, Request, Span};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let cache = tempfile::tempdir()?;
//! # let song = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/media/slow-turn.ogg");
//! let engine = Engine::open(cache.path())?;
//! let request = Request::new(Profile::built_in("default")?);
//! let analysis = engine.analyze(song.as_ref(), &request, &Control::default())?;
//! println!("computed {:?}", analysis.computed);
//! // A view is columns on a musical grid: here, loudness on sixteenths.
//! let rms = DescriptorId::new("agogic.rms")?;
//! let (map, span) = (TempoMap::constant(96.0)?, Span::sixteenths());
//! let at = Sampling::At(Interpolation::Linear);
//! let view = engine.view(song.as_ref(), &rms, &request.profile, &map, &span, at, &Control::default())?;
//! assert_eq!(view.beats.len(), view.seconds.len());
//! # assert_eq!(analysis.failed, []);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod analyze;
mod asset;
mod compute;
mod config;
mod control;
mod engine;
mod error;
mod job;
mod places;
mod profiles;
mod read;
mod status;
mod tempo_input;
mod vamp;
mod wanted;
mod warm;
mod why;

pub use agogic_host::{
    Catalogue, Clash, HostError, Isolation, Known, Level, Limits, LoadedCalculator, Origin, Plugin,
    Quarantine, Refusal, Registry, Rule, Rules, SearchKind, SearchPlace, sidecar_path, worker,
};
pub use agogic_scheduler::{Cancel, Freshness, Reason};
pub use agogic_schema as schema;
pub use agogic_store::{
    AssetInfo, Bundle, Caps, Collection, Complaint, Damaged, Entry, Fate, Filter, Limits as CacheLimits,
    Report, Share, Stats, Store, StoreError, Thresholds, VerifyReport,
};
pub use agogic_tempo as tempo;
pub use agogic_timebase as timebase;
pub use agogic_view as view;
pub use analyze::{Analysis, Request};
pub use config::Config;
pub use control::{Control, Event, EventLog, Observer};
pub use engine::{Builder, Engine};
pub use error::Error;
pub use places::{system_plugin_folders, user_plugin_folder};
pub use profiles::Profiles;
pub use read::Span;
pub use status::{DescriptorStatus, Status};
pub use tempo_input::Tempo;
pub use why::{Explanation, InputWhy, Now, ParamWhy, Then, Why};
