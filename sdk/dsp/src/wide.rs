//! Loops on the widest vectors that this processor has. The compiler makes each
//! loop twice, for the vectors that every processor of its kind has and for wide
//! ones, and the processor is asked which of the two it can run.
//!
//! Loops over single values the compiler vectorises by itself, in [`wide`]. Sums side
//! by side it often takes apart into single additions; they are written in vectors
//! of [`Eight`].

use pulp::{Arch, Simd};

/// Runs `work`, whose loops use the widest vectors of this processor.
///
/// The values are those of the same loops on narrow vectors, bit for bit:
/// additions keep their order (Rust never reorders them), and no multiplication
/// is fused with an addition. It is worth while for some hundred values and more
/// at a time. What `work` calls must be inlined into it, and `work` itself, as a
/// closure, marked `#[inline(always)]`; else its loops stay narrow. `for` loops are
/// inlined, `for_each` and sums over a zip are not.
///
/// ```
/// let powers = [4.0f32; 1000];
/// let mut magnitudes = [0.0f32; 1000];
/// agogic_dsp::wide(
///     #[inline(always)]
///     || {
///         for (magnitude, power) in magnitudes.iter_mut().zip(&powers) {
///             *magnitude = power.sqrt();
///         }
///     },
/// );
/// assert_eq!(magnitudes, [2.0; 1000]);
/// ```
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// The processor's vectors, which eight values fill whole.
pub(crate) trait Vectors: Simd {
    const PER_EIGHT: usize = {
        assert!(8 % Self::F32_LANES == 0);
        8 / Self::F32_LANES
    };
}

impl<S: Simd> Vectors for S {}

/// Eight sums side by side, however many the processor adds at once: equal bits on
/// every machine.
#[derive(Clone, Copy)]
pub(crate) struct Eight<S: Simd> {
    simd: S,
    /// As many vectors as hold eight values; the others are not used.
    vectors: [S::f32s; 8],
}

impl<S: Simd> Eight<S> {
    #[inline(always)]
    pub(crate) fn splat(simd: S, value: f32) -> Self {
        Self { simd, vectors: [simd.splat_f32s(value); 8] }
    }

    #[inline(always)]
    pub(crate) fn load(simd: S, values: &[f32; 8]) -> Self {
        let mut eight = Self::splat(simd, 0.0);
        let (vectors, _) = S::as_simd_f32s(values);
        eight.vectors[..S::PER_EIGHT].copy_from_slice(&vectors[..S::PER_EIGHT]);
        eight
    }

    #[inline(always)]
    pub(crate) fn values(self) -> [f32; 8] {
        let mut values = [0.0; 8];
        let (vectors, _) = S::as_mut_simd_f32s(&mut values);
        vectors[..S::PER_EIGHT].copy_from_slice(&self.vectors[..S::PER_EIGHT]);
        values
    }

    /// Adds `a * b`, which is rounded first.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, a: Self, b: Self) {
        for i in 0..S::PER_EIGHT {
            let product = self.simd.mul_f32s(a.vectors[i], b.vectors[i]);
            self.vectors[i] = self.simd.add_f32s(self.vectors[i], product);
        }
    }

    /// Subtracts `a * b`, which is rounded first.
    #[inline(always)]
    pub(crate) fn subtract_product(&mut self, a: Self, b: Self) {
        for i in 0..S::PER_EIGHT {
            let product = self.simd.mul_f32s(a.vectors[i], b.vectors[i]);
            self.vectors[i] = self.simd.sub_f32s(self.vectors[i], product);
        }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, other: Self) {
        for i in 0..S::PER_EIGHT {
            self.vectors[i] = self.simd.add_f32s(self.vectors[i], other.vectors[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::WithSimd;

    struct Sum<'a>(&'a [[f32; 8]]);

    impl WithSimd for Sum<'_> {
        type Output = [f32; 8];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f32; 8] {
            let (mut sum, mut twice) = (Eight::splat(simd, 0.5), Eight::splat(simd, 0.0));
            for row in self.0 {
                sum.add_product(Eight::load(simd, row), Eight::splat(simd, 1.1));
            }
            twice.add(sum);
            twice.add(sum);
            twice.values()
        }
    }

    #[test]
    fn wide_and_narrow_vectors_have_the_same_bits() {
        let rows: Vec<[f32; 8]> =
            (0..97u16).map(|i| std::array::from_fn(|k| f32::from(i) / (3.7 + k as f32))).collect();
        let mut expect = [0.5f32; 8];
        for row in &rows {
            expect.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * 1.1);
        }
        let expect = expect.map(|sum| sum + sum);
        assert_eq!(Arch::new().dispatch(Sum(&rows)), expect);
        assert_eq!(Arch::Scalar.dispatch(Sum(&rows)), expect);
        assert_eq!(Sum(&rows).with_simd(pulp::Scalar), expect);
    }
}
