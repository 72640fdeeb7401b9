//! Decoding: packets in, planar blocks of `f32` out. A packet holds from 64 to
//! a few thousand frames; they are gathered into blocks of one size, written
//! straight into the caller's buffer. Here too is every check that needs the
//! decoded audio: finite samples, an unchanging format, the declared length.

use agogic_timebase::Samples;
use symphonia::core::audio::conv::FromSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::packet::Packet;

use crate::error::{Cause, DecodeError};
use crate::file::AudioFile;
use crate::packets::{self, cause, guarded};

/// Frames in a block of up to 64 channels; all blocks of a stream but the last
/// are of one length. More channels make shorter blocks, so that one block
/// never needs more than 4 MiB (16 MiB with the 65,535 channels of a mad WAV).
pub const BLOCK_FRAMES: usize = 16_384;

/// Samples of all channels that a block may hold beyond 64 channels.
const MAX_BLOCK_SAMPLES: usize = 64 * BLOCK_FRAMES;

/// Greatest absolute value of a sample. Float files may exceed full scale, and
/// some hold unscaled 32-bit integers; what lies beyond is damage, and the
/// power of its spectrum would no longer be a finite `f32`.
pub const MAX_SAMPLE: f32 = 1e10;

/// A stretch of decoded audio, planar. Reuse one across calls: its buffer is
/// allocated once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PcmBlock {
    /// Position of its first frame from the start of the asset.
    pub position: Samples,
    /// Number of channels.
    pub channels: u16,
    /// Frames, i.e. samples per channel.
    pub frames: usize,
    /// `channels * frames` samples, channel after channel; full scale is
    /// -1 to 1, which float formats and lossy codecs may exceed; all within [`MAX_SAMPLE`].
    pub data: Vec<f32>,
}

impl PcmBlock {
    /// The samples of one channel; empty for a channel that does not exist.
    pub fn channel(&self, channel: u16) -> &[f32] {
        let start = usize::from(channel) * self.frames;
        self.data.get(start..start + self.frames).unwrap_or_default()
    }
}

/// The audio of a file, block by block. To cancel, drop it.
pub struct Blocks {
    file: AudioFile,
    /// Frames a full block has.
    size: usize,
    /// Frames delivered so far.
    position: u64,
    /// The part of the last decoded packet that is still to be delivered.
    pending: std::ops::Range<usize>,
    skip: u64,
    state: State,
    /// Of a WAV file of 16 bits, which needs no decoder: the last packet.
    bare: Option<Box<[u8]>>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Reading,
    Ended,
    Failed,
}

/// Whether a value can be a sample: false for NaN and infinities, too.
fn is_sample(x: f32) -> bool {
    x.abs() <= MAX_SAMPLE
}

impl Blocks {
    pub(crate) fn new(file: AudioFile) -> Self {
        let channels = usize::from(file.info.channels);
        Self {
            size: (MAX_BLOCK_SAMPLES / channels).clamp(64, BLOCK_FRAMES),
            position: 0,
            pending: 0..0,
            skip: file.skip,
            state: State::Reading,
            bare: file.is_bare().then(Box::default),
            file,
        }
    }

    /// The format of the audio stream.
    pub fn info(&self) -> &crate::StreamInfo {
        &self.file.info
    }

    /// Fills `out` with the next block; false, and an empty block, at the end.
    ///
    /// # Errors
    /// Whatever [`Cause`] says of damaged, truncated, changing or non-finite
    /// audio. The stream is then of no further use.
    pub fn next(&mut self, out: &mut PcmBlock) -> Result<bool, DecodeError> {
        out.channels = self.file.info.channels;
        out.position = self.at();
        out.frames = 0;
        match self.state {
            State::Failed => return Err(self.file.packets.error(Cause::Failed)),
            State::Ended => {
                out.data.clear();
                return Ok(false);
            }
            State::Reading => {}
        }
        let filled = self.fill(out);
        if filled.is_err() {
            self.state = State::Failed;
            out.frames = 0;
            out.data.clear();
        }
        filled
    }

    /// The identity of the audio, the same as [`AudioFile::identify`] gives.
    /// What was not decoded yet is read, but not decoded.
    ///
    /// # Errors
    /// When the rest cannot be read, or an earlier call had failed.
    pub fn finish(mut self) -> Result<[u8; 32], DecodeError> {
        if self.state == State::Failed {
            return Err(self.file.packets.error(Cause::Failed));
        }
        let at = self.at();
        packets::drain(&mut self.file.packets, at)
    }

