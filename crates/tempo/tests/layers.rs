//! Warps with plateaus, jumps and folds, and the layers composed.

use agogic_tempo::{Case, Choice, Law, Layers, Rubato, TempoMap, TempoPoint, Warp, WarpMarker};
use agogic_timebase::{Beats, Range, Seconds};
use proptest::prelude::*;

fn warp(markers: &[(f64, f64)]) -> Warp {
    let marker = |&(real, music): &(f64, f64)| WarpMarker { real: Seconds(real), music: Seconds(music) };
    Warp::new(markers.iter().map(marker).collect()).unwrap()
}

/// A fermata of 2 s at 10, a cut from 20 to 25, and a fold that plays 28..30 three
/// times: forwards, backwards and forwards.
fn all_in_one() -> Warp {
    warp(&[
        (0.0, 0.0),
        (10.0, 10.0),
        (12.0, 10.0),
        (22.0, 20.0),
        (22.0, 25.0),
        (27.0, 30.0),
        (29.0, 28.0),
        (31.0, 30.0),
    ])
}

#[test]
fn what_the_inverse_meets() {
    let warp = all_in_one();
    let near = |to| Choice::Nearest(Seconds(to));
    for (music, choice, at, case) in [
        (5.0, Choice::First, 5.0, Case::Unique),
        (-3.0, Choice::First, -3.0, Case::Unique),
        (100.0, Choice::Last, 101.0, Case::Unique),
        (10.0, Choice::First, 10.0, Case::Plateau),
        (10.0, Choice::Last, 12.0, Case::Plateau),
        (10.0, near(11.3), 11.3, Case::Plateau),
        (10.0, near(99.0), 12.0, Case::Plateau),
        (22.0, Choice::First, 22.0, Case::Jump),
        (24.9, Choice::Last, 22.0, Case::Jump),
        (29.0, Choice::First, 26.0, Case::Fold),
        (29.0, Choice::Last, 30.0, Case::Fold),
        (29.0, near(28.2), 28.0, Case::Fold),
        (29.0, near(27.0), 26.0, Case::Fold),
        // The turning points.
        (30.0, Choice::First, 27.0, Case::Fold),
        (30.0, Choice::Last, 31.0, Case::Fold),
        (28.0, near(28.9), 29.0, Case::Fold),
    ] {
        let found = warp.real(Seconds(music), choice, 0.0);
        assert_eq!((found.at, found.case), (Seconds(at), case), "{music} {choice:?}");
        assert!(found.error < 1e-12);
    }
    let stretches = |music, tolerance| {
        let all = warp.all(Seconds(music), tolerance);
        all.map(|s| (s.first.0, s.last.0, s.case)).collect::<Vec<_>>()
    };
    assert_eq!(stretches(10.0, 0.0), [(10.0, 12.0, Case::Plateau)]);
    let fold = [26.0, 28.0, 30.0].map(|at| (at, at, Case::Unique));
    assert_eq!(stretches(29.0, 0.0), fold);
    assert_eq!(stretches(f64::NAN, 0.0), []);
    assert!(warp.real(Seconds(f64::NAN), Choice::First, 0.0).at.0.is_nan());
    // A tolerance finds the top of a hill that is not quite high enough.
    let hill = self::warp(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]);
    assert_eq!(hill.real(Seconds(1.01), Choice::First, 0.0).at, Seconds(3.01));
    let found = hill.real(Seconds(1.01), Choice::First, 0.02);
    assert_eq!((found.at, found.case), (Seconds(1.0), Case::Fold));
    assert!(found.error >= 0.01 && found.error < 0.011);
}

#[test]
fn what_the_way_there_meets() {
    let warp = all_in_one();
    for (real, music, case) in [
        (5.0, 5.0, Case::Unique),
        (11.0, 10.0, Case::Plateau),
        (22.0, 25.0, Case::Jump),
        (21.999, 19.999, Case::Unique),
        (28.0, 29.0, Case::Unique),
        (-1.0, -1.0, Case::Unique),
    ] {
        let found = warp.music(Seconds(real));
        assert!((found.at.0 - music).abs() < 1e-12, "{real}: {found:?}");
        assert_eq!(found.case, case, "{real}");
    }
    assert_eq!(Warp::new(Vec::new()).unwrap().music(Seconds(4.0)).at, Seconds(4.0));
}

#[test]
fn markers_refused() {
    for markers in [[(1.0, 0.0), (0.5, 1.0)], [(0.0, f64::NAN), (1.0, 1.0)], [(0.0, 0.0), (1e300, 0.0)]] {
        let markers = markers.map(|(real, music)| WarpMarker { real: Seconds(real), music: Seconds(music) });
        assert!(Warp::new(markers.to_vec()).is_err(), "{markers:?}");
    }
}

fn ramp() -> TempoMap {
    TempoMap::new(vec![
        TempoPoint { beat: Beats(0.0), bpm: 120.0, law: Law::LinearBeats, to: None },
        TempoPoint { beat: Beats(64.0), bpm: 80.0, law: Law::Step, to: None },
    ])
    .unwrap()
}

