//! Sums over one spectrum: total, centroid, spread, roll-off, distance to another.
//!
//! Magnitudes stand in rows of [`LANES`], the last filled up with zeros, which add to
//! no sum. Rows are summed side by side in f32, which the compiler vectorises, and
//! stretches of rows in f64: the error stays that of a dozen additions in f32,
//! however long the transform.

use agogic_dsp::wide;

/// Magnitudes side by side.
pub(crate) const LANES: usize = 16;

/// Rows that are summed in f32 before they are added to f64.
const ROWS: usize = 8;

/// Bins of a stretch.
const STRETCH: usize = ROWS * LANES;

/// Magnitudes of a spectrum.
pub(crate) type Rows = [[f32; LANES]];

/// The number of each bin of a stretch.
const NUMBERS: [[f32; LANES]; ROWS] = {
    let mut numbers = [[0.0; LANES]; ROWS];
    let mut i = 0;
    while i < STRETCH {
        numbers[i / LANES][i % LANES] = i as f32;
        i += 1;
    }
    numbers
};

/// As many zeros as make rows for so many bins.
pub(crate) fn rows(bins: usize) -> Vec<[f32; LANES]> {
    vec![[0.0; LANES]; bins.div_ceil(LANES)]
}

/// Square roots of powers.
pub(crate) fn magnitudes(powers: &[f32], out: &mut Rows) {
    wide(
        #[inline(always)]
        || {
            for (magnitude, power) in out.as_flattened_mut().iter_mut().zip(powers) {
                *magnitude = power.sqrt();
            }
        },
    );
}

/// Sum and centre of gravity of magnitudes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    /// The sum.
    pub(crate) total: f64,
    /// The sum of magnitude times bin number.
    pub(crate) first: f64,
}

impl Moments {
    /// Takes the sums, and keeps that of each stretch in `stretches`.
    pub(crate) fn of(magnitudes: &Rows, stretches: &mut Vec<f64>) -> Self {
        stretches.clear();
        let (mut total, mut first) = (0.0, 0.0);
        for (index, stretch) in magnitudes.chunks(ROWS).enumerate() {
            let (mut plain, mut weighted) = ([0.0f32; LANES], [0.0f32; LANES]);
            for (row, numbers) in stretch.iter().zip(&NUMBERS) {
                for lane in 0..LANES {
                    plain[lane] += row[lane];
                    weighted[lane] += row[lane] * numbers[lane];
                }
            }
            let sum = sum(&plain);
            stretches.push(sum);
            total += sum;
            first += (index * STRETCH) as f64 * sum + self::sum(&weighted);
        }
        Self { total, first }
    }

    /// The centroid in bins; 0 for silence.
    pub(crate) fn centroid(self) -> f64 {
        if self.total > 0.0 { self.first / self.total } else { 0.0 }
    }
}

/// The root of the mean of the squared distances to `centre`, in bins, weighted
/// with the magnitudes, whose sum is `total`; 0 for silence.
pub(crate) fn bandwidth(magnitudes: &Rows, centre: f64, total: f64) -> f64 {
    if total <= 0.0 {
        return 0.0;
    }
    let mut sum = 0.0;
    for (index, stretch) in magnitudes.chunks(ROWS).enumerate() {
        // The centre as seen from the stretch: near it, it is exact enough.
        let centre = (centre - (index * STRETCH) as f64) as f32;
        sum += fold(stretch, &NUMBERS, |x, number| x * ((number - centre) * (number - centre)));
    }
    (sum / total).sqrt()
}

/// The first bin up to which the magnitudes sum to at least `threshold`; the last
/// row if none is.
pub(crate) fn reach(magnitudes: &Rows, stretches: &[f64], threshold: f64) -> usize {
    let mut sum = 0.0;
    for (index, (stretch, total)) in magnitudes.chunks(ROWS).zip(stretches).enumerate() {
        if sum + total < threshold {
            sum += total;
            continue;
        }
        for (bin, &magnitude) in stretch.as_flattened().iter().enumerate() {
            sum += f64::from(magnitude);
            if sum >= threshold {
                return index * STRETCH + bin;
            }
        }
    }
    (LANES * magnitudes.len()).saturating_sub(1)
}

/// The sum of the squared differences of magnitudes, of the rises only if `rises`.
pub(crate) fn distance(now: &Rows, before: &Rows, rises: bool) -> f64 {
    let stretches = now.chunks(ROWS).zip(before.chunks(ROWS));
    if rises {
        let square = |x: f32| x * x;
        return stretches.map(|(a, b)| fold(a, b, |now, before| square((now - before).max(0.0)))).sum();
    }
    stretches.map(|(a, b)| fold(a, b, |now, before| (now - before) * (now - before))).sum()
}

