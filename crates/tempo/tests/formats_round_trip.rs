//! What is written is read back, within what each format keeps.

use agogic_tempo::formats::{Format, export, import};
use agogic_tempo::{Law, Meter, TempoMap, TempoPoint, TickUnit, TimeSignature};
use agogic_timebase::{Beats, Range, Seconds};
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

/// Maps whose points stand on ticks, some before beat 0, with ramps of at most an
/// octave a beat, between 20 and 400 bpm.
fn maps(laws: impl Strategy<Value = Law>) -> impl Strategy<Value = TempoMap> {
    let span = (laws, 20.0..400.0_f64, prop::option::of(20.0..400.0_f64), 1..4000_i32);
    let signatures = prop::collection::vec((1..9_u32, 0..4_u32, 1..40_i32), 0..4);
    (prop::collection::vec(span, 1..8), -3000..3000_i32, signatures).prop_map(|(spans, first, signatures)| {
        let mut tick = f64::from(first);
        let mut points = Vec::new();
        for (i, (law, bpm, to, ticks)) in spans.iter().enumerate() {
            let to = to.filter(|_| *law != Law::Step);
            points.push(TempoPoint { beat: Beats(tick / 480.0), bpm: *bpm, law: *law, to });
            let far = to.unwrap_or(spans.get(i + 1).map_or(*bpm, |next| next.1));
            let octaves = if *law == Law::Step { 0.0 } else { (far / bpm).log2().abs() };
            tick += (f64::from(*ticks)).max((octaves * 480.0).ceil());
        }
        let mut beat = 0.0;
        let mut changes = Vec::new();
        for (numerator, power, length) in signatures {
            changes.push(TimeSignature { beat: Beats(beat), numerator, denominator: 1 << power });
            beat += f64::from(length) / 8.0;
        }
        let map = TempoMap::new(points).unwrap().with_ticks(TickUnit::PerQuarter(480)).unwrap();
        map.with_meter(Meter::new(changes).unwrap())
    })
}

fn through(map: &TempoMap, format: Format) -> TempoMap {
    import(&export(map, format).unwrap(), Some(format)).unwrap()
}

/// Beats from 0 to the last point, `fine` of them for each span.
fn places(map: &TempoMap, fine: u32) -> Vec<f64> {
    let points = map.points();
    let spans = points.windows(2).flat_map(|pair| {
        let (from, to) = (pair[0].beat.0, pair[1].beat.0);
        (0..=fine).map(move |i| from + (to - from) * f64::from(i) / f64::from(fine))
    });
    spans.filter(|beat| *beat >= 0.0).collect()
}

fn miss(map: &TempoMap, read: &TempoMap, beat: f64) -> f64 {
    (map.seconds(Beats(beat)).0 - read.seconds(Beats(beat)).0).abs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn json_keeps_everything(map in maps(law())) {
        prop_assert_eq!(through(&map, Format::Json), map);
    }

    #[test]
    fn csv_keeps_all_points(map in maps(law())) {
        let read = through(&map, Format::Csv);
        prop_assert_eq!(read.points(), map.points());
    }

    #[test]
    fn midi_keeps_points_within_a_microsecond(map in maps(law())) {
        let read = through(&map, Format::Midi);
        for point in map.points().iter().filter(|point| point.beat.0 >= 0.0) {
            let off = miss(&map, &read, point.beat.0);
            prop_assert!(off <= 1e-6, "{:?}: {off} s", point);
        }
        for beat in places(&map, 50) {
            let off = miss(&map, &read, beat);
            prop_assert!(off <= 52e-6, "{beat}: {off} s");
        }
        prop_assert_eq!(read.tick_unit(), map.tick_unit());
        prop_assert_eq!(read.meter(), map.meter());
    }

    #[test]
    fn midi_keeps_steps_within_a_microsecond(map in maps(Just(Law::Step))) {
        let read = through(&map, Format::Midi);
        for beat in places(&map, 50) {
            let tick = (beat * 480.0).round() / 480.0;
            let off = miss(&map, &read, tick);
            prop_assert!(off <= 1e-6, "{tick}: {off} s");
        }
    }

    #[test]
    fn midi_points_between_ticks(points in prop::collection::vec((1e-5..3.0_f64, 20.0..400.0_f64), 1..12)) {
        let mut beat = 0.0;
        let points = points.iter().map(|(length, bpm)| {
            beat += length;
            TempoPoint { beat: Beats(beat), bpm: *bpm, law: Law::Step, to: None }
        });
        let map = TempoMap::new(points.collect()).unwrap();
        let read = through(&map, Format::Midi);
        for point in map.points() {
            for tick in [(point.beat.0 * 960.0).floor(), (point.beat.0 * 960.0).ceil()] {
                let off = miss(&map, &read, tick / 960.0);
                prop_assert!(off <= 1e-6, "{tick}: {off} s");
            }
        }
    }

    #[test]
    fn dawproject_keeps_its_own_laws(map in maps(prop_oneof![Just(Law::Step), Just(Law::LinearBeats)])) {
        let read = through(&map, Format::Dawproject);
        let kept = map.points().iter().filter(|point| point.beat.0 > 0.0);
        for point in kept {
            let found = read.points().iter().find(|found| found.beat == point.beat).unwrap();
            prop_assert_eq!((found.bpm, found.law), (point.bpm, if point == map.points().last().unwrap() { Law::Step } else { point.law }));
        }
        for beat in places(&map, 10) {
            prop_assert!(miss(&map, &read, beat) <= 1e-11);
        }
        prop_assert_eq!(read.meter(), map.meter());
    }

    #[test]
    fn dawproject_pieces_take_the_time_of_ramps(map in maps(law())) {
        let read = through(&map, Format::Dawproject);
        for point in map.points().iter().filter(|point| point.beat.0 >= 0.0) {
            let off = miss(&map, &read, point.beat.0);
            prop_assert!(off <= 1e-9, "{:?}: {off} s", point);
        }
        for beat in places(&map, 100) {
            let off = miss(&map, &read, beat);
            prop_assert!(off <= 1e-5, "{beat}: {off} s");
        }
    }

    #[test]
    fn bars_stay_where_they_are(start in -40..40_i32, numerator in 1..9_u32, power in 0..4_u32) {
        // Only whole beats of a bar can be left at beat 0.
        let beat = Beats(f64::from(start) * 4.0 / f64::from(1 << power));
        let signature = TimeSignature { beat, numerator, denominator: 1 << power };
        let map = TempoMap::constant(90.0).unwrap().with_meter(Meter::new(vec![signature]).unwrap());
        for format in [Format::Midi, Format::Dawproject] {
            let read = through(&map, format);
            let range = Range::new(Beats(0.0), Beats(60.0));
            let bars = |map: &TempoMap| map.meter().bar_beats(range).map(|bar| bar.1.0).filter(|at| *at > 0.0).collect::<Vec<_>>();
            prop_assert_eq!(bars(&read), bars(&map));
        }
    }

    #[test]
    fn a_map_passes_through_all_beats(
        lengths in prop::collection::vec(1e-3..100.0_f64, 1..300),
        start in prop_oneof![Just(0.0), -1000.0..1000.0_f64, 0.0..0.5_f64],
    ) {
        let mut at = start;
        let mut times = vec![Seconds(start)];
        for length in lengths {
            at += length;
            times.push(Seconds(at));
        }
        let map = TempoMap::through_beats(&times).unwrap();
        let largest = times.iter().fold(0.0_f64, |most, at| most.max(at.0.abs()));
        let first = map.beats(times[0]).0;
        for (i, at) in times.iter().enumerate() {
            let beat = first + i as f64;
            let beat = if start >= 6e-5 || start == 0.0 { beat.round() } else { beat };
            prop_assert!((map.seconds(Beats(beat)).0 - at.0).abs() <= 1e-12 * largest.max(1.0));
        }
        prop_assert_eq!(map.seconds(Beats(0.0)), Seconds(0.0));
        // Through a table and back.
        let table: String = times.iter().map(|at| format!("{}\n", at.0)).collect();
        prop_assert_eq!(import(table.as_bytes(), None).unwrap(), map);
    }
}

