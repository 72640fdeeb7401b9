//! DAWproject, in and out. What lives here: the tempo and meter of its
//! `project.xml`. What does not: zip files (`archive`), all else in a project.
//!
//! Source: DAWproject 1.0 (<https://github.com/bitwig/dawproject>, `Project.xsd` and
//! its reference). `Transport` holds the tempo and time signature of a project
//! without automation; `Arrangement` may hold `TempoAutomation`, whose points hold
//! the tempo or move it linearly to the next, over the time unit of the automation,
//! and `TimeSignatureAutomation`. In beats a linear move is the law `linear-beats`,
//! in seconds `linear-time`. Points are quarter notes apart; of two at one time the
//! tempo comes from the first and goes on from the last.

use std::fmt::Write;

use agogic_timebase::{Beats, Seconds};
use quick_xml::events::BytesStart;

use super::timed::{self, TimedPoint};
use super::xml::{Node, Xml};
use super::{Format, archive, count, from_zero, refused, shown};
use crate::{Law, MAX_POINTS, Meter, TempoError, TempoMap, TempoPoint, TimeSignature};

/// The entry of the archive that holds the project.
pub(super) const ENTRY: &str = "project.xml";
/// Longest and shortest piece of a ramp that the format has no word for, in beats.
const PIECE: f64 = 0.25;
const SHORTEST: f64 = 1.0 / 4096.0;
/// How far such a piece may be from the ramp in between, in seconds.
const MAX_MISS: f64 = 2e-6;
/// Where that is looked at: the parts of a piece.
const PROBES: [f64; 5] = [0.0625, 0.25, 0.5, 0.75, 0.9375];
/// Most points that are written.
const MAX_WRITTEN: usize = 1 << 22;

/// A point of the tempo automation, in its time unit.
struct Point {
    time: f64,
    bpm: f64,
    linear: bool,
}

#[derive(Default)]
struct Found {
    tempo: Option<f64>,
    signature: Option<(u32, u32)>,
    points: Vec<Point>,
    points_in_seconds: bool,
    signatures: Vec<(f64, u32, u32)>,
    signatures_in_seconds: bool,
}

/// The map in the text of a `project.xml`.
pub(super) fn read(text: &str) -> Result<TempoMap, TempoError> {
    let mut xml = Xml::new(text, Format::Dawproject);
    let mut found = Found::default();
    loop {
        match xml.next()? {
            Node::Open(start) => found.element(&xml, &start)?,
            Node::Close => {}
            Node::End => return found.into_map(),
        }
        if found.points.len().max(found.signatures.len()) > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: found.points.len() });
        }
    }
}

