//! The memory tier by cases: what is found, what goes, what is counted.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, Weak, mpsc};
use std::thread;
use std::time::Duration;

use agogic_store::memory::{KindCounts, LEAST_BYTES, Limits, Loaded, MemoryStats, MemoryTier};

/// Seconds that pass when the test says so.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, SeqCst);
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, SeqCst);
    }

    pub(crate) fn tier<V: ?Sized>(&self, bytes: u64, idle: u64) -> MemoryTier<u8, V> {
        let now = Arc::clone(&self.0);
        MemoryTier::with_clock(limits(bytes, idle), move || Duration::from_secs(now.load(SeqCst)))
    }
}

pub(crate) fn limits(bytes: u64, idle: u64) -> Limits {
    Limits { bytes, idle: Duration::from_secs(idle) }
}

fn found(value: u32, bytes: u64) -> Result<Option<Loaded<u32>>, String> {
    Ok(Some(Loaded { value: Arc::new(value), bytes }))
}

/// One thing done to a tier of 1000 bytes and 10 seconds.
enum Do {
    /// Asks for a key whose value would weigh so much, and has to load it.
    Load(u8, u64),
    /// Asks for a key and has to find it.
    Hit(u8),
    /// Seconds pass.
    Pass(u64),
    Invalidate(u8),
    Limits(u64, u64),
}

/// Does all that, and then looks for these keys and for no other.
fn check(what: &[Do], left: &[u8]) -> MemoryStats {
    let clock = Clock::default();
    let tier = clock.tier(1000, 10);
    for (step, act) in what.iter().enumerate() {
        let ask = |key: &u8, bytes: u64| {
            let asked = Cell::new(false);
            let load = || {
                asked.set(true);
                found(u32::from(*key), bytes)
            };
            let value = tier.get_or_load("cases", key, load).unwrap().unwrap();
            assert_eq!(*value, u32::from(*key), "step {step}");
            asked.get()
        };
        match act {
            Do::Load(key, bytes) => assert!(ask(key, *bytes), "step {step}: {key} was held"),
            Do::Hit(key) => assert!(!ask(key, 0), "step {step}: {key} was not held"),
            Do::Pass(seconds) => clock.pass(*seconds),
            Do::Invalidate(key) => assert!(tier.invalidate(key), "step {step}"),
            Do::Limits(bytes, idle) => tier.set_limits(limits(*bytes, *idle)),
        }
    }
    let stats = tier.stats();
    for key in 0..=9 {
        let held = tier.get_or_load::<()>("left", &key, || Ok(None)).unwrap().is_some();
        assert_eq!(held, left.contains(&key), "{key}");
    }
    assert_eq!(stats.entries, left.len() as u64);
    stats
}

#[test]
fn bytes_are_bounded() {
    use Do::{Hit, Limits, Load};
    check(&[Load(1, 500), Load(2, 500), Hit(1), Hit(2)], &[1, 2]);
    // The longest unused goes first, as many as it takes.
    check(&[Load(1, 500), Load(2, 500), Load(3, 1)], &[2, 3]);
    check(&[Load(1, 500), Load(2, 500), Hit(1), Load(3, 500)], &[1, 3]);
    let stats = check(&[Load(1, 300), Load(2, 300), Load(3, 300), Hit(1), Load(4, 500)], &[1, 4]);
    assert_eq!((stats.bytes, stats.evicted, stats.expired, stats.not_kept), (800, 2, 0, 0));
    // What is heavier than the whole bound drives nothing out.
    let stats = check(&[Load(1, 500), Load(2, 1001), Load(2, 1001), Hit(1), Load(3, 1000)], &[3]);
    assert_eq!((stats.bytes, stats.evicted, stats.not_kept), (1000, 1, 2));
    // Nothing weighs nothing.
    let stats = check(&[Load(1, 0), Load(2, LEAST_BYTES)], &[1, 2]);
    assert_eq!(stats.bytes, 2 * LEAST_BYTES);
    check(&[Limits(3 * LEAST_BYTES - 1, 10), Load(1, 0), Load(2, 0), Load(3, 0)], &[2, 3]);
}

