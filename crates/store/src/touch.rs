//! Touches: which files were read when, gathered in memory until somebody
//! writes them to the index, so that the longest unused file can go first. A
//! read adds a touch and never waits for a disk. What does not live here: the
//! index, and when to write to it.

use std::fmt;
use std::hash::Hash;
use std::mem;
use std::sync::PoisonError;

use hashlink::LinkedHashMap;

use crate::sync::{Mutex, MutexGuard};

/// How many keys are held where nobody says otherwise.
pub const DEFAULT_TOUCHES: usize = 4096;

/// Keys and the time of their last use, in nanoseconds since 1970; each key
/// once, the longest untouched first.
pub type Batch<K> = Vec<(K, i64)>;

type Last<K> = Box<dyn FnOnce(Batch<K>) + Send>;

/// Touches that are not written yet.
///
/// One lock guards them, held for one look-up by a touch and for one exchange
/// by a drain. Two batches may be written in any order, and a batch twice: so
/// whoever writes them keeps the later of two times of a key.
pub struct Touches<K: Hash + Eq> {
    state: Mutex<State<K>>,
    bound: usize,
}

struct State<K: Hash + Eq> {
    pending: LinkedHashMap<K, i64>,
    lost: u64,
    last: Option<Last<K>>,
}

impl<K: Hash + Eq + Clone> Touches<K> {
    /// No touches yet. At most `bound` keys are held; with 0, none.
    pub fn new(bound: usize) -> Self {
        Self { state: Mutex::new(State { pending: LinkedHashMap::new(), lost: 0, last: None }), bound }
    }

    /// Like [`new`](Self::new); when the touches are dropped, those that are
    /// left go to `last`, if there are any. It must not panic.
    pub fn with_last(bound: usize, last: impl FnOnce(Batch<K>) + Send + 'static) -> Self {
        let touches = Self::new(bound);
        touches.state().last = Some(Box::new(last));
        touches
    }

    /// Notes a use. Of two times of one key the later stays. Returns whether it
    /// is time to write: half of the bound is reached.
    ///
    /// At the bound, the longest untouched key makes room and counts as lost:
    /// it would be the first to go in any case.
    pub fn touch(&self, key: &K, at: i64) -> bool {
        let mut state = self.state();
        match state.pending.to_back(key) {
            Some(known) => *known = at.max(*known),
            None => drop(state.pending.insert(key.clone(), at)),
        }
        state.trim(self.bound);
        state.pending.len() >= self.bound.div_ceil(2)
    }

    /// Takes all touches. Those that come from now on are in the next batch.
    pub fn drain(&self) -> Batch<K> {
        let pending = mem::take(&mut self.state().pending);
        pending.into_iter().collect()
    }

    /// Puts back a batch that could not be written, as older than what came
    /// since; the later time of a key stays.
    pub fn restore(&self, batch: Batch<K>) {
        let mut merged = LinkedHashMap::with_capacity(batch.len());
        for (key, at) in batch {
            keep_later(&mut merged, key, at);
        }
        let mut state = self.state();
        for (key, at) in mem::take(&mut state.pending) {
            keep_later(&mut merged, key, at);
        }
        state.pending = merged;
        state.trim(self.bound);
    }

    /// Writes all touches by `write`, without a lock held, and puts them back
    /// if it fails or panics. Returns how many were written; where there are
    /// none, `write` is not called.
    ///
    /// # Errors
    ///
    /// Those of `write`.
    pub fn flush<E>(&self, write: impl FnOnce(&[(K, i64)]) -> Result<(), E>) -> Result<usize, E> {
        let mut taken = Taken { touches: self, batch: self.drain() };
        if taken.batch.is_empty() {
            return Ok(0);
        }
        write(&taken.batch)?;
        Ok(mem::take(&mut taken.batch).len())
    }

    /// Keys held now.
    pub fn len(&self) -> usize {
        self.state().pending.len()
    }

    /// Whether no key is held now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Touches that went at the bound without being written.
    pub fn lost(&self) -> u64 {
        self.state().lost
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> State<K> {
    fn trim(&mut self, bound: usize) {
        while self.pending.len() > bound {
            self.pending.pop_front();
            self.lost += 1;
        }
    }
}

impl<K: Hash + Eq> Drop for Touches<K> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let left: Batch<K> = mem::take(&mut state.pending).into_iter().collect();
        if let Some(last) = state.last.take()
            && !left.is_empty()
        {
            last(left);
        }
    }
}

impl<K: Hash + Eq> fmt::Debug for Touches<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Touches").field("bound", &self.bound).finish_non_exhaustive()
    }
}

/// A batch that is being written, put back unless it was.
struct Taken<'a, K: Hash + Eq + Clone> {
    touches: &'a Touches<K>,
    batch: Batch<K>,
}

impl<K: Hash + Eq + Clone> Drop for Taken<'_, K> {
    fn drop(&mut self) {
        if !self.batch.is_empty() {
            self.touches.restore(mem::take(&mut self.batch));
        }
    }
}

/// Notes the key as the last touched, with the later of its times.
fn keep_later<K: Hash + Eq>(touches: &mut LinkedHashMap<K, i64>, key: K, at: i64) {
    let at = touches.remove(&key).map_or(at, |known| known.max(at));
    touches.insert(key, at);
}
