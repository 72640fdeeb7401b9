//! What the benchmarks that print tables share: ways of doing the same thing are
//! timed in turns, so that whatever else the machine does slows all of them alike.

use std::time::Instant;

/// Median seconds that each way takes over so many rounds, each given the round's
/// number; one round goes before that does not count.
pub(crate) fn medians<const N: usize>(rounds: usize, ways: [&mut dyn FnMut(usize); N]) -> [f64; N] {
    let mut took = [const { vec![] }; N];
    let mut ways = ways;
    for round in 0..=rounds {
        for (way, took) in ways.iter_mut().zip(&mut took) {
            let start = Instant::now();
            way(round);
            if round > 0 {
                took.push(start.elapsed().as_secs_f64());
            }
        }
    }
    took.map(|mut took| median(&mut took).unwrap_or(f64::NAN))
}

/// Median of some figures, which are sorted for it.
pub(crate) fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// What a demand came to.
pub(crate) fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "SHORT" }
}

/// Numbers as good as random, in 0..1: the same in every run (splitmix64).
pub(crate) fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