/// The largest magnitude; 0 for none.
pub(crate) fn largest(magnitudes: &Rows) -> f32 {
    let mut lanes = [0.0f32; LANES];
    for row in magnitudes {
        for lane in 0..LANES {
            lanes[lane] = if row[lane] > lanes[lane] { row[lane] } else { lanes[lane] };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// Sums `term` over pairs of at most a stretch.
#[inline(always)]
fn fold(a: &Rows, b: &Rows, term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0.0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    sum(&lanes)
}

/// The sum of all lanes, in pairs.
///
/// Not inlined: where it is, the compiler makes vectors of two of the loop before.
#[inline(never)]
fn sum(lanes: &[f32; LANES]) -> f64 {
    let mut lanes = *lanes;
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = lanes.split_at_mut(half);
        for (a, b) in low.iter_mut().zip(high) {
            *a += *b;
        }
        half /= 2;
    }
    f64::from(lanes[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same in f64, by the definitions.
    fn plain(row: &[f32]) -> (f64, f64, f64) {
        let total: f64 = row.iter().map(|&x| f64::from(x)).sum();
        let first: f64 = row.iter().enumerate().map(|(k, &x)| k as f64 * f64::from(x)).sum();
        let centroid = if total > 0.0 { first / total } else { 0.0 };
        let spread: f64 =
            row.iter().enumerate().map(|(k, &x)| (k as f64 - centroid).powi(2) * f64::from(x)).sum();
        (total, centroid, if total > 0.0 { (spread / total).sqrt() } else { 0.0 })
    }

    /// Rows of a list of magnitudes.
    fn in_rows(list: &[f32]) -> Vec<[f32; LANES]> {
        let mut filled = rows(list.len());
        filled.as_flattened_mut()[..list.len()].copy_from_slice(list);
        filled
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_definition(list in prop::collection::vec(0.0f32..100.0, 1..600)) {
            let row = in_rows(&list);
            let (total, centroid, spread) = plain(&list);
            let mut stretches = vec![];
            let moments = Moments::of(&row, &mut stretches);
            prop_assert!((moments.total - total).abs() <= 1e-6 * total);
            prop_assert!((moments.centroid() - centroid).abs() <= 1e-5 * centroid);
            prop_assert!((bandwidth(&row, centroid, total) - spread).abs() <= 1e-5 * spread + 1e-6);
            prop_assert_eq!(largest(&row), list.iter().copied().fold(0.0, f32::max));
            let other: Vec<f32> = list.iter().rev().copied().collect();
            let squares = |keep: fn(f64) -> f64| -> f64 {
                list.iter().zip(&other).map(|(&a, &b)| keep(f64::from(a) - f64::from(b)).powi(2)).sum()
            };
            let (all, rises) = (squares(|d| d), squares(|d| d.max(0.0)));
            prop_assert!((distance(&row, &in_rows(&other), false) - all).abs() <= 1e-5 * all);
            prop_assert!((distance(&row, &in_rows(&other), true) - rises).abs() <= 1e-5 * rises);
        }

        #[test]
        fn magnitudes_are_square_roots(powers in prop::collection::vec(0.0f32..100.0, 1..100)) {
            let mut out = rows(powers.len());
            magnitudes(&powers, &mut out);
            let roots: Vec<f32> = powers.into_iter().map(f32::sqrt).collect();
            prop_assert_eq!(out, in_rows(&roots));
        }
    }

    #[test]
    fn a_lone_peak_far_up_has_a_small_bandwidth() {
        let mut list = vec![0.0f32; 1 << 16];
        list[60_000] = 1.0;
        list[60_001] = 1.0;
        let (total, centroid, spread) = plain(&list);
        assert_eq!((total, centroid, spread), (2.0, 60_000.5, 0.5));
        let row = in_rows(&list);
        let moments = Moments::of(&row, &mut vec![]);
        assert_eq!((moments.total, moments.centroid()), (2.0, 60_000.5));
        assert_eq!(bandwidth(&row, centroid, total), 0.5);
    }

    #[test]
    fn where_a_sum_is_reached() {
        let mut list = vec![0.0f32; 200];
        (list[3], list[100], list[199]) = (1.0, 1.0, 2.0);
        let row = in_rows(&list);
        let mut stretches = vec![];
        assert_eq!(Moments::of(&row, &mut stretches).total, 4.0);
        for (threshold, expect) in
            [(0.0, 0), (0.5, 3), (1.0, 3), (1.5, 100), (2.0, 100), (2.1, 199), (4.0, 199), (5.0, 207)]
        {
            assert_eq!(reach(&row, &stretches, threshold), expect, "{threshold}");
        }
    }

    #[test]
    fn silence() {
        let row = rows(33);
        let moments = Moments::of(&row, &mut vec![]);
        assert_eq!((moments.total, moments.centroid()), (0.0, 0.0));
        assert_eq!((bandwidth(&row, 0.0, 0.0), largest(&row)), (0.0, 0.0));
    }
}
