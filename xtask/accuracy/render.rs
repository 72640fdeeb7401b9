//! How the pieces sound: sines, noise and decays, computed in f64 and rounded to 16
//! bits, so that every machine and every program hears the same samples.

use std::f64::consts::TAU;

use crate::score::{Note, Piece, Voice};

/// Samples a second.
pub(crate) const RATE: u32 = 44_100;

/// The samples of a piece, one channel of 16 bits, as a WAV file holds them.
pub(crate) fn render(piece: &Piece) -> Vec<i16> {
    let rate = f64::from(RATE);
    let notes = piece.notes();
    let end = piece.beat_times().last().copied().unwrap_or(0.0) + 1.5;
    let mut noise = Noise(12_345);
    let mut mix: Vec<f64> = (0..(end * rate) as usize).map(|_| 0.0015 * noise.next()).collect();
    for note in &notes {
        let start = piece.seconds(note.beat);
        let length = piece.seconds(note.beat + note.length) - start;
        let first = (start * rate).round() as usize;
        let samples = mix.get_mut(first..).unwrap_or_default();
        add(note, length, samples, &mut noise);
    }
    let peak = mix.iter().fold(1e-9f64, |peak, x| peak.max(x.abs()));
    mix.iter().map(|x| (x / peak * 29_000.0).round() as i16).collect()
}

fn add(note: &Note, length: f64, samples: &mut [f64], noise: &mut Noise) {
    let rate = f64::from(RATE);
    let decay = |t: f64, time: f64| (-t / time).exp();
    let lasts = match note.voice {
        Voice::Kick => 0.4,
        Voice::Snare => 0.35,
        Voice::Hat => 0.15,
        Voice::Bass | Voice::Chord | Voice::Lead => length + 0.1,
    };
    let hz = 440.0 * ((note.pitch - 69.0) / 12.0).exp2();
    let mut before = 0.0;
    for (i, sample) in samples.iter_mut().take((lasts * rate) as usize).enumerate() {
        let t = i as f64 / rate;
        let harmonics = |count: u32| {
            let part = |k: u32| (TAU * f64::from(k) * hz * t).sin() / f64::from(k).powf(1.5);
            (1..=count).map(part).sum::<f64>()
        };
        // Fades in and, at the end of its length, out.
        let held = |attack: f64| (t / attack).min(1.0) * ((length + 0.1 - t) / 0.1).clamp(0.0, 1.0);
        let value = match note.voice {
            Voice::Kick => (TAU * (50.0 * t + 3.5 * (1.0 - decay(t, 0.03)))).sin() * decay(t, 0.11),
            Voice::Snare => {
                (0.7 * noise.next() + 0.4 * (TAU * 185.0 * t).sin() * decay(t, 0.05)) * decay(t, 0.09)
            }
            Voice::Hat => {
                let now = noise.next();
                let high = now - before;
                before = now;
                0.7 * high * decay(t, 0.03)
            }
            Voice::Bass => harmonics(5) * held(0.006) * decay(t, 0.5),
            Voice::Chord => harmonics(4) * held(0.02) * decay(t, 1.2),
            Voice::Lead => harmonics(6) * held(0.008) * decay(t, 0.4),
        };
        *sample += note.gain * value;
    }
}

/// Noise within -1..1: the top 24 bits of Knuth's MMIX generator.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / 8_388_608.0 - 1.0
    }
}

/// A WAV file of one channel.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let bytes = samples.len() as u32 * 2;
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16u32.to_le_bytes());
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&(RATE * 2).to_le_bytes());
    file.extend_from_slice(&2u16.to_le_bytes());
    file.extend_from_slice(&16u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