#[test]
fn idle_time_is_bounded() {
    use Do::{Hit, Load, Pass};
    check(&[Load(1, 100), Pass(9)], &[1]);
    let stats = check(&[Load(1, 100), Pass(10)], &[]);
    assert_eq!((stats.bytes, stats.evicted, stats.expired), (0, 0, 1));
    check(&[Load(1, 100), Pass(10), Load(1, 100)], &[1]);
    // A use begins the time anew.
    check(&[Load(1, 100), Load(2, 100), Pass(6), Hit(1), Pass(6), Hit(1)], &[1]);
    check(&[Load(1, 100), Pass(5), Load(2, 100), Pass(5)], &[2]);
}

#[test]
fn limits_change_at_once() {
    use Do::{Hit, Limits, Load, Pass};
    let after = |more: Vec<Do>| {
        let three = [Load(1, 300), Load(2, 300), Load(3, 300)];
        three.into_iter().chain(more).collect::<Vec<_>>()
    };
    check(&after(vec![Hit(1), Limits(600, 10)]), &[1, 3]);
    check(&after(vec![Limits(299, 10)]), &[]);
    check(&after(vec![Limits(0, 10), Load(1, 0)]), &[]);
    check(&after(vec![Limits(1000, 0), Load(1, 300)]), &[]);
    check(&after(vec![Limits(1200, 10), Load(4, 300)]), &[1, 2, 3, 4]);
    check(&after(vec![Pass(5), Hit(3), Limits(1000, 5)]), &[3]);
    check(&after(vec![Pass(9), Limits(1000, 20), Pass(9)]), &[1, 2, 3]);
}

#[test]
fn what_is_invalidated_is_loaded_anew() {
    use Do::{Invalidate, Load};
    let stats = check(&[Load(1, 100), Load(2, 100), Invalidate(1), Load(1, 300)], &[1, 2]);
    assert_eq!((stats.bytes, stats.evicted), (400, 0));
    let tier = Clock::default().tier::<u32>(1000, 10);
    assert!(!tier.invalidate(&1));
    for key in 1..=4 {
        tier.get_or_load("value", &key, || found(0, 100)).unwrap();
    }
    tier.retain(|key| key % 2 == 0);
    assert_eq!((tier.stats().entries, tier.stats().bytes), (2, 200));
    assert!(!tier.invalidate(&1) && tier.invalidate(&2));
    tier.clear();
    assert_eq!((tier.stats().entries, tier.stats().bytes), (0, 0));
}

#[test]
fn misses_and_errors_are_not_kept() {
    let tier = Clock::default().tier::<u32>(1000, 10);
    let ask = |load: Result<Option<Loaded<u32>>, String>| tier.get_or_load("value", &1, || load);
    assert_eq!(ask(Ok(None)), Ok(None));
    assert_eq!(ask(Err("no".into())), Err("no".into()));
    assert_eq!(tier.stats().loading, 0);
    assert_eq!(ask(found(5, 10)), Ok(Some(Arc::new(5))));
    assert_eq!(ask(Err("not asked".into())), Ok(Some(Arc::new(5))));
}

#[test]
fn a_panic_leaves_the_key_free() {
    let tier = Clock::default().tier::<u32>(1000, 10);
    let panics = || tier.get_or_load::<()>("value", &1, || std::panic::resume_unwind(Box::new("on purpose")));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(tier.stats().loading, 0);
    assert_eq!(tier.get_or_load("value", &1, || found(5, 10)), Ok(Some(Arc::new(5))));
}

#[test]
fn an_invalidation_during_a_load_lets_nothing_stale_stay() {
    type Act = fn(&MemoryTier<u8, u32>);
    let cases: [(Act, bool); 5] = [
        (|tier| assert!(tier.invalidate(&1)), false),
        (MemoryTier::clear, false),
        (|tier| tier.retain(|key| *key != 1), false),
        (|tier| tier.retain(|key| *key == 1), true),
        (|tier| assert!(!tier.invalidate(&2)), true),
    ];
    for (case, (act, kept)) in cases.into_iter().enumerate() {
        let tier = Clock::default().tier::<u32>(1000, 10);
        let load = || {
            act(&tier);
            found(5, 10)
        };
        // The caller has it all the same.
        assert_eq!(tier.get_or_load("value", &1, load), Ok(Some(Arc::new(5))), "{case}");
        let stats = tier.stats();
        assert_eq!((stats.entries == 1, stats.not_kept == 0, stats.loading), (kept, kept, 0), "{case}");
    }
    // A second load, begun and kept during the first, is not undone by it.
    let tier = Clock::default().tier::<u32>(1000, 10);
    let load = || {
        tier.invalidate(&1);
        assert_eq!(tier.get_or_load("value", &1, || found(6, 10)), Ok(Some(Arc::new(6))));
        found(5, 10)
    };
    assert_eq!(tier.get_or_load("value", &1, load), Ok(Some(Arc::new(5))));
    assert_eq!(tier.get_or_load("value", &1, || found(7, 10)), Ok(Some(Arc::new(6))));
}

