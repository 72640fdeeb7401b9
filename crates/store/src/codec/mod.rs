//! Packed chunks: values as whole numbers (`map`), less what was expected
//! (`predict`), in as few bits as a block of them needs (`pack`). One way for
//! all: exact chunks are those whose numbers are the bits of the values.
//!
//! What lives here: one chunk to bytes and back, in memory. Which chunks there
//! are, their checksums and places are in `writer` and `file`. A bound is not
//! trusted to hold: each chunk is decoded and compared before it is used.
//!
//! `docs/store-format.md` describes the bytes.

mod map;
mod pack;
mod predict;

use agogic_schema::Tolerance;
use pulp::{Arch, Simd, WithSimd};

use map::{Mapping, Run};
use pack::{BLOCK, ROW};
use predict::Predictor;

/// Bytes that every chunk begins with.
const HEAD: usize = 12;
/// In the head: the last block has only the numbers that there are, and the
/// runs are counted only where there are some. Not in format version 2.
const TIGHT: u8 = 1;
/// With [`TIGHT`]: there are runs.
const RUNS: u8 = 2;
/// With [`TIGHT`]: zeros are left out, and bits tell where they belong.
const GAPS: u8 = 4;
/// Values of a frame up to which zeros may be left out: of wider frames the one
/// before tells more.
const NARROW: usize = 8;
/// Numbers that predictors are tried on.
const SAMPLE: usize = 4096;
/// Chunks that follow with the predictor that was found best for one.
const KEEP: u8 = 7;
/// Where the floor stands in a chunk.
const FLOOR: std::ops::Range<usize> = 8..12;
/// Bytes of a run of kept values.
const RUN: usize = 12;

/// Bytes that a chunk of so many values has at least. A bit for each, where zeros
/// are left out, is no less.
pub(crate) fn least_length(values: u64) -> u64 {
    HEAD as u64 + values.div_ceil(BLOCK as u64) * ROW as u64
}

/// Makes chunks of one track. Memory: about five times the values of a chunk.
#[derive(Debug)]
pub(crate) struct Encoder {
    tolerance: Tolerance,
    exact: bool,
    width: usize,
    numbers: Vec<i32>,
    words: Vec<u32>,
    bytes: Vec<u8>,
    other: Vec<u8>,
    /// The same chunk with its zeros, while it is tried without.
    full: Vec<u8>,
    /// Values that are not zero.
    dense: Vec<f32>,
    decoded: Vec<f32>,
    /// For exact and other numbers, with zeros and without, the predictor of the
    /// chunk before, and for how many chunks it is kept.
    kept: [(Predictor, u8); 4],
}

/// A chunk: its bytes, and the values that a reader will get.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) values: &'a [f32],
}

impl Encoder {
    /// For frames of `width` values, at least 1. `exact` says whether chunks
    /// are packed that must keep, or can only keep, every bit.
    pub(crate) fn new(tolerance: Tolerance, exact: bool, width: usize) -> Self {
        Self {
            tolerance,
            exact,
            width,
            numbers: Vec::new(),
            words: Vec::new(),
            bytes: Vec::new(),
            other: Vec::new(),
            full: Vec::new(),
            dense: Vec::new(),
            decoded: Vec::new(),
            kept: [(Predictor::Nothing, 0); 4],
        }
    }

