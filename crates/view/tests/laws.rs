//! The laws that hold for all views of tracks.

mod tracks;

use agogic_schema::TrackData;
use agogic_timebase::{Delta, Seconds};
use agogic_view::{Grid, Outside, Pyramid, Reading, Source, TrackView, view};
use proptest::prelude::*;
use tracks::*;

proptest! {
    /// The law behind "what is seen live is what is exported".
    #[test]
    fn pieces_equal_the_whole(
        track in prop_oneof![any_dense(), any_peaks(), any_events()],
        map in any_map(),
        whole in any_grid(),
        cuts in proptest::collection::vec(1_usize..40, 1..4),
        order in any::<proptest::sample::Index>(),
        (smoothing, oversampling) in (prop_oneof![Just(None), (0.0_f64..3.0).prop_map(Some)], 1_u16..4),
        outside in prop_oneof![Just(Outside::HoldEdge), Just(Outside::NaN), Just(Outside::Value(-7.5))],
    ) {
        let kept = TrackView::new(track.clone()).unwrap();
        for sampling in ALL {
            let smoothing = smoothing.map(|length| Delta(Seconds(length)));
            let reading = Reading { oversampling, smoothing, outside, ..sampling.into() };
            let expect = view(&track, &map, &whole, reading).unwrap();
            prop_assert_eq!(bits(&kept.view(&map, &whole, reading).unwrap().data), bits(&expect.data));
            let (mut pieces, mut from, mut sizes) = (Vec::new(), 0, cuts.iter().copied().cycle());
            while from < whole.columns() {
                let to = (from + sizes.next().unwrap()).min(whole.columns());
                pieces.push(from..to);
                from = to;
            }
            // From somewhere on, then what is before it backwards.
            let middle = order.index(pieces.len());
            let wander = (middle..pieces.len()).chain((0..middle).rev());
            let width = expect.data.len() / whole.columns();
            let mut shown = vec![0.0; expect.data.len()];
            for (turn, number) in wander.enumerate() {
                let columns = pieces[number].clone();
                let piece = Grid::new(whole.edges()[columns.start..=columns.end].to_vec()).unwrap();
                let part = part(&track, &map, &piece, reading);
                let pyramid = Pyramid::of(&part).unwrap();
                let source = Source::from(&part);
                let source = if turn % 2 == 0 { source } else { source.with_pyramid(&pyramid) };
                let given = view(source, &map, &piece, reading).unwrap();
                prop_assert_eq!(&given.seconds, &expect.seconds[columns.start..=columns.end]);
                shown[columns.start * width..columns.end * width].copy_from_slice(&given.data);
            }
            prop_assert_eq!(bits(&shown), bits(&expect.data), "{:?}", reading);
        }
    }

    /// Against sums in 64 bits without blocks, over all of a longer track.
    #[test]
    fn a_pyramid_is_as_the_frames(
        values in proptest::collection::vec(-100.0_f32..100.0, 1..1500),
        (from, length) in (0.0_f64..0.999, 0.001_f64..1.5),
    ) {
        // Shares of the track; at least a tenth of a frame is in it.
        let frames = values.len() as f64;
        let (from, length) = ((from * frames).min(frames - 0.1), (length * frames).max(0.1));
        let track = row(&values);
        let kept = TrackView::new(track).unwrap();
        // Where frames stand for their cells: (k - 0.5) / 10 s.
        let edges = grid(&[(from - 0.5) / 10.0, (from + length - 0.5) / 10.0]);
        let shown = |sampling| f64::from(kept.view(&seconds(), &edges, sampling).unwrap().data[0]);
        let inside = |i: usize| {
            let weight = (from + length).min(i as f64 + 1.0) - from.max(i as f64);
            (weight > 1e-6).then_some((weight, f64::from(values[i])))
        };
        let cells: Vec<(f64, f64)> = (0..values.len()).filter_map(inside).collect();
        let weight: f64 = cells.iter().map(|cell| cell.0).sum();
        let sum = |of: fn(f64) -> f64| cells.iter().map(|cell| cell.0 * of(cell.1)).sum::<f64>() / weight;
        let bound = (3.0 + (cells.len() as f64).log(16.0)) / f64::from(1 << 24) + 1e-9;
        prop_assert!((shown(MEAN) - sum(|v| v)).abs() <= bound * sum(f64::abs), "{} {}", shown(MEAN), sum(|v| v));
        prop_assert!((shown(RMS) - sum(|v| v * v).sqrt()).abs() <= bound * sum(|v| v * v).sqrt());
        let least = cells.iter().map(|cell| cell.1).fold(f64::INFINITY, f64::min);
        let greatest = cells.iter().map(|cell| cell.1).fold(f64::NEG_INFINITY, f64::max);
        if cells.iter().all(|cell| cell.0 > 1e-3) {
            prop_assert_eq!((shown(MIN), shown(MAX)), (least, greatest));
        }
    }

    #[test]
    fn curves_keep_to_their_frames(track in any_dense(), map in any_map(), grid in any_grid()) {
        let data = |sampling| view(&track, &map, &grid, sampling).unwrap();
        let (hold, monotone) = (data(HOLD), data(MONOTONE));
        let TrackData::Dense(plane) = &track.data else { unreachable!() };
        let (width, last) = (track.width(), plane.data.len() / track.width() - 1);
        for (i, &value) in monotone.data.iter().enumerate() {
            let x = plane.grid.index(hold.seconds[i / width]).clamp(0.0, last as f64);
            // Either frame beside it, with room for what counts as whole.
            let frames = ((x - 1e-6).floor().max(0.0) as usize)..=((x + 1e-6).ceil() as usize).min(last);
            let beside = frames.map(|frame| plane.data[frame * width + i % width]);
            let (lo, hi) = beside.fold((f32::MAX, f32::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
            prop_assert!(lo <= value && value <= hi, "{lo} {value} {hi}");
        }
    }

    #[test]
    fn a_constant_stays_constant(value in -1e6_f32..1e6, frames in 1_usize..300, map in any_map(), grid in any_grid()) {
        let track = row(&vec![value; frames]);
        for sampling in ALL {
            let columns = view(&track, &map, &grid, sampling).unwrap();
            let value = if sampling == RMS { value.abs() } else { value };
            prop_assert!(columns.data.iter().all(|&shown| shown == value), "{:?}", sampling);
        }
    }

    #[test]
    fn min_mean_max_are_ordered(track in any_dense(), map in any_map(), grid in any_grid()) {
        let data = |sampling| view(&track, &map, &grid, sampling).unwrap().data;
        let (least, mean, median, greatest) = (data(MIN), data(MEAN), data(MEDIAN), data(MAX));
        let rms = data(RMS);
        for i in 0..mean.len() {
            prop_assert!(least[i] <= mean[i] && mean[i] <= greatest[i]);
            prop_assert!(least[i] <= median[i] && median[i] <= greatest[i]);
            prop_assert!(rms[i] * (1.0 + 2e-7) >= mean[i].abs() && rms[i] <= greatest[i].max(-least[i]));
        }
    }

    /// On a ramp a straight line and the spline's inner part are exact, and a
    /// mean over whole cells is the value in their middle.
    #[test]
    fn a_ramp_is_followed(slope in -64_i32..64, quarter in 4_u32..150) {
        let track = row(&(0..40).map(|i| (slope * i) as f32).collect::<Vec<_>>());
        let at = f64::from(quarter) / 4.0;
        let edges = [at / 10.0, at / 10.0 + 0.05];
        let expect = (f64::from(slope) * at) as f32;
        for sampling in [LINEAR, SPLINE, AKIMA, MONOTONE] {
            let inner = sampling == LINEAR || (2.0..36.0).contains(&at);
            let shown = show(&track, &edges, sampling).data[0];
            prop_assert!(!inner || (shown - expect).abs() <= 1e-4 * expect.abs(), "{shown} for {expect}");
        }
        let middle = f64::from(quarter / 4);
        let over = show(&track, &[(middle - 1.5) / 10.0, (middle + 1.5) / 10.0], MEAN).data[0];
        prop_assert_eq!(over, (f64::from(slope) * middle) as f32);
    }

    /// However a count is cut up, no event is lost or counted twice.
    #[test]
    fn counts_add_up(mut at in proptest::collection::vec(-3000_i64..30000, 0..60), map in any_map(), grid in any_grid()) {
        at.sort_unstable();
        let count = |grid: &Grid| view(&events(&at), &map, grid, MEAN).unwrap().data.iter().sum::<f32>();
        let ends = Grid::new(vec![grid.edges()[0], grid.edges()[grid.columns()]]).unwrap();
        prop_assert_eq!(count(&grid), count(&ends));
    }
}
