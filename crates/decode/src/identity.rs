//! The identity of audio: BLAKE3 over what the decoder is fed, so that equal
//! identities mean equal samples, and tags, pictures and paths mean nothing.
//!
//! Hashed in this order, integers little-endian: the domain line with its
//! version; codec name (u64 length, bytes); sample rate u32; channels u16; for
//! PCM and ADPCM bits per sample u32 twice (decoded, coded; 0 = unsaid); codec
//! set-up data (u64 length, bytes; for Vorbis the first and third header
//! packet, never the comments); samples skipped at the start by an edit list
//! u64. Then each packet: frames trimmed at its start u64, at its end u64,
//! frames kept by the container u64 (all ones: all), u64 length, bytes. PCM has
//! no packets of its own, only those that the reader happens to cut: there the
//! bytes follow each other bare.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::Packet;

/// Version of the identity rule. It is part of every hash: a new rule gives
/// every asset a new identity.
pub const IDENTITY_VERSION: u32 = 1;

/// Bytes that are gathered before they are hashed: BLAKE3 takes many of its
/// chunks of 1 KiB side by side, but only of those that it is given at once, and
/// a packet of uncompressed audio holds two or so.
const GATHERED: usize = 1 << 16;

pub(crate) struct IdentityHasher {
    hash: blake3::Hasher,
    /// What is still to be hashed.
    gathered: Vec<u8>,
    pcm: bool,
}

impl IdentityHasher {
    pub(crate) fn new(
        codec: &str,
        params: &AudioCodecParameters,
        rate: u32,
        channels: u16,
        skip: u64,
    ) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(format!("agogic asset identity {IDENTITY_VERSION}\n").as_bytes());
        sized(&mut hash, codec.as_bytes());
        hash.update(&rate.to_le_bytes());
        hash.update(&channels.to_le_bytes());
        if codec.starts_with("pcm") || codec.starts_with("adpcm") {
            for bits in [params.bits_per_sample, params.bits_per_coded_sample] {
                hash.update(&bits.unwrap_or(0).to_le_bytes());
            }
        }
        sized(&mut hash, params.extra_data.as_deref().unwrap_or_default());
        hash.update(&skip.to_le_bytes());
        Self { hash, gathered: Vec::with_capacity(GATHERED), pcm: codec.starts_with("pcm") }
    }

    /// Adds one packet, of which the container wants `keep` frames played.
    pub(crate) fn packet(&mut self, packet: &Packet, keep: Option<u64>) {
        if !self.pcm {
            let trims = [packet.trim_start.get(), packet.trim_end.get()];
            for frames in [trims[0], trims[1], keep.unwrap_or(u64::MAX)] {
                self.bytes(&frames.to_le_bytes());
            }
            self.bytes(&(packet.data.len() as u64).to_le_bytes());
        }
        self.bytes(&packet.data);
    }

    pub(crate) fn finish(&self) -> [u8; 32] {
        *self.hash.clone().update(&self.gathered).finalize().as_bytes()
    }

    fn bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(GATHERED - self.gathered.len()));
            self.gathered.extend_from_slice(now);
            bytes = later;
            if self.gathered.len() == GATHERED {
                self.hash.update(&self.gathered);
                self.gathered.clear();
            }
        }
    }
}

fn sized(hash: &mut blake3::Hasher, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
