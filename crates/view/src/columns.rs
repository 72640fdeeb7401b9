//! The view itself: a track, a tempo map and a grid in, columns out.

use std::time::{Duration, Instant};

use agogic_schema::{DescriptorId, FeatureTrack, Plane, SchemaError, TrackData, TrackHeader};
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, FrameGrid, Seconds};

use crate::row::Row;
use crate::{
    Diagnostics, Grid, Origin, Pyramid, Reading, Reduction, Sampling, Source, ViewError, dense, events, peaks,
};

/// Values that one view may have: 256 Mi, a gibibyte.
pub const MAX_VALUES: usize = 1 << 28;

/// Frames in a moving average from which on means of blocks pay.
const LONG_WINDOW: f64 = 16.0;

/// The values of a track on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// What the values are.
    pub descriptor: DescriptorId,
    /// Unit of the values, empty for none; `count` for events.
    pub unit: String,
    /// Least and greatest value that can occur, where there are such; of a root
    /// mean square, those of magnitudes. A spline or Akima's curve may swing
    /// over them, and what [`Outside`](crate::Outside) puts in need not keep
    /// to them.
    pub range: Option<(f32, f32)>,
    /// Names of the audio channels that have values.
    pub channels: Vec<String>,
    /// Rows per channel; for peaks two, minimum and maximum; for events one.
    pub bins: u32,
    /// Where the frames stand that the values came from: rate, centre of frame
    /// 0 of the whole track, hop. Of peaks the finest level; of events nothing.
    pub frames: Option<FrameGrid>,
    /// The profile and revision of the track, where they were told.
    pub origin: Option<Origin>,
    /// The edges of the columns in beats, one more than there are columns.
    pub beats: Vec<Beats>,
    /// The same edges in real time.
    pub seconds: Vec<Seconds>,
    /// The values: `data[(column * channels + channel) * bins + bin]`.
    pub data: Vec<f32>,
    /// How they came about, where that was asked for.
    pub diagnostics: Option<Diagnostics>,
}

impl Columns {
    /// The phase of the frames: real time of the centre of frame 0.
    pub fn phase(&self) -> Option<Seconds> {
        self.frames.map(|grid| grid.seconds(0))
    }
}

/// Shows a track on a grid.
///
/// Dense tracks are read as [`Reading`] says, of which a [`Sampling`] alone is
/// the usual case. Peaks come from the coarsest level whose hop is no longer
/// than the column (the finest where none is): over any reduction the least
/// minimum and the greatest maximum of the cells in the column, or the root of
/// their mean square, at any interpolation those of the cell at its start edge. Events are counted,
/// whichever sampling: those with `t0 <= at < t1`;
/// [`EventView`](crate::EventView) says more of them.
///
/// The track may be a part of the whole, whose planes start at later frames
/// (`plane.grid.start` moves, the header keeps the start of the whole track);
/// [`frames_needed`](crate::frames_needed) says which part. Where a part ends
/// early the track is taken to end there. With a [`Pyramid`] or without, the
/// columns have the same bits.
///
/// # Errors
/// [`ViewError::Empty`] for a dense or peaks track without frames,
/// [`ViewError::Track`] and [`ViewError::OffGrid`] for values that do not fit
/// the header, [`ViewError::Pyramid`] for one of other frames,
/// [`ViewError::PeakBins`], [`ViewError::TooManyValues`],
/// [`ViewError::Smoothing`], and [`ViewError::MissingFrames`] for a part that
/// starts too late.
pub fn view<'a>(
    source: impl Into<Source<'a>>,
    map: &TempoMap,
    grid: &Grid,
    reading: impl Into<Reading>,
) -> Result<Columns, ViewError> {
    let (Source { track, pyramid, origin }, reading) = (source.into(), reading.into());
    track.check()?;
    let header = &track.header;
    let counted = matches!(track.data, TrackData::Events(_));
    let width = if counted { 1 } else { track.width() };
    if grid.columns().checked_mul(width).is_none_or(|values| values > MAX_VALUES) {
        return Err(ViewError::TooManyValues { columns: grid.columns(), width });
    }
    let (seconds, mapping) = timed(reading.diagnose, || times(map, grid));
    let mut told = reading.diagnose.then(|| Diagnostics::new(&reading, mapping, pyramid.is_some()));
    let mut data = Vec::with_capacity(grid.columns() * width);
    match &track.data {
        TrackData::Events(list) => events::render(header, list, &seconds, &mut data, told.as_mut())?,
        TrackData::Dense(plane) => {
            let rows = rows(track, std::slice::from_ref(plane))?;
            let row = &rows[0].1;
            let pyramid = suitable(row, pyramid, grid.columns(), &reading)?
                .ok_or_else(|| ViewError::Pyramid { descriptor: header.descriptor.to_string() })?;
            dense::render(row, &pyramid, &seconds, &reading, &mut data, told.as_mut())?;
        }
        TrackData::Peaks(planes) => {
            if !matches!(header.bins, 1 | 2) {
                let descriptor = header.descriptor.to_string();
                return Err(ViewError::PeakBins { descriptor, bins: header.bins });
            }
            peaks::render(&rows(track, planes)?, header.bins, &seconds, &reading, &mut data, told.as_mut())?;
        }
    }
    Ok(Columns {
        descriptor: header.descriptor.clone(),
        unit: if counted { "count".into() } else { header.unit.clone() },
        range: range(header, counted, &reading),
        channels: match header.channels.as_slice() {
            // Events do not say which channel they are of.
            [one] if counted => vec![one.clone()],
            _ if counted => vec!["mono".into()],
            channels => channels.to_vec(),
        },
        bins: if counted { 1 } else { header.bins },
        frames: header.grid(0).ok(),
        origin: origin.cloned(),
        beats: grid.edges().to_vec(),
        seconds,
        data,
        diagnostics: told,
    })
}

