//! One chunk file, opened and checked. Every function that returns values has
//! checked the bytes they came from. What happens to a damaged file is decided
//! in `quarantine`.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use agogic_schema::{CacheRecord, Event, Shape};

use crate::content::{self, Part};
use crate::disk::Disk;
use crate::format::{self, Chunk, HEADER_LEN, RAW_F32, TRAILER_LEN, Unread};
use crate::layout::Layout;
use crate::stat::Stat;

/// Bytes from the end that are read at once: the footer of five minutes.
const END: u64 = 16 << 10;
/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

/// Why a file gave no values.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no such file.
    Missing,
    /// It fails a check. The stat is that of the file that was looked at, where
    /// there was one to look at.
    Damaged(String, Option<Stat>),
    /// A later program wrote it: left as it is, and why.
    Newer(String),
    /// The process cannot open files at present, or has no memory; says
    /// nothing of this one.
    Busy(io::Error),
}

/// A chunk file whose header and footer are whole.
#[derive(Debug)]
pub(crate) struct ChunkFile {
    disk: Arc<dyn Disk>,
    file: Arc<File>,
    /// Where it begins in the file.
    base: u64,
    seed: u64,
    pub(crate) stat: Stat,
    /// Format version.
    pub(crate) version: u32,
    pub(crate) footer: [u8; 32],
    pub(crate) record: CacheRecord,
    pub(crate) chunks: Vec<Chunk>,
}

impl ChunkFile {
    pub(crate) fn open(disk: &Arc<dyn Disk>, path: &Path) -> Result<Self, Fault> {
        // Asked before opening: opening a pipe that somebody put here blocks.
        let meta = disk.metadata(path).map_err(opening)?;
        if !meta.is_file() {
            return Err(Fault::Damaged("it is no file".into(), Some(Stat::of(&meta))));
        }
        let file = disk.open(path).map_err(opening)?;
        let stat = Stat::of(&file.metadata().map_err(opening)?);
        Self::within(disk, &Arc::new(file), 0, stat)
    }

    /// The chunk file that is part of another file, from `base` on; the size
    /// of the part is in `stat`.
    pub(crate) fn within(
        disk: &Arc<dyn Disk>,
        file: &Arc<File>,
        base: u64,
        stat: Stat,
    ) -> Result<Self, Fault> {
        let (footer, version, record, chunks) =
            read_frame(&**disk, file, base, stat.size).map_err(|unread| match unread {
                Unread::Damaged(reason) => Fault::Damaged(reason, Some(stat)),
                Unread::Newer(reason) => Fault::Newer(reason),
            })?;
        let seed = format::seed(&record.key);
        let (disk, file) = (Arc::clone(disk), Arc::clone(file));
        Ok(Self { disk, file, base, seed, stat, version, footer, record, chunks })
    }

    /// Whether the file stands where its key belongs: one that was renamed
    /// over another must not answer for it.
    pub(crate) fn check_place(&self, layout: &Layout, path: &Path) -> Result<(), Fault> {
        let key = &self.record.key;
        if layout.track(key) == path {
            return Ok(());
        }
        Err(self.damaged(format!("it holds {} of asset {} ({})", key.descriptor, key.asset, key.profile)))
    }

    /// Checks every chunk and the hash of the content.
    pub(crate) fn check_all(&self) -> Result<(), Fault> {
        let mut parts = vec![Part::default(); self.record.frames.len()];
        let events = self.record.header.shape == Shape::Events;
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        for i in 0..self.chunks.len() {
            let chunk = self.chunks[i];
            let part = &mut parts[chunk.plane as usize];
            if events {
                let events = self.events(i)?;
                parts[0].events(&events);
            } else {
                values.resize(self.count(i), 0.0);
                self.values(i, &mut bytes, &mut values)?;
                part.bytes(&format::to_bytes(&values), u64::from(chunk.frames));
            }
        }
        if content::finish(&self.record.header, &parts) != self.record.content {
            return Err(self.damaged("content hash differs".into()));
        }
        Ok(())
    }

    /// All of its bytes, piece by piece, unchecked.
    pub(crate) fn copy(&self, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = vec![0; PIECE.min(self.stat.size as usize)];
        let mut at = 0;
        while at < self.stat.size {
            let some = &mut bytes[..PIECE.min((self.stat.size - at) as usize)];
            self.disk.read_at(&self.file, self.base + at, some)?;
            sink(some)?;
            at += some.len() as u64;
        }
        Ok(())
    }

    /// How many values a chunk of frames has.
    pub(crate) fn count(&self, number: usize) -> usize {
        // Bounded when the table was checked.
        self.chunks[number].frames as usize * self.record.header.width()
    }

    /// The values of a chunk of frames, [`Self::count`] of them. `bytes` is
    /// room to work in.
    pub(crate) fn values(&self, number: usize, bytes: &mut Vec<u8>, out: &mut [f32]) -> Result<(), Fault> {
        let encoding = self.chunks[number].encoding;
        if encoding == RAW_F32 && cfg!(target_endian = "little") && out.len() == self.count(number) {
            return self.read_chunk(number, bytemuck::cast_slice_mut(out));
        }
        self.file_bytes(number, bytes)?;
        self.decode(number, bytes, out)
    }

