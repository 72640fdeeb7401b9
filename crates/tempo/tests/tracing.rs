//! Queries are counted by kind where that is asked for.
#![cfg(feature = "tracing")]

use agogic_tempo::{Query, TempoMap, tally};
use agogic_timebase::{Beats, Seconds};

#[test]
fn queries_are_counted() {
    let map = TempoMap::constant(90.0).unwrap();
    let mut out = [Beats(0.0); 100];
    for _ in 0..3 {
        map.seconds(Beats(1.0));
        map.beats_into(&[Seconds(1.0); 100], &mut out);
    }
    for (query, calls, positions) in [
        (Query::BeatsToSeconds, 3, 3),
        (Query::SecondsToBeats, 0, 0),
        (Query::SecondsToBeatsBatch, 3, 300),
        (Query::FramesToBeats, 0, 0),
    ] {
        let counted = tally(query);
        assert_eq!((counted.calls, counted.positions), (calls, positions), "{query:?}");
    }
}
