//! Plain series on a grid.

mod tracks;

use agogic_timebase::{Beats, Delta, Seconds};
use agogic_view::{Fallback, Grid, Hit, Outside, Reading, Series, ViewError};
use proptest::prelude::*;
use tracks::*;

/// Up by steps of its own, a jump at 2, a plateau.
const POINTS: [(Seconds, f32); 5] =
    [(Seconds(0.0), 0.0), (Seconds(1.0), 2.0), (Seconds(2.0), 4.0), (Seconds(2.0), 1.0), (Seconds(4.0), 1.0)];

#[track_caller]
fn check(edges: &[f64], reading: impl Into<Reading>, expect: &[f32]) {
    let reading = reading.into();
    let shown = Series::Breakpoints(&POINTS).view(&seconds(), &grid(edges), reading).unwrap();
    assert_eq!(shown.data, expect, "{reading:?} on {edges:?}");
}

#[test]
fn breakpoints_at_positions() {
    let edges = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 9.0, 10.0];
    check(&edges, HOLD, &[0.0, 0.0, 0.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]);
    check(&edges, NEAREST, &[0.0, 0.0, 2.0, 2.0, 4.0, 1.0, 1.0, 1.0, 1.0]);
    check(&edges, LINEAR, &[0.0, 0.0, 1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0]);
    for curve in [SPLINE, AKIMA, MONOTONE] {
        let shown = Series::Breakpoints(&POINTS).view(&seconds(), &grid(&edges), curve).unwrap().data;
        for (i, expect) in [(0, 0.0), (1, 0.0), (3, 2.0), (5, 1.0), (7, 1.0), (8, 1.0)] {
            assert_eq!(shown[i], expect, "{curve:?} {i}");
        }
    }
    check(&edges[..3], Reading::from(LINEAR).outside(Outside::Value(-1.0)), &[-1.0, 0.0]);
    check(&[0.0, 1.0], Reading::from(LINEAR).oversampled(4), &[0.75]);
}

#[test]
fn breakpoints_over_columns() {
    let edges = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 6.0];
    check(&edges, MEAN, &[0.0, 0.0, 1.0, 3.0, 1.0, 1.0, 1.0]);
    check(&edges, MIN, &[0.0, 0.0, 0.0, 2.0, 1.0, 1.0, 1.0]);
    check(&edges, MAX, &[0.0, 0.0, 2.0, 4.0, 1.0, 1.0, 1.0]);
    check(&edges, MEDIAN, &[0.0, 0.0, 1.0, 3.0, 1.0, 1.0, 1.0]);
    check(&[0.0, 1.0], RMS, &[(4.0_f64 / 3.0).sqrt() as f32]);
    // Half of the time from 0 to 4 is at 1, an eighth below it.
    check(&[0.0, 4.0], MEDIAN, &[1.0]);
    check(&edges[..4], Reading::from(MEAN).outside(Outside::Value(9.0)), &[9.0, 9.0, 1.0]);
    check(&[0.5, 1.5], Reading::from(HOLD).smoothed(Delta(Seconds(1.0))), &[0.0]);
    check(&[1.0, 1.5], Reading::from(LINEAR).smoothed(Delta(Seconds(1.0))), &[2.0]);
    check(&[0.0, 1.0], Reading::from(LINEAR).smoothed(Delta(Seconds(1.0))), &[0.5]);
}

#[test]
fn uniform_series_are_as_tracks() {
    let values = [1.0, 3.0, 2.0];
    let even = Series::Uniform { start: Seconds(0.0), step: Delta(Seconds(0.1)), values: &values };
    let edges = grid(&[-1.0, 0.0, 0.05, 0.1, 0.125, 0.2, 5.0, 6.0]);
    for sampling in ALL {
        let given = even.view(&seconds(), &edges, sampling).unwrap();
        let track = agogic_view::view(&row(&values), &seconds(), &edges, sampling).unwrap();
        assert_eq!((given.data, given.seconds), (track.data, track.seconds), "{sampling:?}");
    }
}

