//! Which descriptor can be computed when: those made of nothing first, then
//! those made of them, and so on. What is made of itself is named.

use std::collections::{BTreeMap, BTreeSet};

/// The order in which things that are made of one another can be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels<K> {
    /// Level 0 is made of nothing; all inputs of a higher level lie in lower
    /// ones, and at least one of them in the level just below.
    pub levels: Vec<Vec<K>>,
    /// What can never be computed because it leads to a cycle, and the cycle:
    /// each is made of the next, the last of the first.
    pub stuck: BTreeMap<K, Vec<K>>,
}

/// Puts things in order. `inputs` says of each what it is made of; an input
/// that is no key of it counts as there already.
pub fn levels<K: Ord + Clone>(inputs: &BTreeMap<K, Vec<K>>) -> Levels<K> {
    let mut waits: BTreeMap<&K, BTreeSet<&K>> = inputs
        .iter()
        .map(|(id, of)| (id, of.iter().filter(|input| inputs.contains_key(input)).collect()))
        .collect();
    let mut levels = vec![];
    loop {
        let ready: Vec<&K> = waits.iter().filter(|(_, open)| open.is_empty()).map(|(&id, _)| id).collect();
        if ready.is_empty() {
            break;
        }
        for id in &ready {
            waits.remove(id);
        }
        for open in waits.values_mut() {
            open.retain(|id| !ready.contains(id));
        }
        levels.push(ready.into_iter().cloned().collect());
    }
    let stuck = waits.keys().map(|&id| (id.clone(), cycle(id, &waits))).collect();
    Levels { levels, stuck }
}

/// The cycle that one walks into from here, always taking the first way. Every
/// key waits for at least one other.
fn cycle<K: Ord + Clone>(from: &K, waits: &BTreeMap<&K, BTreeSet<&K>>) -> Vec<K> {
    let mut path: Vec<&K> = vec![];
    let mut at = from;
    loop {
        if let Some(begin) = path.iter().position(|seen| *seen == at) {
            return path[begin..].iter().map(|&id| id.clone()).collect();
        }
        path.push(at);
        match waits.get(at).and_then(|open| open.first()) {
            Some(next) => at = next,
            None => return vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(u8, &[u8])]) -> BTreeMap<u8, Vec<u8>> {
        edges.iter().map(|(id, of)| (*id, of.to_vec())).collect()
    }

    #[test]
    fn small_graphs() {
        let check = |edges: &[(u8, &[u8])], expect: &[&[u8]], stuck: &[(u8, &[u8])]| {
            let found = levels(&graph(edges));
            assert_eq!(found.levels, expect, "{edges:?}");
            assert_eq!(found.stuck, graph(stuck), "{edges:?}");
        };
        check(&[], &[], &[]);
        check(&[(1, &[]), (2, &[])], &[&[1, 2]], &[]);
        check(&[(1, &[2]), (2, &[3]), (3, &[])], &[&[3], &[2], &[1]], &[]);
        check(&[(1, &[2, 3]), (2, &[3]), (3, &[])], &[&[3], &[2], &[1]], &[]);
        check(&[(1, &[9])], &[&[1]], &[]);
        check(&[(1, &[1])], &[], &[(1, &[1])]);
        check(
            &[(1, &[2]), (2, &[1]), (3, &[1]), (4, &[])],
            &[&[4]],
            &[(1, &[1, 2]), (2, &[2, 1]), (3, &[1, 2])],
        );
    }

    fn graphs() -> impl Strategy<Value = BTreeMap<u8, Vec<u8>>> {
        proptest::collection::btree_map(0u8..12, proptest::collection::vec(0u8..14, 0..4), 0..12)
    }

    proptest! {
        #[test]
        fn everything_has_one_place_after_its_inputs(graph in graphs()) {
            let found = levels(&graph);
            let mut place = BTreeMap::new();
            for (level, ids) in found.levels.iter().enumerate() {
                for id in ids {
                    prop_assert!(place.insert(*id, level).is_none(), "{} stands twice", id);
                }
            }
            prop_assert_eq!(place.len() + found.stuck.len(), graph.len());
            for (id, level) in &place {
                let below: Vec<_> = graph[id].iter().filter(|of| graph.contains_key(of)).collect();
                prop_assert!(below.iter().all(|of| place.get(of).is_some_and(|its| its < level)));
                prop_assert!(*level == 0 || below.iter().any(|of| place[of] + 1 == *level));
            }
        }

        #[test]
        fn a_cycle_that_is_named_is_one(graph in graphs()) {
            for (id, cycle) in levels(&graph).stuck {
                prop_assert!(!cycle.is_empty(), "{} has no cycle", id);
                for (at, next) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
                    prop_assert!(graph[at].contains(next), "{} is not made of {}", at, next);
                }
            }
        }

        #[test]
        fn what_is_made_of_smaller_numbers_only_is_never_stuck(graph in graphs()) {
            let tame: BTreeMap<u8, Vec<u8>> = graph
                .into_iter()
                .map(|(id, of)| (id, of.into_iter().filter(|of| *of < id).collect()))
                .collect();
            prop_assert!(levels(&tame).stuck.is_empty());
        }
    }
}
