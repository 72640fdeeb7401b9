//! Numbers of few bits in few bits: blocks of 128, of each number the low bits
//! that most of its block need, and the rest of the few that need more. The
//! last block may have fewer numbers; in chunks of format version 2 it is
//! filled up.
//!
//! Nothing that is read is believed: lengths and places are checked here
//! before they are used.

use bitpacking::{BitPacker, BitPacker4x};

/// Numbers in a block.
pub(super) const BLOCK: usize = BitPacker4x::BLOCK_LEN;
/// Bytes in the table for each block.
pub(super) const ROW: usize = 2;

/// How a block is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// Low bits of each number, 0 to 32.
    width: u8,
    /// Numbers with more bits, 0 to 128.
    longer: u8,
    /// Bytes that hold what those have beyond the low bits, 1 to 4; 1 where
    /// there are none.
    bytes: u8,
}

impl Row {
    /// The cheapest for a block of so many numbers; the others are 0.
    #[inline(always)]
    fn of(block: &[u32; BLOCK], count: usize) -> Self {
        let all = block.iter().fold(0, |all, number| all | number);
        let most = 32 - all.leading_zeros() as u8;
        let mut best = Self { width: most, longer: 0, bytes: 1 };
        let mut least = best.length(count);
        for width in (0..most).rev() {
            // Counted anew for each of the few widths that come to it, which wide
            // vectors do faster than anything that looks at each number.
            let longer = block.iter().map(|&number| u32::from(number > low_bits(width))).sum::<u32>() as u8;
            let row = Self { width, longer, bytes: (most - width).div_ceil(8) };
            // Each costs a reader as much time as some bytes do.
            let cost = row.length(count) + usize::from(longer) / 2;
            if cost < least {
                (best, least) = (row, cost);
            }
            // Fewer low bits make no fewer longer numbers.
            if usize::from(longer) * 2 > least {
                break;
            }
        }
        best
    }

    fn bytes(self) -> [u8; ROW] {
        [self.width | (self.bytes - 1) << 6, self.longer]
    }

    fn read([first, longer]: [u8; ROW]) -> Option<Self> {
        let row = Self { width: first & 63, longer, bytes: (first >> 6) + 1 };
        // A number of 32 bits has none beyond.
        (row.width < 32 && usize::from(longer) <= BLOCK || row.width == 32 && longer == 0).then_some(row)
    }

    /// Bytes of a block of so many numbers.
    fn length(self, count: usize) -> usize {
        self.packed(count) + usize::from(self.longer) * (1 + usize::from(self.bytes))
    }

    /// Bytes of the low bits.
    fn packed(self, count: usize) -> usize {
        (usize::from(self.width) * count).div_ceil(8)
    }
}

/// Blocks, filled up, and how many of so many numbers each has.
#[inline(always)]
fn blocks(numbers: &[u32], count: usize) -> impl Iterator<Item = (&[u32; BLOCK], usize)> {
    let blocks = numbers.as_chunks().0.iter().enumerate();
    blocks.map(move |(i, block)| (block, count.saturating_sub(i * BLOCK).min(BLOCK)))
}

/// Bytes of what [`pack`] would write.
#[inline(always)]
pub(super) fn cost(numbers: &[u32], count: usize) -> usize {
    let mut cost = 0;
    for (block, count) in blocks(numbers, count) {
        cost += ROW + Row::of(block, count).length(count);
    }
    cost
}

/// Adds a table of blocks and the blocks. `numbers` are `count` of them, filled
/// up with zeros to whole blocks.
#[inline(always)]
pub(super) fn pack(numbers: &[u32], count: usize, out: &mut Vec<u8>) {
    let packer = BitPacker4x::new();
    let mut rows = Vec::with_capacity(numbers.len() / BLOCK);
    // No iterator: this is to be compiled for the vectors of the caller.
    for (block, count) in blocks(numbers, count) {
        let row = Row::of(block, count);
        rows.push(row);
        out.extend(row.bytes());
    }
    for ((block, count), row) in blocks(numbers, count).zip(rows) {
        let start = out.len();
        if count < BLOCK {
            pack_few(&block[..count], row.width, out);
        } else if row.width > 0 {
            out.resize(start + row.packed(BLOCK), 0);
            let low = block.map(|number| number & low_bits(row.width));
            packer.compress(&low, &mut out[start..], row.width);
            to_little_endian(&mut out[start..]);
        }
        if row.longer > 0 {
            // Every place is put down, and counts only where it should: which
            // ones that are nobody can foretell, a branch would be slow.
            let (mut places, mut count) = ([0; BLOCK], 0);
            for (place, &number) in block.iter().enumerate() {
                places[count.min(BLOCK - 1)] = place as u8;
                count += usize::from(number > low_bits(row.width));
            }
            let places = &places[..usize::from(row.longer)];
            out.extend(places);
            for &place in places {
                let beyond = block[usize::from(place)] >> row.width;
                out.extend(&beyond.to_le_bytes()[..usize::from(row.bytes)]);
            }
        }
    }
}

