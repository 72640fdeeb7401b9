//! The stable interface between calculators and hosts: the few types that
//! cross it, as frozen generations, and nothing else. Authors never import
//! this crate; `agogic-calculator` wraps the plug-in side and `host` the other.
//!
//! Everything that will grow crosses as MessagePack bytes (`Manifest` and
//! `Setup`), so that a new field is no new layout. What crosses by layout is
//! checked by `abi_stable` when a library is loaded.
//!
//! [`v1`] is generation 1. It is a draft: until it is frozen it may change,
//! and the layout check refuses libraries built against another draft.

pub mod v1;

/// The generation that this crate's newest module holds. It equals the major
/// version of this package, which `abi_stable` compares first.
pub const GENERATION: u32 = 1;
