//! The Vamp SDK's example plug-ins (Debian: `vamp-examples`), and what the SDK's
//! own host, `vamp-simple-host`, gets from them. Where they are not installed the
//! tests say so and pass.

#![allow(clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::Command;

use agogic_dsp::{BlockSpectrum, Window};
use agogic_vamp::{Features, InputDomain, Library, Plugin, PluginSpec, RealTime, SampleType, search_path};

const RATE: u32 = 44_100;

/// The library of example plug-ins.
fn examples() -> Option<PathBuf> {
    let name = format!("vamp-example-plugins.{}", std::env::consts::DLL_EXTENSION);
    let folders = search_path(|name| std::env::var_os(name));
    let found = folders.into_iter().map(|folder| folder.join(&name)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: the Vamp SDK's example plug-ins are not installed (Debian: vamp-examples)");
    }
    found
}

fn spec(library: &Library, identifier: &str) -> PluginSpec {
    let mut plugins = library.plugins().into_iter().map(|spec| spec.expect("a good plug-in"));
    plugins.find(|spec| spec.identifier == identifier).expect("an example plug-in")
}

#[test]
fn what_they_say_of_themselves() {
    let Some(file) = examples() else { return };
    let library = Library::open(&file).expect("a library");
    let names: Vec<_> = library.plugins().into_iter().map(|spec| spec.expect("good").identifier).collect();
    for name in [
        "amplitudefollower",
        "fixedtempo",
        "percussiononsets",
        "powerspectrum",
        "spectralcentroid",
        "zerocrossing",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} of {names:?}");
    }

    let onsets = spec(&library, "percussiononsets");
    assert_eq!(onsets.name, "Simple Percussion Onset Detector");
    assert_eq!(onsets.maker, "Vamp SDK Example Plugins");
    assert_eq!((onsets.version, onsets.api_version), (2, 2));
    assert_eq!(onsets.input_domain, InputDomain::Frequency);
    let [threshold, sensitivity] = &onsets.parameters[..] else { panic!("{:?}", onsets.parameters) };
    assert_eq!((threshold.identifier.as_str(), threshold.unit.as_str()), ("threshold", "dB"));
    assert_eq!((threshold.min, threshold.max, threshold.default), (0.0, 20.0, 3.0));
    assert_eq!((sensitivity.identifier.as_str(), sensitivity.unit.as_str()), ("sensitivity", "%"));
    assert_eq!(spec(&library, "amplitudefollower").input_domain, InputDomain::Time);
}

#[test]
fn parameters_and_outputs() {
    let Some(file) = examples() else { return };
    let library = Library::open(&file).expect("a library");
    let index = spec(&library, "percussiononsets").index;
    let mut plugin = Plugin::instantiate(&library, index, RATE as f32).expect("an instance");
    assert_eq!((plugin.preferred_block(), plugin.preferred_step()), (Some(1024), None));
    assert_eq!((plugin.min_channels(), plugin.max_channels()), (1, 1));
    assert_eq!(plugin.parameter(1).expect("sensitivity"), 40.0);
    plugin.set_parameter(1, 55.0).expect("sensitivity");
    assert_eq!(plugin.parameter(1).expect("sensitivity"), 55.0);
    for value in [-0.1, 100.1, f32::NAN] {
        assert!(plugin.set_parameter(1, value).is_err(), "{value}");
    }
    assert!(plugin.set_parameter(2, 1.0).is_err());
    assert_eq!(plugin.program(), None);
    assert!(plugin.select_program(0).is_err());

    let index = spec(&library, "powerspectrum").index;
    let plugin = Plugin::instantiate(&library, index, RATE as f32).expect("an instance");
    let running = plugin.initialise(1, 256, 512).expect("a running plug-in");
    let [output] = running.outputs() else { panic!("{:?}", running.outputs()) };
    // Only after it is initialised.
    assert_eq!(output.bin_count, Some(257));
    assert_eq!(output.bin_names, [""; 0]);
    assert_eq!(output.sample_type, SampleType::OneSamplePerStep);
}

