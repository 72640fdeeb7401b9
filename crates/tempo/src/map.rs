//! The tempo map: spans end to end, each anchored at both ends. What lives here:
//! checking the points, cutting the spans into pieces, adding these up, and asking
//! one of them. What does not: the laws (`law`, `piece`, `curve`), finding a piece
//! (`index`), many positions at once (`batch`), ticks (`ticks`), bars (`meter`),
//! the forms a map is read from.

use alloc::vec;
use alloc::vec::Vec;

use agogic_timebase::{Beats, Seconds};

use crate::curve::{Curve, Segment};
use crate::index::Index;
use crate::piece::Piece;
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
/// What a curved span's duration may be wrong by where nothing else is said, in
/// seconds.
pub const DEFAULT_TOLERANCE: f64 = 1e-9;
/// Most points a map may hold.
pub const MAX_POINTS: usize = 1 << 24;

/// Most segments that the curves of a map may need together. A curved span
/// between two tempi of music takes three to ten, so that 10,000 such spans take
/// less than half of these.
pub const MAX_CURVE_SEGMENTS: usize = 1 << 18;

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
/// first and the last point. Every closed law is evaluated as such and summed with
/// compensation, so that a second mapped to a beat and back returns within 1e-10 s
/// over a day either way, for tempi of 1 to 1000 bpm and ramps of up to a day each,
/// plus what rounding the beat to a double costs (half a unit in its last place, at
/// the tempo there: a beat of a minute after a million fast ones). Curves are
/// integrated to the map's tolerance.
///
/// Any position is found in constant time as a rule, and converting allocates
/// nothing. All ways of asking (one by one, [`Cursor`], batches) give the same
/// answers bit for bit, on every machine.
#[derive(Clone, Debug)]
pub struct TempoMap {
    points: Vec<TempoPoint>,
    /// Before the first point; two halves per span, or the segments of a curve;
    /// after the last point.
    pieces: Vec<Piece>,
    /// The tempo at each piece's anchor.
    tempi: Vec<f64>,
    segments: Vec<Segment>,
    by_beat: Index,
    by_second: Index,
    tolerance: f64,
    ticks: TickUnit,
    exact: Option<ExactTicks>,
    meter: Meter,
}

impl PartialEq for TempoMap {
    /// Whether all positions have the same answers; the rest follows from these.
    fn eq(&self, other: &Self) -> bool {
        self.points == other.points
            && self.ticks == other.ticks
            && self.meter == other.meter
            && self.tolerance == other.tolerance
    }
}

impl TempoMap {
    /// A map from points in ascending order of beats, in 4/4, with 960 ticks per
    /// quarter note.
    ///
    /// # Errors
    /// [`TempoError`] when there are no points or too many, a beat, tempo or shape
    /// lies outside the limits of this crate, the curves need more segments than
    /// [`MAX_CURVE_SEGMENTS`], two points share a beat, the order is
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
        Self::build_within(self.points, ticks, self.meter, self.tolerance)
    }

    /// The same map with its curves integrated to another tolerance, in seconds per
    /// span. The default is [`DEFAULT_TOLERANCE`].
    ///
    /// # Errors
    /// [`TempoError::Tolerance`] unless it is above zero and finite.
    pub fn with_tolerance(self, seconds: f64) -> Result<Self, TempoError> {
        Self::build_within(self.points, self.ticks, self.meter, seconds)
    }

    /// The same map with other bars.
    #[must_use]
    pub fn with_meter(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    pub(crate) fn build(points: Vec<TempoPoint>, ticks: TickUnit, meter: Meter) -> Result<Self, TempoError> {
        Self::build_within(points, ticks, meter, DEFAULT_TOLERANCE)
    }

    fn build_within(
        points: Vec<TempoPoint>,
        ticks: TickUnit,
        meter: Meter,
        tolerance: f64,
    ) -> Result<Self, TempoError> {
        check(&points)?;
        ticks.check()?;
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(TempoError::Tolerance { seconds: tolerance });
        }
        let anchors = with_origin(&points);
        let exact = ExactTicks::of(&anchors, ticks);
        let built = Builder::build(&anchors, exact.as_ref(), tolerance)?;
        Ok(Self {
            points,
            by_beat: Index::new(built.start_beats),
            by_second: Index::new(built.start_seconds),
            pieces: built.pieces,
            tempi: built.tempi,
            segments: built.segments,
            tolerance,
            ticks,
            exact,
            meter,
        })
    }

    /// The points this map was built from.
    pub fn points(&self) -> &[TempoPoint] {
        &self.points
    }

    /// How this map counts ticks.
    pub fn tick_unit(&self) -> TickUnit {
        self.ticks
    }

    /// What the duration of a curved span may be wrong by, in seconds.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// The bars that go with this map.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The real time of a beat. Not a number for not a number.
    #[inline]
    pub fn seconds(&self, at: Beats) -> Seconds {
        let _timed = crate::trace::timed(crate::trace::Query::BeatsToSeconds, 1);
        self.pieces[self.by_beat.find(at.0)].seconds(at, &self.segments)
    }

    /// The beat at a real time. Not a number for not a number.
    #[inline]
    pub fn beats(&self, at: Seconds) -> Beats {
        let _timed = crate::trace::timed(crate::trace::Query::SecondsToBeats, 1);
        self.pieces[self.by_second.find(at.0)].beats(at, &self.segments)
    }

    /// The tempo at a beat, in quarter notes per minute; where it jumps, the tempo
    /// after the jump.
    pub fn bpm_at(&self, at: Beats) -> f64 {
        self.bpm_in(self.by_beat.find(at.0), at)
    }

    /// A cursor at the start of this map: the same answers, faster for positions
    /// that follow each other.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self)
    }

    pub(crate) fn exact(&self) -> Option<&ExactTicks> {
        self.exact.as_ref()
    }

    pub(crate) fn by_beat(&self) -> &Index {
        &self.by_beat
    }

    pub(crate) fn by_second(&self) -> &Index {
        &self.by_second
    }

    #[inline]
    pub(crate) fn piece(&self, piece: usize) -> &Piece {
        &self.pieces[piece]
    }

    #[inline]
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn bpm_in(&self, piece: usize, at: Beats) -> f64 {
        self.pieces[piece].bpm(self.tempi[piece], at, &self.segments)
    }
}

