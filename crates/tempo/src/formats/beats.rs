//! Maps from beats that were tapped or tracked. What lives here: where the beats
//! of such a map stand, and the bars that their labels tell. What does not: the
//! files that beats are read from (`csv`, `jams`).

use agogic_timebase::{Beats, Seconds};

use crate::{Law, MAX_BPM, MAX_POINTS, Meter, TempoError, TempoMap, TempoPoint, TickUnit, TimeSignature};

impl TempoMap {
    /// A map that passes through every one of these beats, a quarter note apart,
    /// at a constant tempo from each to the next. After the last beat the last
    /// tempo holds.
    ///
    /// Beat 0 is second 0, as in every map. Where the first of the beats comes
    /// later, the first tempo runs back from it by whole beats, and the beat that
    /// second 0 falls into is made to begin there, longer or shorter by up to half
    /// a beat: all beats given are whole numbers, the first one the nearest to its
    /// second over the first tempo, at least 1. Only where that cannot be (a first
    /// beat before second 0 and none at it, or less than 60 µs after it) do they
    /// have a common fraction, and the first tempo runs back unchanged.
    ///
    /// Bars are of 4/4, and one starts with the first beat.
    ///
    /// `self.seconds` of each of these beats is its time within 1e-12 of the
    /// largest time given.
    ///
    /// # Errors
    /// [`TempoError::Beats`] for fewer than two beats or beats that do not ascend,
    /// [`TempoError::Bpm`] where two are too near to each other or too far apart.
    ///
    /// ```
    /// use agogic_tempo::TempoMap;
    /// use agogic_timebase::{Beats, Seconds};
    ///
    /// let tapped = [Seconds(1.1), Seconds(1.6), Seconds(2.2)];
    /// let map = TempoMap::through_beats(&tapped)?;
    /// assert_eq!(map.beats(Seconds(1.1)), Beats(2.0));
    /// assert_eq!(map.beats(Seconds(1.6)), Beats(3.0));
    /// # Ok::<(), agogic_tempo::TempoError>(())
    /// ```
    pub fn through_beats(beats: &[Seconds]) -> Result<Self, TempoError> {
        map(beats.iter().map(|at| Beat { seconds: at.0, place: None }).collect())
    }
}

/// A beat as a file tells it.
pub(super) struct Beat {
    pub(super) seconds: f64,
    /// Where in its bar it stands, where that is said.
    pub(super) place: Option<Place>,
}

/// What a label says of a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the bar, where that is said.
    pub(super) bar: Option<i64>,
    /// The beat in the bar, from 1.
    pub(super) beat: u32,
}

impl Place {
    /// A label: `3`, `2:3` or `2.3` (bar 2, beat 3); none for anything else.
    pub(super) fn parse(label: &str) -> Option<Self> {
        let label = label.trim();
        let (bar, beat) = match label.split_once([':', '.']) {
            Some((bar, beat)) => (Some(bar.parse().ok()?), beat),
            None => (None, label),
        };
        let beat = beat.parse().ok().filter(|beat| (1..=1024).contains(beat))?;
        Some(Self { bar, beat })
    }
}

/// The map of [`TempoMap::through_beats`], with the bars that the labels tell
/// where all of them do and agree with each other.
pub(super) fn map(beats: Vec<Beat>) -> Result<TempoMap, TempoError> {
    check(&beats)?;
    let (mut points, first) = lead_in(&beats);
    for (i, beat) in beats.iter().enumerate() {
        // From the last beat on, the tempo that led to it.
        let (from, to) = match beats.get(i + 1) {
            Some(next) => (beat.seconds, next.seconds),
            None => (beats[i - 1].seconds, beat.seconds),
        };
        points.push(step(first + i as f64, to - from));
    }
    let signatures = labelled_bars(&beats, first).unwrap_or_else(|| vec![back_to_start(first, 0, 4)]);
    TempoMap::build(points, TickUnit::default(), Meter::new(signatures)?)
}

fn check(beats: &[Beat]) -> Result<(), TempoError> {
    if beats.len() < 2 {
        return Err(TempoError::Beats("it takes two beats to tell a tempo".into()));
    }
    if beats.len() > MAX_POINTS - 2 {
        return Err(TempoError::TooManyPoints { count: beats.len() });
    }
    if let Some(bad) = beats.iter().find(|beat| !beat.seconds.is_finite()) {
        return Err(TempoError::Beats(format!("{} is no time", bad.seconds)));
    }
    match beats.windows(2).find(|pair| pair[0].seconds >= pair[1].seconds) {
        Some(pair) => Err(TempoError::Beats(format!(
            "the beat at {} s follows one at {} s",
            pair[1].seconds, pair[0].seconds
        ))),
        None => Ok(()),
    }
}

/// A quarter note that takes so many seconds.
fn step(beat: f64, seconds: f64) -> TempoPoint {
    TempoPoint { beat: Beats(beat), bpm: 60.0 / seconds, law: Law::Step, to: None }
}

/// What comes before the first beat, and the number of that beat.
fn lead_in(beats: &[Beat]) -> (Vec<TempoPoint>, f64) {
    let (start, pace) = (beats[0].seconds, beats[1].seconds - beats[0].seconds);
    if start < 0.0 {
        return (Vec::new(), -beats_to_zero(beats));
    }
    if start == 0.0 {
        return (Vec::new(), 0.0);
    }
    let first = (start / pace).round().max(1.0);
    let cut = start - (first - 1.0) * pace;
    if cut * MAX_BPM < 60.0 {
        return (Vec::new(), start / pace);
    }
    let mut points = vec![step(0.0, cut)];
    if first > 1.0 {
        points.push(step(1.0, pace));
    }
    (points, first)
}

