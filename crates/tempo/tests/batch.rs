//! However positions are asked for, one by one, by cursor or in batches, in any
//! order, the answers are equal bit for bit.

use std::num::NonZeroU32;

use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples, Seconds, Ticks};
use proptest::prelude::*;

fn law() -> impl Strategy<Value = Law> {
    prop_oneof![
        Just(Law::Step),
        Just(Law::LinearBeats),
        Just(Law::LinearTime),
        Just(Law::GeometricBeats),
        Just(Law::LinearPeriod),
        (-1.0..=1.0_f64).prop_map(|shape| Law::Curve { shape }),
    ]
}

/// Maps whose spans are of one law or of all, some far longer than others.
fn maps() -> impl Strategy<Value = TempoMap> {
    let span = (law(), 1.0..1000.0_f64, 0..4_u8);
    (prop::collection::vec(span, 1..60), prop::option::of(law()), -50.0..10.0_f64).prop_map(
        |(spans, all, mut beat)| {
            let mut points = Vec::new();
            for (law, bpm, length) in spans {
                let law = all.unwrap_or(law);
                points.push(TempoPoint { beat: Beats(beat), bpm, law, to: None });
                beat += [0.001, 1.0, 3.7, 200.0][usize::from(length)];
            }
            TempoMap::new(points).unwrap()
        },
    )
}

#[track_caller]
fn check_same<T: std::fmt::Debug>(
    batch: &[T],
    single: impl IntoIterator<Item = f64>,
    raw: impl Fn(&T) -> f64,
) {
    let mut count = 0;
    for (i, (batch, single)) in batch.iter().map(raw).zip(single).enumerate() {
        assert_eq!(batch.to_bits(), single.to_bits(), "position {i}: {batch} {single}");
        count += 1;
    }
    assert_eq!(count, batch.len());
}

/// Positions that stay in a place for a while, leave it, run on and jump about.
fn positions() -> impl Strategy<Value = Vec<f64>> {
    let stretch = prop_oneof![
        (-300.0..3000.0_f64, 0.0..0.2_f64, 1..200_usize)
            .prop_map(|(at, step, count)| (0..count).map(|i| at + i as f64 * step).collect()),
        prop::collection::vec(-300.0..3000.0_f64, 1..60),
        Just(vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -0.0, 1e300]),
    ];
    prop::collection::vec(stretch, 1..8).prop_map(|stretches: Vec<Vec<f64>>| stretches.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_batch_answers_as_one_by_one(map in maps(), mut at in positions(), sorted: bool) {
        if sorted {
            at.sort_by(f64::total_cmp);
        }
        let beats: Vec<Beats> = at.iter().map(|at| Beats(*at)).collect();
        let seconds: Vec<Seconds> = at.iter().map(|at| Seconds(*at)).collect();
        check_same(&map.seconds_of(&beats), beats.iter().map(|at| map.seconds(*at).0), |at| at.0);
        check_same(&map.beats_of(&seconds), seconds.iter().map(|at| map.beats(*at).0), |at| at.0);
        let mut cursor = map.cursor();
        check_same(&map.seconds_of(&beats), beats.iter().map(|at| cursor.seconds(*at).0), |at| at.0);
        check_same(&map.beats_of(&seconds), seconds.iter().map(|at| cursor.beats(*at).0), |at| at.0);
    }

    #[test]
    fn a_row_of_frames_answers_as_frame_by_frame(
        map in maps(),
        rate in prop::sample::select(vec![100, 8_000, 44_100, 48_000, 96_000]),
        hop in prop::sample::select(vec![1, 160, 512, 48_000]),
        start in prop::sample::select(vec![0, -1_000_000, 7, i64::MIN, i64::MAX - 1000, (1 << 53) - 40]),
        first in prop::sample::select(vec![0, 1, 12_345, u64::MAX - 3, 1 << 53]),
        count in 0..2000_usize,
    ) {
        let grid = FrameGrid {
            rate: SampleRate::new(rate).unwrap(),
            start: Samples(start),
            hop: NonZeroU32::new(hop).unwrap(),
        };
        let mut beats = vec![Beats(0.0); count];
        map.frames_to_beats(&grid, first, &mut beats);
        let single = (0..count as u64).map(|i| map.beats(grid.seconds(first.saturating_add(i))).0);
        check_same(&beats, single, |at| at.0);
    }

    #[test]
    fn ticks_answer_as_one_by_one(map in maps(), at in prop::collection::vec(-1_000_000..1_000_000_i64, 0..50)) {
        let ticks: Vec<Ticks> = at.into_iter().map(Ticks).collect();
        let mut seconds = vec![Seconds(0.0); ticks.len()];
        prop_assert_eq!(map.ticks_to_seconds_into(&ticks, &mut seconds), ticks.len());
        check_same(&seconds, ticks.iter().map(|at| map.ticks_to_seconds(*at).0), |at| at.0);
        let mut back = vec![Ticks(0); ticks.len()];
        map.seconds_to_ticks_into(&seconds, &mut back);
        for (back, seconds) in back.iter().zip(&seconds) {
            prop_assert_eq!(*back, map.seconds_to_ticks(*seconds));
        }
    }
}

#[test]
fn the_shorter_slice_counts() {
    let map = TempoMap::constant(60.0).unwrap();
    let mut out = [Seconds(-1.0); 3];
    assert_eq!(map.seconds_into(&[Beats(1.0), Beats(2.0)], &mut out), 2);
    assert_eq!(out, [Seconds(1.0), Seconds(2.0), Seconds(-1.0)]);
    assert_eq!(map.beats_into(&[Seconds(1.0); 9], &mut [Beats(0.0); 4]), 4);
    assert_eq!(map.beats_into(&[], &mut []), 0);
}
