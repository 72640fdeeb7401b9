//! A screen of 2,000 columns over a track of 128 bins: at every zoom from a second
//! to the whole hour, and how it grows with the track. Each way of reading with the
//! track's pyramid, beside the direct way over all frames.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

mod table;

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Instant;

use agogic_schema::{DescriptorId, FeatureTrack, Plane, Shape, TrackData, TrackHeader};
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples};
use agogic_view::{Grid, Interpolation, Reduction, Sampling, TrackView, view};

use table::{medians, random, verdict};

const RATE: u32 = 44_100;
const HOP: u32 = 512;
const BINS: usize = 128;
const COLUMNS: u32 = 2_000;
const ROUNDS: usize = 15;
const HOUR: f64 = 3600.0;
/// Milliseconds that a screen may take at any zoom.
const DEMAND: f64 = 2.0;

const READINGS: [(&str, Sampling); 4] = [
    ("mean", Sampling::Over(Reduction::Mean)),
    ("max", Sampling::Over(Reduction::Max)),
    ("rms", Sampling::Over(Reduction::Rms)),
    ("linear", Sampling::At(Interpolation::Linear)),
];

fn main() {
    println!(
        "{COLUMNS} columns, {BINS} bins, hop {HOP} at {RATE} Hz; ms a screen from memory, medians of {ROUNDS} \
         screens\nat random places; with the pyramid, in brackets without; demand: < {DEMAND} ms with it"
    );
    let hour = TrackView::new(track(HOUR)).expect("a track");
    println!("\n{:18}{}  demand", format!("{} frames", frames(HOUR)), heads());
    for (name, seconds) in
        [("1 s", 1.0), ("10 s", 10.0), ("1 min", 60.0), ("10 min", 600.0), ("30 min", 1800.0), ("1 h", HOUR)]
    {
        println!("{}", row(name, &hour, HOUR, seconds));
    }
    drop(hour);
    println!("\n{:18}{}  demand  pyramid", "the whole track", heads());
    for (name, minutes) in
        [("7.5 min", 7.5), ("15 min", 15.0), ("30 min", 30.0), ("1 h", 60.0), ("2 h", 120.0)]
    {
        let seconds = minutes * 60.0;
        let track = track(seconds);
        let start = Instant::now();
        let track = TrackView::new(track).expect("a track");
        let built = start.elapsed().as_secs_f64();
        let mib = track.pyramid().bytes() as f64 / f64::from(1 << 20);
        println!("{}  {mib:.0} MiB, built in {built:.2} s", row(name, &track, seconds, seconds));
    }
}

fn heads() -> String {
    READINGS.map(|(name, _)| format!("{name:>17}")).concat()
}

/// One zoom in all ways of reading, as a line of the table.
fn row(name: &str, track: &TrackView, length: f64, shown: f64) -> String {
    let map = TempoMap::constant(60.0).expect("a tempo");
    let mut random = random(1);
    let mut worst = 0.0_f64;
    let mut line = format!("{name:18}");
    for (_, sampling) in READINGS {
        // Somewhere else each time: what is read must come from memory.
        let mut places =
            || (0..=ROUNDS).map(|_| grid(random() * (length - shown), shown)).collect::<Vec<_>>();
        let (kept_at, direct_at) = (places(), places());
        let [kept, direct] = medians(
            ROUNDS,
            [
                &mut |round| {
                    black_box(track.view(&map, &kept_at[round], sampling).expect("a view"));
                },
                &mut |round| {
                    black_box(view(track.track(), &map, &direct_at[round], sampling).expect("a view"));
                },
            ],
        );
        worst = worst.max(kept);
        line += &format!("{:8.2} ({:6.2})", kept * 1e3, direct * 1e3);
    }
    format!("{line}  {:6}", verdict(worst * 1e3 < DEMAND))
}

/// At 60 bpm beats are seconds.
fn grid(start: f64, length: f64) -> Grid {
    let edge = |i| Beats(start + length * f64::from(i) / f64::from(COLUMNS));
    Grid::new((0..=COLUMNS).map(edge).collect()).expect("a grid")
}

fn frames(seconds: f64) -> usize {
    (seconds * f64::from(RATE) / f64::from(HOP)).ceil() as usize
}

fn track(seconds: f64) -> FeatureTrack {
    let header = TrackHeader {
        descriptor: DescriptorId::new("bench.track").expect("an id"),
        unit: "dB".into(),
        range: None,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins: BINS as u32,
        rate: RATE,
        planes: vec![(0, HOP)],
    };
    let grid = FrameGrid {
        rate: SampleRate::new(RATE).expect("a rate"),
        start: Samples(0),
        hop: NonZeroU32::new(HOP).expect("a hop"),
    };
    let mut random = random(2);
    let data = (0..frames(seconds) * BINS).map(|_| random() as f32).collect();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}
