//! The tempo envelope of a REAPER project. What lives here: the lines of the
//! project's text that tell tempo and meter. What does not: tracks, items, all
//! else.
//!
//! Source: the project's text has no published grammar; "State Chunk Definitions"
//! (<https://github.com/ReaTeam/Doc>) describes its blocks. Inside `<TEMPOENVEX`
//! each `PT seconds bpm shape signature` is a tempo: in quarter notes per minute,
//! at a time in seconds; shape 1 holds it, shape 0 moves it to the next linearly
//! over time, as the formulas of the SWS extension show
//! (<https://github.com/reaper-oss/sws>, `CalculateMeasureAtPosition`). A signature
//! is 65536 times the denominator plus the numerator; 0 or none means no change.
//! The line `TEMPO bpm numerator denominator` says what holds where no point
//! stands.

use super::timed::{self, TimedPoint};
use super::{Format, count, number, refused, shown};
use crate::{MAX_POINTS, TempoError, TempoMap};

const SQUARE: &str = "1";
const LINEAR: &str = "0";

pub(super) fn read(text: &str) -> Result<TempoMap, TempoError> {
    let mut depth = 0_u64;
    let mut in_envelope = false;
    let mut standing: Option<(f64, Option<(u32, u32)>)> = None;
    let mut points = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        let line = line.trim();
        let mut fields = line.split_ascii_whitespace();
        match fields.next() {
            Some(">") if depth > 0 => {
                depth -= 1;
                in_envelope = false;
            }
            Some(block) if block.starts_with('<') => {
                depth += 1;
                in_envelope = depth == 2 && block == "<TEMPOENVEX";
            }
            Some("TEMPO") if depth == 1 => standing = Some(read_standing(line, number, fields)?),
            Some("PT") if in_envelope && depth == 2 => {
                if points.len() == MAX_POINTS {
                    return Err(TempoError::TooManyPoints { count: points.len() + 1 });
                }
                points.push(read_point(line, number, fields)?);
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(refused(Format::Reaper, "it is cut off: a block has no end"));
    }
    if points.iter().all(|point: &TimedPoint| point.seconds > 0.0) {
        let Some((bpm, signature)) = standing else {
            return Err(refused(Format::Reaper, "it states no tempo"));
        };
        points.insert(0, TimedPoint { seconds: 0.0, bpm, ramp: false, signature });
    } else if let (Some((_, signature)), Some(first)) = (standing, points.first_mut()) {
        first.signature = first.signature.or(signature);
    }
    timed::map(points, Format::Reaper)
}

type Signature = Option<(u32, u32)>;

fn read_standing<'a>(
    line: &str,
    at: u64,
    mut fields: impl Iterator<Item = &'a str>,
) -> Result<(f64, Signature), TempoError> {
    let bpm = fields.next().and_then(number).ok_or_else(|| bad(line, at))?;
    let signature = fields.next().and_then(count).zip(fields.next().and_then(count));
    Ok((bpm, signature))
}

fn read_point<'a>(
    line: &str,
    at: u64,
    mut fields: impl Iterator<Item = &'a str>,
) -> Result<TimedPoint, TempoError> {
    let seconds = fields.next().and_then(number).ok_or_else(|| bad(line, at))?;
    let bpm = fields.next().and_then(number).ok_or_else(|| bad(line, at))?;
    let ramp = match fields.next() {
        Some(LINEAR) => true,
        Some(SQUARE) | None => false,
        Some(_) => return Err(bad(line, at)),
    };
    let signature = match fields.next() {
        Some(text) => text.parse::<u32>().map_err(|_| bad(line, at))?,
        None => 0,
    };
    let signature = (signature != 0).then_some((signature & 0xffff, signature >> 16));
    Ok(TimedPoint { seconds, bpm, ramp, signature })
}

fn bad(line: &str, at: u64) -> TempoError {
    refused(Format::Reaper, format!("line {at}: {} is no tempo", shown(line)))
}
