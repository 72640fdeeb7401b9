//! Vamp plug-ins through the real binary: the SDK's examples (Debian:
//! `vamp-examples`) against the SDK's own host, `vamp-simple-host`, of the same
//! package. Where they are not installed the tests say so and pass;
//! `cargo xtask test` says it too.

#![allow(clippy::print_stderr, reason = "a test's own report")]

use std::path::{Path, PathBuf};
use std::process::Command;

use agogic_decode::{AudioFile, PcmBlock};
use agogic_tests::{Ran, Sandbox, Wav, workspace};
use serde_json::Value;

const RATE: u32 = 44_100;

/// An output of the example plug-ins, and how the SDK's host compares.
struct Example {
    plugin: &'static str,
    output: &'static str,
    /// Samples between blocks, and of a block.
    step: usize,
    block: usize,
    /// Whether blocks are spectra.
    spectra: bool,
    /// How far times may differ, in nanoseconds: the SDK before 2.10 cuts them
    /// off, and its host rounds those of a fixed rate to the rate that was said
    /// before `initialise`, here 344.5 Hz.
    within: f64,
    /// How far values may differ besides rounding: bins above a threshold are
    /// counted, and another transform may see a few more.
    error: f64,
    /// How many features there are at least in ten seconds.
    least: usize,
}

const EXAMPLES: [Example; 13] = [
    time("amplitudefollower", "amplitude", 400),
    time("zerocrossing", "counts", 400),
    time("zerocrossing", "zerocrossings", 1000),
    spectra("powerspectrum", "powerspectrum", 800),
    spectra("spectralcentroid", "linearcentroid", 800),
    spectra("spectralcentroid", "logcentroid", 800),
    Example { error: 2.0, ..spectra("percussiononsets", "detectionfunction", 800) },
    spectra("percussiononsets", "onsets", 5),
    tempo("tempo", 1),
    tempo("candidates", 1),
    Example { within: 1.5e6, ..tempo("detectionfunction", 6000) },
    Example { within: 1.5e6, ..tempo("acf", 100) },
    Example { within: 1.5e6, ..tempo("filtered_acf", 100) },
];

const fn time(plugin: &'static str, output: &'static str, least: usize) -> Example {
    Example { plugin, output, step: 1024, block: 1024, spectra: false, within: 1000.0, error: 0.0, least }
}

const fn spectra(plugin: &'static str, output: &'static str, least: usize) -> Example {
    Example { step: 512, spectra: true, ..time(plugin, output, least) }
}

const fn tempo(output: &'static str, least: usize) -> Example {
    Example { step: 64, block: 256, ..spectra("fixedtempo", output, least) }
}

impl Example {
    fn id(&self) -> String {
        format!("vamp:vamp-example-plugins:{}:{}", self.plugin, self.output)
    }

    /// Zeros before the audio that bring the blocks of the SDK's host, the first
    /// of which begins with the audio, to where ours are.
    fn lead(&self) -> usize {
        if self.spectra { self.block / 2 } else { 0 }
    }

    /// How many samples make so many of our blocks.
    fn reach(&self, blocks: usize) -> usize {
        if self.spectra { blocks * self.step } else { (blocks - 1) * self.step + self.block }
    }

    /// How many blocks the SDK's host makes of so many samples.
    fn blocks(&self, samples: usize) -> usize {
        let whole = (samples + self.step).saturating_sub(self.block) / self.step;
        whole + (self.block / self.step).saturating_sub(1).max(1)
    }
}

/// One feature: time and duration in nanoseconds, values, label.
#[derive(Debug)]
struct Feature {
    time: f64,
    duration: f64,
    values: Vec<f64>,
    label: String,
}