/// How many beats after the first one second 0 comes.
fn beats_to_zero(beats: &[Beat]) -> f64 {
    let after = beats.partition_point(|beat| beat.seconds <= 0.0);
    let from = after - 1;
    let pair = if after < beats.len() { from..=after } else { from - 1..=from };
    let pace = beats[*pair.end()].seconds - beats[*pair.start()].seconds;
    from as f64 - beats[from].seconds / pace
}

/// A time signature that starts with a bar at or before beat 0, so that one of its
/// bars has its beat `into`, from 0, at the beat `at`.
fn back_to_start(at: f64, into: u32, numerator: u32) -> TimeSignature {
    let bar = at - f64::from(into);
    let bars = (bar / f64::from(numerator)).ceil().max(0.0);
    TimeSignature { beat: Beats(bar - bars * f64::from(numerator)), numerator, denominator: 4 }
}

/// The bars of labels that count; none where one is missing or out of order.
fn labelled_bars(beats: &[Beat], first: f64) -> Option<Vec<TimeSignature>> {
    let places: Vec<Place> = beats.iter().map(|beat| beat.place).collect::<Option<_>>()?;
    let follows = |pair: &[Place]| {
        let new = pair[1].beat == 1;
        let counted = match (pair[0].bar, pair[1].bar) {
            (Some(bar), Some(next)) => next.checked_sub(bar) == Some(i64::from(new)),
            (None, None) => true,
            _ => false,
        };
        counted && (new || pair[1].beat == pair[0].beat + 1)
    };
    if !places.windows(2).all(follows) {
        return None;
    }
    let downbeats: Vec<usize> = (0..places.len()).filter(|i| places[*i].beat == 1).collect();
    let (&start, rest) = downbeats.split_first()?;
    // A bar that is not all there, at either end, may be as long as its neighbour.
    let most = places.iter().map(|place| place.beat).max()?;
    let opening = if start > 0 {
        places[start - 1].beat
    } else {
        rest.first().map_or(most, |next| (next - start) as u32)
    };
    let mut signatures = vec![back_to_start(first, places[0].beat - 1, opening)];
    let mut numerator = opening;
    for (i, &at) in downbeats.iter().enumerate() {
        let length = match downbeats.get(i + 1) {
            Some(next) => (next - at) as u32,
            None => ((places.len() - at) as u32).max(numerator),
        };
        if length != numerator {
            numerator = length;
            let beat = Beats(first + at as f64);
            signatures.retain(|signature| signature.beat < beat);
            signatures.push(TimeSignature { beat, numerator, denominator: 4 });
        }
    }
    Some(signatures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[f64], first: f64) {
        let seconds: Vec<_> = times.iter().map(|at| Seconds(*at)).collect();
        let map = TempoMap::through_beats(&seconds).unwrap();
        let largest = times.iter().fold(0.0_f64, |most, at| most.max(at.abs()));
        for (i, at) in times.iter().enumerate() {
            let beat = first + i as f64;
            assert!((map.seconds(Beats(beat)).0 - at).abs() <= 1e-12 * largest, "{at}");
        }
        assert!(map.seconds(Beats(0.0)).0.abs() <= 1e-12 * largest);
    }

    #[test]
    fn every_beat_is_met() {
        check(&[0.0, 0.5, 1.1], 0.0);
        check(&[0.4, 0.9, 1.5], 1.0);
        check(&[0.1, 0.6, 1.1], 1.0);
        check(&[1.1, 1.6, 2.1], 2.0);
        check(&[10.0, 10.3, 10.7], 33.0);
        check(&[1e-9, 0.5, 1.0], 1e-9 / (0.5 - 1e-9));
        check(&[-0.5, 0.0, 0.5], -1.0);
        check(&[-0.5, 0.5, 1.0], -0.5);
        check(&[-3.0, -2.0, -1.5], -5.0);
    }

    #[track_caller]
    fn check_bars(labels: &[&str], expect: &[(f64, u32)]) {
        let beats = labels.iter().enumerate();
        let beats = beats.map(|(i, label)| Beat { seconds: 1.0 + i as f64, place: Place::parse(label) });
        let map = map(beats.collect()).unwrap();
        let found: Vec<_> = map.meter().signatures().iter().map(|s| (s.beat.0, s.numerator)).collect();
        assert_eq!(found, expect, "{labels:?}");
    }

    #[test]
    fn labels_tell_bars() {
        // The first beat is beat 1 of the map.
        check_bars(&["1", "2", "3", "1", "2", "3"], &[(-2.0, 3)]);
        check_bars(&["3", "1", "2", "3", "1"], &[(-1.0, 3)]);
        check_bars(&["4:1", "4:2", "5:1", "5:2", "5:3"], &[(-1.0, 2), (3.0, 3)]);
        check_bars(&["1.3", "1.4", "2.1", "2.2", "2.3", "3.1"], &[(-1.0, 4), (3.0, 3)]);
        // What does not count tells nothing.
        let unlabelled = [(-3.0, 4)];
        check_bars(&["1", "3", "1"], &unlabelled);
        check_bars(&["120.5", "121.5", "119"], &unlabelled);
        check_bars(&["2", "3", "4"], &unlabelled);
        check_bars(&["1", "", "3"], &unlabelled);
        check_bars(&["1:1", "2:2"], &unlabelled);
    }
}
