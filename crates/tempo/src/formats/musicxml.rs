//! Tempo and meter out of MusicXML scores. What lives here: where in the score
//! each tempo stands. What does not: notes, beyond how long they last; zip files
//! (`archive`).
//!
//! Source: MusicXML 4.0 (<https://www.w3.org/2021/06/musicxml40/>). The attribute
//! `tempo` of `<sound>` is in quarter notes per minute and takes effect where the
//! notes have come to, `<backup>` and `<forward>` included, moved by an `<offset>`
//! that is meant for the sound. A metronome mark counts where its direction has no
//! such sound. Positions are in divisions of a quarter note. Each measure is as
//! long as what its longest part has in it; one that is shorter or longer than its
//! time signature says starts a bar anew after it. Repeats are not followed: beats
//! are those of the page.
//!
//! Where the first tempo comes later than the beginning, it holds from there on
//! back; a score that states none is refused.

use agogic_timebase::Beats;
use quick_xml::events::BytesStart;

use super::xml::{Node, Xml};
use super::{Format, archive, count, number, refused};
use crate::{Law, MAX_POINTS, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

/// The entry of a compressed score that names the others.
pub(super) const CONTAINER: &str = "META-INF/container.xml";
/// Most measures of a score.
const MAX_MEASURES: usize = 1 << 20;
/// By how many quarter notes a measure may miss the length of its bar.
const SLACK: f64 = 1e-6;

/// The map in a compressed score: the first root file that its container names.
pub(super) fn read_compressed(bytes: &[u8]) -> Result<TempoMap, TempoError> {
    let container = archive::entry(bytes, CONTAINER, Format::Musicxml)?;
    let mut xml = Xml::new(&container, Format::Musicxml);
    let path = loop {
        match xml.next()? {
            Node::Open(start) if xml.name() == "rootfile" => {
                if let Some(path) = xml.attribute(&start, "full-path")? {
                    break path;
                }
            }
            Node::End => return Err(refused(Format::Musicxml, "its container names no score")),
            Node::Open(_) | Node::Close => {}
        }
    };
    read(&archive::entry(bytes, &path, Format::Musicxml)?)
}

/// The map in the text of a score.
pub(super) fn read(text: &str) -> Result<TempoMap, TempoError> {
    let mut xml = Xml::new(text, Format::Musicxml);
    let mut score = Score::default();
    loop {
        match xml.next()? {
            Node::Open(start) => score.open(&xml, &start)?,
            Node::Close => score.close(&xml)?,
            Node::End => return score.into_map(),
        }
        if score.marks.len() > MAX_POINTS {
            return Err(TempoError::TooManyPoints { count: score.marks.len() });
        }
    }
}

/// What stands at a place of the score.
#[derive(Clone, Copy)]
enum Mark {
    /// Quarter notes per minute.
    Tempo(f64),
    /// Above and below the line.
    Signature(u32, u32),
}

/// All that is known of the score so far.
#[derive(Default)]
struct Score {
    /// The length of each measure, in quarter notes.
    lengths: Vec<f64>,
    /// Measure, quarter notes from its start, what.
    marks: Vec<(usize, f64, Mark)>,
    part: Part,
    note: Note,
    direction: Direction,
    /// The sum of `beats` of a time signature, and its `beat-type`.
    time: (u32, u32),
}

/// How far a part is read.
#[derive(Default)]
struct Part {
    /// Measures that have begun.
    measures: usize,
    divisions: f64,
    /// Quarter notes into the measure: up to the last change of divisions, and
    /// divisions from there.
    quarters: f64,
    count: f64,
    farthest: f64,
}

#[derive(Default)]
struct Note {
    takes_time: bool,
    duration: f64,
}

/// A `<direction>`, or a `<sound>` on its own.
#[derive(Default)]
struct Direction {
    tempo: Option<f64>,
    /// In divisions.
    offset: f64,
    offset_counts: bool,
    beat_unit: Option<f64>,
    dots: i32,
    per_minute: Option<f64>,
}

impl Part {
    fn at(&self) -> f64 {
        self.quarters + self.count / self.divisions
    }

    fn step(&mut self, divisions: f64) {
        self.count += divisions;
        if self.at() < 0.0 {
            (self.quarters, self.count) = (0.0, 0.0);
        }
        self.farthest = self.farthest.max(self.at());
    }
}

impl Score {
    fn open(&mut self, xml: &Xml<'_>, start: &BytesStart<'_>) -> Result<(), TempoError> {
        match (xml.parent(), xml.name()) {
            ("", "score-partwise") => {}
            ("", "score-timewise") => {
                return Err(refused(Format::Musicxml, "it is timewise; only partwise scores are read"));
            }
            ("", _) => return Err(refused(Format::Musicxml, "it is no score")),
            ("score-partwise", "part") => self.part = Part { divisions: 1.0, ..Part::default() },
            ("part", "measure") => {
                self.part.measures += 1;
                (self.part.quarters, self.part.count, self.part.farthest) = (0.0, 0.0, 0.0);
                if self.part.measures > self.lengths.len() {
                    if self.lengths.len() == MAX_MEASURES {
                        return Err(refused(
                            Format::Musicxml,
                            format!("it has more than {MAX_MEASURES} measures"),
                        ));
                    }
                    self.lengths.push(0.0);
                }
            }
            ("measure", "note") => self.note = Note { takes_time: true, duration: 0.0 },
            ("note", "chord" | "grace") => self.note.takes_time = false,
            ("measure", "direction") => self.direction = Direction::default(),
            ("measure" | "direction", "sound") => {
                if xml.parent() == "measure" {
                    self.direction = Direction::default();
                }
                if let Some(tempo) = xml.number_of(start, "tempo")? {
                    self.direction.tempo = Some(tempo);
                }
            }
            ("direction", "offset") => {
                self.direction.offset_counts = xml.attribute(start, "sound")?.as_deref() == Some("yes");
            }
            ("attributes", "time") => self.time = (0, 1),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, xml: &Xml<'_>) -> Result<(), TempoError> {
        match (xml.parent(), xml.name()) {
            ("part", "measure") => {
                if let Some(length) = self.lengths.get_mut(self.part.measures - 1) {
                    *length = length.max(self.part.farthest);
                }
            }
            ("attributes", "divisions") => {
                let divisions = xml.number()?;
                if divisions <= 0.0 {
                    return Err(refused(
                        Format::Musicxml,
                        format!("{divisions} divisions of a quarter note"),
                    ));
                }
                (self.part.quarters, self.part.count) = (self.part.at(), 0.0);
                self.part.divisions = divisions;
            }
            ("note", "duration") => self.note.duration = xml.number()?,
            ("measure", "note") if self.note.takes_time => self.part.step(self.note.duration),
            ("backup", "duration") => self.part.step(-xml.number()?),
            ("forward", "duration") => self.part.step(xml.number()?),
            ("direction", "offset") => self.direction.offset = xml.number()?,
            ("sound", "offset") => {
                (self.direction.offset, self.direction.offset_counts) = (xml.number()?, true);
            }
            ("metronome", "beat-unit") => {
                // A second unit: the mark relates two notes and states no tempo.
                let first = self.direction.beat_unit.is_none();
                self.direction.beat_unit = if first { quarters(xml.text()) } else { Some(f64::NAN) };
            }
            ("metronome", "beat-unit-dot") => self.direction.dots += 1,
            ("metronome", "per-minute") => self.direction.per_minute = number(xml.text()),
            ("measure", "direction" | "sound") => self.direct(),
            ("time", "beats") => {
                self.time.0 = xml.text().split('+').try_fold(self.time.0, |sum, beats| {
                    let bad = || {
                        refused(
                            Format::Musicxml,
                            format!("{} is no number of beats", super::shown(xml.text())),
                        )
                    };
                    count(beats).and_then(|beats| sum.checked_add(beats)).ok_or_else(bad)
                })?;
            }
            ("time", "beat-type") => self.time.1 = count(xml.text()).unwrap_or(0).max(self.time.1),
            // Of a time without measure nothing is said.
            ("attributes", "time") if self.time.0 > 0 => {
                self.mark(self.part.at(), Mark::Signature(self.time.0, self.time.1));
            }
            _ => {}
        }
        Ok(())
    }

    /// The tempo of the direction that ends here, if it states one.
    fn direct(&mut self) {
        let direction = std::mem::take(&mut self.direction);
        let shown = direction
            .beat_unit
            .zip(direction.per_minute)
            .map(|(unit, per_minute)| per_minute * unit * (2.0 - 0.5_f64.powi(direction.dots)));
        let Some(tempo) = direction.tempo.or(shown.filter(|bpm| bpm.is_finite())) else { return };
        let offset = if direction.offset_counts { direction.offset / self.part.divisions } else { 0.0 };
        self.mark((self.part.at() + offset).max(0.0), Mark::Tempo(tempo));
    }

    fn mark(&mut self, at: f64, mark: Mark) {
        if let Some(measure) = self.part.measures.checked_sub(1) {
            self.marks.push((measure, at, mark));
        }
    }

    fn into_map(mut self) -> Result<TempoMap, TempoError> {
        // In order of the score; stable, so that of two at one place the later part's
        // comes later.
        self.marks.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut points: Vec<TempoPoint> = Vec::new();
        let mut signatures: Vec<TimeSignature> = Vec::new();
        let mut marks = self.marks.iter().peekable();
        let mut start = 0.0;
        let mut nominal = TimeSignature { beat: Beats(0.0), numerator: 4, denominator: 4 };
        let mut in_step = true;
        for (measure, &length) in self.lengths.iter().enumerate() {
            if !in_step {
                change(&mut signatures, TimeSignature { beat: Beats(start), ..nominal });
            }
            while let Some((_, at, mark)) = marks.next_if(|mark| mark.0 == measure) {
                let beat = Beats(start + at);
                match *mark {
                    Mark::Tempo(bpm) => {
                        points.pop_if(|last| last.beat >= beat);
                        points.push(TempoPoint { beat, bpm, law: Law::Step, to: None });
                    }
                    Mark::Signature(numerator, denominator) => {
                        let new = TimeSignature { beat, numerator, denominator };
                        if (numerator, denominator) != (nominal.numerator, nominal.denominator) {
                            change(&mut signatures, new);
                        }
                        nominal = new;
                    }
                }
            }
            // A measure without any notes is as long as its bar.
            let length = if length > 0.0 { length } else { nominal.bar_length() };
            let bars = length / nominal.bar_length();
            in_step = (bars - 1.0).abs() * nominal.bar_length() < SLACK;
            start += length;
        }
        if points.is_empty() {
            return Err(refused(Format::Musicxml, "it states no tempo"));
        }
        TempoMap::build(points, TickUnit::default(), Meter::new(signatures)?)
    }
}

/// Adds a signature, in place of one that stands where it starts or later.
fn change(signatures: &mut Vec<TimeSignature>, new: TimeSignature) {
    while signatures.pop_if(|last| last.beat >= new.beat).is_some() {}
    signatures.push(new);
}

/// The length of a note by its name.
fn quarters(name: &str) -> Option<f64> {
    Some(match name {
        "long" => 16.0,
        "breve" => 8.0,
        "whole" => 4.0,
        "half" => 2.0,
        "quarter" => 1.0,
        "eighth" => 0.5,
        "16th" => 0.25,
        "32nd" => 0.125,
        "64th" => 0.0625,
        _ => return None,
    })
}
