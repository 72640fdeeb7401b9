//! Standard MIDI Files, built byte by byte: what is read, what is refused, and
//! that ticks and seconds are each other's inverse.

use agogic_tempo::{TempoMap, TickUnit};
use agogic_timebase::{Beats, Seconds, Ticks};
use proptest::prelude::*;

fn variable_length(value: u32) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        bytes.insert(0, 0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    bytes
}

fn tempo(micros: u32) -> Vec<u8> {
    let [_, a, b, c] = micros.to_be_bytes();
    vec![0xff, 0x51, 3, a, b, c]
}

fn signature(numerator: u8, power: u8) -> Vec<u8> {
    vec![0xff, 0x58, 4, numerator, power, 24, 8]
}

fn note() -> Vec<u8> {
    vec![0x90, 60, 100]
}

/// A track of events at absolute ticks, with its end.
fn track(events: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut at = 0;
    for (tick, event) in events {
        body.extend(variable_length(tick - at));
        body.extend(event);
        at = *tick;
    }
    body.extend([0, 0xff, 0x2f, 0]);
    chunk(b"MTrk", &body)
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn file(format: u16, division: [u8; 2], tracks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = format.to_be_bytes().to_vec();
    header.extend((tracks.len() as u16).to_be_bytes());
    header.extend(division);
    let mut bytes = chunk(b"MThd", &header);
    bytes.extend(tracks.concat());
    bytes
}

fn metrical(per_quarter: u16, tracks: &[Vec<u8>]) -> Vec<u8> {
    file(1, per_quarter.to_be_bytes(), tracks)
}

/// Ticks and the seconds they fall on, exactly, both ways.
#[track_caller]
fn check(bytes: &[u8], pairs: &[(i64, f64)]) {
    let map = TempoMap::from_bytes(bytes).unwrap();
    for &(tick, seconds) in pairs {
        assert_eq!(map.ticks_to_seconds(Ticks(tick)), Seconds(seconds));
        assert_eq!(map.seconds_to_ticks(Seconds(seconds)), Ticks(tick));
        assert_eq!(map.seconds_to_real_ticks(Seconds(seconds)), tick as f64);
        assert_eq!(map.seconds(map.ticks_to_beats(Ticks(tick))), Seconds(seconds));
    }
}

#[track_caller]
fn refused(bytes: &[u8], expect: &str) {
    let error = TempoMap::from_bytes(bytes).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

fn three_tempi() -> Vec<u8> {
    track(&[(0, tempo(500_000)), (960, tempo(1_000_000)), (1920, tempo(250_000))])
}

#[test]
fn tempo_changes() {
    let pairs = [(0, 0.0), (960, 1.0), (1920, 3.0), (2400, 3.25), (-960, -1.0)];
    check(&metrical(480, &[three_tempi()]), &pairs);
    check(&file(0, [1, 224], &[three_tempi()]), &pairs);
}

#[test]
fn fault_tempo_only_read_from_the_first_track() {
    let notes = track(&[(0, note()), (480, note())]);
    check(&metrical(480, &[notes, three_tempi()]), &[(2400, 3.25)]);
}

#[test]
fn no_tempo_event_is_120() {
    check(&metrical(480, &[track(&[])]), &[(480, 0.5), (9600, 10.0)]);
}

#[test]
fn fault_late_first_tempo_event() {
    // 120 bpm until it comes; nothing is moved before second 0.
    let late = track(&[(960, tempo(1_000_000))]);
    check(&metrical(480, &[late]), &[(0, 0.0), (960, 1.0), (1440, 2.0)]);
}

#[test]
fn the_last_of_two_at_one_tick_wins() {
    let two = track(&[(480, tempo(250_000)), (480, tempo(1_000_000))]);
    check(&metrical(480, &[two]), &[(480, 0.5), (960, 1.5)]);
    let first = track(&[(480, tempo(250_000))]);
    let second = track(&[(480, tempo(1_000_000))]);
    check(&metrical(480, &[first, second]), &[(480, 0.5), (960, 1.5)]);
}

#[test]
fn fault_smpte_divisions() {
    // Tempo events have no say here.
    let track = track(&[(0, tempo(123_456)), (3, signature(3, 2))]);
    for (division, tick, seconds) in [
        ([-25_i8 as u8, 40], 40, 0.04),
        ([-24_i8 as u8, 4], 96, 1.0),
        ([-30_i8 as u8, 100], 3000, 1.0),
        ([-29_i8 as u8, 80], 2400, 1.001),
    ] {
        let bytes = file(1, division, std::slice::from_ref(&track));
        check(&bytes, &[(tick, seconds)]);
        let map = TempoMap::from_midi(&bytes).unwrap();
        assert_eq!(map.seconds(Beats(2.0)), Seconds(1.0));
        assert!(matches!(map.tick_unit(), TickUnit::PerSecond { .. }));
        assert_eq!(TempoMap::from_json(&map.to_json()).unwrap(), map);
        for tick in -5000..5000 {
            let seconds = map.ticks_to_seconds(Ticks(tick));
            assert_eq!(map.seconds_to_ticks(seconds), Ticks(tick));
        }
    }
}

#[test]
fn time_signatures() {
    let meter = track(&[(0, signature(3, 2)), (1440 * 2, signature(6, 3))]);
    let map = TempoMap::from_midi(&metrical(480, &[track(&[]), meter])).unwrap();
    let range = agogic_timebase::Range::new(Beats(0.0), Beats(12.0));
    let bars: Vec<_> = map.meter().bar_beats(range).collect();
    assert_eq!(bars, [(1, Beats(0.0)), (2, Beats(3.0)), (3, Beats(6.0)), (4, Beats(9.0))]);
    assert_eq!(map.meter().signature_at(Beats(7.0)).denominator, 8);
}

#[test]
fn refusals() {
    let good = three_tempi();
    refused(&metrical(480, &[track(&[(7, tempo(0))])]), "0 microseconds per quarter note at tick 7");
    refused(&metrical(480, &[track(&[(0, tempo(5))])]), "tempo 12000000 bpm at beat 0 is outside");
    refused(&metrical(480, &[track(&[(0, vec![0xff, 0x51, 2, 1, 1])])]), "wrong length");
    refused(&metrical(480, &[track(&[(0, signature(4, 200))])]), "4/2^200");
    refused(&metrical(480, &[track(&[(0, signature(0, 2))])]), "time signature 0/4");
    refused(&file(2, [1, 224], std::slice::from_ref(&good)), "format 2");
    refused(&file(77, [1, 224], std::slice::from_ref(&good)), "format 77");
    refused(&metrical(0, std::slice::from_ref(&good)), "0 ticks per quarter note");
    refused(&metrical(480, &[]), "no tracks");
    refused(&file(1, [-29_i8 as u8, 0], std::slice::from_ref(&good)), "0 ticks per SMPTE frame");
    refused(&file(1, [-26_i8 as u8, 4], std::slice::from_ref(&good)), "26 is no SMPTE frame rate");
    refused(&file(1, [0x80, 4], std::slice::from_ref(&good)), "128 is no SMPTE frame rate");
    refused(&metrical(480, &[chunk(b"MTrk", &[])]), "track 1 has no end");
    refused(&metrical(480, &[chunk(b"MTrk", &[0, 0x90, 60, 100])]), "track 1 has no end");
    refused(&metrical(480, &[good.clone(), chunk(b"MTrk", &[0, 0x90])]), "track 2: malformed event");
    refused(&chunk(b"MThd", &[0, 1, 0]), "its header has 3 bytes");
    let mut more = metrical(480, std::slice::from_ref(&good));
    more.extend(&good);
    refused(&more, "more tracks than its header says");
}

#[test]
fn chunks_of_other_kinds_and_padding_are_passed_over() {
    let tracks = [chunk(b"XFIH", &[1, 2, 3]), three_tempi()].concat();
    let mut bytes = metrical(480, &[tracks]);
    check(&bytes, &[(2400, 3.25)]);
    bytes.extend(chunk(b"XFKM", &[4, 5]));
    check(&bytes, &[(2400, 3.25)]);
    bytes.extend([0; 100]);
    check(&bytes, &[(2400, 3.25)]);
    bytes.truncate(bytes.len() - 101);
    refused(&bytes, "cut off");
}

#[test]
fn every_file_cut_off_is_refused() {
    let notes = track(&[(0, signature(6, 3)), (0, note()), (99_999, note())]);
    for bytes in [
        metrical(480, &[three_tempi(), notes.clone(), track(&[])]),
        metrical(96, std::slice::from_ref(&notes)),
        file(0, [-25_i8 as u8, 40], &[notes]),
    ] {
        TempoMap::from_bytes(&bytes).unwrap();
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            assert!(TempoMap::from_bytes(cut).is_err(), "{length}");
            assert!(TempoMap::from_midi(cut).is_err(), "{length}");
        }
    }
}

/// Tempi at every few ticks for a long piece.
fn long_map(per_quarter: u16) -> TempoMap {
    let mut micros = 400_000_u32;
    let events: Vec<_> = (0..20_000)
        .map(|i: u32| {
            micros = micros.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (i * 37, tempo(60_000 + micros % 16_000_000))
        })
        .collect();
    TempoMap::from_midi(&metrical(per_quarter, &[track(&events)])).unwrap()
}

#[test]
fn tick_to_time_to_tick_is_the_identity() {
    for per_quarter in [1, 96, 480, 32_767] {
        let map = long_map(per_quarter);
        let native = TempoMap::from_json(&map.to_json()).unwrap();
        assert_eq!(native, map);
        let mut previous = f64::NEG_INFINITY;
        for tick in (-1000..750_000).step_by(if per_quarter == 480 { 1 } else { 7 }) {
            let seconds = map.ticks_to_seconds(Ticks(tick));
            assert!(seconds.0 > previous);
            previous = seconds.0;
            assert_eq!(map.seconds_to_ticks(seconds), Ticks(tick));
            assert_eq!(map.seconds_to_real_ticks(seconds), tick as f64);
            assert_eq!(map.beats_to_ticks(map.ticks_to_beats(Ticks(tick))), Ticks(tick));
        }
    }
}

#[test]
fn ticks_are_summed_exactly() {
    // The seconds of the long map's ticks, in integers of its own.
    let map = long_map(480);
    let mut units = 0_i128;
    for (i, point) in map.points().iter().enumerate() {
        let expect = units as f64 / 480e6;
        assert_eq!(map.ticks_to_seconds(Ticks(i as i64 * 37)), Seconds(expect));
        assert!((map.seconds(point.beat).0 - expect).abs() <= expect * 1e-15);
        units += 37 * (60e6 / point.bpm).round() as i128;
    }
}

proptest! {
    #[test]
    fn damage_never_panics(
        places in prop::collection::vec((0_usize..150, any::<u8>()), 1..12),
        cut in 0_usize..200,
    ) {
        let notes = track(&[(0, signature(6, 3)), (0, note()), (99_999, note())]);
        let mut bytes = metrical(480, &[three_tempi(), notes, track(&[(5, vec![0xf0, 2, 1, 0xf7])])]);
        for (place, value) in places {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        bytes.truncate(cut.max(20));
        if let Ok(map) = TempoMap::from_bytes(&bytes) {
            let at = map.ticks_to_seconds(Ticks(1000));
            map.seconds_to_ticks(at);
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = TempoMap::from_bytes(&bytes);
        let headed = [b"MThd\0\0\0\x06".to_vec(), bytes].concat();
        let _ = TempoMap::from_bytes(&headed);
    }
}
