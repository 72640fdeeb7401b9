//! Beats and seconds with known answers, both ways, and the faults that tempo maps
//! elsewhere have shown.

use agogic_tempo::{Law, TempoError, TempoMap, TempoPoint, TickUnit};
use agogic_timebase::{Beats, Seconds, Ticks};

fn point(beat: f64, bpm: f64, law: Law) -> TempoPoint {
    TempoPoint { beat: Beats(beat), bpm, law, to: None }
}

fn steps(points: &[(f64, f64)]) -> TempoMap {
    let points = points.iter().map(|&(beat, bpm)| point(beat, bpm, Law::Step));
    TempoMap::new(points.collect()).unwrap()
}

/// Beat to second and second to beat, within so many seconds.
#[track_caller]
fn check(name: &str, map: &TempoMap, pairs: &[(f64, f64)], tolerance: f64) {
    for &(beat, second) in pairs {
        let seconds = map.seconds(Beats(beat)).0;
        assert!(
            (seconds - second).abs() <= tolerance,
            "{name}: beat {beat} is at {seconds} s, not {second} s"
        );
        let beats = map.beats(Seconds(second)).0;
        let miss = (beats - beat) * 60.0 / map.bpm_at(Beats(beat));
        assert!(miss.abs() <= tolerance, "{name}: second {second} is at beat {beats}, not {beat}");
    }
}

