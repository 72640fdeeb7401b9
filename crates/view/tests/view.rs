//! Views of small tracks as data.

mod tracks;

use agogic_schema::{Shape, TrackData};
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, Delta, Samples, Seconds};
use agogic_view::{
    EventView, Fallback, Grid, Hit, Interpolation, Outside, Pyramid, Reading, Sampling, Source, ViewError,
    frames_needed, view,
};
use tracks::*;

#[track_caller]
fn check(track: &agogic_schema::FeatureTrack, edges: &[f64], reading: impl Into<Reading>, expect: &[f32]) {
    let reading = reading.into();
    assert_eq!(show(track, edges, reading).data, expect, "{reading:?} on {edges:?}");
}

#[test]
fn at_positions() {
    let track = row(&[1.0, 3.0, 2.0]);
    // Before the first centre, at it, between, at the last, after it.
    let edges = [-1.0, 0.0, 0.05, 0.1, 0.125, 0.2, 5.0, 6.0];
    check(&track, &edges, HOLD, &[1.0, 1.0, 1.0, 3.0, 3.0, 2.0, 2.0]);
    check(&track, &edges, LINEAR, &[1.0, 1.0, 2.0, 3.0, 2.75, 2.0, 2.0]);
    // By hand: ends repeated, (1, 1, 3, 2) at 1/2 and (1, 3, 2, 2) at 1/4.
    check(&track, &edges, SPLINE, &[1.0, 1.0, 2.0625, 3.0, 2.9375, 2.0, 2.0]);
    check(&track, &edges, NEAREST, &[1.0, 1.0, 3.0, 3.0, 3.0, 2.0, 2.0]);
    // The peak is flat for both, the ends too: chords 0, 2, -1, 0.
    check(&track, &edges, MONOTONE, &[1.0, 1.0, 2.0, 3.0, 2.84375, 2.0, 2.0]);
    for sampling in [SPLINE, AKIMA, MONOTONE] {
        check(&row(&[7.0]), &edges, sampling, &[7.0; 7]);
    }
}

