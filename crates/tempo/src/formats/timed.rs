//! Maps from tempi that stand at seconds instead of beats. What does not live
//! here: the files that have such tempi (`reaper`, `dawproject`).

use agogic_timebase::Beats;

use super::{Format, refused};
use crate::sum::Sum;
use crate::{Law, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

/// A tempo at a second.
pub(super) struct TimedPoint {
    pub(super) seconds: f64,
    pub(super) bpm: f64,
    /// Whether the tempo moves to the next point's, linearly over time.
    pub(super) ramp: bool,
    /// Numerator and denominator, where a new time signature starts.
    pub(super) signature: Option<(u32, u32)>,
}

/// The map of points in any order, the first at second 0 once they are sorted;
/// of those at one second the last wins, but for the ramp that ends there.
pub(super) fn map(mut points: Vec<TimedPoint>, format: Format) -> Result<TempoMap, TempoError> {
    points.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    if points.first().is_some_and(|first| first.seconds < 0.0) {
        return Err(refused(format, format!("a tempo stands at {} s, before the start", points[0].seconds)));
    }
    let mut made: Vec<TempoPoint> = Vec::with_capacity(points.len());
    let mut signatures: Vec<TimeSignature> = Vec::new();
    let mut at = Sum::default();
    let mut previous: Option<&TimedPoint> = None;
    for point in &points {
        let length = previous.map_or(0.0, |previous| point.seconds - previous.seconds);
        if let (Some(previous), Some(last)) = (previous, made.last_mut()) {
            if length > 0.0 {
                // The mean tempo of a ramp that is linear over time.
                let bpm = if previous.ramp { f64::midpoint(previous.bpm, point.bpm) } else { previous.bpm };
                at = at.plus(Sum::product_over(length, bpm, 60.0));
                if previous.ramp {
                    last.to = Some(point.bpm);
                }
            } else {
                made.pop();
            }
        }
        let beat = Beats(at.hi);
        let law = if point.ramp { Law::LinearTime } else { Law::Step };
        made.push(TempoPoint { beat, bpm: point.bpm, law, to: None });
        if let Some((numerator, denominator)) = point.signature {
            signatures.retain(|signature| signature.beat < beat);
            signatures.push(TimeSignature { beat, numerator, denominator });
        }
        previous = Some(point);
    }
    TempoMap::build(made, TickUnit::default(), Meter::new(signatures)?)
}
