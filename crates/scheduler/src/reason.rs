//! The words for how a descriptor stands, and why.

use std::fmt;

use agogic_schema::{CalculatorId, DescriptorId, Version};

/// How a descriptor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Cached, and what would be computed now.
    Current,
    /// Wanted and not cached.
    Missing,
    /// Cached, but something else would be computed now, or might be.
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
#[non_exhaustive]
pub enum Reason {
    /// Nothing differs.
    UpToDate,
    /// Nothing differs as far as can be told: it depends on tempo, and no tempo
    /// map is given to compare with.
    OwnTempo,
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
    /// The tempo map, on which it depends, is another one now.
    Tempo,
    /// An input is not current, so that its content is not known.
    InputNotCurrent(DescriptorId, Freshness),
    /// Nobody computes an input.
    NoInput(DescriptorId),
    /// It is made of itself: each of these is made of the next.
    Cycle(Vec<DescriptorId>),
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
            Self::OwnTempo => f.write_str("up to date with the tempo map that it was computed with"),
            Self::NotCached => f.write_str("not in the cache"),
            Self::ChangedIn { cached, changed_in } => {
                write!(f, "computed by version {cached}, its values changed in {changed_in}")
            }
            Self::Newer { cached, installed } => {
                write!(f, "computed by version {cached}, which is newer than the installed {installed}")
            }
            Self::Parameters => f.write_str("a parameter that it reads has changed"),
            Self::Input(id) => write!(f, "its input {id} has changed"),
            Self::Tempo => f.write_str("the tempo map has changed"),
            Self::InputNotCurrent(id, freshness) => write!(f, "its input {id} is {freshness}"),
            Self::NoInput(id) => write!(f, "no calculator computes its input {id}"),
            Self::Cycle(cycle) => write!(f, "{}", Obstacle::Cycle(cycle.clone())),
            Self::Calculator(id) => write!(f, "it is now computed by {id}"),
            Self::NoCalculator(id) => write!(f, "its calculator {id} is not installed"),
            Self::NotWanted => f.write_str("nobody asks for it"),
        }
    }
}

/// Why a descriptor cannot be computed, before anybody tried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// Nobody computes an input.
    #[error("no calculator computes its input {0}")]
    UnknownInput(DescriptorId),
    /// It leads to a cycle: each of these is made of the next.
    #[error("it cannot be computed before itself: {}", chain(.0))]
    Cycle(Vec<DescriptorId>),
    /// It depends on tempo.
    #[error("it depends on tempo and no tempo map is given")]
    NoTempo,
    /// An input could not be computed.
    #[error("its input {input} failed: {reason}")]
    InputFailed {
        /// The input.
        input: DescriptorId,
        /// Its reason.
        reason: String,
    },
}

/// `a is made of b, b of a`.
fn chain(cycle: &[DescriptorId]) -> String {
    let pairs = cycle.iter().zip(cycle.iter().cycle().skip(1)).enumerate();
    let words =
        pairs.map(|(i, (id, next))| format!("{id} {}of {next}", if i == 0 { "is made " } else { "" }));
    words.collect::<Vec<_>>().join(", ")
}
