//! The tempo map: spans end to end, each anchored at both ends. What lives here:
//! checking the points, adding the spans up, and finding and evaluating the span
//! of a position. What does not: the laws themselves (`law`), ticks (`ticks`),
//! bars (`meter`), the forms a map is read from (`json`, `midi`).

use agogic_timebase::{Beats, Seconds};

use crate::law::End;
use crate::sum::Sum;
use crate::ticks::ExactTicks;
use crate::{Cursor, Law, Meter, TempoError, TickUnit};

/// Slowest tempo a map accepts, in quarter notes per minute.
pub const MIN_BPM: f64 = 1e-3;
/// Fastest tempo a map accepts, in quarter notes per minute.
pub const MAX_BPM: f64 = 1e6;
/// How far from beat 0 a point or time signature may stand, either way; beyond
/// it a double no longer tells a thousandth of a beat.
pub const MAX_BEAT: f64 = 1e12;
/// Most points a map may hold.
pub const MAX_POINTS: usize = 1 << 24;

/// One point of a tempo map: the tempo from a beat on, and how it moves from
/// there to the next point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoPoint {
    /// Where the point stands.
    pub beat: Beats,
    /// Tempo at the point, in quarter notes per minute.
    pub bpm: f64,
    /// How the tempo moves to the next point. On the last point it has no effect:
    /// nothing follows to move to, and the tempo holds.
    pub law: Law,
    /// Where the ramp ends when that is not the next point's tempo; the tempo then
    /// jumps at the next point. No effect on the last point.
    pub to: Option<f64>,
}

/// Beats to seconds and back. Immutable; beat 0 is second 0.
///
/// Before the first point and after the last the tempo is constant: that of the
/// first and the last point. Every law is evaluated in closed form and summed
/// with compensation, so that a second mapped to a beat and back returns within
/// 1e-10 s over a day either way, for tempi of 1 to 1000 bpm and ramps of up to a
/// day each, plus what rounding the beat to a double costs (half a unit in its last
/// place, at the tempo there: a beat of a minute after a million fast ones).
#[derive(Clone, Debug, PartialEq)]
pub struct TempoMap {
    points: Vec<TempoPoint>,
    // One entry per span: per point, and one more from beat 0 where that helps.
    // The arrays that are searched stand apart from what is read afterwards.
    start_beat: Vec<f64>,
    start_second: Vec<f64>,
    /// What rounding took from `start_second`.
    start_rest: Vec<f64>,
    spans: Vec<Span>,
    ticks: TickUnit,
    exact: Option<ExactTicks>,
    meter: Meter,
}

/// What is known of the stretch from one point to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    law: Law,
    /// The span seen from its start.
    from: End,
    /// The span seen backwards from its end.
    to: End,
    /// Half its length in beats; infinite for the last span.
    half_beats: f64,
    /// Where that half falls, in seconds from the start; infinite for the last.
    half_seconds: f64,
}

impl TempoMap {
    /// A map from points in ascending order of beats, in 4/4, with 960 ticks per
    /// quarter note.
    ///
    /// # Errors
    /// [`TempoError`] when there are no points or too many, a beat or tempo lies
    /// outside the limits of this crate, two points share a beat, the order is
    /// not ascending, or a `to` is given for a step.
    pub fn new(points: Vec<TempoPoint>) -> Result<Self, TempoError> {
        Self::build(points, TickUnit::default(), Meter::default())
    }

    /// A map of one tempo throughout.
    ///
    /// # Errors
    /// [`TempoError::Bpm`] outside [`MIN_BPM`]`..=`[`MAX_BPM`].
    pub fn constant(bpm: f64) -> Result<Self, TempoError> {
        Self::new(vec![TempoPoint { beat: Beats(0.0), bpm, law: Law::Step, to: None }])
    }

    /// The same map counting its ticks otherwise.
    ///
    /// # Errors
    /// [`TempoError::TicksPerQuarter`] or [`TempoError::TicksPerSecond`] when the
    /// unit has a zero in it.
    pub fn with_ticks(self, ticks: TickUnit) -> Result<Self, TempoError> {
        Self::build(self.points, ticks, self.meter)
    }

