//! Columns of dense tracks, and of series of even steps.

use agogic_timebase::Seconds;

use crate::blocks::{TOP, bits, runs};
use crate::curve::{STENCIL, even, reads};
use crate::diagnostics::{Diagnostics, Fallback, Hit};
use crate::fold::{Fold, Greatest, Least, Mean, Root, said};
use crate::kept::Kept;
use crate::median::{EXACT_MEDIAN, weighted};
use crate::parts::Parts;
use crate::pyramid::Pyramid;
use crate::row::{Cells, Row};
use crate::{Interpolation, Reading, Reduction, Sampling, ViewError};

/// Smoothed frames that are remembered: more than a stencil, so that none of
/// its frames takes the place of another.
const REMEMBERED: i64 = 8;

/// Appends one column per pair of neighbouring edges, one value per channel
/// and bin. The row must have frames.
pub(crate) fn render(
    row: &Row<'_>,
    pyramid: &Pyramid,
    edges: &[Seconds],
    reading: &Reading,
    out: &mut Vec<f32>,
    mut told: Option<&mut Diagnostics>,
) -> Result<(), ViewError> {
    let mut reader = Reader::new(row, pyramid, row.axis.frames(reading.window()?));
    for edge in edges.windows(2) {
        let column = out.len();
        let (hit, fallback) = match reading.sampling {
            Sampling::At(how) => reader.at(edge[0], edge[1], how, reading, out)?,
            Sampling::Over(reduction) => reader.over(edge[0], edge[1], reduction, reading, out)?,
        };
        // Looking for gaps is a pass over the values: only where it shows.
        if told.is_some() || matches!(reading.outside, crate::Outside::Value(_)) {
            let gap = reading.outside.fill(&mut out[column..]);
            if let Some(told) = told.as_deref_mut() {
                told.tell(if gap && hit == Hit::Inside { Hit::Gap } else { hit }, fallback);
            }
        }
    }
    Ok(())
}

/// A row, and room to work in.
struct Reader<'a> {
    row: Row<'a>,
    pyramid: &'a Pyramid,
    /// Length of the moving average in frames, zero for none.
    window: f64,
    parts: Parts<'a>,
    /// Smoothed frames: which, and their values.
    numbers: [Option<i64>; REMEMBERED as usize],
    smoothed: Vec<f32>,
}

impl<'a> Reader<'a> {
    fn new(row: &Row<'a>, pyramid: &'a Pyramid, window: f64) -> Self {
        let numbers = [None; REMEMBERED as usize];
        Self { row: *row, pyramid, window, parts: Parts::new(row.width), numbers, smoothed: vec![] }
    }

    fn at(
        &mut self,
        from: Seconds,
        to: Seconds,
        how: Interpolation,
        reading: &Reading,
        out: &mut Vec<f32>,
    ) -> Result<(Hit, Option<Fallback>), ViewError> {
        let times = reading.oversampling.max(1);
        let column = out.len();
        let (mut inside, mut fallback) = (0, None);
        let mut total = vec![0.0; if times > 1 { self.row.width } else { 0 }];
        for j in 0..times {
            let at = Seconds(from.0 + (to.0 - from.0) * f64::from(j) / f64::from(times));
            let u = self.row.axis.cell_position(at);
            let within = u >= 0.0 && u < (self.row.last() + 1) as f64;
            inside += u16::from(within);
            match reading.outside.value() {
                Some(value) if !within => out.resize(column + self.row.width, value),
                _ => fallback = self.between(at, u, how, out)?.or(fallback),
            }
            if times > 1 {
                total.iter_mut().zip(out.drain(column..)).for_each(|(sum, value)| *sum += f64::from(value));
            }
        }
        if times > 1 {
            out.extend(total.iter().map(|sum| said((sum / f64::from(times)) as f32)));
        }
        let hit = match inside {
            0 => Hit::Outside,
            inside if inside == times => Hit::Inside,
            _ => Hit::Partly,
        };
        Ok((hit, fallback))
    }