impl Found {
    fn element(&mut self, xml: &Xml<'_>, start: &BytesStart<'_>) -> Result<(), TempoError> {
        let in_seconds = || xml.attribute(start, "timeUnit").map(|unit| unit.as_deref() == Some("seconds"));
        match (xml.parent(), xml.name()) {
            ("", root) if root != "Project" => {
                Err(refused(Format::Dawproject, format!("its root is {}", shown(root))))
            }
            ("Transport", "Tempo") => {
                self.tempo = xml.number_of(start, "value")?;
                Ok(())
            }
            ("Transport", "TimeSignature") => {
                self.signature = Some(signature(xml, start)?);
                Ok(())
            }
            ("Arrangement", "TempoAutomation") => {
                self.points_in_seconds = in_seconds()?;
                Ok(())
            }
            ("Arrangement", "TimeSignatureAutomation") => {
                self.signatures_in_seconds = in_seconds()?;
                Ok(())
            }
            ("TempoAutomation", "RealPoint") => {
                let linear = match xml.attribute(start, "interpolation")?.as_deref() {
                    Some("linear") => true,
                    Some("hold") | None => false,
                    Some(other) => {
                        return Err(refused(
                            Format::Dawproject,
                            format!("unknown interpolation {}", shown(other)),
                        ));
                    }
                };
                self.points.push(Point {
                    time: time(xml, start)?,
                    bpm: needed(xml, start, "value")?,
                    linear,
                });
                Ok(())
            }
            ("TimeSignatureAutomation", "TimeSignaturePoint") => {
                let (numerator, denominator) = signature(xml, start)?;
                self.signatures.push((time(xml, start)?, numerator, denominator));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn into_map(mut self) -> Result<TempoMap, TempoError> {
        self.points.sort_by(|a, b| a.time.total_cmp(&b.time));
        self.signatures.sort_by(|a, b| a.0.total_cmp(&b.0));
        let tempo = self.tempo;
        let none = || refused(Format::Dawproject, "it states no tempo");
        let map = if self.points.is_empty() {
            TempoMap::constant(tempo.ok_or_else(none)?)?
        } else if self.points_in_seconds {
            timed::map(self.timed_points(), Format::Dawproject)?
        } else {
            TempoMap::new(self.beat_points())?
        };
        let mut signatures: Vec<TimeSignature> = Vec::new();
        if let Some((numerator, denominator)) = self.signature {
            signatures.push(TimeSignature { beat: Beats(0.0), numerator, denominator });
        }
        for (time, numerator, denominator) in self.signatures {
            let beat = if self.signatures_in_seconds { map.beats(Seconds(time)) } else { Beats(time) };
            signatures.retain(|signature| signature.beat < beat);
            signatures.push(TimeSignature { beat, numerator, denominator });
        }
        Ok(map.with_meter(Meter::new(signatures)?))
    }

    /// The automation in seconds; its first tempo runs back to second 0.
    fn timed_points(&self) -> Vec<TimedPoint> {
        let held = self.points.first().filter(|first| first.time > 0.0);
        let held =
            held.map(|first| TimedPoint { seconds: 0.0, bpm: first.bpm, ramp: false, signature: None });
        let points = self.points.iter().map(|point| TimedPoint {
            seconds: point.time,
            bpm: point.bpm,
            ramp: point.linear,
            signature: None,
        });
        held.into_iter().chain(points).collect()
    }

    fn beat_points(&self) -> Vec<TempoPoint> {
        let mut points: Vec<TempoPoint> = Vec::with_capacity(self.points.len());
        for together in self.points.chunk_by(|a, b| a.time == b.time) {
            let (first, last) = (&together[0], &together[together.len() - 1]);
            if let Some(before) = points.last_mut().filter(|before| before.law != Law::Step) {
                before.to = Some(first.bpm).filter(|bpm| *bpm != last.bpm);
            }
            let law = if last.linear { Law::LinearBeats } else { Law::Step };
            points.push(TempoPoint { beat: Beats(last.time), bpm: last.bpm, law, to: None });
        }
        points
    }
}

fn needed(xml: &Xml<'_>, start: &BytesStart<'_>, name: &str) -> Result<f64, TempoError> {
    xml.number_of(start, name)?
        .ok_or_else(|| refused(Format::Dawproject, format!("{} has no {name}", xml.name())))
}

fn time(xml: &Xml<'_>, start: &BytesStart<'_>) -> Result<f64, TempoError> {
    needed(xml, start, "time")
}

fn signature(xml: &Xml<'_>, start: &BytesStart<'_>) -> Result<(u32, u32), TempoError> {
    let part = |name| {
        let value = xml.attribute(start, name)?;
        value
            .as_deref()
            .and_then(count)
            .ok_or_else(|| refused(Format::Dawproject, format!("{} has no {name}", xml.name())))
    };
    Ok((part("numerator")?, part("denominator")?))
}

impl TempoMap {
    /// This map as a DAWproject archive with nothing in it but tempo and meter.
    ///
    /// Steps and ramps of the law `linear-beats` are the format's own. A ramp of
    /// another law is cut into pieces of at most a quarter of a beat, each of the
    /// format's linear law and scaled to take the time that it should: at the ends of pieces the
    /// time agrees within 1e-9 s, between them within 1e-5 s.
    ///
    /// What is before beat 0 is not in the file, nor are ticks.
    ///
    /// # Errors
    /// [`TempoError::Export`] where it takes more than four million points.
    pub fn to_dawproject(&self) -> Result<Vec<u8>, TempoError> {
        let points = self.dawproject_points()?;
        let signatures = from_zero::signatures(self.meter());
        let text = write(&points, &signatures);
        archive::write(&[(ENTRY, &text), ("metadata.xml", METADATA)], Format::Dawproject)
    }

    fn dawproject_points(&self) -> Result<Vec<Point>, TempoError> {
        let all = self.points();
        let mut written: Vec<Point> = Vec::with_capacity(all.len() + 1);
        let mut push = |time, bpm, linear| {
            written.push(Point { time, bpm, linear });
            match written.len() {
                ..=MAX_WRITTEN => Ok(()),
                _ => Err(super::unwritable(
                    Format::Dawproject,
                    format!("it takes more than {MAX_WRITTEN} points"),
                )),
            }
        };
        if all.first().is_some_and(|first| first.beat.0 > 0.0) {
            push(0.0, self.bpm_at(Beats(0.0)), false)?;
        }
        for (i, point) in all.iter().enumerate() {
            let start = point.beat.0.max(0.0);
            let Some(next) = all.get(i + 1) else {
                push(start, point.bpm, false)?;
                break;
            };
            let end = next.beat.0;
            if end <= 0.0 {
                continue;
            }
            let bpm = if start == point.beat.0 { point.bpm } else { self.bpm_at(Beats(start)) };
            let far = point.to.unwrap_or(next.bpm);
            match point.law {
                Law::Step => push(start, bpm, false)?,
                Law::LinearBeats => {
                    push(start, bpm, true)?;
                    // What comes next may not begin with the tempo that this ends at.
                    if far != next.bpm || !matches!(next.law, Law::Step | Law::LinearBeats) {
                        push(end, far, false)?;
                    }
                }
                _ => {
                    let mut places = Places::new(self, (start, bpm), (end, far));
                    while let Some((from, to)) = places.next_piece() {
                        push(from.0, from.1, true)?;
                        push(to.0, to.1, false)?;
                    }
                }
            }
        }
        Ok(written)
    }
}

/// A ramp on its way into linear pieces. Places are beats and tempi.
struct Places<'a> {
    map: &'a TempoMap,
    at: (f64, f64),
    end: (f64, f64),
    length: f64,
}

impl<'a> Places<'a> {
    fn new(map: &'a TempoMap, at: (f64, f64), end: (f64, f64)) -> Self {
        Self { map, at, end, length: PIECE }
    }

    /// Both ends of the next piece, scaled to take the time that it should.
    fn next_piece(&mut self) -> Option<((f64, f64), (f64, f64))> {
        let left = self.end.0 - self.at.0;
        if left <= 0.0 {
            return None;
        }
        self.length = (self.length * 2.0).min(PIECE);
        loop {
            let whole = self.length >= left;
            let to = if whole { self.end } else { self.place(self.at.0 + self.length) };
            let (a, b) = (self.at, to);
            let seconds = self.seconds(a.0, b.0);
            let scale = if seconds > 0.0 { linear_seconds(a.1, b.1, b.0 - a.0) / seconds } else { 1.0 };
            let miss = PROBES.iter().fold(0.0_f64, |most, part| {
                let into = (b.0 - a.0) * part;
                let reached = linear_seconds(a.1, a.1 + (b.1 - a.1) * part, into) / scale;
                most.max((reached - self.seconds(a.0, a.0 + into)).abs())
            });
            if miss <= MAX_MISS || self.length <= SHORTEST {
                self.at = to;
                return Some(((a.0, a.1 * scale), (b.0, b.1 * scale)));
            }
            self.length = self.length.min(left) / 2.0;
        }
    }

    fn place(&self, beat: f64) -> (f64, f64) {
        (beat, self.map.bpm_at(Beats(beat)))
    }

    fn seconds(&self, from: f64, to: f64) -> f64 {
        self.map.seconds(Beats(to)).0 - self.map.seconds(Beats(from)).0
    }
}

/// What so many beats take when the tempo moves linearly over them.
fn linear_seconds(from: f64, to: f64, beats: f64) -> f64 {
    let part = (to - from) / from;
    let bend = if part == 0.0 { 1.0 } else { part.ln_1p() / part };
    beats * 60.0 / from * bend
}

const METADATA: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MetaData/>\n";

fn write(points: &[Point], signatures: &[TimeSignature]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Project version=\"1.0\">\n");
    write_into(&mut text, points, signatures).expect("a string takes all");
    text
}

fn write_into(text: &mut String, points: &[Point], signatures: &[TimeSignature]) -> std::fmt::Result {
    let bpm = points.first().map_or(120.0, |point| point.bpm);
    writeln!(text, "  <Application name=\"Agogic\" version=\"{}\"/>", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "  <Transport>")?;
    writeln!(text, "    <Tempo unit=\"bpm\" value=\"{bpm}\" id=\"tempo\" name=\"Tempo\"/>")?;
    if let Some(TimeSignature { numerator, denominator, .. }) = signatures.first() {
        writeln!(
            text,
            "    <TimeSignature numerator=\"{numerator}\" denominator=\"{denominator}\" id=\"signature\"/>"
        )?;
    }
    writeln!(text, "  </Transport>\n  <Structure/>\n  <Arrangement id=\"arrangement\">")?;
    writeln!(text, "    <Lanes timeUnit=\"beats\" id=\"lanes\"/>")?;
    writeln!(text, "    <TempoAutomation timeUnit=\"beats\" unit=\"bpm\" id=\"tempi\">")?;
    writeln!(text, "      <Target parameter=\"tempo\"/>")?;
    for Point { time, bpm, linear } in points {
        let law = if *linear { "linear" } else { "hold" };
        writeln!(text, "      <RealPoint time=\"{time}\" value=\"{bpm}\" interpolation=\"{law}\"/>")?;
    }
    writeln!(text, "    </TempoAutomation>")?;
    writeln!(text, "    <TimeSignatureAutomation timeUnit=\"beats\" id=\"signatures\">")?;
    writeln!(text, "      <Target parameter=\"signature\"/>")?;
    for TimeSignature { beat, numerator, denominator } in signatures {
        writeln!(
            text,
            "      <TimeSignaturePoint time=\"{}\" numerator=\"{numerator}\" denominator=\"{denominator}\"/>",
            beat.0
        )?;
    }
    writeln!(text, "    </TimeSignatureAutomation>\n  </Arrangement>\n  <Scenes/>\n</Project>")
}