/// The edges of a grid in real time. An edge has the same time in every grid
/// that it belongs to, to the last bit: the map's cursor answers as the map.
pub(crate) fn times(map: &TempoMap, grid: &Grid) -> Vec<Seconds> {
    map.seconds_of(grid.edges())
}

/// Something, and the time it took; the clock is left alone unless asked for.
pub(crate) fn timed<T>(timed: bool, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = timed.then(Instant::now);
    let done = work();
    (done, start.map_or(Duration::ZERO, |start| start.elapsed()))
}

/// The pyramid to render a row with: the one at hand, or one of means where a
/// long moving average makes it pay. `None` for one of another row.
pub(crate) fn suitable<'a>(
    row: &Row<'_>,
    given: Option<&'a Pyramid>,
    columns: usize,
    reading: &Reading,
) -> Result<Option<Handy<'a>>, ViewError> {
    if let Some(pyramid) = given
        && !pyramid.fits(row)
    {
        return Ok(None);
    }
    let window = row.axis.frames(reading.window()?);
    let read = match reading.sampling {
        Sampling::At(_) => columns as f64 * window,
        Sampling::Over(_) => f64::INFINITY,
    };
    let frames = (row.values().len() / row.width.max(1)) as f64;
    let pays = window >= LONG_WINDOW && read > frames;
    Ok(Some(match given {
        Some(pyramid) if !pays || !pyramid.means.is_empty() => Handy::Given(pyramid),
        _ if pays => Handy::Own(Box::new(Pyramid::of_row(row, &[Reduction::Mean])?)),
        _ => Handy::Own(Box::new(Pyramid::empty())),
    }))
}

/// A pyramid that came with the track, or was made for one view.
pub(crate) enum Handy<'a> {
    Given(&'a Pyramid),
    Own(Box<Pyramid>),
}

impl std::ops::Deref for Handy<'_> {
    type Target = Pyramid;
    fn deref(&self) -> &Pyramid {
        match self {
            Self::Given(pyramid) => pyramid,
            Self::Own(pyramid) => pyramid,
        }
    }
}

fn range(header: &TrackHeader, counted: bool, reading: &Reading) -> Option<(f32, f32)> {
    let (lo, hi) = header.range.filter(|_| !counted)?;
    if header.shape != agogic_schema::Shape::Dense || reading.sampling != Sampling::Over(Reduction::Rms) {
        return Some((lo, hi));
    }
    let (a, b) = (lo.abs(), hi.abs());
    Some((if lo <= 0.0 && hi >= 0.0 { 0.0 } else { a.min(b) }, a.max(b)))
}

/// The planes of a track as rows, at least one of them with frames.
fn rows<'a>(track: &'a FeatureTrack, planes: &'a [Plane]) -> Result<Vec<(FrameGrid, Row<'a>)>, ViewError> {
    let descriptor = || track.header.descriptor.to_string();
    if planes.len() > track.header.planes.len() {
        let rule = format!("{} planes where the header has {}", planes.len(), track.header.planes.len());
        return Err(SchemaError::Track { descriptor: descriptor(), rule }.into());
    }
    if planes.iter().all(|plane| plane.data.is_empty()) {
        return Err(ViewError::Empty { descriptor: descriptor() });
    }
    let row = |(number, plane)| Ok((track.header.grid(number)?, Row::new(track, number, plane)?));
    planes.iter().enumerate().map(row).collect()
}
