//! Beats out of JAMS. What lives here: the parts of a JAMS file that hold beats.
//! What does not: the map that follows from them (`beats`).
//!
//! Source: JAMS 0.3 (<https://jams.readthedocs.io/>), namespaces `beat` (the value
//! is the beat in its bar, or null) and `beat_position` (an object with `position`
//! and `measure`). The first annotation of either namespace that has observations
//! counts; they come as a list of objects or, in older files, as an object of
//! lists.

use serde::Deserialize;
use serde_json::Value;

use super::beats::{self, Beat, Place};
use super::{Format, refused};
use crate::{MAX_POINTS, TempoError, TempoMap};

#[derive(Deserialize)]
struct File {
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Rows(Vec<Observation>),
    Columns {
        time: Vec<f64>,
        #[serde(default)]
        value: Vec<Value>,
    },
}

#[derive(Deserialize)]
struct Observation {
    time: f64,
    #[serde(default)]
    value: Value,
}

pub(super) fn read(text: &str) -> Result<TempoMap, TempoError> {
    let bad = |error: serde_json::Error| refused(Format::Jams, error.to_string());
    let file: File = serde_json::from_str(text).map_err(bad)?;
    for annotation in file.annotations {
        if !matches!(annotation.namespace.as_str(), "beat" | "beat_position") {
            continue;
        }
        let data = serde_json::from_value(annotation.data)
            .map_err(|_| refused(Format::Jams, "an annotation of beats has no list of times"))?;
        let mut beats: Vec<Beat> = match data {
            Data::Rows(rows) => rows.into_iter().map(|row| beat(row.time, Some(&row.value))).collect(),
            Data::Columns { time, value } => {
                time.into_iter().enumerate().map(|(i, time)| beat(time, value.get(i))).collect()
            }
        };
        if beats.len() > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: beats.len() });
        }
        if !beats.is_empty() {
            beats.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
            return beats::map(beats);
        }
    }
    Err(refused(Format::Jams, "it has no annotation of beats"))
}

fn beat(seconds: f64, value: Option<&Value>) -> Beat {
    let place = value.and_then(|value| match value {
        Value::Object(place) => {
            let bar = place.get("measure").and_then(whole);
            Some(Place { bar, beat: beat_of(whole(place.get("position")?)?)? })
        }
        Value::String(text) => Place::parse(text),
        value => Some(Place { bar: None, beat: beat_of(whole(value)?)? }),
    });
    Beat { seconds, place }
}

/// A whole number, which is written as 1.0 as often as as 1.
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15)?;
    Some(number as i64)
}

fn beat_of(number: i64) -> Option<u32> {
    u32::try_from(number).ok().filter(|beat| (1..=1024).contains(beat))
}
