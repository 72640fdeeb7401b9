//! The most likely path through pitches with and without a voice: Viterbi's
//! decoding, streamed.
//!
//! A state is a bin of pitch, voiced or not. Within a frame's time pitch moves by
//! less than the width of a triangle and the voice seldom changes, so all the ways
//! into a state lie in a band around it. What is kept of a frame is how likely its
//! states are; where a path came from is worked out again for the few states that
//! are asked for. Now and then all paths are followed back to where they say the same:
//! up to there the path is known, whatever follows.

/// Stands for the logarithm of 0, as in librosa: that of the least normal number.
const LOG_ZERO: f64 = -708.396_418_532_264_1;
/// Frames between two looks for what is decided.
const LOOK: usize = 256;
/// Bins that are worked out at once.
const LANES: usize = 8;

/// The most likely path, so far as it is known.
pub(crate) struct Decoder {
    bins: usize,
    /// Logarithms of the triangle, and the step that the first of them is for.
    kernel: Vec<f64>,
    first: isize,
    /// Logarithm of the sum of the triangle around each bin, cut at the ends.
    norms: Vec<f64>,
    /// Logarithms of the probability that the voice stays as it is, and changes.
    stay: f64,
    change: f64,
    /// How likely the states of the frames are that are not given yet: voiced bins,
    /// then unvoiced ones.
    rows: Vec<f64>,
    /// The largest value of each row.
    peaks: Vec<f64>,
    /// Whether all best ways into unvoiced states of a row are from unvoiced ones.
    closed: Vec<bool>,
    /// How many rows there will be at the next look.
    look: usize,
    /// The candidates of the newest frame, and how likely they are.
    candidates: Vec<(usize, f64)>,
    /// No other voiced state of the newest frame is more likely.
    others: f64,
    work: Work,
}

/// Memory of a step, and of a look back.
struct Work {
    /// States one was in, with room on either side for the triangle.
    padded: Vec<f64>,
    voiced: Vec<f64>,
    unvoiced: Vec<f64>,
    /// Marks of states, and the states that paths go through.
    marks: Vec<bool>,
    alive: Vec<usize>,
    path: Vec<usize>,
}

impl Decoder {
    /// For so many bins, a triangle over `width` of them, at least 1, and the
    /// probability `switch` that the voice changes.
    pub(crate) fn new(bins: usize, width: usize, switch: f64) -> Self {
        // Where SciPy's symmetric triangle lies once librosa has centred and turned it.
        let (n, w) = (bins as isize, width as isize);
        let first = (n - w).div_euclid(2) + n / 2 + 1 - n;
        let weight =
            |i: usize| (i + 1).min(width - i) as f64 * 2.0 - if width.is_multiple_of(2) { 1.0 } else { 0.0 };
        let weights: Vec<f64> = (0..width).map(weight).collect();
        let norm = |bin: usize| {
            let inside = |step: isize| (0..n).contains(&(bin as isize + step));
            let steps = weights.iter().enumerate().filter(|&(i, _)| inside(first + i as isize));
            steps.map(|(_, weight)| weight).sum::<f64>().ln()
        };
        let lanes = bins.next_multiple_of(LANES);
        Self {
            bins,
            first,
            norms: (0..bins).map(norm).collect(),
            kernel: weights.iter().map(|weight| weight.ln()).collect(),
            stay: (1.0 - switch).ln(),
            change: switch.ln(),
            rows: vec![],
            peaks: vec![],
            closed: vec![],
            look: LOOK,
            candidates: vec![],
            others: 0.0,
            work: Work {
                padded: vec![f64::NEG_INFINITY; lanes + width],
                voiced: vec![0.0; lanes],
                unvoiced: vec![0.0; lanes],
                marks: vec![false; 2 * bins],
                alive: vec![],
                path: vec![],
            },
        }
    }

