//! Laws that every tempo map keeps: round trips, order, and that a cursor answers
//! as the map does.

use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, Seconds};
use proptest::prelude::*;

const DAY: f64 = 86_400.0;

fn law() -> impl Strategy<Value = Law> {
    prop_oneof![
        Just(Law::Step),
        Just(Law::LinearBeats),
        Just(Law::LinearTime),
        Just(Law::GeometricBeats),
        Just(Law::LinearPeriod),
    ]
}

/// All laws, the one without a closed form included.
fn any_law() -> impl Strategy<Value = Law> {
    prop_oneof![4 => law(), 1 => (-1.0..=1.0_f64).prop_map(|shape| Law::Curve { shape })]
}

/// Maps of 1 to `most` points, with tempi in a range; spans take up to `longest`
/// seconds.
fn maps(most: usize, bpm: std::ops::Range<f64>, longest: f64) -> impl Strategy<Value = TempoMap> {
    maps_of(law(), most, bpm, longest)
}

fn maps_of(
    law: impl Strategy<Value = Law>,
    most: usize,
    bpm: std::ops::Range<f64>,
    longest: f64,
) -> impl Strategy<Value = TempoMap> {
    // Tempi by equal ratios, some all but equal to their neighbour.
    let (low, high) = (bpm.start.ln(), bpm.end.ln());
    let span = (law, low..high, 1e-6..1.0_f64, prop::option::of(low..high), 0..4_u8);
    (prop::collection::vec(span, 1..most), -0.5..0.5_f64).prop_map(move |(spans, first)| {
        let mut points: Vec<TempoPoint> = Vec::new();
        for (law, bpm, length, to, near) in &spans {
            let bpm = match points.last() {
                Some(previous) if *near == 0 => previous.bpm * (1.0 + 1e-12 * length),
                _ => bpm.exp(),
            };
            let to = to.filter(|_| *law != Law::Step).map(f64::exp);
            points.push(TempoPoint { beat: Beats(0.0), bpm, law: *law, to });
        }
        let mut beat = first * longest * spans.len() as f64;
        for i in 0..points.len() {
            points[i].beat = Beats(beat);
            let next = points.get(i + 1).map_or(f64::INFINITY, |next| next.bpm);
            let slowest = points[i].bpm.min(points[i].to.unwrap_or(next));
            beat += spans[i].2.powi(2) * longest * slowest / 60.0;
        }
        TempoMap::new(points).unwrap()
    })
}

/// Half a unit in the last place, in the unit of `at`.
fn half_place(at: f64) -> f64 {
    (at.abs().next_up() - at.abs()) / 2.0
}

