//! What is kept in memory, in the order of its last use, within its bounds.
//! No lock and no clock: both are the tier's.

use std::hash::Hash;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use hashlink::LinkedHashMap;

use super::{LEAST_BYTES, Limits, Loaded};

/// What was taken off the shelf. It is for the caller to drop once the lock is
/// let go: the last reference to a value may fall here, and its destructor may
/// take long or ask the tier.
pub(super) type Removed<K, V> = Vec<(K, Kept<V>)>;

/// A value on the shelf.
pub(super) struct Kept<V: ?Sized> {
    value: Arc<V>,
    bytes: u64,
    used: Duration,
}

/// Values in the order of their last use, the longest unused first.
pub(super) struct Shelf<K, V: ?Sized> {
    kept: LinkedHashMap<K, Kept<V>>,
    limits: Limits,
    now: Duration,
    pub(super) bytes: u64,
    pub(super) evicted: u64,
    pub(super) expired: u64,
}

impl<K: Hash + Eq, V: ?Sized> Shelf<K, V> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { kept: LinkedHashMap::new(), limits, now: Duration::ZERO, bytes: 0, evicted: 0, expired: 0 }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Moves the time on, and takes off what was idle for too long. Threads
    /// read the clock before they take the lock, so that an earlier time may
    /// come after a later one: it counts as the later.
    pub(super) fn advance(&mut self, now: Duration, removed: &mut Removed<K, V>) {
        self.now = self.now.max(now);
        while let Some((_, first)) = self.kept.front()
            && self.now.saturating_sub(first.used) >= self.limits.idle
        {
            self.expired += u64::from(self.take_first(removed));
        }
    }

    /// The value of this key, which counts as a use.
    pub(super) fn get(&mut self, key: &K) -> Option<Arc<V>> {
        let kept = self.kept.to_back(key)?;
        kept.used = self.now;
        Some(Arc::clone(&kept.value))
    }

    /// Puts a value on the shelf and makes room for it. Whether it was put: a
    /// value heavier than the whole bound is not.
    pub(super) fn put(&mut self, key: K, loaded: &Loaded<V>, removed: &mut Removed<K, V>) -> bool {
        let bytes = loaded.bytes.max(LEAST_BYTES);
        if bytes > self.limits.bytes || self.limits.idle.is_zero() {
            return false;
        }
        self.remove(&key, removed);
        // Room first: the bound holds at every moment.
        self.make_room(self.limits.bytes - bytes, removed);
        self.bytes += bytes;
        self.kept.insert(key, Kept { value: Arc::clone(&loaded.value), bytes, used: self.now });
        true
    }

    pub(super) fn remove(&mut self, key: &K, removed: &mut Removed<K, V>) -> bool {
        let Some(entry) = self.kept.remove_entry(key) else { return false };
        self.bytes -= entry.1.bytes;
        removed.push(entry);
        true
    }

    /// Keeps what `keep` says, in the same order. Should it panic, what it was
    /// not asked about is gone, and the sums are right.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K) -> bool, removed: &mut Removed<K, V>) {
        self.bytes = 0;
        for (key, kept) in mem::take(&mut self.kept) {
            if keep(&key) {
                self.bytes += kept.bytes;
                self.kept.insert(key, kept);
            } else {
                removed.push((key, kept));
            }
        }
    }

    pub(super) fn set_limits(&mut self, limits: Limits, removed: &mut Removed<K, V>) {
        self.limits = limits;
        self.advance(self.now, removed);
        self.make_room(limits.bytes, removed);
    }

    fn make_room(&mut self, bytes: u64, removed: &mut Removed<K, V>) {
        while self.bytes > bytes && self.take_first(removed) {
            self.evicted += 1;
        }
    }

    fn take_first(&mut self, removed: &mut Removed<K, V>) -> bool {
        let Some(entry) = self.kept.pop_front() else { return false };
        self.bytes -= entry.1.bytes;
        removed.push(entry);
        true
    }
}
