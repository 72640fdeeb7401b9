//! Columns of series whose values stand at times of their own.

use agogic_timebase::Seconds;

use crate::curve::{STENCIL, linear, reads, uneven};
use crate::diagnostics::{Diagnostics, Fallback, Hit};
use crate::fold::{max, min};
use crate::{Interpolation, Outside, Reading, Reduction, Sampling, ViewError};

/// Positions in a column that a reduction over a moving average sees.
const POSITIONS: u16 = 64;

/// Halvings that find a median: all that 64 bits can tell apart.
const HALVINGS: u32 = 64;

/// Appends one value per pair of neighbouring edges. There is at least one
/// point; times are finite and in order.
pub(crate) fn render(
    points: &[(Seconds, f32)],
    edges: &[Seconds],
    reading: &Reading,
    out: &mut Vec<f32>,
    mut told: Option<&mut Diagnostics>,
) -> Result<(), ViewError> {
    let line = Line { points, window: reading.window()?, outside: reading.outside };
    for edge in edges.windows(2) {
        let (from, to) = (edge[0].0, edge[1].0);
        let (value, hit, fallback) = match reading.sampling {
            Sampling::At(how) => line.at(from, to, how, reading.oversampling.max(1)),
            Sampling::Over(reduction) if line.window > 0.0 => line.over_average(from, to, reduction),
            Sampling::Over(reduction) => line.over(from, to, reduction),
        };
        let mut value = [if value.is_nan() { f32::NAN } else { value }];
        let gap = reading.outside.fill(&mut value);
        out.push(value[0]);
        if let Some(told) = told.as_deref_mut() {
            told.tell(if gap && hit == Hit::Inside { Hit::Gap } else { hit }, fallback);
        }
    }
    Ok(())
}

struct Line<'a> {
    points: &'a [(Seconds, f32)],
    window: f64,
    outside: Outside,
}

/// A straight piece: how long, and from which value to which.
#[derive(Clone, Copy)]
struct Piece {
    length: f64,
    from: f64,
    to: f64,
}

