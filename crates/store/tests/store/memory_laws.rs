//! The memory tier against a list that is searched from end to end: whatever
//! is done, both hold the same.

use std::cell::Cell;
use std::sync::Arc;

use agogic_store::memory::{LEAST_BYTES, Loaded};
use proptest::prelude::*;

use crate::memory::{Clock, limits};

#[derive(Clone, Debug)]
enum Op {
    Load {
        key: u8,
        bytes: u64,
    },
    LoadNone {
        key: u8,
    },
    LoadFails {
        key: u8,
    },
    /// The key is invalidated by its own loader.
    LoadStale {
        key: u8,
        bytes: u64,
    },
    Pass {
        seconds: u64,
    },
    Invalidate {
        key: u8,
    },
    Retain {
        parity: u8,
    },
    Clear,
    Limits {
        bytes: u64,
        idle: u64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0..8_u8;
    let bytes = || prop_oneof![4 => 0..=400_u64, 1 => 900..=1200_u64];
    prop_oneof![
        12 => (key(), bytes()).prop_map(|(key, bytes)| Op::Load { key, bytes }),
        1 => key().prop_map(|key| Op::LoadNone { key }),
        1 => key().prop_map(|key| Op::LoadFails { key }),
        1 => (key(), bytes()).prop_map(|(key, bytes)| Op::LoadStale { key, bytes }),
        4 => (0..6_u64).prop_map(|seconds| Op::Pass { seconds }),
        2 => key().prop_map(|key| Op::Invalidate { key }),
        1 => (0..2_u8).prop_map(|parity| Op::Retain { parity }),
        1 => Just(Op::Clear),
        1 => (0..1500_u64, 0..15_u64).prop_map(|(bytes, idle)| Op::Limits { bytes, idle }),
    ]
}

/// A value of the list.
#[derive(Clone, Debug)]
struct Held {
    key: u8,
    value: usize,
    bytes: u64,
    used: u64,
}

/// The list, in the order of last use.
struct Model {
    held: Vec<Held>,
    bytes: u64,
    idle: u64,
    now: u64,
}

impl Model {
    fn sum(&self) -> u64 {
        self.held.iter().map(|held| held.bytes).sum()
    }

    fn settle(&mut self) {
        self.held.retain(|held| self.now - held.used < self.idle);
        while self.sum() > self.bytes {
            self.held.remove(0);
        }
    }

    fn find(&mut self, key: u8) -> Option<usize> {
        let at = self.held.iter().position(|held| held.key == key)?;
        let held = self.held.remove(at);
        self.held.push(Held { used: self.now, ..held.clone() });
        Some(held.value)
    }

    fn put(&mut self, key: u8, value: usize, bytes: u64) {
        let bytes = bytes.max(LEAST_BYTES);
        if bytes <= self.bytes {
            self.held.push(Held { key, value, bytes, used: self.now });
        }
        self.settle();
    }
}

fn check(ops: &[Op]) -> Result<(), TestCaseError> {
    let clock = Clock::default();
    let tier = clock.tier::<usize>(1000, 10);
    let mut model = Model { held: Vec::new(), bytes: 1000, idle: 10, now: 0 };
    for (step, op) in ops.iter().enumerate() {
        // What the loader is to give, and whether it was asked.
        let ask = |key: u8, stale: bool, result: Result<Option<u64>, ()>| {
            let asked = Cell::new(false);
            let load = || {
                asked.set(true);
                if stale {
                    tier.invalidate(&key);
                }
                result.map(|bytes| bytes.map(|bytes| Loaded { value: Arc::new(step), bytes }))
            };
            let got = tier.get_or_load("law", &key, load);
            (got.map(|value| value.map(|value| *value)), asked.get())
        };
        let (key, stale, result) = match *op {
            Op::Load { key, bytes } => (key, false, Ok(Some(bytes))),
            Op::LoadNone { key } => (key, false, Ok(None)),
            Op::LoadFails { key } => (key, false, Err(())),
            Op::LoadStale { key, bytes } => (key, true, Ok(Some(bytes))),
            ref other => {
                match *other {
                    Op::Pass { seconds } => {
                        clock.pass(seconds);
                        model.now += seconds;
                    }
                    Op::Invalidate { key } => {
                        let held = model.held.iter().any(|held| held.key == key);
                        prop_assert_eq!(tier.invalidate(&key), held);
                        model.held.retain(|held| held.key != key);
                    }
                    Op::Retain { parity } => {
                        tier.retain(|key| key % 2 == parity);
                        model.held.retain(|held| held.key % 2 == parity);
                    }
                    Op::Limits { bytes, idle } => {
                        tier.set_limits(limits(bytes, idle));
                        (model.bytes, model.idle) = (bytes, idle);
                    }
                    _ => {
                        tier.clear();
                        model.held.clear();
                    }
                }
                model.settle();
                let stats = tier.stats();
                prop_assert_eq!((stats.entries, stats.bytes), (model.held.len() as u64, model.sum()));
                continue;
            }
        };
        let (got, asked) = ask(key, stale, result);
        match model.find(key) {
            Some(value) => prop_assert_eq!((got, asked), (Ok(Some(value)), false)),
            None => {
                prop_assert_eq!((got, asked), (result.map(|bytes| bytes.map(|_| step)), true));
                if let (Ok(Some(bytes)), false) = (result, stale) {
                    model.put(key, step, bytes);
                }
            }
        }
        let stats = tier.stats();
        prop_assert!(stats.bytes <= model.bytes && stats.loading == 0);
        prop_assert_eq!((stats.entries, stats.bytes), (model.held.len() as u64, model.sum()));
    }
    // Which they are, without a word on the order.
    for held in &model.held {
        let got = tier.get_or_load::<()>("law", &held.key, || Ok(None)).unwrap();
        prop_assert_eq!(got.map(|value| *value), Some(held.value));
    }
    Ok(())
}

proptest! {
    #[test]
    fn holds_what_a_plain_list_holds(ops in proptest::collection::vec(op(), 0..80)) {
        check(&ops)?;
    }
}
