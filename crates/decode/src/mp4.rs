//! The start of the edit list of an MP4 track (ISO/IEC 14496-12, 8.6.6): how
//! much of the coded audio precedes what is to be heard. AAC encoders prime
//! their filter banks with one or two thousand samples, and the container
//! reader does not skip them. `file` calls it for MP4 files only.

use std::io::{self, Read, Seek};

use crate::source::read_at;

/// Nesting is fixed and files are small in boxes; a walk longer than this is
/// through garbage.
const MAX_BOXES: usize = 4096;

/// Samples at `rate` that the edit list of track `id` skips; 0 without one.
pub(crate) fn skipped(file: &mut (impl Read + Seek), len: u64, id: u32, rate: u32) -> io::Result<u64> {
    let Some((moov, moov_end)) = child(file, 0, len, b"moov")? else {
        return Ok(0);
    };
    let mut at = moov;
    while let Some((trak, end)) = child(file, at, moov_end, b"trak")? {
        if track_id(file, trak, end)? == Some(id) {
            let time = media_time(file, trak, end)?.unwrap_or(0);
            let scale = timescale(file, trak, end)?.unwrap_or(rate).max(1);
            let samples = u128::from(time) * u128::from(rate) / u128::from(scale);
            return Ok(u64::try_from(samples).unwrap_or(0));
        }
        at = end;
    }
    Ok(0)
}

/// The body of the next box of type `kind` in a range: its start and end.
fn child(
    file: &mut (impl Read + Seek),
    mut at: u64,
    end: u64,
    kind: &[u8; 4],
) -> io::Result<Option<(u64, u64)>> {
    for _ in 0..MAX_BOXES {
        let mut head = [0u8; 16];
        if at >= end || !read_at(file, at, &mut head[..8])? {
            return Ok(None);
        }
        let (size, header) = match be32(&head[..4]) {
            0 => (end - at, 8),
            1 if read_at(file, at, &mut head)? => (be64(&head[8..]), 16),
            1 => return Ok(None),
            size => (u64::from(size), 8),
        };
        if size < header || size > end - at {
            return Ok(None);
        }
        if &head[4..8] == kind {
            return Ok(Some((at + header, at + size)));
        }
        at += size;
    }
    Ok(None)
}

fn track_id(file: &mut (impl Read + Seek), trak: u64, end: u64) -> io::Result<Option<u32>> {
    let Some((tkhd, tkhd_end)) = child(file, trak, end, b"tkhd")? else {
        return Ok(None);
    };
    let mut body = [0u8; 24];
    if tkhd_end - tkhd < 24 || !read_at(file, tkhd, &mut body)? {
        return Ok(None);
    }
    // Version 1 has 64-bit times before the identifier.
    let at = if body[0] == 1 { 20 } else { 12 };
    Ok(Some(be32(&body[at..at + 4])))
}

fn timescale(file: &mut (impl Read + Seek), trak: u64, end: u64) -> io::Result<Option<u32>> {
    let Some((mdia, mdia_end)) = child(file, trak, end, b"mdia")? else {
        return Ok(None);
    };
    let Some((mdhd, mdhd_end)) = child(file, mdia, mdia_end, b"mdhd")? else {
        return Ok(None);
    };
    let mut body = [0u8; 24];
    if mdhd_end - mdhd < 24 || !read_at(file, mdhd, &mut body)? {
        return Ok(None);
    }
    let at = if body[0] == 1 { 20 } else { 12 };
    Ok(Some(be32(&body[at..at + 4])))
}

/// The media time of the first edit that plays anything.
fn media_time(file: &mut (impl Read + Seek), trak: u64, end: u64) -> io::Result<Option<u64>> {
    let Some((edts, edts_end)) = child(file, trak, end, b"edts")? else {
        return Ok(None);
    };
    let Some((elst, elst_end)) = child(file, edts, edts_end, b"elst")? else {
        return Ok(None);
    };
    let mut head = [0u8; 8];
    if elst_end - elst < 8 || !read_at(file, elst, &mut head)? {
        return Ok(None);
    }
    let wide = head[0] == 1;
    let entry = if wide { 20 } else { 12 };
    let count = u64::from(be32(&head[4..])).min((elst_end - elst - 8) / entry);
    for i in 0..count.min(MAX_BOXES as u64) {
        let mut body = [0u8; 20];
        let body = &mut body[..entry as usize];
        if !read_at(file, elst + 8 + i * entry, body)? {
            return Ok(None);
        }
        // A media time of -1 is an empty edit: silence before the track.
        let time = if wide { be64(&body[8..16]) as i64 } else { i64::from(be32(&body[4..8]) as i32) };
        if let Ok(time) = u64::try_from(time) {
            return Ok(Some(time));
        }
    }
    Ok(None)
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn be64(bytes: &[u8]) -> u64 {
    u64::from(be32(&bytes[..4])) << 32 | u64::from(be32(&bytes[4..8]))
}
