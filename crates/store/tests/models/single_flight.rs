//! Loads of the memory tier: one at a time per key, and none that is stale.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use loom::thread::{self, JoinHandle};

use crate::memory::{Limits, Loaded, MemoryTier};
use crate::outcomes;
use crate::sync::{Condvar, Mutex};

type Tier = MemoryTier<u8, usize>;

const KEY: u8 = 7;

fn tier(bytes: u64) -> Arc<Tier> {
    let limits = Limits { bytes, idle: Duration::from_secs(1) };
    Arc::new(Tier::with_clock(limits, || Duration::ZERO))
}

fn found(value: usize, bytes: u64) -> Result<Option<Loaded<usize>>, ()> {
    Ok(Some(Loaded { value: Arc::new(value), bytes }))
}

fn ask(tier: &Tier, load: impl FnOnce() -> Result<Option<Loaded<usize>>, ()>) -> Result<Option<usize>, ()> {
    tier.get_or_load("value", &KEY, load).map(|value| value.map(|value| *value))
}

fn spawn<R: 'static>(tier: &Arc<Tier>, act: impl FnOnce(&Tier) -> R + 'static) -> JoinHandle<R> {
    let tier = Arc::clone(tier);
    thread::spawn(move || act(&tier))
}

/// Calls counted as hits, as misses, as shared.
fn counts(tier: &Tier) -> [u64; 3] {
    let counts = tier.stats().kinds["value"];
    [counts.hits, counts.misses, counts.shared]
}

#[test]
fn three_that_ask_load_once() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let others = [1, 2].map(|value| spawn(&tier, move |tier| ask(tier, || found(value, 100))));
        let mut all = vec![ask(&tier, || found(3, 100))];
        all.extend(others.map(|other| other.join().unwrap()));
        // Whoever loaded, all have its value.
        assert!(all.iter().all(|value| *value == all[0]));
        assert_eq!((tier.stats().entries, tier.stats().loading), (1, 0));
        (counts(&tier), all[0])
    });
    let each = |counts: [u64; 3]| [1, 2, 3].map(|value| (counts, Ok(Some(value))));
    assert_eq!(outcomes, [each([0, 1, 2]), each([1, 1, 1]), each([2, 1, 0])].concat());
}

#[test]
fn a_value_too_heavy_to_keep_is_shared() {
    let outcomes = outcomes(|| {
        let tier = tier(50);
        let other = spawn(&tier, |tier| ask(tier, || found(1, 100)));
        let mine = ask(&tier, || found(2, 100));
        let same = mine == other.join().unwrap();
        (counts(&tier), tier.stats().entries, tier.stats().not_kept, same)
    });
    assert_eq!(outcomes, [([0, 1, 1], 0, 1, true), ([0, 2, 0], 0, 2, false)]);
}

#[test]
fn a_miss_is_shared_and_not_kept() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let other = spawn(&tier, |tier| ask(tier, || Ok(None)));
        assert_eq!(ask(&tier, || Ok(None)), Ok(None));
        assert_eq!(other.join().unwrap(), Ok(None));
        let counted = counts(&tier);
        assert_eq!(ask(&tier, || found(1, 100)), Ok(Some(1)));
        counted
    });
    assert_eq!(outcomes, [[0, 1, 1], [0, 2, 0]]);
}

#[test]
fn an_error_goes_to_one_and_another_loads() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let loads = Arc::new(AtomicUsize::new(0));
        let ask_once = {
            let loads = Arc::clone(&loads);
            move |tier: &Tier| {
                ask(tier, || if loads.fetch_add(1, SeqCst) == 0 { Err(()) } else { found(1, 100) })
            }
        };
        let others = [(); 2].map(|()| spawn(&tier, ask_once.clone()));
        let mut all = vec![ask_once(&tier)];
        all.extend(others.map(|other| other.join().unwrap()));
        assert_eq!(all.iter().filter(|result| **result == Err(())).count(), 1);
        assert_eq!(all.iter().filter(|result| **result == Ok(Some(1))).count(), 2);
        assert_eq!(loads.load(SeqCst), 2);
        counts(&tier)
    });
    assert_eq!(outcomes, [[0, 2, 1], [1, 2, 0]]);
}

#[test]
fn errors_of_both_go_to_each() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let other = spawn(&tier, |tier| ask(tier, || Err(())));
        assert_eq!(ask(&tier, || Err(())), Err(()));
        assert_eq!(other.join().unwrap(), Err(()));
        assert_eq!(tier.stats().loading, 0);
        counts(&tier)
    });
    assert_eq!(outcomes, [[0, 2, 0]]);
}

