//! The stable interface between calculators and hosts: the few types that
//! cross it, as frozen generations, and nothing else. Authors never import
//! this crate; `agogic-calculator` wraps the plug-in side and `host` the other.
//!
//! Everything that will grow crosses as MessagePack bytes (`Manifest` and
//! `Setup`), so that a new field is no new layout. What crosses by layout is
//! checked by `abi_stable` when a library is loaded.
//!
//! A generation is a frozen module. A host tries the newest that a library
//! could be of, then the older ones; the version of a generation's root module
//! is how it knows them apart. The package's own version may grow within 1.x:
//! `abi_stable` compares it too, and takes any of the same major version.
//!
//! [`c`] is the same contract for authors who write C or C++.

pub mod c;
pub mod v1;

/// The newest generation in this crate.
pub const GENERATION: u32 = 1;
