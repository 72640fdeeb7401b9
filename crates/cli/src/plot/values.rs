//! The values themselves: heat maps, curves, waveforms and stems.

use agogic::schema::{Event, Plane, TrackHeader};
use agogic::timebase::Seconds;

use super::axes::Layout;
use super::image::{Area, Image, Rgb};
use super::reduce::{Scale, bin_row, envelope, is_level};
use super::theme;

/// Columns that one pixel of a curve is made of, for smooth edges.
const FINE: usize = 4;

/// One channel of a heat map. `columns` holds the values of each column of
/// pixels: `width` values each, of which `bins` from `first` on are shown.
pub(super) fn heat(
    image: &mut Image,
    area: Area,
    columns: &[f32],
    width: usize,
    (first, bins): (usize, usize),
    scale: &Scale,
) {
    let rows = area.height() as usize;
    for (x, column) in columns.chunks_exact(width).enumerate() {
        let bins = &column[first..first + bins];
        for row in 0..rows {
            let share = scale.share(bin_row(bins, row, rows));
            if !share.is_nan() {
                let (x, y) = (area.left as i32 + x as i32, area.bottom as i32 - 1 - row as i32);
                image.blend(x, y, theme::heat(share), 1.0);
            }
        }
    }
}

/// One curve of a dense track, filled down to zero (or the bottom) if wanted.
pub(super) fn curve(
    image: &mut Image,
    layout: &Layout,
    area: Area,
    plane: &Plane,
    (width, value): (usize, usize),
    scale: &Scale,
    look: (Rgb, bool),
) {
    let (colour, filled) = look;
    let columns = area.width() as usize;
    let mut shares = envelope(plane, width, value, layout.seconds, columns * FINE);
    if is_level(&scale.unit) || scale.lo >= 0.0 {
        // Many frames to a pixel: the outline of a whole pixel says more than
        // the band between all of them.
        let crowded = seconds_per_frame(plane) * (columns * FINE) as f64 <= layout.seconds;
        for pixel in shares.chunks_exact_mut(if crowded { FINE } else { 1 }) {
            let hi = pixel.iter().fold(f32::NAN, |so_far, fine| so_far.max(fine.1));
            pixel.fill((hi, hi));
        }
    }
    join(&mut shares);
    // As wide as it is high, so that steep parts are no fainter than flat ones.
    let half = 0.8 * layout.scale;
    let stroke = widen(&shares, (half * FINE as f32 / 2.0).round() as usize);
    let y = |value: f32| area.bottom - scale.share(value) * area.height();
    let zero = area.bottom - scale.share(if is_level(&scale.unit) { scale.lo } else { 0.0 }) * area.height();
    let mut line = Coverage::new(area);
    let mut below = Coverage::new(area);
    let fine = shares.chunks_exact(FINE).zip(stroke.chunks_exact(FINE));
    for (x, (shares, stroke)) in fine.enumerate() {
        for &(lo, hi) in shares.iter().filter(|(lo, _)| filled && !lo.is_nan()) {
            below.add(y(hi).min(zero), y(lo).max(zero));
        }
        for &(lo, hi) in stroke.iter().filter(|(lo, _)| !lo.is_nan()) {
            line.add(y(hi) - half, y(lo) + half);
        }
        let depth = |y: f32| 0.12 + 0.50 * (y - zero).abs() / area.height().max(1.0);
        below.drain(|y, share| {
            image.blend(area.left as i32 + x as i32, y, colour, share * depth(y as f32));
        });
        line.drain(|y, share| image.blend(area.left as i32 + x as i32, y, colour, share));
    }
}

/// One channel of a waveform, from the level of peaks that fits the width. A
/// root mean square is drawn both ways from zero.
pub(super) fn waveform(
    image: &mut Image,
    layout: &Layout,
    area: Area,
    (plane, header): (&Plane, &TrackHeader),
    channel: usize,
    scale: &Scale,
) {
    let columns = area.width() as usize;
    let (width, bins) = (header.width(), header.bins as usize);
    let of = |bin| envelope(plane, width, bins * channel + bin, layout.seconds, columns * FINE);
    let mut peaks: Vec<(f32, f32)> = match bins {
        1 => of(0).iter().map(|rms| (-rms.1, rms.1)).collect(),
        _ => of(0).iter().zip(of(1)).map(|(lo, hi)| (lo.0, hi.1)).collect(),
    };
    join(&mut peaks);
    let y = |value: f32| area.bottom - scale.share(value) * area.height();
    let middle = y(0.0);
    let mut wave = Coverage::new(area);
    for (x, fine) in peaks.chunks_exact(FINE).enumerate() {
        for &(lo, hi) in fine.iter().filter(|(lo, hi)| !lo.is_nan() && !hi.is_nan()) {
            wave.add(y(hi) - 0.5, y(lo) + 0.5);
        }
        wave.drain(|y, share| {
            let far = (2.0 * (y as f32 - middle).abs() / area.height().max(1.0)).min(1.0);
            image.blend(area.left as i32 + x as i32, y, theme::WAVE, share * (0.95 - 0.40 * far));
        });
    }
}