#[test]
fn a_panic_of_the_loader_wakes_those_who_wait() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let other = spawn(&tier, |tier| {
            // Panics without a message.
            let load = || resume_unwind(Box::new(()));
            catch_unwind(AssertUnwindSafe(|| ask(tier, load))).ok()
        });
        assert_eq!(ask(&tier, || found(1, 100)), Ok(Some(1)));
        let other = other.join().unwrap();
        assert_eq!(tier.stats().loading, 0);
        (counts(&tier), other)
    });
    // The other came late enough to need no loader, or it panicked.
    let late = Some(Ok(Some(1)));
    assert_eq!(outcomes, [([0, 1, 1], late), ([0, 2, 0], None), ([1, 1, 0], late)]);
}

#[test]
fn a_stale_load_is_not_kept() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let source = Arc::new(Mutex::new(1));
        let read = {
            let source = Arc::clone(&source);
            move || {
                let value = *source.lock().unwrap();
                found(value, 100)
            }
        };
        let reader = spawn(&tier, {
            let read = read.clone();
            move |tier| ask(tier, read)
        });
        let writer = spawn(&tier, {
            let read = read.clone();
            move |tier| {
                *source.lock().unwrap() = 2;
                let held = tier.invalidate(&KEY);
                (held, ask(tier, read))
            }
        });
        // Who asks after the invalidation has the new value, whatever load is
        // under way.
        let (held, written) = writer.join().unwrap();
        assert_eq!(written, Ok(Some(2)));
        let read_so_far = reader.join().unwrap();
        assert_eq!(ask(&tier, read), Ok(Some(2)));
        assert_eq!((tier.stats().loading, tier.stats().entries), (0, 1));
        (held, tier.stats().not_kept, read_so_far)
    });
    // Who asked before may have either. A value that was loaded and kept, then
    // invalidated, or one that was invalidated before it could be kept.
    let (old, new) = (Ok(Some(1)), Ok(Some(2)));
    assert_eq!(outcomes, [(false, 0, new), (true, 0, old), (true, 0, new), (true, 1, old), (true, 1, new)]);
}

#[test]
fn who_waits_on_a_load_that_is_invalidated_is_woken() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let others = [1, 2].map(|value| spawn(&tier, move |tier| ask(tier, || found(value, 100))));
        tier.clear();
        let [one, two] = others.map(|other| other.join().unwrap());
        let [hits, misses, shared] = counts(&tier);
        assert_eq!(hits + misses + shared, 2);
        assert_eq!(one == two, misses == 1);
        let stats = tier.stats();
        assert_eq!((stats.bytes, stats.loading), (100 * stats.entries, 0));
        (stats.entries, stats.not_kept, shared)
    });
    assert_eq!(outcomes, [(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0)]);
}

#[test]
fn other_keys_do_not_wait() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let loaded = Arc::new((Mutex::new(false), Condvar::new()));
        let slow = spawn(&tier, {
            let loaded = Arc::clone(&loaded);
            move |tier| {
                ask(tier, || {
                    let mut done = loaded.0.lock().unwrap();
                    while !*done {
                        done = loaded.1.wait(done).unwrap();
                    }
                    found(1, 100)
                })
            }
        });
        let other = tier.get_or_load("other", &(KEY + 1), || found(2, 100));
        assert_eq!(other.map(|value| *value.unwrap()), Ok(2));
        let under_way = tier.stats().loading;
        *loaded.0.lock().unwrap() = true;
        loaded.1.notify_all();
        assert_eq!(slow.join().unwrap(), Ok(Some(1)));
        assert_eq!(tier.stats().entries, 2);
        under_way
    });
    assert_eq!(outcomes, [0, 1]);
}

#[test]
fn limits_hold_whenever_they_change() {
    let outcomes = outcomes(|| {
        let tier = tier(1000);
        let other = spawn(&tier, |tier| ask(tier, || found(1, 100)));
        tier.set_limits(Limits { bytes: 99, ..tier.limits() });
        assert_eq!(tier.stats().entries, 0);
        assert_eq!(other.join().unwrap(), Ok(Some(1)));
        assert_eq!(tier.stats().bytes, 0);
        (tier.stats().evicted, tier.stats().not_kept)
    });
    assert_eq!(outcomes, [(0, 1), (1, 0)]);
}
