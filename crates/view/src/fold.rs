//! What is told of a stretch of frames: mean, root mean square, least or
//! greatest value. What lives here: how two values become one, for single
//! values and for rows. What does not: which stretches there are (`blocks`), and
//! those of a column (`parts`).

/// Something that is told of a stretch of frames. A single frame is its own.
pub(crate) trait Fold {
    /// What is known while stretches are being joined.
    type Sum: Copy;
    /// That of no stretch at all.
    const NOTHING: Self::Sum;
    /// That of one stretch, which counts as so many frames.
    fn weighed(told: f32, frames: f64) -> Self::Sum;
    /// That of two.
    fn join(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    /// What is told of all, with one over their weight.
    fn told(sum: Self::Sum, share: f64) -> f32;
}

/// The mean. Halves and quarters are exact and rounding keeps order, so that no
/// block's mean leaves the range of its frames.
pub(crate) struct Mean;

impl Fold for Mean {
    type Sum = f64;
    const NOTHING: f64 = 0.0;
    #[inline]
    fn weighed(told: f32, frames: f64) -> f64 {
        f64::from(told) * frames
    }
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline]
    fn told(sum: f64, share: f64) -> f32 {
        (sum * share) as f32
    }
}

/// The root mean square; the sign of a frame does not matter.
pub(crate) struct Root;

impl Fold for Root {
    type Sum = f64;
    const NOTHING: f64 = 0.0;
    #[inline]
    fn weighed(told: f32, frames: f64) -> f64 {
        // Squares of 32-bit floats are exact in 64 bits.
        f64::from(told) * f64::from(told) * frames
    }
    #[inline]
    fn join(a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline]
    fn told(sum: f64, share: f64) -> f32 {
        (sum * share).sqrt() as f32
    }
}

/// The greatest value, or else the least.
pub(crate) struct Extreme<const GREATEST: bool>;

pub(crate) type Least = Extreme<false>;
pub(crate) type Greatest = Extreme<true>;

impl<const GREATEST: bool> Fold for Extreme<GREATEST> {
    type Sum = f32;
    const NOTHING: f32 = if GREATEST { f32::NEG_INFINITY } else { f32::INFINITY };
    #[inline]
    fn weighed(told: f32, _: f64) -> f32 {
        told
    }
    #[inline]
    fn join(a: f32, b: f32) -> f32 {
        if GREATEST { max(a, b) } else { min(a, b) }
    }
    #[inline]
    fn told(sum: f32, _: f64) -> f32 {
        sum
    }
}

/// The greater of both, NaN if either is.
#[inline]
pub(crate) fn max(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

/// The lesser of both, NaN if either is.
#[inline]
pub(crate) fn min(a: f32, b: f32) -> f32 {
    if a.is_nan() || a < b { a } else { b }
}

/// One NaN for all: which one arithmetic gives is not told.
#[inline]
pub(crate) fn said(value: f32) -> f32 {
    if value.is_nan() { f32::NAN } else { value }
}

/// Values that are joined at once: their sums fit the processor's registers,
/// and they are a line of its cache.
const TILE: usize = 16;

/// What is told of some stretches together, from what is told of each, in order
/// of time, and its weight.
pub(crate) fn join<'a, F: Fold>(rows: impl Iterator<Item = (&'a [f32], f64)> + Clone, out: &mut [f32]) {
    let share = 1.0 / rows.clone().map(|row| row.1).sum::<f64>();
    let (tiles, rest) = out.as_chunks_mut();
    let end = tiles.len() * TILE;
    for (tile, at) in tiles.iter_mut().zip((0..).step_by(TILE)) {
        *tile = join_at::<F, TILE>(rows.clone(), at, share);
    }
    for (value, at) in rest.iter_mut().zip(end..) {
        [*value] = join_at::<F, 1>(rows.clone(), at, share);
    }
}

/// Values `at..at + N`.
#[inline]
fn join_at<'a, F: Fold, const N: usize>(
    rows: impl Iterator<Item = (&'a [f32], f64)>,
    at: usize,
    share: f64,
) -> [f32; N] {
    let mut sums = [F::NOTHING; N];
    for (told, weight) in rows {
        for (sum, &told) in sums.iter_mut().zip(&told[at..at + N]) {
            *sum = F::join(*sum, F::weighed(told, weight));
        }
    }
    sums.map(|sum| said(F::told(sum, share)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_wins() {
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NAN)] {
            assert!(max(a, b).is_nan() && min(a, b).is_nan());
        }
        assert_eq!((max(1.0, 2.0), min(1.0, 2.0)), (2.0, 1.0));
    }
}
