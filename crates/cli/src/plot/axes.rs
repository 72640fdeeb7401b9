//! Everything around the values: title, time below, bars and beats above,
//! numbers at the left, colour bar at the right.

use agogic::tempo::TempoMap;
use agogic::timebase::{Beats, Range, Seconds};

use super::image::{Area, Image};
use super::reduce::Scale;
use super::text::{Align, Pen};
use super::theme::{self, INK, LINE, NUMBERS, QUIET, RULE};
use super::ticks::{self, Tick};

/// Beats beyond which no bars are drawn: no picture could hold them.
const MOST_BEATS: f64 = 200_000.0;

/// Where things stand in the picture.
pub(super) struct Layout {
    /// Pixels per pixel of the default size.
    pub(super) scale: f32,
    /// All that shows values.
    pub(super) panel: Area,
    /// What time the panel's width stands for.
    pub(super) seconds: f64,
}

impl Layout {
    /// Makes room for bars above and a colour bar at the right where there are
    /// such.
    pub(super) fn new(image: &Image, seconds: f64, bars: bool, colours: bool) -> Self {
        let (width, height) = (image.width as f32, image.height as f32);
        let scale = (width / 1600.0).min(height / 600.0).clamp(0.7, 3.0);
        let panel = Area {
            left: (88.0 * scale).round(),
            top: ((if bars { 112.0 } else { 84.0 }) * scale).round(),
            right: (width - (if colours { 118.0 } else { 40.0 }) * scale).round(),
            bottom: (height - 58.0 * scale).round(),
        };
        Self { scale, panel, seconds }
    }

    /// The panel cut into equal lanes, one above the other.
    pub(super) fn lanes(&self, count: usize) -> Vec<Area> {
        let gap = if count > 1 { (8.0 * self.scale).round() } else { 0.0 };
        let height = (self.panel.height() + gap) / count.max(1) as f32;
        (0..count)
            .map(|lane| {
                let top = (self.panel.top + lane as f32 * height).round();
                let bottom = (self.panel.top + (lane + 1) as f32 * height - gap).round();
                // So many lanes that the gaps swallow them: let them touch.
                Area { top, bottom: bottom.max(top + 1.0), ..self.panel }
            })
            .collect()
    }

    /// Where a time stands.
    pub(super) fn x(&self, seconds: f64) -> f32 {
        self.panel.left + (seconds / self.seconds) as f32 * self.panel.width()
    }

    fn size(&self, pixels: f32) -> f32 {
        (pixels * self.scale).max(10.0)
    }
}

/// Title and subtitle.
pub(super) fn heading(image: &mut Image, pen: &Pen, layout: &Layout, title: &str, subtitle: &str) {
    let (left, width) = (layout.panel.left, image.width as f32 - layout.panel.left - 20.0 * layout.scale);
    for (text, y, size, colour) in [(title, 33.0, 27.0, INK), (subtitle, 61.0, 16.5, QUIET)] {
        let size = layout.size(size);
        let text = pen.fit(text, size, width);
        pen.draw(image, &text, left, y * layout.scale, size, Align::Left, colour);
    }
}

/// The time axis below the panel.
pub(super) fn time(image: &mut Image, pen: &Pen, layout: &Layout) {
    let (panel, scale, size) = (layout.panel, layout.scale, layout.size(16.0));
    let most = (panel.width() / (92.0 * scale)).max(1.0) as usize;
    let (marks, caption) = ticks::time(layout.seconds, most);
    let y = panel.bottom + 24.0 * scale;
    for Tick { at, label } in marks {
        let x = layout.x(at);
        image.vertical(x.min(panel.right - 1.0), panel.bottom, panel.bottom + 7.0 * scale, scale, RULE, 1.0);
        pen.draw(image, &label, x, y, size, Align::Centre, NUMBERS);
    }
    pen.draw(image, caption, panel.left - 32.0 * scale, y, layout.size(14.5), Align::Right, QUIET);
}

