//! The files that are measured: the music that [`crate::music`] plays, as WAV and FLAC.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agogic_decode::{AudioFile, PcmBlock};
use agogic_host::Source;
use agogic_timebase::Samples;
use anyhow::{Context as _, Result};

use crate::music::{Piece, RATE};
use crate::runner::Audio;

impl Piece {
    /// Writes so many seconds of it as 16-bit WAV.
    pub(crate) fn write(&self, path: &Path, channels: u16, seconds: u32) -> Result<()> {
        let frames = seconds * RATE;
        let bytes = frames * u32::from(channels) * 2;
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut out = BufWriter::new(file);
        out.write_all(b"RIFF")?;
        out.write_all(&(bytes + 36).to_le_bytes())?;
        out.write_all(b"WAVEfmt \x10\0\0\0\x01\0")?;
        out.write_all(&channels.to_le_bytes())?;
        out.write_all(&RATE.to_le_bytes())?;
        out.write_all(&(RATE * u32::from(channels) * 2).to_le_bytes())?;
        out.write_all(&(channels * 2).to_le_bytes())?;
        out.write_all(b"\x10\0data")?;
        out.write_all(&bytes.to_le_bytes())?;
        self.play(frames as usize, |left, right| {
            let mut put = |value: f32| out.write_all(&((value * 32_767.0).round() as i16).to_le_bytes());
            match channels {
                1 => put(0.5 * (left + right)),
                _ => put(left).and_then(|()| put(right)),
            }
        })?;
        // Else the first to make a file durable would have to write this one too.
        Ok(out.into_inner()?.sync_all()?)
    }
}

/// A file's audio as blocks.
pub(crate) fn decode(path: &Path) -> Result<Audio> {
    let file = AudioFile::open(path)?;
    let source = Source { rate: file.info().rate, channels: file.info().names.clone() };
    let mut blocks = file.blocks();
    let mut audio = Audio { source, blocks: vec![] };
    let mut block = PcmBlock::default();
    while blocks.next(&mut block)? {
        audio.blocks.push(std::mem::take(&mut block));
    }
    Ok(audio)
}

/// Decodes a file and keeps nothing.
pub(crate) fn decode_only(path: &Path) -> Result<Samples> {
    let mut blocks = AudioFile::open(path)?.blocks();
    let mut block = PcmBlock::default();
    let mut at = Samples(0);
    while blocks.next(&mut block)? {
        at = block.position;
    }
    Ok(at)
}

/// The files that are measured.
pub(crate) struct Files {
    pub(crate) mono: PathBuf,
    pub(crate) stereo: PathBuf,
    /// The stereo one as FLAC, or why there is none.
    pub(crate) flac: Result<PathBuf, String>,
}

impl Files {
    /// Writes them into a folder, unless they are there.
    pub(crate) fn make(folder: &Path, piece: &Piece, seconds: u32) -> Result<Self> {
        let wav = |name: &str, channels| -> Result<PathBuf> {
            let path = folder.join(format!("{name}-{seconds}.wav"));
            let length = u64::from(seconds) * u64::from(RATE) * u64::from(channels) * 2 + 44;
            if std::fs::metadata(&path).map_or(0, |meta| meta.len()) != length {
                piece.write(&path, channels, seconds)?;
            }
            Ok(path)
        };
        let (mono, stereo) = (wav("mono", 1)?, wav("stereo", 2)?);
        let flac = encode(&stereo);
        Ok(Self { mono, stereo, flac })
    }
}

fn encode(wav: &Path) -> Result<PathBuf, String> {
    let path = wav.with_extension("flac");
    let mut flac = Command::new("flac");
    flac.args(["--silent", "--force", "-o"]).arg(&path).arg(wav);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-i"]).arg(wav).arg(&path);
    for command in [&mut flac, &mut ffmpeg] {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if silent.status().is_ok_and(|status| status.success()) {
            File::open(&path).and_then(|file| file.sync_all()).map_err(|error| error.to_string())?;
            return Ok(path);
        }
    }
    Err("neither flac nor ffmpeg is there to encode".into())
}
