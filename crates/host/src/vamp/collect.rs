//! What becomes of features: frames in their places, or events in order of
//! time. What a plug-in may not do with its outputs is found here.

use agogic_schema::Event;
use agogic_timebase::{Delta, Samples};
use agogic_vamp::{Feature, RealTime};

use super::place::{Place, Times};
use crate::CallError;
use crate::backend::Sink;

/// Most values of frames without a feature that one feature may leave behind
/// it: 16 MiB.
const MAX_SKIPPED: i64 = 1 << 22;

/// Most memory in bytes that the events of an output may take.
const MAX_MEMORY: usize = 1 << 28;

/// About how many bytes of events are handed on at once.
const PORTION: usize = 1 << 20;

/// The features of one output on their way to the host.
pub(super) struct Collector {
    /// The output's number.
    output: u32,
    /// The output's name in messages.
    name: String,
    /// Samples per second.
    rate: u32,
    place: Place,
    /// Where the next frame or evenly spaced event stands.
    next: i64,
    events: Vec<Event>,
    /// What the events take, in bytes.
    memory: usize,
}

impl Collector {
    pub(super) fn new(output: u32, name: &str, rate: u32, place: Place) -> Self {
        Self { output, name: name.into(), rate, place, next: 0, events: vec![], memory: 0 }
    }

    /// Takes what a plug-in found in one block, whose time is `at`, in samples.
    pub(super) fn block(
        &mut self,
        features: Vec<Feature>,
        at: i64,
        sink: &mut dyn Sink,
    ) -> Result<(), CallError> {
        if let Place::PerBlock { bins } = self.place {
            match features.len() {
                0 => self.frames(bins, &[], sink)?,
                1 => {}
                many => return Err(self.wrong(format!("{many} features for one block"))),
            }
        }
        self.rest(features, at, sink)
    }

    /// Takes what a plug-in found after the last block.
    pub(super) fn rest(
        &mut self,
        features: Vec<Feature>,
        at: i64,
        sink: &mut dyn Sink,
    ) -> Result<(), CallError> {
        for feature in features {
            match self.place {
                Place::PerBlock { bins } => self.frames(bins, &self.checked(&feature, bins)?, sink)?,
                Place::Grid { hop, bins } => {
                    let skipped = self.advance(feature.timestamp, f64::from(hop))?;
                    if skipped.saturating_mul(bins.into()) > MAX_SKIPPED {
                        return Err(self.wrong(format!("{skipped} frames without a feature in a row")));
                    }
                    for _ in 0..skipped {
                        self.frames(bins, &[], sink)?;
                    }
                    self.frames(bins, &self.checked(&feature, bins)?, sink)?;
                }
                Place::Events { bins, times } => self.event(feature, bins, times, at)?,
            }
        }
        Ok(())
    }

    /// Hands on the events, after all else; on a grid, frames without a feature
    /// up to the end of the audio, which has so many samples.
    pub(super) fn end(&mut self, samples: u64, sink: &mut dyn Sink) -> Result<(), CallError> {
        if let Place::Grid { hop, bins } = self.place {
            let all = i64::try_from(samples.div_ceil(hop.into())).unwrap_or(i64::MAX);
            for _ in self.next..all {
                self.frames(bins, &[], sink)?;
            }
        }
        let mut events = std::mem::take(&mut self.events);
        // Stable: what stands at one time stays as the plug-in gave it.
        events.sort_by_key(|event| event.at);
        let mut rest = &events[..];
        while !rest.is_empty() {
            let mut size = 0;
            let fits = rest.iter().take_while(|event| {
                let before = size;
                size += memory(event);
                before < PORTION
            });
            let (portion, others) = rest.split_at(fits.count());
            let bytes = rmp_serde::to_vec_named(portion).map_err(|error| self.wrong(error.to_string()))?;
            if !sink.events(self.output, &bytes) {
                return Err(self.wrong("the host refused its events".into()));
            }
            rest = others;
        }
        Ok(())
    }

    /// One more frame: these values, or none.
    fn frames(&self, bins: u32, values: &[f32], sink: &mut dyn Sink) -> Result<(), CallError> {
        let room = sink.frames(self.output, 0, 1);
        if room.len() != bins as usize {
            return Err(self.wrong("the host refused its frames".into()));
        }
        room.fill(f32::NAN);
        room.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
        Ok(())
    }

    fn event(&mut self, feature: Feature, bins: Option<u32>, times: Times, at: i64) -> Result<(), CallError> {
        let at = match times {
            Times::OfBlock => at,
            Times::Own => match feature.timestamp {
                Some(time) => time.to_frame(self.rate),
                None => return Err(self.wrong("a feature without a time".into())),
            },
            Times::Every(hop) => {
                self.advance(feature.timestamp, hop)?;
                ((self.next - 1) as f64 * hop).round() as i64
            }
        };
        let duration = feature.duration.map_or(0, |duration| duration.to_frame(self.rate));
        if duration < 0 {
            return Err(self.wrong("a feature that lasts less than nothing".into()));
        }
        let event = |values| Event {
            at: Samples(at),
            duration: Delta(Samples(duration)),
            values,
            label: feature.label.clone(),
        };
        match bins {
            Some(bins) => self.keep(event(self.checked(&feature, bins)?)),
            // As many events as values, so that all events have as many numbers.
            None if feature.values.is_empty() => self.keep(event(vec![f32::NAN; 2])),
            None => {
                let values = feature.values.iter().enumerate();
                values.map(|(i, value)| event(vec![i as f32, finite(*value)])).try_for_each(|e| self.keep(e))
            }
        }
    }

