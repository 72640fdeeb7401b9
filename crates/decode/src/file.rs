//! Opening: from a path to a probed container with its audio stream picked,
//! its format known and its decoder ready. No sample is decoded here.

use std::fs::File;
use std::io;
use std::path::Path;

use agogic_timebase::{SampleRate, Samples};
use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known as container;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::TimeBase;
use symphonia::default::{get_codecs, get_probe};

use crate::block::Blocks;
use crate::error::{Cause, DecodeError};
use crate::identity::IdentityHasher;
use crate::packets::{Packets, Panicked, cause, guarded};
use crate::source::{Source, WavLayout, ogg_end, read_at, wav_layout};
use crate::{mp4, packets};

/// An opened audio file: its container probed, its audio stream picked.
pub struct AudioFile {
    pub(crate) packets: Packets,
    pub(crate) decoder: Box<dyn AudioDecoder>,
    pub(crate) info: StreamInfo,
    /// Samples to drop before the first one heard.
    pub(crate) skip: u64,
    /// Samples by which `info.samples` may be missed without anything lost;
    /// `None` where the declared length is only a hint.
    pub(crate) slack: Option<u64>,
}

/// The format of the audio stream of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Samples per second and channel.
    pub rate: SampleRate,
    /// Number of channels, at least 1.
    pub channels: u16,
    /// One name a channel, in order: `left`, `right`, `centre`, `lfe` ... where
    /// the file says so, `mono` for a single one, otherwise `1`, `2` ...
    pub names: Vec<String>,
    /// Short name of the codec: `pcm_s16le`, `flac`, `vorbis`, `mp3`, `aac` ...
    pub codec: &'static str,
    /// Samples per channel that the file declares, without encoder delay and
    /// padding; `None` when it does not say. A file that turns out to hold
    /// fewer is an error at its end.
    pub samples: Option<u64>,
}

impl AudioFile {
    /// Opens a file and finds out what audio it holds.
    ///
    /// # Errors
    /// Anything in [`Cause`] that shows before decoding: a missing or empty
    /// file, one that is no audio, an unsupported codec or rate, a WAV file
    /// that is shorter than its header says.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        open(path).map_err(|cause| DecodeError::new(path, cause))
    }

    /// The format of the audio stream.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// The identity of the audio: reads all coded packets and decodes none.
    /// Equal to what [`Blocks::finish`] gives after decoding.
    ///
    /// # Errors
    /// As far as they show without decoding, the same as [`Blocks::next`].
    pub fn identify(mut self) -> Result<[u8; 32], DecodeError> {
        packets::drain(&mut self.packets, Samples(0))
    }

    /// Without the identity, which saves the hashing; [`Blocks::finish`] then
    /// fails.
    #[must_use]
    pub fn without_identity(mut self) -> Self {
        self.packets.hasher = None;
        self
    }

    /// Whether packets are whole frames of little-endian samples of 16 bits, all
    /// of them used.
    pub(crate) fn is_bare(&self) -> bool {
        let params = self.decoder.codec_params();
        let all = |bits: Option<u32>| bits.is_none_or(|bits| bits == 16);
        params.codec == codec::CODEC_ID_PCM_S16LE
            && self.packets.pcm_frame == Some(2 * usize::from(self.info.channels))
            && all(params.bits_per_sample)
            && all(params.bits_per_coded_sample)
    }

    /// The audio, block by block.
    pub fn blocks(self) -> Blocks {
        Blocks::new(self)
    }
}

