//! A piece of a map: half a span, the stretch before the first point or after the
//! last, or a segment of a curve. What lives here: beats to seconds and back
//! inside one piece, one position or many. What does not: which piece a position
//! belongs to (`index`), what the laws mean (`law`).
//!
//! A piece is measured from its anchor, the end of its span that it touches. All
//! positions are signed distances from there, so that one formula serves both
//! halves. One by one or in a run, the same operations are done in the same order:
//! the answers are equal bit for bit.

use agogic_timebase::{Beats, Seconds};

use crate::Law;
use crate::curve::Segment;
use crate::float::{expm1, log1p, sqrt};
use crate::sum::Sum;

/// The numbers of a piece: one cache line, so that a look at it is one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Piece {
    anchor_beat: f64,
    /// The anchor's second, and what rounding took from it.
    anchor_second: f64,
    anchor_rest: f64,
    /// At the anchor.
    seconds_per_beat: f64,
    beats_per_second: f64,
    /// The bend `p` seen from the anchor, and its inverse.
    bend: f64,
    unbend: f64,
    kind: Kind,
}

/// How a piece is worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Steady,
    LinearBeats,
    LinearTime,
    GeometricBeats,
    LinearPeriod,
    /// The number of the curve's segment.
    Curve(u32),
}

impl Piece {
    /// A piece of `law` from its anchor with `bpm` towards the far end of a span of
    /// `length` beats, negative for the half that lies before its anchor. The
    /// anchor's second comes later.
    pub(crate) fn new(law: Law, anchor_beat: f64, bpm: f64, far: f64, length: f64) -> Self {
        let sign = if length < 0.0 { -1.0 } else { 1.0 };
        let bend = sign * law.bend(bpm, far, length.abs());
        let kind = match law {
            // A ramp to the same tempo.
            _ if bend == 0.0 => Kind::Steady,
            Law::Step | Law::Curve { .. } => Kind::Steady,
            Law::LinearBeats => Kind::LinearBeats,
            Law::LinearTime => Kind::LinearTime,
            Law::GeometricBeats => Kind::GeometricBeats,
            Law::LinearPeriod => Kind::LinearPeriod,
        };
        Self {
            anchor_beat,
            anchor_second: 0.0,
            anchor_rest: 0.0,
            seconds_per_beat: 60.0 / bpm,
            beats_per_second: bpm / 60.0,
            bend,
            unbend: if bend == 0.0 { 0.0 } else { 1.0 / bend },
            kind,
        }
    }

    /// The piece of a curve that starts at a beat.
    pub(crate) fn curve(anchor_beat: f64, segment: u32) -> Self {
        Self { kind: Kind::Curve(segment), ..Self::new(Law::Step, anchor_beat, 60.0, 60.0, 1.0) }
    }

    pub(crate) fn anchor_beat(&self) -> f64 {
        self.anchor_beat
    }

    pub(crate) fn anchor(&self) -> Sum {
        Sum { hi: self.anchor_second, lo: self.anchor_rest }
    }

    pub(crate) fn set_anchor(&mut self, at: Sum) {
        (self.anchor_second, self.anchor_rest) = (at.hi, at.lo);
    }

    /// Seconds from the anchor to a place `u` beats after it.
    #[inline(always)]
    fn local_seconds(&self, kind: Kind, u: f64, segments: &[Segment]) -> f64 {
        let x = u * self.bend;
        match kind {
            Kind::Steady => u * self.seconds_per_beat,
            Kind::LinearBeats => log1p(x) * self.unbend * self.seconds_per_beat,
            Kind::GeometricBeats => expm1(x) * self.unbend * self.seconds_per_beat,
            Kind::LinearTime => u * self.seconds_per_beat * 2.0 / one_and_root(x),
            Kind::LinearPeriod => u * self.seconds_per_beat * (1.0 + x * 0.5),
            Kind::Curve(i) => segments[i as usize].seconds(u),
        }
    }

    /// Beats from the anchor to a place `t` seconds after it.
    #[inline(always)]
    fn local_beats(&self, kind: Kind, t: f64, segments: &[Segment]) -> f64 {
        let w = t * self.beats_per_second;
        let x = w * self.bend;
        match kind {
            Kind::Steady => w,
            Kind::LinearBeats => expm1(x) * self.unbend,
            Kind::GeometricBeats => log1p(x) * self.unbend,
            Kind::LinearTime => w * (1.0 + x * 0.5),
            Kind::LinearPeriod => w * 2.0 / one_and_root(x),
            Kind::Curve(i) => segments[i as usize].beats(t),
        }
    }

