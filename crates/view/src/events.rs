//! Event tracks on a grid: how many events fall into each column, which, and
//! the one that is nearest to a time.

use std::ops::Range;

use agogic_schema::{Event, FeatureTrack, SchemaError, TrackData, TrackHeader};
use agogic_tempo::TempoMap;
use agogic_timebase::{Delta, SampleRate, Seconds};

use crate::columns::times;
use crate::diagnostics::{Diagnostics, Fallback, Hit};
use crate::{Grid, ViewError};

/// The events of a track, told apart by the columns of a grid. An event is in
/// the column with `t0 <= at < t1`.
#[derive(Clone, Debug)]
pub struct EventView<'a> {
    events: &'a [Event],
    rate: SampleRate,
    seconds: Vec<Seconds>,
    /// Per edge the first event at or after it.
    before: Vec<usize>,
}

/// The event that is nearest to a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Its number in the track.
    pub event: usize,
    /// When it happens.
    pub at: Seconds,
    /// How long after the time asked for; negative where it was before.
    pub distance: Delta<Seconds>,
}

impl<'a> EventView<'a> {
    /// The events of a track on a grid.
    ///
    /// # Errors
    /// [`ViewError::Track`] for a track that has frames, or whose events do not
    /// fit its header.
    pub fn new(track: &'a FeatureTrack, map: &TempoMap, grid: &Grid) -> Result<Self, ViewError> {
        track.check()?;
        let TrackData::Events(events) = &track.data else {
            let descriptor = track.header.descriptor.to_string();
            return Err(
                SchemaError::Track { descriptor, rule: "frames where events were asked for".into() }.into()
            );
        };
        let (rate, seconds) = (rate(&track.header)?, times(map, grid));
        let before = cuts(rate, events, &seconds);
        Ok(Self { events, rate, seconds, before })
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.seconds.len() - 1
    }

    /// The edges of the columns in real time.
    pub fn seconds(&self) -> &[Seconds] {
        &self.seconds
    }

    /// The numbers of the events in a column; none in one that is not there.
    pub fn indices(&self, column: usize) -> Range<usize> {
        match self.before.get(column..).unwrap_or_default() {
            [from, to, ..] => *from..*to.max(from),
            _ => 0..0,
        }
    }

    /// The events in a column.
    pub fn cell(&self, column: usize) -> &'a [Event] {
        &self.events[self.indices(column)]
    }

    /// How many events each column has.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = usize> {
        (0..self.columns()).map(|column| self.indices(column).len())
    }

    /// The event nearest to a time; the earlier of two that are as near. `None`
    /// where there are no events.
    pub fn nearest(&self, at: Seconds) -> Option<Nearest> {
        let after = self.events.partition_point(|event| self.rate.seconds(event.at) < at);
        let near = |event: usize| {
            let time = self.rate.seconds(self.events.get(event)?.at);
            Some(Nearest { event, at: time, distance: time - at })
        };
        // Of several at one time the first.
        let earlier = after.checked_sub(1).map(|before| {
            let time = self.events[before].at;
            self.events.partition_point(|event| event.at < time)
        });
        match (earlier.and_then(near), near(after)) {
            (Some(a), Some(b)) => Some(if -a.distance.raw() <= b.distance.raw() { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// The event nearest to the start of each column.
    pub fn nearest_to_starts(&self) -> impl Iterator<Item = Option<Nearest>> {
        self.seconds[..self.columns()].iter().map(|&at| self.nearest(at))
    }
}

/// Appends one value per pair of neighbouring edges: the number of events with
/// `t0 <= at < t1`. The events are in order.
pub(crate) fn render(
    header: &TrackHeader,
    events: &[Event],
    edges: &[Seconds],
    out: &mut Vec<f32>,
    told: Option<&mut Diagnostics>,
) -> Result<(), ViewError> {
    let before = cuts(rate(header)?, events, edges);
    out.extend(before.windows(2).map(|cut| cut[1].saturating_sub(cut[0]) as f32));
    if let Some(told) = told {
        (1..edges.len()).for_each(|_| told.tell(Hit::Inside, Some(Fallback::Counted)));
    }
    Ok(())
}

fn rate(header: &TrackHeader) -> Result<SampleRate, ViewError> {
    SampleRate::new(header.rate).map_err(|error| {
        SchemaError::Track { descriptor: header.descriptor.to_string(), rule: error.to_string() }.into()
    })
}

/// Per edge how many events are before it.
fn cuts(rate: SampleRate, events: &[Event], edges: &[Seconds]) -> Vec<usize> {
    let before = |edge: &Seconds| {
        let edge = sample(rate, *edge);
        events.partition_point(|event| (event.at.0 as f64) < edge)
    };
    edges.iter().map(before).collect()
}

/// The position of a time in samples, where a time that is a sample's in theory
/// is so in practice.
fn sample(rate: SampleRate, at: Seconds) -> f64 {
    let position = at.0 * f64::from(rate.hz());
    let whole = position.round();
    if (position - whole).abs() <= (8.0 * f64::EPSILON * position.abs()).clamp(1e-9, 1e-3) {
        whole
    } else {
        position
    }
}