/// The pieces of a map as they come to stand.
#[derive(Default)]
struct Builder {
    pieces: Vec<Piece>,
    tempi: Vec<f64>,
    segments: Vec<Segment>,
    start_beats: Vec<f64>,
    start_seconds: Vec<f64>,
    /// Seconds from the first anchor to where the next piece starts.
    at: Sum,
}

impl Builder {
    fn build(anchors: &[TempoPoint], exact: Option<&ExactTicks>, tolerance: f64) -> Result<Self, TempoError> {
        let mut map = Self::default();
        let mut starts = exact.map(ExactTicks::start_seconds);
        for (i, point) in anchors.iter().enumerate() {
            if let Some(start) = starts.as_mut().and_then(Iterator::next) {
                map.at = start;
                // Exactly there the half before it ends.
                if let Some(late) = map.pieces.last_mut() {
                    late.set_anchor(start);
                }
            }
            let steady = Piece::new(Law::Step, point.beat.0, point.bpm, point.bpm, 1.0);
            if i == 0 {
                map.push(point.beat.0, steady, point.bpm);
            }
            match (anchors.get(i + 1), point.law) {
                (None, _) => map.push(point.beat.0, steady, point.bpm),
                (Some(next), Law::Curve { shape }) => map.curve(point, next, shape, tolerance)?,
                (Some(next), _) => map.halves(point, next),
            }
        }
        if exact.is_none() {
            map.move_origin();
        }
        map.start_seconds = map.seams();
        Ok(map)
    }

    /// A piece that is anchored where it starts.
    fn push(&mut self, beat: f64, mut piece: Piece, bpm: f64) {
        piece.set_anchor(self.at);
        self.start_beats.push(beat);
        self.pieces.push(piece);
        self.tempi.push(bpm);
    }

    /// Both halves of a span, the second anchored where it ends.
    fn halves(&mut self, point: &TempoPoint, next: &TempoPoint) {
        let (start, end) = (point.beat.0, next.beat.0);
        // A step ends at the tempo it holds, whatever follows.
        let far = if point.law == Law::Step { point.bpm } else { point.to.unwrap_or(next.bpm) };
        let length = end - start;
        let middle = start + length / 2.0;
        self.push(start, Piece::new(point.law, start, point.bpm, far, length), point.bpm);
        let mut late = Piece::new(point.law, end, far, point.bpm, -length);
        let duration = match point.law {
            Law::Step => Sum::product_over(60.0, length, point.bpm),
            _ => {
                let early = self.pieces[self.pieces.len() - 1].seconds_from_anchor(middle, &[]);
                Sum::of(early, -late.seconds_from_anchor(middle, &[]))
            }
        };
        self.at = self.at.plus(duration);
        late.set_anchor(self.at);
        self.start_beats.push(middle);
        self.pieces.push(late);
        self.tempi.push(far);
    }

    /// The segments of a curve.
    fn curve(
        &mut self,
        point: &TempoPoint,
        next: &TempoPoint,
        shape: f64,
        tolerance: f64,
    ) -> Result<(), TempoError> {
        let curve = Curve {
            length: next.beat.0 - point.beat.0,
            bpm: point.bpm,
            to: point.to.unwrap_or(next.bpm),
            shape,
        };
        let room = MAX_CURVE_SEGMENTS - self.segments.len();
        let segments = curve.segments(tolerance, room);
        for segment in segments.ok_or(TempoError::TooManySegments { beat: point.beat.0 })? {
            let beat = (point.beat.0 + segment.first_beat()).min(next.beat.0);
            let number = self.segments.len() as u32;
            self.push(beat, Piece::curve(beat, number), point.bpm);
            self.at = self.at.plus(Sum { hi: segment.duration(), lo: 0.0 });
            self.segments.push(segment);
        }
        Ok(())
    }

    /// So far second 0 is the first anchor; beat 0 is where it belongs.
    fn move_origin(&mut self) {
        let i = self.start_beats.partition_point(|start| *start <= 0.0).saturating_sub(1);
        let piece = &self.pieces[i];
        let local = piece.seconds_from_anchor(0.0, &self.segments);
        let origin = piece.anchor().plus(Sum { hi: local, lo: 0.0 });
        for piece in &mut self.pieces {
            piece.set_anchor(piece.anchor().minus(origin));
        }
    }

    /// Where the pieces start in seconds.
    fn seams(&self) -> Vec<f64> {
        let mut seams = Vec::with_capacity(self.pieces.len());
        let mut last = f64::NEG_INFINITY;
        for (piece, beat) in self.pieces.iter().zip(&self.start_beats) {
            // A second half starts in the middle of its span, as the first has it.
            let before = seams.len().checked_sub(1).map(|i| &self.pieces[i]);
            let start = match before {
                Some(before) if piece.anchor_beat() != *beat => {
                    before.seconds(Beats(*beat), &self.segments).0
                }
                _ => piece.anchor().hi,
            };
            // What rounding does must not put one before the other.
            last = start.min(piece.anchor().hi).max(last);
            seams.push(last);
        }
        seams
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
        if let Law::Curve { shape } = point.law
            && !(-1.0..=1.0).contains(&shape)
        {
            return Err(TempoError::Shape { shape, beat });
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
