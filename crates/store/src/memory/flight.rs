//! One load under way, and those who wait for it.

use std::fmt;
use std::sync::{Arc, PoisonError};

use crate::sync::{Condvar, Mutex};

/// A load that one thread does and others wait for. It has a lock of its own,
/// so that the end of a load wakes nobody who waits for another.
pub(super) struct Flight<V: ?Sized> {
    outcome: Mutex<Outcome<V>>,
    settled: Condvar,
}

enum Outcome<V: ?Sized> {
    Pending,
    Loaded(Option<Arc<V>>),
    Failed,
}

/// The load that was waited for gave an error or panicked.
pub(super) struct Failed;

impl<V: ?Sized> Flight<V> {
    pub(super) fn new() -> Self {
        Self { outcome: Mutex::new(Outcome::Pending), settled: Condvar::new() }
    }

    /// Waits for the end of the load.
    pub(super) fn wait(&self) -> Result<Option<Arc<V>>, Failed> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*outcome {
                Outcome::Loaded(value) => return Ok(value.clone()),
                Outcome::Failed => return Err(Failed),
                Outcome::Pending => {
                    outcome = self.settled.wait(outcome).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Tells those who wait what was loaded, or that nothing could be.
    pub(super) fn settle(&self, loaded: Result<Option<Arc<V>>, Failed>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = match loaded {
            Ok(value) => Outcome::Loaded(value),
            Err(Failed) => Outcome::Failed,
        };
        self.settled.notify_all();
    }
}

impl<V: ?Sized> fmt::Debug for Flight<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}
