//! Audio made on the spot, and the recordings that may lie beside the project.

use std::path::PathBuf;

use crate::workspace;

/// A sound that any machine makes exactly alike.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// Decaying bursts of noise, two a second, so that there are onsets.
    Bursts,
    /// Nothing.
    Silence,
}

/// A WAV file in the making.
#[derive(Clone, Debug)]
pub struct Wav {
    /// Samples per second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Samples per channel.
    pub samples: usize,
    /// What is heard.
    pub signal: Signal,
}

impl Wav {
    /// Stereo bursts at 44.1 kHz.
    pub fn bursts(seconds: usize) -> Self {
        Self { rate: 44_100, channels: 2, samples: seconds * 44_100, signal: Signal::Bursts }
    }

    /// The samples, interleaved.
    pub fn pcm(&self) -> Vec<i16> {
        let mut seed = 12_345u64;
        let period = self.rate as usize / 2;
        let mut pcm = Vec::with_capacity(self.samples * usize::from(self.channels));
        for i in 0..self.samples {
            let loudness = (-((i % period) as f64) / (0.1 * f64::from(self.rate))).exp();
            for _ in 0..self.channels {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (seed >> 40) as f64 / 8_388_608.0 - 1.0;
                pcm.push(match self.signal {
                    Signal::Bursts => (noise * loudness * 20_000.0) as i16,
                    Signal::Silence => 0,
                });
            }
        }
        pcm
    }

    /// The file, with a title in a LIST chunk if there is one.
    pub fn bytes(&self, title: Option<&str>) -> Vec<u8> {
        let data: Vec<u8> = self.pcm().iter().flat_map(|sample| sample.to_le_bytes()).collect();
        wav(1, self.rate, self.channels, 16, &data, title)
    }

    /// A file of 32-bit float samples, interleaved.
    pub fn float(rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        wav(3, rate, channels, 32, &data, None)
    }
}

fn wav(format: u16, rate: u32, channels: u16, bits: u16, data: &[u8], title: Option<&str>) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut body = b"WAVEfmt \x10\0\0\0".to_vec();
    body.extend(format.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(rate.to_le_bytes());
    body.extend((rate * u32::from(frame)).to_le_bytes());
    body.extend(frame.to_le_bytes());
    body.extend(bits.to_le_bytes());
    if let Some(title) = title {
        let mut text = title.as_bytes().to_vec();
        text.resize(text.len() / 2 * 2 + 2, 0);
        let list = [b"INFOINAM", &(text.len() as u32).to_le_bytes()[..], &text].concat();
        body.extend(b"LIST");
        body.extend((list.len() as u32).to_le_bytes());
        body.extend(list);
    }
    body.extend(b"data");
    body.extend((data.len() as u32).to_le_bytes());
    body.extend(data);
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

/// The folder of real recordings: `AGOGIC_TEST_DATA`, or `shared/data` beside
/// the project. Says so where there is none.
#[allow(clippy::print_stderr, reason = "a test's own report")]
pub fn recordings() -> Option<PathBuf> {
    let folder = match std::env::var_os("AGOGIC_TEST_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => workspace().join("../shared/data"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no recordings at {}", folder.display());
    None
}
