//! How the tempo moves inside one span: the names of the laws and what bends them.
//! What does not live here: evaluating them (`piece`, and `curve` for the one law
//! without a closed form), and where spans start (`map`).
//!
//! With `u` beats since the span's start and `w = v0 * t` the beats that the same
//! time would have held at the starting tempo `v0`, every closed law is one of two
//! pairs of functions of a single *bend* `p` (per beat), used one way or the other:
//!
//! | law | p | w(u) | u(w) |
//! |---|---|---|---|
//! | linear-beats | (v1 - v0) / (L v0) | log1p(p u) / p | expm1(p w) / p |
//! | geometric-beats | -ln(v1 / v0) / L | expm1(p u) / p | log1p(p w) / p |
//! | linear-time | (v1² - v0²) / (2 L v0²) | 2u / (1 + sqrt(1 + 2 p u)) | w (1 + p w / 2) |
//! | linear-period | (v0 - v1) / (L v1) | u (1 + p u / 2) | 2w / (1 + sqrt(1 + 2 p w)) |
//!
//! None of these loses anything as the ramp flattens, so that no threshold decides
//! what counts as constant. A span seen backwards from its end is a span of the
//! same law with the bend's sign turned; each half of a span is worked out from its
//! own end, where nothing cancels and both ends fit.

/// How the tempo moves from a point to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// Bpm moves over beats along a quadratic Bézier curve from one point to the
    /// other, whose control point lies `(1 + shape) / 2` of the way in beats and
    /// `(1 - shape) / 2` of the way in bpm: 0 is linear in beats, 1 stays and then
    /// hurries, -1 hurries and then stays. Never overshoots.
    Curve {
        /// -1.0..=1.0.
        shape: f64,
    },
}

impl Law {
    /// The name in the native form; a curve's shape stands beside it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::LinearBeats => "linear-beats",
            Self::LinearTime => "linear-time",
            Self::GeometricBeats => "geometric-beats",
            Self::LinearPeriod => "linear-period",
            Self::Curve { .. } => "curve",
        }
    }

    /// The bend `p` of the table above for a span of `length` beats from `bpm` to
    /// `far`, per beat; 0 for laws without one.
    pub(crate) fn bend(self, bpm: f64, far: f64, length: f64) -> f64 {
        // Points closer than this differ by no time at all; the bound keeps the
        // bend finite.
        let length = length.max(1e-200);
        match self {
            Self::Step | Self::Curve { .. } => 0.0,
            Self::LinearBeats => (far - bpm) / bpm / length,
            // The logarithm of a ratio of at least one, so that nothing cancels.
            Self::GeometricBeats if far >= bpm => -libm::log1p((far - bpm) / bpm) / length,
            Self::GeometricBeats => libm::log1p((bpm - far) / far) / length,
            Self::LinearTime => (far - bpm) / bpm * ((far + bpm) / bpm) / 2.0 / length,
            Self::LinearPeriod => (bpm - far) / far / length,
        }
    }
}
