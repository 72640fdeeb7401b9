//! Tables: our own of points, lists of beats, and the layers of Sonic Visualiser.
//! What lives here: what their columns mean. What does not: how a line falls into
//! fields (`rows`), the map that follows from beats (`beats`).
//!
//! The table of points has the header `beat,seconds,bpm,law,to` and a line for
//! each point of the map: its beat, its second (for the reader's eye; the map
//! follows from the rest), its tempo, its law, and where its ramp ends if that is
//! not the next point's tempo. It keeps all points bit for bit, not ticks or meter.
//!
//! A list of beats has one a line: its time in seconds, and, if there is more, its
//! place in its bar: `3`, `2:3` or `2.3` (bar 2, beat 3) in the last column.
//!
//! Sonic Visualiser exports a layer as lines of time, value and label
//! (<https://www.sonicvisualiser.org/doc/reference/latest/en/>, "Exporting"); of
//! time and label for instants; or of time, value, duration and label for regions;
//! newer versions write a header if asked. Every line is taken for a beat, and a
//! label for its place in its bar. Frames of audio instead of seconds are refused
//! where the header names them.

use std::fmt::Write;

use agogic_timebase::Beats;

use super::beats::{self, Beat, Place};
use super::rows::{Field, fields, lines};
use super::{Format, number, refused, shown};
use crate::{Law, MAX_POINTS, TempoError, TempoMap, TempoPoint};

/// The columns of the table of points.
const HEADER: [&str; 5] = ["beat", "seconds", "bpm", "law", "to"];
/// Most columns of a layer.
const MAX_COLUMNS: usize = 4;

/// Which of the two formats a text is: what its first lines look like.
pub(super) fn detect(text: &str) -> Option<Format> {
    let mut lines = lines(text).map(|(_, line)| fields(line));
    let first = lines.next()?;
    if is_points(&first) {
        return Some(Format::Csv);
    }
    let (row, header) = match number(&first[0].text) {
        Some(_) => (first, false),
        None if is_header(&first) => (lines.next()?, true),
        None => return None,
    };
    if number(&row[0].text).is_none() || row.len() > MAX_COLUMNS {
        return None;
    }
    match row.as_slice() {
        _ if header => Some(Format::SvCsv),
        [_] => Some(Format::Csv),
        [_, place] if !place.quoted && Place::parse(&place.text).is_some() => Some(Format::Csv),
        _ => Some(Format::SvCsv),
    }
}

fn is_points(fields: &[Field]) -> bool {
    fields.iter().map(|field| field.text.as_str()).eq(HEADER)
}

/// Whether a first line names columns.
fn is_header(fields: &[Field]) -> bool {
    const TIMES: [&str; 4] = ["time", "seconds", "start", "frame"];
    TIMES.iter().any(|name| fields[0].text.to_ascii_lowercase().starts_with(name))
}

/// The table of points, or a list of beats.
pub(super) fn read(text: &str) -> Result<TempoMap, TempoError> {
    match lines(text).next() {
        Some((_, first)) if is_points(&fields(first)) => read_points(text),
        _ => read_beats(text, Format::Csv),
    }
}

/// A layer of Sonic Visualiser.
pub(super) fn read_layer(text: &str) -> Result<TempoMap, TempoError> {
    read_beats(text, Format::SvCsv)
}

fn read_points(text: &str) -> Result<TempoMap, TempoError> {
    let mut points = Vec::new();
    for (at, line) in lines(text).skip(1) {
        let bad = || refused(Format::Csv, format!("line {at}: {} is no point", shown(line)));
        let fields = fields(line);
        let [beat, _, bpm, law, to] = fields.as_slice() else { return Err(bad()) };
        let to = match to.text.as_str() {
            "" => None,
            text => Some(number(text).ok_or_else(bad)?),
        };
        points.push(TempoPoint {
            beat: Beats(number(&beat.text).ok_or_else(bad)?),
            bpm: number(&bpm.text).ok_or_else(bad)?,
            law: read_law(&law.text).ok_or_else(bad)?,
            to,
        });
        if points.len() > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: points.len() });
        }
    }
    TempoMap::new(points)
}

fn read_beats(text: &str, format: Format) -> Result<TempoMap, TempoError> {
    let mut beats = Vec::new();
    for (i, (at, line)) in lines(text).enumerate() {
        let fields = fields(line);
        let Some(seconds) = number(&fields[0].text) else {
            if i == 0 && is_header(&fields) && !fields[0].text.to_ascii_lowercase().starts_with("frame") {
                continue;
            }
            return Err(refused(
                format,
                format!("line {at}: {} is no time in seconds", shown(&fields[0].text)),
            ));
        };
        if fields.len() > MAX_COLUMNS {
            return Err(refused(format, format!("line {at} has {} columns", fields.len())));
        }
        let place = fields[1..].last().and_then(|field| Place::parse(&field.text));
        beats.push(Beat { seconds, place });
        if beats.len() > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: beats.len() });
        }
    }
    beats::map(beats)
}

/// The table of points.
pub(super) fn write(map: &TempoMap) -> String {
    let mut text = HEADER.join(",") + "\n";
    for point in map.points() {
        let to = point.to.map_or(String::new(), |to| to.to_string());
        let (beat, bpm, law) = (point.beat.0, point.bpm, write_law(point.law));
        let seconds = map.seconds(point.beat).0;
        writeln!(text, "{beat},{seconds},{bpm},{law},{to}").expect("a string takes all");
    }
    text
}

/// A law by its name, with the shape of a curve after a colon.
fn write_law(law: Law) -> String {
    match law {
        Law::Curve { shape } => format!("{}:{shape}", law.name()),
        _ => law.name().to_owned(),
    }
}

fn read_law(text: &str) -> Option<Law> {
    const PLAIN: [Law; 5] =
        [Law::Step, Law::LinearBeats, Law::LinearTime, Law::GeometricBeats, Law::LinearPeriod];
    match text.split_once(':') {
        Some(("curve", shape)) => Some(Law::Curve { shape: number(shape)? }),
        Some(_) => None,
        None => PLAIN.into_iter().find(|law| law.name() == text),
    }
}
