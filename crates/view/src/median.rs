//! The weighted median.

/// Frames of a column up to which its median is exact.
pub const EXACT_MEDIAN: u64 = 4096;

/// The value that half of the weight lies below and half above; the mean of two
/// neighbours that share the middle. NaN where a value is. Weights are above 0;
/// the pairs are left in order.
pub(crate) fn weighted(pairs: &mut [(f32, f64)]) -> f32 {
    if pairs.iter().any(|(value, _)| value.is_nan()) {
        return f32::NAN;
    }
    // Stable, so that weights are summed in one order.
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (i, &(value, weight)) in pairs.iter().enumerate() {
        below += weight;
        match pairs.get(i + 1) {
            Some(&(next, _)) if below == half && value != next => {
                return f64::midpoint(f64::from(value), f64::from(next)) as f32;
            }
            _ if below >= half => return value,
            _ => {}
        }
    }
    pairs.last().map_or(f32::NAN, |&(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_below_half_above() {
        for (pairs, expect) in [
            (&[(3.0, 1.0)][..], 3.0),
            (&[(3.0, 1.0), (1.0, 1.0)], 2.0),
            (&[(3.0, 1.0), (1.0, 1.0), (9.0, 1.0)], 3.0),
            (&[(3.0, 0.5), (1.0, 1.0), (9.0, 0.25)], 1.0),
            (&[(1.0, 0.25), (2.0, 0.25), (4.0, 0.5)], 3.0),
            (&[(f32::NEG_INFINITY, 1.0), (f32::NEG_INFINITY, 1.0)], f32::NEG_INFINITY),
            (&[(1.0, 0.1), (1.0, 0.3), (1.0, 0.7)], 1.0),
        ] {
            assert_eq!(weighted(&mut pairs.to_vec()), expect, "{pairs:?}");
        }
        assert!(weighted(&mut [(1.0, 1.0), (f32::NAN, 1.0), (2.0, 1.0)]).is_nan());
    }
}