#[test]
fn requests_that_cannot_be() {
    let Some(file) = examples() else { return };
    let library = Library::open(&file).expect("a library");
    let index = spec(&library, "powerspectrum").index;
    for rate in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = Plugin::instantiate(&library, index, rate).expect_err("no rate");
        assert!(error.to_string().ends_with("is not positive and finite"), "{error}");
    }
    let error = Plugin::instantiate(&library, 4000, 48_000.0).expect_err("no plug-in");
    assert_eq!(error.to_string(), "the library has no plug-in 4000");
    for (channels, step, block, expect) in [
        (0, 512, 1024, "powerspectrum cannot be initialised: it takes 1 to 1 channels, not 0"),
        (2, 512, 1024, "powerspectrum cannot be initialised: it takes 1 to 1 channels, not 2"),
        (
            1,
            512,
            1023,
            "powerspectrum cannot be initialised: the spectrum of 1023 samples has no Nyquist bin",
        ),
        (1, 0, 1024, "powerspectrum cannot be initialised: 1 channels in blocks of 1024 samples, 0 apart"),
        (1, 512, 0, "powerspectrum cannot be initialised: 1 channels in blocks of 0 samples, 512 apart"),
    ] {
        let plugin = Plugin::instantiate(&library, index, 48_000.0).expect("an instance");
        let error = plugin.initialise(channels, step, block).expect_err("a bad request");
        assert_eq!(error.to_string(), expect);
    }
}

/// What there is to compare of a feature: time and duration in nanoseconds,
/// values, and a label with single spaces.
#[derive(Debug)]
struct Line {
    time: i64,
    duration: Option<i64>,
    values: Vec<f64>,
    label: String,
}

/// Decaying noise twice a second over a low tone, as 16-bit samples. Silence at
/// the end, because the SDK's host repeats samples in blocks beyond it.
fn audio() -> Vec<i16> {
    let mut noise = 1_u32;
    let sample = |i: u32| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let since = f64::from(i % (RATE / 2)) / f64::from(RATE);
        let burst = (f64::from(noise >> 8) / 8_388_608.0 - 1.0) * (-since * 30.0).exp();
        let tone = (f64::from(i) * 0.03).sin();
        (burst * 20_000.0 + tone * 4000.0) as i16
    };
    let mut samples: Vec<i16> = (0..RATE * 6 + 123).map(sample).collect();
    samples.resize(samples.len() + 2048, 0);
    samples
}

