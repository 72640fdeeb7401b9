//! Every descriptor on the bundled piece, under every built-in profile, against
//! snapshots in `golden/`: shape, statistics and a coarse picture of the values.
//! Under `highres` only what is not on demand: that is a matter of parameters.
//!
//! The picture is the means of an 8 by 8 grid of blocks, time by bins, and every
//! number is compared with the tolerance that its snapshot states. A hash of
//! rounded values would do neither: another processor's last bits push some of a
//! hundred thousand values over a rounding edge, which changes the whole hash,
//! and a hash cannot say where the values differ. A mean over a block moves by
//! no more than its values do, and whoever reads the difference sees in which
//! part of the piece and of the spectrum it is.
//!
//! `cargo xtask golden` runs this test alone; `cargo xtask golden --update`
//! writes the snapshots that differ anew. What is right about the values is not
//! judged here: the calculators' own tests compare them with librosa.

use std::fmt::Write as _;
use std::path::Path;

use agogic::schema::{DescriptorId, Event, FeatureTrack, Plane, Profile, TrackData, TrackHeader};
use agogic::timebase::SampleRate;
use agogic::{Control, Engine, Request};
use agogic_tests::{all_descriptors, usual_descriptors};
use insta::internals::SnapshotContents;
use insta::{Comparator, Settings, Snapshot};

/// Blocks a grid has each way, at most.
const BLOCKS: usize = 8;

#[test]
fn every_descriptor_is_as_it_was() {
    let piece = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/media/slow-turn.ogg");
    let cache = tempfile::tempdir().expect("a folder for the cache");
    let engine = Engine::builder(cache.path()).plugin_path([]).open().expect("an engine");
    let control = Control::default();
    let (mut compared, mut differ) = (vec![], vec![]);
    for name in Profile::BUILT_IN {
        let ids = if name == "highres" { usual_descriptors() } else { all_descriptors() };
        let ids: Vec<_> = ids.iter().map(|id| DescriptorId::new(id).expect("an id")).collect();
        let request = Request::new(Profile::built_in(name).expect("a profile")).only(ids);
        let analysis = engine.analyze(&piece, &request, &control).expect("an analysis");
        assert_eq!(analysis.failed, [], "under the profile {name}");
        for id in analysis.computed {
            let track = engine.track(&piece, &id, &request.profile, None, &control).expect("a track");
            track.check().expect("values that fit their header");
            let digest = digest(&track);
            let snapshot = format!("{name}-{id}");
            // All of them are compared before the test fails.
            let same = std::panic::catch_unwind(|| {
                settings().bind(|| insta::assert_snapshot!(snapshot.as_str(), digest));
            });
            if same.is_err() {
                differ.push(snapshot.clone());
            }
            compared.push(snapshot);
        }
    }
    assert!(differ.is_empty(), "these differ (cargo xtask golden --update writes them anew): {differ:?}");
    compared.sort();
    assert_eq!(snapshots(), compared, "a snapshot that nothing is compared with");
}

/// The names of the snapshots that there are.
fn snapshots() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = std::fs::read_dir(folder).expect("a folder of snapshots");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter_map(|name| Some(name.strip_suffix(".snap")?.to_owned())).collect();
    names.sort();
    names
}

fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_comparator(Box::new(Within));
    settings
}

/// What a snapshot says of a track.
fn digest(track: &FeatureTrack) -> String {
    let header = &track.header;
    let mut text = format!(
        "descriptor {}\nunit {}\nrange {:?}\nshape {:?}\nchannels {}\nbins {}\nrate {}\n",
        header.descriptor,
        if header.unit.is_empty() { "none" } else { &header.unit },
        header.range,
        header.shape,
        header.channels.join(" "),
        header.bins,
        header.rate,
    );
    match &track.data {
        TrackData::Dense(plane) => plane_digest(&mut text, header, 0, plane),
        TrackData::Peaks(planes) => {
            for (number, plane) in planes.iter().enumerate() {
                plane_digest(&mut text, header, number, plane);
            }
        }
        TrackData::Events(events) => {
            let rate = SampleRate::new(header.rate).expect("a rate");
            let _ = writeln!(text, "events {}\ntolerance 0.001\nseconds", events.len());
            for some in events.chunks(10) {
                let times = some.iter().map(|event| format!("{:.3}", rate.seconds(event.at).0));
                let _ = writeln!(text, "{}", times.collect::<Vec<_>>().join(" "));
            }
            for number in 0..header.bins as usize {
                let value = |event: &Event| event.values.get(number).copied().unwrap_or(f32::NAN);
                let largest =
                    events.iter().map(value).filter(|v| v.is_finite()).fold(0.0, |a: f32, v| a.max(v.abs()));
                let tolerance = tolerance(&header.unit, f64::from(largest));
                let _ = writeln!(text, "values {number}\ntolerance {tolerance}");
                for some in events.chunks(10) {
                    let values = some.iter().map(|event| show(f64::from(value(event)), tolerance));
                    let _ = writeln!(text, "{}", values.collect::<Vec<_>>().join(" "));
                }
            }
            let labels: Vec<&str> = events.iter().map(|event| event.label.as_str()).collect();
            if labels.iter().any(|label| !label.is_empty()) {
                let _ = writeln!(text, "labels {}", labels.join(" "));
            }
        }
    }
    text
}

