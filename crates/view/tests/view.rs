//! Views of small tracks as data, and the laws that hold for all of them.

use agogic_schema::{DescriptorId, Event, FeatureTrack, Plane, Shape, TrackData, TrackHeader};
use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, Delta, FrameGrid, Samples};
use agogic_view::{Columns, Grid, Interpolation, Reduction, Sampling, ViewError, frames_needed, view};
use proptest::prelude::*;

const HOLD: Sampling = Sampling::At(Interpolation::Hold);
const LINEAR: Sampling = Sampling::At(Interpolation::Linear);
const SPLINE: Sampling = Sampling::At(Interpolation::Spline);
const MEAN: Sampling = Sampling::Over(Reduction::Mean);
const MAX: Sampling = Sampling::Over(Reduction::Max);
const MIN: Sampling = Sampling::Over(Reduction::Min);
const ALL: [Sampling; 6] = [HOLD, LINEAR, SPLINE, MEAN, MAX, MIN];

fn header(shape: Shape, channels: &[&str], bins: u32, rate: u32, planes: &[(i64, u32)]) -> TrackHeader {
    TrackHeader {
        descriptor: DescriptorId::new("agogic.test").unwrap(),
        unit: "dB".into(),
        range: Some((-80.0, 0.0)),
        shape,
        channels: channels.iter().map(|name| (*name).to_owned()).collect(),
        bins,
        rate,
        planes: planes.to_vec(),
    }
}

