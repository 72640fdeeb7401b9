//! A chunk to values. Nothing of it is believed: every number is checked before
//! it is used.

use pulp::{Arch, Simd, WithSimd};

use super::map::{Mapping, Run};
use super::pack;
use super::predict::Predictor;
use super::{FLOOR, GAPS, HEAD, RUN, RUNS, TIGHT, raise};

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
    if out.len() > count {
        return Err("it has fewer values");
    }
    let (head, body) = Head::read(bytes, count)?;
    let all: &mut [u32] = bytemuck::cast_slice_mut(out);
    // Without its zeros a chunk is one of fewer values, one a frame.
    let (packed, wanted, width) = match head.bits {
        Some(bits) => (ones(bits, count), ones(bits, all.len()), 1),
        None => (count, all.len(), width.max(1)),
    };
    let words = &mut all[..wanted];
    let used = pack::unpack(body, packed, !head.tight, words)?;
    let (runs, padding) = head
        .runs
        .checked_mul(RUN)
        .and_then(|length| body[used..].split_at_checked(length))
        .ok_or("its kept values are cut off")?;
    if padding.len() > 3 || padding.iter().any(|&byte| byte != 0) {
        return Err("it is too long");
    }
    Arch::new().dispatch(Undo { mapping: head.mapping, predictor: head.predictor, width, words });
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
    if let Some(bits) = head.bits {
        spread(all, wanted, bits);
    }
    if head.floor > f32::NEG_INFINITY {
        raise(out, head.floor);
    }
    Ok(())
}

/// What the head of a chunk says, and all that follows from it.
struct Head<'a> {
    mapping: Mapping,
    predictor: Predictor,
    floor: f32,
    /// The last block has only the numbers that there are.
    tight: bool,
    runs: usize,
    /// Where zeros are left out, a bit for each value.
    bits: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// The head of a chunk of `count` values, and what stands behind it.
    fn read(bytes: &'a [u8], count: usize) -> Result<(Self, &'a [u8]), &'static str> {
        const CUT: &str = "its head is cut off";
        let (head, mut rest) = bytes.split_first_chunk::<HEAD>().ok_or(CUT)?;
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
        let (mut runs, mut bits) = (0, None);
        if !tight || flags & RUNS != 0 {
            let number;
            (number, rest) = rest.split_first_chunk::<4>().ok_or(CUT)?;
            runs = u32::from_le_bytes(*number) as usize;
        }
        if flags & GAPS != 0 {
            let some;
            (some, rest) = rest.split_at_checked(count.div_ceil(8)).ok_or("its bits are cut off")?;
            if ones(some, count) != ones(some, some.len() * 8) {
                return Err("its bits are more than its values");
            }
            bits = Some(some);
        }
        Ok((Self { mapping, predictor, floor, tight, runs, bits }, rest))
    }
}

/// The last steps of decoding, where most of its time goes, with vectors as
/// wide as the processor has.
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

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}
