//! How a column's value is asked for: at its start, or over all of it. What
//! lives here: the choices, with their formulas, whose time domain is at the
//! top of the crate. What does not: the arithmetic (`curve`, `blocks`).

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
/// first frame all give the first frame, after that of the last frame the last;
/// a position at a centre gives that frame's value exactly.
///
/// The last three are cubic Hermite curves that differ in their slopes; beyond
/// the ends of the track the end frame is repeated. Where a value that only
/// shapes the curve (not one of the two beside the position) is not finite, the
/// straight line takes the curve's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// The last frame whose centre is not after the position: `v(i)`.
    Hold,
    /// The frame whose cell holds the position; half way, the later one.
    Nearest,
    /// The straight line: `(1 - f) v(i) + f v(i + 1)`.
    Linear,
    /// The uniform Catmull-Rom spline through frames `i - 1` to `i + 2`
    /// (Catmull and Rom, "A class of local interpolating splines", 1974, with
    /// tension 1/2). It can overshoot the range of its frames. With
    /// `a..d = v(i-1)..v(i+2)`:
    /// `b + f/2 ((c - a) + f ((2a - 5b + 4c - d) + f (3b - a - 3c + d)))`.
    Spline,
    /// Akima's curve through frames `i - 2` to `i + 3` (Akima, "A new method of
    /// interpolation and smooth curve fitting based on local procedures",
    /// 1970): the slope at a frame leans to the side that bends less, so that
    /// an outlier makes no waves. It overshoots little, but can.
    Akima,
    /// The monotone cubic through frames `i - 1` to `i + 2` (Fritsch and
    /// Carlson, 1980, with the slopes of Fritsch and Butland, 1984: the
    /// harmonic mean of both sides, zero at a peak). Never leaves the range of
    /// the two frames beside the position.
    Monotone,
}

/// One value for the frames whose cells `[i, i + 1)` share more than a point
/// with `[u(t0), u(t1))`. Where there are none (the column is so short that
/// both edges are one time) it is the frame nearest to the column's start. A
/// NaN among the frames makes the result NaN. Weights are the share of each
/// cell, `w(i) = min(u(t1), i + 1) - max(u(t0), i)`; parts of the column outside
/// the track have none.
///
/// Means and root mean squares over many frames are made from those of aligned
/// blocks of 4, 64, 1024... frames and runs of them, which are rounded to 32 bits
/// each ([`Pyramid`](crate::Pyramid)). Over `n` frames a mean is off by at most
/// `(3 + log16 n) 2^-24` of the mean magnitude, a root mean square by as much of
/// itself; neither leaves the range of its frames. Least and greatest values
/// are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The mean of the piecewise constant track: `sum w(i) v(i) / sum w(i)`.
    Mean,
    /// The weighted median: the value that half of the weight lies below, and
    /// half above; the mean of two neighbours that share the middle. It costs
    /// time for every frame: exact where the column touches at most
    /// [`EXACT_MEDIAN`](crate::EXACT_MEDIAN) frames; in a longer one it is the
    /// median of the means of blocks of 4, 64, 1024... frames, as short as leaves
    /// no more blocks than that ([`Fallback::MedianOfMeans`]).
    ///
    /// [`Fallback::MedianOfMeans`]: crate::Fallback::MedianOfMeans
    Median,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
    /// The root of the mean square: `sqrt(sum w(i) v(i)^2 / sum w(i))`.
    Rms,
}