    /// Takes the next frame: the bins that may be its pitch with their
    /// probabilities, and the probability that it has a pitch, from 0 to 1. Gives
    /// the bins of the frames that are decided by now, `None` for unvoiced ones.
    pub(crate) fn push(
        &mut self,
        candidates: &[(usize, f64)],
        voiced: f64,
        mut give: impl FnMut(Option<usize>),
    ) {
        let without = log((1.0 - voiced) / self.bins as f64);
        let start = self.rows.len();
        if let Some(last) = start.checked_sub(2 * self.bins) {
            self.step(last);
        } else {
            let even = (1.0 / (2 * self.bins) as f64).ln();
            self.rows.resize(2 * self.bins, even);
            self.closed.push(false);
        }
        let (bins, rest) = self.rows[start..].split_at_mut(self.bins);
        rest.iter_mut().for_each(|value| *value += without);
        let before = bins.iter().copied().fold(f64::NEG_INFINITY, greater);
        self.others = before + LOG_ZERO;
        self.candidates.clear();
        self.candidates.extend(candidates.iter().map(|&(bin, p)| (bin, bins[bin] + log(p))));
        bins.iter_mut().for_each(|value| *value += LOG_ZERO);
        for &(bin, value) in &self.candidates {
            bins[bin] = value;
        }
        self.peaks.push(self.rows[start..].iter().copied().fold(f64::NEG_INFINITY, greater));
        if self.peaks.len() >= self.look {
            self.decide(&mut give);
        }
    }

    /// Gives the bins of the frames that are left.
    pub(crate) fn finish(&mut self, mut give: impl FnMut(Option<usize>)) {
        let Some(last) = self.peaks.len().checked_sub(1) else { return };
        let mut state = first_of(self.row(last), self.peaks[last]);
        let path = &mut vec![state];
        for row in (0..last).rev() {
            state = self.before(row, state);
            path.push(state);
        }
        path.iter().rev().for_each(|&state| give(self.output(state)));
        self.rows.clear();
        self.peaks.clear();
        self.closed.clear();
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * 2 * self.bins..][..2 * self.bins]
    }

    /// Adds a row: how likely the best ways into its states are, from the row that
    /// starts at `last`.
    fn step(&mut self, last: usize) {
        let bins = self.bins;
        let (voiced, unvoiced) = self.rows[last..].split_at(bins);
        let Work { padded, voiced: by_voiced, unvoiced: by_unvoiced, .. } = &mut self.work;
        // A way by step s into bin j comes from bin j - s: from place j + kernel - 1 - i
        // of what is padded, where s is the i-th step.
        let before = (self.kernel.len() as isize - 1 + self.first) as usize;
        let mut dense = |from: &[f64], to: &mut [f64]| {
            for (place, (value, norm)) in padded[before..].iter_mut().zip(from.iter().zip(&self.norms)) {
                *place = value - norm;
            }
            spread(padded, &self.kernel, to);
        };
        dense(unvoiced, by_unvoiced);
        let least = by_unvoiced[..bins].iter().copied().fold(f64::INFINITY, lesser);
        if least + self.change.min(self.stay) > self.others {
            // Only the candidates can be the start of a best way.
            by_voiced.fill(f64::NEG_INFINITY);
            for &(bin, value) in &self.candidates {
                let start = bin as isize + self.first;
                let skipped = (-start).max(0) as usize;
                let value = value - self.norms[bin];
                let places = by_voiced[..bins].iter_mut().skip((start.max(0)) as usize);
                for (place, weight) in places.zip(self.kernel.iter().skip(skipped)) {
                    *place = greater(*place, value + weight);
                }
            }
        } else {
            dense(voiced, by_voiced);
        }
        let jump = self.peaks.last().map_or(f64::NEG_INFINITY, |peak| peak + LOG_ZERO);
        let ways = by_voiced[..bins].iter().zip(&by_unvoiced[..bins]);
        let (stay, change) = (self.stay, self.change);
        let best = move |same: f64, other: f64| greater(greater(same + stay, other + change), jump);
        let opens = |&(voiced, unvoiced): &(&f64, &f64)| voiced + change >= unvoiced + stay;
        let ways_in = ways.clone().filter(opens).count();
        self.closed.push(ways_in == 0 && least + stay >= jump);
        self.rows.extend(ways.clone().map(|(&voiced, &unvoiced)| best(voiced, unvoiced)));
        self.rows.extend(ways.map(|(&voiced, &unvoiced)| best(unvoiced, voiced)));
    }

    /// The state of row `row` from which the best way leads into `state` of the next
    /// one. Of ways that are alike it is that from the same bin, or else the first.
    fn before(&self, row: usize, state: usize) -> usize {
        let (bins, values) = (self.bins, self.row(row));
        let (is_unvoiced, bin) = (state / bins, state % bins);
        let width = self.kernel.len() as isize;
        // The bins that a step of the triangle leads from, and the first one's step.
        let last = bin as isize - self.first;
        let (start, end) = ((last - width + 1).max(0) as usize, (last + 1).clamp(0, bins as isize) as usize);
        let weights = &self.kernel[..=(last - start as isize) as usize];
        let mut best = (f64::NEG_INFINITY, 0);
        for was_unvoiced in [0, 1] {
            let same = was_unvoiced == is_unvoiced;
            if !same && is_unvoiced == 1 && self.closed[row + 1] {
                continue;
            }
            let switch = if same { self.stay } else { self.change };
            let values = &values[was_unvoiced * bins..][start..end];
            let norms = &self.norms[start..end];
            let way = |i: usize| values[i] - norms[i] + weights[weights.len() - 1 - i] + switch;
            let most = most(values, norms, weights) + switch;
            if most > best.0 {
                let here = bin.wrapping_sub(start);
                let from = if here < values.len() && way(here) == most {
                    here
                } else {
                    (0..values.len()).find(|&i| way(i) == most).unwrap_or(0)
                };
                best = (most, was_unvoiced * bins + start + from);
            }
        }
        if self.peaks[row] + LOG_ZERO > best.0 { first_of(values, self.peaks[row]) } else { best.1 }
    }

    /// Follows all paths back from the newest row and gives the frames, from the
    /// oldest on, for which they say the same: one bin, or unvoiced, in whatever bin.
    fn decide(&mut self, give: &mut impl FnMut(Option<usize>)) {
        let newest = self.peaks.len() - 1;
        let mut alive = std::mem::take(&mut self.work.alive);
        let mut path = std::mem::take(&mut self.work.path);
        alive.clear();
        alive.extend(0..2 * self.bins);
        path.clear();
        path.resize(newest, 0);
        let mut decided = newest;
        for row in (0..newest).rev() {
            for state in &mut alive {
                *state = self.before(row, *state);
            }
            let marks = &mut self.work.marks;
            alive.retain(|&state| !std::mem::replace(&mut marks[state], true));
            alive.iter().for_each(|&state| marks[state] = false);
            path[row] = alive[0];
            if alive.len() > 1 && alive.iter().any(|&state| state < self.bins) {
                decided = row;
            }
        }
        if decided > 0 {
            path[..decided].iter().for_each(|&state| give(self.output(state)));
            self.rows.drain(..decided * 2 * self.bins);
            self.peaks.drain(..decided);
            self.closed.drain(..decided);
        }
        self.look = self.peaks.len() + LOOK.max(self.peaks.len() / 2);
        (self.work.alive, self.work.path) = (alive, path);
    }

    fn output(&self, state: usize) -> Option<usize> {
        (state < self.bins).then_some(state)
    }
}

