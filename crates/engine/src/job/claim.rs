//! Waiting for others that compute the same: of several processes, or threads,
//! that miss the same tracks one computes them.

use std::thread;
use std::time::Duration;

use agogic_store::Claim;

use super::Job;
use crate::{Error, Event};

/// How long to wait before the next look, at first and at most.
const PATIENCE: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

impl Job<'_> {
    /// Claims the asset under the profile, as soon as nobody else has it.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(super) fn claim(&self) -> Result<Claim, Error> {
        let [mut patience, most] = PATIENCE;
        let mut told = false;
        loop {
            if self.control.cancel().is_cancelled() {
                return Err(Error::Cancelled);
            }
            if let Some(claim) = self.engine.store.try_claim(&self.found.asset, &self.request.profile.name) {
                return Ok(claim);
            }
            if !told {
                self.control.tell(Event::Waiting { file: self.found.file.clone(), asset: self.found.asset });
                told = true;
            }
            // A lock of the kernel tells nobody when it is freed, and to wait
            // inside it could not be cancelled.
            thread::sleep(patience);
            patience = (2 * patience).min(most);
        }
    }
}
