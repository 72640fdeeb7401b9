//! The standard calculators as a plug-in library file, for hosts that do not
//! link `agogic-standard`. The entry that its export macro defines is the
//! library's own.
#![forbid(unsafe_code)]

pub use agogic_standard::library;
