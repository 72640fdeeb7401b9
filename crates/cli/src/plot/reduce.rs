//! From frames to columns of pixels: which frames a column stands for, and the
//! range of values that its colours or heights cover.

use std::ops::Range;

use agogic::schema::Plane;
use agogic::timebase::{FrameGrid, Seconds};

/// The frames behind one column of pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Span {
    /// Several: the column is at least as long as a frame.
    Over(Range<usize>),
    /// A place between frame `.0` and the next, `.1` of the way; the column is
    /// shorter than a frame.
    Between(usize, f32),
    /// None: the track has not begun or has ended.
    Outside,
}

/// The spans of `columns` columns that share `[0, seconds)` among them.
pub(super) fn spans(
    grid: FrameGrid,
    frames: usize,
    seconds: f64,
    columns: usize,
) -> impl Iterator<Item = Span> {
    let share = seconds / columns as f64;
    let last = frames.saturating_sub(1);
    (0..columns).map(move |column| {
        let cell = |edge: f64| grid.index(Seconds(edge * share)) + 0.5;
        let (from, to) = (cell(column as f64), cell(column as f64 + 1.0));
        let middle = (from + to) / 2.0;
        if to - from >= 1.0 {
            // Rounding must not pull in the frame beside an edge.
            let first = (from + 1e-6).floor().max(0.0) as usize;
            let end = ((to - 1e-6).ceil().max(0.0) as usize).min(frames);
            return if first < end { Span::Over(first..end) } else { Span::Outside };
        }
        if frames == 0 || !(0.0..frames as f64).contains(&middle) {
            return Span::Outside;
        }
        let centre = (middle - 0.5).clamp(0.0, last as f64);
        Span::Between(centre.floor() as usize, centre.fract() as f32)
    })
}

/// Least and greatest of one value of the frames, per column; NaN where there
/// is none.
pub(super) fn envelope(
    plane: &Plane,
    width: usize,
    value: usize,
    seconds: f64,
    columns: usize,
) -> Vec<(f32, f32)> {
    let frames = plane.data.len() / width.max(1);
    let at = |frame: usize| plane.data[frame.min(frames - 1) * width + value];
    let spans = spans(plane.grid, frames, seconds, columns);
    spans
        .map(|span| match span {
            Span::Outside => (f32::NAN, f32::NAN),
            Span::Over(range) => {
                range.map(at).fold((f32::NAN, f32::NAN), |(lo, hi), v| (lo.min(v), hi.max(v)))
            }
            Span::Between(frame, part) => {
                let v = mix(at(frame), at(frame + 1), part);
                (v, v)
            }
        })
        .collect()
}

/// The greatest of each value of the frames, per column: `columns` rows of
/// `width` values, NaN where there is none.
pub(super) fn greatest(plane: &Plane, width: usize, seconds: f64, columns: usize) -> Vec<f32> {
    let frames = plane.data.len() / width.max(1);
    let row = |frame: usize| {
        let frame = frame.min(frames - 1);
        &plane.data[frame * width..(frame + 1) * width]
    };
    let mut out = vec![f32::NAN; columns * width];
    let rows = out.chunks_exact_mut(width.max(1));
    for (column, span) in rows.zip(spans(plane.grid, frames, seconds, columns)) {
        match span {
            Span::Outside => {}
            Span::Over(range) => {
                for frame in range {
                    for (so_far, &v) in column.iter_mut().zip(row(frame)) {
                        *so_far = so_far.max(v);
                    }
                }
            }
            Span::Between(frame, part) => {
                let pairs = row(frame).iter().zip(row(frame + 1));
                for (value, (&a, &b)) in column.iter_mut().zip(pairs) {
                    *value = mix(a, b, part);
                }
            }
        }
    }
    out
}