#[test]
fn all_cases() {
    let file: serde_json::Value = serde_json::from_str(include_str!("cases/tempo.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 15);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let tolerance = case["tolerance_seconds"].as_f64().unwrap();
        let pairs: Vec<(f64, f64)> = serde_json::from_value(case["pairs"].clone()).unwrap();
        // The bare points, and the object they stand in with names of its own.
        for form in [&case["points"], case] {
            let map = TempoMap::from_json(&form.to_string()).unwrap();
            check(name, &map, &pairs, tolerance);
            assert_eq!(TempoMap::from_json(&map.to_json()).unwrap(), map, "{name}");
        }
    }
}

#[test]
fn a_thousand_alternating_steps() {
    let points: Vec<_> = (0..1000).map(|i| (f64::from(i), if i % 2 == 0 { 60.0 } else { 240.0 })).collect();
    let pairs = [(0.5, 0.5), (1.0, 1.0), (999.0, 624.75), (1000.0, 625.0)];
    check("alternating", &steps(&points), &pairs, 1e-12);
}

#[test]
fn fault_ramp_stepped_into_constant_pieces() {
    // Sixteen constant pieces a beat are 61.5 ms off over these four.
    let map = TempoMap::new(vec![point(0.0, 120.0, Law::LinearBeats), point(4.0, 60.0, Law::Step)]).unwrap();
    check("ramp", &map, &[(4.0, 4.0 * 2.0_f64.ln())], 1e-15);
}

#[test]
fn fault_threshold_under_which_a_ramp_counts_as_constant() {
    // Two tempi that differ by 1e-9 bpm, an hour long: 15 ns is the difference.
    let map =
        TempoMap::new(vec![point(0.0, 120.0, Law::LinearBeats), point(7200.0, 120.000_000_001, Law::Step)])
            .unwrap();
    let saved = 3600.0 - map.seconds(Beats(7200.0)).0;
    assert!((saved - 1.5e-8).abs() < 1e-12, "{saved}");
    assert_eq!(map.beats(map.seconds(Beats(7200.0))), Beats(7200.0));
}

#[test]
fn fault_naive_prefix_sums() {
    // 345,600 spans whose durations no double holds, a day in all.
    let points: Vec<_> = (0..345_600).map(|i| (f64::from(i), 140.0)).collect();
    let map = steps(&points);
    assert_eq!(map.seconds(Beats(201_600.0)), Seconds(86_400.0));
    assert_eq!(map.beats(Seconds(86_400.0)), Beats(201_600.0));
    assert_eq!(map.seconds(Beats(345_599.0)), Seconds(345_599.0 * 60.0 / 140.0));
}

#[test]
fn fault_time_from_a_rounded_hop() {
    // Hops of 512 samples at 48 kHz, 27.307 ticks each here: 13 s of them, each
    // at its own real-valued tick, end where they should.
    let map = TempoMap::constant(160.0).unwrap();
    for (frame, hop) in (0..=1219).map(|i| (i, 512.0 / 48_000.0)) {
        let at = f64::from(frame) * hop;
        let tick = map.seconds_to_real_ticks(Seconds(at));
        assert!((tick - f64::from(frame) * hop * 2560.0).abs() < 1e-9);
        assert!((map.real_ticks_to_seconds(tick).0 - at).abs() < 1e-13);
    }
}

#[test]
fn fault_first_point_after_zero() {
    let map = steps(&[(8.0, 120.0), (16.0, 60.0)]);
    let pairs = [(-2.0, -1.0), (0.0, 0.0), (8.0, 4.0), (16.0, 8.0), (17.0, 9.0)];
    check("late", &map, &pairs, 0.0);
}

#[test]
fn beat_zero_is_second_zero_inside_a_ramp() {
    for law in [Law::LinearBeats, Law::LinearTime, Law::GeometricBeats, Law::LinearPeriod] {
        for last in [1.0, 2.0, 30.0] {
            let map = TempoMap::new(vec![point(-3.0, 90.0, law), point(last, 170.0, Law::Step)]).unwrap();
            assert!(map.seconds(Beats(0.0)).0.abs() < 1e-15, "{law:?}");
            assert!(map.beats(Seconds(0.0)).0.abs() < 1e-15, "{law:?}");
            assert!(map.seconds(Beats(-3.0)).0 < -1.0);
        }
    }
}

#[test]
fn tempo_at_a_beat() {
    let map = TempoMap::from_json(
        r#"[{"beat": 0, "bpm": 100, "law": "linear-beats", "to": 140}, {"beat": 8, "bpm": 90, "law": "linear-period"}]"#,
    )
    .unwrap();
    for (beat, bpm) in [(-5.0, 100.0), (0.0, 100.0), (2.0, 110.0), (6.0, 130.0), (8.0, 90.0), (99.0, 90.0)] {
        assert!((map.bpm_at(Beats(beat)) - bpm).abs() < 1e-12, "{beat}");
    }
}

#[test]
fn absurd_positions_have_answers() {
    let map = steps(&[(0.0, 120.0), (4.0, 60.0)]);
    for at in [f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308] {
        assert_eq!(map.seconds(Beats(at)).0.is_sign_positive(), at > 0.0);
        assert_eq!(map.beats(Seconds(at)).0.is_sign_positive(), at > 0.0);
        assert!(!map.seconds(Beats(at)).0.is_nan());
        let expect = if at > 0.0 { i64::MAX } else { i64::MIN };
        assert_eq!(map.seconds_to_ticks(Seconds(at)), Ticks(expect));
        map.meter().position(Beats(at));
    }
    assert!(map.seconds(Beats(f64::NAN)).0.is_nan());
    assert!(map.beats(Seconds(f64::NAN)).0.is_nan());
    assert_eq!(map.seconds_to_ticks(Seconds(f64::NAN)), Ticks(0));
    assert!(map.seconds_to_real_ticks(Seconds(f64::NAN)).is_nan());
    assert!(map.real_ticks_to_seconds(f64::NAN).0.is_nan());
    // Points with hardly anything between them.
    let map = TempoMap::new(vec![
        point(0.0, 1000.0, Law::GeometricBeats),
        point(5e-324, 1.0, Law::LinearTime),
        point(1e-300, 1000.0, Law::LinearPeriod),
        point(1e-290, 1.0, Law::LinearBeats),
        point(1e-8, 1000.0, Law::Step),
    ])
    .unwrap();
    for beat in [0.0, 5e-324, 1e-301, 1e-295, 5e-9, 1.0] {
        assert!(map.seconds(Beats(beat)).0.is_finite());
        assert!(map.beats(Seconds(beat)).0.is_finite());
        assert!(map.bpm_at(Beats(beat)).is_finite());
    }
}

#[test]
fn refused() {
    for (text, expect) in [
        ("", "no form of tempo map that is known here"),
        ("120", "no tempo map passes through the beats: it takes two beats to tell a tempo"),
        ("[]", "the tempo map has no points"),
        (r#"{"points": []}"#, "the tempo map has no points"),
        (r#"[{"beat": 4, "bpm": 0}]"#, "tempo 0 bpm at beat 4 is outside 0.001..=1000000 bpm"),
        (r#"[{"beat": 4, "bpm": -3}]"#, "tempo -3 bpm at beat 4 is outside 0.001..=1000000 bpm"),
        (
            r#"[{"beat": 0, "bpm": 60, "law": "linear-time", "to": 1e9}]"#,
            "tempo 1000000000 bpm at beat 0 is outside 0.001..=1000000 bpm",
        ),
        (r#"[{"beat": 1e13, "bpm": 60}]"#, "beat 10000000000000 is outside -1000000000000..=1000000000000"),
        (r#"[{"beat": 4, "bpm": 60}, {"beat": 4, "bpm": 61}]"#, "two tempo points stand at beat 4"),
        (
            r#"[{"beat": 4, "bpm": 60}, {"beat": 3, "bpm": 61}]"#,
            "the tempo point at beat 3 follows one at beat 4",
        ),
        (
            r#"[{"beat": 4, "bpm": 60, "to": 70}]"#,
            "the tempo point at beat 4 has an end tempo (\"to\") but its law is step",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "ticks_per_quarter": 0}"#,
            "0 ticks per quarter note are outside 1..=65535",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "ticks_per_quarter": 70000}"#,
            "70000 ticks per quarter note are outside 1..=65535",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "ticks_per_second": {"numerator": 1, "denominator": 0}}"#,
            "1/0 ticks per second is no rate",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "meter": [{"beat": 0, "numerator": 0, "denominator": 4}]}"#,
            "time signature 0/4 at beat 0 is outside 1..=1024 over 1..=1024",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "meter": [{"beat": 0, "numerator": 3, "denominator": 4}, {"beat": 0, "numerator": 3, "denominator": 4}]}"#,
            "the time signature at beat 0 follows one at beat 0",
        ),
    ] {
        let error = TempoMap::from_bytes(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expect, "{text}");
    }
    for text in [
        "{}",
        "[",
        "[1]",
        r#"[{"beat": 0}]"#,
        r#"[{"beat": 0, "bpm": null}]"#,
        r#"[{"beat": 0, "bpm": 1e999}]"#,
        r#"[{"beat": 0, "bpm": 60, "lwa": "step"}]"#,
        r#"[{"beat": 0, "bpm": 60, "law": "wobbly"}]"#,
        r#"[{"beat": 0, "bpm": 60}] and more"#,
    ] {
        let error = TempoMap::from_bytes(text.as_bytes()).unwrap_err();
        assert!(matches!(error, TempoError::Json(_)), "{text}: {error}");
        assert!(!error.to_string().contains('\n'));
    }
    for (beat, bpm) in [(f64::NAN, 60.0), (f64::INFINITY, 60.0), (0.0, f64::NAN), (0.0, f64::INFINITY)] {
        assert!(TempoMap::new(vec![point(beat, bpm, Law::Step)]).is_err());
    }
    assert!(TempoMap::from_bytes(&[0xff, 0xfe, 0]).is_err());
}

#[test]
fn native_form_keeps_everything() {
    let text = r#"{"points": [{"beat": 0.1, "bpm": 133.33333333333334, "law": "geometric-beats", "to": 99.9}, {"beat": 7, "bpm": 61}],
        "ticks_per_quarter": 480, "meter": [{"beat": 0, "numerator": 3, "denominator": 4}, {"beat": 9, "numerator": 6, "denominator": 8}]}"#;
    let map = TempoMap::from_json(text).unwrap();
    assert_eq!(map.tick_unit(), TickUnit::PerQuarter(480));
    assert_eq!(map.meter().signatures().len(), 2);
    assert_eq!(TempoMap::from_bytes(map.to_json().as_bytes()).unwrap(), map);
    let map = map.with_ticks(TickUnit::PerSecond { numerator: 2_400_000, denominator: 1001 }).unwrap();
    assert_eq!(TempoMap::from_json(&map.to_json()).unwrap(), map);
}
