//! Candidates of pitch in a frame, each with its probability: YIN under a
//! distribution of thresholds instead of one.

use crate::difference::{shift, troughs};

/// What probabilities depend on.
pub(crate) struct Prior {
    /// How many thresholds, evenly spaced up to 1.
    pub(crate) n_thresholds: usize,
    /// Shape of the thresholds' beta distribution.
    pub(crate) beta: (u32, u32),
    /// Decay of the troughs' distribution: how much earlier ones are preferred.
    pub(crate) boltzmann: f64,
    /// Share that goes to the lowest trough where none is below the threshold.
    pub(crate) no_trough: f64,
}

/// Which bins of pitch there are, and which periods.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rate: f64,
    pub(crate) fmin: f64,
    pub(crate) min_period: usize,
    pub(crate) bins_per_octave: f64,
    pub(crate) n_bins: usize,
}

impl Scale {
    /// The frequency of a bin, in Hz.
    pub(crate) fn hz(&self, bin: usize) -> f64 {
        self.fmin * (bin as f64 / self.bins_per_octave).exp2()
    }

    fn bin(&self, period: f64) -> Option<usize> {
        let bin = (self.bins_per_octave * (self.rate / period / self.fmin).log2()).round_ties_even();
        // Of what lies above the last bin nothing is kept.
        (bin < self.n_bins as f64).then_some(bin.max(0.0) as usize)
    }
}

/// Finds the candidates of one frame after the other.
pub(crate) struct Candidates {
    scale: Scale,
    /// Probability that the threshold is at most `i / n_thresholds`.
    below: Vec<f64>,
    boltzmann: f64,
    no_trough: f64,
    /// Troughs of the frame: place, how many thresholds are not above it, and
    /// probability.
    troughs: Vec<(usize, usize, f64)>,
    /// How many troughs there are for each number of thresholds.
    counts: Vec<usize>,
    found: Vec<(usize, f64)>,
}

impl Candidates {
    pub(crate) fn new(scale: Scale, prior: &Prior) -> Self {
        let n = prior.n_thresholds;
        Self {
            scale,
            below: (0..=n).map(|i| beta_cdf(i as f64 / n as f64, prior.beta)).collect(),
            boltzmann: prior.boltzmann,
            no_trough: prior.no_trough,
            troughs: vec![],
            counts: vec![0; n + 1],
            found: vec![],
        }
    }

    /// The bins of the candidates in a row of differences and their probabilities,
    /// highest bin first, and the probability that the frame has a pitch.
    pub(crate) fn find(&mut self, row: &[f32]) -> (&[(usize, f64)], f64) {
        self.weigh(row);
        self.found.clear();
        for &(place, _, probability) in self.troughs.iter().filter(|trough| trough.2 > 0.0) {
            let period = (self.scale.min_period + place) as f64 + shift(row, place);
            let Some(bin) = self.scale.bin(period) else { continue };
            match self.found.last_mut() {
                // As in librosa, the longer period stands where two share a bin.
                Some(last) if last.0 == bin => last.1 = probability,
                _ => self.found.push((bin, probability)),
            }
        }
        let voiced = self.found.iter().rev().map(|candidate| candidate.1).sum::<f64>().clamp(0.0, 1.0);
        (&self.found, voiced)
    }

    /// The troughs of a row and their probabilities. Between two heights of troughs
    /// all thresholds have the same troughs below them, so the probability of those
    /// thresholds is handed out at once.
    fn weigh(&mut self, row: &[f32]) {
        let n = self.below.len() - 1;
        self.troughs.clear();
        self.counts.fill(0);
        let mut lowest: Option<(usize, f32)> = None;
        for place in troughs(row) {
            let height = row[place];
            let under = thresholds_under(height, n);
            if lowest.is_none_or(|(_, least)| height < least) {
                lowest = Some((self.troughs.len(), height));
            }
            self.troughs.push((place, under, 0.0));
            self.counts[under] += 1;
        }
        let Some((lowest, _)) = lowest else { return };
        self.troughs[lowest].2 = self.no_trough * self.below[self.troughs[lowest].1];

        let decay = (-self.boltzmann).exp();
        let (mut from, mut among) = (0, 0);
        while let Some(here) = (from..n).find(|&i| self.counts[i] > 0) {
            among += self.counts[here];
            from = here + 1;
            let to = (from..n).find(|&i| self.counts[i] > 0).unwrap_or(n);
            let mass = self.below[to] - self.below[here];
            if mass <= 0.0 {
                continue;
            }
            let mut share = mass * (1.0 - decay) / (1.0 - decay.powi(among as i32));
            for trough in self.troughs.iter_mut().filter(|trough| trough.1 <= here) {
                trough.2 += share;
                share *= decay;
            }
        }
    }
}

