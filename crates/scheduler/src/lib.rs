//! What has to run, and running it: the difference between what is wanted and
//! what is cached, and a thin executor for the jobs that close it.
//!
//! The difference is a pure function; the truth is always computed from it
//! anew, and no queue remembers anything that it does not say. What does not
//! live here: reading or writing the cache, and calculators.
#![forbid(unsafe_code)]

mod cancel;
mod diff;
mod execute;
mod freshness;
mod levels;
mod reason;

pub use cancel::Cancel;
pub use diff::{Step, Verdict, diff, with_inputs};
pub use execute::execute;
pub use freshness::{Input, Wanted, judge};
pub use levels::{Levels, levels};
pub use reason::{Freshness, Obstacle, Reason};