    fn keep(&mut self, event: Event) -> Result<(), CallError> {
        self.memory += memory(&event);
        if self.memory > MAX_MEMORY {
            return Err(self.wrong("more events than fit into memory".into()));
        }
        self.events.push(event);
        Ok(())
    }

    /// Goes on to the place of an evenly spaced feature: the nearest one to its
    /// time, or the next one after the last. Returns how many lie between.
    fn advance(&mut self, time: Option<RealTime>, hop: f64) -> Result<i64, CallError> {
        let index = match time {
            // At most 2^63 rates of 2^32; the cast stops at the ends.
            Some(time) => (time.seconds() * f64::from(self.rate) / hop).round() as i64,
            None => self.next,
        };
        if index < self.next {
            let problem = match index {
                ..0 => "a feature before the audio",
                _ => "features that repeat a place or fall back",
            };
            return Err(self.wrong(problem.into()));
        }
        let skipped = index - self.next;
        self.next = index.saturating_add(1);
        Ok(skipped)
    }

    /// The values of a feature, if they are as many as they should be.
    fn checked(&self, feature: &Feature, bins: u32) -> Result<Vec<f32>, CallError> {
        match feature.values.len() {
            count if count == bins as usize => Ok(feature.values.iter().copied().map(finite).collect()),
            count => Err(self.wrong(format!("a feature of {count} values where {bins} were said"))),
        }
    }

    fn wrong(&self, what: String) -> CallError {
        CallError::Misbehaved(format!("{} has {what}", self.name))
    }
}

/// What is not finite, logarithms of silence mostly, is no value.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { f32::NAN }
}