/// Bars and beats, placed in time.
pub(super) struct Bars {
    /// Number and place of each bar.
    bars: Vec<(i64, f32)>,
    /// Places of all beats that no bar starts with; empty where too dense.
    beats: Vec<f32>,
    /// Which bars have numbers: each 1st, 2nd, 4th, ...
    step: i64,
    /// Whether bars without numbers are drawn.
    all: bool,
}

impl Bars {
    /// The bars that a tempo map puts into the panel.
    pub(super) fn new(map: &TempoMap, pen: &Pen, layout: &Layout) -> Option<Self> {
        let (from, to) = (map.beats(Seconds(0.0)).0, map.beats(Seconds(layout.seconds)).0);
        // Half a beat further, for a bar that starts where the panel ends.
        let range = Range::new(Beats(from - 1e-6), Beats(to + 0.5));
        if !(to - from).is_finite() || to - from > MOST_BEATS {
            return None;
        }
        let place = |at: Beats| layout.x(map.seconds(at).0);
        let inside = |x: &f32| (layout.panel.left - 0.5..=layout.panel.right + 0.5).contains(x);
        let lines: Vec<_> = map.meter().beat_lines(range).map(|line| (line, place(line.at))).collect();
        let bars: Vec<(i64, f32)> = lines
            .iter()
            .filter(|(line, x)| line.beat == 1 && inside(x))
            .map(|&(line, x)| (line.bar, x))
            .collect();
        let beats: Vec<f32> =
            lines.iter().filter(|(line, x)| line.beat != 1 && inside(x)).map(|&(_, x)| x).collect();
        let places: Vec<f32> = bars.iter().map(|&(_, x)| x).collect();
        let widest = bars.last().map_or(0.0, |(bar, _)| pen.width(&bar.to_string(), layout.size(16.0)));
        let step = ticks::bar_step(&places, widest + 16.0 * layout.scale) as i64;
        let width = layout.panel.width();
        let dense = |count: usize, least: f32| count as f32 * least * layout.scale > width;
        let beats = if dense(beats.len() + bars.len(), 7.0) { Vec::new() } else { beats };
        Some(Self { all: !dense(bars.len(), 5.0), bars, beats, step })
    }

    fn numbered(&self, bar: i64) -> bool {
        (bar - 1).rem_euclid(self.step) == 0
    }

    /// The lines through an area that values are shown in.
    pub(super) fn lines(&self, image: &mut Image, area: Area, scale: f32, strength: f32) {
        for &x in &self.beats {
            image.vertical(x, area.top, area.bottom, scale, LINE, 0.13 * strength);
        }
        for &(bar, x) in self.bars.iter().filter(|(bar, _)| self.all || self.numbered(*bar)) {
            // A line on the frame itself would only thicken it.
            if x > area.left + 1.5 && x < area.right - 1.5 {
                let alpha = if self.numbered(bar) { 0.42 } else { 0.30 };
                image.vertical(x, area.top, area.bottom, scale, LINE, alpha * strength);
            }
        }
    }

    /// Numbers and ticks above the panel.
    pub(super) fn axis(&self, image: &mut Image, pen: &Pen, layout: &Layout) {
        let (panel, scale, size) = (layout.panel, layout.scale, layout.size(16.0));
        for &x in &self.beats {
            image.vertical(x, panel.top - 4.0 * scale, panel.top, scale, RULE, 1.0);
        }
        let y = panel.top - 21.0 * scale;
        for &(bar, x) in self.bars.iter().filter(|(bar, _)| self.all || self.numbered(*bar)) {
            let numbered = self.numbered(bar);
            let (length, colour) = if numbered { (10.0, NUMBERS) } else { (7.0, RULE) };
            let x = x.min(panel.right - 1.0);
            image.vertical(x, panel.top - length * scale, panel.top, scale, colour, 1.0);
            if numbered {
                pen.draw(image, &bar.to_string(), x, y, size, Align::Centre, INK);
            }
        }
        pen.draw(image, "bar", panel.left - 32.0 * scale, y, layout.size(14.5), Align::Right, QUIET);
    }
}