#[test]
fn over_intervals() {
    // Cells: [-0.05, 0.05) = 1, [0.05, 0.15) = 3, [0.15, 0.25) = 2.
    let track = row(&[1.0, 3.0, 2.0]);
    let edges = [-2.0, -1.0, 0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
    check(&track, &edges, MEAN, &[1.0, 1.0, 1.0, 3.0, 2.5, 2.0, 2.0, 2.0]);
    check(&track, &edges, MAX, &[1.0, 1.0, 1.0, 3.0, 3.0, 2.0, 2.0, 2.0]);
    check(&track, &edges, MIN, &[1.0, 1.0, 1.0, 3.0, 2.0, 2.0, 2.0, 2.0]);
    check(&track, &edges, MEDIAN, &[1.0, 1.0, 1.0, 3.0, 2.5, 2.0, 2.0, 2.0]);
    let rms = [1.0, 1.0, 1.0, 3.0, 6.5_f32.sqrt(), 2.0, 2.0, 2.0];
    check(&track, &edges, RMS, &rms);
    check(&track, &[-9.0, 9.0], MEAN, &[2.0]);
    check(&track, &[-9.0, 9.0], MEDIAN, &[2.0]);
    check(&track, &[-9.0, 9.0], RMS, &[(14.0_f64 / 3.0).sqrt() as f32]);
    // 0.02 s of 1, 0.1 of 3, 0.02 of 2: more than half is 3.
    check(&track, &[0.03, 0.17], MEDIAN, &[3.0]);
    // 0.02 s of 1, 0.1 of 3, 0.08 of 2.
    check(&track, &[0.03, 0.23], MEAN, &[((0.02 + 0.3 + 0.16) / 0.2) as f32]);
}

#[test]
fn channels_and_bins_stay_apart() {
    let track = dense(
        header(Shape::Dense, &["left", "right"], 2, 1000, &[(0, 100)]),
        vec![1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0],
    );
    check(&track, &[0.05, 0.1, 0.15], HOLD, &[1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0]);
    check(&track, &[0.05, 0.1], LINEAR, &[5.5, 11.0, 16.5, 22.0]);
    check(&track, &[0.0, 0.1], MEAN, &[5.5, 11.0, 16.5, 22.0]);
    check(&track, &[0.0, 0.1], MAX, &[10.0, 20.0, 30.0, 40.0]);
    let columns = show(&track, &[0.0, 0.1], MAX);
    assert_eq!((columns.channels.len(), columns.bins, columns.unit.as_str()), (2, 2, "dB"));
    assert_eq!(columns.range, Some((-80.0, 0.0)));
}

#[test]
fn edges_come_back() {
    let map = TempoMap::constant(120.0).unwrap();
    let grid = Grid::every(Delta(Beats(0.5)), Beats(0.0), Beats(1.0)).unwrap();
    let columns = view(&row(&[0.0]), &map, &grid, HOLD).unwrap();
    assert_eq!(columns.beats, [Beats(0.0), Beats(0.5), Beats(1.0)]);
    assert_eq!(columns.seconds, map.seconds_of(&columns.beats));
    assert_eq!(columns.data.len(), 2);
}

#[test]
fn peaks_of_one_bin_are_root_mean_squares() {
    let mut track = peaks(&[(50, 100, &[3.0, 5.0, 1.0, 7.0]), (100, 200, &[4.5, 5.0])]);
    track.header.bins = 1;
    check(&track, &[0.0, 0.1, 0.2, 0.3], MAX, &[3.0, 5.0, 1.0]);
    check(&track, &[0.0, 0.2, 0.4], RMS, &[4.5, 5.0]);
    check(&track, &[0.0, 0.4], RMS, &[(45.25f32 / 2.0).sqrt()]);
    check(&track, &[0.05, 0.15], Sampling::At(Interpolation::Linear), &[3.0]);
}

#[test]
fn peaks_come_from_the_level_that_fits() {
    let fine: &[f32] = &[-1.0, 1.0, -2.0, 2.0, -3.0, 3.0, -4.0, 4.0];
    let coarse: &[f32] = &[-20.0, 20.0, -40.0, 40.0];
    let track = peaks(&[(50, 100, fine), (100, 200, coarse)]);
    // Shorter than the finest hop, as long as the finest, as long as the coarse.
    check(&track, &[0.0, 0.05], MAX, &[-1.0, 1.0]);
    check(&track, &[0.05, 0.15], MEAN, &[-2.0, 2.0]);
    check(&track, &[0.0, 0.2, 0.4, 0.6], MIN, &[-20.0, 20.0, -40.0, 40.0, -40.0, 40.0]);
    check(&track, &[0.1, 0.3], MAX, &[-40.0, 40.0]);
    for at in [HOLD, LINEAR, SPLINE] {
        check(&track, &[-0.1, 0.0, 0.1, 0.2, 9.0], at, &[-1.0, 1.0, -1.0, 1.0, -2.0, 2.0, -40.0, 40.0]);
    }
    // A level without frames is passed over.
    check(&peaks(&[(50, 100, fine), (100, 200, &[])]), &[0.0, 0.4], MAX, &[-4.0, 4.0]);
}

#[test]
fn events_are_counted() {
    let track = events(&[0, 100, 100, 199, 200, 900]);
    for sampling in ALL {
        check(&track, &[-1.0, 0.0, 0.1, 0.2, 0.3, 2.0], sampling, &[0.0, 1.0, 3.0, 1.0, 1.0]);
    }
    let columns = show(&events(&[]), &[0.0, 1.0], MEAN);
    assert_eq!((columns.data, columns.bins, columns.channels.len()), (vec![0.0], 1, 1));
    assert_eq!((columns.unit.as_str(), columns.range), ("count", None));
}

#[test]
fn tracks_that_cannot_be_shown() {
    let error = |track: &agogic_schema::FeatureTrack| {
        view(track, &seconds(), &grid(&[0.0, 1.0]), MEAN).unwrap_err().to_string()
    };
    assert_eq!(error(&row(&[])), "the track agogic.test is empty: it has no frames to show");
    assert_eq!(error(&peaks(&[])), "the track agogic.test is empty: it has no frames to show");

    let mut moved = row(&[1.0, 2.0]);
    if let TrackData::Dense(plane) = &mut moved.data {
        plane.grid.start = Samples(50);
    }
    assert_eq!(error(&moved), "plane 0 of the track agogic.test is off the frame grid of its header");
    if let TrackData::Dense(plane) = &mut moved.data {
        plane.grid.start = Samples(400);
    }
    assert!(matches!(
        view(&moved, &seconds(), &grid(&[0.0, 1.0]), MEAN),
        Err(ViewError::MissingFrames { first: 4, frame: 0, .. })
    ));

    let mut three = peaks(&[(0, 1, &[0.0; 6])]);
    three.header.bins = 3;
    assert_eq!(
        error(&three),
        "the peaks track agogic.test has 3 bins instead of minimum and maximum or a mean"
    );

    let mut wide = row(&[0.0; 1 << 10]);
    wide.header.bins = 1 << 10;
    let long = Grid::every(Delta(Beats(1.0)), Beats(0.0), Beats(1e6)).unwrap();
    assert!(matches!(view(&wide, &seconds(), &long, MEAN), Err(ViewError::TooManyValues { .. })));

    let grid = grid(&[0.0, 1.0]);
    assert!(matches!(
        frames_needed(&row(&[]).header, &[1, 2], &seconds(), &grid),
        Err(ViewError::Counts { counts: 2, planes: 1, .. })
    ));
}

#[test]
fn nan_passes_through() {
    let track = row(&[0.0, f32::NAN, 0.0, 0.0, 0.0]);
    for sampling in ALL {
        let at = if sampling == HOLD { [0.1, 0.2] } else { [0.08, 0.2] };
        assert!(show(&track, &at, sampling).data[0].is_nan(), "{sampling:?}");
        assert_eq!(show(&track, &[0.36, 0.4], sampling).data, [0.0], "{sampling:?}");
    }
    // Exactly at a good frame beside it, nothing of it shows.
    for at in [HOLD, LINEAR, SPLINE] {
        check(&track, &[0.0, 0.01], at, &[0.0]);
    }
}

#[test]
fn far_out_and_very_short() {
    let track = row(&[1.0, 2.0]);
    for sampling in ALL {
        check(&track, &[-1e12, -1e12 + 1.0], sampling, &[1.0]);
        check(&track, &[1e12, 1e12 + 1.0], sampling, &[2.0]);
        let next = f64::from_bits(0.06_f64.to_bits() + 1);
        assert_eq!(show(&track, &[0.06, next], sampling).data.len(), 1);
    }
}

#[test]
fn smoothing_goes_before_sampling() {
    let track = row(&[0.0, 0.0, 6.0, 0.0, 0.0]);
    let smooth = |sampling| Reading::from(sampling).smoothed(Delta(Seconds(0.3)));
    // A window of three frames: 0, 2, 2, 2, 0, and at the ends of two.
    check(&track, &[0.0, 0.1, 0.15, 0.2, 0.35, 0.4, 0.5], smooth(LINEAR), &[0.0, 2.0, 2.0, 2.0, 1.0, 0.0]);
    check(&track, &[0.05, 0.35], smooth(MEAN), &[2.0]);
    check(&track, &[0.05, 0.45], smooth(MAX), &[2.0]);
    check(&track, &[0.05, 0.45], smooth(MEAN), &[1.5]);
    // Nothing is smoothed within a frame.
    check(&track, &[0.2, 0.25], Reading::from(HOLD).smoothed(Delta(Seconds(0.05))), &[6.0]);
    for length in [-1.0, f64::NAN, f64::INFINITY] {
        let reading = Reading::from(MEAN).smoothed(Delta(Seconds(length)));
        let error = view(&track, &seconds(), &grid(&[0.0, 1.0]), reading).unwrap_err();
        assert!(matches!(error, ViewError::Smoothing { .. }));
    }
}

#[test]
fn oversampling_averages() {
    let track = row(&[0.0, 1.0, 2.0, 3.0]);
    check(&track, &[0.0, 0.2], Reading::from(LINEAR).oversampled(4), &[0.75]);
    check(&track, &[0.0, 0.2], Reading::from(HOLD).oversampled(2), &[0.5]);
    check(&track, &[0.05, 0.2], Reading::from(LINEAR).oversampled(0), &[0.5]);
}

#[test]
fn missing_data_is_said() {
    let track = row(&[1.0, f32::NAN, 3.0]);
    let edges = [-1.0, -0.2, -0.04, 0.0, 0.1, 0.2, 0.24, 0.25, 1.0];
    let outside =
        |sampling, outside| show(&track, &edges, Reading::from(sampling).outside(outside).diagnosed());
    let said = outside(HOLD, Outside::Value(-9.0));
    assert_eq!(said.data, [-9.0, -9.0, 1.0, 1.0, -9.0, 3.0, 3.0, -9.0]);
    use Hit::{Gap, Inside, Partly};
    let hits = [Hit::Outside, Hit::Outside, Inside, Inside, Gap, Inside, Inside, Hit::Outside];
    let told = said.diagnostics.unwrap();
    assert_eq!((told.hits, told.fallbacks, told.sampling), (hits.to_vec(), vec![], HOLD));
    let said = outside(MEAN, Outside::Value(-9.0));
    assert_eq!(said.data, [-9.0, 1.0, 1.0, -9.0, -9.0, 3.0, 3.0, -9.0]);
    let hits = [Hit::Outside, Partly, Inside, Gap, Gap, Inside, Inside, Hit::Outside];
    assert_eq!(said.diagnostics.unwrap().hits, hits);
    let nan = outside(MAX, Outside::NaN).data.iter().map(|value| value.is_nan()).collect::<Vec<_>>();
    assert_eq!(nan, [true, false, false, true, true, false, false, true]);
    assert_eq!(show(&track, &[-2.0, -1.0, 0.0], LINEAR).diagnostics, None);

    let told =
        show(&track, &[-0.02, 0.1, 0.22, 0.24], Reading::from(SPLINE).diagnosed()).diagnostics.unwrap();
    assert_eq!(told.fallbacks, [(0..1, Fallback::EndRepeated), (2..3, Fallback::EndRepeated)]);
    let long = row(&(0..5000).map(|i| i as f32).collect::<Vec<_>>());
    let told = show(&long, &[0.0, 1.0, 499.0], Reading::from(MEDIAN).diagnosed()).diagnostics.unwrap();
    assert_eq!(told.fallbacks, [(1..2, Fallback::MedianOfMeans { frames: 4 })]);
    let counted = show(&events(&[5]), &[0.0, 1.0, 2.0], Reading::from(MEAN).diagnosed()).diagnostics.unwrap();
    assert_eq!(counted.fallbacks, [(0..2, Fallback::Counted)]);
    let levels = peaks(&[(50, 100, &[-1.0, 1.0])]);
    let said = show(&levels, &[-1.0, 0.0, 1.0], Reading::from(MAX).outside(Outside::Value(0.0)).diagnosed());
    assert_eq!(said.data, [0.0, 0.0, -1.0, 1.0]);
}

#[test]
fn columns_say_where_they_are_from() {
    let columns = show(&row(&[1.0]), &[0.0, 1.0], RMS);
    assert_eq!((columns.range, columns.phase()), (Some((0.0, 80.0)), Some(Seconds(0.0))));
    assert_eq!(columns.frames.map(|grid| grid.hop.get()), Some(100));
    assert_eq!(show(&events(&[1]), &[0.0, 1.0], MEAN).phase(), None);
    assert_eq!(show(&peaks(&[(50, 100, &[0.0; 4])]), &[0.0, 1.0], RMS).phase(), Some(Seconds(0.05)));
}

#[test]
fn events_have_cells_and_neighbours() {
    let track = events(&[0, 100, 100, 199, 200, 900]);
    let shown = EventView::new(&track, &seconds(), &grid(&[-1.0, 0.0, 0.1, 0.2, 0.3, 2.0])).unwrap();
    assert_eq!(shown.counts().collect::<Vec<_>>(), [0, 1, 3, 1, 1]);
    assert_eq!((shown.indices(2), shown.cell(4)[0].at, shown.indices(5)), (1..4, Samples(900), 0..0));
    for (at, event, distance) in
        [(-1.0, 0, 1.0), (0.05, 0, -0.05), (0.06, 1, 0.04), (0.1, 1, 0.0), (0.15, 3, 0.049), (9.0, 5, -8.1)]
    {
        let nearest = shown.nearest(Seconds(at)).unwrap();
        assert_eq!(nearest.event, event, "at {at}");
        assert!((nearest.distance.raw() - distance).abs() < 1e-12, "at {at}");
    }
    let starts: Vec<_> = shown.nearest_to_starts().map(|nearest| nearest.unwrap().event).collect();
    assert_eq!(starts, [0, 0, 1, 4, 4]);
    let none = events(&[]);
    let none = EventView::new(&none, &seconds(), &grid(&[0.0, 1.0])).unwrap();
    assert_eq!((none.nearest(Seconds(0.0)), none.indices(0)), (None, 0..0));
    assert!(EventView::new(&row(&[1.0]), &seconds(), &grid(&[0.0, 1.0])).is_err());
}

#[test]
fn a_pyramid_of_other_frames_is_refused() {
    let (one, other) = (row(&[1.0; 20]), row(&[1.0; 21]));
    let pyramid = Pyramid::of(&other).unwrap();
    let view = |track| view(Source::from(track).with_pyramid(&pyramid), &seconds(), &grid(&[0.0, 1.0]), MEAN);
    assert!(view(&other).is_ok());
    assert!(matches!(view(&one), Err(ViewError::Pyramid { .. })));
    // 21 frames: a group of 46 rows, four numbers each.
    assert_eq!(pyramid.bytes(), 46 * 4 * 4);
    assert_eq!(Pyramid::of(&events(&[1])).unwrap().bytes(), 0);
}