/// The folder of the example plug-ins.
fn examples(sandbox: &Sandbox) -> Option<PathBuf> {
    let listed = sandbox.json(&["calculators", "list", "--vamp", "--json"]);
    let mut calculators = listed.as_array().expect("a list").iter();
    let found = calculators.find(|one| one["id"] == "vamp:vamp-example-plugins:powerspectrum");
    let Some(found) = found else {
        eprintln!("skipped: the Vamp SDK's example plug-ins are not installed (Debian: vamp-examples)");
        return None;
    };
    let library = Path::new(found["origin"].as_str().expect("a file"));
    Some(library.parent().expect("a folder").to_owned())
}

/// Whether the SDK's own host is there.
fn has_host() -> bool {
    let there = Command::new("vamp-simple-host").arg("-v").output().is_ok();
    if !there {
        eprintln!("skipped: vamp-simple-host is not installed (Debian: vamp-examples)");
    }
    there
}

/// What the SDK's host prints: `time[, duration]: values label` per line, values
/// with six digits.
fn theirs(example: &Example, folder: &Path, wav: &Path, bins: Option<usize>) -> Vec<Feature> {
    let id = format!("vamp-example-plugins:{}:{}", example.plugin, example.output);
    let run = Command::new("vamp-simple-host").env("VAMP_PATH", folder).arg(&id).arg(wav).output();
    let run = run.expect("vamp-simple-host runs");
    assert!(run.status.success(), "{id}: {}", String::from_utf8_lossy(&run.stderr));
    let nanoseconds = |text: &str| text.trim().parse::<f64>().expect("seconds") * 1e9;
    let shift = example.lead() as f64 * 1e9 / f64::from(RATE);
    let line = |line: &str| {
        let (times, rest) = line.split_once(':').expect("a time");
        let (time, duration) = times.split_once(',').unwrap_or((times, "0"));
        let words: Vec<_> = rest.split_whitespace().collect();
        // Labels may begin with numbers too.
        let (values, label) = words.split_at(bins.unwrap_or(words.len()));
        Feature {
            time: nanoseconds(time) - shift,
            duration: nanoseconds(duration),
            values: values.iter().map(|value| value.parse().expect("a number")).collect(),
            label: label.join(" "),
        }
    };
    String::from_utf8(run.stdout).expect("text").lines().map(line).collect()
}

/// What ours has: frames without a value are none.
fn ours(example: &Example, sandbox: &Sandbox, wav: &Path) -> Vec<Feature> {
    let wav = wav.to_string_lossy();
    let found = sandbox.json(&["frames", &wav, &example.id(), "--format", "json", "-o", "-"]);
    let values = |of: &Value| -> Vec<f64> {
        of.as_array().expect("values").iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
    };
    let nanoseconds = |of: &Value| of.as_f64().expect("seconds") * 1e9;
    if let Some(events) = found["events"].as_array() {
        let event = |event: &Value| Feature {
            time: nanoseconds(&event["time"]),
            duration: nanoseconds(&event["duration"]),
            values: values(&event["values"]),
            label: event["label"].as_str().expect("a label").into(),
        };
        return events.iter().map(event).collect();
    }
    // Frames of samples are told by their middle, and features by their block's
    // beginning.
    let middle = if example.spectra { 0 } else { example.block / 2 };
    let start = nanoseconds(&found["start_seconds"]) - middle as f64 * 1e9 / f64::from(RATE);
    let hop = nanoseconds(&found["hop_seconds"]);
    let frames = found["frames"].as_array().expect("frames").iter().enumerate();
    let frames = frames.map(|(i, frame)| Feature {
        time: start + hop * i as f64,
        duration: 0.0,
        values: values(frame),
        label: String::new(),
    });
    frames.filter(|frame| !frame.values.iter().all(|value| value.is_nan())).collect()
}

/// Features whose values vary in number are told as a value each, with its
/// index.
fn regather(features: Vec<Feature>) -> Vec<Feature> {
    let mut gathered: Vec<Feature> = vec![];
    for mut feature in features {
        let value = feature.values.pop().expect("a value");
        match feature.values.pop() {
            Some(0.0) => gathered.push(Feature { values: vec![value], ..feature }),
            _ => gathered.last_mut().expect("a first value").values.push(value),
        }
    }
    gathered
}