/// `to[j]` is the greatest `from[j + kernel.len() - 1 - i] + kernel[i]`.
fn spread(from: &[f64], kernel: &[f64], to: &mut [f64]) {
    for (chunk, to) in to.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let from = &from[chunk * LANES..];
        let mut best = [f64::NEG_INFINITY; LANES];
        for (from, weight) in from.windows(LANES).zip(kernel.iter().rev()) {
            for (best, value) in best.iter_mut().zip(from) {
                *best = greater(value + weight, *best);
            }
        }
        *to = best;
    }
}

/// The greatest `values[i] - norms[i] + weights[last - i]`, in independent lanes.
fn most(values: &[f64], norms: &[f64], weights: &[f64]) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; LANES];
    let mut ways = values.iter().zip(norms).zip(weights.iter().rev()).map(|((v, n), w)| v - n + w);
    let whole = values.len() / LANES;
    for _ in 0..whole {
        for (lane, way) in lanes.iter_mut().zip(ways.by_ref()) {
            *lane = greater(way, *lane);
        }
    }
    ways.chain(lanes).fold(f64::NEG_INFINITY, greater)
}

fn first_of(values: &[f64], value: f64) -> usize {
    values.iter().position(|&other| other == value).unwrap_or(0)
}

fn log(probability: f64) -> f64 {
    (probability + f64::MIN_POSITIVE).ln()
}

