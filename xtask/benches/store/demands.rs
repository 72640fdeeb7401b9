//! What is demanded beside the peers, and what it came to.

use crate::report::ms;

/// What ours must be beside a peer.
#[derive(Clone, Copy)]
pub(crate) enum Demand {
    /// Takes at most so much of its time.
    AtMost(f64),
    /// Is so many times faster.
    AtLeast(f64),
}
use Demand::{AtLeast, AtMost};

/// Of reads of 64 frames.
pub(crate) const RANGE: [(&str, Demand); 4] =
    [("LMDB", AtMost(1.3)), ("SQLite", AtLeast(1.4)), ("redb", AtLeast(2.0)), ("foyer", AtLeast(5.0))];

/// Of durable puts.
pub(crate) const PUT: [(&str, Demand); 2] = [("LMDB", AtMost(1.0)), ("SQLite", AtLeast(2.0))];

/// What a peer took, in milliseconds, or why it took none.
pub(crate) type Took = (String, Result<f64, String>);

/// What peers took, as a cell.
pub(crate) fn listed(theirs: &[Took]) -> String {
    let said = theirs.iter().map(|(name, took)| match took {
        Ok(took) => format!("{name} {}", ms(*took)),
        Err(reason) => format!("{name}: {reason}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Ratios to the peers that demands are about, those that fall short in bold; the demands;
/// and whether all of them are met, where all could be measured.
pub(crate) fn judged(
    ours: f64,
    theirs: &[Took],
    demands: &[(&str, Demand)],
) -> (String, String, Option<bool>) {
    let (mut ratios, mut demanded, mut met) = (vec![], vec![], Some(true));
    for &(name, demand) in demands {
        demanded.push(match demand {
            AtMost(share) => format!("<= {share} of {name}'s time"),
            AtLeast(times) => format!(">= {times}x {name}"),
        });
        let Some(peer) =
            theirs.iter().find(|(other, _)| other == name).and_then(|(_, took)| took.clone().ok())
        else {
            met = met.filter(|met| !met);
            continue;
        };
        let (said, good) = match demand {
            AtMost(share) => (format!("{:.2} of {name}'s time", ours / peer), ours <= share * peer),
            AtLeast(times) => (format!("{:.2}x {name}", peer / ours), peer >= times * ours),
        };
        ratios.push(if good { said } else { format!("**{said}**") });
        met = if good { met } else { Some(false) };
    }
    (ratios.join(", "), demanded.join(", "), met)
}
