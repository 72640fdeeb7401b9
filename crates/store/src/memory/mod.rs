//! The memory tier: values that were read lately, so that they need not be
//! read again. It is bounded in bytes and in idle time, the longest unused
//! goes first, and of several threads that ask for the same value one loads
//! it. What does not live here: what the values are, and where they come from.
//!
//! It is our own because no crate has all of it; `docs/design/dependencies.md`
//! says what the known ones lack.

mod flight;
mod shelf;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use self::flight::{Failed, Flight};
use self::shelf::{Removed, Shelf};
use crate::sync::{Mutex, MutexGuard};

/// The least that a value counts, in bytes: so that values without weight are
/// bounded in number too.
pub const LEAST_BYTES: u64 = 64;

/// The bounds of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The sum of all weights, in bytes. With 0 nothing is kept.
    pub bytes: u64,
    /// How long a value stays that nobody asks for. With 0 nothing is kept.
    pub idle: Duration,
}

impl Default for Limits {
    /// 256 MiB, 300 seconds.
    fn default() -> Self {
        Self { bytes: 256 << 20, idle: Duration::from_secs(300) }
    }
}

/// What a loader gives: a value, and what it weighs.
#[derive(Debug)]
pub struct Loaded<V: ?Sized> {
    /// The value.
    pub value: Arc<V>,
    /// The memory it takes, in bytes; counted as [`LEAST_BYTES`] at least.
    pub bytes: u64,
}

/// How calls of one kind ended. Each call counts in one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// The value was in memory.
    pub hits: u64,
    /// The caller's loader was run, whatever came of it.
    pub misses: u64,
    /// The caller waited for the loader of another, and got what that gave.
    pub shared: u64,
}

/// What a tier holds, and what it did since it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    /// Counts per kind.
    pub kinds: BTreeMap<&'static str, KindCounts>,
    /// The sum of all weights now.
    pub bytes: u64,
    /// Values held now.
    pub entries: u64,
    /// Loads under way now whose value will be kept.
    pub loading: u64,
    /// Values that went to make room.
    pub evicted: u64,
    /// Values that went because nobody asked for them.
    pub expired: u64,
    /// Values that were loaded and not kept: heavier than the whole bound, or
    /// invalidated while they were loaded.
    pub not_kept: u64,
}

type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// Values in memory, shared between threads.
///
/// One lock guards the order of all values; it is held for a look-up, never
/// for a load. While it is held, only the keys' own `Hash`, `Eq` and `Clone`
/// are called, and the predicate of [`retain`](Self::retain).
pub struct MemoryTier<K, V: ?Sized> {
    state: Mutex<State<K, V>>,
    clock: Clock,
}

struct State<K, V: ?Sized> {
    shelf: Shelf<K, V>,
    /// Loads whose value will be kept. Whatever invalidates a key takes its
    /// load out, and with that both the right to be kept and those who ask
    /// from now on.
    flights: HashMap<K, Arc<Flight<V>>>,
    kinds: BTreeMap<&'static str, KindCounts>,
    not_kept: u64,
}

/// What a caller finds.
enum Start<'a, K: Hash + Eq + Clone, V: ?Sized> {
    Hit(Arc<V>),
    Wait(Arc<Flight<V>>),
    Load(Lead<'a, K, V>),
}

impl<K: Hash + Eq + Clone, V: ?Sized> MemoryTier<K, V> {
    /// An empty tier.
    pub fn new(limits: Limits) -> Self {
        let origin = Instant::now();
        Self::with_clock(limits, move || origin.elapsed())
    }

    /// An empty tier with a clock of the caller's: the time since any moment.
    /// A time before one already seen counts as that.
    pub fn with_clock(limits: Limits, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let state =
            State { shelf: Shelf::new(limits), flights: HashMap::new(), kinds: BTreeMap::new(), not_kept: 0 };
        Self { state: Mutex::new(state), clock: Box::new(clock) }
    }

    /// The value of a key, from memory or by `load`; `kind` says where the
    /// call is counted.
    ///
    /// If another thread is loading this key, the caller waits and gets the
    /// same, be it a value or `None`. If that load fails or panics, one of
    /// those who wait runs its own. Only a value is kept, not `None` and not an
    /// error. A value whose key is invalidated while it loads goes to those who
    /// asked before, and is not kept.
    ///
    /// `load` may ask the tier for other keys. It never returns if it asks for
    /// its own, or if two loads ask for the key of each other. It must not wait
    /// for a thread pool on which callers run either: a thread of rayon's that
    /// waits takes up other work, and that may ask for the very key.
    ///
    /// # Errors
    ///
    /// Those of `load`.
    pub fn get_or_load<E>(
        &self,
        kind: &'static str,
        key: &K,
        load: impl FnOnce() -> Result<Option<Loaded<V>>, E>,
    ) -> Result<Option<Arc<V>>, E> {
        loop {
            match self.start(kind, key) {
                Start::Hit(value) => return Ok(Some(value)),
                Start::Load(lead) => {
                    let loaded = load()?;
                    return Ok(lead.land(loaded));
                }
                Start::Wait(flight) => {
                    if let Ok(value) = flight.wait() {
                        self.state().count(kind).shared += 1;
                        return Ok(value);
                    }
                }
            }
        }
    }

