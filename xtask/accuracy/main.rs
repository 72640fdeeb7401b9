//! `cargo xtask accuracy`: beats and onsets that were found, against those that are
//! known, beside librosa's figures on the same samples. What lives here: the run and
//! its table. What does not: the pieces (`score`, `render`), the calculators' run
//! (`analyse`), the measure (`measure`).
//!
//! With a folder it writes the pieces there instead, as WAV files with their known
//! times, which is what tests/reference/make_beats.py reads.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a tool for people at a terminal")]

mod analyse;
mod measure;
mod render;
mod score;

use std::path::{Path, PathBuf};

use agogic_timebase::Beats;
use anyhow::{Context as _, Result};
use serde_json::Value;

/// Beats of the bundled piece: its last bar line is at beat 53.
const SLOW_TURN_BEATS: u32 = 53;

/// One channel of 16 bits, and what is known of it, in seconds.
struct Known {
    name: &'static str,
    rate: u32,
    samples: Vec<i16>,
    beats: Vec<f64>,
    /// Empty where they are not known.
    onsets: Vec<f64>,
}

fn main() -> Result<()> {
    let mut all = vec![slow_turn()?];
    all.extend(score::Piece::all().iter().map(|piece| Known {
        name: piece.name,
        rate: render::RATE,
        samples: render::render(piece),
        beats: piece.beat_times(),
        onsets: piece.onset_times(),
    }));
    match std::env::args_os().nth(1) {
        Some(folder) => write(&all, &PathBuf::from(folder)),
        None => report(&all),
    }
}

/// The pieces as files.
fn write(all: &[Known], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut known = serde_json::Map::new();
    for piece in all {
        std::fs::write(folder.join(format!("{}.wav", piece.name)), render::wav(&piece.samples))?;
        let times = serde_json::json!({ "beats": piece.beats, "onsets": piece.onsets });
        known.insert(piece.name.into(), times);
    }
    Ok(std::fs::write(folder.join("pieces.json"), Value::Object(known).to_string())?)
}

/// A line per piece: F-measures, ours and librosa's.
fn report(all: &[Known]) -> Result<()> {
    let figures: Value = serde_json::from_str(include_str!("../../tests/reference/beats.json"))?;
    println!("{:14}{:>8}{:>9}{:>9}{:>9}", "F-measure of", "beats", "librosa", "onsets", "librosa");
    let mut sums = [0.0; 4];
    for piece in all {
        let samples: Vec<f32> = piece.samples.iter().map(|&x| f32::from(x) / 32_768.0).collect();
        let found = analyse::analyse(&samples, piece.rate)?;
        let figure = |what: &str| figures["pieces"][piece.name][what].as_f64();
        let beats = measure::f_measure(&piece.beats, &found.beats, measure::BEATS);
        let onsets = measure::f_measure(&piece.onsets, &found.onsets, measure::ONSETS);
        let theirs = figure("beats").context("a piece without figures")?;
        print!("{:14}{beats:8.3}{theirs:9.3}", piece.name);
        match figure("onsets") {
            Some(theirs) => {
                println!("{onsets:9.3}{theirs:9.3}");
                sums[2] += onsets;
                sums[3] += theirs;
            }
            None => println!("{:>9}{:>9}", "-", "-"),
        }
        sums[0] += beats;
        sums[1] += theirs;
    }
    let counts = [all.len(), all.iter().filter(|piece| !piece.onsets.is_empty()).count()];
    let [beats, theirs, onsets, their_onsets] = sums;
    let [b, o] = counts.map(|count| count as f64);
    println!("{:14}{:8.3}{:9.3}{:9.3}{:9.3}", "mean", beats / b, theirs / b, onsets / o, their_onsets / o);
    Ok(())
}

/// The bundled piece: the mean of its channels, and the beats of its tempo map.
fn slow_turn() -> Result<Known> {
    let media = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/media"));
    let file = agogic_decode::AudioFile::open(&media.join("slow-turn.ogg"))?;
    let (rate, channels) = (file.info().rate.hz(), file.info().channels);
    let mut blocks = file.blocks();
    let mut block = agogic_decode::PcmBlock::default();
    let mut samples = vec![];
    while blocks.next(&mut block)? {
        for i in 0..block.channel(0).len() {
            let sum: f32 = (0..channels).map(|channel| block.channel(channel)[i]).sum();
            samples.push((sum / f32::from(channels) * 32_767.0).round() as i16);
        }
    }
    let map = agogic_tempo::formats::import(&std::fs::read(media.join("slow-turn.tempo.json"))?, None)?;
    let beats = (0..SLOW_TURN_BEATS).map(|beat| map.seconds(Beats(f64::from(beat))).0).collect();
    Ok(Known { name: "slow-turn", rate, samples, beats, onsets: vec![] })
}
