//! Packed chunks: values as whole numbers (`map`), less what was expected
//! (`predict`), in as few bits as a block of them needs (`pack`). One way for
//! all: exact chunks are those whose numbers are the bits of the values.
//!
//! What lives here: one chunk to bytes (`encode`) and back (`decode`), in
//! memory. Which chunks there are, their checksums and places are in `writer`
//! and `file`. A bound is not trusted to hold: each chunk is decoded and compared
//! before it is used.
//!
//! `docs/store-format.md` describes the bytes.

mod decode;
mod encode;
mod map;
mod pack;
mod predict;

pub(crate) use decode::{decode, decode_first};
pub(crate) use encode::{Encoder, Packed};

use pack::{BLOCK, ROW};

/// Bytes that every chunk begins with.
const HEAD: usize = 12;
/// In the head: the last block has only the numbers that there are, and the
/// runs are counted only where there are some. Not in format version 2.
const TIGHT: u8 = 1;
/// With [`TIGHT`]: there are runs.
const RUNS: u8 = 2;
/// With [`TIGHT`]: zeros are left out, and bits tell where they belong.
const GAPS: u8 = 4;
/// Where the floor stands in a chunk.
const FLOOR: std::ops::Range<usize> = 8..12;
/// Bytes of a run of kept values.
const RUN: usize = 12;

/// Bytes that a chunk of so many values has at least. A bit for each, where zeros
/// are left out, is no less.
pub(crate) fn least_length(values: u64) -> u64 {
    HEAD as u64 + values.div_ceil(BLOCK as u64) * ROW as u64
}

/// Makes a chunk give no value below `floor`, and changes no other. NaN
/// stays. The chunk must be whole.
pub(crate) fn set_floor(bytes: &mut [u8], floor: f32) {
    if let Some(place) = bytes.get_mut(FLOOR) {
        place.copy_from_slice(&floor.to_le_bytes());
    }
}

/// Raises values below `floor` to it. NaN stays.
pub(crate) fn raise(values: &mut [f32], floor: f32) {
    for value in values {
        *value = if *value < floor { floor } else { *value };
    }
}

#[cfg(test)]
mod tests;