fn open(path: &Path) -> Result<AudioFile, Cause> {
    let meta = std::fs::metadata(path).map_err(Cause::Open)?;
    if meta.is_dir() {
        return Err(Cause::Directory);
    }
    if !meta.is_file() {
        return Err(Cause::NotAFile);
    }
    let len = meta.len();
    if len == 0 {
        return Err(Cause::Empty);
    }
    let mut file = File::open(path).map_err(Cause::Open)?;
    let wav = wav_layout(&mut file, len).map_err(Cause::Open)?;
    if let Some(wav) = &wav {
        check_wav(wav)?;
    }
    let format = probe(path, len, wav.as_ref()).map_err(|cause| match cause {
        Cause::NotAudio => unreadable(&mut file),
        other => other,
    })?;
    let kind = format.format_info().format;

    let track = format
        .default_track(TrackType::Audio)
        .or_else(|| format.first_track(TrackType::Audio))
        .ok_or(Cause::NoStream)?
        .clone();
    let params = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or(Cause::NoStream)?;
    let codec = get_codecs()
        .get_audio_decoder(params.codec)
        .ok_or_else(|| Cause::Unsupported(format!("codec {}", codec_name(params.codec))))?
        .codec
        .info
        .short_name;
    let options = AudioDecoderOptions::default().gapless(true);
    let decoder = guarded(|| get_codecs().make_audio_decoder(params, &options)).map_err(header)?;

    // The decoder knows better than the container, which may not say at all.
    let known = decoder.codec_params();
    let unsaid = |what: &str| Cause::Unsupported(format!("{codec} without a {what}"));
    let rate = known.sample_rate.or(params.sample_rate);
    let rate = SampleRate::new(rate.ok_or_else(|| unsaid("sample rate"))?)?;
    let layout = known.channels.clone().or_else(|| params.channels.clone());
    let layout = layout.ok_or_else(|| unsaid("channel count"))?;
    let channels = u16::try_from(layout.count()).ok().filter(|&n| n > 0);
    let channels = channels.ok_or_else(|| unsaid("usable channel count"))?;

    let frames = if kind == container::FORMAT_ID_OGG {
        // The reader gives up looking for the end at the first damaged page.
        let end = ogg_end(&mut file, len, track.id).map_err(Cause::Open)?;
        end.or(track.num_frames)
    } else {
        track.num_frames
    };
    let is_mp4 = kind == container::FORMAT_ID_ISOMP4;
    let skip =
        if is_mp4 { mp4::skipped(&mut file, len, track.id, rate.hz()).map_err(Cause::Open)? } else { 0 };
    let open_ended = wav.as_ref().is_some_and(|wav| wav.claimed.is_none());
    // What lies before the first sample heard is not part of the audio.
    let before = u64::try_from(track.start_ts.get()).unwrap_or(0);
    // Zero is what a file in fragments has here; the end will tell.
    let samples =
        frames.filter(|&n| n > 0 && !open_ended).map(|n| n.saturating_sub(before).saturating_sub(skip));
    let in_samples = track.time_base == TimeBase::try_from_recip(rate.hz());
    let hasher = IdentityHasher::new(codec, params, rate.hz(), channels, skip);
    let pcm_frame = wav.filter(|wav| wav.pcm && wav.block_align > 0);
    Ok(AudioFile {
        packets: Packets {
            path: path.to_owned(),
            format,
            track: track.id,
            hasher: Some(hasher),
            pcm_frame: pcm_frame.map(|wav| wav.block_align as usize),
            open_ended,
            durations_cut: is_mp4 && in_samples,
            next_pts: (kind == container::FORMAT_ID_FLAC).then_some(0),
            declared: samples,
            seen: false,
        },
        decoder,
        info: StreamInfo { rate, channels, names: names(&layout, channels), codec, samples },
        skip,
        slack: match kind {
            container::FORMAT_ID_WAVE | container::FORMAT_ID_FLAC | container::FORMAT_ID_OGG => Some(0),
            // Encoders disagree on whether the tag's own frame is counted.
            container::FORMAT_ID_MP1 | container::FORMAT_ID_MP2 | container::FORMAT_ID_MP3 => Some(1152),
            _ => None,
        },
    })
}

/// A WAV file that is shorter than its header says is refused before a sample
/// of it is used.
fn check_wav(wav: &WavLayout) -> Result<(), Cause> {
    let Some(claimed) = wav.claimed.filter(|&claimed| claimed > wav.present) else {
        return Ok(());
    };
    let (got, align) = (wav.present, wav.block_align);
    match (got.checked_div(align), claimed.checked_div(align)) {
        (Some(got), Some(expected)) if wav.pcm => Err(Cause::Truncated { got, expected: Some(expected) }),
        _ => Err(Cause::TruncatedBytes { got, expected: claimed }),
    }
}

fn probe(path: &Path, len: u64, wav: Option<&WavLayout>) -> Result<Box<dyn FormatReader>, Cause> {
    let again = || File::open(path).map_err(Cause::Open);
    let mut source = Source::new(again()?, len);
    if let Some(wav) = wav {
        // The size of the whole adds nothing and is often wrong.
        source.patch(4, [0xff; 4]);
        if wav.claimed.is_none() {
            source.patch(wav.size_at, [0xff; 4]);
        }
    }
    let format = read_header(path, source)?;
    let streamed = [
        container::FORMAT_ID_MP1,
        container::FORMAT_ID_MP2,
        container::FORMAT_ID_MP3,
        container::FORMAT_ID_ADTS,
    ];
    if streamed.contains(&format.format_info().format) {
        let source = Source::mpeg(again()?, len).map_err(Cause::Open)?;
        return read_header(path, source);
    }
    Ok(format)
}

