//! Counters and timings of queries, for finding out where time goes. What lives
//! here: both behind the feature `tracing`; without it everything here is empty
//! and compiles to nothing. Who calls it: the conversions.

/// A kind of query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "tracing"), allow(unreachable_pub, reason = "public with the feature"))]
pub enum Query {
    /// A single beat to seconds.
    BeatsToSeconds,
    /// A single time to beats.
    SecondsToBeats,
    /// Many beats to seconds.
    BeatsToSecondsBatch,
    /// Many times to beats.
    SecondsToBeatsBatch,
    /// A row of frames to beats.
    FramesToBeats,
}

#[cfg(not(feature = "tracing"))]
mod off {
    use super::Query;

    /// Nothing.
    pub(crate) struct Timed;

    #[inline(always)]
    pub(crate) fn timed(_: Query, _: usize) -> Timed {
        Timed
    }
}
#[cfg(not(feature = "tracing"))]
pub(crate) use off::timed;

#[cfg(feature = "tracing")]
mod on {
    use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::Instant;

    use super::Query;

    /// What was asked so far, in all threads.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Tally {
        /// Calls.
        pub calls: u64,
        /// Positions converted in them.
        pub positions: u64,
        /// Nanoseconds spent in them.
        pub nanoseconds: u64,
    }

    /// Calls, positions, nanoseconds.
    struct Counter([AtomicU64; 3]);

    static COUNTERS: [Counter; 5] = [const { Counter([const { AtomicU64::new(0) }; 3]) }; 5];

    /// What was asked of one kind so far.
    pub fn tally(query: Query) -> Tally {
        let [calls, positions, nanoseconds] = &COUNTERS[query as usize].0;
        Tally {
            calls: calls.load(Relaxed),
            positions: positions.load(Relaxed),
            nanoseconds: nanoseconds.load(Relaxed),
        }
    }

    /// A query that is being answered.
    pub(crate) struct Timed {
        query: Query,
        positions: u64,
        since: Instant,
    }

    pub(crate) fn timed(query: Query, positions: usize) -> Timed {
        Timed { query, positions: positions as u64, since: Instant::now() }
    }

    impl Drop for Timed {
        fn drop(&mut self) {
            let nanoseconds = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let [calls, positions, spent] = &COUNTERS[self.query as usize].0;
            calls.fetch_add(1, Relaxed);
            positions.fetch_add(self.positions, Relaxed);
            spent.fetch_add(nanoseconds, Relaxed);
            tracing::trace!(
                target: "agogic_tempo",
                query = ?self.query,
                positions = self.positions,
                nanoseconds,
            );
        }
    }
}
#[cfg(feature = "tracing")]
pub(crate) use on::timed;
#[cfg(feature = "tracing")]
pub use on::{Tally, tally};
