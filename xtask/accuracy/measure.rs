//! How well times that were found match times that are known.

/// Tolerance of beats, in seconds.
pub(crate) const BEATS: f64 = 0.07;
/// Tolerance of onsets, in seconds.
pub(crate) const ONSETS: f64 = 0.05;

/// The F-measure of `found` against `known`, both ascending, in seconds: the harmonic
/// mean of the shares of each that have a partner in the other within `window`, one
/// to one; 0 where either is empty. As `mir_eval.beat.f_measure` and
/// `mir_eval.onset.f_measure` define it.
pub(crate) fn f_measure(known: &[f64], found: &[f64], window: f64) -> f64 {
    let (mut hits, mut i, mut j) = (0usize, 0, 0);
    // In ascending lists with one tolerance the earliest partner is never a loss.
    while let (Some(a), Some(b)) = (known.get(i), found.get(j)) {
        match () {
            () if (a - b).abs() <= window => (hits, i, j) = (hits + 1, i + 1, j + 1),
            () if a < b => i += 1,
            () => j += 1,
        }
    }
    match known.len() + found.len() {
        0 => 0.0,
        all => 2.0 * hits as f64 / all as f64,
    }
}