    /// The same map with other bars.
    #[must_use]
    pub fn with_meter(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    pub(crate) fn build(points: Vec<TempoPoint>, ticks: TickUnit, meter: Meter) -> Result<Self, TempoError> {
        check(&points)?;
        ticks.check()?;
        let anchors = with_origin(&points);
        let mut map = Self {
            start_beat: anchors.iter().map(|point| point.beat.0).collect(),
            start_second: Vec::with_capacity(anchors.len()),
            start_rest: Vec::with_capacity(anchors.len()),
            spans: (0..anchors.len()).map(|i| Span::new(&anchors[i], anchors.get(i + 1))).collect(),
            exact: ExactTicks::of(&anchors, ticks),
            points,
            ticks,
            meter,
        };
        map.add_up();
        Ok(map)
    }

    /// Fills in where each span starts, in seconds from beat 0.
    fn add_up(&mut self) {
        if let Some(exact) = &self.exact {
            for start in exact.start_seconds() {
                self.start_second.push(start.hi);
                self.start_rest.push(start.lo);
            }
            return;
        }
        let mut at = Sum::default();
        for (i, span) in self.spans.iter().enumerate() {
            self.start_second.push(at.hi);
            self.start_rest.push(at.lo);
            if let Some(next) = self.start_beat.get(i + 1) {
                at = at.plus(span.seconds(next - self.start_beat[i]));
            }
        }
        // So far second 0 is the first point; beat 0 is where it belongs.
        let (anchor, local) = self.locate_seconds(self.span_at_beat(0.0), 0.0);
        let origin = anchor.plus(Sum { hi: local, lo: 0.0 });
        for (second, rest) in self.start_second.iter_mut().zip(&mut self.start_rest) {
            let start = Sum { hi: *second, lo: *rest };
            let start = start.minus(origin);
            (*second, *rest) = (start.hi, start.lo);
        }
    }

    /// The points this map was built from.
    pub fn points(&self) -> &[TempoPoint] {
        &self.points
    }

    /// How this map counts ticks.
    pub fn tick_unit(&self) -> TickUnit {
        self.ticks
    }

    /// The bars that go with this map.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The real time of a beat. Not a number for not a number.
    pub fn seconds(&self, at: Beats) -> Seconds {
        self.seconds_in(self.span_at_beat(at.0), at)
    }

    /// The beat at a real time. Not a number for not a number.
    pub fn beats(&self, at: Seconds) -> Beats {
        self.beats_in(self.span_at_second(at.0), at)
    }

    /// The tempo at a beat, in quarter notes per minute; where it jumps, the tempo
    /// after the jump.
    pub fn bpm_at(&self, at: Beats) -> f64 {
        self.bpm_in(self.span_at_beat(at.0), at)
    }

    /// A cursor at the start of this map: the same answers, faster for positions
    /// that follow each other.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self)
    }

    /// The real times of many beats; fastest when they ascend.
    pub fn seconds_of(&self, beats: &[Beats]) -> Vec<Seconds> {
        let mut cursor = self.cursor();
        beats.iter().map(|&at| cursor.seconds(at)).collect()
    }

    /// The beats at many real times; fastest when they ascend.
    pub fn beats_of(&self, seconds: &[Seconds]) -> Vec<Beats> {
        let mut cursor = self.cursor();
        seconds.iter().map(|&at| cursor.beats(at)).collect()
    }

    /// The span that holds a beat: the last that starts at or before it, or the
    /// first span.
    fn span_at_beat(&self, at: f64) -> usize {
        last_at_or_before(&self.start_beat, at)
    }

    fn span_at_second(&self, at: f64) -> usize {
        last_at_or_before(&self.start_second, at)
    }

    pub(crate) fn start_beats(&self) -> &[f64] {
        &self.start_beat
    }

    pub(crate) fn start_seconds(&self) -> &[f64] {
        &self.start_second
    }

    pub(crate) fn exact(&self) -> Option<&ExactTicks> {
        self.exact.as_ref()
    }

    pub(crate) fn seconds_in(&self, span: usize, at: Beats) -> Seconds {
        let (anchor, local) = self.locate_seconds(span, at.0);
        Seconds(anchor.offset(local))
    }

    /// The nearer end of the span in seconds, and the way from there.
    #[inline]
    fn locate_seconds(&self, i: usize, at: f64) -> (Sum, f64) {
        let span = &self.spans[i];
        let into = at - self.start_beat[i];
        if into > span.half_beats {
            let left = self.start_beat[i + 1] - at;
            (self.start(i + 1), -span.to.seconds(span.law, left))
        } else {
            (self.start(i), span.from.seconds(span.law_at(into), into))
        }
    }