#[test]
fn a_step_of_a_day_does_not_drift() {
    // 77.7 bpm are 772200.772... microseconds: rounded once, half a second a day.
    let end = 111_888.0;
    let map = TempoMap::new(vec![
        TempoPoint { beat: Beats(0.0), bpm: 77.7, law: Law::Step, to: None },
        TempoPoint { beat: Beats(end), bpm: 60.0, law: Law::Step, to: None },
    ])
    .unwrap();
    let read = through(&map, Format::Midi);
    for beat in (0..=111_888).step_by(37) {
        let off = miss(&map, &read, f64::from(beat));
        assert!(off <= 1e-6, "{beat}: {off}");
    }
}

#[test]
fn what_formats_cannot_hold() {
    for (text, format, expect) in [
        (r#"[{"beat": 0, "bpm": 3}]"#, Format::Midi, "cannot be written as midi: 3 bpm at beat 0 is slower"),
        (r#"[{"beat": 0, "bpm": 3}, {"beat": 1, "bpm": 60}]"#, Format::Midi, "slower"),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "meter": [{"beat": 0, "numerator": 5, "denominator": 6}]}"#,
            Format::Midi,
            "no time signature 5/6 (at beat 0)",
        ),
        (
            r#"{"points": [{"beat": 0, "bpm": 60}], "meter": [{"beat": 0, "numerator": 300, "denominator": 4}]}"#,
            Format::Midi,
            "no time signature 300/4",
        ),
        (
            r#"[{"beat": 0, "bpm": 60, "law": "linear-beats"}, {"beat": 1e12, "bpm": 90}]"#,
            Format::Midi,
            "events",
        ),
        (
            r#"[{"beat": 0, "bpm": 60, "law": "linear-beats"}, {"beat": 1e11, "bpm": 60.000000001}]"#,
            Format::Midi,
            "events",
        ),
        (
            r#"[{"beat": 0, "bpm": 60, "law": "linear-time"}, {"beat": 1e8, "bpm": 90}]"#,
            Format::Dawproject,
            "points",
        ),
        (r#"[{"beat": 0, "bpm": 60}]"#, Format::Reaper, "it is only read"),
    ] {
        let error = export(&TempoMap::from_json(text).unwrap(), format).unwrap_err().to_string();
        assert!(error.contains(expect), "{text}: {error}");
    }
    // Far out, but steady: nothing needs saying on the way.
    let far = TempoMap::from_json(r#"[{"beat": 0, "bpm": 60}, {"beat": 1e9, "bpm": 90}]"#).unwrap();
    assert!(miss(&far, &through(&far, Format::Midi), 1e9) <= 1e-6);
}
