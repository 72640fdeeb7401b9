//! The view itself: a track, a tempo map and a grid in, columns out.

use agogic_schema::{DescriptorId, FeatureTrack, Plane, SchemaError, TrackData};
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, Seconds};

use crate::row::Row;
use crate::{Grid, Sampling, ViewError, dense, events, peaks};

/// Values that one view may have: 256 Mi, a gibibyte.
pub const MAX_VALUES: usize = 1 << 28;

/// The values of a track on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// What the values are.
    pub descriptor: DescriptorId,
    /// Unit of the values, empty for none; `count` for events.
    pub unit: String,
    /// Least and greatest value that can occur, where there are such.
    pub range: Option<(f32, f32)>,
    /// Names of the audio channels that have values.
    pub channels: Vec<String>,
    /// Rows per channel; for peaks two, minimum and maximum; for events one.
    pub bins: u32,
    /// The edges of the columns in beats, one more than there are columns.
    pub beats: Vec<Beats>,
    /// The same edges in real time.
    pub seconds: Vec<Seconds>,
    /// The values: `data[(column * channels + channel) * bins + bin]`.
    pub data: Vec<f32>,
}

/// Shows a track on a grid.
///
/// Dense tracks are sampled as [`Sampling`] says. Peaks come from the coarsest
/// level whose hop is no longer than the column (the finest where none is):
/// over any reduction the least minimum and the greatest maximum of the cells
/// in the column, at any interpolation those of the cell at its start edge.
/// Events are counted, whichever sampling: those with `t0 <= at < t1`.
///
/// The track may be a part of the whole, whose planes start at later frames
/// (`plane.grid.start` moves, the header keeps the start of the whole track);
/// [`frames_needed`](crate::frames_needed) says which part. Where a part ends
/// early the track is taken to end there.
///
/// # Errors
/// [`ViewError::Empty`] for a dense or peaks track without frames,
/// [`ViewError::Track`] and [`ViewError::OffGrid`] for values that do not fit
/// the header, [`ViewError::PeakBins`], [`ViewError::TooManyValues`], and
/// [`ViewError::MissingFrames`] for a part that starts too late.
pub fn view(
    track: &FeatureTrack,
    map: &TempoMap,
    grid: &Grid,
    sampling: Sampling,
) -> Result<Columns, ViewError> {
    track.check()?;
    let header = &track.header;
    let counted = matches!(track.data, TrackData::Events(_));
    let width = if counted { 1 } else { track.width() };
    if grid.columns().checked_mul(width).is_none_or(|values| values > MAX_VALUES) {
        return Err(ViewError::TooManyValues { columns: grid.columns(), width });
    }
    let seconds = times(map, grid);
    let mut data = Vec::with_capacity(grid.columns() * width);
    match &track.data {
        TrackData::Events(list) => events::render(header, list, &seconds, &mut data)?,
        TrackData::Dense(plane) => {
            let rows = rows(track, std::slice::from_ref(plane))?;
            dense::render(&rows[0], &seconds, sampling, &mut data)?;
        }
        TrackData::Peaks(planes) => {
            if header.bins != 2 {
                let descriptor = header.descriptor.to_string();
                return Err(ViewError::PeakBins { descriptor, bins: header.bins });
            }
            peaks::render(&rows(track, planes)?, &seconds, sampling, &mut data)?;
        }
    }
    Ok(Columns {
        descriptor: header.descriptor.clone(),
        unit: if counted { "count".into() } else { header.unit.clone() },
        range: if counted { None } else { header.range },
        channels: match header.channels.as_slice() {
            // Events do not say which channel they are of.
            [one] if counted => vec![one.clone()],
            _ if counted => vec!["mono".into()],
            channels => channels.to_vec(),
        },
        bins: if counted { 1 } else { header.bins },
        beats: grid.edges().to_vec(),
        seconds,
        data,
    })
}

/// The edges of a grid in real time. An edge has the same time in every grid
/// that it belongs to, to the last bit: the map's cursor answers as the map.
pub(crate) fn times(map: &TempoMap, grid: &Grid) -> Vec<Seconds> {
    map.seconds_of(grid.edges())
}

/// The planes of a track as rows, at least one of them with frames.
fn rows<'a>(track: &'a FeatureTrack, planes: &'a [Plane]) -> Result<Vec<Row<'a>>, ViewError> {
    let descriptor = || track.header.descriptor.to_string();
    if planes.len() > track.header.planes.len() {
        let rule = format!("{} planes where the header has {}", planes.len(), track.header.planes.len());
        return Err(SchemaError::Track { descriptor: descriptor(), rule }.into());
    }
    if planes.iter().all(|plane| plane.data.is_empty()) {
        return Err(ViewError::Empty { descriptor: descriptor() });
    }
    planes.iter().enumerate().map(|(number, plane)| Row::new(track, number, plane)).collect()
}
