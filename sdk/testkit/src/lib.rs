//! For authors of calculators: test signals that are the same everywhere, runs
//! without a host, and the revision lock, which notices values that changed
//! without a new version.
//!
//! What does not live here: plug-in files and hosts. `agogic calculators
//! validate` looks at a finished plug-in; this crate is for `cargo test`.
//!
//! A golden test is three lines beside the calculator:
//!
//! ```
//! # use agogic_calculator::*;
//! # struct Crest;
//! # impl Calculator for Crest {
//! #     fn describe() -> CalculatorSpec {
//! #         let frames = Kind::Dense(Frames::Input);
//! #         CalculatorSpec::new("example.crest", "1.0.0", SpectrumInput::new(2048, 512))
//! #             .descriptor(DescriptorSpec::new("example.crest", "", frames, Bins::Count(1.into())))
//! #     }
//! #     fn new(_: &Setup) -> Result<Self, Error> { Ok(Self) }
//! #     fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
//! #         output.frames(0, block.count()).map(|_| ())
//! #     }
//! # }
//! # /*
//! #[test]
//! # */
//! fn golden() {
//!     agogic_testkit::golden::<Crest>(env!("CARGO_MANIFEST_DIR"));
//! }
//! ```
//!
//! It compares with the file `calculator.lock` beside the crate's `Cargo.toml`;
//! `AGOGIC_UPDATE=1 cargo test` writes that file.
#![forbid(unsafe_code)]

mod compare;
mod cut;
mod error;
mod fingerprint;
mod golden;
mod input;
mod linked;
mod lock;
mod outputs;
mod signal;

pub use compare::{Finding, Severity, compare};
pub use cut::Cut;
pub use error::TestError;
pub use fingerprint::{Fingerprint, fingerprint};
pub use golden::{LOCK_FILE, golden, update};
pub use input::{Input, Piece, defaults, setup, stand_ins};
pub use linked::{Linked, Subject};
pub use lock::{Lock, Locked, golden_signals, record};
pub use outputs::{Outputs, Values};
pub use signal::{ODD_RATES, Shape, Signal};
