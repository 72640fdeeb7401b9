//! `agogic tempo`: tempo maps. What lives here: positions through a map. In the
//! modules: what a map is (`describe`), what other programs make of it (`exchange`)
//! and what is heard in audio (`detect`).

mod describe;
mod detect;
mod exchange;

use std::io::{self, BufRead, BufReader, ErrorKind, Write};

use agogic::tempo::{Cursor, TempoMap};
use agogic::timebase::{Beats, Seconds};

use crate::args::{Global, Tempo, Unit};
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, ready};

/// Longest line that is taken for a number.
const MAX_LINE: usize = 4096;

pub(crate) fn run(args: &Tempo, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    match args {
        Tempo::Convert { map, from, to } => convert(&ready::tempo(&map.map)?, *from, *to),
        Tempo::Info { map, json } => describe::info(&ready::tempo(&map.map)?, *json),
        Tempo::Show { map } => describe::show(&ready::tempo(&map.map)?),
        Tempo::Import { file, format, output, force } => {
            exchange::import(file, *format, output.as_deref(), *force)
        }
        Tempo::Detect { file, profile, output, force } => {
            detect::run(file, &profile.profile, output.as_deref(), *force, global, terminal)
        }
        Tempo::Export { map, format, output, force } => {
            exchange::export(&map.map, *format, output.as_deref(), *force)
        }
    }
}

/// One number a line in, one a line out.
fn convert(map: &TempoMap, from: Unit, to: Unit) -> Result<(), Stop> {
    let mut bad = None;
    output::stdout(|out| {
        let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
        match lines(&mut input, out, map, from, to)? {
            Ok(()) => {}
            Err(cause) => bad = Some(cause),
        }
        Ok(())
    })?;
    match bad {
        Some(cause) => Err(Stop::failed("standard input", cause)),
        None => Ok(()),
    }
}

/// Converts line by line. What went out is an error of the output; what is
/// wrong with the input is in the result.
fn lines<R: io::Read>(
    input: &mut BufReader<R>,
    out: &mut dyn Write,
    map: &TempoMap,
    from: Unit,
    to: Unit,
) -> io::Result<Result<(), String>> {
    let mut cursor = map.cursor();
    let mut line = Vec::new();
    for number in 1_u64.. {
        // Whoever writes a line and waits for the answer gets it.
        if input.buffer().is_empty() {
            out.flush()?;
        }
        line.clear();
        match io::Read::take(&mut *input, MAX_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Err(error.to_string())),
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        let at = match text.parse::<f64>() {
            Ok(at) if at.is_finite() && line.len() < MAX_LINE => at,
            _ => return Ok(Err(format!("line {number}: {} is no finite number", shown(text)))),
        };
        let found = position(map, &mut cursor, from, to, at);
        if !found.is_finite() {
            return Ok(Err(format!("line {number}: {} is too far out", shown(text))));
        }
        // Adding zero makes -0 a plain 0.
        writeln!(out, "{}", found + 0.0)?;
    }
    Ok(Ok(()))
}

fn position(map: &TempoMap, cursor: &mut Cursor<'_>, from: Unit, to: Unit, at: f64) -> f64 {
    match (from, to) {
        (Unit::Beats, Unit::Beats) | (Unit::Ticks, Unit::Ticks) | (Unit::Seconds, Unit::Seconds) => at,
        (Unit::Beats, Unit::Seconds) => cursor.seconds(Beats(at)).0,
        (Unit::Seconds, Unit::Beats) => cursor.beats(Seconds(at)).0,
        (Unit::Beats, Unit::Ticks) => map.beats_to_real_ticks(Beats(at)),
        (Unit::Ticks, Unit::Beats) => map.real_ticks_to_beats(at).0,
        (Unit::Seconds, Unit::Ticks) => map.seconds_to_real_ticks(Seconds(at)),
        (Unit::Ticks, Unit::Seconds) => map.real_ticks_to_seconds(at).0,
    }
}

/// The text in quotes, cut where it is long.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{:?}...", &text[..cut]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, from: Unit, to: Unit, expect: &str, bad: Option<&str>) {
        let map = TempoMap::constant(120.0).unwrap();
        let mut out = Vec::new();
        let done = lines(&mut BufReader::new(input.as_bytes()), &mut out, &map, from, to).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect, "{input:?}");
        assert_eq!(done.err().as_deref(), bad, "{input:?}");
    }

    #[test]
    fn one_number_a_line() {
        use Unit::{Beats, Seconds, Ticks};
        check("", Beats, Seconds, "", None);
        check("0\n1\n2.5\n-4", Beats, Seconds, "0\n0.5\n1.25\n-2\n", None);
        check(" 1e2 \r\n", Beats, Seconds, "50\n", None);
        check("0.1\n", Seconds, Beats, "0.2\n", None);
        check("480\n481.5\n", Ticks, Beats, "0.5\n0.5015625\n", None);
        check("0.5\n", Beats, Ticks, "480\n", None);
        check("0.5\n", Seconds, Ticks, "960\n", None);
        check("960\n", Ticks, Seconds, "0.5\n", None);
        check("-0\n0.1\n", Beats, Beats, "0\n0.1\n", None);
    }

    #[test]
    fn bad_lines_are_named() {
        use Unit::{Beats, Seconds};
        check("1\nx\n2\n", Beats, Seconds, "0.5\n", Some("line 2: \"x\" is no finite number"));
        check("1\n\n", Beats, Seconds, "0.5\n", Some("line 2: \"\" is no finite number"));
        check("nan", Beats, Seconds, "", Some("line 1: \"nan\" is no finite number"));
        check("1e999", Beats, Seconds, "", Some("line 1: \"1e999\" is no finite number"));
        check("1e308\n", Seconds, Beats, "", Some("line 1: \"1e308\" is too far out"));
        check("1 2", Beats, Seconds, "", Some("line 1: \"1 2\" is no finite number"));
        let long = "1".repeat(10_000);
        let expect = format!("line 1: \"{}\"... is no finite number", "1".repeat(60));
        check(&long, Beats, Seconds, "", Some(&expect));
    }
}
