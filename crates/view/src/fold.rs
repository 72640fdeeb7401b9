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
    /// That of one stretch.
    fn sum(told: f32) -> Self::Sum;
    /// That of one stretch, where it counts as so many frames.
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
    fn sum(told: f32) -> f64 {
        f64::from(told)
    }
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
    fn sum(told: f32) -> f64 {
        // Squares of 32-bit floats are exact in 64 bits.
        f64::from(told) * f64::from(told)
    }
    #[inline]
    fn weighed(told: f32, frames: f64) -> f64 {
        Self::sum(told) * frames
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
    fn sum(told: f32) -> f32 {
        told
    }
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

/// Joins two rows on end.
pub(crate) fn join_two<F: Fold>(two: &[f32], out: &mut [f32]) {
    let (a, b) = two.split_at(out.len());
    for (out, (&a, &b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = F::told(F::join(F::sum(a), F::sum(b)), 0.5);
    }
}

/// Joins four rows on end, in the one order in which four are joined.
pub(crate) fn join_four<F: Fold>(four: &[f32], out: &mut [f32]) {
    let (ab, cd) = four.split_at(2 * out.len());
    let ((a, b), (c, d)) = (ab.split_at(out.len()), cd.split_at(out.len()));
    let (ab, cd) = (a.iter().zip(b), c.iter().zip(d));
    for (out, ((&a, &b), (&c, &d))) in out.iter_mut().zip(ab.zip(cd)) {
        let (ab, cd) = (F::join(F::sum(a), F::sum(b)), F::join(F::sum(c), F::sum(d)));
        *out = F::told(F::join(ab, cd), 0.25);
    }
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
