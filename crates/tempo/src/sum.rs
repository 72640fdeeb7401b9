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

    /// The exact product of two doubles of less than 2^970 (Dekker's; a fused
    /// multiplication is slow where the processor has none).
    pub(crate) fn product(a: f64, b: f64) -> Self {
        let hi = a * b;
        let ((a_hi, a_lo), (b_hi, b_lo)) = (halves(a), halves(b));
        Self { hi, lo: ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo }
    }

    /// `a * b / c` to about 31 digits.
    pub(crate) fn product_over(a: f64, b: f64, c: f64) -> Self {
        let product = Self::product(a, b);
        let quotient = product.hi / c;
        let back = Self::product(quotient, c);
        let rest = (product.hi - back.hi) - back.lo + product.lo;
        Self::of(quotient, rest / c)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let high = Self::of(self.hi, other.hi);
        Self::of(high.hi, high.lo + (self.lo + other.lo))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self { hi: -other.hi, lo: -other.lo })
    }
}

/// A double as the sum of two with half its digits each (Veltkamp's splitting).
fn halves(a: f64) -> (f64, f64) {
    let shifted = a * 134_217_729.0;
    let hi = shifted - (shifted - a);
    (hi, a - hi)
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
        let (a, b) = (0.1, 1e8 + 0.1);
        let product = Sum::product(a, b);
        assert_eq!(product, Sum { hi: a * b, lo: a.mul_add(b, -(a * b)) });
    }
}
