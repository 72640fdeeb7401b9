//! No conversion allocates or frees, and neither does taking over a new map: all of
//! it is safe on an audio thread.
#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::num::NonZeroU32;

use agogic_tempo::publish::channel;
use agogic_tempo::{Choice, Law, Layers, TempoMap, TempoPoint, Warp, WarpMarker};
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples, Seconds, Ticks};

/// The system's allocator, counting per thread.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // Once the thread is being torn down nobody asks any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocated or freed while something was done.
fn calls(done: impl FnOnce()) -> usize {
    let before = CALLS.get();
    done();
    CALLS.get() - before
}

#[test]
fn allocations_are_counted() {
    assert_eq!(calls(|| drop(std::hint::black_box(Box::new(1)))), 2);
}

#[test]
fn no_conversion_allocates() {
    let laws = [
        Law::Step,
        Law::LinearBeats,
        Law::LinearTime,
        Law::GeometricBeats,
        Law::LinearPeriod,
        Law::Curve { shape: 0.7 },
    ];
    let points = (0..1200).map(|i| TempoPoint {
        beat: Beats(f64::from(i) * f64::from(i % 7 + 1)),
        bpm: 60.0 + f64::from(i * 37 % 121),
        law: laws[i as usize % laws.len()],
        to: None,
    });
    let mut points: Vec<_> = points.collect();
    points.sort_by(|a, b| a.beat.0.total_cmp(&b.beat.0));
    points.dedup_by_key(|point| point.beat.0);
    let map = TempoMap::new(points).unwrap();
    let midi = TempoMap::constant(120.0).unwrap();
    let beats: Vec<_> = (0..5000).map(|i| Beats(f64::from(i * 7919 % 5000))).collect();
    let mut sorted = beats.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut seconds = vec![Seconds(0.0); beats.len()];
    let mut back = beats.clone();
    let mut ticks = vec![Ticks(0); beats.len()];
    let grid = FrameGrid {
        rate: SampleRate::new(48_000).unwrap(),
        start: Samples(0),
        hop: NonZeroU32::new(512).unwrap(),
    };
    let spent = calls(|| {
        for beats in [&beats, &sorted] {
            map.seconds_into(beats, &mut seconds);
            map.beats_into(&seconds, &mut back);
            map.seconds_to_ticks_into(&seconds, &mut ticks);
            map.ticks_to_seconds_into(&ticks, &mut seconds);
        }
        map.frames_to_beats(&grid, 0, &mut back);
        let mut cursor = map.cursor();
        for at in &beats {
            assert!(cursor.beats(map.seconds(*at)).0.is_finite());
            assert!(map.beats(cursor.seconds(*at)).0.is_finite());
            assert!(map.bpm_at(*at) > 0.0);
            midi.seconds_to_ticks(midi.ticks_to_seconds(Ticks(at.0 as i64)));
            map.meter().position(*at);
        }
    });
    assert_eq!(spent, 0);
}

#[test]
fn layers_allocate_nothing() {
    let marker = |real, music| WarpMarker { real: Seconds(real), music: Seconds(music) };
    let warp =
        Warp::new(vec![marker(0.0, 0.0), marker(5.0, 5.0), marker(6.0, 4.0), marker(6.0, 9.0)]).unwrap();
    let layers = Layers::new(TempoMap::constant(120.0).unwrap()).with_warp(warp.clone());
    let spent = calls(|| {
        for i in 0..1000 {
            let found = layers.seconds(Beats(f64::from(i) * 0.1), Choice::Last, 1e-9);
            assert!(layers.beats(found.at).at.0.is_finite());
            assert!(warp.all(found.at, 0.0).count() > 0);
        }
    });
    assert_eq!(spent, 0);
}

#[test]
fn a_reader_takes_over_new_maps_without_allocating_or_freeing() {
    const MAPS: u32 = 300;
    let map = |i: u32| {
        let points = (0..50).map(|k| TempoPoint {
            beat: Beats(f64::from(k)),
            bpm: 60.0 + f64::from(i),
            law: Law::Step,
            to: None,
        });
        TempoMap::new(points.collect()).unwrap()
    };
    let (mut publisher, mut reader) = channel(map(0));
    assert_eq!(reader.held(), &map(0));
    let audio = std::thread::spawn(move || {
        let (mut newest, mut changes) = (0.0, 0);
        let spent = calls(|| {
            while newest < 60.0 + f64::from(MAPS) {
                // All of one map or all of another, never older than the last.
                let map = reader.latest();
                let bpm = map.points()[0].bpm;
                assert!(bpm >= newest);
                assert!((map.seconds(Beats(30.0)).0 - 1800.0 / bpm).abs() < 1e-12);
                changes += usize::from(bpm > newest);
                newest = bpm;
            }
        });
        // The reader goes back to where freeing is allowed.
        (spent, changes, reader)
    });
    for i in 1..=MAPS {
        publisher.publish(map(i));
    }
    let (spent, changes, _reader) = audio.join().unwrap();
    assert_eq!(spent, 0);
    assert!(changes >= 1 && publisher.is_read());
}
