//! The curved law: integrated when the map is built. What lives here: the easing,
//! the segments of a span, and evaluating one. What does not: adding segments up
//! (`map`), choosing one (`index`).
//!
//! A quadratic Bézier curve with control point `((1 + s) / 2, (1 - s) / 2)` leads
//! the tempo from `v0` to `v1` over `L` beats. Along its parameter `q` in 0..1
//!
//! ```text
//! beats   u(q) = L ((1 + s) q - s q²)
//! tempo   v(q) = v0 + (v1 - v0) ((1 - s) q + s q²)
//! time    t(q) = ∫ 60 u'(q) / v(q) dq
//! ```
//!
//! all three monotone for s in -1..=1. `u` is inverted in closed form. `t` is kept
//! as a Chebyshev series per segment of `q` (Clenshaw & Curtis, A method for
//! numerical integration, 1960), halved until the tail of the series is below the
//! tolerance, and inverted by Newton's method inside a bracket.

use alloc::vec::Vec;

use crate::float::sqrt;

/// Terms of the integrand's series.
const TERMS: usize = 14;
/// How often a segment may be halved. Tempi a billion to one need about 30.
const DEPTH: u32 = 48;
/// Newton steps before giving in; halving alone gets there in as many.
const STEPS: u32 = 64;

/// A whole curved span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve {
    /// In beats.
    pub(crate) length: f64,
    pub(crate) bpm: f64,
    pub(crate) to: f64,
    pub(crate) shape: f64,
}

/// A part of a curved span with its time as a series.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    curve: Curve,
    /// Middle and half width in the parameter `q`.
    middle: f64,
    half: f64,
    /// Beats from the span's start.
    first_beat: f64,
    last_beat: f64,
    /// The segment's duration in seconds.
    duration: f64,
    /// The series in -1..=1 of the seconds since the segment's start.
    series: [f64; TERMS + 1],
    /// The series in -1..=1 of the share of the duration: about where in -1..=1 the
    /// segment is then. Where Newton's method starts.
    inverse: [f64; TERMS],
    /// What the series may be wrong by, in seconds.
    pub(crate) tolerance: f64,
}

impl Curve {
    /// Beats from the start.
    fn beats(&self, q: f64) -> f64 {
        self.length * (((1.0 + self.shape) - self.shape * q) * q)
    }

    fn bpm(&self, q: f64) -> f64 {
        self.bpm + (self.to - self.bpm) * (((1.0 - self.shape) + self.shape * q) * q)
    }

    /// Seconds per unit of `q`.
    fn pace(&self, q: f64) -> f64 {
        60.0 * self.length * ((1.0 + self.shape) - 2.0 * self.shape * q) / self.bpm(q)
    }

    /// The parameter at so many beats: the root in which nothing cancels.
    fn parameter(&self, beats: f64) -> f64 {
        let x = (beats / self.length).clamp(0.0, 1.0);
        let b = 1.0 + self.shape;
        let q = 2.0 * x / (b + sqrt((b * b - 4.0 * self.shape * x).max(0.0)));
        // 0 / 0 at the very start of a shape of -1.
        if q.is_nan() { 0.0 } else { q.min(1.0) }
    }

    /// The segments, in order, each within its share of `tolerance` seconds;
    /// `None` where they are more than `most`.
    pub(crate) fn segments(&self, tolerance: f64, most: usize) -> Option<Vec<Segment>> {
        let nodes = Nodes::new();
        let mut done = Vec::new();
        // The last is cut first: what is left to do, nearest the start on top.
        let mut left = Vec::from([(0.0, 1.0, 0)]);
        while let Some((from, to, depth)) = left.pop() {
            let segment = Segment::new(*self, from, to, &nodes);
            // Segments halve as they near the slow end: no more than two per depth.
            let share = tolerance / f64::from(2 * DEPTH);
            if segment.tolerance <= share || depth == DEPTH {
                if done.len() == most {
                    return None;
                }
                done.push(segment.with_inverse(&nodes));
            } else {
                let middle = from + (to - from) / 2.0;
                left.push((middle, to, depth + 1));
                left.push((from, middle, depth + 1));
            }
        }
        Some(done)
    }
}

