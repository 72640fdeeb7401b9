//! Pictures of feature tracks: seconds below, bars and beats above. What lives
//! here: everything from a track in memory to PNG bytes. What does not: caches,
//! engines, file names to write to. Called by the `plot` command only.
//!
//! A track of many bins is a heat map, one of few a curve per channel, peaks
//! are a waveform and events are stems. The same input gives the same bytes.

mod axes;
mod image;
mod reduce;
mod text;
mod theme;
mod ticks;
mod values;

#[cfg(test)]
mod tests;

use agogic::schema::{FeatureTrack, Plane, TrackData};
use agogic::tempo::TempoMap;

use self::axes::{Bars, Layout};
pub(crate) use self::image::{Image, write_png};
use self::reduce::Scale;
use self::text::Pen;

/// The least width and height that a picture is legible at.
const LEAST_SIZE: (u32, u32) = (480, 240);
/// The greatest width and height.
const MOST_SIZE: (u32, u32) = (16_384, 8_192);
/// From so many bins on a track is a heat map.
const HEAT_BINS: u32 = 8;
/// From so many bins on a track without a unit is a spectrum of magnitudes.
const SPECTRUM_BINS: u32 = 257;

/// What to draw.
#[derive(Clone, Debug)]
pub(crate) struct Plot<'a> {
    /// The large line: the file's name.
    pub(crate) title: String,
    /// The line below: descriptor, unit, profile.
    pub(crate) subtitle: String,
    /// The values.
    pub(crate) track: &'a FeatureTrack,
    /// How long the asset is, which the picture's width stands for.
    pub(crate) seconds: f64,
    /// Where bars and beats are, if known.
    pub(crate) tempo: Option<&'a TempoMap>,
    /// Centre frequency of each bin in Hz, if known.
    pub(crate) frequencies: Option<Vec<f32>>,
    /// Width and height in pixels; text and lines are at their natural size at
    /// 1600 by 600. What is too small to be legible, or too large for memory,
    /// is brought into range.
    pub(crate) size: (u32, u32),
}

/// Draws a picture. Any track can be drawn; one whose values do not fit its
/// header is drawn without values.
pub(crate) fn render(plot: &Plot<'_>) -> Image {
    let width = plot.size.0.clamp(LEAST_SIZE.0, MOST_SIZE.0);
    let height = plot.size.1.clamp(LEAST_SIZE.1, MOST_SIZE.1);
    let mut image = Image::new(width, height, theme::PAPER);
    let pen = Pen::new();
    let header = &plot.track.header;
    let heat = matches!(plot.track.data, TrackData::Dense(_)) && header.bins >= HEAT_BINS;
    let layout = Layout::new(&image, seconds(plot), plot.tempo.is_some(), heat);
    let bars = plot.tempo.and_then(|map| Bars::new(map, &pen, &layout));
    let mut canvas = Canvas { image: &mut image, pen: &pen, layout: &layout, bars: bars.as_ref() };

    axes::heading(canvas.image, &pen, &layout, &plot.title, &plot.subtitle);
    match &plot.track.data {
        _ if plot.track.check().is_err() => canvas.empty(),
        TrackData::Events(events) => canvas.events(plot.track, events),
        TrackData::Dense(plane) if heat => canvas.heat(plot, plane),
        TrackData::Dense(plane) => canvas.curves(plot.track, plane),
        TrackData::Peaks(planes) => canvas.waveform(plot.track, planes),
    }
    axes::time(&mut image, &pen, &layout);
    if let Some(bars) = &bars {
        bars.axis(&mut image, &pen, &layout);
    }
    image
}

/// The time to show: the asset's, or where that is no length, the track's own.
fn seconds(plot: &Plot<'_>) -> f64 {
    let own = match &plot.track.data {
        TrackData::Dense(plane) => end(plane, plot.track.width()),
        TrackData::Peaks(planes) => planes.first().map_or(0.0, |plane| end(plane, plot.track.width())),
        TrackData::Events(_) => 0.0,
    };
    let sane = |seconds: &f64| seconds.is_finite() && *seconds > 0.0;
    [plot.seconds, own].into_iter().find(sane).unwrap_or(1.0).clamp(1e-4, 1e7)
}

fn end(plane: &Plane, width: usize) -> f64 {
    plane.grid.seconds((plane.data.len() / width.max(1)) as u64).0
}

/// The picture in the making.
struct Canvas<'a> {
    image: &'a mut Image,
    pen: &'a Pen,
    layout: &'a Layout,
    bars: Option<&'a Bars>,
}

