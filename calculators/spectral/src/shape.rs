//! Sums over one spectrum: total, centroid, spread, roll-off, distance to another.
//!
//! Values are summed in f32 lanes, which the compiler vectorises, over stretches
//! of [`STRETCH`] bins; stretches are summed in f64. So the error stays that of
//! four additions in f32, however long the transform.

/// Bins that are summed in f32 before they are added to f64.
pub(crate) const STRETCH: usize = 64;

/// Independent sums within a stretch.
const LANES: usize = 16;

/// The number of each bin of a stretch.
const NUMBERS: [f32; STRETCH] = {
    let mut numbers = [0.0; STRETCH];
    let mut i = 0;
    while i < STRETCH {
        numbers[i] = i as f32;
        i += 1;
    }
    numbers
};

/// Square roots of powers.
pub(crate) fn magnitudes(powers: &[f32], out: &mut [f32]) {
    for (magnitude, power) in out.iter_mut().zip(powers) {
        *magnitude = power.sqrt();
    }
}

/// Sum and centre of gravity of a row of magnitudes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moments {
    /// The sum.
    pub(crate) total: f64,
    /// The sum of magnitude times bin number.
    pub(crate) first: f64,
}

impl Moments {
    /// Takes the sums, and keeps that of each stretch in `stretches`.
    pub(crate) fn of(magnitudes: &[f32], stretches: &mut Vec<f64>) -> Self {
        stretches.clear();
        let (mut total, mut first) = (0.0, 0.0);
        for (index, stretch) in magnitudes.chunks(STRETCH).enumerate() {
            let (sum, inner) = sums(stretch);
            stretches.push(sum);
            total += sum;
            first += (index * STRETCH) as f64 * sum + inner;
        }
        Self { total, first }
    }

    /// The centroid in bins; 0 for silence.
    pub(crate) fn centroid(self) -> f64 {
        if self.total > 0.0 { self.first / self.total } else { 0.0 }
    }
}

/// A stretch's sum, and its sum of magnitude times number within the stretch.
fn sums(stretch: &[f32]) -> (f64, f64) {
    let (mut plain, mut weighted) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (rows, numbers) = (stretch.chunks_exact(LANES), NUMBERS.chunks_exact(LANES));
    let tail = rows.remainder();
    let tail_numbers = &NUMBERS[stretch.len() - tail.len()..];
    for (row, numbers) in rows.zip(numbers) {
        for ((plain, weighted), (x, number)) in
            plain.iter_mut().zip(&mut weighted).zip(row.iter().zip(numbers))
        {
            *plain += x;
            *weighted += x * number;
        }
    }
    for ((plain, weighted), (x, number)) in
        plain.iter_mut().zip(&mut weighted).zip(tail.iter().zip(tail_numbers))
    {
        *plain += x;
        *weighted += x * number;
    }
    (add(plain), add(weighted))
}

/// The root of the mean of the squared distances to `centre`, in bins, weighted
/// with the magnitudes, whose sum is `total`; 0 for silence.
pub(crate) fn bandwidth(magnitudes: &[f32], centre: f64, total: f64) -> f64 {
    if total <= 0.0 {
        return 0.0;
    }
    let mut sum = 0.0;
    for (index, stretch) in magnitudes.chunks(STRETCH).enumerate() {
        // The centre as seen from the stretch: near it, it is exact enough.
        let centre = (centre - (index * STRETCH) as f64) as f32;
        sum += fold(stretch, &NUMBERS, |x, number| x * (number - centre) * (number - centre));
    }
    (sum / total).sqrt()
}

/// The first bin up to which the magnitudes sum to at least `threshold`.
pub(crate) fn reach(magnitudes: &[f32], stretches: &[f64], threshold: f64) -> usize {
    let mut sum = 0.0;
    for (index, (stretch, total)) in magnitudes.chunks(STRETCH).zip(stretches).enumerate() {
        if sum + total < threshold {
            sum += total;
            continue;
        }
        for (bin, &magnitude) in stretch.iter().enumerate() {
            sum += f64::from(magnitude);
            if sum >= threshold {
                return index * STRETCH + bin;
            }
        }
    }
    magnitudes.len().saturating_sub(1)
}

