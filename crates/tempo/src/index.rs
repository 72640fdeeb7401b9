//! Which piece of a map holds a position, in constant time as a rule. What lives
//! here: the search along one axis. What does not: what the pieces are.
//!
//! The axis between the first start and the last is cut into as many equal buckets
//! as there are pieces, and for each bucket the pieces that start in it are known.
//! Where many start in one bucket, they are searched by halves, so that the worst
//! map costs a binary search and the usual one a look.

use alloc::vec::Vec;

/// Added to a number below 2^32 this leaves it, rounded, in the lowest bits.
const INTO_BITS: f64 = 4_503_599_627_370_496.0;
/// Pieces walked past before searching anew.
const STEPS: usize = 16;
/// Starts looked at in a bucket before searching it by halves.
const LOOKS: usize = 4;

/// The starts of pieces along one axis.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Ascending; the first is before everything. `LOOKS` more that no position
    /// reaches.
    starts: Vec<f64>,
    /// Per bucket, and once more at the end: how many pieces start before it.
    before: Vec<u32>,
    origin: f64,
    per_unit: f64,
    top: f64,
}

impl Index {
    /// The index of pieces with these starts, in ascending order. The first piece
    /// also holds all that comes before it.
    pub(crate) fn new(mut starts: Vec<f64>) -> Self {
        let count = starts.len();
        let origin = starts.get(1).copied().unwrap_or(0.0);
        let reach = starts.last().copied().unwrap_or(0.0) - origin;
        let top = count.max(1) as f64;
        let per_unit = if reach > 0.0 && count > 1 { (top / reach).min(f64::MAX) } else { 0.0 };
        let mut index = Self { starts: Vec::new(), before: Vec::new(), origin, per_unit, top };
        index.before.resize(count + 3, 0);
        for start in starts.iter().skip(1) {
            let bucket = index.bucket(*start);
            index.before[bucket + 1] += 1;
        }
        if let (Some(first), Some(bucket)) = (starts.first_mut(), index.before.get_mut(1)) {
            *first = f64::NEG_INFINITY;
            *bucket += 1;
        }
        let mut sum = 0;
        for before in &mut index.before {
            sum += *before;
            *before = sum;
        }
        starts.resize(count + LOOKS, f64::NAN);
        index.starts = starts;
        index
    }

    /// How many pieces there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - LOOKS
    }

    /// Where a piece starts.
    pub(crate) fn start(&self, piece: usize) -> f64 {
        self.starts[piece]
    }

    /// Where a piece ends: at the next start, or never.
    pub(crate) fn end(&self, piece: usize) -> f64 {
        if piece + 1 < self.len() { self.starts[piece + 1] } else { f64::INFINITY }
    }

    /// The bucket of a position. Whatever rounding does, it never falls as the
    /// position grows, and that is all that is asked of it.
    #[inline(always)]
    fn bucket(&self, at: f64) -> usize {
        let bucket = ((at - self.origin) * self.per_unit).max(0.0).min(self.top);
        (bucket + INTO_BITS).to_bits() as u32 as usize
    }

    /// The piece that holds a position: the last that starts at or before it. The
    /// first for not a number.
    #[inline]
    pub(crate) fn find(&self, at: f64) -> usize {
        let bucket = self.bucket(at);
        let first = self.before[bucket] as usize;
        let looks = &self.starts[first..first + LOOKS];
        // Only the last decides what happens next, and as a rule the same way: which
        // of the others are passed is no question that a processor could guess.
        if looks[LOOKS - 1] <= at {
            return self.find_among(first + LOOKS, self.before[bucket + 1] as usize, at);
        }
        let passed: usize = looks[..LOOKS - 1].iter().map(|start| usize::from(*start <= at)).sum();
        (first + passed).saturating_sub(1)
    }

    #[cold]
    fn find_among(&self, first: usize, end: usize, at: f64) -> usize {
        let among = self.starts.get(first..end).unwrap_or(&[]);
        first + among.partition_point(|start| *start <= at) - 1
    }

    /// As [`Self::find`], looked for from the piece `i` on.
    #[inline]
    pub(crate) fn walk(&self, mut i: usize, at: f64) -> usize {
        for _ in 0..STEPS {
            if self.starts[i] > at {
                i -= 1;
            } else if self.starts[i + 1] <= at {
                i += 1;
            } else {
                return if at.is_nan() { 0 } else { i };
            }
        }
        self.find(at)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[track_caller]
    fn check(starts: Vec<f64>) {
        let index = Index::new(starts.clone());
        let places = starts.iter().flat_map(|at| [at.next_down(), *at, at.next_up(), at + 0.3]);
        let mut walked = 0;
        for at in places.chain([f64::NEG_INFINITY, f64::INFINITY, -1e300, 1e300, 0.0]) {
            let expect = starts.partition_point(|start| *start <= at).saturating_sub(1);
            assert_eq!(index.find(at), expect, "{at}");
            walked = index.walk(walked, at);
            assert_eq!(walked, expect, "{at}");
        }
        assert_eq!(index.find(f64::NAN), 0);
    }

    #[test]
    fn finds_what_a_search_by_halves_finds() {
        check(vec![0.0]);
        check(vec![0.0, 0.0]);
        check(vec![-3.0, -3.0, 5.0]);
        check(vec![1e12, 1e12]);
        check((0..1000).map(f64::from).collect());
        check((0..1000).map(|i| f64::from(i) * f64::from(i) - 70.0).collect());
        // All in one place but for one far out; equal starts; hardly apart.
        check((0..1000).map(|i| f64::from(i) * 1e-9).chain([1e9]).collect());
        check((0..100).map(|i| f64::from(i / 10)).collect());
        check(vec![0.0, 0.0, 5e-324, 1e-323, 1e-300, 1e-290]);
        check(vec![-1e12, -1e12, -1e12 + 0.001, 1e12]);
    }
}
