//! A library's refusal as it comes back from the worker.

use serde::{Deserialize, Serialize};

use crate::HostError;

/// Why a library cannot be used: what the host would have found itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Unusable {
    NotALibrary(String),
    NoCalculators,
    Generation { found: String, spoken: u32 },
    CVersion { found: u32, spoken: u32 },
    CInterface(String),
    Layout(String),
    Manifest(String),
    Other(String),
}

impl From<HostError> for Unusable {
    fn from(error: HostError) -> Self {
        match error {
            HostError::NotALibrary(text) => Self::NotALibrary(text),
            HostError::NoCalculators => Self::NoCalculators,
            HostError::Generation { found, spoken } => Self::Generation { found, spoken },
            HostError::CVersion { found, spoken } => Self::CVersion { found, spoken },
            HostError::CInterface(text) => Self::CInterface(text),
            HostError::Layout(text) => Self::Layout(text),
            HostError::Manifest(text) => Self::Manifest(text),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<Unusable> for HostError {
    fn from(reason: Unusable) -> Self {
        match reason {
            Unusable::NotALibrary(text) => Self::NotALibrary(text),
            Unusable::NoCalculators => Self::NoCalculators,
            Unusable::Generation { found, spoken } => Self::Generation { found, spoken },
            Unusable::CVersion { found, spoken } => Self::CVersion { found, spoken },
            Unusable::CInterface(text) => Self::CInterface(text),
            Unusable::Layout(text) => Self::Layout(text),
            Unusable::Manifest(text) => Self::Manifest(text),
            Unusable::Other(text) => Self::Worker(text),
        }
    }
}
