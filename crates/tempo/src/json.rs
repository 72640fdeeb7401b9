//! The native form of a tempo map, in JSON. What lives here: the shapes of the
//! text. What does not: what makes a map valid (`map`, `meter`, `ticks`).
//!
//! ```json
//! {
//!   "points": [
//!     {"beat": 0, "bpm": 100, "law": "linear-beats", "to": 140},
//!     {"beat": 8, "bpm": 90}
//!   ],
//!   "ticks_per_quarter": 960,
//!   "meter": [{"beat": 0, "numerator": 3, "denominator": 4}]
//! }
//! ```
//!
//! `law` is `step` when left out; a `curve` has a `shape` beside it, 0 when left
//! out, and a map may say to what `tolerance` its curves are integrated, in seconds.
//! `ticks_per_quarter` 960, `meter` 4/4. A map that
//! counts ticks by the second has `ticks_per_second` instead: `{"numerator":
//! 2400000, "denominator": 1001}`. The bare array of points is a map too. Other
//! names beside `points` are passed over; inside a point they are refused.

use agogic_timebase::Beats;
use serde::{Deserialize, Serialize};

use crate::{DEFAULT_TOLERANCE, Law, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

#[derive(Serialize, Deserialize)]
struct MapText {
    points: Vec<PointText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticks_per_quarter: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticks_per_second: Option<RateText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    meter: Vec<SignatureText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointText {
    beat: f64,
    bpm: f64,
    #[serde(default)]
    law: LawText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<f64>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LawText {
    #[default]
    Step,
    LinearBeats,
    LinearTime,
    GeometricBeats,
    LinearPeriod,
    Curve,
}

impl PointText {
    fn point(self) -> Result<TempoPoint, TempoError> {
        let law = match (self.law, self.shape) {
            (LawText::Curve, shape) => Law::Curve { shape: shape.unwrap_or(0.0) },
            (_, Some(_)) => return Err(TempoError::StrayShape { beat: self.beat }),
            (LawText::Step, None) => Law::Step,
            (LawText::LinearBeats, None) => Law::LinearBeats,
            (LawText::LinearTime, None) => Law::LinearTime,
            (LawText::GeometricBeats, None) => Law::GeometricBeats,
            (LawText::LinearPeriod, None) => Law::LinearPeriod,
        };
        Ok(TempoPoint { beat: Beats(self.beat), bpm: self.bpm, law, to: self.to })
    }

    fn of(point: &TempoPoint) -> Self {
        let (law, shape) = match point.law {
            Law::Step => (LawText::Step, None),
            Law::LinearBeats => (LawText::LinearBeats, None),
            Law::LinearTime => (LawText::LinearTime, None),
            Law::GeometricBeats => (LawText::GeometricBeats, None),
            Law::LinearPeriod => (LawText::LinearPeriod, None),
            Law::Curve { shape } => (LawText::Curve, Some(shape)),
        };
        Self { beat: point.beat.0, bpm: point.bpm, law, shape, to: point.to }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateText {
    numerator: u32,
    denominator: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureText {
    beat: f64,
    numerator: u32,
    denominator: u32,
}

impl TempoMap {
    /// A map from its native form: an object with `points` and optional
    /// `ticks_per_quarter` and `meter`, or the bare array of points.
    ///
    /// # Errors
    /// [`TempoError::Json`] for text of another form, and what
    /// [`TempoMap::new`] and [`Meter::new`] refuse.
    pub fn from_json(text: &str) -> Result<Self, TempoError> {
        // Editors of some systems put a byte order mark first.
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let map: MapText = if text.starts_with('[') {
            MapText {
                points: serde_json::from_str(text)?,
                ticks_per_quarter: None,
                ticks_per_second: None,
                meter: Vec::new(),
                tolerance: None,
            }
        } else {
            serde_json::from_str(text)?
        };
        let tolerance = map.tolerance;
        let ticks = match (map.ticks_per_quarter, map.ticks_per_second) {
            (None, None) => TickUnit::default(),
            (Some(value), None) => {
                TickUnit::PerQuarter(u16::try_from(value).map_err(|_| TempoError::TicksPerQuarter { value })?)
            }
            (None, Some(rate)) => {
                TickUnit::PerSecond { numerator: rate.numerator, denominator: rate.denominator }
            }
            (Some(_), Some(_)) => return Err(TempoError::TwoTickUnits),
        };
        let signatures = map.meter.into_iter().map(|signature| TimeSignature {
            beat: Beats(signature.beat),
            numerator: signature.numerator,
            denominator: signature.denominator,
        });
        let points = map.points.into_iter().map(PointText::point);
        let points = points.collect::<Result<_, _>>()?;
        let map = Self::build(points, ticks, Meter::new(signatures.collect())?)?;
        match tolerance {
            Some(seconds) => map.with_tolerance(seconds),
            None => Ok(map),
        }
    }

    /// A map from bytes of any format that [`crate::formats`] reads, whichever they
    /// are.
    ///
    /// # Errors
    /// As [`crate::formats::import`].
    #[cfg(feature = "formats")]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TempoError> {
        crate::formats::import(bytes, None)
    }

    /// The native form of this map. Read back it is the same map.
    pub fn to_json(&self) -> String {
        let (ticks_per_quarter, ticks_per_second) = match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => (Some(u64::from(per_quarter)), None),
            TickUnit::PerSecond { numerator, denominator } => {
                (None, Some(RateText { numerator, denominator }))
            }
        };
        let points = self.points().iter().map(PointText::of);
        let tolerance = (self.tolerance() != DEFAULT_TOLERANCE).then_some(self.tolerance());
        let meter = self.meter().signatures().iter().map(|s| SignatureText {
            beat: s.beat.0,
            numerator: s.numerator,
            denominator: s.denominator,
        });
        let text = MapText {
            points: points.collect(),
            ticks_per_quarter,
            ticks_per_second,
            meter: meter.collect(),
            tolerance,
        };
        serde_json::to_string_pretty(&text).expect("numbers and fixed names always serialise")
    }
}