fn compare(example: &Example, ours: &[Feature], theirs: &[Feature], dense: bool) {
    let id = example.id();
    assert_eq!(ours.len(), theirs.len(), "{id}");
    let peak = ours.iter().flat_map(|feature| &feature.values).fold(0.0, |most: f64, x| most.max(x.abs()));
    for (ours, theirs) in ours.iter().zip(theirs) {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-5 * a.abs() + 1e-7 * peak + example.error;
        let same = (ours.time - theirs.time).abs() <= example.within
            && (ours.duration - theirs.duration).abs() <= 1000.0
            && ours.values.len() == theirs.values.len()
            && ours.values.iter().zip(&theirs.values).all(close)
            // Frames have no labels.
            && (dense || ours.label == theirs.label);
        assert!(same, "{id}: {ours:?} is not {theirs:?}");
    }
}

/// Compares all examples on these samples, which end in silence: the SDK's host
/// repeats samples in blocks beyond the end.
fn check(sandbox: &Sandbox, folder: &Path, name: &str, samples: &[f32]) {
    let mut known: Vec<(usize, usize, PathBuf, PathBuf)> = vec![];
    for example in &EXAMPLES {
        let layout = (example.step, example.lead());
        if !known.iter().any(|(step, lead, ..)| (*step, *lead) == layout) {
            let shifted = [&vec![0.0; example.lead()], samples].concat();
            // For as many blocks as they have.
            let mut own = samples.to_vec();
            own.resize(example.reach(example.blocks(shifted.len())), 0.0);
            let file = |whose: &str, samples: &[f32]| {
                let name = format!("{name}-{}-{whose}.wav", example.step);
                sandbox.write(&name, &Wav::float(RATE, 1, samples))
            };
            known.push((layout.0, layout.1, file("ours", &own), file("theirs", &shifted)));
        }
    }
    let files = |example: &Example| {
        let layout = (example.step, example.lead());
        let (.., own, shifted) =
            known.iter().find(|(step, lead, ..)| (*step, *lead) == layout).expect("files of the layout");
        (own, shifted)
    };
    for example in &EXAMPLES {
        let (own, shifted) = files(example);
        let mut found = ours(example, sandbox, own);
        let varying = example.output == "candidates";
        if varying {
            found = regather(found);
        }
        let bins = found.first().map(|feature| feature.values.len()).filter(|_| !varying);
        let expect = theirs(example, folder, shifted, bins.or((!varying).then_some(0)));
        assert!(expect.len() >= example.least, "{}: only {}", example.id(), expect.len());
        let dense = !matches!(example.output, "tempo" | "candidates" | "onsets" | "zerocrossings");
        compare(example, &found, &expect, dense);
    }
}

/// Decaying noise twice a second over a low tone.
fn synthetic() -> Vec<f32> {
    let mut noise = 1_u32;
    let sample = |i: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let since = f64::from(i % (RATE / 2)) / f64::from(RATE);
        let burst = (f64::from(noise >> 8) / 8_388_608.0 - 1.0) * (-since * 30.0).exp();
        (burst * 0.6 + (f64::from(i) * 0.03).sin() * 0.12) as f32
    };
    (0..RATE * 10 + 123).map(sample).map(to_16_bits).chain([0.0; 4096]).collect()
}

/// The nearest value of 16 bits: below that, bins hold nothing but the rounding
/// of the transform, and comparing them says nothing.
fn to_16_bits(sample: f32) -> f32 {
    (sample * 32_768.0).round() / 32_768.0
}