    /// Packs the values of whole frames, none of which is below `floor`.
    /// `None` where they are better left as they are.
    pub(crate) fn encode(&mut self, values: &[f32], floor: f32) -> Option<Packed<'_>> {
        let raw = size_of_val(values);
        let tolerance = self.tolerance;
        let mut good = false;
        if let Some(mapping) = Mapping::of(tolerance, values) {
            self.write(mapping, tolerance, values, floor);
            good = self.bytes.len() < raw && self.holds(tolerance, values);
        }
        // With many kept values exact numbers may be the shorter ones.
        if self.exact && (!good || self.bytes.len() > raw / 2) {
            std::mem::swap(&mut self.bytes, &mut self.other);
            self.write(Mapping::Bits(0), Tolerance::Lossless, values, floor);
            if good && self.bytes.len() >= self.other.len() {
                std::mem::swap(&mut self.bytes, &mut self.other);
            } else {
                good = self.bytes.len() < raw && self.holds(Tolerance::Lossless, values);
            }
        }
        good.then_some(Packed { bytes: &self.bytes, values: &self.decoded })
    }

    fn write(&mut self, mapping: Mapping, tolerance: Tolerance, values: &[f32], floor: f32) {
        let simd = Arch::new();
        simd.dispatch(Write { encoder: self, mapping, tolerance, values, floor, gaps: false });
        let zeros = || values.iter().filter(|value| is_zero(value)).count();
        // To tell where they are takes a bit for each value.
        if self.width <= NARROW && (values.len() / 8 + 1..values.len()).contains(&zeros()) {
            std::mem::swap(&mut self.bytes, &mut self.full);
            simd.dispatch(Write { encoder: self, mapping, tolerance, values, floor, gaps: true });
            if self.bytes.len() >= self.full.len() {
                std::mem::swap(&mut self.bytes, &mut self.full);
            }
        }
    }

    #[inline(always)]
    fn write_wide(&mut self, mapping: Mapping, tolerance: Tolerance, values: &[f32], floor: f32, gaps: bool) {
        let mut dense = std::mem::take(&mut self.dense);
        let (some, width) = if gaps {
            dense.clear();
            dense.extend(values.iter().filter(|value| !is_zero(value)));
            (&dense[..], 1)
        } else {
            (values, self.width)
        };
        let runs = mapping.forward(some, width, tolerance, &mut self.numbers);
        self.words.clear();
        self.words.resize(some.len().next_multiple_of(BLOCK), 0);
        let which = usize::from(mapping != Mapping::Bits(0)) + 2 * usize::from(gaps);
        let predictor = self.predictor(which, width);
        predictor.differences(&self.numbers, width, &mut self.words);
        let (code, shift, step) = match mapping {
            Mapping::Bits(shift) => (0, shift as u8, 0.0),
            Mapping::Steps(step) => (1, 0, step),
        };
        let flags = TIGHT | if runs.is_empty() { 0 } else { RUNS } | if gaps { GAPS } else { 0 };
        let out = &mut self.bytes;
        out.clear();
        out.extend([code, predictor.code(), shift, flags]);
        out.extend(f32::to_le_bytes(step));
        out.extend(floor.to_le_bytes());
        if !runs.is_empty() {
            // No more than there are values, and those are bounded.
            out.extend((runs.len() as u32).to_le_bytes());
        }
        if gaps {
            let bit = |bits: u8, (i, value): (usize, &f32)| bits | u8::from(!is_zero(value)) << i;
            out.extend(values.chunks(8).map(|eight| eight.iter().enumerate().fold(0, bit)));
        }
        pack::pack(&self.words, some.len(), out);
        for run in runs {
            out.extend([run.start, run.length, run.bits].map(u32::to_le_bytes).as_flattened());
        }
        out.resize(out.len().next_multiple_of(4), 0);
        self.dense = dense;
    }

    /// The best one, looked for again after some chunks: those of a track are
    /// alike, and to look takes longer than to pack.
    #[inline(always)]
    fn predictor(&mut self, which: usize, width: usize) -> Predictor {
        let (kept, left) = self.kept[which];
        let next = if left > 0 { (kept, left - 1) } else { (self.best_predictor(width), KEEP) };
        self.kept[which] = next;
        next.0
    }

    /// The one that packs best the frames in the middle of a chunk, or all of
    /// them if they are few.
    #[inline(always)]
    fn best_predictor(&mut self, width: usize) -> Predictor {
        let frames = self.numbers.len() / width;
        let some = (SAMPLE / width).max(4).min(frames);
        let start = (frames - some) / 2 * width;
        let sample = &self.numbers[start..start + some * width];
        // The first of them has no frame before.
        let skip = if some < frames { width.next_multiple_of(BLOCK) } else { 0 };
        let skip = skip.min(sample.len());
        let length = sample.len().next_multiple_of(BLOCK);
        let (mut best, mut least) = (Predictor::Nothing, usize::MAX);
        for predictor in Predictor::ALL {
            predictor.differences(sample, width, &mut self.words);
            let cost = pack::cost(&self.words[skip..length], sample.len() - skip);
            if cost < least {
                (best, least) = (predictor, cost);
            }
        }
        best
    }

    /// Decodes what was written, and compares.
    fn holds(&mut self, tolerance: Tolerance, values: &[f32]) -> bool {
        self.decoded.resize(values.len(), 0.0);
        if decode(&self.bytes, self.width, &mut self.decoded).is_err() {
            return false;
        }
        let pairs = values.iter().zip(&self.decoded);
        pairs.fold(true, |all, (&value, &kept)| all & map::within(tolerance, value, kept))
    }
}

/// The values of a chunk, as many as `out` has room for, in frames of `width`
/// values. Whatever the bytes are, nothing is allocated for them.
pub(crate) fn decode(bytes: &[u8], width: usize, out: &mut [f32]) -> Result<(), &'static str> {
    decode_first(bytes, width, out.len(), out)
}