/// The greatest of the bins behind one row of pixels, `row` of `rows` counted
/// from the lowest bin; between two bins where rows are finer than bins.
pub(super) fn bin_row(bins: &[f32], row: usize, rows: usize) -> f32 {
    let last = bins.len().saturating_sub(1);
    let share = bins.len() as f32 / rows.max(1) as f32;
    if share >= 1.0 {
        let first = ((row as f32 * share) as usize).min(last);
        let end = (((row + 1) as f32 * share).ceil() as usize).clamp(first + 1, last + 1);
        return bins[first..end].iter().fold(f32::NAN, |so_far, &bin| so_far.max(bin));
    }
    let centre = ((row as f32 + 0.5) * share - 0.5).clamp(0.0, last as f32);
    let below = centre as usize;
    mix(bins[below], bins[(below + 1).min(last)], centre.fract())
}

fn mix(a: f32, b: f32, part: f32) -> f32 {
    // Silence in decibels may be minus infinity: between it and a sound there
    // is no middle.
    if a == b || part <= 0.0 {
        a
    } else if a.is_finite() && b.is_finite() {
        a + (b - a) * part
    } else if part < 0.5 {
        a
    } else {
        b
    }
}

/// How values become colours or heights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    /// The value at the bottom, as shown.
    pub(super) lo: f32,
    /// The value at the top, as shown.
    pub(super) hi: f32,
    /// What the shown values count in.
    pub(super) unit: String,
    /// The magnitude that is shown as 0 dB, where magnitudes are.
    reference: Option<f32>,
}

/// Decibels shown below the greatest value.
const DECIBELS: f32 = 80.0;

/// Whether values of this unit have no zero to begin at.
pub(super) fn is_level(unit: &str) -> bool {
    matches!(unit, "dB" | "LUFS")
}

impl Scale {
    /// The scale of a heat map: decibels from the greatest value down to 80
    /// below it, or all but the outermost half per cent of other values. With
    /// `magnitudes`, values are shown in decibels relative to the greatest.
    pub(super) fn colours(data: &[f32], unit: &str, magnitudes: bool) -> Self {
        let values = sample(data);
        let (lo, hi) = ends(&values);
        if magnitudes {
            let reference = if hi > 0.0 { hi } else { 1.0 };
            return Self { lo: -DECIBELS, hi: 0.0, unit: "dB re max".into(), reference: Some(reference) };
        }
        if is_level(unit) {
            return Self::plain(lo.max(hi - DECIBELS), hi, unit);
        }
        let robust = |share: f64| values.get((share * values.len() as f64) as usize).copied();
        // The top is kept: in sparse values all that matters is there.
        Self::plain(robust(0.005).unwrap_or(lo), hi.min(robust(0.9995).unwrap_or(hi)), unit)
    }

    /// The scale of a curve: from the greatest value down to 80 dB below it, or
    /// to zero. `room` is the share of it that is left free above.
    pub(super) fn heights(data: &[f32], unit: &str, room: f32) -> Self {
        let (lo, hi) = ends(&sample(data));
        if is_level(unit) {
            return Self::plain(lo.max(hi - DECIBELS), hi + room * (hi - lo).min(DECIBELS), unit);
        }
        let (lo, hi) = (lo.min(0.0), hi.max(0.0));
        let room = room * (hi - lo);
        Self::plain(if lo < 0.0 { lo - room } else { 0.0 }, if hi > 0.0 { hi + room } else { 0.0 }, unit)
    }

    /// The scale of a waveform: zero in the middle, `room` as a share of half
    /// of it free above and below.
    pub(super) fn waveform(data: &[f32], unit: &str, room: f32) -> Self {
        let (lo, hi) = ends(&sample(data));
        let most = (1.0 + room) * hi.max(-lo);
        let most = if most > 0.0 { most } else { 1.0 };
        Self::plain(-most, most, unit)
    }

    fn plain(lo: f32, hi: f32, unit: &str) -> Self {
        // A constant is shown in the middle of a range around it.
        let (lo, hi) = if hi > lo {
            (lo, hi)
        } else if lo == 0.0 {
            (0.0, 1.0)
        } else {
            (lo - lo.abs() / 2.0, lo + lo.abs() / 2.0)
        };
        Self { lo, hi, unit: unit.to_owned(), reference: None }
    }