impl Line<'_> {
    fn ends(&self) -> (f64, f64) {
        (self.points[0].0.0, self.points[self.points.len() - 1].0.0)
    }

    fn hit(&self, from: f64, to: f64) -> Hit {
        let (first, last) = self.ends();
        if from > last || to < first || (to == first && from < to) {
            Hit::Outside
        } else if from < first || to > last {
            Hit::Partly
        } else {
            Hit::Inside
        }
    }

    fn at(&self, from: f64, to: f64, how: Interpolation, times: u16) -> (f32, Hit, Option<Fallback>) {
        let (mut sum, mut inside, mut fallback) = (0.0, 0, None);
        for j in 0..times {
            let at = from + (to - from) * f64::from(j) / f64::from(times);
            let within = self.hit(at, at) == Hit::Inside;
            inside += u16::from(within);
            let (value, instead) = match self.outside.value() {
                Some(value) if !within => (value, None),
                _ => self.value(at, how),
            };
            if times == 1 {
                return (value, if within { Hit::Inside } else { Hit::Outside }, instead);
            }
            fallback = instead.or(fallback);
            sum += f64::from(value);
        }
        let hit = match inside {
            0 => Hit::Outside,
            inside if inside == times => Hit::Inside,
            _ => Hit::Partly,
        };
        ((sum / f64::from(times)) as f32, hit, fallback)
    }

    /// The value at a time, that of the end beyond one.
    fn value(&self, at: f64, how: Interpolation) -> (f32, Option<Fallback>) {
        if self.window > 0.0 {
            return (self.average(at, how), None);
        }
        let after = self.points.partition_point(|point| point.0.0 <= at);
        let Some(i) = after.checked_sub(1) else { return (self.points[0].1, None) };
        let (time, value) = (self.points[i].0.0, self.points[i].1);
        if at == time || after == self.points.len() {
            return (value, None);
        }
        let (next, then) = (self.points[after].0.0, self.points[after].1);
        if how == Interpolation::Nearest {
            return (if next - at <= at - time { then } else { value }, None);
        }
        let end = self.points.len() - 1;
        // 2 in the stencil is point i; ends are repeated.
        let point = |k: usize| self.points[(i + k).saturating_sub(2).min(end)];
        let x: [f64; STENCIL] = std::array::from_fn(|k| point(k).0.0);
        let v: [f32; STENCIL] = std::array::from_fn(|k| point(k).1);
        let reads = reads(how);
        let repeated = i + reads.start < 2 || i + reads.end > end + 3;
        (uneven(how, x, v, at), repeated.then_some(Fallback::EndRepeated))
    }

    /// The mean around a time, of the part inside.
    fn average(&self, at: f64, how: Interpolation) -> f32 {
        let (first, last) = self.ends();
        // Beyond an end the average stays what it is at the end.
        let at = at.clamp(first, last);
        let (mut sum, mut length, mut flat) = (0.0, 0.0, None);
        self.pieces(at - self.window / 2.0, at + self.window / 2.0, |piece| {
            let to = if how == Interpolation::Hold { piece.from } else { piece.to };
            sum += piece.length * f64::midpoint(piece.from, to);
            length += piece.length;
            flat =
                Some(flat.map_or(
                    piece.from,
                    |flat| if flat == piece.from && flat == to { flat } else { f64::NAN },
                ));
        });
        match flat {
            // A plateau of infinities stays what it is.
            Some(flat) if flat.is_infinite() => flat as f32,
            _ if length > 0.0 => (sum / length) as f32,
            _ => self.points[self.points.partition_point(|point| point.0.0 <= at).max(1) - 1].1,
        }
    }

    /// The straight pieces within `[from, to)`, in order of time.
    fn pieces(&self, from: f64, to: f64, mut each: impl FnMut(Piece)) {
        let after = self.points.partition_point(|point| point.0.0 <= from);
        let mut i = after.saturating_sub(1);
        while let (Some(a), Some(b)) = (self.points.get(i), self.points.get(i + 1)) {
            if a.0.0 >= to {
                break;
            }
            let (start, end) = (a.0.0.max(from), b.0.0.min(to));
            if end > start {
                let value = |at: f64| f64::from(linear(a.1, b.1, (at - a.0.0) / (b.0.0 - a.0.0)));
                let from = if start == a.0.0 { f64::from(a.1) } else { value(start) };
                let to = if end == b.0.0 { f64::from(b.1) } else { value(end) };
                each(Piece { length: end - start, from, to });
            }
            i += 1;
        }
    }

    fn over(&self, from: f64, to: f64, reduction: Reduction) -> (f32, Hit, Option<Fallback>) {
        let hit = self.hit(from, to);
        if let Some(value) = self.outside.value().filter(|_| hit == Hit::Outside) {
            return (value, hit, None);
        }
        let mut pieces = Vec::new();
        self.pieces(from, to, |piece| pieces.push(piece));
        let length: f64 = pieces.iter().map(|piece| piece.length).sum();
        if pieces.is_empty() {
            let (value, _) = self.value(from, Interpolation::Linear);
            let value = if reduction == Reduction::Rms { value.abs() } else { value };
            return (value, hit, (hit == Hit::Inside).then_some(Fallback::NearestFrame));
        }
        let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
        for piece in &pieces {
            for value in [piece.from as f32, piece.to as f32] {
                (least, greatest) = (min(least, value), max(greatest, value));
            }
        }
        let integral =
            |of: fn(&Piece) -> f64| pieces.iter().map(|piece| piece.length * of(piece)).sum::<f64>();
        let value = match reduction {
            _ if least == greatest && reduction != Reduction::Rms => least,
            Reduction::Min => least,
            Reduction::Max => greatest,
            Reduction::Mean => (integral(|piece| f64::midpoint(piece.from, piece.to)) / length) as f32,
            Reduction::Rms => {
                let square = |piece: &Piece| {
                    let (a, b) = (piece.from, piece.to);
                    (a * a + a * b + b * b) / 3.0
                };
                (integral(square) / length).sqrt() as f32
            }
            Reduction::Median if least.is_nan() => f32::NAN,
            Reduction::Median => median(&pieces, length, f64::from(least), f64::from(greatest)),
        };
        (value, hit, None)
    }

    fn over_average(&self, from: f64, to: f64, reduction: Reduction) -> (f32, Hit, Option<Fallback>) {
        let hit = self.hit(from, to);
        if let Some(value) = self.outside.value().filter(|_| hit == Hit::Outside) {
            return (value, hit, None);
        }
        let positions = (0..POSITIONS).map(|j| from + (to - from) * f64::from(j) / f64::from(POSITIONS));
        let mut values: Vec<(f32, f64)> =
            positions.map(|at| (self.average(at, Interpolation::Linear), 1.0)).collect();
        let mean = |of: fn(f64) -> f64| {
            values.iter().map(|value| of(f64::from(value.0))).sum::<f64>() / f64::from(POSITIONS)
        };
        let value = match reduction {
            Reduction::Mean => mean(|value| value) as f32,
            Reduction::Rms => mean(|value| value * value).sqrt() as f32,
            Reduction::Min => values.iter().map(|value| value.0).fold(f32::INFINITY, min),
            Reduction::Max => values.iter().map(|value| value.0).fold(f32::NEG_INFINITY, max),
            Reduction::Median => crate::median::weighted(&mut values),
        };
        (value, hit, Some(Fallback::Positions))
    }
}

/// The least value that half of the time lies at or below.
fn median(pieces: &[Piece], length: f64, mut least: f64, mut greatest: f64) -> f32 {
    let below = |y: f64| {
        let share = |piece: &Piece| {
            let (lo, hi) = (piece.from.min(piece.to), piece.from.max(piece.to));
            if y >= hi {
                1.0
            } else if y < lo {
                0.0
            } else {
                (y - lo) / (hi - lo)
            }
        };
        pieces.iter().map(|piece| piece.length * share(piece)).sum::<f64>()
    };
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(least, greatest);
        if below(middle) >= length / 2.0 { greatest = middle } else { least = middle }
    }
    greatest as f32
}
