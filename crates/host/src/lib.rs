//! Finds calculators, checks what they say of themselves, and drives them over
//! the PCM of an asset. The only crate that crosses the plug-in interface: its
//! types do not leave it.
//!
//! What does not live here: decoding (blocks of PCM come in), keeping (tracks
//! go out to a [`Receiver`]), and any decision about what should run.
//!
//! ```text
//! PCM -> Session: mix, resample, one STFT per distinct request
//!          -> each task's instance -> its sink -> Receiver per descriptor
//! ```
#![deny(unsafe_code)]

mod backend;
mod collect;
mod counts;
mod error;
mod feed;
mod finite;
mod library;
mod prepare;
mod registry;
mod resample;
mod session;
mod sink;
mod spare;
mod spectrum;
mod stable;
mod vamp;
mod watch;
mod work;

pub use agogic_abi::v1::CalculatorLibraryRef;
pub use agogic_vamp::search_path as vamp_path;
pub use error::{CallError, HostError, Place};
pub use prepare::{Prepared, Source};
pub use registry::{LoadedCalculator, Origin, Refusal, Registry};
pub use session::{Outcome, Session, Task};
pub use sink::{ReceiveError, Receiver};
pub use spare::Spares;
pub use watch::{Level, Watch};
