//! Small tracks, maps and grids, given or drawn, for all tests of this crate.
#![allow(dead_code, reason = "each test file uses some of it")]

use agogic_schema::{DescriptorId, Event, FeatureTrack, Plane, Shape, TrackData, TrackHeader};
use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, Delta, FrameGrid, Samples};
use agogic_view::{Columns, Grid, Interpolation, Reading, Reduction, Sampling, frames_needed_by, view};
use proptest::prelude::*;

pub(crate) const HOLD: Sampling = Sampling::At(Interpolation::Hold);
pub(crate) const NEAREST: Sampling = Sampling::At(Interpolation::Nearest);
pub(crate) const LINEAR: Sampling = Sampling::At(Interpolation::Linear);
pub(crate) const SPLINE: Sampling = Sampling::At(Interpolation::Spline);
pub(crate) const AKIMA: Sampling = Sampling::At(Interpolation::Akima);
pub(crate) const MONOTONE: Sampling = Sampling::At(Interpolation::Monotone);
pub(crate) const MEAN: Sampling = Sampling::Over(Reduction::Mean);
pub(crate) const MEDIAN: Sampling = Sampling::Over(Reduction::Median);
pub(crate) const MAX: Sampling = Sampling::Over(Reduction::Max);
pub(crate) const MIN: Sampling = Sampling::Over(Reduction::Min);
pub(crate) const RMS: Sampling = Sampling::Over(Reduction::Rms);
pub(crate) const ALL: [Sampling; 11] =
    [HOLD, NEAREST, LINEAR, SPLINE, AKIMA, MONOTONE, MEAN, MEDIAN, MAX, MIN, RMS];

pub(crate) fn header(
    shape: Shape,
    channels: &[&str],
    bins: u32,
    rate: u32,
    planes: &[(i64, u32)],
) -> TrackHeader {
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

pub(crate) fn dense(header: TrackHeader, data: Vec<f32>) -> FeatureTrack {
    let grid = header.grid(0).unwrap();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

/// One channel, one bin, ten frames a second, centred from 0 s.
pub(crate) fn row(data: &[f32]) -> FeatureTrack {
    dense(header(Shape::Dense, &["mono"], 1, 1000, &[(0, 100)]), data.to_vec())
}

pub(crate) fn peaks(levels: &[(i64, u32, &[f32])]) -> FeatureTrack {
    let planes: Vec<_> = levels.iter().map(|&(start, hop, _)| (start, hop)).collect();
    let header = header(Shape::Peaks, &["left"], 2, 1000, &planes);
    let planes = (0..levels.len())
        .map(|i| Plane { grid: header.grid(i).unwrap(), data: levels[i].2.to_vec() })
        .collect();
    FeatureTrack { header, data: TrackData::Peaks(planes) }
}

pub(crate) fn events(at: &[i64]) -> FeatureTrack {
    let event =
        |&at: &i64| Event { at: Samples(at), duration: Delta(Samples(0)), values: vec![], label: "".into() };
    FeatureTrack {
        header: header(Shape::Events, &["left", "right"], 0, 1000, &[]),
        data: TrackData::Events(at.iter().map(event).collect()),
    }
}

/// At 60 bpm a beat is a second.
pub(crate) fn seconds() -> TempoMap {
    TempoMap::constant(60.0).unwrap()
}

pub(crate) fn grid(edges: &[f64]) -> Grid {
    Grid::new(edges.iter().copied().map(Beats).collect()).unwrap()
}

pub(crate) fn show(track: &FeatureTrack, edges: &[f64], reading: impl Into<Reading>) -> Columns {
    view(track, &seconds(), &grid(edges), reading).unwrap()
}

/// A part of a track: only the frames that are needed of each plane.
pub(crate) fn part(track: &FeatureTrack, map: &TempoMap, grid: &Grid, reading: Reading) -> FeatureTrack {
    let width = track.width();
    let planes = match &track.data {
        TrackData::Dense(plane) => std::slice::from_ref(plane),
        TrackData::Peaks(planes) => planes,
        TrackData::Events(_) => return track.clone(),
    };
    let frames: Vec<u64> = planes.iter().map(|plane| (plane.data.len() / width) as u64).collect();
    let needed = frames_needed_by(&track.header, &frames, map, grid, reading).unwrap();
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

pub(crate) fn any_map() -> impl Strategy<Value = TempoMap> {
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

pub(crate) fn any_grid() -> impl Strategy<Value = Grid> {
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

pub(crate) fn any_dense() -> impl Strategy<Value = FeatureTrack> {
    (1_usize..3, 1_u32..4, -300_i64..300, 1_u32..700, 1_usize..200).prop_flat_map(
        |(channels, bins, start, hop, frames)| {
            let width = channels * bins as usize;
            proptest::collection::vec(-100.0_f32..100.0, width * frames).prop_map(move |data| {
                dense(header(Shape::Dense, &["left", "right"][..channels], bins, 4000, &[(start, hop)]), data)
            })
        },
    )
}

pub(crate) fn any_events() -> impl Strategy<Value = FeatureTrack> {
    proptest::collection::vec(-3000_i64..30000, 0..60).prop_map(|mut at| {
        at.sort_unstable();
        events(&at)
    })
}

pub(crate) fn any_peaks() -> impl Strategy<Value = FeatureTrack> {
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

pub(crate) fn bits(data: &[f32]) -> Vec<u32> {
    data.iter().map(|value| value.to_bits()).collect()
}
