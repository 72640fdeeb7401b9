//! One number out of the bits of very many answers of tempo maps: all conformance
//! cases both ways, and maps of every law made by a fixed generator, asked one by
//! one and in batches. Equal numbers on two machines mean equal bits. Used by the
//! native test `tests/conformance.rs` and the WebAssembly example `conformance`.

use std::num::NonZeroU32;

use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples, Seconds, Ticks};

/// FNV-1a over 64-bit words.
struct Digest(u64);

impl Digest {
    fn word(&mut self, bits: u64) {
        self.0 = (self.0 ^ bits).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }

    fn number(&mut self, at: f64) {
        // All that is not a number counts as one: its bits are not fixed.
        self.word(if at.is_nan() { u64::MAX } else { at.to_bits() });
    }
}

pub(crate) fn digest() -> u64 {
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    cases(&mut digest);
    generated(&mut digest);
    digest.0
}

fn cases(digest: &mut Digest) {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../tests/cases/tempo.json")).expect("the cases are JSON");
    for case in file["cases"].as_array().expect("the cases are a list") {
        let map = TempoMap::from_json(&case["points"].to_string()).expect("a case is a map");
        for pair in case["pairs"].as_array().expect("the pairs are a list") {
            for at in [&pair[0], &pair[1]] {
                let at = at.as_f64().expect("a pair is of numbers");
                digest.number(map.seconds(Beats(at)).0);
                digest.number(map.beats(Seconds(at)).0);
                digest.number(map.bpm_at(Beats(at)));
            }
        }
    }
}

fn generated(digest: &mut Digest) {
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for round in 0..60_u32 {
        let mut beat = -100.0 * random();
        let points = (0..200_u32).map(|i| {
            beat += 0.01 + random() * 5.0;
            let law = match (round + i) % 6 {
                0 => Law::Step,
                1 => Law::LinearBeats,
                2 => Law::LinearTime,
                3 => Law::GeometricBeats,
                4 => Law::LinearPeriod,
                _ => Law::Curve { shape: random() * 2.0 - 1.0 },
            };
            TempoPoint { beat: Beats(beat), bpm: 1.0 + 999.0 * random() * random(), law, to: None }
        });
        let map = TempoMap::new(points.collect()).expect("the points are in order");
        let at: Vec<f64> = (0..1000).map(|_| (random() - 0.2) * 600.0).collect();
        let beats: Vec<Beats> = at.iter().map(|at| Beats(*at)).collect();
        let seconds = map.seconds_of(&beats);
        let back = map.beats_of(&seconds);
        let mut ticks = vec![Ticks(0); at.len()];
        map.seconds_to_ticks_into(&seconds, &mut ticks);
        for i in 0..at.len() {
            digest.number(seconds[i].0);
            digest.number(back[i].0);
            digest.number(map.bpm_at(beats[i]));
            digest.word(ticks[i].0 as u64);
        }
        let grid = FrameGrid {
            rate: SampleRate::new(44_100).expect("a usual rate"),
            start: Samples(-1000),
            hop: NonZeroU32::new(441).expect("not zero"),
        };
        let mut frames = vec![Beats(0.0); 5000];
        map.frames_to_beats(&grid, 0, &mut frames);
        for beat in frames {
            digest.number(beat.0);
        }
    }
}