/// The sum of the squared differences of two rows, of the rises only if `rises`.
pub(crate) fn distance(now: &[f32], before: &[f32], rises: bool) -> f64 {
    let stretches = now.chunks(STRETCH).zip(before.chunks(STRETCH));
    if rises {
        let rise = |now: f32, before: f32| (now - before).max(0.0);
        return stretches.map(|(a, b)| fold(a, b, |now, before| rise(now, before) * rise(now, before))).sum();
    }
    stretches.map(|(a, b)| fold(a, b, |now, before| (now - before) * (now - before))).sum()
}

/// The largest magnitude; 0 for none.
pub(crate) fn largest(magnitudes: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    for row in magnitudes.chunks(LANES) {
        for (lane, &x) in lanes.iter_mut().zip(row) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// Sums `term` over the pairs of at most a stretch.
#[inline(always)]
fn fold(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0.0f32; LANES];
    let (rows, others) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail = rows.remainder();
    let tail_others = &b[a.len() - tail.len()..];
    for (row, others) in rows.zip(others) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(row.iter().zip(others)) {
            *lane += term(a, b);
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(tail.iter().zip(tail_others)) {
        *lane += term(a, b);
    }
    add(lanes)
}

/// The sum of all lanes, in pairs.
fn add(lanes: [f32; LANES]) -> f64 {
    let mut lanes = lanes;
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

    proptest! {
        #[test]
        fn sums_are_those_of_the_definition(row in prop::collection::vec(0.0f32..100.0, 1..300)) {
            let (total, centroid, spread) = plain(&row);
            let mut stretches = vec![];
            let moments = Moments::of(&row, &mut stretches);
            prop_assert!((moments.total - total).abs() <= 1e-6 * total);
            prop_assert!((moments.centroid() - centroid).abs() <= 1e-5 * centroid);
            prop_assert!((bandwidth(&row, centroid, total) - spread).abs() <= 1e-5 * spread + 1e-6);
            prop_assert_eq!(largest(&row), row.iter().copied().fold(0.0, f32::max));
            let other: Vec<f32> = row.iter().rev().copied().collect();
            let squares = |keep: fn(f64) -> f64| -> f64 {
                row.iter().zip(&other).map(|(&a, &b)| keep(f64::from(a) - f64::from(b)).powi(2)).sum()
            };
            let (all, rises) = (squares(|d| d), squares(|d| d.max(0.0)));
            prop_assert!((distance(&row, &other, false) - all).abs() <= 1e-5 * all);
            prop_assert!((distance(&row, &other, true) - rises).abs() <= 1e-5 * rises);
        }
    }

    #[test]
    fn a_lone_peak_far_up_has_a_small_bandwidth() {
        let mut row = vec![0.0f32; 1 << 16];
        row[60_000] = 1.0;
        row[60_001] = 1.0;
        let (total, centroid, spread) = plain(&row);
        assert_eq!((total, centroid, spread), (2.0, 60_000.5, 0.5));
        let moments = Moments::of(&row, &mut vec![]);
        assert_eq!((moments.total, moments.centroid()), (2.0, 60_000.5));
        assert_eq!(bandwidth(&row, centroid, total), 0.5);
    }

    #[test]
    fn where_a_sum_is_reached() {
        let mut row = vec![0.0f32; 200];
        (row[3], row[100], row[199]) = (1.0, 1.0, 2.0);
        let mut stretches = vec![];
        assert_eq!(Moments::of(&row, &mut stretches).total, 4.0);
        for (threshold, expect) in
            [(0.0, 0), (0.5, 3), (1.0, 3), (1.5, 100), (2.0, 100), (2.1, 199), (4.0, 199), (5.0, 199)]
        {
            assert_eq!(reach(&row, &stretches, threshold), expect, "{threshold}");
        }
    }

    #[test]
    fn silence() {
        let moments = Moments::of(&[0.0; 33], &mut vec![]);
        assert_eq!((moments.total, moments.centroid()), (0.0, 0.0));
        assert_eq!((bandwidth(&[0.0; 33], 0.0, 0.0), largest(&[0.0; 33])), (0.0, 0.0));
    }
}
