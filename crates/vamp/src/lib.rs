//! A safe interface to Vamp plug-ins: loading a library through the C interface
//! of `vamp/vamp.h` (API version 2, and plug-ins of version 1), reading what its
//! plug-ins say of themselves, giving them audio and taking their features.
//!
//! This crate knows plug-ins and nothing else: no calculators, no audio files, no
//! transforms. Plug-ins that take spectra get them from the caller, as
//! [`InputDomain::Frequency`] says.
//!
//! Everything that a plug-in hands over is checked as far as it can be, and
//! copied. That a plug-in does not crash, hang or write where it should not
//! cannot be seen from within its process: whoever does not trust a plug-in runs
//! it in another one.
//!
//! ```no_run
//! use agogic_vamp::{Library, Plugin, RealTime};
//!
//! let library = Library::open("/usr/lib/vamp/vamp-example-plugins.so".as_ref())?;
//! for spec in library.plugins().into_iter().flatten() {
//!     println!("{}: {}", spec.identifier, spec.name);
//! }
//! let mut running = Plugin::instantiate(&library, 0, 44_100.0)?.initialise(1, 1024, 1024)?;
//! let features = running.process(&[&[0.0; 1024]], RealTime::ZERO)?;
//! println!("{:?}", features.output(0));
//! # Ok::<(), agogic_vamp::VampError>(())
//! ```

mod error;
mod feature;
mod ffi;
mod handle;
mod library;
mod path;
mod plugin;
mod read;
mod real_time;
mod spec;

pub use error::VampError;
pub use feature::{Feature, Features};
pub use library::Library;
pub use path::search_path;
pub use plugin::{Plugin, Running};
pub use real_time::RealTime;
pub use spec::{InputDomain, OutputSpec, ParameterSpec, PluginSpec, Quantize, SampleType, is_identifier};