    fn at(&self) -> Samples {
        Samples(i64::try_from(self.position).unwrap_or(i64::MAX))
    }

    fn fill(&mut self, out: &mut PcmBlock) -> Result<bool, DecodeError> {
        let channels = usize::from(self.file.info.channels);
        let mut filled = 0;
        out.data.resize(self.size * channels, 0.0);
        while filled < self.size {
            if self.pending.is_empty() && !self.decode()? {
                self.state = State::Ended;
                self.check_length()?;
                break;
            }
            let take = self.pending.len().min(self.size - filled);
            let from = self.pending.start..self.pending.start + take;
            match &self.bare {
                Some(bytes) => spread(bytes, channels, from, &mut out.data, self.size, filled),
                None => copy(&self.file.decoder.last_decoded(), from, &mut out.data, self.size, filled),
            }
            self.check_samples(&out.data, filled, take)?;
            self.pending.start += take;
            self.position += take as u64;
            filled += take;
        }
        if filled < self.size {
            for channel in 1..channels {
                let from = channel * self.size;
                out.data.copy_within(from..from + filled, channel * filled);
            }
            out.data.truncate(filled * channels);
        }
        out.frames = filled;
        Ok(filled > 0)
    }

    /// Decodes packets until one gives frames to deliver; false at the end.
    fn decode(&mut self) -> Result<bool, DecodeError> {
        let at = self.at();
        let mut failed: Option<DecodeError> = None;
        loop {
            let Some(packet) = self.file.packets.next(at)? else {
                return Ok(false);
            };
            if self.bare.is_some() {
                let frames = packet.data.len() / (2 * usize::from(self.file.info.channels));
                let any = self.pend(&packet, frames);
                self.bare = Some(packet.data);
                if any {
                    return Ok(true);
                }
                continue;
            }
            let decoder = &mut self.file.decoder;
            let decoded = guarded(|| decoder.decode(&packet).map(|buf| format_of(&buf)));
            let (rate, channels, frames) = match (decoded, failed) {
                (Ok(format), None) => format,
                (Ok(_), Some(error)) => return Err(error),
                (Err(error), earlier) => {
                    let error = earlier.unwrap_or_else(|| self.file.packets.error(cause(error, at)));
                    // Behind the last frame of an MPEG stream there may be
                    // anything, and some of it looks like a frame. It is
                    // damage only if audio follows.
                    if !self.is_mpeg() || matches!(error.cause, Cause::Decoder { .. }) {
                        return Err(error);
                    }
                    failed = Some(error);
                    continue;
                }
            };
            failed = None;
            let info = &self.file.info;
            if frames > 0 && (rate, channels) != (info.rate.hz(), usize::from(info.channels)) {
                return Err(self.file.packets.error(Cause::Changed {
                    at,
                    was: format!("{} channels at {}", info.channels, info.rate),
                    becomes: format!("{channels} channels at {rate} Hz"),
                }));
            }
            if self.pend(&packet, frames) {
                return Ok(true);
            }
        }
    }

    /// Notes which frames of a packet are to be delivered; whether there are any.
    fn pend(&mut self, packet: &Packet, frames: usize) -> bool {
        let keep = self.file.packets.keep(packet).unwrap_or(u64::MAX);
        let end = frames.min(usize::try_from(keep).unwrap_or(usize::MAX));
        let start = end.min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        self.skip -= start as u64;
        self.pending = start..end;
        start < end
    }

    fn is_mpeg(&self) -> bool {
        let id = self.file.decoder.codec_params().codec;
        [codec::CODEC_ID_MP1, codec::CODEC_ID_MP2, codec::CODEC_ID_MP3].contains(&id)
    }

    fn check_length(&self) -> Result<(), DecodeError> {
        let expected = self.file.info.samples;
        if let (Some(expected), Some(slack)) = (expected, self.file.slack)
            && self.position.saturating_add(slack) < expected
        {
            return Err(self
                .file
                .packets
                .error(Cause::Truncated { got: self.position, expected: Some(expected) }));
        }
        if self.position == 0 {
            return Err(self.file.packets.error(Cause::NoAudio));
        }
        Ok(())
    }