/// The coarsest level whose frames are no longer than a quarter of a pixel,
/// else the finest that has frames.
pub(super) fn level<'a>(planes: &'a [Plane], layout: &Layout) -> Option<&'a Plane> {
    let pixel = layout.seconds / f64::from(layout.panel.width().max(1.0)) / FINE as f64;
    let present = || planes.iter().filter(|plane| !plane.data.is_empty());
    let order = |a: &&Plane, b: &&Plane| seconds_per_frame(a).total_cmp(&seconds_per_frame(b));
    present()
        .filter(|plane| seconds_per_frame(plane) <= pixel)
        .max_by(order)
        .or_else(|| present().min_by(order))
}

fn seconds_per_frame(plane: &Plane) -> f64 {
    f64::from(plane.grid.hop.get()) / f64::from(plane.grid.rate.hz())
}

/// Events as stems; their height is their first value where they have one.
pub(super) fn stems(image: &mut Image, layout: &Layout, area: Area, header: &TrackHeader, events: &[Event]) {
    let Ok(rate) = agogic::timebase::SampleRate::new(header.rate) else { return };
    let value = |event: &Event| event.values.first().copied().filter(|value| value.is_finite());
    let most = events.iter().filter_map(value).fold(0.0, f32::max);
    let crowded = events.len() as f32 * 9.0 * layout.scale > area.width();
    let radius = if crowded { 2.0 } else { 4.5 } * layout.scale;
    for event in events {
        let Seconds(at) = rate.seconds(event.at);
        if !(0.0..=layout.seconds).contains(&at) {
            continue;
        }
        let share = match value(event) {
            Some(value) if most > 0.0 => 0.12 + 0.76 * (value / most).clamp(0.0, 1.0),
            _ => 0.80,
        };
        let (x, top) = (layout.x(at), area.bottom - share * area.height());
        let width = if crowded { 1.0 } else { 2.0 * layout.scale };
        image.vertical(x, top, area.bottom, width, theme::STEM, if crowded { 0.6 } else { 0.8 });
        dot(image, area, x, top, radius);
    }
}

/// A round dot with a smooth edge, kept inside an area.
fn dot(image: &mut Image, area: Area, x: f32, y: f32, radius: f32) {
    let reach = radius.ceil() as i32 + 1;
    for py in y as i32 - reach..=y as i32 + reach {
        for px in x as i32 - reach..=x as i32 + reach {
            let inside = (area.left..area.right).contains(&(px as f32));
            let far = ((px as f32 + 0.5 - x).powi(2) + (py as f32 + 0.5 - y).powi(2)).sqrt();
            if inside {
                image.blend(px, py, theme::STEM, (radius + 0.5 - far).clamp(0.0, 1.0));
            }
        }
    }
}

/// Stretches each span so that it meets the one before: a curve has no gaps.
fn join(spans: &mut [(f32, f32)]) {
    let mut previous: Option<(f32, f32)> = None;
    for span in spans {
        let own = *span;
        if let Some((lo, hi)) = previous {
            // Comparisons with NaN are false, and leave a gap where there is one.
            if own.0 > hi {
                span.0 = hi;
            }
            if own.1 < lo {
                span.1 = lo;
            }
        }
        previous = Some(own);
    }
}

/// Each span with the `by` spans to either side of it.
fn widen(spans: &[(f32, f32)], by: usize) -> Vec<(f32, f32)> {
    let around = |i: usize| spans[i.saturating_sub(by)..(i + by + 1).min(spans.len())].iter();
    let both = |a: (f32, f32), b: &(f32, f32)| (a.0.min(b.0), a.1.max(b.1));
    (0..spans.len()).map(|i| around(i).fold((f32::NAN, f32::NAN), both)).collect()
}

/// How much of each pixel of one column is covered, added up from finer
/// columns.
struct Coverage {
    area: Area,
    shares: Vec<f32>,
    touched: Option<(usize, usize)>,
}

impl Coverage {
    fn new(area: Area) -> Self {
        Self { area, shares: vec![0.0; area.height().max(1.0) as usize], touched: None }
    }

    fn add(&mut self, top: f32, bottom: f32) {
        let rows = self.shares.len();
        let top = (top - self.area.top).clamp(0.0, rows as f32);
        let bottom = (bottom - self.area.top).clamp(0.0, rows as f32);
        let (first, end) = (top as usize, (bottom.ceil() as usize).min(rows));
        for row in first..end {
            let share = bottom.min(row as f32 + 1.0) - top.max(row as f32);
            self.shares[row] += share.max(0.0) / FINE as f32;
        }
        let (from, to) = self.touched.unwrap_or((first, end));
        self.touched = Some((from.min(first), to.max(end)));
    }

    /// Hands out each covered pixel of the column and starts a new one.
    fn drain(&mut self, mut pixel: impl FnMut(i32, f32)) {
        let Some((first, end)) = self.touched.take() else { return };
        for row in first..end {
            let share = std::mem::take(&mut self.shares[row]);
            pixel(self.area.top as i32 + row as i32, share);
        }
    }
}
