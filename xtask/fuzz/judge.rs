//! What may come of an input: an error in one line, or a map whose answers are
//! numbers in order and which is the same after being written and read.

use agogic_tempo::formats::{Format, detect, export, import};
use agogic_tempo::{MAX_BEAT, TempoMap};
use agogic_timebase::{Beats, Range, Seconds, Ticks};

use crate::inputs::Random;

/// Positions at which a map is asked, besides those of its points.
const POSITIONS: usize = 32;
/// Points of a map that are asked for, and that are written again.
const POINTS: usize = 200;

/// Whether it was a map; or what is wrong with what came of it.
pub(crate) fn judge(bytes: &[u8], format: Option<Format>) -> Result<bool, String> {
    detect(bytes);
    match import(bytes, format) {
        Ok(map) => {
            // The same questions each time: nothing but the input makes them.
            ask(&map, &mut Random::new(bytes.len() as u64))?;
            written(&map)?;
            Ok(true)
        }
        Err(error) if error.to_string().lines().count() == 1 => Ok(false),
        Err(error) => Err(format!("the error has not one line: {error:?}")),
    }
}

fn ask(map: &TempoMap, random: &mut Random) -> Result<(), String> {
    let mut at: Vec<f64> = map.points().iter().take(POINTS).map(|point| point.beat.0).collect();
    for _ in 0..POSITIONS {
        let size = 10_f64.powi(random.below(13) as i32);
        at.push(((random.unit() * 2.0 - 1.0) * size).clamp(-MAX_BEAT, MAX_BEAT));
    }
    at.sort_by(f64::total_cmp);
    let beats: Vec<_> = at.iter().copied().map(Beats).collect();
    let seconds = map.seconds_of(&beats);
    let back = map.beats_of(&seconds);
    let mut cursor = map.cursor();
    for (i, (beat, second)) in beats.iter().zip(&seconds).enumerate() {
        let (bpm, position) = (map.bpm_at(*beat), map.meter().position(*beat));
        if !(second.0.is_finite() && back[i].0.is_finite() && bpm.is_finite() && bpm > 0.0) {
            return Err(format!("{beat:?} is {second:?}, which is {:?}, at {bpm} bpm", back[i]));
        }
        if !position.fraction.is_finite() || position.beat == 0 {
            return Err(format!("{beat:?} is at {position:?}"));
        }
        if i > 0 && seconds[i - 1].0 > second.0 {
            return Err(format!("{beat:?} is {second:?}, before {:?}", seconds[i - 1]));
        }
        let same = map.seconds(*beat).0.to_bits() == second.0.to_bits()
            && cursor.seconds(*beat).0.to_bits() == second.0.to_bits()
            && map.beats(*second).0.to_bits() == back[i].0.to_bits();
        if !same {
            return Err(format!("{beat:?} is not the same one by one and in a batch"));
        }
        let tick = map.beats_to_ticks(*beat);
        if !map.ticks_to_seconds(tick).0.is_finite() || !map.ticks_to_beats(tick).0.is_finite() {
            return Err(format!("{tick:?} is {:?}", map.ticks_to_seconds(tick)));
        }
        map.seconds_to_ticks(*second);
    }
    // What is not a position has some answer.
    for at in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN] {
        let (second, beat) = (map.seconds(Beats(at)), map.beats(Seconds(at)));
        if at.is_nan() && !(second.0.is_nan() && beat.0.is_nan()) {
            return Err("not a number has an answer".into());
        }
        map.bpm_at(Beats(at));
        map.meter().position(Beats(at));
        map.seconds_to_ticks(Seconds(at));
        map.beats_to_ticks(Beats(at));
    }
    for tick in [i64::MIN, i64::MAX] {
        map.ticks_to_seconds(Ticks(tick));
        map.ticks_to_beats(Ticks(tick));
    }
    let start = beats[random.below(beats.len())];
    let lines = map.meter().beat_lines(Range::new(start, Beats(start.0 + 1000.0)));
    if lines.take(POINTS).any(|line| !line.at.0.is_finite()) {
        return Err(format!("a line after {start:?} is nowhere"));
    }
    Ok(())
}

/// Written in every format that can be; what the native one says is all of it.
fn written(map: &TempoMap) -> Result<(), String> {
    if map.points().len() > POINTS {
        return Ok(());
    }
    for format in Format::ALL {
        let Ok(bytes) = export(map, format) else { continue };
        let again = import(&bytes, Some(format)).map_err(|error| format!("as {format} it is {error}"))?;
        if format == Format::Json && again != *map {
            return Err("it is another map once it is written and read".into());
        }
    }
    Ok(())
}
