//! The read path: tracks in real time, and views of them on a musical grid.
//! What is not in the cache is computed first; what is damaged there is a miss.

use std::path::Path;

use agogic_scheduler::with_inputs;
use agogic_schema::{CacheRecord, DescriptorId, FeatureTrack, Profile, Shape, TempoUse, TrackData};
use agogic_store::TrackReader;
use agogic_tempo::TempoMap;
use agogic_timebase::{Beats, Delta, FrameGrid, Range, SampleRate, Samples, Seconds};
use agogic_view::{Columns, Grid, Origin, Reading, Source, TrackView, frames_needed_by, view};

use crate::asset::Identified;
use crate::{AssetInfo, Control, Engine, Error, Event, Request, Tempo};

/// How often a track that is found damaged is computed again before it is
/// given up.
const ATTEMPTS: usize = 3;

/// Where the columns of a view stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Length of a column.
    pub step: Delta<Beats>,
    /// The first position; that of real time 0 where nothing is said.
    pub from: Option<Beats>,
    /// The position after the last; that of the end of the audio where
    /// nothing is said.
    pub to: Option<Beats>,
}

impl Span {
    /// Columns of this length over the whole audio.
    pub fn every(step: Delta<Beats>) -> Self {
        Self { step, from: None, to: None }
    }

    /// Columns of a sixteenth note over the whole audio.
    pub fn sixteenths() -> Self {
        Self::every(Delta(Beats(0.25)))
    }
}

impl Engine {
    /// Rate, channels and length of a file's audio, which is analysed if that
    /// is not known.
    ///
    /// # Errors
    /// When the file cannot be decoded or the cache cannot be written.
    pub fn info(&self, file: &Path, control: &Control) -> Result<AssetInfo, Error> {
        let found = self.identify(file)?;
        if let Some(info) = found.info {
            return Ok(info);
        }
        let nothing = Request::new(Profile::built_in("default")?).only([]);
        Ok(self.run(&found, &nothing, control)?.info)
    }

    /// A track of a file, or the part of it within a range of real time.
    ///
    /// # Errors
    /// When the descriptor is unknown or cannot be computed, the file cannot be
    /// decoded, or the cache cannot be written.
    pub fn track(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        range: Option<Range<Seconds>>,
        control: &Control,
    ) -> Result<FeatureTrack, Error> {
        let whole = Range::new(Seconds(f64::NEG_INFINITY), Seconds(f64::INFINITY));
        let range = range.unwrap_or(whole);
        let (_, track) = self.read(file, id, profile, None, control, |_, reader| part(reader, range))?;
        Ok(track)
    }

    /// A track of a file on a musical grid. Reads only the frames that the
    /// grid needs; computes nothing that is current, whatever the map, unless
    /// the descriptor itself depends on tempo. The columns equal those of [`Self::track_view`] bit for bit, which is the
    /// faster way to many views of one track.
    ///
    /// # Errors
    /// As [`Self::track`], and [`Error::View`] for a grid that cannot be.
    #[allow(clippy::too_many_arguments)]
    pub fn view(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        map: &TempoMap,
        span: &Span,
        reading: impl Into<Reading>,
        control: &Control,
    ) -> Result<Columns, Error> {
        let reading = reading.into();
        let (found, columns) = self.read(file, id, profile, Some(map), control, |info, reader| {
            let from = span.from.unwrap_or_else(|| map.beats(Seconds(0.0)));
            let to = span.to.unwrap_or_else(|| map.beats(length(info)));
            let grid = Grid::every(span.step, from, to)?;
            let record = reader.record().clone();
            let needed = frames_needed_by(&record.header, &record.frames, map, &grid, reading)?;
            let Some(track) = frames(reader, |plane| needed.get(plane).cloned().unwrap_or(0..0))? else {
                return Ok(None);
            };
            let source = Source::from(&track);
            Ok(Some(view(source.with_origin(&origin(&record)), map, &grid, reading)?))
        })?;
        let (descriptor, columns_n) = (id.clone(), columns.beats.len().saturating_sub(1));
        control.tell(Event::Viewed { asset: found.asset, descriptor, columns: columns_n });
        Ok(columns)
    }

    /// A whole track in memory with its pyramid, to be shown on any grid at any
    /// zoom without going back to the cache.
    ///
    /// # Errors
    /// As [`Self::track`], and [`Error::View`] for a track that cannot be
    /// shown.
    pub fn track_view(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        control: &Control,
    ) -> Result<TrackView, Error> {
        let (_, kept) = self.read(file, id, profile, None, control, |_, reader| {
            let origin = origin(reader.record());
            let Some(track) = reader.read_all()? else { return Ok(None) };
            Ok(Some(TrackView::new(track)?.with_origin(origin)))
        })?;
        Ok(kept)
    }

    /// What the cache knows of a track besides its values, as it is: nothing is
    /// computed. `None` where there is no such track.
    ///
    /// # Errors
    /// When the file cannot be read or the cache cannot be asked.
    pub fn record(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
    ) -> Result<Option<CacheRecord>, Error> {
        let reader = self.store.reader(&self.key(self.identify(file)?.asset, profile, id))?;
        Ok(reader.map(|reader| reader.record().clone()))
    }

