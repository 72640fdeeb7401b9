//! Sums that do not lose what they add: an unevaluated pair of doubles. What
//! does not live here: anything about tempo. `map` keeps its prefix sums so.

/// `hi + lo`, with `lo` below half a unit in the last place of `hi`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) hi: f64,
    pub(crate) lo: f64,
}

impl Sum {
    /// The exact sum of two doubles (Knuth's TwoSum).
    pub(crate) fn of(a: f64, b: f64) -> Self {
        let hi = a + b;
        let b_part = hi - a;
        let lo = (a - (hi - b_part)) + (b - b_part);
        Self { hi, lo }
    }

    /// `a * b / c` to about 31 digits.
    pub(crate) fn product_over(a: f64, b: f64, c: f64) -> Self {
        let product = a * b;
        let product_lost = a.mul_add(b, -product);
        let quotient = product / c;
        let rest = (-quotient).mul_add(c, product) + product_lost;
        Self::of(quotient, rest / c)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let high = Self::of(self.hi, other.hi);
        Self::of(high.hi, high.lo + (self.lo + other.lo))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self { hi: -other.hi, lo: -other.lo })
    }

    /// The double nearest to `self + local`.
    pub(crate) fn offset(self, local: f64) -> f64 {
        let high = Self::of(self.hi, local);
        finish(high.hi, high.lo + self.lo)
    }

    /// The double nearest to `at - self`.
    pub(crate) fn distance_to(self, at: f64) -> f64 {
        let high = Self::of(at, -self.hi);
        finish(high.hi, high.lo - self.lo)
    }
}

/// `hi + lo`, where nothing can be lost from a `hi` that is infinite.
#[inline]
fn finish(hi: f64, lo: f64) -> f64 {
    if hi.is_finite() { hi + lo } else { hi }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        // A third, three million times: a running double misses by 1e-9 or so.
        let third = Sum::product_over(1.0, 1.0, 3.0);
        let sum = (0..3_000_000).fold(Sum::default(), |sum, _| sum.plus(third));
        assert_eq!(sum.hi, 1_000_000.0);
        assert!(sum.lo.abs() < 1e-18);
        assert_eq!(Sum::of(1e16, 1.0).minus(Sum::of(1e16, 0.0)).hi, 1.0);
        assert_eq!(Sum::of(1e16, 1.0).distance_to(1e16), -1.0);
        assert_eq!(Sum::of(1e16, 1.0).offset(1.0), 1e16 + 2.0);
    }
}