    /// Appends the values at one position.
    fn between(
        &mut self,
        at: Seconds,
        u: f64,
        how: Interpolation,
        out: &mut Vec<f32>,
    ) -> Result<Option<Fallback>, ViewError> {
        let x = self.row.axis.centre_position(at);
        let (i, f) = match how {
            Interpolation::Nearest => (u.floor() as i64, 0.0),
            _ => (x.floor() as i64, x - x.floor()),
        };
        let last = self.row.last();
        let beyond = i < 0 || i >= last;
        let reads = if beyond || f == 0.0 { 2..3 } else { reads(how) };
        let repeated =
            !beyond && reads.len() > 1 && (i + reads.start as i64 - 2 < 0 || i + reads.end as i64 - 3 > last);
        if self.window > 0.0 {
            for k in reads.clone() {
                self.remember(i.saturating_add(k as i64 - 2))?;
            }
        }
        let mut frames: [&[f32]; STENCIL] = [&[]; STENCIL];
        for k in reads.clone() {
            frames[k] = self.frame(i.saturating_add(k as i64 - 2))?;
        }
        if reads.len() == 1 {
            out.extend_from_slice(frames[2]);
        } else {
            even(how, frames, f, out);
        }
        // Half a cell at either end has a frame on one side only.
        let flat = matches!(how, Interpolation::Hold | Interpolation::Nearest);
        let held = beyond && f > 0.0 && !flat && u >= 0.0 && u < (last + 1) as f64;
        Ok((repeated || held).then_some(Fallback::EndRepeated))
    }

    /// A frame, smoothed if it is to be. A smoothed one must be remembered.
    fn frame(&self, i: i64) -> Result<&[f32], ViewError> {
        if self.window == 0.0 {
            return self.row.frame(i);
        }
        let slot = (i.clamp(0, self.row.last()) % REMEMBERED) as usize;
        Ok(&self.smoothed[slot * self.row.width..][..self.row.width])
    }

    fn remember(&mut self, i: i64) -> Result<(), ViewError> {
        let i = i.clamp(0, self.row.last());
        let slot = (i % REMEMBERED) as usize;
        if self.numbers[slot] == Some(i) {
            return Ok(());
        }
        let width = self.row.width;
        self.smoothed.resize(width * REMEMBERED as usize, 0.0);
        self.average(i)?;
        self.parts.join::<Mean>(&mut self.smoothed[slot * width..][..width]);
        self.numbers[slot] = Some(i);
        Ok(())
    }

    /// Gathers the frames around the centre of frame `i`.
    fn average(&mut self, i: i64) -> Result<(), ViewError> {
        let (middle, half) = (i as f64 + 0.5, self.window / 2.0);
        let cells = self.row.cells_between(middle - half, middle + half);
        weigh::<Mean>(&self.row, &self.pyramid.means, cells, TOP, &mut self.parts)
    }

    fn over(
        &mut self,
        from: Seconds,
        to: Seconds,
        reduction: Reduction,
        reading: &Reading,
        out: &mut Vec<f32>,
    ) -> Result<(Hit, Option<Fallback>), ViewError> {
        let hit = self.row.hit(from, to);
        if let Some(value) = reading.outside.value().filter(|_| hit == Hit::Outside) {
            out.resize(out.len() + self.row.width, value);
            return Ok((hit, None));
        }
        let (u0, u1) = (self.row.axis.cell_position(from), self.row.axis.cell_position(to));
        let cells = self.row.cells_between(u0, u1);
        let fallback = if self.window > 0.0 {
            self.reduce_smoothed(cells, reduction, out)?
        } else {
            reduce(&self.row, self.pyramid, cells, reduction, &mut self.parts, out)?
        };
        let short = u0 >= u1 && hit == Hit::Inside;
        Ok((hit, fallback.or(short.then_some(Fallback::NearestFrame))))
    }

