//! Finds calculators, checks what they say of themselves, and drives them over
//! the PCM of an asset, or over tracks that were made of it. The only crate that
//! crosses the plug-in interface: its types do not leave it.
//!
//! What does not live here: decoding (blocks of PCM come in), keeping (tracks
//! come from a [`TrackSource`] and go out to a [`Receiver`]), tempo maps (a
//! [`TickMap`] answers for them), and any decision about what should run.
//!
//! ```text
//! PCM -> Session: mix, resample, one STFT per distinct request
//!          -> each task's instance -> its sink -> Receiver per descriptor
//!               -> each follower's instance, a step behind -> the same
//! tracks -> derive: block by block, side by side
//!          -> each task's instance -> its sink -> Receiver per descriptor
//! ```
#![deny(unsafe_code)]

mod backend;
mod c;
mod catalogue;
mod collect;
mod counts;
mod derive;
mod derived;
mod error;
mod feed;
mod finite;
mod follow;
mod isolation;
mod library;
mod plugins;
mod prepare;
mod probe;
mod registry;
mod resample;
mod session;
mod sink;
mod spectrum;
mod stable;
mod tempo;
mod ticks;
mod vamp;
mod watch;
mod work;
pub mod worker;

pub use agogic_abi::v1::CalculatorLibraryRef;
pub use agogic_vamp::search_path as vamp_path;
pub use catalogue::{Catalogue, Settings};
pub use derive::{Derivation, Derived, TrackSource, derive};
pub use error::{CallError, HostError, Place};
pub use follow::{Follower, OutputOf, can_be_followed};
pub use isolation::{Isolation, Limits, Rule, Rules};
pub use plugins::{Found, Known, Plugin, Quarantine, SearchKind, SearchPlace, sidecar_path};
pub use prepare::{Prepared, Source};
pub use probe::{Kept, Plan, Probe, ProbeBlock};
pub use registry::{Clash, LoadedCalculator, Origin, Refusal, Registry};
pub use session::{Outcome, Session, Task};
pub use sink::{ReceiveError, Receiver};
pub use tempo::{TICKS_PER_QUARTER, TickMap};
pub use ticks::Fitted;
pub use watch::{Level, Watch};
