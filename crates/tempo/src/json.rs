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
//! `law` is `step` when left out, `ticks_per_quarter` 960, `meter` 4/4. A map that
//! counts ticks by the second has `ticks_per_second` instead: `{"numerator":
//! 2400000, "denominator": 1001}`. The bare array of points is a map too. Other
//! names beside `points` are passed over; inside a point they are refused.

use agogic_timebase::Beats;
use serde::{Deserialize, Serialize};

use crate::{Law, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

#[derive(Serialize, Deserialize)]
struct MapText {
    points: Vec<PointText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticks_per_quarter: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticks_per_second: Option<RateText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    meter: Vec<SignatureText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointText {
    beat: f64,
    bpm: f64,
    #[serde(default)]
    law: Law,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<f64>,
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
            }
        } else {
            serde_json::from_str(text)?
        };
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
        let points = map.points.into_iter().map(|point| TempoPoint {
            beat: Beats(point.beat),
            bpm: point.bpm,
            law: point.law,
            to: point.to,
        });
        Self::build(points.collect(), ticks, Meter::new(signatures.collect())?)
    }

    /// A map from the bytes of a Standard MIDI File or of JSON text, whichever
    /// they are.
    ///
    /// # Errors
    /// [`TempoError::UnknownForm`] for neither, else as [`Self::from_midi`] and
    /// [`Self::from_json`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TempoError> {
        if bytes.starts_with(b"MThd") {
            return Self::from_midi(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TempoError::UnknownForm)?;
        match text.trim_start_matches('\u{feff}').trim_start().chars().next() {
            Some('{' | '[') => Self::from_json(text),
            _ => Err(TempoError::UnknownForm),
        }
    }

    /// The native form of this map. Read back it is the same map.
    pub fn to_json(&self) -> String {
        let (ticks_per_quarter, ticks_per_second) = match self.tick_unit() {
            TickUnit::PerQuarter(per_quarter) => (Some(u64::from(per_quarter)), None),
            TickUnit::PerSecond { numerator, denominator } => {
                (None, Some(RateText { numerator, denominator }))
            }
        };
        let points = self.points().iter().map(|point| PointText {
            beat: point.beat.0,
            bpm: point.bpm,
            law: point.law,
            to: point.to,
        });
        let meter = self.meter().signatures().iter().map(|s| SignatureText {
            beat: s.beat.0,
            numerator: s.numerator,
            denominator: s.denominator,
        });
        let text =
            MapText { points: points.collect(), ticks_per_quarter, ticks_per_second, meter: meter.collect() };
        serde_json::to_string_pretty(&text).expect("numbers and fixed names always serialise")
    }
}
