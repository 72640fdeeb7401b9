//! Beats to seconds and back in a map of 10,000 spans: one by one at random, by
//! cursor in order, and in a batch.

use std::hint::black_box;

use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, Seconds};
use divan::Bencher;
use divan::counter::ItemsCount;

const SPANS: u32 = 10_000;
const QUERIES: u32 = 100_000;
const LAWS: [&str; 2] = ["step", "linear-beats"];

fn main() {
    divan::main();
}

/// Spans of four beats, 60 to 180 beats per minute.
fn map(law: &str) -> TempoMap {
    let law = if law == "step" { Law::Step } else { Law::LinearBeats };
    let point = |i: u32| TempoPoint {
        beat: Beats(f64::from(i) * 4.0),
        bpm: 60.0 + f64::from(i * 37 % 121),
        law,
        to: None,
    };
    TempoMap::new((0..SPANS).map(point).collect()).expect("a map")
}

/// Positions over all of the map, in order or as good as random.
fn beats(in_order: bool) -> Vec<Beats> {
    let length = f64::from(SPANS * 4);
    let at = |i: u32| {
        let i = if in_order { i } else { (u64::from(i) * 7_368_787 % u64::from(QUERIES)) as u32 };
        Beats(length * f64::from(i) / f64::from(QUERIES))
    };
    (0..QUERIES).map(at).collect()
}

#[divan::bench(args = LAWS)]
fn single_random(bencher: Bencher, law: &str) {
    let (map, beats) = (map(law), beats(false));
    bencher.counter(ItemsCount::new(QUERIES)).bench_local(|| {
        for &at in &beats {
            black_box(map.seconds(at));
        }
    });
}

#[divan::bench(args = LAWS)]
fn cursor_in_order(bencher: Bencher, law: &str) {
    let (map, beats) = (map(law), beats(true));
    bencher.counter(ItemsCount::new(QUERIES)).bench_local(|| {
        let mut cursor = map.cursor();
        for &at in &beats {
            black_box(cursor.seconds(at));
        }
    });
}

#[divan::bench(args = LAWS)]
fn batch_in_order(bencher: Bencher, law: &str) {
    let (map, beats) = (map(law), beats(true));
    bencher.counter(ItemsCount::new(QUERIES)).bench_local(|| map.seconds_of(&beats));
}

#[divan::bench(args = LAWS)]
fn batch_back(bencher: Bencher, law: &str) {
    let map = map(law);
    let seconds: Vec<Seconds> = map.seconds_of(&beats(true));
    bencher.counter(ItemsCount::new(QUERIES)).bench_local(|| map.beats_of(&seconds));
}