fn rubato(start: f64, end: f64) -> Rubato {
    let middle = (start + end) / 2.0;
    let point = |beat, bpm| TempoPoint { beat: Beats(beat), bpm, law: Law::LinearTime, to: None };
    let map = TempoMap::new(vec![point(start, 90.0), point(middle, 40.0), point(end, 140.0)]).unwrap();
    Rubato { beats: Range::new(Beats(start), Beats(end)), map }
}

#[test]
fn what_is_robbed_is_given_back() {
    let layers = Layers::new(ramp()).with_rubati(vec![rubato(8.0, 16.0), rubato(32.0, 36.0)]).unwrap();
    for beat in [0.0, 7.9, 8.0, 16.0, 20.0, 32.0, 36.0, 90.0] {
        let at = layers.seconds(Beats(beat), Choice::First, 0.0).at.0;
        assert!((at - ramp().seconds(Beats(beat)).0).abs() < 1e-12, "{beat}");
    }
    let inside = layers.seconds(Beats(12.0), Choice::First, 0.0).at.0;
    let without = ramp().seconds(Beats(12.0)).0;
    assert!(inside - without > 0.3, "{inside} {without}");
    for bad in [
        vec![rubato(8.0, 16.0), rubato(12.0, 20.0)],
        vec![Rubato { beats: Range::default(), ..rubato(0.0, 1.0) }],
    ] {
        assert!(Layers::new(ramp()).with_rubati(bad).is_err());
    }
}

/// Markers whose music may stand, skip or run back.
fn warps() -> impl Strategy<Value = Warp> {
    let step = (0.0..3.0_f64, -2.0..6.0_f64, 0..6_u8);
    prop::collection::vec(step, 0..40).prop_map(|steps| {
        let (mut real, mut music) = (-5.0, -4.0);
        let markers = steps.into_iter().map(|(dr, dm, kind)| {
            real += if kind == 0 { 0.0 } else { dr };
            music += if kind == 1 { 0.0 } else { dm };
            (real, music)
        });
        warp(&markers.collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_answer_is_one_and_none_is_missed(warp in warps(), at in -30.0..150.0_f64, real in -30.0..150.0_f64) {
        let all: Vec<_> = warp.all(Seconds(at), 0.0).collect();
        prop_assert!(!all.is_empty());
        for stretch in &all {
            if stretch.case != Case::Jump {
                for real in [stretch.first, stretch.last] {
                    let found = warp.music(real);
                    // Steep lines turn a rounding of real time into more.
                    prop_assert!(found.case == Case::Jump || (found.at.0 - at).abs() <= stretch.error + 1e-9, "{stretch:?} {found:?}");
                }
            }
        }
        prop_assert!(all.windows(2).all(|pair| pair[0].last < pair[1].first));
        prop_assert_eq!(warp.real(Seconds(at), Choice::First, 0.0).at, all[0].first);
        prop_assert_eq!(warp.real(Seconds(at), Choice::Last, 0.0).at, all[all.len() - 1].last);
        // There and back to the same place.
        let music = warp.music(Seconds(real)).at;
        let back = warp.real(music, Choice::Nearest(Seconds(real)), 1e-9);
        prop_assert!((warp.music(back.at).at.0 - music.0).abs() <= 1e-6 || back.case != Case::Unique);
    }

    #[test]
    fn layers_compose(warp in warps(), beats in prop::collection::vec(-20.0..100.0_f64, 20), with_warp: bool) {
        let plain = Layers::new(ramp()).with_rubati(vec![rubato(8.0, 16.0), rubato(32.0, 36.0)]).unwrap();
        let layers = if with_warp { plain.clone().with_warp(warp.clone()) } else { plain.clone() };
        for beat in beats {
            // One call is the layers one after the other, bit for bit.
            let music = plain.music_of(Beats(beat));
            let step = warp.real(music, Choice::First, 0.0).at;
            let call = layers.seconds(Beats(beat), Choice::First, 0.0);
            prop_assert_eq!(call.at, if with_warp { step } else { music });
            let music = if with_warp { warp.music(call.at).at } else { call.at };
            prop_assert_eq!(layers.beats(call.at).at, plain.beats_at(music));
            // And the way back is the way there.
            if call.case == Case::Unique {
                let back = layers.beats(call.at);
                prop_assert!(back.case == Case::Jump || (back.at.0 - beat).abs() < 1e-8, "{} {}", back.at, beat);
            }
        }
        for i in -100..1000 {
            let at = Seconds(f64::from(i) * 0.077);
            let there = plain.beats(at);
            let back = plain.seconds(there.at, Choice::First, 0.0);
            let apart = (back.at.0 - at.0).abs();
            prop_assert!(apart <= there.error + back.error, "{} {} {}", at, apart, there.error);
            prop_assert!(there.error < 1e-9);
        }
        let mut last = f64::NEG_INFINITY;
        for i in 0..2000 {
            let at = plain.music_of(Beats(f64::from(i) * 0.04 - 10.0)).0;
            prop_assert!(at > last);
            last = at;
        }
    }
}