/// As `f64::max`, without a thought for NaN: one instruction.
fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path by the definition, with whole matrices, as librosa has it.
    fn by_definition(bins: usize, width: usize, frames: &[(Vec<(usize, f64)>, f64)]) -> Vec<Option<usize>> {
        let half = (width / 2) as i64;
        let triangle = |i: usize, j: usize| ((half + 1 - (j as i64 - i as i64).abs()).max(0)) as f64;
        let transition = |from: usize, to: usize| {
            let (i, j) = (from % bins, to % bins);
            let sum: f64 = (0..bins).map(|j| triangle(i, j)).sum();
            let switch = if (from < bins) == (to < bins) { 0.99 } else { 0.01 };
            log(switch * triangle(i, j) / sum)
        };
        let matrix: Vec<Vec<f64>> =
            (0..2 * bins).map(|to| (0..2 * bins).map(|from| transition(from, to)).collect()).collect();
        let observed = |(candidates, voiced): &(Vec<(usize, f64)>, f64), state: usize| {
            let found = candidates.iter().find(|candidate| candidate.0 == state).map_or(0.0, |c| c.1);
            log(if state < bins { found } else { (1.0 - voiced) / bins as f64 })
        };
        let mut values: Vec<f64> =
            (0..2 * bins).map(|s| observed(&frames[0], s) + (0.5 / bins as f64).ln()).collect();
        let mut pointers = vec![];
        for frame in &frames[1..] {
            let best = |to: usize| {
                let ways = (0..2 * bins).map(|from| values[from] + matrix[to][from]);
                ways.enumerate()
                    .fold((0, f64::NEG_INFINITY), |best, way| if way.1 > best.1 { way } else { best })
            };
            let ways: Vec<(usize, f64)> = (0..2 * bins).map(best).collect();
            values = ways.iter().enumerate().map(|(to, way)| way.1 + observed(frame, to)).collect();
            pointers.push(ways.iter().map(|way| way.0).collect::<Vec<_>>());
        }
        let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut path = vec![first_of(&values, top)];
        for pointers in pointers.iter().rev() {
            path.push(pointers[path[path.len() - 1]]);
        }
        path.iter().rev().map(|&state| (state < bins).then_some(state)).collect()
    }

    fn frames(count: usize, bins: usize, seed: u64) -> Vec<(Vec<(usize, f64)>, f64)> {
        let mut state = seed;
        let mut next = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut frame = || {
            let (mut found, mut voiced) = (vec![], 0.0);
            for _ in 0..next(5) {
                let (bin, probability) = (next(bins), next(1000) as f64 / 5000.0 + 1e-3);
                if found.iter().all(|&(other, _)| other != bin) {
                    found.push((bin, probability));
                    voiced += probability;
                }
            }
            (found, voiced)
        };
        (0..count).map(|_| frame()).collect()
    }

    #[test]
    fn the_path_is_the_most_likely_one() {
        for (bins, width, count) in [(40, 11, 700), (41, 7, 600), (30, 1, 300), (9, 21, 300), (64, 15, 1)] {
            for seed in 1..4 {
                let frames = frames(count, bins, seed);
                let mut decoder = Decoder::new(bins, width, 0.01);
                let mut path = vec![];
                frames.iter().for_each(|(found, voiced)| decoder.push(found, *voiced, |bin| path.push(bin)));
                decoder.finish(|bin| path.push(bin));
                let expect = by_definition(bins, width, &frames);
                assert_eq!(path.len(), expect.len());
                let other = path.iter().zip(&expect).position(|(a, b)| a != b);
                assert_eq!(other, None, "{bins} bins, triangle of {width}, seed {seed}");
            }
        }
    }

    #[test]
    fn sure_candidates_are_followed_even_over_jumps() {
        let mut decoder = Decoder::new(100, 5, 0.01);
        let bin = |frame: usize| if frame < 400 { 20 + frame / 16 } else { 90 - frame % 3 };
        let mut path = vec![];
        (0..800).for_each(|frame| decoder.push(&[(bin(frame), 1.0)], 1.0, |bin| path.push(bin)));
        decoder.finish(|bin| path.push(bin));
        assert!(path.iter().enumerate().all(|(frame, &found)| found == Some(bin(frame))), "{path:?}");
    }

    #[test]
    fn every_frame_is_given_once() {
        // A voice that comes and goes, then a long silence.
        let mut decoder = Decoder::new(100, 21, 0.01);
        let mut given = 0;
        for frame in 0..10_000usize {
            let silent = frame >= 5000 || frame / 50 % 3 == 0;
            let candidates = [(60, 0.1), (30 + frame % 7, 0.8)];
            let (found, voiced) = if silent { (&[][..], 0.0) } else { (&candidates[..], 0.9) };
            decoder.push(found, voiced, |_| given += 1);
            assert!(decoder.peaks.len() <= 8 * LOOK, "{} rows", decoder.peaks.len());
        }
        decoder.finish(|_| given += 1);
        assert_eq!(given, 10_000);
        decoder.finish(|_| panic!("nothing is left"));
    }
}
