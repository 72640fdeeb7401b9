//! Write a calculator: implement [`Calculator`], list it in [`export!`], build
//! a `cdylib`, and any Agogic host loads it.
//!
//! This is all that an author imports. What does not live here: the layout of
//! the plug-in interface (`agogic-abi`), and signal processing shared by
//! calculators (`agogic-dsp`, which an author may use or not).
//!
//! ```
//! use agogic_calculator::{
//!     Amount, Bins, Block, Calculator, CalculatorSpec, DescriptorSpec, Error, Frames, Kind, Output,
//!     ParamSpec, Setup, SpectrumInput,
//! };
//!
//! /// Spectral crest: the largest magnitude over the mean magnitude.
//! struct Crest;
//!
//! impl Calculator for Crest {
//!     fn describe() -> CalculatorSpec {
//!         let input = SpectrumInput::new("n_fft", "hop_length");
//!         CalculatorSpec::new("example.crest", "1.0.0", input)
//!             .param(ParamSpec::integer("n_fft", 2048, 16, 65536, "samples", "Transform length."))
//!             .param(ParamSpec::integer("hop_length", 512, 1, 65536, "samples", "Hop."))
//!             .descriptor(
//!                 DescriptorSpec::new(
//!                     "example.crest",
//!                     "",
//!                     Kind::Dense(Frames::Input),
//!                     Bins::Count(Amount::Fixed(1)),
//!                 )
//!                 .about("Largest magnitude over mean magnitude; 0 for silence."),
//!             )
//!             .independent()
//!     }
//!
//!     fn new(_setup: &Setup) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!
//!     fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
//!         for (frame, row) in block.rows().zip(output.frames(0, block.count())?) {
//!             let sum: f32 = frame.iter().sum();
//!             let peak = frame.iter().copied().fold(0.0, f32::max);
//!             *row = if sum > 0.0 { peak * frame.len() as f32 / sum } else { 0.0 };
//!         }
//!         Ok(())
//!     }
//! }
//!
//! agogic_calculator::export!(Crest);
//! # fn main() {}
//! ```

mod adapter;
mod block;
mod calculator;
mod collected;
mod export;
mod output;

pub use agogic_schema::{
    Amount, Bins, CalculatorSpec, ChannelUse, DescriptorSpec, Event, Frames, InputSpec, Kind, Manifest,
    ParamKind, ParamSpec, ParamValue, Params, PcmInput, RateUse, Setup, Shape, SpectrumInput, SpectrumScale,
    TempoUse, TrackHeader, WindowShape,
};
pub use agogic_timebase::{Delta, Samples};
pub use block::Block;
pub use calculator::{Calculator, Error};
pub use collected::Collected;
pub use output::{Level, Output};

/// What the export macro needs; no part of the interface for authors.
#[doc(hidden)]
pub mod private {
    pub use crate::adapter::{Entry, create, entry, extension, manifest};
    pub use abi_stable;
    pub use agogic_abi::v1;
}
