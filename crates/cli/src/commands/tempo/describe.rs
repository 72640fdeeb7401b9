//! What a tempo map is: `agogic tempo info` and `agogic tempo show`.

use std::io::{self, Write};

use agogic::tempo::{BarBeat, Law, TempoMap, TempoPoint, TickUnit};
use agogic::timebase::Beats;
use serde::Serialize;

use crate::formats::{json, text};
use crate::output;
use crate::stop::Stop;

#[derive(Serialize)]
struct Info {
    points: usize,
    /// Where the last point stands: from there on the tempo holds.
    last_beat: f64,
    last_seconds: f64,
    /// Least and greatest tempo at the points.
    bpm: [f64; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    ticks_per_quarter: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticks_per_second: Option<f64>,
    meter: Vec<Signature>,
}

#[derive(Serialize)]
struct Signature {
    beat: f64,
    numerator: u32,
    denominator: u32,
}

pub(super) fn info(map: &TempoMap, as_json: bool) -> Result<(), Stop> {
    let points = map.points();
    let last = points.last().map_or(Beats(0.0), |point| point.beat);
    let tempi = || points.iter().flat_map(|point| [Some(point.bpm), point.to]).flatten();
    let (ticks_per_quarter, ticks_per_second) = match map.tick_unit() {
        TickUnit::PerQuarter(ticks) => (Some(ticks), None),
        TickUnit::PerSecond { numerator, denominator } => {
            (None, Some(f64::from(numerator) / f64::from(denominator)))
        }
    };
    let meter = map.meter().signatures().iter().map(|signature| Signature {
        beat: signature.beat.0,
        numerator: signature.numerator,
        denominator: signature.denominator,
    });
    let info = Info {
        points: points.len(),
        last_beat: last.0,
        last_seconds: map.seconds(last).0,
        bpm: [tempi().fold(f64::INFINITY, f64::min), tempi().fold(f64::NEG_INFINITY, f64::max)],
        ticks_per_quarter,
        ticks_per_second,
        meter: meter.collect(),
    };
    output::stdout(|out| if as_json { json::line(out, &info) } else { print(out, &info) })
}

fn print(out: &mut dyn Write, info: &Info) -> io::Result<()> {
    let [slowest, fastest] = info.bpm;
    writeln!(out, "points  {}", info.points)?;
    writeln!(out, "last    beat {}, {:.3} s", info.last_beat, info.last_seconds)?;
    if slowest == fastest {
        writeln!(out, "tempo   {slowest} bpm")?;
    } else {
        writeln!(out, "tempo   {slowest} to {fastest} bpm")?;
    }
    match (info.ticks_per_quarter, info.ticks_per_second) {
        (Some(ticks), _) => writeln!(out, "ticks   {ticks} per quarter note")?,
        (None, Some(ticks)) => writeln!(out, "ticks   {ticks} per second")?,
        (None, None) => {}
    }
    let meter = info.meter.iter();
    let meter = meter.map(|m| format!("{}/{} from beat {}", m.numerator, m.denominator, m.beat));
    writeln!(out, "meter   {}", meter.collect::<Vec<_>>().join(", "))
}

/// A row for each point.
pub(super) fn show(map: &TempoMap) -> Result<(), Stop> {
    output::stdout(|out| table(out, map))
}

fn table(out: &mut dyn Write, map: &TempoMap) -> io::Result<()> {
    let names = ["BAR|BEAT", "BEAT", "SECONDS", "BPM", "LAW"].map(String::from);
    let points = map.points();
    let rows = points.iter().enumerate().map(|(i, point)| {
        [
            place(map.meter().position(point.beat)),
            short(point.beat.0, 6),
            format!("{:.6}", map.seconds(point.beat).0 + 0.0),
            short(point.bpm, 6),
            law(point, points.get(i + 1)),
        ]
    });
    let rows: Vec<_> = std::iter::once(names).chain(rows).collect();
    let widths = text::widths(&rows);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Bar and beat, with what is left of the beat.
fn place(at: BarBeat) -> String {
    let beat = f64::from(at.beat) + at.fraction;
    format!("{}|{}", at.bar, short(beat, 3))
}

/// A number with as many places as it needs, up to `most`.
fn short(number: f64, most: usize) -> String {
    let text = format!("{number:.most$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// How the tempo goes on.
fn law(point: &TempoPoint, next: Option<&TempoPoint>) -> String {
    match (point.law, next) {
        (Law::Step, _) | (_, None) => Law::Step.name().into(),
        (law, Some(next)) => {
            let shape = match law {
                Law::Curve { shape } => format!(" {}", short(shape, 3)),
                _ => String::new(),
            };
            format!("{}{shape} to {}", law.name(), short(point.to.unwrap_or(next.bpm), 6))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(map: &str, expect: &str) {
        let mut out = Vec::new();
        table(&mut out, &TempoMap::from_json(map).unwrap()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn a_row_for_each_point() {
        check(
            r#"{"points": [{"beat": 0, "bpm": 120, "law": "linear-time", "to": 60}, {"beat": 4.5, "bpm": 77.7},
                {"beat": 8, "bpm": 90, "law": "curve", "shape": 0.5}, {"beat": 100, "bpm": 60, "law": "linear-beats"}],
                "meter": [{"beat": 0, "numerator": 3, "denominator": 4}]}"#,
            "BAR|BEAT  BEAT  SECONDS    BPM   LAW\n\
             1|1       0     0.000000   120   linear-time to 60\n\
             2|2.5     4.5   3.000000   77.7  step\n\
             3|3       8     5.702703   90    curve 0.5 to 60\n\
             34|2      100   75.475189  60    step\n",
        );
    }
}
