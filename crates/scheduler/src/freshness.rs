//! The rule of freshness, for one descriptor.
//!
//! A cached track is stale when the calculator that made it was below the
//! version at which the descriptor last changed, or above the version that is
//! installed; when a parameter that it reads changed; when the content of an
//! input changed; or when another calculator computes the descriptor now.
//! Nothing else makes it stale: no tempo edit, no other calculator, no re-run
//! of a sibling.

use std::collections::BTreeMap;
use std::fmt;

use agogic_schema::{CacheRecord, CalculatorId, ContentHash, DescriptorId, Revision, Version};

/// A descriptor as it would be computed now.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The descriptor.
    pub descriptor: DescriptorId,
    /// The calculator that computes it.
    pub calculator: CalculatorId,
    /// The calculator's installed version.
    pub installed: Version,
    /// Version at which the descriptor's values last changed.
    pub changed_in: Version,
    /// Revision of the parameters that it reads.
    pub revision: Revision,
    /// Content of its inputs, as it is now.
    pub inputs: BTreeMap<DescriptorId, ContentHash>,
}

/// How a descriptor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Cached, and what would be computed now.
    Current,
    /// Wanted and not cached.
    Missing,
    /// Cached, but something else would be computed now.
    Stale,
    /// Cached, but nobody wants it or can compute it.
    Extraneous,
}

impl Freshness {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Extraneous => "extraneous",
        }
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a descriptor stands as it does.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Nothing differs.
    UpToDate,
    /// It is not in the cache.
    NotCached,
    /// The values changed in a version after the one that computed it.
    ChangedIn {
        /// Version that computed it.
        cached: Version,
        /// Version at which the values last changed.
        changed_in: Version,
    },
    /// It was computed by a later version than the one installed.
    Newer {
        /// Version that computed it.
        cached: Version,
        /// Installed version.
        installed: Version,
    },
    /// Parameters that it reads have other values now.
    Parameters,
    /// An input has another content now.
    Input(DescriptorId),
    /// Another calculator computes it now.
    Calculator(CalculatorId),
    /// No calculator that is there computes it.
    NoCalculator(CalculatorId),
    /// Nobody asks for it.
    NotWanted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpToDate => f.write_str("up to date"),
            Self::NotCached => f.write_str("not in the cache"),
            Self::ChangedIn { cached, changed_in } => {
                write!(f, "computed by version {cached}, its values changed in {changed_in}")
            }
            Self::Newer { cached, installed } => {
                write!(f, "computed by version {cached}, which is newer than the installed {installed}")
            }
            Self::Parameters => f.write_str("a parameter that it reads has changed"),
            Self::Input(id) => write!(f, "its input {id} has changed"),
            Self::Calculator(id) => write!(f, "it is now computed by {id}"),
            Self::NoCalculator(id) => write!(f, "its calculator {id} is not installed"),
            Self::NotWanted => f.write_str("nobody asks for it"),
        }
    }
}

/// Judges a cached track against what would be computed now.
pub fn judge(wanted: &Wanted, cached: Option<&CacheRecord>) -> (Freshness, Reason) {
    let Some(cached) = cached else { return (Freshness::Missing, Reason::NotCached) };
    let from = &cached.provenance;
    let reason = if from.calculator != wanted.calculator {
        Reason::Calculator(wanted.calculator.clone())
    } else if from.version < wanted.changed_in {
        Reason::ChangedIn { cached: from.version.clone(), changed_in: wanted.changed_in.clone() }
    } else if from.version > wanted.installed {
        Reason::Newer { cached: from.version.clone(), installed: wanted.installed.clone() }
    } else if from.revision != wanted.revision {
        Reason::Parameters
    } else if let Some(input) = changed_input(&from.inputs, &wanted.inputs) {
        Reason::Input(input.clone())
    } else {
        return (Freshness::Current, Reason::UpToDate);
    };
    (Freshness::Stale, reason)
}

/// The first input that one side lacks or that has another content.
fn changed_input<'a>(
    was: &'a BTreeMap<DescriptorId, ContentHash>,
    is: &'a BTreeMap<DescriptorId, ContentHash>,
) -> Option<&'a DescriptorId> {
    let gone = was.keys().find(|id| !is.contains_key(id));
    gone.or_else(|| is.iter().find(|&(id, content)| was.get(id) != Some(content)).map(|(id, _)| id))
}