/// Chebyshev's polynomials at his nodes: `cos(k angle(j))`, row by row of `k`.
struct Nodes([[f64; TERMS]; TERMS]);

impl Nodes {
    fn new() -> Self {
        let angle = |j: usize| core::f64::consts::PI * (j as f64 + 0.5) / TERMS as f64;
        Self(core::array::from_fn(|k| core::array::from_fn(|j| libm::cos(k as f64 * angle(j)))))
    }

    /// The nodes themselves, in -1..=1.
    fn places(&self) -> &[f64; TERMS] {
        &self.0[1]
    }

    /// The coefficient `k` of the series through these values at the nodes, the
    /// first one doubled.
    fn term(&self, k: usize, values: &[f64; TERMS]) -> f64 {
        let sum: f64 = values.iter().zip(&self.0[k]).map(|(value, cos)| value * cos).sum();
        sum * 2.0 / TERMS as f64
    }
}

impl Segment {
    /// Without the inverse, which only a segment that stays needs.
    fn new(curve: Curve, from: f64, to: f64, nodes: &Nodes) -> Self {
        let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
        let pace = nodes.places().map(|place| half * curve.pace(middle + half * place));
        // The series of the integrand, through its values at Chebyshev's nodes.
        let mut terms = [0.0; TERMS + 2];
        for (k, term) in terms.iter_mut().take(TERMS).enumerate() {
            *term = nodes.term(k, &pace);
        }
        // Its integral: C[k] = (c[k-1] - c[k+1]) / 2k, and zero at the start.
        let mut series = [0.0; TERMS + 1];
        let mut start = 0.0;
        for k in 1..=TERMS {
            series[k] = (terms[k - 1] - terms[k + 1]) / (2 * k) as f64;
            start += if k % 2 == 0 { series[k] } else { -series[k] };
        }
        series[0] = -start;
        // The integrand is analytic: its terms fall off geometrically, and the ones
        // left out sum to less than a few times the last that are there.
        let tail = terms[TERMS - 1].abs() + terms[TERMS - 2].abs();
        let duration = series.iter().sum();
        let rounding = f64::EPSILON * 4.0 * TERMS as f64 * duration;
        Self {
            curve,
            middle,
            half,
            first_beat: curve.beats(from),
            last_beat: curve.beats(to),
            duration,
            series,
            inverse: [0.0; TERMS],
            // Where rounding alone is more, halving on would not help.
            tolerance: if tail < rounding { 0.0 } else { 4.0 * tail },
        }
    }

    fn with_inverse(mut self, nodes: &Nodes) -> Self {
        let places = nodes.places().map(|share| self.place(self.duration * (0.5 + 0.5 * share), share));
        self.inverse = core::array::from_fn(|k| {
            let term = nodes.term(k, &places);
            if k == 0 { term / 2.0 } else { term }
        });
        self
    }

    pub(crate) fn first_beat(&self) -> f64 {
        self.first_beat
    }

    pub(crate) fn duration(&self) -> f64 {
        self.duration
    }

    fn time(&self, x: f64) -> f64 {
        clenshaw(&self.series, x)
    }

    /// Seconds since the segment's start at a place `beats` after it.
    pub(crate) fn seconds(&self, beats: f64) -> f64 {
        let q = self.curve.parameter(self.first_beat + beats);
        let at = self.time(((q - self.middle) / self.half).clamp(-1.0, 1.0));
        at.clamp(0.0, self.duration)
    }

    /// Beats since the segment's start at a place `seconds` after it.
    pub(crate) fn beats(&self, seconds: f64) -> f64 {
        let length = self.last_beat - self.first_beat;
        if seconds <= 0.0 {
            return 0.0;
        }
        if seconds >= self.duration {
            return length;
        }
        let guess = clenshaw(&self.inverse, 2.0 * seconds / self.duration - 1.0);
        let x = self.place(seconds, guess.clamp(-1.0, 1.0));
        (self.curve.beats(self.middle + self.half * x) - self.first_beat).clamp(0.0, length)
    }

