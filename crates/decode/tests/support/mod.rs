//! Decoding a whole file for the tests, and writing WAV files by hand.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};

use agogic_decode::{AudioFile, DecodeError, PcmBlock, StreamInfo};

/// All the audio of a file, planar per channel, with both identities checked
/// to be equal.
pub(crate) struct Whole {
    pub(crate) info: StreamInfo,
    pub(crate) channels: Vec<Vec<f32>>,
    pub(crate) identity: [u8; 32],
}

pub(crate) fn decode(path: &Path) -> Result<Whole, DecodeError> {
    let mut blocks = AudioFile::open(path)?.blocks();
    let info = blocks.info().clone();
    let mut channels = vec![Vec::new(); usize::from(info.channels)];
    let mut block = PcmBlock::default();
    while blocks.next(&mut block)? {
        assert_eq!(block.position.0, channels[0].len() as i64);
        assert_eq!(block.data.len(), block.frames * channels.len());
        for (c, out) in channels.iter_mut().enumerate() {
            out.extend_from_slice(block.channel(c as u16));
        }
    }
    assert!(!blocks.next(&mut block)?, "the end is the end");
    let identity = blocks.finish()?;
    assert_eq!(AudioFile::open(path)?.identify()?, identity);
    Ok(Whole { info, channels, identity })
}

/// The message of the error that decoding a file gives, without its path.
pub(crate) fn error(path: &Path) -> String {
    match decode(path) {
        Ok(_) => panic!("{} should be refused", path.display()),
        Err(e) => {
            let line = e.to_string();
            assert!(!line.contains('\n') && line.starts_with(&*path.to_string_lossy()));
            e.cause.to_string()
        }
    }
}

pub(crate) fn media(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media").join(name)
}

/// A file in a folder that vanishes with it.
pub(crate) struct Temp(tempfile::TempDir);

impl Temp {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// A WAV file: format tag (1 integer, 3 float), channels, rate, bits, samples.
pub(crate) fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let align = channels * bits / 8;
    let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    out.extend(tag.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate.wrapping_mul(u32::from(align))).to_le_bytes());
    out.extend(align.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    let size = (out.len() - 8) as u32;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    out
}

pub(crate) fn wav_i16(channels: u16, rate: u32, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    wav(1, channels, rate, 16, &data)
}

pub(crate) fn wav_f32(channels: u16, rate: u32, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    wav(3, channels, rate, 32, &data)
}