/// A second goes to a beat and back. No double holds the beat better than to half
/// its last place; beyond that, 1e-10 s.
#[track_caller]
fn check_round_trip(map: &TempoMap, at: f64) {
    let beat = map.beats(Seconds(at));
    let back = map.seconds(beat).0;
    // The slower tempo where the beat stands on a jump.
    let bpm =
        map.bpm_at(beat).min(map.bpm_at(Beats(beat.0.next_down()))).min(map.bpm_at(Beats(beat.0.next_up())));
    let allowed = 1e-10 + half_place(beat.0) * 60.0 / bpm;
    assert!(
        (back - at).abs() <= allowed,
        "{at} s is beat {}, which is {back} s: {} apart, {allowed} allowed",
        beat.0,
        (back - at).abs()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_day_either_way_there_and_back(
        map in maps(60, 1.0..1000.0, DAY / 20.0),
        at in prop::collection::vec(-DAY..DAY, 50),
    ) {
        for at in at {
            check_round_trip(&map, at);
        }
    }

    #[test]
    fn a_single_ramp_of_a_day(
        law in law(),
        bpm in 1.0..1000.0_f64,
        to in 1.0..1000.0_f64,
        at in prop::collection::vec(-DAY..DAY, 50),
    ) {
        let ramp = |beats| TempoMap::new(vec![
            TempoPoint { beat: Beats(0.0), bpm, law, to: None },
            TempoPoint { beat: Beats(beats), bpm: to, law: Law::Step, to: None },
        ]).unwrap();
        // The ramp's length in beats that makes it last a day.
        let map = ramp(DAY / ramp(1.0).seconds(Beats(1.0)).0);
        prop_assert!((map.seconds(map.points()[1].beat).0 - DAY).abs() < 1e-9);
        for at in at {
            check_round_trip(&map, at);
        }
    }

    #[test]
    fn within_the_bound_alone_at_the_tempi_of_music(
        map in maps(40, 40.0..240.0, DAY / 10.0),
        at in prop::collection::vec(-DAY..DAY, 50),
    ) {
        for at in at {
            let back = map.seconds(map.beats(Seconds(at))).0;
            prop_assert!((back - at).abs() <= 1e-10, "{at} {back}");
        }
    }

    #[test]
    fn later_beats_are_later(
        map in maps(40, 1.0..1000.0, 100.0),
        mut at in prop::collection::vec(-5000.0..5000.0_f64, 60),
    ) {
        // Both sides of every joint and every middle, too.
        for pair in map.points().windows(2) {
            let (start, end) = (pair[0].beat.0, pair[1].beat.0);
            let middle = start + (end - start) / 2.0;
            for place in [start, middle, end] {
                at.extend([place - 1e-6, place, place + 1e-6]);
            }
        }
        at.sort_by(f64::total_cmp);
        at.dedup();
        let seconds = map.seconds_of(&at.iter().map(|at| Beats(*at)).collect::<Vec<_>>());
        for (pair, at) in seconds.windows(2).zip(at.windows(2)) {
            let slack = 4.0 * half_place(pair[0].0);
            prop_assert!(pair[0].0 <= pair[1].0 + slack, "{at:?} {pair:?}");
        }
        let beats = map.beats_of(&seconds);
        for pair in beats.windows(2) {
            prop_assert!(pair[0].0 <= pair[1].0 + 1e-9);
        }
    }

    #[test]
    fn curves_there_and_back_and_in_order(
        map in maps_of(any_law(), 30, 1.0..1000.0, 1000.0),
        mut at in prop::collection::vec(-20_000.0..20_000.0_f64, 60),
    ) {
        for at in &at {
            let beat = map.beats(Seconds(*at));
            let back = map.seconds(beat).0;
            let slowest = map.points().iter().map(|point| point.bpm).fold(f64::INFINITY, f64::min);
            let slowest = map.points().iter().filter_map(|point| point.to).fold(slowest, f64::min);
            prop_assert!((back - at).abs() <= 1e-9 + half_place(beat.0) * 60.0 / slowest, "{} {}", at, back);
        }
        at.sort_by(f64::total_cmp);
        let beats = map.beats_of(&at.iter().map(|at| Seconds(*at)).collect::<Vec<_>>());
        prop_assert!(beats.windows(2).all(|pair| pair[0].0 <= pair[1].0 + 1e-9));
    }

    #[test]
    fn spans_join(map in maps(40, 1.0..1000.0, 100.0)) {
        for pair in map.points().windows(2) {
            let joint = pair[1].beat.0;
            let before = map.seconds(Beats(joint.next_down())).0;
            let at = map.seconds(pair[1].beat).0;
            let place = half_place(joint) * 2.0 * 60.0 + 4.0 * half_place(at);
            prop_assert!((at - before).abs() <= place, "{before} {at}");
            prop_assert!(before <= at);
        }
    }

    #[test]
    fn a_cursor_answers_as_the_map(
        map in maps(100, 1.0..1000.0, 10.0),
        at in prop::collection::vec(-2000.0..2000.0_f64, 100),
        sorted: bool,
    ) {
        let mut at = at;
        if sorted {
            at.sort_by(f64::total_cmp);
        }
        at.extend(map.points().iter().map(|point| point.beat.0));
        at.push(f64::INFINITY);
        at.push(f64::NEG_INFINITY);
        let mut cursor = map.cursor();
        for at in at {
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
            prop_assert!(same(cursor.seconds(Beats(at)).0, map.seconds(Beats(at)).0));
            prop_assert!(same(cursor.bpm_at(Beats(at)), map.bpm_at(Beats(at))));
            prop_assert!(same(cursor.beats(Seconds(at)).0, map.beats(Seconds(at)).0));
        }
    }

    #[test]
    fn the_native_form_reads_back_the_same(map in maps_of(any_law(), 40, 1.0..1000.0, 100.0)) {
        prop_assert_eq!(TempoMap::from_json(&map.to_json()).unwrap(), map);
    }
}

#[test]
fn a_million_spans() {
    const LAWS: [Law; 5] =
        [Law::Step, Law::LinearBeats, Law::LinearTime, Law::GeometricBeats, Law::LinearPeriod];
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut beat = -700_000.0;
    let points = (0..1_000_000)
        .map(|i| {
            beat += 0.5 + random() * 2.0;
            TempoPoint { beat: Beats(beat), bpm: 1000.0_f64.powf(random()), law: LAWS[i % 5], to: None }
        })
        .collect();
    let map = TempoMap::new(points).unwrap();
    for _ in 0..100_000 {
        check_round_trip(&map, (random() * 2.0 - 1.0) * DAY);
    }
}

#[test]
fn a_shape_of_zero_is_linear_in_beats() {
    let map = |law| {
        TempoMap::new(vec![
            TempoPoint { beat: Beats(0.0), bpm: 30.0, law, to: None },
            TempoPoint { beat: Beats(100.0), bpm: 400.0, law: Law::Step, to: None },
        ])
        .unwrap()
    };
    let (curve, linear) = (map(Law::Curve { shape: 0.0 }), map(Law::LinearBeats));
    for i in -10..=120 {
        let at = Beats(f64::from(i));
        assert!((curve.seconds(at).0 - linear.seconds(at).0).abs() < 1e-9, "{at}");
        assert!((curve.bpm_at(at) - linear.bpm_at(at)).abs() < 1e-9, "{at}");
    }
    // Later hurry is a longer way.
    let end = |shape| map(Law::Curve { shape }).seconds(Beats(100.0)).0;
    assert!(end(-1.0) < end(-0.5) && end(-0.5) < end(0.0) && end(0.0) < end(0.5) && end(0.5) < end(1.0));
}
