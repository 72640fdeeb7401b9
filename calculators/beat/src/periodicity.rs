//! How well each period explains the onsets around a moment: a comb over a running
//! autocorrelation.

/// How far apart the moments are, in seconds.
pub(crate) const STEP: f64 = 0.25;
/// Steps that the window around a moment spans.
const SPAN: usize = 32;
/// Multiples of a period that the comb looks at.
const TEETH: usize = 4;
/// Longest lag, in seconds.
const LONGEST: f64 = 4.0;
/// Periods to the octave.
pub(crate) const PER_OCTAVE: usize = 36;

/// The periods that are tried: a geometric row.
pub(crate) struct Periods {
    /// In values of the envelope, ascending.
    pub(crate) frames: Vec<f64>,
    /// In beats per minute, descending.
    pub(crate) bpm: Vec<f64>,
}

impl Periods {
    pub(crate) fn new(rate: f64, tempo_min: f64, tempo_max: f64) -> Self {
        let count = ((tempo_max / tempo_min).log2() * PER_OCTAVE as f64).round() as usize + 1;
        let bpm = (0..count).map(|i| tempo_max * (-(i as f64) / PER_OCTAVE as f64).exp2());
        let bpm: Vec<f64> = bpm.collect();
        Self { frames: bpm.iter().map(|bpm| 60.0 * rate / bpm).collect(), bpm }
    }
}

/// Gives, for each moment in order, how well each period explains it, from about -1
/// to 1.
pub(crate) fn scan(values: &[f32], rate: f64, periods: &Periods, mut take: impl FnMut(&[f32])) {
    let step = ((STEP * rate).round() as usize).max(1);
    let lags = (LONGEST * rate) as usize + 2;
    let blocks = values.len().div_ceil(step);
    let window: Vec<f32> = (0..SPAN)
        .map(|i| (0.5 - 0.5 * (std::f64::consts::TAU * (i as f64 + 0.5) / SPAN as f64).cos()) as f32)
        .collect();
    // Products of blocks, the last `SPAN` of them, by block number modulo `SPAN`.
    let mut products = vec![0.0f32; SPAN * lags];
    let mut sums = vec![0.0f32; lags];
    let mut scores = vec![0.0f32; periods.frames.len()];
    for block in 0..blocks + SPAN / 2 {
        let row = &mut products[block % SPAN * lags..][..lags];
        row.fill(0.0);
        let from = block * step;
        for at in from..(from + step).min(values.len()) {
            let now = values[at];
            if now == 0.0 {
                continue;
            }
            // Lag l meets value at - l: the row runs backwards through the past.
            let reach = lags.min(at + 1);
            let past = &values[at + 1 - reach..=at];
            for (sum, before) in row[..reach].iter_mut().zip(past.iter().rev()) {
                *sum += now * before;
            }
        }
        let Some(centre) = block.checked_sub(SPAN / 2) else { continue };
        sums.fill(0.0);
        for (i, weight) in window.iter().enumerate() {
            // Blocks centre - SPAN / 2 .. centre + SPAN / 2 around the start of `centre`.
            let Some(of) = (centre + i + 1).checked_sub(SPAN / 2) else { continue };
            if of > block {
                continue;
            }
            let row = &products[of % SPAN * lags..][..lags];
            for (sum, product) in sums.iter_mut().zip(row) {
                *sum += weight * product;
            }
        }
        comb(&sums, &periods.frames, &mut scores);
        take(&scores);
    }
}

/// The mean of the autocorrelation at the multiples of each period.
fn comb(sums: &[f32], periods: &[f64], scores: &mut [f32]) {
    let energy = sums[0].max(1e-9);
    let mean = sums.iter().sum::<f32>() / sums.len() as f32;
    let at = |lag: f64| {
        let below = lag as usize;
        let part = (lag - below as f64) as f32;
        Some(sums.get(below)? * (1.0 - part) + sums.get(below + 1)? * part)
    };
    for (score, period) in scores.iter_mut().zip(periods) {
        let (mut sum, mut weights) = (0.0, 0.0);
        for tooth in 1..=TEETH {
            let weight = 1.0 / tooth as f32;
            if let Some(value) = at(period * tooth as f64) {
                sum += weight * value;
                weights += weight;
            }
        }
        *score = if weights > 0.0 { (sum / weights - mean) / energy } else { 0.0 };
    }
}
