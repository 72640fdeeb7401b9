//! `agogic peaks` through the real binary: the numbers of audiowaveform, worked
//! out here over again in integers, and files that the npm package waveform-data
//! reads (`npm install waveform-data`; `AGOGIC_NODE_MODULES` names the folder
//! `node_modules`). Where that or node is missing the test says so and passes.

#![allow(clippy::print_stderr, reason = "a test's own report")]

use std::path::PathBuf;
use std::process::Command;

use agogic_tests::{Ran, Sandbox, Signal, Wav, workspace};
use serde_json::{Value, json};

const RATE: u32 = 44_100;

fn bursts(channels: u16) -> Wav {
    Wav { rate: RATE, channels, samples: 10_007, signal: Signal::Bursts }
}

/// What audiowaveform makes of interleaved samples: minimum and maximum of each
/// run of `zoom`, in each channel or in the channels' sum divided by their
/// number, with C's division.
fn expected(pcm: &[i16], channels: u16, zoom: usize, bits: u32, split: bool) -> Vec<i32> {
    let channels = usize::from(channels);
    let divisor = if bits == 8 { 256 } else { 1 };
    let of_frame = |frame: &[i16]| -> Vec<i32> {
        let values = frame.iter().map(|&sample| i32::from(sample));
        if split { values.collect() } else { vec![values.sum::<i32>() / channels as i32] }
    };
    let rows: Vec<Vec<i32>> = pcm.chunks(channels).map(of_frame).collect();
    let of_run = |run: &[Vec<i32>]| -> Vec<i32> {
        let column = |channel: usize| run.iter().map(move |row| row[channel]);
        let pair = |channel| [column(channel).min(), column(channel).max()].map(Option::unwrap_or_default);
        (0..run[0].len()).flat_map(pair).map(|value| value / divisor).collect()
    };
    rows.chunks(zoom).flat_map(of_run).collect()
}

struct Dat {
    /// Version, flags, sample rate, samples per pixel, length, and of version 2
    /// channels.
    head: Vec<u32>,
    values: Vec<i32>,
}

fn dat(bytes: &[u8]) -> Dat {
    let field = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
    let fields = if field(0) == 1 { 5 } else { 6 };
    let body = &bytes[4 * fields..];
    let values = match field(1) {
        1 => body.iter().map(|&byte| i32::from(byte as i8)).collect(),
        _ => body.chunks(2).map(|pair| i32::from(i16::from_le_bytes([pair[0], pair[1]]))).collect(),
    };
    Dat { head: (0..fields).map(field).collect(), values }
}

#[test]
fn the_numbers_of_audiowaveform() {
    let sandbox = Sandbox::new();
    for channels in [1, 2, 3] {
        let wav = bursts(channels);
        sandbox.write("a.wav", &wav.bytes(None));
        let pcm = wav.pcm();
        for zoom in [512usize, 441, 2, 100_000] {
            for (bits, split) in [(8, false), (16, false), (8, true), (16, true)] {
                let (zoom_text, bits_text) = (zoom.to_string(), bits.to_string());
                let mut args = vec!["peaks", "a.wav", "-z", &zoom_text, "-b", &bits_text];
                args.extend(split.then_some("--split-channels"));
                let expect = expected(&pcm, channels, zoom, bits, split);
                let waveforms = if split { u32::from(channels) } else { 1 };
                let length = (expect.len() / (2 * waveforms as usize)) as u32;
                let got = dat(&sandbox.ok(&args).stdout);
                let version = if waveforms == 1 { 1 } else { 2 };
                let mut head = vec![version, u32::from(bits == 8), RATE, zoom as u32, length];
                head.extend((version == 2).then_some(waveforms));
                assert_eq!(got.head, head, "{args:?}");
                assert!(got.values == expect, "{args:?} of {channels} channels");

                let got = sandbox.json(&[&args[..], &["--format", "json"]].concat());
                let expect = json!({
                    "version": 2, "channels": waveforms, "sample_rate": RATE, "samples_per_pixel": zoom,
                    "bits": bits, "length": length, "data": expect,
                });
                assert!(got == expect, "{args:?} of {channels} channels as JSON");
            }
        }
    }
    assert!(sandbox.chunk_files().is_empty(), "something was kept");
}