    fn check_samples(&self, data: &[f32], from: usize, frames: usize) -> Result<(), DecodeError> {
        let mut first: Option<(usize, u16)> = None;
        for channel in 0..self.file.info.channels {
            let start = usize::from(channel) * self.size + from;
            let plane = &data[start..start + frames];
            // Without an early exit the loop is a handful of vector operations.
            if !plane.iter().fold(false, |bad, x| bad | !is_sample(*x)) {
                continue;
            }
            let at = plane.iter().position(|x| !is_sample(*x));
            first = match (first, at) {
                (Some(first), Some(at)) => Some(first.min((at, channel))),
                (first, at) => first.or(at.map(|at| (at, channel))),
            };
        }
        match first {
            None => Ok(()),
            Some((at, channel)) => Err(self
                .file
                .packets
                .error(Cause::NotFinite { at: Samples(self.at().0.saturating_add(at as i64)), channel })),
        }
    }
}

/// Rate, channels and frames of a decoded packet.
fn format_of(buf: &GenericAudioBufferRef<'_>) -> (u32, usize, usize) {
    (buf.spec().rate(), buf.num_planes(), buf.frames())
}

/// Copies frames of a decoded packet, as `f32`, into planes of `stride` samples
/// from frame `to` on.
fn copy(
    from: &GenericAudioBufferRef<'_>,
    frames: std::ops::Range<usize>,
    out: &mut [f32],
    stride: usize,
    to: usize,
) {
    use GenericAudioBufferRef as Buf;
    match from {
        Buf::U8(buf) => planes(buf, frames, out, stride, to),
        Buf::U16(buf) => planes(buf, frames, out, stride, to),
        Buf::U24(buf) => planes(buf, frames, out, stride, to),
        Buf::U32(buf) => planes(buf, frames, out, stride, to),
        Buf::S8(buf) => planes(buf, frames, out, stride, to),
        Buf::S16(buf) => planes(buf, frames, out, stride, to),
        Buf::S24(buf) => planes(buf, frames, out, stride, to),
        Buf::S32(buf) => planes(buf, frames, out, stride, to),
        Buf::F32(buf) => planes(buf, frames, out, stride, to),
        Buf::F64(buf) => planes(buf, frames, out, stride, to),
    }
}

/// As [`copy`], from interleaved little-endian samples of 16 bits; the decoder
/// library takes them one by one, which is most of the time that such a file
/// takes.
fn spread(
    bytes: &[u8],
    channels: usize,
    frames: std::ops::Range<usize>,
    out: &mut [f32],
    stride: usize,
    to: usize,
) {
    let bytes = &bytes[2 * channels * frames.start..2 * channels * frames.end];
    for (channel, out) in out.chunks_exact_mut(stride).enumerate() {
        let out = &mut out[to..to + frames.len()];
        match (channels, channel) {
            (1, 0) => plane_of::<2, 0>(bytes, out),
            (2, 0) => plane_of::<4, 0>(bytes, out),
            (2, 1) => plane_of::<4, 2>(bytes, out),
            _ => {
                for (out, frame) in out.iter_mut().zip(bytes.chunks_exact(2 * channels)) {
                    *out = sample(frame, 2 * channel);
                }
            }
        }
    }
}

/// The samples `AT` bytes into each frame of `FRAME` bytes.
fn plane_of<const FRAME: usize, const AT: usize>(bytes: &[u8], out: &mut [f32]) {
    for (out, frame) in out.iter_mut().zip(bytes.chunks_exact(FRAME)) {
        *out = sample(frame, AT);
    }
}

fn sample(frame: &[u8], at: usize) -> f32 {
    f32::from(i16::from_le_bytes([frame[at], frame[at + 1]])) / 32_768.0
}

fn planes<S: Sample>(
    from: &AudioBuffer<S>,
    frames: std::ops::Range<usize>,
    out: &mut [f32],
    stride: usize,
    to: usize,
) where
    f32: FromSample<S>,
{
    for (plane, out) in from.iter_planes().zip(out.chunks_exact_mut(stride)) {
        let out = &mut out[to..to + frames.len()];
        for (out, &sample) in out.iter_mut().zip(&plane[frames.clone()]) {
            *out = f32::from_sample(sample);
        }
    }
}
