//! Which values a calculator may give. Looks at every value that is kept, so
//! it must cost next to nothing.

/// Bits of the exponent: all set for infinities and NaN.
const EXPONENT: u32 = 0x7f80_0000;

/// Values looked at together: a whole number of any machine's vectors.
const PIECE: usize = 256;

/// The index of the first value that may not be given: an infinity, or NaN
/// where there are no `gaps`.
pub(crate) fn first_refused(values: &[f32], gaps: bool) -> Option<usize> {
    let refused = |value: &f32| value.is_infinite() || (value.is_nan() && !gaps);
    let mut start = 0;
    for piece in values.chunks(PIECE) {
        if any_not_finite(piece)
            && let Some(at) = piece.iter().position(refused)
        {
            return Some(start + at);
        }
        start += piece.len();
    }
    None
}

/// Without a branch for each value, so that the compiler can vectorise it.
fn any_not_finite(values: &[f32]) -> bool {
    values.iter().fold(0, |any, value| any | u32::from(value.to_bits() & EXPONENT == EXPONENT)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first() {
        #[track_caller]
        fn check(values: &[f32], gaps: bool, expect: Option<usize>) {
            assert_eq!(first_refused(values, gaps), expect, "{values:?}");
        }
        let inf = f32::INFINITY;
        for gaps in [false, true] {
            check(&[], gaps, None);
            check(&[0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45], gaps, None);
            check(&[0.0, inf], gaps, Some(1));
            check(&[-inf, inf], gaps, Some(0));
        }
        check(&[1.0, f32::NAN, inf], false, Some(1));
        check(&[1.0, f32::NAN, inf], true, Some(2));
        check(&[1.0, -f32::NAN, 2.0], true, None);
    }

    #[test]
    fn looks_at_every_place() {
        for length in [1, 255, 256, 257, 1025] {
            for at in 0..length {
                let mut values = vec![1.0; length];
                values[at] = f32::NAN;
                assert_eq!(first_refused(&values, false), Some(at));
                assert_eq!(first_refused(&values, true), None);
                values[at] = f32::NEG_INFINITY;
                assert_eq!(first_refused(&values, true), Some(at));
            }
        }
    }
}
