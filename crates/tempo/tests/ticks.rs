//! Stepped maps of whole microseconds per quarter note are exact: tick to time to
//! tick is the identity for every tick of a day at the finest resolution.

use agogic_tempo::{Law, TempoMap, TempoPoint, TickUnit};
use agogic_timebase::{Beats, Seconds, Ticks};

const DAY: f64 = 86_400.0;
const FINEST: u16 = 32_767;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 16
}

/// A day and more of tempi between two bounds in microseconds per quarter note,
/// each point on some tick.
fn day(state: &mut u64, least: u64, most: u64, spans: u64) -> (TempoMap, Vec<i64>) {
    let (mut tick, mut starts, mut points) = (0_i64, Vec::new(), Vec::new());
    for _ in 0..spans {
        let micros = least + random(state) % (most - least + 1);
        points.push(TempoPoint {
            beat: Beats(tick as f64 / f64::from(FINEST)),
            bpm: 60e6 / micros as f64,
            law: Law::Step,
            to: None,
        });
        starts.push(tick);
        let seconds = DAY / spans as f64 * (0.6 + random(state) as f64 % 1000.0 / 1000.0);
        tick += (seconds * 1e6 / micros as f64 * f64::from(FINEST)) as i64 + 1;
    }
    (TempoMap::new(points).unwrap().with_ticks(TickUnit::PerQuarter(FINEST)).unwrap(), starts)
}

#[track_caller]
fn check(map: &TempoMap, tick: i64) {
    let at = map.ticks_to_seconds(Ticks(tick));
    assert_eq!(map.seconds_to_ticks(at), Ticks(tick), "{at}");
    assert_eq!(map.seconds_to_real_ticks(at), tick as f64, "{at}");
}

#[test]
fn a_day_of_the_finest_ticks() {
    let mut state = 1;
    for (least, most, spans) in [
        (500_000, 500_000, 1),
        (60_000, 16_777_215, 1000),
        (60_000, 60_100, 10_000),
        (1_000_000, 1_000_001, 3),
        (60, 1000, 200),
    ] {
        let (map, starts) = day(&mut state, least, most, spans);
        let end = map.seconds_to_ticks(Seconds(DAY)).0;
        assert!(end > 0);
        for &start in &starts {
            for tick in start - 3..=start + 3 {
                check(&map, tick);
            }
        }
        for _ in 0..200_000 {
            check(&map, (random(&mut state) % end as u64) as i64);
        }
        for tick in [0, -1, 1, end - 1, end, end + 1] {
            check(&map, tick);
        }
    }
}

#[test]
fn every_tick_of_a_while() {
    let (map, starts) = day(&mut 7, 400_000, 600_000, 10_000);
    let middle = starts[5000];
    for tick in middle - 200_000..middle + 200_000 {
        check(&map, tick);
    }
}

#[test]
fn ticks_agree_with_whole_number_arithmetic() {
    // Units of a microsecond over the ticks per quarter note, added up by hand.
    let (map, starts) = day(&mut 3, 60_000, 2_000_000, 500);
    let mut unit = 0_i128;
    for (i, &start) in starts.iter().enumerate() {
        let scale = i128::from(FINEST) * 1_000_000;
        let expect = (unit / scale) as f64 + (unit % scale) as f64 / scale as f64;
        let at = map.ticks_to_seconds(Ticks(start)).0;
        assert!((at - expect).abs() <= expect.next_up() - expect, "{at} {expect}");
        let micros = (60e6 / map.points()[i].bpm).round() as i128;
        unit += starts.get(i + 1).map_or(0, |next| i128::from(next - start) * micros);
    }
}
