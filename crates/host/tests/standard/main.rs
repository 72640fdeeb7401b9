//! What holds for every built-in calculator, whatever it computes: blocks and
//! threads change no bit, and odd input gives values that its description allows.
//! A new calculator is tested here as soon as it is in the list.

mod run;

use std::f64::consts::TAU;

use agogic_host::{Registry, Source};
use agogic_schema::{CalculatorSpec, DescriptorSpec, Profile};
use agogic_timebase::SampleRate;

use run::{Track, run};

fn registry() -> Registry {
    Registry::with_built_in(&[agogic_standard::library()]).unwrap()
}

fn source(rate: u32, channels: usize) -> Source {
    let channels = match channels {
        1 => vec!["mono".into()],
        2 => vec!["left".into(), "right".into()],
        n => (1..=n).map(|channel| channel.to_string()).collect(),
    };
    Source { rate: SampleRate::new(rate).unwrap(), channels }
}

fn noise(samples: usize, mut seed: u32) -> Vec<f32> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed as i32 as f32 / 2f32.powi(31)
    };
    (0..samples).map(|_| next()).collect()
}

/// Plucked tones over a little noise, another tone in each channel.
fn music(rate: u32, seconds: f64, channels: usize) -> Vec<Vec<f32>> {
    let samples = (seconds * f64::from(rate)) as usize;
    let channel = |number: usize| {
        let hz = [220.0, 277.2, 329.6, 440.0][number % 4];
        let bed = noise(samples, number as u32 + 1);
        let sample = |i: usize| {
            let seconds = i as f64 / f64::from(rate);
            let since = seconds % 0.25;
            let tone = (TAU * hz * seconds).sin() + 0.4 * (TAU * 2.0 * hz * seconds).sin();
            (0.4 * tone * (-8.0 * since).exp()) as f32 + 0.01 * bed[i]
        };
        (0..samples).map(sample).collect()
    };
    (0..channels).map(channel).collect()
}

#[test]
fn blocks_and_threads_change_no_bit() {
    let registry = registry();
    // Single samples take long, and say as much of a short piece.
    for (profile, rate, seconds, blocks) in [
        ("default", 44_100, 1.6, &[64, 1000][..]),
        ("librosa", 44_100, 1.6, &[64, 1000]),
        ("default", 8_000, 0.7, &[1, 7]),
    ] {
        let profile = Profile::built_in(profile).unwrap();
        let (audio, source) = (music(rate, seconds, 2), source(rate, 2));
        let whole = run(&registry, &profile, &source, &audio, 65_536, 1);
        for (block, threads) in blocks.iter().map(|&block| (block, 1)).chain([(65_536, 2), (1000, 2)]) {
            let cut = run(&registry, &profile, &source, &audio, block, threads);
            assert!(whole.keys().eq(cut.keys()));
            for (id, track) in &whole {
                let track = track.as_ref().unwrap_or_else(|error| panic!("{id}: {error}"));
                let same = cut[id].as_ref().is_ok_and(|cut| track.bits() == cut.bits());
                assert!(same, "{id} under {}: blocks of {block}, {threads} threads", profile.name);
            }
        }
    }
}

/// The first value that a description does not allow, in words. Of samples that
/// no decoder lets through (not finite, or beyond 1e10) a calculator may also make
/// what the host refuses for not being finite.
fn broken(track: &Result<Track, String>, descriptor: &DescriptorSpec, decodable: bool) -> Option<String> {
    let track = match track {
        Ok(track) => track,
        Err(error) if !decodable && (error.contains(" is inf in ") || error.contains(" is NaN in ")) => {
            return None;
        }
        Err(error) => return Some(error.clone()),
    };
    let (least, greatest) = descriptor.range.unwrap_or((f32::MIN, f32::MAX));
    let events = track.events.iter().flat_map(|event| &event.values);
    let mut all = track.planes.iter().flatten().chain(events).enumerate();
    let fine = |value: f32| (least..=greatest).contains(&value) || (value.is_nan() && descriptor.gaps);
    all.find(|(_, value)| !fine(**value)).map(|(at, value)| format!("value {at} is {value}"))
}

#[test]
fn odd_input_gives_values_that_the_description_allows() {
    let registry = registry();
    let specs: Vec<&CalculatorSpec> = registry.calculators().map(|calculator| &calculator.spec).collect();
    let constant = |value: f32, samples: usize| vec![value; samples];
    let scaled = |by: f32, samples: usize| noise(samples, 7).iter().map(|x| x * by).collect::<Vec<f32>>();
    let with = |value: f32| {
        let mut samples = noise(9000, 3);
        samples[4000] = value;
        samples
    };
    let clipped = scaled(50.0, 9000).iter().map(|x| x.clamp(-1.0, 1.0)).collect::<Vec<f32>>();
    let alternating = (0..9000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect::<Vec<f32>>();
    let click = {
        let mut samples = constant(0.0, 9000);
        samples[5000] = 1.0;
        samples
    };
    let signals: [(&str, Vec<f32>); 17] = [
        ("nothing", vec![]),
        ("one sample", vec![0.7]),
        ("two samples", vec![0.7, -0.7]),
        ("shorter than a window", noise(600, 5)),
        ("silence", constant(0.0, 9000)),
        ("negative zeros", constant(-0.0, 9000)),
        ("direct current", constant(0.5, 9000)),
        ("full scale", constant(-1.0, 9000)),
        ("a click", click),
        ("alternating", alternating),
        ("clipped", clipped),
        ("faint", scaled(1e-30, 9000)),
        ("subnormal", scaled(1e-42, 9000)),
        ("loud", scaled(1e10, 9000)),
        ("with NaN", with(f32::NAN)),
        ("with infinity", with(f32::INFINITY)),
        ("with the greatest number", with(f32::MAX)),
    ];
    let formats = [(44_100, 1), (44_100, 2), (8_000, 1), (192_000, 2), (48_000, 8), (22_050, 3)];
    let mut wrong = vec![];
    for (what, signal) in &signals {
        for (rate, channels) in formats {
            let decodable = signal.iter().all(|sample| sample.abs() <= 1e10);
            // One format tells of the profile that resamples, and the resampler
            // takes nothing else.
            let profiles = match (rate, channels) {
                (44_100, 2) if decodable => &["default", "librosa"][..],
                _ => &["default"],
            };
            for profile in profiles {
                let audio = vec![signal.clone(); channels];
                let profile = Profile::built_in(profile).unwrap();
                let tracks = run(&registry, &profile, &source(rate, channels), &audio, 4096, 1);
                for descriptor in specs.iter().flat_map(|spec| &spec.descriptors) {
                    if let Some(words) = broken(&tracks[&descriptor.id], descriptor, decodable) {
                        wrong.push(format!("{} of {what}, {rate} Hz, {channels}: {words}", descriptor.id));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn descriptions_tell_what_they_are() {
    for calculator in registry().calculators() {
        let spec = &calculator.spec;
        assert_eq!(spec.check(), Ok(()));
        assert!(!spec.about.is_empty() && !spec.author.is_empty(), "{}", spec.id);
        for param in &spec.params {
            assert!(!param.about.is_empty(), "{}: {}", spec.id, param.name);
        }
        for descriptor in &spec.descriptors {
            assert!(descriptor.about.len() > 20, "{}: {:?}", descriptor.id, descriptor.about);
        }
    }
}