#[test]
fn kinds_are_counted_apart() {
    let tier = Clock::default().tier::<u32>(1000, 10);
    for (kind, key) in [("chunk", 1), ("chunk", 1), ("footer", 2), ("chunk", 2), ("footer", 3)] {
        tier.get_or_load(kind, &key, || found(0, 10)).unwrap();
    }
    let kinds = tier.stats().kinds;
    let counts = |hits, misses| KindCounts { hits, misses, shared: 0 };
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [("chunk", counts(2, 1)), ("footer", counts(0, 2))]);
}

#[test]
fn time_does_not_run_back() {
    let clock = Clock::default();
    let tier = clock.tier::<u32>(1000, 10);
    clock.set(100);
    tier.get_or_load("value", &1, || found(0, 10)).unwrap();
    clock.set(5);
    tier.get_or_load("value", &2, || found(0, 10)).unwrap();
    assert_eq!(tier.stats().entries, 2);
    clock.set(109);
    // The second counts as used at 100 too.
    tier.invalidate(&1);
    assert_eq!(tier.stats().entries, 1);
    clock.set(110);
    tier.sweep();
    assert_eq!((tier.stats().entries, tier.stats().expired), (0, 1));
}

#[test]
fn a_value_in_use_outlives_its_place() {
    let tier = Clock::default().tier::<[f32]>(1000, 10);
    let load = || Ok::<_, ()>(Some(Loaded { value: Arc::from([1.0, 2.0]), bytes: 8 }));
    let value = tier.get_or_load("value", &1, load).unwrap().unwrap();
    tier.clear();
    assert_eq!(*value, [1.0, 2.0]);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// A value that asks the tier when it is dropped.
struct Asks(Weak<MemoryTier<u8, Asks>>, Arc<Mutex<Vec<u64>>>);

impl Drop for Asks {
    fn drop(&mut self) {
        if let Some(tier) = self.0.upgrade() {
            self.1.lock().unwrap().push(tier.stats().entries);
        }
    }
}

#[test]
fn values_are_dropped_without_the_lock() {
    let clock = Clock::default();
    let tier = Arc::new(clock.tier::<Asks>(1000, 10));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let load = |key: u8| {
        let value = || Loaded { value: Arc::new(Asks(Arc::downgrade(&tier), Arc::clone(&seen))), bytes: 500 };
        drop(tier.get_or_load::<()>("value", &key, || Ok(Some(value()))));
    };
    load(1);
    load(2);
    load(3);
    tier.invalidate(&2);
    load(4);
    tier.set_limits(limits(500, 10));
    clock.pass(10);
    tier.sweep();
    assert_eq!(*seen.lock().unwrap(), [2, 1, 1, 0]);
}

#[test]
fn a_slow_load_holds_up_no_other_key() {
    let tier = Clock::default().tier::<u32>(1000, 10);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let load = move || {
                told.recv().unwrap();
                found(1, 10)
            };
            tier.get_or_load("slow", &1, load)
        });
        assert_eq!(tier.get_or_load("fast", &2, || found(2, 10)), Ok(Some(Arc::new(2))));
        tier.invalidate(&3);
        tell.send(()).unwrap();
        assert_eq!(slow.join().unwrap(), Ok(Some(Arc::new(1))));
    });
}

#[test]
fn many_threads_load_each_key_once() {
    const THREADS: usize = 8;
    let tier = Clock::default().tier::<u32>(10_000, 10);
    let loads = AtomicUsize::new(0);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                for key in 0..50 {
                    let load = || {
                        loads.fetch_add(1, SeqCst);
                        found(u32::from(key), 100)
                    };
                    let value = tier.get_or_load("value", &key, load);
                    assert_eq!(value, Ok(Some(Arc::new(u32::from(key)))));
                }
            });
        }
    });
    assert_eq!(loads.load(SeqCst), 50);
    let counts = tier.stats().kinds["value"];
    assert_eq!((counts.misses, counts.hits + counts.shared), (50, 50 * (THREADS as u64 - 1)));
}
