//! 2,000 columns of a track of 128 bins and 25,840 frames (five minutes), at
//! positions and over intervals.

use std::num::NonZeroU32;

use agogic_schema::{DescriptorId, FeatureTrack, Plane, Shape, TrackData, TrackHeader};
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples};
use agogic_view::{Grid, Interpolation, Reduction, Sampling, view};
use divan::Bencher;

const BINS: u32 = 128;
const FRAMES: u32 = 25_840;
const COLUMNS: u32 = 2_000;

fn main() {
    divan::main();
}

fn track() -> FeatureTrack {
    let descriptor = DescriptorId::new("bench.track").expect("an id");
    let header = TrackHeader {
        descriptor,
        unit: "dB".into(),
        range: None,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins: BINS,
        rate: 44_100,
        planes: vec![(0, 512)],
    };
    let grid = FrameGrid {
        rate: SampleRate::new(44_100).expect("a rate"),
        start: Samples(0),
        hop: NonZeroU32::new(512).expect("a hop"),
    };
    let data = (0..FRAMES * BINS).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 2e5).collect();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

/// All of the track, or an eighth of it.
fn run(bencher: Bencher, sampling: Sampling, part: f64) {
    let (track, map) = (track(), TempoMap::constant(120.0).expect("a map"));
    let beats = f64::from(FRAMES) * 512.0 / 44_100.0 * 2.0 * part;
    let edge = |i| Beats(beats * f64::from(i) / f64::from(COLUMNS));
    let grid = Grid::new((0..=COLUMNS).map(edge).collect()).expect("a grid");
    bencher.bench_local(|| view(&track, &map, &grid, sampling).expect("a view"));
}

#[divan::bench]
fn at_linear(bencher: Bencher) {
    run(bencher, Sampling::At(Interpolation::Linear), 1.0);
}

#[divan::bench]
fn at_spline(bencher: Bencher) {
    run(bencher, Sampling::At(Interpolation::Spline), 1.0);
}

#[divan::bench(args = [1.0, 0.125])]
fn over_mean(bencher: Bencher, part: f64) {
    run(bencher, Sampling::Over(Reduction::Mean), part);
}

#[divan::bench(args = [1.0, 0.125])]
fn over_max(bencher: Bencher, part: f64) {
    run(bencher, Sampling::Over(Reduction::Max), part);
}