    /// Reduces over smoothed frames, all of which are made for it.
    fn reduce_smoothed(
        &mut self,
        cells: Cells,
        reduction: Reduction,
        out: &mut Vec<f32>,
    ) -> Result<Option<Fallback>, ViewError> {
        let mut frames = std::mem::take(&mut self.smoothed);
        let width = self.row.width;
        frames.resize((cells.end - cells.first) as usize * width, 0.0);
        for (i, frame) in (cells.first..cells.end).zip(frames.chunks_exact_mut(width)) {
            self.average(i)?;
            self.parts.join::<Mean>(frame);
        }
        let row = self.row.with(cells.first, &frames);
        let fallback = reduce(&row, &Pyramid::empty(), cells, reduction, &mut Parts::new(width), out)?;
        self.smoothed = frames;
        Ok(fallback)
    }
}

/// Appends what is told of a column's frames.
fn reduce<'a>(
    row: &Row<'a>,
    pyramid: &'a Pyramid,
    cells: Cells,
    reduction: Reduction,
    parts: &mut Parts<'a>,
    out: &mut Vec<f32>,
) -> Result<Option<Fallback>, ViewError> {
    let column = out.len();
    out.resize(column + row.width, 0.0);
    let out = &mut out[column..];
    match reduction {
        Reduction::Mean => {
            weigh::<Mean>(row, &pyramid.means, cells, TOP, parts)?;
            parts.join::<Mean>(out);
        }
        Reduction::Rms => {
            weigh::<Root>(row, &pyramid.roots, cells, TOP, parts)?;
            parts.join::<Root>(out);
        }
        Reduction::Min => extreme::<Least>(row, &pyramid.least, cells, parts, out)?,
        Reduction::Max => extreme::<Greatest>(row, &pyramid.greatest, cells, parts, out)?,
        Reduction::Median => return median(row, pyramid, cells, parts, out),
    }
    Ok(None)
}

fn median<'a>(
    row: &Row<'a>,
    pyramid: &'a Pyramid,
    cells: Cells,
    parts: &mut Parts<'a>,
    out: &mut [f32],
) -> Result<Option<Fallback>, ViewError> {
    let count = (cells.end - cells.first) as u64;
    let level = (0..TOP).find(|&level| count >> bits(level) <= EXACT_MEDIAN).unwrap_or(TOP);
    weigh::<Mean>(row, &pyramid.means, cells, level, parts)?;
    let mut pairs = Vec::new();
    for (v, out) in out.iter_mut().enumerate() {
        pairs.clear();
        pairs.extend(parts.iter().map(|(told, weight)| (told[v], weight)));
        *out = said(weighted(&mut pairs));
    }
    Ok((level > 0).then_some(Fallback::MedianOfMeans { frames: 1 << bits(level) }))
}

/// Gathers the frames of a column, each with its weight, in runs of blocks of at
/// most this level.
fn weigh<'a, F: Fold>(
    row: &Row<'a>,
    kept: &'a Kept,
    cells: Cells,
    top: u32,
    parts: &mut Parts<'a>,
) -> Result<(), ViewError> {
    parts.clear();
    let whole = cells.whole();
    if cells.first < whole.start {
        parts.frame(row, cells.first, cells.weight(cells.first))?;
    }
    for run in runs(whole.start as u64, whole.end as u64, top) {
        parts.run::<F>(row, kept, run)?;
    }
    if whole.end < cells.end {
        parts.frame(row, cells.end - 1, cells.weight(cells.end - 1))?;
    }
    Ok(())
}

/// The least or the greatest value, to which a part of a frame is as good as
/// all of it.
fn extreme<'a, F: Fold>(
    row: &Row<'a>,
    kept: &'a Kept,
    cells: Cells,
    parts: &mut Parts<'a>,
    out: &mut [f32],
) -> Result<(), ViewError> {
    parts.clear();
    for run in runs(cells.first as u64, cells.end as u64, TOP) {
        parts.run::<F>(row, kept, run)?;
    }
    parts.join::<F>(out);
    Ok(())
}
