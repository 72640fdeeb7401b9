//! What happens while the engine works, and how it is stopped.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use agogic_host::{Level, Watch};
use agogic_scheduler::Cancel;
use agogic_schema::{AssetId, CalculatorId, DescriptorId, ProfileName};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Descriptors of an asset are about to be computed.
    Started {
        /// The audio file.
        file: PathBuf,
        /// Its audio.
        asset: AssetId,
        /// Samples per channel, where the file says.
        samples: Option<u64>,
        /// What will be computed.
        descriptors: Vec<DescriptorId>,
    },
    /// Somebody else computes descriptors of an asset: they are waited for.
    Waiting {
        /// The audio file.
        file: PathBuf,
        /// Its audio.
        asset: AssetId,
    },
    /// So much of a file has been analysed.
    Progress {
        /// The audio file.
        file: PathBuf,
        /// Samples per channel so far.
        done: u64,
        /// Samples per channel in all, where the file says.
        total: Option<u64>,
    },
    /// A descriptor was computed and published.
    Computed {
        /// The audio.
        asset: AssetId,
        /// The profile.
        profile: ProfileName,
        /// The descriptor.
        descriptor: DescriptorId,
    },
    /// A descriptor was asked for and was current in the cache.
    Cached {
        /// The audio.
        asset: AssetId,
        /// The profile.
        profile: ProfileName,
        /// The descriptor.
        descriptor: DescriptorId,
    },
    /// A descriptor could not be computed.
    Failed {
        /// The audio.
        asset: AssetId,
        /// The profile.
        profile: ProfileName,
        /// The descriptor.
        descriptor: DescriptorId,
        /// Why.
        reason: String,
    },
    /// A calculator has something to say.
    Log {
        /// The calculator.
        calculator: CalculatorId,
        /// How much it matters.
        level: Level,
        /// One line.
        text: String,
    },
    /// A calculator has done so much of a call that takes long.
    Working {
        /// The calculator.
        calculator: CalculatorId,
        /// From 0.0 to 1.0.
        done: f32,
    },
    /// A view was made.
    Viewed {
        /// The audio.
        asset: AssetId,
        /// The descriptor.
        descriptor: DescriptorId,
        /// Columns.
        columns: usize,
    },
}

/// Who is told what happens. Called from any thread; it should be quick.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// How a call is watched and stopped. Clones share both.
#[derive(Clone, Default)]
pub struct Control {
    observer: Option<Arc<dyn Observer>>,
    cancel: Cancel,
}

impl Control {
    /// A control that tells somebody what happens.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), cancel: Cancel::default() }
    }

    /// The flag by which the work is stopped; it stays up.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    pub(crate) fn tell(&self, event: Event) {
        if let Some(observer) = &self.observer {
            observer.event(&event);
        }
    }
}

impl Watch for Control {
    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    fn log(&self, calculator: &CalculatorId, level: Level, text: &str) {
        self.tell(Event::Log { calculator: calculator.clone(), level, text: text.to_owned() });
    }

    fn progress(&self, calculator: &CalculatorId, done: f32) {
        self.tell(Event::Working { calculator: calculator.clone(), done });
    }
}

/// An observer that remembers everything, for tests and for asking afterwards.
#[derive(Debug, Default)]
pub struct EventLog(Mutex<Vec<Event>>);

impl EventLog {
    /// What happened since the last call, in order.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for EventLog {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
