//! Values to a chunk, as short as it becomes.

use agogic_schema::Tolerance;
use pulp::{Arch, Simd, WithSimd};

use super::map::{self, Mapping};
use super::pack::{self, BLOCK};
use super::predict::Predictor;
use super::{GAPS, RUNS, TIGHT, decode};

/// Values of a frame up to which zeros may be left out: of wider frames the one
/// before tells more.
const NARROW: usize = 8;
/// Numbers that predictors are tried on.
const SAMPLE: usize = 4096;
/// Chunks that follow with the predictor that was found best for one.
const KEEP: u8 = 7;

/// Makes chunks of one track. Memory: up to seven times the values of a chunk.
#[derive(Debug)]
pub(crate) struct Encoder {
    tolerance: Tolerance,
    exact: bool,
    width: usize,
    numbers: Vec<i32>,
    words: Vec<u32>,
    pub(super) bytes: Vec<u8>,
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

    pub(super) fn write(&mut self, mapping: Mapping, tolerance: Tolerance, values: &[f32], floor: f32) {
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
    pub(super) fn holds(&mut self, tolerance: Tolerance, values: &[f32]) -> bool {
        self.decoded.resize(values.len(), 0.0);
        if decode(&self.bytes, self.width, &mut self.decoded).is_err() {
            return false;
        }
        let pairs = values.iter().zip(&self.decoded);
        pairs.fold(true, |all, (&value, &kept)| all & map::within(tolerance, value, kept))
    }
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

/// Whether this is 0; -0 is a value like any other.
fn is_zero(value: &f32) -> bool {
    value.to_bits() == 0
}