    pub(crate) fn beats_in(&self, i: usize, at: Seconds) -> Beats {
        let span = &self.spans[i];
        let into = self.start(i).distance_to(at.0);
        Beats(if into > span.half_seconds {
            let left = -self.start(i + 1).distance_to(at.0);
            self.start_beat[i + 1] - span.to.beats(span.law_at(left), left)
        } else {
            self.start_beat[i] + span.from.beats(span.law_at(into), into)
        })
    }

    pub(crate) fn bpm_in(&self, i: usize, at: Beats) -> f64 {
        let span = &self.spans[i];
        let into = at.0 - self.start_beat[i];
        if into > span.half_beats {
            span.to.bpm(span.law, self.start_beat[i + 1] - at.0)
        } else {
            span.from.bpm(span.law_at(into), into)
        }
    }

    #[inline]
    pub(crate) fn start(&self, i: usize) -> Sum {
        Sum { hi: self.start_second[i], lo: self.start_rest[i] }
    }
}

impl Span {
    fn new(point: &TempoPoint, next: Option<&TempoPoint>) -> Self {
        let (law, far, length) = match next {
            // A step ends at the tempo it holds, whatever follows.
            Some(next) if point.law == Law::Step => (Law::Step, point.bpm, next.beat.0 - point.beat.0),
            Some(next) => (point.law, point.to.unwrap_or(next.bpm), next.beat.0 - point.beat.0),
            None => (Law::Step, point.bpm, f64::INFINITY),
        };
        let from = End::new(law, point.bpm, far, length);
        let half_beats = length / 2.0;
        Self {
            law,
            from,
            to: End::new(law, far, point.bpm, length),
            half_beats,
            half_seconds: from.seconds(law, half_beats),
        }
    }

    /// The duration of the span, `length` beats long.
    fn seconds(&self, length: f64) -> Sum {
        match self.law {
            Law::Step => Sum::product_over(60.0, length, self.from.bpm),
            law => Sum::of(self.half_seconds, self.to.seconds(law, length - self.half_beats)),
        }
    }

    /// The law at a distance from one end: outside the span the tempo holds.
    #[inline]
    fn law_at(&self, into: f64) -> Law {
        if into < 0.0 { Law::Step } else { self.law }
    }
}

/// The points with one more at beat 0 where that lies in a constant stretch:
/// measured from there, no position is rounded to the precision of a distant
/// point. The last point comes without a law to follow.
fn with_origin(points: &[TempoPoint]) -> Vec<TempoPoint> {
    let mut anchors = points.to_vec();
    let Some(last) = anchors.last_mut() else {
        return anchors;
    };
    (last.law, last.to) = (Law::Step, None);
    let after = anchors.partition_point(|point| point.beat.0 <= 0.0);
    // The point whose tempo holds at beat 0.
    let at = &anchors[after.saturating_sub(1)];
    if at.beat.0 != 0.0 && (after == 0 || at.law == Law::Step) {
        let origin = TempoPoint { beat: Beats(0.0), bpm: at.bpm, law: Law::Step, to: None };
        anchors.insert(after, origin);
    }
    anchors
}

/// Index of the last of the ascending `starts` at or before `at`; 0 where none is.
pub(crate) fn last_at_or_before(starts: &[f64], at: f64) -> usize {
    starts.partition_point(|start| *start <= at).saturating_sub(1)
}

/// Refuses points that make no map.
fn check(points: &[TempoPoint]) -> Result<(), TempoError> {
    if points.is_empty() {
        return Err(TempoError::NoPoints);
    }
    if points.len() > MAX_POINTS {
        return Err(TempoError::TooManyPoints { count: points.len() });
    }
    let mut previous = None;
    for point in points {
        let beat = point.beat.0;
        check_beat(beat)?;
        for bpm in [Some(point.bpm), point.to].into_iter().flatten() {
            if !(MIN_BPM..=MAX_BPM).contains(&bpm) {
                return Err(TempoError::Bpm { bpm, beat });
            }
        }
        if point.to.is_some() && point.law == Law::Step {
            return Err(TempoError::StrayEnd { beat });
        }
        match previous {
            Some(previous) if beat == previous => return Err(TempoError::DuplicateBeat { beat }),
            Some(previous) if beat < previous => {
                return Err(TempoError::Order { beat, previous });
            }
            _ => previous = Some(beat),
        }
    }
    Ok(())
}

/// Refuses a beat that is not a number or too far out.
pub(crate) fn check_beat(beat: f64) -> Result<(), TempoError> {
    if (-MAX_BEAT..=MAX_BEAT).contains(&beat) { Ok(()) } else { Err(TempoError::Beat { beat }) }
}