    /// Forgets the value of a key; a load of it that is under way is not kept,
    /// and who asks from now on does not get what it gives. Whether there was a
    /// value or a load.
    pub fn invalidate(&self, key: &K) -> bool {
        self.with(|state, removed| {
            let held = state.shelf.remove(key, removed);
            state.flights.remove(key).is_some() || held
        })
    }

    /// Invalidates every key for which `keep` says `false`, those that are
    /// being loaded too. `keep` must not ask the tier.
    pub fn retain(&self, mut keep: impl FnMut(&K) -> bool) {
        self.with(|state, removed| {
            state.shelf.retain(&mut keep, removed);
            state.flights.retain(|key, _| keep(key));
        });
    }

    /// Invalidates every key.
    pub fn clear(&self) {
        self.retain(|_| false);
    }

    /// Changes the bounds. What is outside the new ones goes at once.
    pub fn set_limits(&self, limits: Limits) {
        self.with(|state, removed| state.shelf.set_limits(limits, removed));
    }

    /// The bounds.
    pub fn limits(&self) -> Limits {
        self.state().shelf.limits()
    }

    /// Drops what nobody asked for within the idle time. Every other call does
    /// this too; this one is for a tier that nobody asks anything.
    pub fn sweep(&self) {
        self.with(|_, _| ());
    }

    /// What is held and what was done.
    pub fn stats(&self) -> MemoryStats {
        self.with(|state, _| MemoryStats {
            kinds: state.kinds.clone(),
            bytes: state.shelf.bytes,
            entries: state.shelf.len() as u64,
            loading: state.flights.len() as u64,
            evicted: state.shelf.evicted,
            expired: state.shelf.expired,
            not_kept: state.not_kept,
        })
    }

    fn start<'a>(&'a self, kind: &'static str, key: &'a K) -> Start<'a, K, V> {
        self.with(|state, _| {
            if let Some(value) = state.shelf.get(key) {
                state.count(kind).hits += 1;
                Start::Hit(value)
            } else if let Some(flight) = state.flights.get(key) {
                Start::Wait(Arc::clone(flight))
            } else {
                state.count(kind).misses += 1;
                let flight = Arc::new(Flight::new());
                state.flights.insert(key.clone(), Arc::clone(&flight));
                Start::Load(Lead { tier: self, key, flight, landed: false })
            }
        })
    }

    /// Does something with what is held, at the time that it is. What is
    /// removed is dropped when the lock is let go.
    fn with<R>(&self, act: impl FnOnce(&mut State<K, V>, &mut Removed<K, V>) -> R) -> R {
        let now = (self.clock)();
        let mut removed = Vec::new();
        let mut state = self.state();
        state.shelf.advance(now, &mut removed);
        let result = act(&mut state, &mut removed);
        drop(state);
        result
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V: ?Sized> State<K, V> {
    fn count(&mut self, kind: &'static str) -> &mut KindCounts {
        self.kinds.entry(kind).or_default()
    }

    /// Ends a load. Its key, if it was not invalidated meanwhile.
    fn end(&mut self, key: &K, flight: &Arc<Flight<V>>) -> Option<K> {
        let current = self.flights.get(key).is_some_and(|current| Arc::ptr_eq(current, flight));
        if current { self.flights.remove_entry(key).map(|(key, _)| key) } else { None }
    }
}

impl<K: Hash + Eq + Clone, V: ?Sized> Default for MemoryTier<K, V> {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl<K, V: ?Sized> fmt::Debug for MemoryTier<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTier").finish_non_exhaustive()
    }
}

/// The duty of the one who loads: whatever happens, those who wait are told.
struct Lead<'a, K: Hash + Eq + Clone, V: ?Sized> {
    tier: &'a MemoryTier<K, V>,
    key: &'a K,
    flight: Arc<Flight<V>>,
    landed: bool,
}

impl<K: Hash + Eq + Clone, V: ?Sized> Lead<'_, K, V> {
    /// Keeps what was loaded, then tells those who wait.
    fn land(mut self, loaded: Option<Loaded<V>>) -> Option<Arc<V>> {
        self.tier.with(|state, removed| {
            let key = state.end(self.key, &self.flight);
            if let Some(loaded) = &loaded {
                let kept = key.is_some_and(|key| state.shelf.put(key, loaded, removed));
                state.not_kept += u64::from(!kept);
            }
        });
        let value = loaded.map(|loaded| loaded.value);
        self.landed = true;
        self.flight.settle(Ok(value.clone()));
        value
    }
}

impl<K: Hash + Eq + Clone, V: ?Sized> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        if !self.landed {
            // No clock here: this may run during a panic of the clock itself.
            drop(self.tier.state().end(self.key, &self.flight));
            self.flight.settle(Err(Failed));
        }
    }
}