    /// Makes a track current and reads from it; again, if that finds it
    /// damaged. `map` is for a descriptor that depends on tempo.
    fn read<T>(
        &self,
        file: &Path,
        id: &DescriptorId,
        profile: &Profile,
        map: Option<&TempoMap>,
        control: &Control,
        read: impl Fn(&AssetInfo, &mut TrackReader) -> Result<Option<T>, Error>,
    ) -> Result<(Identified, T), Error> {
        self.descriptor(id)?;
        let found = self.identify(file)?;
        let mut request = Request::new(profile.clone()).only([id.clone()]);
        request.tempo = map.filter(|_| self.knows_tempo(id)).cloned().map(Tempo::from);
        let key = self.key(found.asset, profile, id);
        for _ in 0..ATTEMPTS {
            let analysis = self.run(&found, &request, control)?;
            if let Some((descriptor, reason)) = analysis.failed.into_iter().find(|(failed, _)| failed == id) {
                return Err(Error::Failed { file: file.into(), descriptor, reason });
            }
            if let Some(mut reader) = self.store.reader(&key)?.map(TrackReader::through_memory)
                && let Some(value) = read(&analysis.info, &mut reader)?
            {
                return Ok((found, value));
            }
        }
        Err(Error::Unreadable { file: file.into(), descriptor: id.clone() })
    }

    /// Whether a descriptor, or anything that it is made of, has to do with
    /// tempo.
    fn knows_tempo(&self, id: &DescriptorId) -> bool {
        let registry = self.registry_for(std::slice::from_ref(id));
        let spec = |id: &DescriptorId| registry.descriptor(id).map(|(calculator, _)| &calculator.spec);
        let all = with_inputs([id], |id| spec(id).map_or(&[], |spec| spec.input.inputs()));
        all.into_iter().filter_map(spec).any(|spec| spec.tempo != TempoUse::None)
    }
}

/// Where a track came from, for its columns.
fn origin(record: &CacheRecord) -> Origin {
    Origin { profile: record.key.profile.clone(), revision: record.provenance.revision }
}

/// The length of an asset in real time.
fn length(info: &AssetInfo) -> Seconds {
    match SampleRate::new(info.sample_rate) {
        Ok(rate) => rate.seconds(Samples(i64::try_from(info.samples).unwrap_or(i64::MAX))),
        Err(_) => Seconds(0.0),
    }
}

/// The part of a track within a range of real time: frames by their centres,
/// events by their beginnings.
fn part(reader: &mut TrackReader, range: Range<Seconds>) -> Result<Option<FeatureTrack>, Error> {
    let record = reader.record().clone();
    let header = &record.header;
    let grids: Vec<FrameGrid> =
        (0..header.planes.len()).map(|plane| header.grid(plane)).collect::<Result<_, _>>()?;
    let Some(mut track) =
        frames(reader, |plane| grids.get(plane).map_or(0..0, |grid| frames_within(grid, range)))?
    else {
        return Ok(None);
    };
    if let TrackData::Events(events) = &mut track.data {
        let rate = SampleRate::new(header.rate).ok();
        events.retain(|event| rate.is_some_and(|rate| range.contains(rate.seconds(event.at))));
    }
    Ok(Some(track))
}

/// The frames whose centres lie within a range of real time.
fn frames_within(grid: &FrameGrid, range: Range<Seconds>) -> std::ops::Range<u64> {
    // Casts saturate; the neighbours are compared exactly.
    let first = |at: Seconds| {
        let guess = grid.index(at).ceil();
        let mut frame = (guess as u64).saturating_sub(1);
        while frame < guess as u64 + 1 && grid.seconds(frame) < at {
            frame += 1;
        }
        frame
    };
    if range.is_empty() {
        return 0..0;
    }
    let end = if range.end.0 == f64::INFINITY { u64::MAX } else { first(range.end) };
    first(range.start).min(end)..end
}

/// These frames of each plane, or all events.
fn frames(
    reader: &mut TrackReader,
    needed: impl Fn(usize) -> std::ops::Range<u64>,
) -> Result<Option<FeatureTrack>, Error> {
    let header = reader.record().header.clone();
    let data = match header.shape {
        Shape::Events => reader.events()?.map(TrackData::Events),
        Shape::Dense => reader.frames(0, needed(0))?.map(TrackData::Dense),
        Shape::Peaks => {
            let planes = 0..header.planes.len();
            let planes: Option<Vec<_>> =
                planes.map(|plane| reader.frames(plane, needed(plane))).collect::<Result<_, _>>()?;
            planes.map(TrackData::Peaks)
        }
    };
    Ok(data.map(|data| FeatureTrack { header, data }))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn ranges_take_frames_by_their_centres() {
        let grid = FrameGrid {
            rate: SampleRate::new(1000).unwrap(),
            start: Samples(5),
            hop: NonZeroU32::new(10).unwrap(),
        };
        for (from, to, expect) in [
            (0.0, 0.005, 0..0),
            (0.0, 0.006, 0..1),
            (0.005, 0.015, 0..1),
            (0.0051, 0.0351, 1..4),
            (f64::NEG_INFINITY, f64::INFINITY, 0..u64::MAX),
            (-5.0, -1.0, 0..0),
            (2.0, 1.0, 0..0),
            (0.025, f64::INFINITY, 2..u64::MAX),
        ] {
            let given = frames_within(&grid, Range::new(Seconds(from), Seconds(to)));
            assert_eq!(given, expect, "{from} to {to}");
        }
    }
}
