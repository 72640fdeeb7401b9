//! The rule of freshness, for one descriptor.
//!
//! A cached track is stale when the calculator that made it was below the
//! version at which the descriptor last changed, or above the version that is
//! installed; when a parameter that it reads changed; when the content of an
//! input changed; or when another calculator computes the descriptor now.
//! Nothing else makes it stale: no tempo edit unless tempo is an input, no other
//! calculator, no re-run of a sibling, and no re-run of an input that gave the
//! same again.
//!
//! What is to be said while an input is missing or stale itself? Its content is
//! not known before it is computed. Until then the track counts as stale, with
//! that reason; once the input is there the rule above decides, and where the
//! content is as it was the track is current without having been computed.
//!
//! A track that depends on tempo is judged against the tempo map that is given.
//! Where none is given there is nothing to compare: it is what it was computed
//! for, and counts as current.

use std::collections::BTreeMap;

use agogic_schema::{CacheRecord, CalculatorId, ContentHash, DescriptorId, Revision, Version};

use crate::reason::{Freshness, Reason};

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
    /// The descriptors that it is made of; [`DescriptorId::tempo`] too, where
    /// the values depend on the tempo map.
    pub inputs: Vec<DescriptorId>,
}

/// How an input of a descriptor stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// It is there, with this content.
    Content(ContentHash),
    /// It has to be computed first.
    Pending(Freshness),
    /// Nobody computes it.
    Unknown,
    /// The tempo map, where none is given.
    NotGiven,
}

/// Judges a cached track against what would be computed now from these inputs.
pub fn judge(
    wanted: &Wanted,
    inputs: &BTreeMap<DescriptorId, Input>,
    cached: Option<&CacheRecord>,
) -> (Freshness, Reason) {
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
    } else if let Some(reason) = other_input(&from.inputs, inputs) {
        reason
    } else if inputs.values().any(|input| *input == Input::NotGiven) {
        return (Freshness::Current, Reason::OwnTempo);
    } else {
        return (Freshness::Current, Reason::UpToDate);
    };
    (Freshness::Stale, reason)
}

/// Which input differs: first one that has other content or that only one side
/// has, then one of which that is not known.
fn other_input(
    was: &BTreeMap<DescriptorId, ContentHash>,
    is: &BTreeMap<DescriptorId, Input>,
) -> Option<Reason> {
    let gone = was.keys().find(|id| !is.contains_key(id));
    let changed = || {
        let differs = |id, input| match input {
            Input::Content(content) => was.get(id) != Some(&content),
            Input::NotGiven => !was.contains_key(id),
            Input::Pending(_) | Input::Unknown => false,
        };
        is.iter().find(|&(id, input)| differs(id, *input)).map(|(id, _)| id)
    };
    if let Some(id) = gone.or_else(changed) {
        let tempo = *id == DescriptorId::tempo();
        return Some(if tempo { Reason::Tempo } else { Reason::Input(id.clone()) });
    }
    is.iter().find_map(|(id, input)| match input {
        Input::Pending(freshness) => Some(Reason::InputNotCurrent(id.clone(), *freshness)),
        Input::Unknown => Some(Reason::NoInput(id.clone())),
        Input::Content(_) | Input::NotGiven => None,
    })
}
