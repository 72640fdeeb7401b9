//! Values between values: straight lines and cubic Hermite curves, on even and
//! uneven positions. Pure arithmetic; which frames go in is `dense` and
//! `breakpoints`.

use crate::Interpolation;

/// Values that a curve may need: two before the interval, its ends, two after.
pub(crate) const STENCIL: usize = 6;

/// Which of the values in a stencil an interpolation reads. 2 is the value at or
/// before the position, 3 the one after it.
pub(crate) fn reads(how: Interpolation) -> std::ops::Range<usize> {
    match how {
        Interpolation::Hold | Interpolation::Nearest => 2..3,
        Interpolation::Linear => 2..4,
        Interpolation::Spline | Interpolation::Monotone => 1..5,
        Interpolation::Akima => 0..6,
    }
}

/// Appends the values at the fraction `0 < f < 1` of the way from row 2 to row 3
/// of a stencil of rows at even distances. Rows that are not read may be empty.
pub(crate) fn even(how: Interpolation, rows: [&[f32]; STENCIL], f: f64, out: &mut Vec<f32>) {
    let [z, a, b, c, d, e] = rows;
    let inner = || b.iter().zip(c);
    let outer = || inner().zip(a.iter().zip(d));
    match how {
        Interpolation::Hold | Interpolation::Nearest => out.extend_from_slice(b),
        Interpolation::Linear => out.extend(inner().map(|(&b, &c)| linear(b, c, f))),
        Interpolation::Spline => {
            out.extend(outer().map(|((&b, &c), (&a, &d))| spline([a, b, c, d], f)));
        }
        Interpolation::Monotone => {
            out.extend(outer().map(|((&b, &c), (&a, &d))| {
                let [m0, m1, m2] = chords([a, b, c, d]);
                let slopes = (monotone((1.0, m0), (1.0, m1)), monotone((1.0, m1), (1.0, m2)));
                let value = hermite(f64::from(b), f64::from(c), slopes, 1.0, f) as f32;
                // Rounding alone must not lift the curve over its ends.
                let (lo, hi) = if b < c { (b, c) } else { (c, b) };
                let value = if value < lo {
                    lo
                } else if value > hi {
                    hi
                } else {
                    value
                };
                if (m0 + m1 + m2).is_finite() { value } else { linear(b, c, f) }
            }));
        }
        Interpolation::Akima => {
            out.extend(outer().zip(z.iter().zip(e)).map(|(((&b, &c), (&a, &d)), (&z, &e))| {
                let [m0, m1, m2] = chords([z, a, b, c]);
                let [_, m3, m4] = chords([b, c, d, e]);
                let slopes = (akima([m0, m1, m2, m3]), akima([m1, m2, m3, m4]));
                let value = hermite(f64::from(b), f64::from(c), slopes, 1.0, f) as f32;
                if (m0 + m1 + m2 + m3 + m4).is_finite() { value } else { linear(b, c, f) }
            }));
        }
    }
}

/// The slopes between values at distances of 1. Differences of finite 32-bit
/// floats are finite in 64 bits, and so are their sums.
fn chords(values: [f32; 4]) -> [f64; 3] {
    let [a, b, c, d] = values.map(f64::from);
    [b - a, c - b, d - c]
}

/// The value at `x[2] < at < x[3]` for values at these positions, of which
/// those before 2 and after 3 may repeat (an end). Catmull-Rom takes the slope
/// of the chord between both neighbours.
pub(crate) fn uneven(how: Interpolation, x: [f64; STENCIL], v: [f32; STENCIL], at: f64) -> f32 {
    let (b, c) = (v[2], v[3]);
    let f = (at - x[2]) / (x[3] - x[2]);
    match how {
        Interpolation::Hold | Interpolation::Nearest => return b,
        Interpolation::Linear => return linear(b, c, f),
        _ if !v[reads(how)].iter().all(|value| value.is_finite()) => return linear(b, c, f),
        _ => {}
    }
    let chord = |i: usize, j: usize| {
        if x[j] > x[i] { (f64::from(v[j]) - f64::from(v[i])) / (x[j] - x[i]) } else { 0.0 }
    };
    let slopes = match how {
        Interpolation::Spline => (chord(1, 3), chord(2, 4)),
        Interpolation::Akima => {
            let m = [chord(0, 1), chord(1, 2), chord(2, 3), chord(3, 4), chord(4, 5)];
            (akima([m[0], m[1], m[2], m[3]]), akima([m[1], m[2], m[3], m[4]]))
        }
        _ => {
            let h = |i: usize| x[i + 1] - x[i];
            let slope = |i: usize| monotone((h(i), chord(i, i + 1)), (h(i + 1), chord(i + 1, i + 2)));
            (slope(1), slope(2))
        }
    };
    let value = hermite(f64::from(b), f64::from(c), slopes, x[3] - x[2], f) as f32;
    if how == Interpolation::Monotone {
        // Rounding alone must not lift the curve over its ends.
        value.clamp(b.min(c), b.max(c))
    } else {
        value
    }
}