/// Numbers at the left of a lane, each with its place from 0.0 at the bottom to
/// 1.0 at the top, and faint lines through the lane where wanted.
pub(super) fn numbers(
    image: &mut Image,
    pen: &Pen,
    layout: &Layout,
    lane: Area,
    marks: &[(f32, String)],
    lines: bool,
) {
    let scale = layout.scale;
    for (share, label) in marks.iter().filter(|(share, _)| (0.0..=1.0).contains(share)) {
        let y = (lane.bottom - share * lane.height()).clamp(lane.top, lane.bottom - 1.0);
        image.horizontal(lane.left - 6.0 * scale, lane.left, y, RULE, 1.0);
        if lines {
            image.horizontal(lane.left, lane.right, y, LINE, 0.06);
        }
        // It would touch the lowest number of the lane above.
        let crowded = lane.top > layout.panel.top && y - lane.top < 9.0 * scale;
        if !crowded {
            pen.draw(image, label, lane.left - 11.0 * scale, y, layout.size(14.5), Align::Right, NUMBERS);
        }
    }
}

/// Round numbers along a scale, as many as a height holds.
pub(super) fn marks(scale: &Scale, height: f32, pixels: f32) -> Vec<(f32, String)> {
    let (lo, hi) = (f64::from(scale.lo), f64::from(scale.hi));
    let most = (height / (34.0 * pixels)).clamp(2.0, 9.0) as usize;
    let share = |at: f64| ((at - lo) / (hi - lo)) as f32;
    ticks::linear(lo, hi, most).into_iter().map(|tick| (share(tick.at), tick.label)).collect()
}

/// The colour bar at the right of the panel.
pub(super) fn colours(image: &mut Image, pen: &Pen, layout: &Layout, scale: &Scale) {
    let (panel, pixels) = (layout.panel, layout.scale);
    let left = (panel.right + 26.0 * pixels).round();
    let bar = Area { left, right: left + (16.0 * pixels).round(), ..panel };
    let rows = bar.height().max(1.0) as usize;
    for row in 0..rows {
        let top = bar.bottom - 1.0 - row as f32;
        let colour = theme::heat((row as f32 + 0.5) / rows as f32);
        image.fill(Area { top, bottom: top + 1.0, ..bar }, colour, 1.0);
    }
    for (share, label) in marks(scale, bar.height(), pixels) {
        let y = (bar.bottom - share * bar.height()).clamp(bar.top, bar.bottom - 1.0);
        image.horizontal(bar.right, bar.right + 6.0 * pixels, y, RULE, 1.0);
        pen.draw(image, &label, bar.right + 11.0 * pixels, y, layout.size(14.5), Align::Left, NUMBERS);
    }
    frame(image, bar);
    let room = image.width as f32 - left - 4.0;
    let caption = pen.fit(&scale.unit, layout.size(14.5), room);
    pen.draw(image, &caption, left, panel.top - 19.0 * pixels, layout.size(14.5), Align::Left, QUIET);
}

/// A thin frame around an area.
pub(super) fn frame(image: &mut Image, area: Area) {
    image.horizontal(area.left - 1.0, area.right + 1.0, area.top - 1.0, RULE, 0.7);
    image.horizontal(area.left - 1.0, area.right + 1.0, area.bottom, RULE, 0.7);
    image.vertical(area.left - 1.0, area.top, area.bottom, 1.0, RULE, 0.7);
    image.vertical(area.right, area.top, area.bottom, 1.0, RULE, 0.7);
}

/// A word in the upper left corner of a lane, legible on any colour.
pub(super) fn tag(image: &mut Image, pen: &Pen, layout: &Layout, lane: Area, text: &str) {
    let (scale, size) = (layout.scale, layout.size(14.5));
    let height = 22.0 * scale;
    if lane.height() < 1.5 * height {
        return;
    }
    let text = pen.fit(text, size, lane.width() / 2.0);
    let (left, top) = (lane.left + 8.0 * scale, lane.top + 8.0 * scale);
    let right = left + pen.width(&text, size) + 16.0 * scale;
    image.fill(Area { left, top, right, bottom: top + height }, theme::PANEL, 0.72);
    pen.draw(image, &text, left + 8.0 * scale, top + height / 2.0, size, Align::Left, NUMBERS);
}