    /// The first frames that the bytes of a chunk stand for, as many as there is
    /// room for.
    pub(crate) fn decode(&self, number: usize, bytes: &[u8], out: &mut [f32]) -> Result<(), Fault> {
        let (encoding, width) = (self.chunks[number].encoding, self.record.header.width());
        format::values(encoding, bytes, width, self.count(number), out)
            .map_err(|reason| self.damaged(format!("chunk {number} is not readable: {reason}")))
    }

    /// The chunks that hold frames of a plane, in order.
    pub(crate) fn holding(&self, plane: usize, range: &Range<u64>) -> Vec<usize> {
        let after = |chunk: &Chunk| chunk.first + u64::from(chunk.frames) > range.start;
        if self.record.frames.len() == 1 {
            let start = self.chunks.partition_point(|chunk| !after(chunk));
            let count = self.chunks[start..].partition_point(|chunk| chunk.first < range.end);
            return if plane == 0 { (start..start + count).collect() } else { vec![] };
        }
        let holds = |chunk: &Chunk| chunk.plane as usize == plane && after(chunk) && chunk.first < range.end;
        (0..self.chunks.len()).filter(|&number| holds(&self.chunks[number])).collect()
    }

    /// The events of a chunk of events.
    pub(crate) fn events(&self, number: usize) -> Result<Vec<Event>, Fault> {
        let mut bytes = Vec::new();
        self.file_bytes(number, &mut bytes)?;
        let events: Vec<Event> = rmp_serde::from_slice(&bytes)
            .map_err(|cause| self.damaged(format!("chunk {number} is not readable: {cause}")))?;
        if events.len() != self.chunks[number].frames as usize {
            return Err(self.damaged(format!("chunk {number} holds {} events", events.len())));
        }
        Ok(events)
    }

    pub(crate) fn damaged(&self, reason: String) -> Fault {
        Fault::Damaged(reason, Some(self.stat))
    }

    /// The checked bytes of a chunk, as they stand in the file.
    pub(crate) fn file_bytes(&self, number: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.resize(self.chunks[number].length as usize, 0);
        self.read_chunk(number, out)
    }

    fn read_chunk(&self, number: usize, out: &mut [u8]) -> Result<(), Fault> {
        self.read(number, out)?;
        self.check(number, out)
    }

    /// The bytes of chunks that follow each other, which stand side by side in
    /// the file. They are not checked yet.
    pub(crate) fn read_run(&self, numbers: Range<usize>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let bytes: usize = self.chunks[numbers.clone()].iter().map(|chunk| chunk.length as usize).sum();
        out.resize(bytes, 0);
        self.read(numbers.start, out)
    }

    fn read(&self, number: usize, out: &mut [u8]) -> Result<(), Fault> {
        let read = self.disk.read_at(&self.file, self.base + self.chunks[number].offset, out);
        read.map_err(|cause| self.damaged(format!("chunk {number} cannot be read: {cause}")))
    }

    /// Whether these are the bytes of a chunk.
    pub(crate) fn check(&self, number: usize, bytes: &[u8]) -> Result<(), Fault> {
        if format::checksum(bytes, self.seed, number) != self.chunks[number].checksum {
            return Err(self.damaged(format!("checksum of chunk {number} differs")));
        }
        Ok(())
    }
}

/// Header, trailer and footer of a file of `size` bytes.
fn read_frame(
    disk: &dyn Disk,
    file: &File,
    base: u64,
    size: u64,
) -> Result<([u8; 32], u32, CacheRecord, Vec<Chunk>), Unread> {
    let fail = |cause: io::Error| format!("it cannot be read: {cause}");
    if size < HEADER_LEN + TRAILER_LEN {
        return Err(format!("it has {size} bytes only").into());
    }
    let mut header = [0; HEADER_LEN as usize];
    disk.read_at(file, base, &mut header).map_err(fail)?;
    // Most footers are no longer than this, and come along with the trailer.
    let mut end = vec![0; (size - HEADER_LEN).min(END) as usize];
    disk.read_at(file, base + size - end.len() as u64, &mut end).map_err(fail)?;
    let trailer = end.last_chunk().ok_or_else(|| String::from("its end is missing"))?;
    let (length, hash) = format::parse_trailer(trailer, size)?;
    let from = end.len() as u64 - TRAILER_LEN;
    let rest;
    let footer = match from.checked_sub(length) {
        Some(start) => &end[start as usize..from as usize],
        None => {
            rest = read_some(disk, file, base + size - TRAILER_LEN - length, length).map_err(fail)?;
            &rest[..]
        }
    };
    let (record, chunks) = format::parse(&header, footer, hash, size)?;
    Ok((hash, format::version(&header), record, chunks))
}

/// So many bytes, which the file said there are: room is made as they come.
pub(crate) fn read_some(disk: &dyn Disk, file: &File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        let start = bytes.len();
        bytes.resize(start + PIECE.min((length - start as u64) as usize), 0);
        disk.read_at(file, from + start as u64, &mut bytes[start..])?;
    }
    Ok(bytes)
}

/// Error numbers that speak of the process or the machine, not of the file: no
/// memory, too many open files (ENOMEM, ENFILE, EMFILE); on Windows also a
/// file that another program holds.
const BUSY: &[i32] = if cfg!(windows) { &[4, 8, 14, 32] } else { &[12, 23, 24] };

fn opening(cause: io::Error) -> Fault {
    match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Fault::Missing,
        _ if cause.raw_os_error().is_some_and(|number| BUSY.contains(&number)) => Fault::Busy(cause),
        _ => Fault::Damaged(format!("it cannot be opened: {cause}"), None),
    }
}
