//! Every order in which threads can run the memory tier and the touches, tried
//! out by a model checker. The modules are compiled here once more, over the
//! checker's locks instead of those of the system.
//!
//! The checker reports a lost wake-up and a circle of waiting as a deadlock.
#![expect(dead_code, unreachable_pub, reason = "public in the crate that these modules are of")]

#[path = "../../src/memory/mod.rs"]
mod memory;
#[path = "../../src/touch.rs"]
mod touch;

mod single_flight;
mod touches;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

/// Runs a model in every order of its threads, and gathers how it can end: a
/// model that never meets the case it is for does not pass.
fn outcomes<T: Ord + Send + 'static>(model: impl Fn() -> T + Send + Sync + 'static) -> Vec<T> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let into = Arc::clone(&seen);
    loom::model::Builder::new().check(move || {
        let outcome = model();
        into.lock().unwrap().insert(outcome);
    });
    let mut seen = seen.lock().unwrap();
    std::mem::take(&mut *seen).into_iter().collect()
}