#[test]
fn answers_say_how_they_came_about() {
    let told = |edges: &[f64], reading: Reading| {
        let shown = Series::Breakpoints(&POINTS).view(&seconds(), &grid(edges), reading.diagnosed()).unwrap();
        let told = shown.diagnostics.unwrap();
        (told.hits, told.fallbacks)
    };
    let hits = vec![Hit::Outside, Hit::Partly, Hit::Inside, Hit::Partly];
    assert_eq!(told(&[-2.0, -1.0, 0.5, 3.5, 9.0], MEAN.into()), (hits, vec![]));
    let (_, fallbacks) = told(&[0.5, 1.0, 1.5, 2.5], SPLINE.into());
    assert_eq!(fallbacks, [(0..1, Fallback::EndRepeated)]);
    let (_, fallbacks) = told(&[0.5, 1.0], Reading::from(MEAN).smoothed(Delta(Seconds(1.0))));
    assert_eq!(fallbacks, [(0..1, Fallback::Positions)]);
}

#[test]
fn series_that_cannot_be() {
    let error = |series: Series<'_>| series.view(&seconds(), &grid(&[0.0, 1.0]), MEAN).unwrap_err();
    assert!(matches!(error(Series::Breakpoints(&[])), ViewError::NoValues));
    let back = [(Seconds(1.0), 0.0), (Seconds(0.5), 0.0)];
    assert!(matches!(error(Series::Breakpoints(&back)), ViewError::Breakpoint { point: 1, .. }));
    let nowhere = [(Seconds(f64::NAN), 0.0)];
    assert!(matches!(error(Series::Breakpoints(&nowhere)), ViewError::Breakpoint { point: 0, .. }));
    for step in [0.0, -1.0, f64::NAN] {
        let series = Series::Uniform { start: Seconds(0.0), step: Delta(Seconds(step)), values: &[1.0] };
        assert!(matches!(error(series), ViewError::Series { .. }));
    }
}

proptest! {
    #[test]
    fn breakpoints_keep_the_laws(
        steps in proptest::collection::vec((prop_oneof![Just(0.0), 0.001_f64..2.0], -100.0_f32..100.0), 1..30),
        map in any_map(),
        whole in any_grid(),
        smoothing in prop_oneof![Just(None), (0.0_f64..3.0).prop_map(Some)],
    ) {
        let mut at = -3.0;
        let points: Vec<_> = steps.iter().map(|&(step, value)| {
            at += step;
            (Seconds(at), value)
        }).collect();
        let series = Series::Breakpoints(&points);
        let smoothing = smoothing.map(|length| Delta(Seconds(length)));
        let show = |grid: &Grid, sampling| {
            series.view(&map, grid, Reading { smoothing, ..Reading::from(sampling) }).unwrap().data
        };
        for sampling in ALL {
            let all = show(&whole, sampling);
            for column in (0..whole.columns()).rev() {
                let edges: Vec<Beats> = whole.edges()[column..=column + 1].to_vec();
                let one = show(&Grid::new(edges).unwrap(), sampling);
                prop_assert_eq!(bits(&one), bits(&all[column..=column]), "{:?}", sampling);
            }
        }
        let [least, mean, median, greatest, rms] = [MIN, MEAN, MEDIAN, MAX, RMS].map(|how| show(&whole, how));
        let room = 1e-4;
        for i in 0..mean.len() {
            prop_assert!(least[i] <= mean[i] + room && mean[i] <= greatest[i] + room);
            prop_assert!(least[i] <= median[i] && median[i] <= greatest[i]);
            prop_assert!(rms[i] + room >= mean[i].abs());
        }
        let (lo, hi) = points.iter().fold((f32::MAX, f32::MIN), |(lo, hi), p| (lo.min(p.1), hi.max(p.1)));
        prop_assert!(show(&whole, MONOTONE).iter().all(|&v| lo - room <= v && v <= hi + room));
    }
}
