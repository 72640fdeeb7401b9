//! What others keep the same tracks in: a value for 64 frames, or for each chunk of this
//! store's, and a key for a track and the number of the chunk. None but foyer and cacache
//! checks what it reads.

mod cacache;
mod foyer;
mod lmdb;
mod redb;
mod sqlite;

use std::ops::Range;
use std::path::Path;

use agogic_store::hostile;
use anyhow::{Result, ensure};

/// Frames of a value.
pub(crate) const CHUNK: usize = 64;

/// Somebody who keeps bytes.
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// Puts the chunks of a track at once, durable where it can.
    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()>;

    /// Hands some chunks of a track to `sink`, in order.
    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()>;

    /// Ends what was left for later, before the folder is weighed.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    fn folder(&self) -> &Path;
}

/// All of them, empty.
pub(crate) fn all() -> Result<Vec<Box<dyn Peer>>> {
    Ok(vec![
        Box::new(lmdb::Lmdb::new()?),
        Box::new(sqlite::Sqlite::new()?),
        Box::new(redb::Redb::new()?),
        Box::new(foyer::Foyer::new()?),
        Box::new(cacache::Cacache::new()?),
    ])
}

/// What they are, as the page names them; `version` knows the version of a crate.
pub(crate) fn versions(version: impl Fn(&str) -> String) -> String {
    let crates = ["heed", "rusqlite", "redb", "foyer", "cacache"].map(|name| {
        let what = match name {
            "heed" => " (LMDB)".to_owned(),
            "rusqlite" => format!(" (SQLite {})", rusqlite::version()),
            _ => String::new(),
        };
        format!("{name} {}{what}", version(name))
    });
    crates.join(", ")
}

/// The key of a chunk.
fn key(track: u32, chunk: u32) -> u64 {
    u64::from(track) << 32 | u64::from(chunk)
}

/// Frames of a track out of the chunks that hold them.
pub(crate) fn frames(peer: &mut dyn Peer, track: u32, bins: usize, range: Range<usize>) -> Result<Vec<f32>> {
    let chunks = range.start / CHUNK..range.end.div_ceil(CHUNK);
    let mut out = Vec::with_capacity((range.end - range.start) * bins);
    let mut at = chunks.start * CHUNK;
    peer.read(track, chunks.start as u32..chunks.end as u32, &mut |bytes| {
        let end = at + bytes.len() / 4 / bins;
        let [from, to] = [range.start.max(at), range.end.min(end)].map(|frame| (frame - at) * bins * 4);
        let (values, _) = bytes[from..to].as_chunks::<4>();
        out.extend(values.iter().map(|value| f32::from_le_bytes(*value)));
        at = end;
    })?;
    ensure!(out.len() == (range.end - range.start) * bins, "chunks are missing");
    Ok(out)
}

/// Frames of a track out of packed chunks, which hold so many frames each.
pub(crate) fn unpacked(
    peer: &mut dyn Peer,
    track: u32,
    bins: usize,
    each: usize,
    range: Range<usize>,
    scratch: &mut Vec<f32>,
) -> Result<Vec<f32>> {
    let chunks = range.start / each..range.end.div_ceil(each);
    let mut out = vec![0.0; (range.end - range.start) * bins];
    let mut at = chunks.start * each;
    let (mut done, mut good) = (0, true);
    peer.read(track, chunks.start as u32..chunks.end as u32, &mut |bytes| {
        let [from, to] = [range.start.max(at), range.end.min(at + each)].map(|frame| (frame - at) * bins);
        let target = &mut out[done..done + to - from];
        if bytes.len() == 4 * each * bins {
            let (values, _) = bytes[4 * from..4 * to].as_chunks::<4>();
            let values = values.iter().map(|value| f32::from_le_bytes(*value));
            target.iter_mut().zip(values).for_each(|(target, value)| *target = value);
        } else if from == 0 {
            good &= hostile::unpack(bytes, bins, each * bins, target);
        } else {
            scratch.resize(to, 0.0);
            good &= hostile::unpack(bytes, bins, each * bins, scratch);
            target.copy_from_slice(&scratch[from..to]);
        }
        (at, done) = (at + each, done + to - from);
    })?;
    ensure!(good && done == out.len(), "chunks are missing");
    Ok(out)
}
