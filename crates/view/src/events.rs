//! Columns of event tracks: how many events fall into each.

use agogic_schema::{Event, TrackHeader};
use agogic_timebase::{SampleRate, Seconds};

use crate::ViewError;

/// Appends one value per pair of neighbouring edges: the number of events with
/// `t0 <= at < t1`. The events are in order.
pub(crate) fn render(
    header: &TrackHeader,
    events: &[Event],
    edges: &[Seconds],
    out: &mut Vec<f32>,
) -> Result<(), ViewError> {
    let rate = SampleRate::new(header.rate).map_err(|error| agogic_schema::SchemaError::Track {
        descriptor: header.descriptor.to_string(),
        rule: error.to_string(),
    })?;
    let before = |edge: &Seconds| {
        let edge = sample(rate, *edge);
        events.partition_point(|event| (event.at.0 as f64) < edge)
    };
    out.extend(edges.windows(2).map(|edge| before(&edge[1]).saturating_sub(before(&edge[0])) as f32));
    Ok(())
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
