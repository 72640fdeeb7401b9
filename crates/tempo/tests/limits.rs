//! What a map refuses to hold.

use agogic_tempo::{Law, MAX_CURVE_SEGMENTS, TempoError, TempoMap, TempoPoint};
use agogic_timebase::Beats;

/// Curves between 10 and 1000 bpm and back, one a beat.
fn steep(spans: usize) -> Vec<TempoPoint> {
    let point = |i: usize| {
        let bpm = if i.is_multiple_of(2) { 10.0 } else { 1000.0 };
        TempoPoint { beat: Beats(i as f64), bpm, law: Law::Curve { shape: 0.9 }, to: None }
    };
    (0..=spans).map(point).collect()
}

#[test]
fn curves_may_not_need_segments_without_end() {
    assert!(TempoMap::new(steep(1000)).is_ok());
    let error = TempoMap::new(steep(MAX_CURVE_SEGMENTS / 4)).unwrap_err();
    assert!(matches!(error, TempoError::TooManySegments { .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}