/// The first frames of a chunk of `count` values, as many as `out` has room for:
/// what comes after them is not unpacked.
pub(crate) fn decode_first(
    bytes: &[u8],
    width: usize,
    count: usize,
    out: &mut [f32],
) -> Result<(), &'static str> {
    const HEAD_CUT: &str = "its head is cut off";
    let (head, mut body) = bytes.split_first_chunk::<HEAD>().ok_or(HEAD_CUT)?;
    let [mapping, predictor, shift, flags, ..] = *head;
    let step = f32::from_bits(u32_at(head, 4));
    let floor = f32::from_bits(u32_at(head, FLOOR.start));
    let mapping = match mapping {
        0 if shift < 23 && step.to_bits() == 0 => Mapping::Bits(u32::from(shift)),
        1 if shift == 0 && step.is_finite() && step > 0.0 => Mapping::Steps(step),
        _ => return Err("its mapping is not valid"),
    };
    let predictor = *Predictor::ALL.get(usize::from(predictor)).ok_or("its predictor is unknown")?;
    let tight = flags & TIGHT != 0;
    if flags > TIGHT | RUNS | GAPS || !tight && flags != 0 || floor.is_nan() {
        return Err("its head is not valid");
    }
    let mut runs = 0;
    if !tight || flags & RUNS != 0 {
        let number;
        (number, body) = body.split_first_chunk::<4>().ok_or(HEAD_CUT)?;
        runs = u32::from_le_bytes(*number);
    }
    let (mut packed, mut wanted, mut gaps) = (count, out.len(), None);
    if wanted > count {
        return Err("it has fewer values");
    }
    if flags & GAPS != 0 {
        let bits;
        (bits, body) = body.split_at_checked(count.div_ceil(8)).ok_or("its bits are cut off")?;
        (packed, wanted) = (ones(bits, bits.len() * 8), ones(bits, wanted));
        if packed != ones(bits, count) {
            return Err("its bits are more than its values");
        }
        gaps = Some(bits);
    }
    let width = if gaps.is_some() { 1 } else { width.max(1) };
    let all: &mut [u32] = bytemuck::cast_slice_mut(out);
    let words = &mut all[..wanted];
    let used = pack::unpack(body, packed, !tight, words)?;
    let (runs, padding) = (runs as usize)
        .checked_mul(RUN)
        .and_then(|length| body[used..].split_at_checked(length))
        .ok_or("its kept values are cut off")?;
    if padding.len() > 3 || padding.iter().any(|&byte| byte != 0) {
        return Err("it is too long");
    }
    Arch::new().dispatch(Undo { mapping, predictor, width, words });
    let mut free = 0;
    for run in runs.chunks_exact(RUN) {
        let run = Run { start: u32_at(run, 0), length: u32_at(run, 4), bits: u32_at(run, 8) };
        let start = run.start as usize;
        let end = run.start.checked_add(run.length).map(|end| end as usize);
        free = end
            .filter(|&end| start >= free && end <= packed)
            .ok_or("a place of a kept value is not valid")?;
        if let Some(places) = words.get_mut(start..free.min(wanted)) {
            places.fill(run.bits);
        }
    }
    if let Some(bits) = gaps {
        spread(all, wanted, bits);
    }
    if floor > f32::NEG_INFINITY {
        raise(out, floor);
    }
    Ok(())
}

/// [`Encoder::write`], with vectors as wide as the processor has: what is
/// inlined into it is compiled for them, too. A closure would not be.
struct Write<'a> {
    encoder: &'a mut Encoder,
    mapping: Mapping,
    tolerance: Tolerance,
    values: &'a [f32],
    floor: f32,
    gaps: bool,
}

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.encoder.write_wide(self.mapping, self.tolerance, self.values, self.floor, self.gaps);
    }
}

/// The last steps of decoding, where most of its time goes, in the same way.
struct Undo<'a> {
    mapping: Mapping,
    predictor: Predictor,
    width: usize,
    words: &'a mut [u32],
}

impl WithSimd for Undo<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.predictor.undo(self.words, self.width);
        self.mapping.back(self.words);
    }
}

/// Puts zeros between the first values, from the last one on, so that none is
/// written over before it was moved. A bit says of each place whether a value
/// belongs there.
fn spread(all: &mut [u32], values: usize, bits: &[u8]) {
    let mut left = values;
    for place in (0..all.len()).rev() {
        all[place] = if bits[place / 8] >> (place % 8) & 1 == 1 {
            left -= 1;
            all[left]
        } else {
            0
        };
    }
}

/// How many of the first bits are set.
fn ones(bits: &[u8], count: usize) -> usize {
    let (whole, rest) = (&bits[..count / 8], count % 8);
    let last = if rest > 0 { bits[count / 8] & ((1 << rest) - 1) } else { 0 };
    whole.iter().chain([&last]).map(|byte| byte.count_ones() as usize).sum()
}

/// Zero with the sign of all zeros but one.
fn is_zero(value: &f32) -> bool {
    value.to_bits() == 0
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

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

#[cfg(test)]
mod tests;