/// How many of the thresholds `1 / n, .., n / n` are not above `height`.
fn thresholds_under(height: f32, n: usize) -> usize {
    let height = f64::from(height);
    let threshold = |i: usize| i as f64 / n as f64;
    let mut under = ((height * n as f64).max(0.0) as usize).min(n);
    while under < n && threshold(under + 1) <= height {
        under += 1;
    }
    while under > 0 && threshold(under) > height {
        under -= 1;
    }
    under
}

/// The beta distribution of whole-number shapes: the probability that at least `a`
/// of `a + b - 1` draws succeed, each with probability `x`.
fn beta_cdf(x: f64, (a, b): (u32, u32)) -> f64 {
    let draws = a + b - 1;
    let mut ways = 1.0;
    let mut sum = 0.0;
    for hits in 0..=draws {
        if hits >= a {
            sum += ways * x.powi(hits as i32) * (1.0 - x).powi((draws - hits) as i32);
        }
        ways *= f64::from(draws - hits) / f64::from(hits + 1);
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior { n_thresholds: 100, beta: (2, 18), boltzmann: 2.0, no_trough: 0.01 };
    const SCALE: Scale =
        Scale { rate: 22_050.0, fmin: 65.406, min_period: 10, bins_per_octave: 120.0, n_bins: 601 };

    #[test]
    fn the_beta_distribution() {
        for x in [0.0f64, 0.01, 0.1, 0.3, 0.5, 1.0] {
            let expect = 1.0 - (1.0 - x).powi(19) - 19.0 * x * (1.0 - x).powi(18);
            assert!((beta_cdf(x, (2, 18)) - expect).abs() < 1e-14, "{x}");
        }
        assert!((beta_cdf(0.3, (1, 1)) - 0.3).abs() < 1e-15);
        assert!((beta_cdf(1.0, (100, 100)) - 1.0).abs() < 1e-12);
    }

    /// One threshold after the other, as the definition has it.
    fn by_definition(row: &[f32]) -> Vec<(usize, f64)> {
        let places: Vec<usize> = troughs(row).collect();
        let mut all: Vec<(usize, f64)> = places.iter().map(|&place| (place, 0.0)).collect();
        let heights: Vec<f64> = places.iter().map(|&place| f64::from(row[place])).collect();
        let least = heights.iter().copied().fold(f64::INFINITY, f64::min);
        for i in 1..=100 {
            let threshold = f64::from(i) / 100.0;
            let mass = beta_cdf(threshold, (2, 18)) - beta_cdf(f64::from(i - 1) / 100.0, (2, 18));
            let below: Vec<usize> = (0..all.len()).filter(|&t| heights[t] < threshold).collect();
            let total: f64 = (0..below.len()).map(|k| (-2.0 * k as f64).exp()).sum();
            for (k, &t) in below.iter().enumerate() {
                all[t].1 += mass * (-2.0 * k as f64).exp() / total;
            }
            if below.is_empty()
                && let Some(t) = heights.iter().position(|&height| height == least)
            {
                all[t].1 += 0.01 * mass;
            }
        }
        all
    }

    #[test]
    fn probabilities_are_as_defined() {
        let mut candidates = Candidates::new(SCALE, &PRIOR);
        for spread in [0.1f32, 0.5, 1.0, 3.0] {
            let height = |i: u32| spread * (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1.7e7;
            let row: Vec<f32> = (0..60).map(height).collect();
            candidates.weigh(&row);
            let expect = by_definition(&row);
            assert_eq!(candidates.troughs.len(), expect.len());
            for (got, expect) in candidates.troughs.iter().zip(expect) {
                assert!(got.0 == expect.0 && (got.2 - expect.1).abs() < 1e-12, "{got:?} is not {expect:?}");
            }
            let (found, voiced) = candidates.find(&row);
            assert!(found.windows(2).all(|pair| pair[0].0 > pair[1].0));
            assert!((0.0..=1.0).contains(&voiced));
        }
    }

    #[test]
    fn a_flat_row_has_none() {
        let mut candidates = Candidates::new(SCALE, &PRIOR);
        assert_eq!(candidates.find(&[0.0; 50]), (&[][..], 0.0));
        assert_eq!(candidates.find(&[]), (&[][..], 0.0));
    }

    #[test]
    fn thresholds_are_counted_strictly() {
        let cases = [(-0.1, 0), (0.0, 0), (0.0099, 0), (0.5, 50), (0.4999, 49), (1.0, 100), (7.0, 100)];
        for (height, expect) in cases {
            assert_eq!(thresholds_under(height, 100), expect, "{height}");
        }
    }
}