fn plane_digest(text: &mut String, header: &TrackHeader, number: usize, plane: &Plane) {
    let width = header.width();
    let values = || plane.data.iter().map(|&value| f64::from(value)).filter(|value| !value.is_nan());
    let count = values().count() as f64;
    let mean = values().sum::<f64>() / count;
    let deviation = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let (min, max) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let tolerance = tolerance(&header.unit, min.abs().max(max.abs()));
    let show = |value: f64| show(value, tolerance);
    let gaps = plane.data.len() - values().count();
    let frames = plane.data.len() / width;
    let _ = writeln!(text, "\nplane {number}\nframes {frames}");
    let _ = writeln!(text, "start {}\nhop {}", plane.grid.start.0, plane.grid.hop);
    if gaps > 0 {
        let _ = writeln!(text, "gaps {gaps}");
    }
    let _ = writeln!(text, "tolerance {tolerance}");
    for (what, value) in [("min", min), ("max", max), ("mean", mean), ("deviation", deviation)] {
        let _ = writeln!(text, "{what} {}", show(value));
    }
    let bins = header.bins as usize;
    for (channel, name) in header.channels.iter().enumerate() {
        let _ = writeln!(text, "{name}, time down, bins across");
        for time in blocks(frames) {
            let row = blocks(bins).map(|bins_of| {
                let at = |frame: usize| &plane.data[frame * width + channel * bins..][bins_of.clone()];
                let values: Vec<f64> = time
                    .clone()
                    .flat_map(at)
                    .filter(|value| !value.is_nan())
                    .map(|&value| f64::from(value))
                    .collect();
                if values.is_empty() {
                    "-".into()
                } else {
                    show(values.iter().sum::<f64>() / values.len() as f64)
                }
            });
            let _ = writeln!(text, "{}", row.collect::<Vec<_>>().join(" "));
        }
    }
}

fn show(value: f64, tolerance: f64) -> String {
    format!("{value:.*}", (-tolerance.log10()).round().max(0.0) as usize)
}

/// How far two processors' numbers may be apart: a hundredth of a decibel, else
/// about a hundred-thousandth of the largest value, as a power of ten.
fn tolerance(unit: &str, largest: f64) -> f64 {
    if unit == "dB" { 0.01 } else { 10f64.powi((largest.max(1e-30).log10()).ceil() as i32 - 5) }
}

/// `0..n` in at most [`BLOCKS`] parts of nearly the same length.
fn blocks(n: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let parts = n.min(BLOCKS);
    (0..parts).map(move |part| part * n / parts..(part + 1) * n / parts)
}

/// Compares snapshots word by word: numbers after a line `tolerance T` may be `T`
/// apart (and half a unit more in what is printed), all other words are equal.
#[derive(Clone)]
struct Within;

impl Comparator for Within {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        match (reference.contents(), test.contents()) {
            (SnapshotContents::Text(was), SnapshotContents::Text(is)) => {
                within(&was.to_string(), &is.to_string())
            }
            _ => false,
        }
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

fn within(was: &str, is: &str) -> bool {
    let (mut was, mut is) = (was.split_whitespace(), is.split_whitespace());
    let mut tolerance = 0.0;
    let mut previous = "";
    loop {
        let (a, b) = match (was.next(), is.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) => (a, b),
            _ => return false,
        };
        match (a.parse::<f64>(), b.parse::<f64>()) {
            _ if a == b => {}
            (Ok(x), Ok(y)) if previous != "tolerance" && (x - y).abs() <= 1.5 * tolerance => {}
            _ => return false,
        }
        match previous {
            "tolerance" => tolerance = a.parse().unwrap_or(0.0),
            "plane" => tolerance = 0.0,
            _ => {}
        }
        previous = a;
    }
}

#[test]
fn numbers_are_compared_within_the_tolerance() {
    for (was, is, expect) in [
        ("frames 3", "frames 3", true),
        ("frames 3", "frames 4", false),
        ("tolerance 0.01 mean -3.10", "tolerance 0.01 mean -3.11", true),
        ("tolerance 0.01 mean -3.10", "tolerance 0.01 mean -3.12", false),
        ("tolerance 0.01 mean -3.10", "tolerance 0.01 mean", false),
        ("tolerance 0.01", "tolerance 0.02", false),
        ("tolerance 1 max 2 plane 1 frames 3", "tolerance 1 max 3 plane 1 frames 4", false),
    ] {
        assert_eq!(within(was, is), expect, "{was:?} and {is:?}");
    }
}
