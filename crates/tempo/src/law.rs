//! How the tempo moves inside one span, in closed form. What does not live here:
//! where a span starts, and which span a position falls into (`map`).
//!
//! With `u` beats since the span's start and `w = v0 * t` the beats that the same
//! time would have held at the starting tempo `v0`, every law is one of two pairs
//! of functions of a single *bend* `p` (per beat), used one way or the other:
//!
//! | law | p | w(u) | u(w) |
//! |---|---|---|---|
//! | linear-beats | (v1 - v0) / (L v0) | log1p(p u) / p | expm1(p w) / p |
//! | geometric-beats | -ln(v1 / v0) / L | expm1(p u) / p | log1p(p w) / p |
//! | linear-time | (v1² - v0²) / (2 L v0²) | 2u / (1 + sqrt(1 + 2 p u)) | w (1 + p w / 2) |
//! | linear-period | (v0 - v1) / (L v1) | u (1 + p u / 2) | 2w / (1 + sqrt(1 + 2 p w)) |
//!
//! None of these loses anything as the ramp flattens, so that no threshold decides
//! what counts as constant; where a product with `p` is zero, `u` and `w` are one.
//! A span seen backwards from its end is a span of the same law; each half of a
//! span is worked out from its own end, where nothing cancels and both ends fit.

use serde::{Deserialize, Serialize};

/// How the tempo moves from a point to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// It holds until the next point.
    #[default]
    Step,
    /// Bpm moves linearly over beats, hence exponentially over time.
    LinearBeats,
    /// Bpm moves linearly over time.
    LinearTime,
    /// Bpm moves by equal ratios over equal beats.
    GeometricBeats,
    /// The duration of a beat moves linearly over beats.
    LinearPeriod,
}

/// One end of a span: the tempo there, and the bend seen from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct End {
    /// Tempo in bpm.
    pub(crate) bpm: f64,
    /// The bend `p` of the table above, per beat.
    bend: f64,
    /// The seconds that `1 / p` beats take at the tempo.
    scale: f64,
}

impl End {
    /// The end at `bpm` of a span of `length` beats whose other end has `far` bpm.
    pub(crate) fn new(law: Law, bpm: f64, far: f64, length: f64) -> Self {
        // Points closer than this differ by no time at all; the bound keeps the
        // bend finite.
        let length = length.max(1e-200);
        let bend = match law {
            Law::Step => 0.0,
            Law::LinearBeats => (far - bpm) / bpm / length,
            // The logarithm of a ratio of at least one, so that nothing cancels.
            Law::GeometricBeats if far >= bpm => -((far - bpm) / bpm).ln_1p() / length,
            Law::GeometricBeats => ((bpm - far) / far).ln_1p() / length,
            Law::LinearTime => (far - bpm) / bpm * ((far + bpm) / bpm) / 2.0 / length,
            Law::LinearPeriod => (bpm - far) / far / length,
        };
        Self { bpm, bend, scale: 60.0 / (bpm * bend) }
    }

    /// Seconds to a place `beats` (not negative) away.
    #[inline]
    pub(crate) fn seconds(&self, law: Law, beats: f64) -> f64 {
        let x = self.bend * beats;
        match law {
            _ if x == 0.0 => beats * 60.0 / self.bpm,
            Law::Step => beats * 60.0 / self.bpm,
            // The few roundings here are what a round trip costs.
            Law::LinearBeats => x.ln_1p() * self.scale,
            Law::GeometricBeats => x.exp_m1() * self.scale,
            Law::LinearTime => beats * 120.0 / self.bpm / one_and_root(x),
            Law::LinearPeriod => beats * 60.0 / self.bpm * (1.0 + x / 2.0),
        }
    }

    /// Beats to a place `seconds` (not negative) away.
    #[inline]
    pub(crate) fn beats(&self, law: Law, seconds: f64) -> f64 {
        let x = seconds / self.scale;
        let steady = seconds * self.bpm / 60.0;
        match law {
            _ if x == 0.0 => steady,
            Law::Step => steady,
            Law::LinearBeats => x.exp_m1() / self.bend,
            Law::GeometricBeats => x.ln_1p() / self.bend,
            Law::LinearTime => steady * (1.0 + x / 2.0),
            Law::LinearPeriod => steady * 2.0 / one_and_root(x),
        }
    }

    /// The tempo at a place `beats` (not negative) away.
    #[inline]
    pub(crate) fn bpm(&self, law: Law, beats: f64) -> f64 {
        let x = self.bend * beats;
        match law {
            Law::Step => self.bpm,
            Law::LinearBeats => self.bpm * (1.0 + x),
            Law::GeometricBeats => self.bpm * (-x).exp(),
            Law::LinearTime => self.bpm * (1.0 + 2.0 * x).sqrt(),
            Law::LinearPeriod => self.bpm / (1.0 + x),
        }
    }
}

/// `1 + sqrt(1 + 2x)`: the divisor of the form of a quadratic's root in which
/// nothing cancels.
#[inline]
fn one_and_root(x: f64) -> f64 {
    // Rounding may carry the end of a span past the turning point.
    1.0 + (1.0 + 2.0 * x).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAMPS: [Law; 4] = [Law::LinearBeats, Law::LinearTime, Law::GeometricBeats, Law::LinearPeriod];

    #[test]
    fn whole_spans() {
        // 120 -> 60 bpm over 4 beats.
        let expect = [4.0 * 2.0_f64.ln(), 8.0 / 3.0, 2.0 / 2.0_f64.ln(), 3.0];
        for (law, expect) in RAMPS.into_iter().zip(expect) {
            for (near, far) in [(120.0, 60.0), (60.0, 120.0)] {
                let end = End::new(law, near, far, 4.0);
                assert!((end.seconds(law, 4.0) - expect).abs() < 1e-14, "{law:?}");
                assert!((end.beats(law, expect) - 4.0).abs() < 1e-13, "{law:?}");
                assert!((end.bpm(law, 4.0) - far).abs() < 1e-12, "{law:?}");
            }
        }
    }

    #[test]
    fn no_threshold_makes_a_ramp_constant() {
        // To first order every law bends alike; the flatter, the closer.
        for law in RAMPS {
            for part in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15] {
                let far = 120.0 * (1.0 + part);
                let part = far / 120.0 - 1.0;
                let end = End::new(law, 120.0, far, 7200.0);
                let saved = end.seconds(law, 0.0) + 3600.0 - end.seconds(law, 7200.0);
                let first_order = 3600.0 * part / 2.0;
                assert!(
                    (saved - first_order).abs() < 3600.0 * part * part + 1e-12,
                    "{law:?} {part}: {saved} against {first_order}"
                );
            }
        }
    }
}
