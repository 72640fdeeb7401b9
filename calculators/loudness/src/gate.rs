//! Programme loudness and loudness range: what the energies of all tenths of a
//! second come to in the end.

/// Tenths under a gating block.
const BLOCK: usize = 4;
/// Tenths under a value of short-term loudness.
const SHORT_TERM: usize = 30;
/// Where no block passes the gates, in LUFS: the absolute gate.
pub(crate) const ABSOLUTE: f64 = -70.0;
/// Offset of loudness, in LU: a sine of 997 Hz at full scale in one channel
/// has -3.01 LUFS.
const OFFSET: f64 = -0.691;

/// Loudness of a mean square, in LUFS, or `floor` if that is greater.
pub(crate) fn loudness(mean_square: f64, floor: f64) -> f64 {
    (OFFSET + 10.0 * mean_square.log10()).max(floor)
}

/// The mean square of a loudness in LUFS.
fn mean_square(loudness: f64) -> f64 {
    10f64.powf((loudness - OFFSET) / 10.0)
}

/// Programme loudness in LUFS (BS.1770-5, Annex 1): the mean of the blocks of
/// 400 ms, a tenth of a second apart, that exceed -70 LUFS and a second gate 10 LU
/// below the mean of those; -70 where there is none. `tenths` are the weighted
/// mean squares of all whole tenths.
pub(crate) fn integrated(tenths: &[f64]) -> f64 {
    let absolute = mean_square(ABSOLUTE);
    let Some(all) = mean_above(blocks(tenths, BLOCK), absolute) else { return ABSOLUTE };
    let relative = absolute.max(all / 10.0);
    mean_above(blocks(tenths, BLOCK), relative).map_or(ABSOLUTE, |mean| loudness(mean, ABSOLUTE))
}

/// Loudness range in LU (EBU Tech 3342): from the 10th to the 95th percentile of
/// the short-term values, a tenth of a second apart, that exceed -70 LUFS and a
/// second gate 20 LU below the mean of those; 0 where there is none.
pub(crate) fn range(tenths: &[f64]) -> f64 {
    let absolute = mean_square(ABSOLUTE);
    let mut values: Vec<f64> = blocks(tenths, SHORT_TERM).filter(|&value| value > absolute).collect();
    let Some(all) = mean_above(values.iter().copied(), absolute) else { return 0.0 };
    values.retain(|&value| value >= all / 100.0);
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let percentile = |part: f64| values.get((last * part).round() as usize).copied().unwrap_or(1.0);
    10.0 * (percentile(0.95) / percentile(0.1)).log10()
}

fn blocks(tenths: &[f64], length: usize) -> impl Iterator<Item = f64> {
    tenths.windows(length).map(move |block| block.iter().sum::<f64>() / length as f64)
}

fn mean_above(values: impl Iterator<Item = f64>, gate: f64) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for value in values.filter(|&value| value > gate) {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}