    #[inline(always)]
    fn seconds_as(&self, kind: Kind, at: f64, segments: &[Segment]) -> f64 {
        let local = self.local_seconds(kind, at - self.anchor_beat, segments);
        self.anchor_second + (local + self.anchor_rest)
    }

    #[inline(always)]
    fn beats_as(&self, kind: Kind, at: f64, segments: &[Segment]) -> f64 {
        let t = (at - self.anchor_second) - self.anchor_rest;
        self.anchor_beat + self.local_beats(kind, t, segments)
    }

    /// Seconds from the anchor to a beat.
    pub(crate) fn seconds_from_anchor(&self, at: f64, segments: &[Segment]) -> f64 {
        self.local_seconds(self.kind, at - self.anchor_beat, segments)
    }

    /// The real time of a beat in this piece.
    #[inline]
    pub(crate) fn seconds(&self, at: Beats, segments: &[Segment]) -> Seconds {
        Seconds(self.seconds_as(self.kind, at.0, segments))
    }

    /// The beat at a real time in this piece.
    #[inline]
    pub(crate) fn beats(&self, at: Seconds, segments: &[Segment]) -> Beats {
        Beats(self.beats_as(self.kind, at.0, segments))
    }

    /// The tempo at a beat in this piece, whose anchor has `bpm`.
    pub(crate) fn bpm(&self, bpm: f64, at: Beats, segments: &[Segment]) -> f64 {
        let u = at.0 - self.anchor_beat;
        let x = u * self.bend;
        match self.kind {
            Kind::Steady => bpm,
            Kind::LinearBeats => bpm * (1.0 + x),
            Kind::GeometricBeats => bpm * libm::exp(-x),
            Kind::LinearTime => bpm * sqrt((1.0 + 2.0 * x).max(0.0)),
            Kind::LinearPeriod => bpm / (1.0 + x),
            Kind::Curve(i) => segments[i as usize].bpm(u),
        }
    }

    /// As [`Self::seconds`] for each of a run of beats, all in this piece.
    pub(crate) fn seconds_run(&self, at: &[Beats], out: &mut [Seconds], segments: &[Segment]) {
        macro_rules! run {
            ($kind:expr) => {
                each(at, out, |at| Seconds(self.seconds_as($kind, at.0, segments)))
            };
        }
        match self.kind {
            Kind::Steady => run!(Kind::Steady),
            Kind::LinearBeats => run!(Kind::LinearBeats),
            Kind::LinearTime => run!(Kind::LinearTime),
            Kind::GeometricBeats => run!(Kind::GeometricBeats),
            Kind::LinearPeriod => run!(Kind::LinearPeriod),
            curve @ Kind::Curve(_) => run!(curve),
        }
    }

    /// As [`Self::beats`] for each of a run of times, all in this piece.
    pub(crate) fn beats_run(&self, at: &[Seconds], out: &mut [Beats], segments: &[Segment]) {
        self.beats_each(segments, at.iter().map(|at| at.0), out);
    }

    /// As [`Self::beats`] for the times of a run, however they come.
    #[inline(always)]
    pub(crate) fn beats_each(&self, segments: &[Segment], at: impl Iterator<Item = f64>, out: &mut [Beats]) {
        macro_rules! run {
            ($kind:expr) => {
                for (at, out) in at.zip(out) {
                    *out = Beats(self.beats_as($kind, at, segments));
                }
            };
        }
        match self.kind {
            Kind::Steady => run!(Kind::Steady),
            Kind::LinearBeats => run!(Kind::LinearBeats),
            Kind::LinearTime => run!(Kind::LinearTime),
            Kind::GeometricBeats => run!(Kind::GeometricBeats),
            Kind::LinearPeriod => run!(Kind::LinearPeriod),
            curve @ Kind::Curve(_) => run!(curve),
        }
    }
}

/// Positions that are worked out together though each lies in a piece of its own.
pub(crate) const SCATTER: usize = 16;

/// As [`Piece::seconds`] for beats in pieces of their own.
pub(crate) fn seconds_scattered(
    pieces: [&Piece; SCATTER],
    at: &[Beats; SCATTER],
    out: &mut [Seconds; SCATTER],
    segments: &[Segment],
) {
    scattered(
        pieces,
        at,
        out,
        #[inline(always)]
        |piece, kind, at| Seconds(piece.seconds_as(kind, at.0, segments)),
    );
}

/// As [`Piece::beats`] for times in pieces of their own.
pub(crate) fn beats_scattered(
    pieces: [&Piece; SCATTER],
    at: &[Seconds; SCATTER],
    out: &mut [Beats; SCATTER],
    segments: &[Segment],
) {
    scattered(
        pieces,
        at,
        out,
        #[inline(always)]
        |piece, kind, at| Beats(piece.beats_as(kind, at.0, segments)),
    );
}

