//! What is made of other descriptors: their tracks are read from the cache,
//! piece by piece, and never held whole.

use std::ops::Range;

use agogic_host::{Derivation, Derived, LoadedCalculator, ReceiveError, TrackSource, derive};
use agogic_schema::{ContentHash, DescriptorId, Event as TrackEvent, TrackHeader};
use agogic_store::{AssetInfo, TrackReader};
use agogic_timebase::{SampleRate, Samples, Seconds};

use super::audio::names;
use super::publish::{Damaged, each_output};
use super::{Done, Inputs, Job, Ready};
use crate::{Error, Event};

impl Job<'_> {
    /// Computes these descriptors, whose inputs are all in the cache.
    pub(super) fn compute_from_tracks(
        &self,
        ready: &[Ready<'_>],
        info: Option<&AssetInfo>,
    ) -> Result<Done, Error> {
        let (mut done, mut tasks) = (Done::default(), vec![]);
        let end = info.and_then(length);
        for calculator in self.registry.calculators() {
            let Some(outputs) = self.outputs(calculator, ready) else { continue };
            let Some(first) = outputs.iter().flatten().next() else { continue };
            let Some(tracks) = self.open(calculator, first)? else {
                done.again = true;
                continue;
            };
            let headers: Vec<_> = tracks.iter().map(|track| track.header().clone()).collect();
            let made = Derivation::new(calculator, &self.request.profile, &headers, self.tempo());
            let made = made.map_err(Error::from).and_then(|derivation| {
                let fit = |header: &_, to| derivation.fit(header, to, end, self.control);
                let receivers = self.receivers(calculator, &derivation.headers, &outputs, fit)?;
                let inputs = tracks.into_iter().map(|track| Box::new(track) as Box<dyn TrackSource>);
                Ok(Derived { derivation, inputs: inputs.collect(), receivers })
            });
            match made {
                Ok(task) => tasks.push(task),
                Err(error @ (Error::Host(_) | Error::Schema(_))) => {
                    done.failed.extend(each_output(calculator, ready, &error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        self.control.tell(Event::Started {
            file: self.found.file.clone(),
            asset: self.found.asset,
            samples: info.map(|info| info.samples),
            descriptors: names(ready),
        });
        let outcomes = self.engine.on_pool(|| derive(tasks, self.control));
        self.publish(outcomes, ready, &mut done)?;
        Ok(done)
    }

    /// The tracks that a calculator is made of, if they are still there and
    /// have the content that was told of them.
    fn open(&self, calculator: &LoadedCalculator, ready: &Ready<'_>) -> Result<Option<Vec<Track>>, Error> {
        let mut tracks = vec![];
        let Inputs::Known(inputs) = &ready.inputs else { return Ok(None) };
        for id in calculator.spec.input.inputs() {
            let expect = inputs.get(id);
            match self.track(id)?.filter(|track| expect == Some(&track.content())) {
                Some(track) => tracks.push(track),
                None => return Ok(None),
            }
        }
        Ok(Some(tracks))
    }

    fn track(&self, id: &DescriptorId) -> Result<Option<Track>, Error> {
        let key = self.engine.key(self.found.asset, &self.request.profile, id);
        Ok(self.engine.store.reader(&key)?.map(Track))
    }
}

/// A track in the cache.
struct Track(TrackReader);

impl Track {
    fn content(&self) -> ContentHash {
        self.0.record().content
    }

    fn whole<T>(&self, found: Option<T>) -> Result<T, ReceiveError> {
        found.ok_or_else(|| Damaged(self.header().descriptor.clone()).into())
    }
}

impl TrackSource for Track {
    fn header(&self) -> &TrackHeader {
        &self.0.record().header
    }

    fn count(&self, plane: usize) -> u64 {
        self.0.record().frames.get(plane).copied().unwrap_or(0)
    }

    fn frames(&mut self, plane: usize, range: Range<u64>) -> Result<Vec<f32>, ReceiveError> {
        let found = self.0.frames(plane, range)?;
        Ok(self.whole(found)?.data)
    }

    fn events(&mut self, first: u64) -> Result<Vec<TrackEvent>, ReceiveError> {
        let found = self.0.events_from(first)?;
        self.whole(found)
    }
}

/// The length of an asset in real time.
fn length(info: &AssetInfo) -> Option<Seconds> {
    let rate = SampleRate::new(info.sample_rate).ok()?;
    Some(rate.seconds(Samples(i64::try_from(info.samples).ok()?)))
}