/// The value between `b` and `c` at the fraction `0 < f < 1` of the way.
pub(crate) fn linear(b: f32, c: f32, f: f64) -> f32 {
    // Equal ends first: it keeps a plateau of infinities (silence in dB) what
    // it is, and a constant exact.
    if b == c { b } else { (f64::from(b) * (1.0 - f) + f64::from(c) * f) as f32 }
}

/// The Catmull-Rom spline between `b` and `c`, with `a` before and `d` after.
fn spline([a, b, c, d]: [f32; 4], f: f64) -> f32 {
    if a == b && b == c && c == d {
        return b;
    }
    if !(a.is_finite() && d.is_finite()) {
        return linear(b, c, f);
    }
    let [a, b, c, d] = [a, b, c, d].map(f64::from);
    let cubic = 3.0 * b - a - 3.0 * c + d;
    let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
    (b + f / 2.0 * ((c - a) + f * (square + f * cubic))) as f32
}

/// Akima's slope between four chords, two on either side.
fn akima(m: [f64; 4]) -> f64 {
    let (before, after) = ((m[1] - m[0]).abs(), (m[3] - m[2]).abs());
    let slope = (after * m[1] + before * m[2]) / (before + after);
    // Both computed and one taken, which the compiler can do for many at once.
    let middle = (m[1] + m[2]) * 0.5;
    if before + after == 0.0 { middle } else { slope }
}

/// Fritsch and Butland's slope between two chords, each with its length.
fn monotone((h0, d0): (f64, f64), (h1, d1): (f64, f64)) -> f64 {
    let (w0, w1) = (h0 + 2.0 * h1, 2.0 * h0 + h1);
    let slope = (w0 + w1) * d0 * d1 / (w0 * d1 + w1 * d0);
    // Chords between 32-bit floats are far from where their product is lost.
    if d0 * d1 > 0.0 { slope } else { 0.0 }
}

/// The cubic from `b` to `c` over a length, with these slopes at its ends.
fn hermite(b: f64, c: f64, (at_b, at_c): (f64, f64), length: f64, f: f64) -> f64 {
    if b == c && at_b == 0.0 && at_c == 0.0 {
        return b;
    }
    let (p, q, d) = (at_b * length, at_c * length, c - b);
    b + f * (p + f * ((3.0 * d - 2.0 * p - q) + f * (p + q - 2.0 * d)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Interpolation::{Akima, Hold, Linear, Monotone, Nearest, Spline};

    fn one(how: Interpolation, values: [f32; STENCIL], f: f64) -> f32 {
        let mut out = Vec::new();
        even(how, values.each_ref().map(std::slice::from_ref), f, &mut out);
        out[0]
    }

    #[test]
    fn between_frames() {
        const SILENCE: f32 = f32::NEG_INFINITY;
        for (values, f, expect) in [
            ([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0], 0.25, [1.0, 1.0, 1.25, 1.25, 1.25, 1.25]),
            // Akima, by hand: slopes 0 and 0, as both sides are flat.
            ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 0.5, [0.0, 0.0, 0.5, 0.5, 0.5, 0.5]),
            // Akima at b: chords 0, 1, -1, 0 weigh 1 and 1, slope 0; at c: 1, -1, 0, 0
            // weigh 2 and 0, slope 0.
            ([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 0.5, [1.0, 1.0, 0.5, 0.5625, 0.5, 0.5]),
            // Monotone at c: chords 1 and 3, harmonic mean 1.5; at b: 0 and 1, slope 0.
            ([0.0, 0.0, 0.0, 1.0, 4.0, 4.0], 0.5, [0.0, 0.0, 0.5, 0.3125 - 0.0, 0.3125, 0.3125]),
            ([5.0; 6], 0.3, [5.0; 6]),
            ([SILENCE; 6], 0.3, [SILENCE; 6]),
            ([SILENCE, SILENCE, 1.0, 2.0, 3.0, 4.0], 0.5, [1.0, 1.0, 1.5, 1.5, 1.5, 1.5]),
        ] {
            let given = [Hold, Nearest, Linear, Spline, Akima, Monotone].map(|how| one(how, values, f));
            assert_eq!(given, expect, "{values:?} at {f}");
        }
    }

    #[test]
    fn even_is_a_case_of_uneven() {
        let values = [3.0, -1.0, 4.0, 1.5, -9.0, 2.5];
        let x = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
        for how in [Linear, Spline, Akima, Monotone] {
            for f in [0.1, 0.5, 0.875] {
                let (even, uneven) = (one(how, values, f), uneven(how, x, values, f));
                assert!((even - uneven).abs() <= 1e-6 * even.abs(), "{how:?} at {f}: {even} {uneven}");
            }
        }
    }
}