/// Gathers the pieces first where all are of one kind, so that the rest is vector
/// code.
#[inline(always)]
fn scattered<A: Copy, B>(
    pieces: [&Piece; SCATTER],
    at: &[A; SCATTER],
    out: &mut [B; SCATTER],
    convert: impl Fn(&Piece, Kind, A) -> B,
) {
    let kind = pieces[0].kind;
    if !pieces.iter().fold(true, |same, piece| same & (piece.kind == kind)) {
        for i in 0..SCATTER {
            out[i] = convert(pieces[i], pieces[i].kind, at[i]);
        }
        return;
    }
    let anchor_beat = pieces.map(|piece| piece.anchor_beat);
    let anchor_second = pieces.map(|piece| piece.anchor_second);
    let anchor_rest = pieces.map(|piece| piece.anchor_rest);
    let seconds_per_beat = pieces.map(|piece| piece.seconds_per_beat);
    let beats_per_second = pieces.map(|piece| piece.beats_per_second);
    let bend = pieces.map(|piece| piece.bend);
    let unbend = pieces.map(|piece| piece.unbend);
    macro_rules! run {
        ($kind:expr) => {
            for i in 0..SCATTER {
                let piece = Piece {
                    anchor_beat: anchor_beat[i],
                    anchor_second: anchor_second[i],
                    anchor_rest: anchor_rest[i],
                    seconds_per_beat: seconds_per_beat[i],
                    beats_per_second: beats_per_second[i],
                    bend: bend[i],
                    unbend: unbend[i],
                    kind,
                };
                out[i] = convert(&piece, $kind, at[i]);
            }
        };
    }
    match kind {
        Kind::Steady => run!(Kind::Steady),
        Kind::LinearBeats => run!(Kind::LinearBeats),
        Kind::LinearTime => run!(Kind::LinearTime),
        Kind::GeometricBeats => run!(Kind::GeometricBeats),
        Kind::LinearPeriod => run!(Kind::LinearPeriod),
        curve @ Kind::Curve(_) => run!(curve),
    }
}

#[inline(always)]
fn each<A: Copy, B>(from: &[A], to: &mut [B], convert: impl Fn(A) -> B) {
    for (from, to) in from.iter().zip(to) {
        *to = convert(*from);
    }
}

/// `1 + sqrt(1 + 2x)`: the divisor of the form of a quadratic's root in which
/// nothing cancels.
#[inline(always)]
fn one_and_root(x: f64) -> f64 {
    // Rounding may carry the end of a span past the turning point.
    1.0 + sqrt((1.0 + 2.0 * x).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAMPS: [Law; 4] = [Law::LinearBeats, Law::LinearTime, Law::GeometricBeats, Law::LinearPeriod];

    #[test]
    fn whole_spans() {
        // 120 -> 60 bpm over 4 beats.
        let expect = [4.0 * 2.0_f64.ln(), 8.0 / 3.0, 2.0 / 2.0_f64.ln(), 3.0];
        for (law, expect) in RAMPS.into_iter().zip(expect) {
            for (near, far, length) in [(120.0, 60.0, 4.0), (60.0, 120.0, 4.0), (60.0, 120.0, -4.0)] {
                let piece = Piece::new(law, 0.0, near, far, length);
                let expect = if length < 0.0 { -expect } else { expect };
                assert!((piece.seconds(Beats(length), &[]).0 - expect).abs() < 1e-14, "{law:?}");
                assert!((piece.beats(Seconds(expect), &[]).0 - length).abs() < 1e-13, "{law:?}");
                assert!((piece.bpm(near, Beats(length), &[]) - far).abs() < 1e-12, "{law:?}");
            }
        }
    }

    #[test]
    fn no_threshold_makes_a_ramp_constant() {
        // To first order every law bends alike; the flatter, the closer.
        for law in RAMPS {
            for part in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15] {
                let far = 120.0 * (1.0 + part);
                let part = far / 120.0 - 1.0;
                let piece = Piece::new(law, 0.0, 120.0, far, 7200.0);
                let saved = 3600.0 - piece.seconds(Beats(7200.0), &[]).0;
                let first_order = 3600.0 * part / 2.0;
                assert!(
                    (saved - first_order).abs() < 3600.0 * part * part + 1e-12,
                    "{law:?} {part}: {saved} against {first_order}"
                );
            }
        }
    }

    #[test]
    fn a_piece_is_a_cache_line() {
        assert_eq!(core::mem::size_of::<Piece>(), 64);
    }
}