/// A WAV file of one channel.
fn wav(samples: &[i16]) -> Vec<u8> {
    let size = 2 * samples.len() as u32;
    let mut bytes = vec![];
    bytes.extend(b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((2 * RATE).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// What the SDK's host prints.
fn of_the_sdk(folder: &Path, plugin: &str, output: &str, bins: usize, wav: &Path) -> Option<Vec<Line>> {
    let id = format!("vamp-example-plugins:{plugin}:{output}");
    let run = Command::new("vamp-simple-host").env("VAMP_PATH", folder).arg(&id).arg(wav).output();
    let Ok(run) = run else {
        eprintln!("skipped: vamp-simple-host is not installed (Debian: vamp-examples)");
        return None;
    };
    assert!(run.status.success(), "{id}: {}", String::from_utf8_lossy(&run.stderr));
    let nanoseconds = |text: &str| {
        let (sec, nsec) = text.trim().split_once('.').expect("seconds");
        sec.parse::<i64>().expect("seconds") * 1_000_000_000 + nsec.parse::<i64>().expect("nanoseconds")
    };
    let line = |line: &str| {
        let (times, rest) = line.split_once(':').expect("a time");
        let (time, duration) = match times.split_once(',') {
            Some((time, duration)) => (nanoseconds(time), Some(nanoseconds(duration))),
            None => (nanoseconds(times), None),
        };
        // Labels may begin with numbers too.
        let words = rest.split_whitespace();
        let values = words.clone().take(bins).map(|word| word.parse().expect("a number")).collect();
        let label = words.skip(bins).collect::<Vec<_>>().join(" ");
        Line { time, duration, values, label }
    };
    Some(String::from_utf8(run.stdout).expect("text").lines().map(line).collect())
}

/// The same from this crate, with the blocks of the SDK's host: the first one
/// begins with the audio, and the last ones are filled up with zeros.
fn of_ours(library: &Library, plugin: &str, output: &str, samples: &[i16]) -> Vec<Line> {
    let samples: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
    let spec = spec(library, plugin);
    let plugin = Plugin::instantiate(library, spec.index, RATE as f32).expect("an instance");
    let spectra = spec.input_domain == InputDomain::Frequency;
    let block = plugin.preferred_block().unwrap_or(1024);
    let step = plugin.preferred_step().unwrap_or(if spectra { block / 2 } else { block });
    let mut running = plugin.initialise(1, step, block).expect("a running plug-in");
    let index = running.outputs().iter().position(|spec| spec.identifier == output).expect("the output");

    let mut transform = BlockSpectrum::new(block, Window::Hann).expect("an even block");
    let time_of = |start: usize| RealTime::from_frame(start as i64, RATE).expect("a rate");
    let shift = if spectra { time_of(block / 2) } else { RealTime::ZERO };
    let mut lines = vec![];
    let mut keep = |features: Features, time: RealTime| {
        let time = RealTime::from_frame(time.to_frame(RATE), RATE).expect("a rate");
        lines.extend(features.output(index).iter().map(|feature| Line {
            time: feature.timestamp.unwrap_or(time).nanoseconds(),
            duration: feature.duration.map(RealTime::nanoseconds),
            values: feature.values.iter().copied().map(f64::from).collect(),
            label: feature.label.clone(),
        }));
    };
    let mut partial = (block / step).saturating_sub(1).max(1);
    let mut start = 0;
    while partial > 0 {
        let mut input = samples[start.min(samples.len())..(start + block).min(samples.len())].to_vec();
        partial -= usize::from(input.len() < block);
        input.resize(block, 0.0);
        if spectra {
            let mut spectrum = vec![0.0; transform.values()];
            transform.transform(&input, &mut spectrum);
            input = spectrum;
        }
        let time = time_of(start) + shift;
        keep(running.process(&[&input], time).expect("features"), time);
        start += step;
    }
    keep(running.remaining().expect("features"), time_of(start) + shift);
    lines
}

#[test]
fn the_same_as_the_sdks_host() {
    let Some(file) = examples() else { return };
    let library = Library::open(&file).expect("a library");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audio.wav");
    let samples = audio();
    std::fs::write(&path, wav(&samples)).expect("a file");
    // Times within a microsecond, since the SDK before version 2.10 cut them off.
    // Its host rounds those of a fixed sample rate to the rate that was said before
    // `initialise`, here 344.5 Hz.
    // Values within the six digits that are printed, or within the rounding of
    // another transform: a part of the greatest value, or a bin more or less where
    // bins above a threshold are counted.
    let same = |a: &Line, b: &Line, within: u64, error: f64| {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-5 * a.abs() + error;
        a.time.abs_diff(b.time) <= within
            && a.duration.is_some() == b.duration.is_some()
            && a.duration.unwrap_or(0).abs_diff(b.duration.unwrap_or(0)) <= 1000
            && a.values.len() == b.values.len()
            && a.values.iter().zip(&b.values).all(close)
            && a.label == b.label
    };
    for (plugin, output, at_least, within, bins) in [
        ("amplitudefollower", "amplitude", 258, 1000, 0.0),
        ("fixedtempo", "acf", 100, 1_500_000, 0.0),
        ("fixedtempo", "candidates", 1, 1000, 0.0),
        ("fixedtempo", "detectionfunction", 4000, 1_500_000, 0.0),
        ("fixedtempo", "tempo", 1, 1000, 0.0),
        ("percussiononsets", "detectionfunction", 500, 1000, 1.0),
        ("percussiononsets", "onsets", 5, 1000, 0.0),
        ("powerspectrum", "powerspectrum", 500, 1000, 0.0),
        ("spectralcentroid", "linearcentroid", 500, 1000, 0.0),
        ("spectralcentroid", "logcentroid", 500, 1000, 0.0),
        ("zerocrossing", "counts", 258, 1000, 0.0),
        ("zerocrossing", "zerocrossings", 1000, 1000, 0.0),
    ] {
        let ours = of_ours(&library, plugin, output, &samples);
        let width = ours.first().map_or(0, |line| line.values.len());
        let folder = file.parent().expect("a folder");
        let Some(theirs) = of_the_sdk(folder, plugin, output, width, &path) else { return };
        assert!(theirs.len() >= at_least, "{plugin}:{output}: only {}", theirs.len());
        assert_eq!(ours.len(), theirs.len(), "{plugin}:{output}");
        let values = ours.iter().flat_map(|line| &line.values);
        let peak = values.fold(0.0, |most: f64, x| most.max(x.abs()));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(
                same(ours, theirs, within, bins + 1e-7 * peak),
                "{plugin}:{output}: {ours:?} is not {theirs:?}"
            );
        }
    }
}
