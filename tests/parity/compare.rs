//! How far a track is from figures of it.

use agogic::schema::{FeatureTrack, TrackData};
use agogic::timebase::SampleRate;
use serde_json::Value;

use crate::bounds::{Bound, Kind};

/// How far values are from their references, in the unit of the comparison.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    /// The greatest difference, and where it is.
    pub(crate) most: f64,
    pub(crate) at: String,
    squares: f64,
    /// Values that were compared.
    pub(crate) count: usize,
    /// Values that exist here or there only: gaps, events, frames.
    pub(crate) lone: usize,
    /// Tracks with another number of frames.
    pub(crate) shapes: usize,
}

impl Difference {
    /// The root of the mean of the squares.
    pub(crate) fn rms(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.squares / self.count as f64).sqrt() }
    }

    fn add(&mut self, difference: f64, at: impl FnOnce() -> String) {
        if difference > self.most {
            (self.most, self.at) = (difference, at());
        }
        self.squares += difference * difference;
        self.count += 1;
    }

    pub(crate) fn join(&mut self, other: &Self, source: &str) {
        if other.most > self.most {
            (self.most, self.at) = (other.most, format!("{source}, {}", other.at));
        }
        self.squares += other.squares;
        self.count += other.count;
        self.lone += other.lone;
        self.shapes += other.shapes;
    }
}

/// Compares a track with figures of it.
pub(crate) fn compare(track: &FeatureTrack, figure: &Value, bound: &Bound) -> Difference {
    let kind = bound.kind;
    match &track.data {
        TrackData::Dense(plane) if figure["values"].is_array() => {
            frames(&plane.data, track.header.width(), figure, bound)
        }
        TrackData::Dense(plane) => single(plane.data.first().copied(), figure, kind),
        TrackData::Events(events) if figure["seconds"].is_array() => {
            let rate = SampleRate::new(track.header.rate).unwrap();
            let seconds: Vec<f64> = events.iter().map(|event| rate.seconds(event.at).0).collect();
            times(&seconds, figure)
        }
        // One event a channel, of which the greatest counts.
        TrackData::Events(events) => {
            let values = events.iter().filter_map(|event| event.values.first().copied());
            single(values.reduce(f32::max), figure, kind)
        }
        TrackData::Peaks(_) => panic!("no figures are of peaks"),
    }
}

fn single(value: Option<f32>, figure: &Value, kind: Kind) -> Difference {
    let (mut difference, expect) = (Difference::default(), figure["value"].as_f64().unwrap());
    match value {
        Some(value) => difference.add(kind.difference(f64::from(value), expect, 1.0), || "whole".into()),
        None => difference.lone = 1,
    }
    difference
}

fn indices(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as usize).collect()
}

fn frames(data: &[f32], width: usize, figure: &Value, bound: &Bound) -> Difference {
    let kind = bound.kind;
    let mut difference = Difference::default();
    if data.len() / width != figure["count"].as_u64().unwrap() as usize {
        difference.shapes = 1;
        return difference;
    }
    let (at, bins) = (indices(&figure["frames"]), indices(&figure["bins"]));
    let largest =
        data.iter().filter(|value| value.is_finite()).fold(0.0f64, |a, v| a.max(f64::from(v.abs())));
    let last = data.len() / width - 1;
    for (frame, row) in at.iter().zip(figure["values"].as_array().unwrap()) {
        if bound.inner && (*frame == 0 || *frame == last) {
            continue;
        }
        let given = &data[frame * width..][..width];
        let of_frame = given.iter().fold(0.0f64, |a, v| a.max(f64::from(v.abs())));
        let scale = if kind == Kind::OfPeak { largest } else { of_frame };
        for (bin, expect) in bins.iter().zip(row.as_array().unwrap()) {
            let value = f64::from(given[*bin]);
            match expect.as_f64() {
                Some(expect) if !value.is_nan() => {
                    difference
                        .add(kind.difference(value, expect, scale), || format!("frame {frame}, bin {bin}"));
                }
                None if value.is_nan() => {}
                _ => difference.lone += 1,
            }
        }
    }
    difference
}

/// Times of events: each is compared with its nearest, one to one.
fn times(given: &[f64], figure: &Value) -> Difference {
    let expect: Vec<f64> =
        figure["seconds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let mut difference = Difference::default();
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (given.get(i), expect.get(j)) {
        if (a - b).abs() < 1e-6 {
            difference.add((a - b).abs(), || format!("{a} s"));
            (i, j) = (i + 1, j + 1);
        } else {
            difference.lone += 1;
            if a < b { i += 1 } else { j += 1 }
        }
    }
    difference.lone += given.len() - i + expect.len() - j;
    difference
}