/// Reads the first of `count` numbers, as many as `out` has room for; returns
/// how many bytes all of them take. Whether the last block was filled up is
/// `filled`.
pub(super) fn unpack(
    bytes: &[u8],
    count: usize,
    filled: bool,
    out: &mut [u32],
) -> Result<usize, &'static str> {
    const SHORT: &str = "its blocks are cut off";
    const WRONG: &str = "its table of blocks is not valid";
    let packer = BitPacker4x::new();
    let (table, mut rest) = bytes.split_at_checked(count.div_ceil(BLOCK) * ROW).ok_or(SHORT)?;
    let mut left = if filled { count.next_multiple_of(BLOCK) } else { count };
    let mut last = [0; BLOCK];
    let (blocks, tail) = out.as_chunks_mut::<BLOCK>();
    let mut targets = blocks.iter_mut().chain((!tail.is_empty()).then_some(&mut last));
    for row in table.as_chunks().0 {
        let row = Row::read(*row).ok_or(WRONG)?;
        let count = left.min(BLOCK);
        left -= count;
        let (mine, later) = rest.split_at_checked(row.length(count)).ok_or(SHORT)?;
        rest = later;
        let Some(block) = targets.next() else { continue };
        let (packed, longer) = mine.split_at(row.packed(count));
        if count < BLOCK {
            unpack_few(packed, row.width, &mut block[..count]);
        } else if row.width == 0 {
            block.fill(0);
        } else if cfg!(target_endian = "big") {
            let mut packed = packed.to_vec();
            to_little_endian(&mut packed);
            packer.decompress(&packed, block, row.width);
        } else {
            packer.decompress(packed, block, row.width);
        }
        let (places, beyond) = longer.split_at(usize::from(row.longer));
        if places.iter().any(|&place| usize::from(place) >= count) {
            return Err("a place in a block is not valid");
        }
        match row.bytes {
            1 => add::<1>(block, row.width, places, beyond),
            2 => add::<2>(block, row.width, places, beyond),
            3 => add::<3>(block, row.width, places, beyond),
            _ => add::<4>(block, row.width, places, beyond),
        }
    }
    tail.copy_from_slice(&last[..tail.len()]);
    Ok(bytes.len() - rest.len())
}

/// Adds to some numbers of a block what they have beyond the low bits. Their
/// places lie in it.
fn add<const BYTES: usize>(block: &mut [u32; BLOCK], width: u8, places: &[u8], beyond: &[u8]) {
    for (&place, beyond) in places.iter().zip(beyond.as_chunks::<BYTES>().0) {
        let mut word = [0; 4];
        word[..BYTES].copy_from_slice(beyond);
        block[usize::from(place) % BLOCK] |= u32::from_le_bytes(word) << (width % 32);
    }
}

/// Adds the low bits of fewer numbers than a block has, one after another, the
/// lowest first.
fn pack_few(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut bits, mut held) = (0_u64, 0);
    for &number in numbers {
        bits |= u64::from(number & low_bits(width)) << held;
        held += u32::from(width);
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        out.push(bits as u8);
    }
}

/// Reads what [`pack_few`] wrote.
fn unpack_few(bytes: &[u8], width: u8, out: &mut [u32]) {
    let mut bytes = bytes.iter();
    let (mut bits, mut held) = (0_u64, 0);
    for number in out {
        while held < u32::from(width) {
            bits |= u64::from(*bytes.next().unwrap_or(&0)) << held;
            held += 8;
        }
        *number = bits as u32 & low_bits(width);
        bits >>= width;
        held -= u32::from(width);
    }
}

/// The greatest number of so many bits.
fn low_bits(width: u8) -> u32 {
    u32::MAX.checked_shr(32 - u32::from(width)).unwrap_or(0)
}

