//! What a lock keeps of an output's values.
//!
//! No hash: another processor's last bits push some of ten thousand values over
//! any rounding edge, which changes the whole hash, and a hash cannot say where
//! values differ. Kept are means over a grid of blocks, time by bins. Each value
//! counts with a weight between a half and one and a half that follows from its
//! number, so that values which change places are noticed too. Every mean moves
//! by no more than its values do, and is compared within a stated tolerance.

use agogic_schema::{Bins, DescriptorSpec, Event, Setup};
use serde::{Deserialize, Serialize};

use crate::Values;

/// Blocks in time, and over the values of a frame, at most.
const GRID: (usize, usize) = (16, 8);
/// Events that are kept one by one, at most.
const EVENTS: usize = 32;
/// Seconds that the time of an event may be off.
const SECONDS: f64 = 1e-3;

/// What a lock keeps of an output's values for one signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fingerprint {
    /// Frames, by plane.
    Frames(Vec<PlanePrint>),
    /// Events.
    Events(EventPrint),
}

/// What is kept of a plane of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanePrint {
    frames: usize,
    /// Values that are not finite.
    gaps: usize,
    tolerance: f64,
    means: Vec<f64>,
}

/// What is kept of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventPrint {
    events: usize,
    /// Times of the first ones.
    seconds: Vec<f64>,
    /// Labels of the first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    tolerance: f64,
    /// Of the durations in seconds, then of each value.
    means: Vec<f64>,
}

/// What a lock keeps of a descriptor's values under this setup.
pub fn fingerprint(descriptor: &DescriptorSpec, setup: &Setup, values: &Values) -> Fingerprint {
    let bins = match &descriptor.bins {
        Bins::Count(amount) => amount.resolve(&setup.params).unwrap_or(1),
        Bins::Input => setup.bins,
    };
    match values {
        Values::Planes(planes) => {
            let width = (bins as usize * descriptor.channels(setup.channels.len())).max(1);
            Fingerprint::Frames(
                planes.iter().map(|plane| plane_print(&descriptor.unit, width, plane)).collect(),
            )
        }
        Values::Events(events) => Fingerprint::Events(event_print(descriptor, setup.rate, bins, events)),
    }
}

impl Fingerprint {
    /// Where two fingerprints first differ by more than their tolerance, in one
    /// line.
    pub fn difference(&self, is: &Self) -> Option<String> {
        match (self, is) {
            (Self::Frames(was), Self::Frames(is)) if was.len() == is.len() => {
                let mut pairs = was.iter().zip(is).enumerate();
                pairs.find_map(|(plane, (was, is))| {
                    let level = if plane > 0 { format!("level {plane}: ") } else { String::new() };
                    Some(format!("{level}{}", was.difference(is)?))
                })
            }
            (Self::Events(was), Self::Events(is)) => was.difference(is),
            _ => Some("it had another shape".into()),
        }
    }
}

impl PlanePrint {
    fn difference(&self, is: &Self) -> Option<String> {
        if self.frames != is.frames {
            return Some(format!("{} frames were {}", is.frames, self.frames));
        }
        // Whether there is a value may hang on a last bit too.
        if self.gaps.abs_diff(is.gaps) > 1 + self.gaps / 100 {
            return Some(format!("{} values that are no numbers were {}", is.gaps, self.gaps));
        }
        means(&self.means, &is.means, self.tolerance)
    }
}

impl EventPrint {
    fn difference(&self, is: &Self) -> Option<String> {
        if self.events != is.events {
            return Some(format!("{} events were {}", is.events, self.events));
        }
        if let Some(n) = self.seconds.iter().zip(&is.seconds).position(|(a, b)| (a - b).abs() > SECONDS) {
            return Some(format!("event {n} at {} s was at {} s", is.seconds[n], self.seconds[n]));
        }
        if self.labels != is.labels {
            return Some("events have other labels".into());
        }
        means(&self.means, &is.means, self.tolerance)
    }
}

fn means(was: &[f64], is: &[f64], tolerance: f64) -> Option<String> {
    if was.len() != is.len() {
        return Some(format!("{} blocks were {}", is.len(), was.len()));
    }
    // What is written is rounded by a tenth of the tolerance.
    let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1.2 * tolerance;
    let n = was.iter().zip(is).position(far)?;
    Some(format!("mean {} of {} is {} and was {}", n + 1, is.len(), is[n], was[n]))
}

