//! Plug-in files: where they are looked for, what is known of each, and what
//! is remembered from one start to the next.
//!
//! A file is only loaded by whoever needs an instance (`lazy`); what it holds
//! is known before from its sidecar, from the memory of an earlier scan, or
//! from a scan in a process of its own (`scan`).

mod lazy;
mod memory;
mod scan;
mod search;
pub(crate) mod sidecar;

use std::path::PathBuf;
use std::sync::Arc;

use agogic_schema::Manifest;

use crate::HostError;
use crate::backend::Library;

pub(crate) use memory::Memory;
pub use memory::Quarantine;
pub(crate) use scan::Scanner;
pub use search::{SearchKind, SearchPlace};
pub(crate) use search::{Stamp, candidates};
pub use sidecar::sidecar_path;

/// How it is known what a plug-in file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was loaded in a process of its own just now.
    Scanned,
    /// An earlier scan of the same content.
    Remembered,
    /// The description beside it.
    Sidecar,
}

/// A plug-in file that was looked at.
#[derive(Clone)]
pub struct Plugin {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 of its content, in hex; empty where it could not be read.
    pub hash: String,
    /// What it holds, or why it is not used.
    pub found: Result<Found, Arc<HostError>>,
    /// What is wrong with it and no reason to refuse it.
    pub warnings: Vec<String>,
}

/// What a plug-in file holds.
#[derive(Clone)]
pub struct Found {
    /// Its calculators.
    pub manifest: Arc<Manifest>,
    /// How that is known.
    pub known: Known,
    pub(crate) library: Arc<dyn Library>,
}
