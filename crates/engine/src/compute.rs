//! A descriptor of a file without the cache: one pass over the audio, and the
//! track in memory. For what is exported once, where the identity of the audio
//! and the keeping of the track take longer than the computation.

use std::path::Path;

use agogic_decode::AudioFile;
use agogic_host::{CallError, Prepared, ReceiveError, Receiver, Session, Source, Task};
use agogic_schema::{DescriptorId, Event, FeatureTrack, Plane, Profile, Shape, TrackData, TrackHeader};
use agogic_timebase::{Samples, Seconds};

use crate::job::{contained, pump};
use crate::vamp::known_to;
use crate::{AssetInfo, Control, Engine, Error};

impl Engine {
    /// Computes a descriptor of a file and keeps nothing: the cache is neither
    /// asked nor written. The whole track is in memory.
    ///
    /// # Errors
    /// [`Error::UnknownDescriptor`], [`Error::Failed`] where the calculator
    /// fails, and [`Error::Host`] where it is not made of audio alone, or has to
    /// do with tempo; when the file cannot be decoded to its end.
    pub fn compute(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        control: &Control,
    ) -> Result<(FeatureTrack, AssetInfo), Error> {
        contained(file, || self.pass(file, id, profile, control))
    }

    fn pass(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        control: &Control,
    ) -> Result<(FeatureTrack, AssetInfo), Error> {
        let registry = self.registry_for(std::slice::from_ref(id));
        let unknown = || Error::UnknownDescriptor { id: id.clone(), known: known_to(id, &registry) };
        let (calculator, _) = registry.descriptor(id).ok_or_else(unknown)?;
        let blocks = AudioFile::open(file)?.without_identity().blocks();
        let stream = blocks.info().clone();
        let source = Source { rate: stream.rate, channels: stream.names.clone() };
        let length = |n| stream.rate.seconds(Samples(i64::try_from(n).unwrap_or(i64::MAX)));
        let end: Option<Seconds> = stream.samples.map(length);
        let prepared = Prepared::new(calculator, profile, &source)?;
        let mut receivers = vec![];
        for header in &prepared.headers {
            let asked = header.descriptor == *id;
            let fit = || prepared.fit(header, Memory::new(header)?, end, control).map_err(Error::from);
            receivers.push(asked.then(fit).transpose()?);
        }
        let mut session = Session::new(&source, vec![Task { prepared, receivers }], vec![], control);
        let samples = self.on_pool(|| pump(file, blocks, &mut session, control))?.0;
        let outcomes = self.on_pool(|| session.finish());
        let failed = |reason: String| Error::Failed { file: file.into(), descriptor: id.clone(), reason };
        let result = outcomes.into_iter().next().map(|outcome| outcome.result);
        let track = match result {
            Some(Ok(given)) => given.into_iter().flatten().next(),
            Some(Err(CallError::Cancelled)) => return Err(Error::Cancelled),
            Some(Err(error)) => return Err(failed(error.to_string())),
            None => None,
        };
        let track = track.ok_or_else(|| failed("it gave nothing".into()))?.into_inner().0;
        let info = AssetInfo {
            sample_rate: stream.rate.hz(),
            channels: stream.channels,
            samples,
            codec: stream.codec.to_owned(),
        };
        Ok((track, info))
    }
}

/// Keeps a track's pieces in memory.
struct Memory(FeatureTrack);

impl Memory {
    fn new(header: &TrackHeader) -> Result<Self, Error> {
        let planes =
            (0..header.planes.len()).map(|plane| Ok(Plane { grid: header.grid(plane)?, data: vec![] }));
        let mut planes = planes.collect::<Result<Vec<_>, Error>>()?;
        let data = match header.shape {
            Shape::Dense if planes.len() == 1 => TrackData::Dense(planes.remove(0)),
            Shape::Dense | Shape::Peaks => TrackData::Peaks(planes),
            Shape::Events => TrackData::Events(vec![]),
        };
        Ok(Self(FeatureTrack { header: header.clone(), data }))
    }

    fn planes(&mut self) -> &mut [Plane] {
        match &mut self.0.data {
            TrackData::Dense(plane) => std::slice::from_mut(plane),
            TrackData::Peaks(planes) => planes,
            TrackData::Events(_) => &mut [],
        }
    }
}

impl Receiver for Memory {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        let plane = self.planes().get_mut(plane).ok_or("there is no such plane")?;
        plane.data.extend_from_slice(values);
        Ok(())
    }

    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        if let TrackData::Events(list) = &mut self.0.data {
            list.extend_from_slice(events);
        }
        Ok(())
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        for value in self.planes().iter_mut().flat_map(|plane| &mut plane.data) {
            *value = if *value < floor { floor } else { *value };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventLog, Request};
    use std::sync::Arc;

    #[test]
    fn the_same_as_through_the_cache_and_nothing_is_kept() {
        let song = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/media/slow-turn.ogg");
        let cache = tempfile::tempdir().unwrap();
        let engine = Engine::open(cache.path()).unwrap();
        let profile = Profile::built_in("librosa").unwrap();
        let log = Arc::new(EventLog::default());
        let control = Control::new(log.clone());
        // Peaks, frames whose floor is raised, events.
        for id in ["agogic.peaks", "agogic.mel", "agogic.transients.times"] {
            let id = DescriptorId::new(id).unwrap();
            let (track, info) = engine.compute(song.as_ref(), &id, &profile, &control).unwrap();
            let told = log.take();
            assert!(told.iter().all(|event| matches!(event, crate::Event::Progress { .. })), "{told:?}");
            assert!(engine.record(song.as_ref(), &id, &profile).unwrap().is_none());
            let kept = engine.track(song.as_ref(), &id, &profile, None, &control).unwrap();
            assert!(track == kept, "{id}");
            assert_eq!(info, engine.info(song.as_ref(), &control).unwrap());
            log.take();
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let cache = tempfile::tempdir().unwrap();
        let engine = Engine::open(cache.path()).unwrap();
        let request = Request::new(Profile::built_in("default").unwrap());
        let error = |file: &str, id: &str| {
            let id = DescriptorId::new(id).unwrap();
            engine.compute(file.as_ref(), &id, &request.profile, &Control::default()).unwrap_err()
        };
        assert!(matches!(error("no-such-file", "agogic.nothing"), Error::UnknownDescriptor { .. }));
        assert!(matches!(error("no-such-file", "agogic.peaks"), Error::Decode(_)));
    }
}
