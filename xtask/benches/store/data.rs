//! The tracks that everybody keeps: log-mel and STFT magnitude of music and of a
//! generated signal.

use std::f64::consts::TAU;
use std::num::NonZeroUsize;

use agogic_dsp::{LogMel, LogMelSpec, MelNorm, MelScale, Stft, StftSpec, Window};
use anyhow::Result;

use crate::music::{Piece, RATE};
use crate::table::random;

/// Frames of a track: 251 s.
pub(crate) const FRAMES: usize = 21_600;
pub(crate) const HOP: usize = 512;
const N_FFT: usize = 2048;
const MELS: usize = 128;
/// Samples between the notes of the generated signal.
const NOTE: usize = 9_000;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    LogMel,
    Stft,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LogMel => "log-mel",
            Self::Stft => "STFT",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::LogMel => "dB",
            Self::Stft => "",
        }
    }

    /// The error that its values may have where they are kept with a bound.
    pub(crate) fn bound(self) -> &'static str {
        match self {
            Self::LogMel => "0.01 dB",
            Self::Stft => "0.001 relative",
        }
    }

    pub(crate) fn bins(self) -> usize {
        match self {
            Self::LogMel => MELS,
            Self::Stft => N_FFT / 2 + 1,
        }
    }
}

/// A track in memory.
pub(crate) struct Data {
    pub(crate) kind: Kind,
    /// What it is computed from.
    pub(crate) source: &'static str,
    pub(crate) values: Vec<f32>,
}

impl Data {
    /// Such as `log-mel of music`.
    pub(crate) fn title(&self) -> String {
        format!("{} of {}", self.kind.name(), self.source)
    }

    pub(crate) fn frames(&self) -> usize {
        self.values.len() / self.kind.bins()
    }

    /// Bytes of the values.
    pub(crate) fn bytes(&self) -> usize {
        self.values.len() * 4
    }

    /// Values of so many frames from one on.
    pub(crate) fn part(&self, first: usize, frames: usize) -> &[f32] {
        &self.values[first * self.kind.bins()..(first + frames) * self.kind.bins()]
    }

    /// The values as the peers are given them, so many frames at a time.
    pub(crate) fn chunks(&self, frames: usize) -> Vec<Vec<u8>> {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.values.chunks(frames * self.kind.bins()).map(bytes).collect()
    }
}

/// All of them, with so many frames.
pub(crate) fn make(frames: usize) -> Result<Vec<Data>> {
    let samples = (frames - 1) * HOP;
    let mut music = Vec::with_capacity(samples);
    Piece::read()?.play(samples, |left, right| {
        music.push(0.5 * (left + right));
        Ok(())
    })?;
    let [mel, stft] = analysed(&music, "music")?;
    let [other_mel, other_stft] = analysed(&generated(samples), "a generated signal")?;
    Ok(vec![mel, other_mel, stft, other_stft])
}

fn analysed(samples: &[f32], source: &'static str) -> Result<[Data; 2]> {
    let hop = NonZeroUsize::new(HOP).ok_or_else(|| anyhow::anyhow!("no hop"))?;
    let mut stft = Stft::new(StftSpec::new(N_FFT, hop, N_FFT, Window::Hann, true)?);
    let mel = LogMel::new(&LogMelSpec {
        rate_hz: RATE.into(),
        n_fft: N_FFT,
        n_mels: MELS,
        fmin: 0.0,
        fmax: f64::from(RATE) / 2.0,
        scale: MelScale::Slaney,
        norm: MelNorm::Slaney,
        amin: 1e-10,
    })?;
    let (mut mels, mut magnitudes) = (vec![], vec![]);
    let mut bands = vec![0.0; MELS];
    let mut sink = |_: u64, rows: &[f32]| {
        for row in rows.chunks_exact(N_FFT / 2 + 1) {
            mel.apply(row, &mut bands);
            mels.extend_from_slice(&bands);
            magnitudes.extend(row.iter().map(|power| power.sqrt()));
        }
    };
    stft.push(samples, &mut sink);
    stft.finish(&mut sink);
    let data = |kind, values| Data { kind, source, values };
    Ok([data(Kind::LogMel, mels), data(Kind::Stft, magnitudes)])
}

/// Notes of four harmonics that die away, each somewhere else, over noise.
fn generated(samples: usize) -> Vec<f32> {
    let mut random = random(11);
    let (mut step, mut level) = (0.0, 0.0);
    let sample = |n: usize| {
        let since = n % NOTE;
        if since == 0 {
            step = 80.0 * 2_f64.powf(4.0 * random()) / f64::from(RATE);
            level = 0.05 + 0.15 * random();
        }
        let turn = step * since as f64;
        let decay = (-3.0 * since as f64 / NOTE as f64).exp();
        let notes: f64 = (1..=4).map(|k| (TAU * turn * f64::from(k)).sin() / f64::from(k)).sum();
        (level * decay * notes + 2e-3 * (random() - 0.5)) as f32
    };
    (0..samples).map(sample).collect()
}