fn plane_print(unit: &str, width: usize, values: &[f32]) -> PlanePrint {
    let frames = values.len() / width;
    let finite = values.iter().filter(|value| value.is_finite());
    let largest = finite.fold(0.0f32, |largest, value| largest.max(value.abs()));
    let tolerance = tolerance(unit, largest);
    let mut means = vec![];
    for time in parts(frames, GRID.0) {
        for row in parts(width, GRID.1) {
            let block = time.clone().flat_map(|frame| row.clone().map(move |column| frame * width + column));
            let numbers = block.filter_map(|at| values.get(at).map(|&value| (at, f64::from(value))));
            means.push(rounded(weighted_mean(numbers), tolerance));
        }
    }
    let gaps = values.iter().filter(|value| !value.is_finite()).count();
    PlanePrint { frames, gaps, tolerance, means }
}

fn event_print(descriptor: &DescriptorSpec, rate: u32, bins: u32, events: &[Event]) -> EventPrint {
    let seconds = |samples: i64| samples as f64 / f64::from(rate);
    let first = &events[..events.len().min(EVENTS)];
    let values = events.iter().flat_map(|event| &event.values).filter(|value| value.is_finite());
    let largest = values.fold(0.0f32, |largest, value| largest.max(value.abs()));
    let tolerance = tolerance(&descriptor.unit, largest).max(SECONDS);
    let durations = events.iter().map(|event| seconds(event.duration.raw())).enumerate();
    let mut means = vec![rounded(weighted_mean(durations), tolerance)];
    for bin in 0..bins as usize {
        let of_bin = events.iter().enumerate();
        let of_bin = of_bin.filter_map(|(n, event)| Some((n, f64::from(*event.values.get(bin)?))));
        means.push(rounded(weighted_mean(of_bin), tolerance));
    }
    let labelled = first.iter().any(|event| !event.label.is_empty());
    EventPrint {
        events: events.len(),
        seconds: first.iter().map(|event| rounded(seconds(event.at.0), SECONDS)).collect(),
        labels: if labelled { first.iter().map(|event| event.label.clone()).collect() } else { vec![] },
        tolerance,
        means,
    }
}

/// The mean of what is finite, each number weighted by its place; 0 for none.
fn weighted_mean(numbers: impl Iterator<Item = (usize, f64)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (place, number) in numbers.filter(|(_, number)| number.is_finite()) {
        // Multiples of the golden ratio spread evenly and never repeat.
        let weight = 0.5 + (place as f64 * 0.618_033_988_749_895).fract();
        sum += weight * number;
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

/// How far two processors' means may be apart: a hundredth of a decibel, else
/// at most a ten-thousandth of the largest value, as a power of ten.
fn tolerance(unit: &str, largest: f32) -> f64 {
    if unit == "dB" {
        return 0.01;
    }
    let digits = f64::from(largest.max(1e-6)).log10().ceil() as i32 - 5;
    // The number that the file will show, which a power need not be.
    format!("1e{digits}").parse().unwrap_or(1e-4)
}

/// To a tenth of the tolerance, so that the file stays short.
fn rounded(value: f64, tolerance: f64) -> f64 {
    let places = (1.0 - tolerance.log10()).ceil().clamp(0.0, 40.0) as usize;
    // The decimal digits that will be printed.
    format!("{value:.places$}").parse().unwrap_or(value)
}

/// `0..n` in at most `most` parts of nearly the same length.
fn parts(n: usize, most: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let parts = n.min(most);
    (0..parts).map(move |part| part * n / parts..(part + 1) * n / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(values: &[f32]) -> Fingerprint {
        Fingerprint::Frames(vec![plane_print("", 1, values)])
    }

    fn ramp() -> Vec<f32> {
        (0..1000).map(|i| i as f32 / 1000.0).collect()
    }

    #[test]
    fn last_bits_are_no_difference_and_changes_are() {
        #[track_caller]
        fn check(change: impl Fn(&mut Vec<f32>), expect: bool) {
            let mut changed = ramp();
            change(&mut changed);
            let found = print(&ramp()).difference(&print(&changed));
            assert_eq!(found.is_some(), expect, "{found:?}");
        }
        check(|_| {}, false);
        check(|v| v.iter_mut().for_each(|x| *x *= 1.0 + 1e-6), false);
        check(|v| v.iter_mut().for_each(|x| *x *= 1.01), true);
        check(|v| v[500] += 0.1, true);
        check(|v| v.swap(10, 55), true);
        check(|v| v.truncate(999), true);
        check(|v| v[3..10].fill(f32::NAN), true);
    }

    #[test]
    fn nothing_has_a_fingerprint() {
        assert_eq!(print(&[]).difference(&print(&[])), None);
        assert!(print(&[]).difference(&print(&[0.0])).is_some());
        let print = print(&[f32::NAN, f32::INFINITY]);
        let text = serde_json::to_string(&print).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), print, "{text}");
    }
}
