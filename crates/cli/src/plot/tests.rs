//! Pictures of odd tracks: none of them panics, all are the same each time.

use agogic::schema::{DescriptorId, Event, Shape, TrackHeader};
use agogic::timebase::{Delta, Samples};

use super::*;

fn header(shape: Shape, channels: usize, bins: u32, unit: &str, planes: &[(i64, u32)]) -> TrackHeader {
    TrackHeader {
        descriptor: DescriptorId::new("agogic.test").unwrap(),
        unit: unit.into(),
        range: None,
        shape,
        channels: ["left", "right", "centre"][..channels].iter().map(|name| (*name).to_owned()).collect(),
        bins,
        rate: 22_050,
        planes: planes.to_vec(),
    }
}

fn dense(channels: usize, bins: u32, unit: &str, data: Vec<f32>) -> FeatureTrack {
    let header = header(Shape::Dense, channels, bins, unit, &[(0, 512)]);
    let grid = header.grid(0).unwrap();
    FeatureTrack { header, data: TrackData::Dense(Plane { grid, data }) }
}

fn peaks(channels: usize, data: Vec<f32>) -> FeatureTrack {
    let header = header(Shape::Peaks, channels, 2, "", &[(128, 256), (256, 512)]);
    let planes = vec![
        Plane { grid: header.grid(0).unwrap(), data },
        Plane { grid: header.grid(1).unwrap(), data: Vec::new() },
    ];
    FeatureTrack { header, data: TrackData::Peaks(planes) }
}

fn events(at: &[i64], values: &[f32]) -> FeatureTrack {
    let header = header(Shape::Events, 1, values.len() as u32, "", &[]);
    let event = |&at: &i64| Event {
        at: Samples(at),
        duration: Delta(Samples(0)),
        values: values.to_vec(),
        label: String::new(),
    };
    FeatureTrack { header, data: TrackData::Events(at.iter().map(event).collect()) }
}

fn plot<'a>(
    track: &'a FeatureTrack,
    seconds: f64,
    tempo: Option<&'a TempoMap>,
    size: (u32, u32),
) -> Plot<'a> {
    let bins = track.header.bins as usize;
    Plot {
        title: "a file with a very long name, Ωmega and \u{4e2d}\u{6587} and a tab\t.flac".repeat(3),
        subtitle: "agogic.test · dB · default".into(),
        track,
        seconds,
        tempo,
        frequencies: Some((0..bins).map(|bin| 40.0 * 1.05_f32.powi(bin as i32)).collect()),
        size,
    }
}

#[test]
fn nothing_panics() {
    let slow = TempoMap::constant(1.0).unwrap();
    let usual = TempoMap::constant(97.0).unwrap();
    let absurd = TempoMap::constant(900_000.0).unwrap();
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 0.0, -0.0];
    let ramp = |n: usize| (0..n).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>();
    let mut broken = dense(2, 3, "", ramp(7));
    broken.header.planes.clear();
    let tracks = [
        dense(1, 1, "", vec![]),
        dense(1, 1, "", vec![0.5]),
        dense(1, 1, "dB", odd.to_vec()),
        dense(2, 1, "", vec![f32::NAN; 2]),
        dense(2, 3, "", ramp(6 * 40)),
        dense(1, 8, "dB", odd.to_vec()),
        dense(1, 8, "dB", vec![]),
        dense(1, 8, "", vec![3.0; 64]),
        dense(3, 40, "dB", ramp(120 * 17)),
        dense(1, 1025, "", ramp(1025 * 3)),
        dense(1, 1025, "", vec![f32::NAN; 1025]),
        dense(1, 1025, "", vec![-1.0; 1025]),
        peaks(2, ramp(4 * 60)),
        peaks(1, vec![f32::NAN; 2]),
        peaks(1, vec![]),
        events(&[], &[]),
        events(&[-5, 0, 7, 22_050, i64::MAX], &[f32::NAN]),
        events(&[0, 22_050], &[1.0]),
        broken,
    ];
    for track in &tracks {
        for (seconds, tempo) in [
            (1.0, Some(&usual)),
            (0.0, None),
            (f64::NAN, Some(&slow)),
            (1e300, Some(&absurd)),
            (1e-9, Some(&usual)),
            (86_400.0, Some(&usual)),
        ] {
            let image = render(&plot(track, seconds, tempo, (1, 1)));
            assert_eq!((image.width, image.height), LEAST_SIZE);
            assert_eq!(image.pixels.len() as u32, 3 * image.width * image.height);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let track = dense(2, 20, "dB", (0..40 * 100).map(|i| -((i * 7919 % 83) as f32)).collect());
    let map = TempoMap::constant(130.0).unwrap();
    let png = || {
        let mut bytes = Vec::new();
        write_png(&render(&plot(&track, 2.5, Some(&map), (700, 400))), &mut bytes).unwrap();
        bytes
    };
    assert_eq!(png(), png());
    let reader = png::Decoder::new(std::io::Cursor::new(png())).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (700, 400));
}

#[test]
fn low_bins_are_at_the_bottom() {
    let mut data = vec![-80.0; 16 * 50];
    for frame in data.chunks_exact_mut(16) {
        frame[0] = 0.0;
    }
    let track = dense(1, 16, "dB", data);
    let image = render(&plot(&track, 50.0 * 512.0 / 22_050.0, None, (1600, 600)));
    let pixel = |x: u32, y: u32| {
        let at = 3 * (y * image.width + x) as usize;
        image.pixels[at..at + 3].iter().map(|&part| u32::from(part)).sum::<u32>()
    };
    assert!(pixel(700, 535) > 500, "the lowest bin is bright");
    assert!(pixel(700, 120) < 60, "the highest is dark");
}