    /// Where a value stands, 0.0 at the bottom to 1.0 at the top; NaN for NaN.
    pub(super) fn share(&self, value: f32) -> f32 {
        let shown = match self.reference {
            Some(reference) => 20.0 * (value / reference).max(1e-20).log10(),
            None => value,
        };
        let share =
            ((f64::from(shown) - f64::from(self.lo)) / (f64::from(self.hi) - f64::from(self.lo))) as f32;
        if value.is_nan() { f32::NAN } else { share.clamp(0.0, 1.0) }
    }
}

/// Up to about a million finite values of all, sorted, their ends included.
fn sample(data: &[f32]) -> Vec<f32> {
    let finite = || data.iter().copied().filter(|value| value.is_finite());
    let ends = finite().fold(None, |ends: Option<(f32, f32)>, v| {
        Some(ends.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))))
    });
    let mut values: Vec<f32> = finite().step_by(data.len() / (1 << 20) + 1).collect();
    values.extend(ends.into_iter().flat_map(|(lo, hi)| [lo, hi]));
    values.sort_unstable_by(f32::total_cmp);
    values
}

fn ends(sorted: &[f32]) -> (f32, f32) {
    match (sorted.first(), sorted.last()) {
        (Some(&lo), Some(&hi)) => (lo, hi),
        _ => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use agogic::timebase::{SampleRate, Samples};

    use super::*;

    fn plane(data: &[f32]) -> Plane {
        let rate = SampleRate::new(1000).unwrap();
        let grid = FrameGrid { rate, start: Samples(50), hop: NonZeroU32::new(100).unwrap() };
        Plane { grid, data: data.to_vec() }
    }

    #[test]
    fn every_frame_is_in_some_column() {
        let plane = plane(&[1.0, 9.0, 2.0, 3.0, 8.0, 4.0]);
        assert_eq!(greatest(&plane, 1, 0.6, 3), [9.0, 3.0, 8.0]);
        assert_eq!(envelope(&plane, 1, 0, 0.6, 2), [(1.0, 9.0), (3.0, 8.0)]);
        let pairs = greatest(&plane, 2, 0.3, 1);
        assert_eq!(pairs, [8.0, 9.0]);
    }

    #[test]
    fn finer_columns_lie_between_frames() {
        let shown = greatest(&plane(&[0.0, 1.0]), 1, 0.4, 8);
        assert_eq!(shown[..4], [0.0, 0.25, 0.75, 1.0].map(|v: f32| (v * 100.0).round() / 100.0));
        assert!(shown[4..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn rows_of_pixels() {
        let bins = [1.0, 5.0, 2.0, 3.0];
        assert_eq!((0..2).map(|row| bin_row(&bins, row, 2)).collect::<Vec<_>>(), [5.0, 3.0]);
        assert_eq!((0..8).map(|row| bin_row(&bins, row, 8)).collect::<Vec<_>>()[1..4], [2.0, 4.0, 4.25]);
    }

    #[test]
    fn scales() {
        for (data, unit, magnitudes, lo, hi) in [
            (&[-100.0, -10.0][..], "dB", false, -90.0, -10.0),
            (&[-120.0, -10.0][..], "LUFS", false, -90.0, -10.0),
            (&[-30.0, -10.0, f32::NEG_INFINITY], "dB", false, -30.0, -10.0),
            (&[0.0, 4.0], "", true, -80.0, 0.0),
            (&[], "", false, 0.0, 1.0),
            (&[f32::NAN], "", false, 0.0, 1.0),
            (&[-4.0, -4.0], "", false, -6.0, -2.0),
        ] {
            let scale = Scale::colours(data, unit, magnitudes);
            assert_eq!((scale.lo, scale.hi), (lo, hi), "{data:?}");
        }
        let scale = Scale::colours(&[0.0, 4.0], "", true);
        assert_eq!((scale.share(4.0), scale.share(0.0)), (1.0, 0.0));
        assert!((scale.share(0.04) - 0.5).abs() < 1e-6 && scale.share(f32::NAN).is_nan());
        assert_eq!(Scale::heights(&[0.0, 0.0], "", 0.1).hi, 1.0);
        assert_eq!(Scale::waveform(&[-0.5, 0.2], "", 0.5).lo, -0.75);
    }
}