impl Canvas<'_> {
    fn heat(&mut self, plot: &Plot<'_>, plane: &Plane) {
        let (header, width) = (&plot.track.header, plot.track.width());
        let bins = header.bins as usize;
        let magnitudes = header.unit.is_empty() && header.bins >= SPECTRUM_BINS;
        let scale = Scale::colours(&plane.data, &header.unit, magnitudes);
        let pixels = self.layout.panel.width() as usize;
        let columns = reduce::greatest(plane, width, self.layout.seconds, pixels);
        let lanes = self.layout.lanes(header.channels.len());
        for (channel, &lane) in lanes.iter().enumerate() {
            let marks = bin_marks(plot, bins, lane.height() / self.layout.scale);
            self.ground(lane);
            values::heat(self.image, lane, &columns, width, (channel * bins, bins), &scale);
            self.lines(lane, 1.0);
            axes::numbers(self.image, self.pen, self.layout, lane, &marks, false);
            self.finish(lane, lanes.len(), &header.channels[channel]);
        }
        axes::colours(self.image, self.pen, self.layout, &scale);
    }

    fn curves(&mut self, track: &FeatureTrack, plane: &Plane) {
        let header = &track.header;
        let bins = header.bins as usize;
        let scale = Scale::heights(&plane.data, &header.unit, room(header.channels.len()));
        let lanes = self.layout.lanes(header.channels.len());
        for (channel, &lane) in lanes.iter().enumerate() {
            self.ground(lane);
            self.lines(lane, 0.6);
            let marks = axes::marks(&scale, lane.height(), self.layout.scale);
            axes::numbers(self.image, self.pen, self.layout, lane, &marks, true);
            for bin in (0..bins).rev() {
                let value = (track.width(), channel * bins + bin);
                let colour = theme::CURVES[(channel + bin) % theme::CURVES.len()];
                values::curve(self.image, self.layout, lane, plane, value, &scale, (colour, bins == 1));
            }
            self.finish(lane, lanes.len(), &header.channels[channel]);
        }
    }

    fn waveform(&mut self, track: &FeatureTrack, planes: &[Plane]) {
        let header = &track.header;
        let Some(plane) = values::level(planes, self.layout).filter(|_| matches!(header.bins, 1 | 2)) else {
            return self.empty();
        };
        let scale = Scale::waveform(&plane.data, &header.unit, room(header.channels.len()));
        let lanes = self.layout.lanes(header.channels.len());
        for (channel, &lane) in lanes.iter().enumerate() {
            self.ground(lane);
            self.lines(lane, 0.6);
            let marks = axes::marks(&scale, lane.height(), self.layout.scale);
            axes::numbers(self.image, self.pen, self.layout, lane, &marks, true);
            values::waveform(self.image, self.layout, lane, (plane, header), channel, &scale);
            self.finish(lane, lanes.len(), &header.channels[channel]);
        }
    }

    fn events(&mut self, track: &FeatureTrack, events: &[agogic::schema::Event]) {
        let lane = self.layout.panel;
        self.ground(lane);
        self.lines(lane, 0.6);
        values::stems(self.image, self.layout, lane, &track.header, events);
        let count = if events.len() == 1 { "1 event".into() } else { format!("{} events", events.len()) };
        self.finish(lane, 2, &count);
    }

    fn empty(&mut self) {
        let lane = self.layout.panel;
        self.ground(lane);
        self.lines(lane, 0.6);
        self.finish(lane, 2, "no values");
    }

    fn ground(&mut self, lane: image::Area) {
        self.image.fill(lane, theme::PANEL, 1.0);
    }

    fn lines(&mut self, lane: image::Area, strength: f32) {
        if let Some(bars) = self.bars {
            bars.lines(self.image, lane, self.layout.scale, strength);
        }
    }

    /// The frame, and a word in the corner where there are several lanes.
    fn finish(&mut self, lane: image::Area, lanes: usize, word: &str) {
        axes::frame(self.image, lane);
        if lanes > 1 {
            axes::tag(self.image, self.pen, self.layout, lane, word);
        }
    }
}

/// The share of a lane to leave free above the values: where there are several
/// lanes, a word stands there.
fn room(lanes: usize) -> f32 {
    if lanes > 1 { 0.20 } else { 0.06 }
}

/// What stands at the left of a heat map: frequencies where they are known,
/// numbers of bins where not; places from 0.0 at the bottom to 1.0 at the top.
fn bin_marks(plot: &Plot<'_>, bins: usize, height: f32) -> Vec<(f32, String)> {
    let most = (height / 45.0).clamp(2.0, 10.0) as usize;
    let gap = 19.0 * bins as f64 / f64::from(height.max(1.0));
    let known = plot.frequencies.as_ref().filter(|centres| centres.len() == bins);
    let ticks = match known {
        Some(centres) => ticks::frequency(centres, most, gap),
        None => ticks::linear(0.0, (bins - 1) as f64, most.min(bins)),
    };
    ticks.into_iter().map(|tick| ((tick.at as f32 + 0.5) / bins as f32, tick.label)).collect()
}