#[test]
fn float_files_are_scaled_and_kept_within_the_range() {
    let sandbox = Sandbox::new();
    let samples = [0.5, -0.25, 1.5, -2.0, 1.0, -1.0, 0.0, 1e-6];
    sandbox.write("a.wav", &Wav::float(RATE, 1, &samples));
    let got = dat(&sandbox.ok(&["peaks", "a.wav", "-z", "2"]).stdout);
    assert_eq!(got.values, [-8191, 16_383, -32_768, 32_767, -32_767, 32_767, 0, 0]);
}

#[test]
fn files_versions_and_refusals() {
    let sandbox = Sandbox::new();
    sandbox.write("a.wav", &bursts(2).bytes(None));
    sandbox.ok(&["peaks", "a.wav", "-o", "a.dat", "--dat-version", "2"]);
    assert_eq!(dat(&std::fs::read(sandbox.path("a.dat")).unwrap()).head[..1], [2]);
    sandbox.ok(&["peaks", "a.wav", "-o", "a.json"]);
    let text = std::fs::read(sandbox.path("a.json")).unwrap();
    assert!(serde_json::from_slice::<Value>(&text).is_ok());
    for (args, status, words) in [
        (&["-o", "a.dat"][..], 1, "--force"),
        (&["-o", "b.json", "--dat-version", "1"], 2, "not for json"),
        (&["-o", "b.dat", "--split-channels", "--dat-version", "1"], 1, "one waveform"),
    ] {
        let ran = sandbox.run(&[&["peaks", "a.wav"], args].concat());
        assert!(ran.status == Some(status) && ran.stderr.contains(words), "{args:?}: {ran:?}");
    }
    assert!(!sandbox.path("b.dat").exists() && !sandbox.path("b.json").exists());
    sandbox.ok(&["peaks", "a.wav", "-o", "a.dat", "--force"]);
}

#[test]
fn waveform_data_reads_it() {
    let Some(modules) = node_modules() else { return };
    let sandbox = Sandbox::new();
    let script = workspace().join("tests/peaks_js/read.cjs");
    for channels in [1, 2] {
        let wav = bursts(channels);
        sandbox.write("a.wav", &wav.bytes(None));
        for (bits, split) in [(8, false), (16, false), (8, true), (16, true)] {
            let bits_text = bits.to_string();
            let mut args = vec!["peaks", "a.wav", "--force", "--bits", &bits_text];
            args.extend(split.then_some("--split-channels"));
            sandbox.ok(&[&args[..], &["-o", "a.dat"]].concat());
            sandbox.ok(&[&args[..], &["-o", "a.json"]].concat());
            let mut node = Command::new("node");
            node.arg(&script).arg(&modules).args(["a.dat", "a.json"]).current_dir(sandbox.path(""));
            let ran = Ran::of(&mut node);
            assert_eq!(ran.status, Some(0), "{}", ran.stderr);
            let text = String::from_utf8(ran.stdout).unwrap();
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines.len(), 2);
            for line in lines {
                for (name, zoom) in [("as_is", 512), ("coarser", 1024)] {
                    let expect = expected(&wav.pcm(), channels, zoom, bits, split);
                    let expect = seen(&expect, bits, zoom, if split { usize::from(channels) } else { 1 });
                    assert!(line[name] == expect, "{args:?} {name}\n{}\n{expect}", line[name]);
                }
            }
        }
    }
}

/// What the script prints of these numbers.
fn seen(values: &[i32], bits: u32, zoom: usize, channels: usize) -> Value {
    let every = |first: usize| values.iter().skip(first).step_by(2 * channels).collect::<Vec<_>>();
    let of = |channel: usize| json!({ "min": every(2 * channel), "max": every(2 * channel + 1) });
    json!({
        "sample_rate": RATE, "scale": zoom, "bits": bits, "length": values.len() / (2 * channels),
        "channels": (0..channels).map(of).collect::<Vec<_>>(),
    })
}

/// Where waveform-data is installed. Says so where it or node is missing.
fn node_modules() -> Option<PathBuf> {
    let folder = std::env::var_os("AGOGIC_NODE_MODULES").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join("waveform-data").is_dir());
    let node = Command::new("node").arg("--version").output().is_ok_and(|ran| ran.status.success());
    if found.is_none() || !node {
        eprintln!("skipped: AGOGIC_NODE_MODULES names no folder with waveform-data, or there is no node");
        return None;
    }
    found
}