    /// Where in -1..=1 so many seconds of this segment have passed: Newton's method
    /// from a guess, inside a bracket that closes with every step.
    fn place(&self, seconds: f64, guess: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        let mut x = guess;
        for _ in 0..STEPS {
            let miss = self.time(x) - seconds;
            // As near as the series itself is rounded.
            if miss.abs() <= 0.25 * f64::EPSILON * self.duration {
                break;
            }
            if miss < 0.0 {
                low = x;
            } else {
                high = x;
            }
            let slope = self.half * self.curve.pace(self.middle + self.half * x);
            let newton = x - miss / slope;
            // Out of the bracket, or not a number where the pace is zero.
            if !(newton > low && newton < high) {
                x = low + (high - low) / 2.0;
                continue;
            }
            let step = (newton - x).abs();
            x = newton;
            // What a step this small leaves is about its square.
            if step <= 1e-9 {
                break;
            }
        }
        x
    }

    /// The tempo at a place `beats` after the segment's start.
    pub(crate) fn bpm(&self, beats: f64) -> f64 {
        self.curve.bpm(self.curve.parameter(self.first_beat + beats))
    }
}

/// The sum of a series of Chebyshev polynomials at -1..=1.
#[inline]
fn clenshaw<const N: usize>(series: &[f64; N], x: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for term in series[1..].iter().rev() {
        (b1, b2) = (term + (2.0 * x * b1 - b2), b1);
    }
    series[0] + (x * b1 - b2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The duration of a whole curve by Simpson's rule with very many steps.
    fn simpson(curve: &Curve) -> f64 {
        let steps = 2_000_000;
        let at = |i: i32| curve.pace(f64::from(i) / f64::from(steps));
        let inner: f64 = (1..steps).map(|i| at(i) * if i % 2 == 0 { 2.0 } else { 4.0 }).sum();
        (at(0) + inner + at(steps)) / 3.0 / f64::from(steps)
    }

    #[test]
    fn segments_sum_to_the_integral() {
        for (shape, bpm, to) in [
            (0.0, 120.0, 60.0),
            (0.5, 120.0, 60.0),
            (-0.5, 60.0, 240.0),
            (1.0, 30.0, 300.0),
            (-1.0, 300.0, 30.0),
            (0.9, 10.0, 1000.0),
        ] {
            let curve = Curve { length: 16.0, bpm, to, shape };
            let segments = curve.segments(1e-9, 2000).expect("few segments");
            let sum: f64 = segments.iter().map(Segment::duration).sum();
            let expect = simpson(&curve);
            assert!((sum - expect).abs() < 1e-9, "{curve:?}: {sum} {expect}, {} segments", segments.len());
            if shape == 0.0 {
                let closed = 16.0 * 60.0 / (to - bpm) * (to / bpm).ln();
                assert!((sum - closed).abs() < 1e-12);
            }
            for segment in &segments {
                let length = segment.last_beat - segment.first_beat;
                for i in 0..=200 {
                    let beats = length * f64::from(i) / 200.0;
                    let back = segment.seconds(segment.beats(segment.seconds(beats)));
                    assert!((back - segment.seconds(beats)).abs() < 1e-12, "{curve:?} {beats}");
                }
            }
        }
    }

    #[test]
    fn extremes_end() {
        for shape in [-1.0, -0.3, 0.7, 1.0] {
            let curve = Curve { length: 1e12, bpm: 1e-3, to: 1e6, shape };
            let segments = curve.segments(1e-9, 2000).expect("few segments");
            for segment in &segments {
                assert!(segment.duration >= 0.0 && segment.duration.is_finite());
            }
        }
        let steep = Curve { length: 16.0, bpm: 30.0, to: 300.0, shape: 1.0 };
        assert!(steep.segments(1e-12, 1).is_none());
        let curve = Curve { length: 5e-324, bpm: 60.0, to: 61.0, shape: 1.0 };
        assert!(curve.segments(1e-9, 2).is_some());
    }
}
