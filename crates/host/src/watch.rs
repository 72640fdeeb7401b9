//! Who looks on while calculators work.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use agogic_abi::v1;
use agogic_schema::CalculatorId;

/// Who looks on while calculators work. Called from any thread, often.
pub trait Watch: Sync {
    /// Whether nobody wants the result any more: asked between blocks, and by
    /// calculators inside long ones.
    fn cancelled(&self) -> bool;

    /// A calculator has something to say, in one line.
    fn log(&self, calculator: &CalculatorId, level: Level, text: &str) {
        let _ = (calculator, level, text);
    }

    /// A calculator has done so much of a call that takes long, from 0.0 to
    /// 1.0.
    fn progress(&self, calculator: &CalculatorId, done: f32) {
        let _ = (calculator, done);
    }
}

/// A flag that is up once nobody wants the result.
impl Watch for AtomicBool {
    fn cancelled(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something went wrong that the user should know of.
    Warning,
    /// Something that may help to understand a result.
    Info,
    /// For the calculator's author.
    Debug,
}

impl Level {
    /// The level of a number of the interface; one that is not known is for
    /// the author.
    pub(crate) fn of(number: u32) -> Self {
        match number {
            v1::LOG_WARNING => Self::Warning,
            v1::LOG_INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}
