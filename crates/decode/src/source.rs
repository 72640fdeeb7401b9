//! The bytes of a file as the container reader is to see them: without the tags
//! at the end of an MPEG stream, and with the sizes of a streamed WAV header
//! made plain. `file` builds it; nothing here knows about samples or codecs.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// A window onto a file, from its start to `end`, with some fields overwritten.
pub(crate) struct Source {
    file: File,
    pos: u64,
    end: u64,
    seekable: bool,
    /// Fields to show instead of what the file says.
    patches: Vec<(u64, [u8; 4])>,
}

impl Source {
    pub(crate) fn new(file: File, len: u64) -> Self {
        Self { file, pos: 0, end: len, seekable: true, patches: Vec::new() }
    }

    /// The same file as a forward-only stream that ends where its tags begin.
    ///
    /// An MPEG stream has no length of its own. The reader would take tags for
    /// frames, and, when it can seek, guess a length from the bit rate and cut
    /// the audio there.
    pub(crate) fn mpeg(mut file: File, len: u64) -> io::Result<Self> {
        let end = before_tags(&mut file, len)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { seekable: false, ..Self::new(file, end) })
    }

    pub(crate) fn patch(&mut self, at: u64, field: [u8; 4]) {
        self.patches.push((at, field));
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = self.end.saturating_sub(self.pos).min(buf.len() as u64) as usize;
        if room == 0 {
            return Ok(0);
        }
        let read = self.file.read(&mut buf[..room])?;
        for (at, field) in &self.patches {
            for (i, &byte) in field.iter().enumerate() {
                let offset = (at + i as u64).wrapping_sub(self.pos);
                if offset < read as u64 {
                    buf[offset as usize] = byte;
                }
            }
        }
        self.pos += read as u64;
        Ok(read)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.pos.checked_add_signed(by),
        };
        let at = at.ok_or(io::ErrorKind::InvalidInput)?;
        self.pos = self.file.seek(SeekFrom::Start(at))?;
        Ok(self.pos)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end)
    }
}

/// Where a WAV file says that its samples are.
pub(crate) struct WavLayout {
    /// Bytes that the header claims as samples; `None` for a header that was
    /// written before the length was known (a pipe).
    pub(crate) claimed: Option<u64>,
    /// Bytes that are there from the first sample to the end of the file.
    pub(crate) present: u64,
    /// Bytes of one sample of all channels (or of one ADPCM block).
    pub(crate) block_align: u64,
    /// Whether each block is one sample of all channels.
    pub(crate) pcm: bool,
    /// Position of the size field of the data chunk.
    pub(crate) size_at: u64,
}

/// Walks the chunks of a RIFF/WAVE file up to its samples. `None` when it is
/// no such file or is cut off before them.
pub(crate) fn wav_layout(file: &mut (impl Read + Seek), len: u64) -> io::Result<Option<WavLayout>> {
    let mut head = [0u8; 12];
    if len < 20 || !read_at(file, 0, &mut head)? {
        return Ok(None);
    }
    if &head[..4] != b"RIFF" || &head[8..] != b"WAVE" {
        return Ok(None);
    }
    let riff_size = u64::from(le32(&head[4..8]));
    let (mut at, mut block_align, mut pcm) = (12u64, 0, false);
    loop {
        let mut chunk = [0u8; 8];
        if !read_at(file, at, &mut chunk)? {
            return Ok(None);
        }
        let size = u64::from(le32(&chunk[4..]));
        match &chunk[..4] {
            b"fmt " => {
                let mut fmt = [0u8; 14];
                if !read_at(file, at + 8, &mut fmt)? {
                    return Ok(None);
                }
                block_align = u64::from(u16::from_le_bytes([fmt[12], fmt[13]]));
                // Microsoft's 2 and 0x11 are ADPCM: many samples to a block.
                pcm = !matches!(u16::from_le_bytes([fmt[0], fmt[1]]), 2 | 0x11);
            }
            b"data" => {
                let start = at + 8;
                let present = len.saturating_sub(start);
                // A pipe leaves all ones, or the zeros it began with.
                let unsaid = riff_size + 8 <= start || riff_size == u64::from(u32::MAX);
                let open = size == u64::from(u32::MAX) || (size == 0 && unsaid && present > 0);
                return Ok(Some(WavLayout {
                    claimed: (!open).then_some(size),
                    present,
                    block_align,
                    pcm,
                    size_at: at + 4,
                }));
            }
            _ => {}
        }
        at += 8 + size + (size & 1);
    }
}

/// The granule position of the last page of an Ogg stream, where that page is
/// present: for audio codecs the samples that the whole stream holds, which one
/// that lost a page on the way falls short of.
/// (RFC 3533, section 6.)
pub(crate) fn ogg_end(file: &mut (impl Read + Seek), len: u64, serial: u32) -> io::Result<Option<u64>> {
    // Four pages of the largest size: other streams may end later.
    let from = len.saturating_sub(4 * 65_307);
    let mut tail = vec![0; (len - from) as usize];
    if !read_at(file, from, &mut tail)? {
        return Ok(None);
    }
    let last = tail.windows(18).rev().find_map(|page| {
        // Flag 4 marks the last page; any other is the last only by accident.
        let last = &page[..5] == b"OggS\0" && page[5] & 4 != 0;
        let found = last && le32(&page[14..18]) == serial;
        let granule = u64::from(le32(&page[10..14])) << 32 | u64::from(le32(&page[6..10]));
        // All ones: no packet ends in this page.
        (found && granule != u64::MAX).then_some(granule)
    });
    Ok(last)
}

/// Where the audio of an MPEG stream ends: before an APEv2 and an ID3v1 tag.
fn before_tags(file: &mut File, len: u64) -> io::Result<u64> {
    let mut end = len;
    let mut id3 = [0u8; 3];
    if end >= 128 && read_at(file, end - 128, &mut id3)? && &id3 == b"TAG" {
        end -= 128;
    }
    let mut ape = [0u8; 32];
    if end >= 32 && read_at(file, end - 32, &mut ape)? && &ape[..8] == b"APETAGEX" {
        let header = if ape[23] & 0x80 != 0 { 32 } else { 0 };
        let size = u64::from(le32(&ape[12..16])) + header;
        end = end.checked_sub(size).unwrap_or(end);
    }
    Ok(end)
}

/// Fills `buf` from position `at`; false when the file ends first.
pub(crate) fn read_at(file: &mut (impl Read + Seek), at: u64, buf: &mut [u8]) -> io::Result<bool> {
    file.seek(SeekFrom::Start(at))?;
    match file.read_exact(buf) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