/// What an event takes in memory, in bytes.
fn memory(event: &Event) -> usize {
    size_of::<Event>() + size_of_val(&event.values[..]) + event.label.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 1000;

    #[derive(Default)]
    struct Taken {
        frames: Vec<f32>,
        room: Vec<f32>,
        events: Vec<Event>,
        calls: usize,
        width: usize,
    }

    impl Taken {
        fn all(&self) -> Vec<f32> {
            self.frames.iter().chain(&self.room).copied().collect()
        }
    }

    impl Sink for Taken {
        fn size(&self, _: u32) -> (usize, usize) {
            (self.width, 1)
        }
        fn frames(&mut self, _: u32, _: u32, count: u64) -> &mut [f32] {
            self.frames.append(&mut self.room);
            self.room.resize(self.width * count as usize, 0.0);
            &mut self.room
        }
        fn events(&mut self, _: u32, events: &[u8]) -> bool {
            self.calls += 1;
            self.events.extend(rmp_serde::from_slice::<Vec<Event>>(events).expect("events"));
            true
        }
        fn raise_floor(&mut self, _: u32, _: f32) -> bool {
            false
        }
        fn cancelled(&self) -> bool {
            false
        }
        fn log(&self, _: u32, _: &str) {}
        fn progress(&self, _: f32) {}
    }

    /// A feature at this time in milliseconds, which are samples here.
    fn at(time: impl Into<Option<i32>>, values: &[f32]) -> Feature {
        let timestamp = time.into().map(|time| RealTime::new(0, time * 1_000_000));
        Feature { timestamp, values: values.to_vec(), ..Feature::default() }
    }

    /// What two blocks of 10 samples and the end give.
    fn collect(place: Place, width: usize, features: [Vec<Feature>; 3]) -> Result<Taken, String> {
        let mut collector = Collector::new(0, "x", RATE, place);
        let mut taken = Taken { width, ..Taken::default() };
        let [one, two, rest] = features;
        let run = || {
            collector.block(one, 0, &mut taken)?;
            collector.block(two, 10, &mut taken)?;
            collector.rest(rest, 20, &mut taken)?;
            collector.end(25, &mut taken)
        };
        run().map_err(|error: CallError| error.to_string())?;
        Ok(taken)
    }

    #[track_caller]
    fn frames(place: Place, features: [Vec<Feature>; 3], expect: Result<&[f32], &str>) {
        let found = collect(place, 1, features).map(|taken| taken.all());
        match (found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(format!("{found:?}"), format!("{expect:?}")),
            (Err(found), Err(expect)) => assert!(found.contains(expect), "{found}"),
            (found, expect) => panic!("{found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn a_frame_for_each_block() {
        let place = Place::PerBlock { bins: 1 };
        let nan = f32::NAN;
        frames(place, [vec![at(None, &[1.0])], vec![at(77, &[2.0])], vec![]], Ok(&[1.0, 2.0]));
        frames(
            place,
            [vec![], vec![at(None, &[2.0])], vec![at(None, &[3.0]), at(None, &[4.0])]],
            Ok(&[nan, 2.0, 3.0, 4.0]),
        );
        frames(place, [vec![at(None, &[f32::INFINITY])], vec![], vec![]], Ok(&[nan, nan]));
        frames(place, [vec![at(None, &[1.0]); 2], vec![], vec![]], Err("x has 2 features for one block"));
        frames(place, [vec![at(None, &[1.0, 2.0])], vec![], vec![]], Err("2 values where 1 were said"));
    }

    #[test]
    fn frames_on_a_grid() {
        let nan = f32::NAN;
        #[track_caller]
        fn check(times: &[Option<i32>], expect: Result<&[f32], &str>) {
            let features = times.iter().enumerate().map(|(i, &time)| at(time, &[i as f32])).collect();
            frames(Place::Grid { hop: 10, bins: 1 }, [features, vec![], vec![]], expect);
        }
        // 25 samples have three frames, whatever was found.
        check(&[], Ok(&[nan, nan, nan]));
        check(&[None, None], Ok(&[0.0, 1.0, nan]));
        check(&[Some(0), Some(10), None], Ok(&[0.0, 1.0, 2.0]));
        check(&[Some(14), Some(36), None], Ok(&[nan, 0.0, nan, nan, 1.0, 2.0]));
        check(&[Some(10), Some(14)], Err("repeat a place"));
        check(&[Some(30), Some(10)], Err("fall back"));
        check(&[Some(-10)], Err("before the audio"));
        let far = Feature { timestamp: Some(RealTime::new(i32::MAX, 0)), ..at(None, &[0.0]) };
        frames(
            Place::Grid { hop: 10, bins: 1 },
            [vec![], vec![], vec![far]],
            Err("without a feature in a row"),
        );
    }

    fn events(place: Place, features: [Vec<Feature>; 3]) -> Result<Vec<(i64, Vec<f32>)>, String> {
        let taken = collect(place, 0, features)?;
        Ok(taken.events.into_iter().map(|event| (event.at.0, event.values)).collect())
    }

    #[test]
    fn events_in_order_of_time() {
        let place = |times| Place::Events { bins: Some(1), times };
        let found = events(
            place(Times::Own),
            [vec![], vec![at(9, &[1.0]), at(5, &[2.0])], vec![at(5, &[3.0]), at(-2, &[4.0])]],
        );
        let expect = [(-2, 4.0), (5, 2.0), (5, 3.0), (9, 1.0)].map(|(at, value)| (at, vec![value]));
        assert_eq!(found, Ok(expect.to_vec()));
        let found = events(place(Times::OfBlock), [vec![], vec![at(3, &[1.0]); 2], vec![at(None, &[2.0])]]);
        assert_eq!(found, Ok(vec![(10, vec![1.0]), (10, vec![1.0]), (20, vec![2.0])]));
        let found = events(
            place(Times::Every(2.5)),
            [vec![at(None, &[0.0])], vec![at(None, &[1.0])], vec![at(5, &[2.0])]],
        );
        assert_eq!(found, Ok(vec![(0, vec![0.0]), (3, vec![1.0]), (5, vec![2.0])]));
        let error = events(place(Times::Own), [vec![at(None, &[1.0])], vec![], vec![]]).expect_err("no time");
        assert!(error.contains("without a time"), "{error}");
        let backwards = Feature { duration: Some(RealTime::new(-1, 0)), ..at(0, &[1.0]) };
        assert!(events(place(Times::Own), [vec![backwards], vec![], vec![]]).is_err());
    }

    #[test]
    fn values_that_vary_in_number_become_events_each() {
        let place = Place::Events { bins: None, times: Times::Own };
        let found = events(place, [vec![at(3, &[7.0, 8.0]), at(4, &[])], vec![], vec![]]).expect("events");
        assert_eq!(format!("{found:?}"), "[(3, [0.0, 7.0]), (3, [1.0, 8.0]), (4, [NaN, NaN])]");
    }

    #[test]
    fn labels_and_durations_stay() {
        let feature =
            Feature { duration: Some(RealTime::new(0, 4_000_000)), label: "C".into(), ..at(1, &[]) };
        let place = Place::Events { bins: Some(0), times: Times::Own };
        let taken = collect(place, 0, [vec![feature], vec![], vec![]]).expect("events");
        assert_eq!((taken.events[0].duration.raw(), taken.events[0].label.as_str()), (4, "C"));
    }

    #[test]
    fn many_events_come_in_portions() {
        let place = Place::Events { bins: Some(1), times: Times::Own };
        let many: Vec<_> = (0..40_000).map(|i| at(i % 1000, &[i as f32])).collect();
        let taken = collect(place, 0, [many, vec![], vec![]]).expect("events");
        assert_eq!(taken.events.len(), 40_000);
        assert!((2..10).contains(&taken.calls), "{} calls", taken.calls);
        assert!(taken.events.is_sorted_by_key(|event| event.at));
    }
}