/// The packer writes words as the machine orders their bytes.
fn to_little_endian(bytes: &mut [u8]) {
    if cfg!(target_endian = "big") {
        bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|word| word.reverse());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout, bit by bit: number `i` of a block is in lane `i % 4`, at
    /// bit `i / 4 * width` of the lane; words of the lanes take turns.
    fn plain(bytes: &[u8], width: usize, i: usize) -> u32 {
        let (lane, at) = (i % 4, i / 4 * width);
        (0..width).fold(0, |number, bit| {
            let (word, bit_in) = ((at + bit) / 32 * 4 + lane, (at + bit) % 32);
            let byte = bytes[word * 4 + bit_in / 8];
            number | u32::from(byte >> (bit_in % 8) & 1) << bit
        })
    }

    #[test]
    fn every_width_is_laid_out_as_described() {
        for width in 0..=32_u8 {
            let number = |i: usize| (i as u32 ^ 0x55).wrapping_mul(0x9e37_79b9) & low_bits(width);
            // All as long, so that none is cheaper beside the block.
            let block: [u32; BLOCK] =
                std::array::from_fn(|i| number(i) | low_bits(width) ^ low_bits(width.saturating_sub(1)));
            let mut bytes = Vec::new();
            pack(&block, BLOCK, &mut bytes);
            assert_eq!(bytes.len(), ROW + 16 * usize::from(width));
            assert_eq!(bytes[..ROW], [width, 0]);
            let read: Vec<u32> = (0..BLOCK).map(|i| plain(&bytes[ROW..], usize::from(width), i)).collect();
            assert_eq!(read, block, "{width}");
        }
    }

    #[test]
    fn a_few_long_numbers_do_not_widen_the_block() {
        for (long, bytes) in [(1_u32 << 9, 1), (1 << 15, 2), (1 << 23, 3), (u32::MAX, 4)] {
            let mut block = [3_u32; BLOCK];
            (block[0], block[127]) = (long, long | 1);
            let mut packed = Vec::new();
            pack(&block, BLOCK, &mut packed);
            assert_eq!(packed.len(), cost(&block, BLOCK));
            assert_eq!(packed[..ROW], [2 | (bytes - 1) << 6, 2]);
            assert_eq!(packed.len(), ROW + 2 * 16 + 2 + 2 * usize::from(bytes));
            let mut out = [0; BLOCK];
            assert_eq!(unpack(&packed, BLOCK, true, &mut out), Ok(packed.len()));
            assert_eq!(out, block);
        }
    }

    /// A last block that is not filled up: number `i` begins at bit `i` times
    /// the width.
    #[test]
    fn few_numbers_take_few_bytes() {
        for width in 0..=32_u8 {
            for count in [1, 2, 7, 8, 21, 127] {
                let top = low_bits(width) ^ low_bits(width.saturating_sub(1));
                let number = |i: usize| (i as u32).wrapping_mul(0x9e37_79b9) & low_bits(width) | top;
                let mut block: [u32; BLOCK] = std::array::from_fn(number);
                block[count..].fill(0);
                let mut bytes = Vec::new();
                pack(&block, count, &mut bytes);
                assert_eq!(bytes[..ROW], [width, 0]);
                assert_eq!(bytes.len(), ROW + (usize::from(width) * count).div_ceil(8));
                let bit = |at: usize| u32::from(bytes[ROW + at / 8] >> (at % 8) & 1);
                let plain = |i: usize| {
                    (0..width.into()).fold(0, |all, at| all | bit(i * usize::from(width) + at) << at)
                };
                assert!((0..count).all(|i| plain(i) == block[i]), "{count} of {width}");
                let mut out = vec![7; count];
                assert_eq!(unpack(&bytes, count, false, &mut out), Ok(bytes.len()));
                assert_eq!(out, block[..count]);
            }
        }
        let mut numbers = [1; 2 * BLOCK];
        numbers[BLOCK + 3..].fill(0);
        let mut bytes = Vec::new();
        pack(&numbers, BLOCK + 3, &mut bytes);
        assert_eq!(bytes.len(), 2 * ROW + 16 + 1);
        assert_eq!(bytes.len(), cost(&numbers, BLOCK + 3));
        for some in [0, 1, BLOCK, BLOCK + 1, BLOCK + 3] {
            let mut out = vec![7; some];
            assert_eq!(unpack(&bytes, BLOCK + 3, false, &mut out), Ok(bytes.len()));
            assert!(out.iter().all(|&number| number == 1));
        }
    }

    #[test]
    fn tables_that_lie_are_refused() {
        let mut out = [0; 1];
        let block = |row: [u8; 2], length: usize| {
            let mut bytes = row.to_vec();
            bytes.resize(2 + length, 0xff);
            bytes
        };
        for (bytes, expect) in [
            (vec![], "cut off"),
            (vec![0], "cut off"),
            (block([33, 0], 600), "not valid"),
            (block([63, 0], 2000), "not valid"),
            (block([32, 1], 600), "not valid"),
            (block([0, 129], 600), "not valid"),
            (block([1, 0], 15), "cut off"),
            (block([0, 1], 1), "cut off"),
            (block([0, 1], 2), "a place"),
        ] {
            assert!(unpack(&bytes, 1, true, &mut out).unwrap_err().contains(expect), "{bytes:?}");
        }
        assert_eq!(unpack(&[0, 0, 9], 1, true, &mut out), Ok(2));
        assert_eq!(unpack(&[0, 1, 1, 9], 1, false, &mut out), Err("a place in a block is not valid"));
        assert_eq!(unpack(&[0, 1, 0, 9], 1, false, &mut out), Ok(4));
    }
}