fn dense(header: TrackHeader, data: Vec<f32>) -> FeatureTrack {
    let grid = header.grid(0).unwrap();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

/// One channel, one bin, ten frames a second, centred from 0 s.
fn row(data: &[f32]) -> FeatureTrack {
    dense(header(Shape::Dense, &["mono"], 1, 1000, &[(0, 100)]), data.to_vec())
}

fn peaks(levels: &[(i64, u32, &[f32])]) -> FeatureTrack {
    let planes: Vec<_> = levels.iter().map(|&(start, hop, _)| (start, hop)).collect();
    let header = header(Shape::Peaks, &["left"], 2, 1000, &planes);
    let planes = (0..levels.len())
        .map(|i| Plane { grid: header.grid(i).unwrap(), data: levels[i].2.to_vec() })
        .collect();
    FeatureTrack { header, data: TrackData::Peaks(planes) }
}

fn events(at: &[i64]) -> FeatureTrack {
    let event =
        |&at: &i64| Event { at: Samples(at), duration: Delta(Samples(0)), values: vec![], label: "".into() };
    FeatureTrack {
        header: header(Shape::Events, &["left", "right"], 0, 1000, &[]),
        data: TrackData::Events(at.iter().map(event).collect()),
    }
}

/// At 60 bpm a beat is a second.
fn seconds() -> TempoMap {
    TempoMap::constant(60.0).unwrap()
}

fn grid(edges: &[f64]) -> Grid {
    Grid::new(edges.iter().copied().map(Beats).collect()).unwrap()
}

fn show(track: &FeatureTrack, edges: &[f64], sampling: Sampling) -> Columns {
    view(track, &seconds(), &grid(edges), sampling).unwrap()
}

#[track_caller]
fn check(track: &FeatureTrack, edges: &[f64], sampling: Sampling, expect: &[f32]) {
    assert_eq!(show(track, edges, sampling).data, expect, "{sampling:?} on {edges:?}");
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
    check(&row(&[7.0]), &edges, SPLINE, &[7.0; 7]);
}

#[test]
fn over_intervals() {
    // Cells: [-0.05, 0.05) = 1, [0.05, 0.15) = 3, [0.15, 0.25) = 2.
    let track = row(&[1.0, 3.0, 2.0]);
    let edges = [-2.0, -1.0, 0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
    check(&track, &edges, MEAN, &[1.0, 1.0, 1.0, 3.0, 2.5, 2.0, 2.0, 2.0]);
    check(&track, &edges, MAX, &[1.0, 1.0, 1.0, 3.0, 3.0, 2.0, 2.0, 2.0]);
    check(&track, &edges, MIN, &[1.0, 1.0, 1.0, 3.0, 2.0, 2.0, 2.0, 2.0]);
    check(&track, &[-9.0, 9.0], MEAN, &[2.0]);
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
    let error =
        |track: &FeatureTrack| view(track, &seconds(), &grid(&[0.0, 1.0]), MEAN).unwrap_err().to_string();
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
    assert_eq!(error(&three), "the peaks track agogic.test has 3 bins instead of minimum and maximum");

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

/// A part of a track: only the frames that are needed of each plane.
fn part(track: &FeatureTrack, map: &TempoMap, grid: &Grid) -> FeatureTrack {
    let width = track.width();
    let planes = match &track.data {
        TrackData::Dense(plane) => std::slice::from_ref(plane),
        TrackData::Peaks(planes) => planes,
        TrackData::Events(_) => return track.clone(),
    };
    let frames: Vec<u64> = planes.iter().map(|plane| (plane.data.len() / width) as u64).collect();
    let needed = frames_needed(&track.header, &frames, map, grid).unwrap();
    let mut parts = planes.iter().zip(needed).map(|(plane, range)| Plane {
        grid: FrameGrid { start: plane.grid.centre(range.start), ..plane.grid },
        data: plane.data[range.start as usize * width..range.end as usize * width].to_vec(),
    });
    let data = match &track.data {
        TrackData::Dense(_) => TrackData::Dense(parts.next().unwrap()),
        _ => TrackData::Peaks(parts.collect()),
    };
    FeatureTrack { header: track.header.clone(), data }
}

fn any_map() -> impl Strategy<Value = TempoMap> {
    let law = prop_oneof![
        Just(Law::Step),
        Just(Law::LinearBeats),
        Just(Law::LinearTime),
        Just(Law::GeometricBeats),
        Just(Law::LinearPeriod)
    ];
    proptest::collection::vec((0.1_f64..8.0, 20.0_f64..300.0, law), 1..5).prop_map(|points| {
        let mut beat = -2.0;
        let points = points.into_iter().map(|(length, bpm, law)| {
            beat += length;
            TempoPoint { beat: Beats(beat), bpm, law, to: None }
        });
        TempoMap::new(points.collect()).unwrap()
    })
}

fn any_grid() -> impl Strategy<Value = Grid> {
    let own = proptest::collection::vec(0.001_f64..3.0, 2..20).prop_map(|steps| {
        let mut beat = -1.0;
        Grid::new(
            steps
                .into_iter()
                .map(|step| {
                    beat += step;
                    Beats(beat)
                })
                .collect(),
        )
        .unwrap()
    });
    let even = (prop_oneof![Just(0.25), Just(1.0 / 3.0), Just(0.125), 0.01_f64..2.0], -3.0_f64..20.0)
        .prop_map(|(step, from)| {
            Grid::every(Delta(Beats(step)), Beats(from), Beats(from + 20.0 * step)).unwrap()
        });
    prop_oneof![own, even]
}

fn any_dense() -> impl Strategy<Value = FeatureTrack> {
    (1_usize..3, 1_u32..4, -300_i64..300, 1_u32..700, 1_usize..200).prop_flat_map(
        |(channels, bins, start, hop, frames)| {
            let width = channels * bins as usize;
            proptest::collection::vec(-100.0_f32..100.0, width * frames).prop_map(move |data| {
                dense(header(Shape::Dense, &["left", "right"][..channels], bins, 4000, &[(start, hop)]), data)
            })
        },
    )
}

fn any_peaks() -> impl Strategy<Value = FeatureTrack> {
    (1_u32..300, 1_usize..4).prop_flat_map(|(hop, levels)| {
        proptest::collection::vec(-1.0_f32..1.0, 2 * 4 * 40).prop_map(move |data| {
            let levels: Vec<_> = (0..levels as u32)
                .map(|level| {
                    let hop = hop << level;
                    (i64::from(hop / 2), hop, &data[..2 * (160_usize >> level)])
                })
                .collect();
            peaks(&levels)
        })
    })
}

fn bits(data: &[f32]) -> Vec<u32> {
    data.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    /// The law behind "what is seen live is what is exported".
    #[test]
    fn pieces_equal_the_whole(
        track in prop_oneof![any_dense(), any_peaks()],
        map in any_map(),
        whole in any_grid(),
        cuts in proptest::collection::vec(1_usize..40, 1..4),
    ) {
        for sampling in ALL {
            let expect = view(&track, &map, &whole, sampling).unwrap();
            let mut pieces = Vec::new();
            let (mut from, mut sizes) = (0, cuts.iter().copied().cycle());
            while from < whole.columns() {
                let to = (from + sizes.next().unwrap()).min(whole.columns());
                let piece = Grid::new(whole.edges()[from..=to].to_vec()).unwrap();
                let columns = view(&part(&track, &map, &piece), &map, &piece, sampling).unwrap();
                prop_assert_eq!(&columns.seconds, &expect.seconds[from..=to]);
                pieces.extend(columns.data);
                from = to;
            }
            prop_assert_eq!(bits(&pieces), bits(&expect.data));
        }
    }

    #[test]
    fn a_constant_stays_constant(value in -1e6_f32..1e6, frames in 1_usize..300, map in any_map(), grid in any_grid()) {
        let track = row(&vec![value; frames]);
        for sampling in ALL {
            let columns = view(&track, &map, &grid, sampling).unwrap();
            prop_assert!(columns.data.iter().all(|&shown| shown == value));
        }
    }

    #[test]
    fn min_mean_max_are_ordered(track in any_dense(), map in any_map(), grid in any_grid()) {
        let data = |sampling| view(&track, &map, &grid, sampling).unwrap().data;
        let (least, mean, greatest) = (data(MIN), data(MEAN), data(MAX));
        for i in 0..mean.len() {
            prop_assert!(least[i] <= mean[i] && mean[i] <= greatest[i]);
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
        for sampling in [LINEAR, SPLINE] {
            let inner = sampling == LINEAR || (1.0..37.0).contains(&at);
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