/// The beginning of the bundled piece, decoded and mixed down.
fn song() -> Vec<f32> {
    let mut blocks =
        AudioFile::open(&workspace().join("examples/media/slow-turn.ogg")).expect("a song").blocks();
    let mut block = PcmBlock::default();
    let mut samples = vec![];
    while samples.len() < 12 * RATE as usize && blocks.next(&mut block).expect("audio") {
        let [left, right] = [block.channel(0), block.channel(1)];
        samples.extend(left.iter().zip(right).map(|(left, right)| to_16_bits((left + right) / 2.0)));
    }
    samples.extend([0.0; 4096]);
    samples
}

#[test]
fn all_examples_give_what_the_sdks_host_gets() {
    let sandbox = Sandbox::new();
    let Some(folder) = examples(&sandbox) else { return };
    if has_host() {
        check(&sandbox, &folder, "synthetic", &synthetic());
        check(&sandbox, &folder, "song", &song());
    }
}

#[test]
fn they_are_looked_for_only_when_named() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("vamp");
    std::fs::create_dir(&folder).expect("a folder");
    let file = folder.join(format!("broken.{}", std::env::consts::DLL_EXTENSION));
    std::fs::write(&file, "no library").expect("a file");
    let run = |args: &[&str]| Ran::of(sandbox.command(args).env("VAMP_PATH", &folder));
    let wav = sandbox.write("a.wav", &Wav::bursts(1).bytes(None));
    let wav = wav.to_str().expect("a path");

    for args in [&["analyze", wav][..], &["status", wav], &["calculators", "list"]] {
        let ran = run(args);
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("broken"), "{args:?}: {}", ran.stderr);
    }
    let listed = run(&["calculators", "list", "--vamp"]);
    assert_eq!((listed.status, &listed.stdout[..]), (Some(0), &b""[..]));
    assert!(listed.stderr.contains("broken") && listed.stderr.contains("passed over"), "{}", listed.stderr);
    let unknown = run(&["analyze", wav, "--only", "vamp:broken:a:b"]);
    assert_eq!(unknown.status, Some(1));
    assert!(unknown.stderr.contains("(known: no Vamp plug-in)"), "{}", unknown.stderr);
}

#[test]
fn another_library_of_the_same_version_makes_stale() {
    const COUNTS: &str = "vamp:vamp-example-plugins:zerocrossing:counts";
    let sandbox = Sandbox::new();
    let Some(installed) = examples(&sandbox) else { return };
    let folder = sandbox.path("vamp");
    std::fs::create_dir(&folder).expect("a folder");
    let name = format!("vamp-example-plugins.{}", std::env::consts::DLL_EXTENSION);
    let library = std::fs::read(installed.join(&name)).expect("a library");
    std::fs::write(folder.join(&name), &library).expect("a copy");
    let run = |args: &[&str]| {
        let ran = Ran::of(sandbox.command(args).env("VAMP_PATH", &folder));
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
        ran.lines().pop().expect("a line")
    };
    let wav = sandbox.write("a.wav", &Wav::bursts(1).bytes(None));
    let wav = wav.to_str().expect("a path");
    let analyze = ["analyze", wav, "--json", "--only", COUNTS];
    let status = || {
        let told = run(&["status", wav, "--json"]);
        let mut all = told["descriptors"].as_array().expect("descriptors").iter();
        all.find(|one| one["id"] == COUNTS).map(|one| one["status"].clone())
    };

    assert_eq!(run(&["analyze", wav, "--json", "--dry-run", "--only", COUNTS])["would_compute"][0], COUNTS);
    assert_eq!(status(), None);
    assert_eq!(run(&analyze)["computed"][0], COUNTS);
    assert_eq!(run(&analyze)["cached"][0], COUNTS);
    assert_eq!(status(), Some("current".into()));
    // The loader looks at no byte beyond the last section.
    std::fs::write(folder.join(&name), [&library[..], b"\n"].concat()).expect("a copy");
    assert_eq!(status(), Some("stale".into()));
    assert_eq!(run(&analyze)["computed"][0], COUNTS);
}