fn read_header(path: &Path, source: Source) -> Result<Box<dyn FormatReader>, Cause> {
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let options = (FormatOptions::default(), MetadataOptions::default());
    guarded(|| get_probe().probe(&hint, stream, options.0, options.1)).map_err(|e| match e {
        Error::Unsupported(_) => Cause::NotAudio,
        other => header(other),
    })
}

/// A container that could not be read: is it one at all?
fn unreadable(file: &mut File) -> Cause {
    let mut start = [0u8; 12];
    let kind = match read_at(file, 0, &mut start) {
        Ok(true) => match (&start[..4], &start[4..8], &start[8..]) {
            (b"RIFF", _, b"WAVE") => "a WAV file",
            (b"fLaC", ..) => "a FLAC file",
            (b"OggS", ..) => "an Ogg file",
            (_, b"ftyp", _) => "an MP4 file",
            (b"FORM", ..) => "an AIFF file",
            (b"caff", ..) => "a CAF file",
            ([0x1a, 0x45, 0xdf, 0xa3], ..) => "a Matroska file",
            ([b'I', b'D', b'3', _], ..) => "an MPEG file",
            _ => return Cause::NotAudio,
        },
        _ => return Cause::NotAudio,
    };
    Cause::Header(format!("{kind} that is damaged, cut off or of an unknown kind"))
}

/// What an error means before any sample was reached.
fn header(error: Error) -> Cause {
    match error {
        Error::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            Cause::Header("it is cut off".into())
        }
        Error::IoError(e) if e.raw_os_error().is_some() => Cause::Open(e),
        Error::IoError(e) if e.get_ref().is_some_and(|e| e.is::<Panicked>()) => {
            cause(Error::IoError(e), Samples(0))
        }
        Error::IoError(e) => Cause::Header(e.to_string()),
        Error::DecodeError(what) | Error::LimitError(what) => Cause::Header(what.into()),
        Error::Unsupported(what) => Cause::Unsupported(what.into()),
        other => Cause::Header(other.to_string()),
    }
}

/// Names of codecs that are recognised but have no decoder here.
fn codec_name(id: AudioCodecId) -> String {
    match id {
        codec::CODEC_ID_OPUS => "opus".into(),
        codec::CODEC_ID_SPEEX => "speex".into(),
        codec::CODEC_ID_AC3 => "ac3".into(),
        codec::CODEC_ID_EAC3 => "eac3".into(),
        codec::CODEC_ID_DCA => "dts".into(),
        codec::CODEC_ID_WMA => "wma".into(),
        codec::CODEC_ID_WAVPACK => "wavpack".into(),
        other => other.to_string(),
    }
}

fn names(layout: &Channels, channels: u16) -> Vec<String> {
    let named: Vec<String> = match layout {
        _ if channels == 1 => vec!["mono".into()],
        Channels::Positioned(positions) => positions.iter().filter_map(position).collect(),
        _ => Vec::new(),
    };
    if named.len() == usize::from(channels) { named } else { (1..=channels).map(|n| n.to_string()).collect() }
}

fn position(position: Position) -> Option<String> {
    let name = match position {
        Position::FRONT_LEFT => "left",
        Position::FRONT_RIGHT => "right",
        Position::FRONT_CENTER => "centre",
        Position::LFE1 => "lfe",
        Position::REAR_LEFT => "rear-left",
        Position::REAR_RIGHT => "rear-right",
        Position::FRONT_LEFT_CENTER => "left-centre",
        Position::FRONT_RIGHT_CENTER => "right-centre",
        Position::REAR_CENTER => "rear-centre",
        Position::SIDE_LEFT => "side-left",
        Position::SIDE_RIGHT => "side-right",
        Position::TOP_CENTER => "top-centre",
        Position::TOP_FRONT_LEFT => "top-front-left",
        Position::TOP_FRONT_CENTER => "top-front-centre",
        Position::TOP_FRONT_RIGHT => "top-front-right",
        Position::TOP_REAR_LEFT => "top-rear-left",
        Position::TOP_REAR_CENTER => "top-rear-centre",
        Position::TOP_REAR_RIGHT => "top-rear-right",
        Position::LFE2 => "lfe-2",
        _ => return None,
    };
    Some(name.into())
}
