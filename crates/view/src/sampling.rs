//! How a column's value comes out of frames. The time domain that the formulas
//! count in is at the top of the crate.

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// The value at the start edge of the column.
    At(Interpolation),
    /// One value for all that lies within the column.
    Over(Reduction),
}

/// The value between two frame centres, with `x = x(t0)`, `i = floor(x)`,
/// `f = x - i`, and `v(i)` the value of frame `i`. Before the centre of the
/// first frame all three give the first frame, after that of the last frame the
/// last; a position at a centre gives that frame's value exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// The last frame whose centre is not after the position: `v(i)`.
    Hold,
    /// The straight line: `(1 - f) v(i) + f v(i + 1)`.
    Linear,
    /// The uniform Catmull-Rom spline through frames `i - 1` to `i + 2`
    /// (Catmull and Rom, "A class of local interpolating splines", 1974, with
    /// tension 1/2); beyond the ends of the track the end frame is repeated.
    /// It can overshoot the range of its frames. With `a..d = v(i-1)..v(i+2)`:
    /// `b + f/2 ((c - a) + f ((2a - 5b + 4c - d) + f (3b - a - 3c + d)))`.
    Spline,
}

/// One value for the frames whose cells `[i, i + 1)` share more than a point
/// with `[u(t0), u(t1))`. Where there are none (the column lies outside the
/// track, or is so short that both edges are one time) it is the frame nearest
/// to the column's start. A NaN among the frames makes the result NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The mean of the piecewise constant track, weighted by the share of each
    /// cell: `sum w(i) v(i) / sum w(i)`,
    /// `w(i) = min(u(t1), i + 1) - max(u(t0), i)`. Parts of the column outside
    /// the track have no weight.
    Mean,
    /// The greatest value.
    Max,
    /// The least value.
    Min,
}

/// The value between frames `b` and `c` at the fraction `0 < f < 1` of the way.
pub(crate) fn linear(b: f32, c: f32, f: f64) -> f32 {
    // Equal ends first: it keeps a plateau of infinities (silence in dB) what
    // it is, and a constant exact.
    if b == c { b } else { (f64::from(b) * (1.0 - f) + f64::from(c) * f) as f32 }
}

/// The Catmull-Rom spline between `b` and `c`, with `a` before and `d` after.
pub(crate) fn spline([a, b, c, d]: [f32; 4], f: f64) -> f32 {
    if a == b && b == c && c == d {
        return b;
    }
    let [a, b, c, d] = [a, b, c, d].map(f64::from);
    let cubic = 3.0 * b - a - 3.0 * c + d;
    let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
    (b + f / 2.0 * ((c - a) + f * (square + f * cubic))) as f32
}

/// The greater of both, NaN if either is.
pub(crate) fn max(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

/// The lesser of both, NaN if either is.
pub(crate) fn min(a: f32, b: f32) -> f32 {
    if a.is_nan() || a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_frames() {
        for (values, f, line, curve) in [
            ([0.0, 1.0, 2.0, 3.0], 0.25, 1.25, 1.25),
            ([0.0, 0.0, 1.0, 1.0], 0.5, 0.5, 0.5),
            ([0.0, 1.0, 0.0, 0.0], 0.5, 0.5, 0.5625),
            ([5.0, 5.0, 5.0, 5.0], 0.3, 5.0, 5.0),
            ([f32::NEG_INFINITY; 4], 0.3, f32::NEG_INFINITY, f32::NEG_INFINITY),
        ] {
            assert_eq!(linear(values[1], values[2], f), line);
            assert_eq!(spline(values, f), curve);
        }
    }

    #[test]
    fn nan_wins() {
        for (a, b) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NAN)] {
            assert!(max(a, b).is_nan() && min(a, b).is_nan());
        }
        assert_eq!((max(1.0, 2.0), min(1.0, 2.0)), (2.0, 1.0));
    }
}
