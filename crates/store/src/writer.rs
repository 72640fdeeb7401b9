//! Putting a track in: values stream into a temporary file in bounded memory.
//! How the file becomes visible is in `publish`.

use std::collections::BTreeMap;
use std::io;

use agogic_schema::{
    CacheKey, CacheRecord, ContentHash, DescriptorId, Event, MaxError, Notes, Provenance, RECORD_VERSION,
    Shape, TrackHeader,
};

use crate::codec::{self, Encoder, Packed, raise};
use crate::content::{self, Part};
use crate::format::{
    self, CHUNK_TARGET, Chunk, EVENTS, FORMAT_VERSION, HEADER_LEN, MAX_CHUNK, PACKED, RAW_F32, to_bytes,
};
use crate::publish::{self, Sealed};
use crate::temp::TempFile;
use crate::{Store, StoreError, compact};

/// A track being written. Dropping it instead of publishing it leaves nothing
/// behind.
///
/// Memory: up to 32 kB per plane, or one frame where that is longer, seven
/// times as much to pack a chunk in, and 48 bytes per chunk written.
#[derive(Debug)]
pub struct TrackWriter {
    store: Store,
    temp: TempFile,
    key: CacheKey,
    provenance: Provenance,
    header: TrackHeader,
    notes: Notes,
    max_error: MaxError,
    packing: bool,
    /// Taken out while it is in use.
    encoder: Option<Encoder>,
    seed: u64,
    /// Values of a full chunk.
    capacity: usize,
    planes: Vec<PlaneWriter>,
    events: Vec<Event>,
    events_bytes: usize,
    last_event: i64,
    chunks: Vec<Chunk>,
    /// Where the next chunk goes.
    at: u64,
    floor: f32,
    state: State,
}

/// A plane's values that are not yet written, and the hash of those that are.
#[derive(Debug, Default)]
struct PlaneWriter {
    buffer: Vec<f32>,
    part: Part,
    /// A value was changed after it was hashed.
    changed: bool,
}

#[derive(Debug)]
enum State {
    Open,
    /// All is written, including the footer with this hash.
    Sealed(Box<CacheRecord>, [u8; 32]),
    /// A write failed, so that the file lacks values.
    Failed,
}

impl TrackWriter {
    pub(crate) fn new(
        store: Store,
        key: CacheKey,
        provenance: Provenance,
        header: TrackHeader,
    ) -> Result<Self, StoreError> {
        format::check_header(&key, &header).map_err(|rule| StoreError::track(&key, rule))?;
        let width = header.width().max(1);
        let planes = if header.shape == Shape::Events { 1 } else { header.planes.len() };
        let temp = TempFile::create(&store.inner.layout)?;
        let packing = store.inner.limits.get().packing;
        let mut writer = Self {
            seed: format::seed(&key),
            capacity: (CHUNK_TARGET / 4 / width).max(1) * width,
            planes: (0..planes).map(|_| PlaneWriter::default()).collect(),
            events: Vec::new(),
            events_bytes: 0,
            last_event: i64::MIN,
            chunks: Vec::new(),
            at: HEADER_LEN,
            floor: f32::NEG_INFINITY,
            state: State::Open,
            store,
            temp,
            key,
            provenance,
            header,
            notes: Notes::default(),
            max_error: MaxError::LOSSLESS,
            packing,
            encoder: None,
        };
        writer.write_at(0, &format::header(FORMAT_VERSION))?;
        Ok(writer)
    }

    /// With values that may lie so far from those that were computed, in
    /// little room. To be said before the first value; lossless where nothing
    /// is said. What it means depends on the unit of the header: see
    /// [`MaxError::tolerance`].
    ///
    /// The bound holds for every value: each chunk is read again before it is
    /// written, and kept exactly where that fails. NaN stays NaN, infinity
    /// stays infinity; of zero an absolute error takes the sign. Readers,
    /// least and greatest value and the content hash know the kept values
    /// only. Events are always exact.
    #[must_use]
    pub fn max_error(mut self, bound: MaxError) -> Self {
        self.max_error = if self.header.shape == Shape::Events { MaxError::LOSSLESS } else { bound };
        self.encoder = None;
        self
    }

    /// Whether values that keep every bit are packed, which saves a fifth or
    /// so; as the folder's limits say where nothing is said here.
    /// Without it they stand in the file as they are in memory. To be said before the first value.
    #[must_use]
    pub fn packing(mut self, packing: bool) -> Self {
        self.packing = packing;
        self.encoder = None;
        self
    }

    /// With something to tell of the track beside its values.
    #[must_use]
    pub fn with_notes(mut self, notes: Notes) -> Self {
        self.notes = notes;
        self
    }

    /// Says what the track was made of, where it becomes known only while it is
    /// written.
    ///
    /// # Errors
    /// [`StoreError::Track`] once the track is finished.
    pub fn set_inputs(&mut self, inputs: BTreeMap<DescriptorId, ContentHash>) -> Result<(), StoreError> {
        self.check_open()?;
        self.provenance.inputs = inputs;
        Ok(())
    }

    /// The key that the track will be found by.
    pub fn key(&self) -> &CacheKey {
        &self.key
    }

    /// Adds whole frames to a plane: `values[(frame * channels + channel) *
    /// bins + bin]`. Planes may take turns.
    ///
    /// # Errors
    /// [`StoreError::Track`] for values that are no whole frames or a plane
    /// that is not there, [`StoreError::Full`] or [`StoreError::Io`] where
    /// they cannot be written.
    pub fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), StoreError> {
        self.check_open()?;
        let width = self.header.width();
        if self.header.shape == Shape::Events {
            return Err(self.wrong("frames given to a track of events"));
        }
        if plane >= self.planes.len() {
            return Err(self.wrong(format!("there is no plane {plane}")));
        }
        if !values.len().is_multiple_of(width) {
            return Err(
                self.wrong(format!("{} values are no whole number of frames of {width}", values.len()))
            );
        }
        let mut rest = values;
        while !rest.is_empty() {
            let buffer = &mut self.planes[plane].buffer;
            let (now, later) = rest.split_at(rest.len().min(self.capacity - buffer.len()));
            let start = buffer.len();
            buffer.extend_from_slice(now);
            raise(&mut buffer[start..], self.floor);
            if buffer.len() == self.capacity {
                self.flush_frames(plane)?;
            }
            rest = later;
        }
        Ok(())
    }

    /// Adds events, in order of time.
    ///
    /// # Errors
    /// [`StoreError::Track`] for an event out of order, with more or fewer
    /// values than bins, or longer than 16 MiB; [`StoreError::Full`] or
    /// [`StoreError::Io`] where they cannot be written.
    pub fn events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.check_open()?;
        if self.header.shape != Shape::Events {
            return Err(self.wrong("events given to a track of frames"));
        }
        for event in events {
            if event.values.len() != self.header.bins as usize {
                return Err(self.wrong("an event with more or fewer values than bins"));
            }
            if event.at.0 < self.last_event {
                return Err(self.wrong("events out of order"));
            }
            // The most that MessagePack needs: two integers of 9 bytes, values
            // of 5, and the lengths of label, values and event.
            let bytes = 18 + 5 * event.values.len() + event.label.len() + 16;
            if bytes > MAX_CHUNK - 8 {
                return Err(self.wrong(format!("an event longer than {MAX_CHUNK} bytes")));
            }
            if self.events_bytes + bytes > CHUNK_TARGET {
                self.flush_events()?;
            }
            self.last_event = event.at.0;
            self.events_bytes += bytes;
            self.events.push(event.clone());
        }
        Ok(())
    }

    /// Raises every value of the track below `floor` to `floor`, those to come
    /// included; NaN stays. For decibels cut off below the loudest value,
    /// which is known only at the end. Only chunks with a lower value are
    /// written again.
    ///
    /// # Errors
    /// [`StoreError::Track`] for a track of events, [`StoreError::Full`] or
    /// [`StoreError::Io`] where the values cannot be written.
    pub fn raise_floor(&mut self, floor: f32) -> Result<(), StoreError> {
        self.check_open()?;
        if self.header.shape == Shape::Events {
            return Err(self.wrong("events have no floor"));
        }
        if floor.is_nan() || floor <= self.floor {
            return Ok(());
        }
        self.floor = floor;
        for plane in &mut self.planes {
            raise(&mut plane.buffer, floor);
        }
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        for number in 0..self.chunks.len() {
            let chunk = self.chunks[number];
            if chunk.min >= floor {
                continue;
            }
            self.read_back(number, &mut bytes, &mut values)?;
            raise(&mut values, floor);
            if chunk.encoding == PACKED {
                codec::set_floor(&mut bytes, floor);
            } else {
                bytes.clear();
                bytes.extend_from_slice(&to_bytes(&values));
            }
            self.write_at(chunk.offset, &bytes)?;
            let (min, max) = format::bounds(&values);
            let checksum = format::checksum(&bytes, self.seed, number);
            self.chunks[number] = Chunk { checksum, min, max, ..chunk };
            self.planes[chunk.plane as usize].changed = true;
        }
        Ok(())
    }

    /// Ends the track without publishing it, and says what its content is, for
    /// tracks that are computed from it. No value can be added afterwards.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`] where what is left cannot be
    /// written.
    pub fn finish(&mut self) -> Result<ContentHash, StoreError> {
        self.seal().map(|(record, _)| record.content)
    }

    /// Makes the track durable and visible, in place of any other of its key.
    /// Many are better published together, by [`Store::publish_all`].
    ///
    /// # Errors
    /// As [`Store::publish_all`].
    pub fn publish(self) -> Result<CacheRecord, StoreError> {
        let store = self.store.clone();
        let mut records = publish::publish_all(&store, vec![self.into_sealed()?])?;
        store.renew_some();
        Ok(records.remove(0))
    }

    /// The track as a whole, ready to be published.
    pub(crate) fn into_sealed(mut self) -> Result<Sealed, StoreError> {
        let (record, footer) = self.seal()?;
        let (record, temp) = (record.clone(), self.temp);
        Ok(Sealed { temp, record, footer })
    }

    /// Writes what is left, once; the record, and the hash of the footer.
    fn seal(&mut self) -> Result<(&CacheRecord, [u8; 32]), StoreError> {
        if !matches!(self.state, State::Sealed(..)) {
            self.check_open()?;
            let (record, footer) = self.write_footer()?;
            self.state = State::Sealed(Box::new(record), footer);
        }
        match &self.state {
            State::Sealed(record, footer) => Ok((record, *footer)),
            State::Open | State::Failed => Err(self.wrong("it was not written whole")),
        }
    }

    fn write_footer(&mut self) -> Result<(CacheRecord, [u8; 32]), StoreError> {
        self.flush_events()?;
        for plane in 0..self.planes.len() {
            self.flush_frames(plane)?;
        }
        for plane in 0..self.planes.len() {
            if self.planes[plane].changed {
                self.planes[plane].part = self.hash_again(plane)?;
                self.planes[plane].changed = false;
            }
        }
        let parts: Vec<Part> = self.planes.iter().map(|plane| plane.part.clone()).collect();
        let record = CacheRecord {
            version: RECORD_VERSION,
            key: self.key.clone(),
            provenance: self.provenance.clone(),
            header: self.header.clone(),
            frames: parts.iter().map(Part::count).collect(),
            content: content::finish(&self.header, &parts),
            max_error: self.max_error,
            notes: self.notes.clone(),
        };
        let bytes = compact::to_bytes(&record)
            .map_err(|cause| self.wrong(format!("its record cannot be written: {cause}")))?;
        let footer = format::footer(&bytes, &self.chunks);
        let (footer, hash) = footer.ok_or_else(|| self.wrong("it has too many chunks"))?;
        self.write_at(self.at, &footer)?;
        self.temp.wait().map_err(|cause| self.failed("write", cause))?;
        Ok((record, hash))
    }

    /// The hash of a plane's values as they stand in the file.
    fn hash_again(&mut self, plane: usize) -> Result<Part, StoreError> {
        let mut part = Part::default();
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        for number in 0..self.chunks.len() {
            let chunk = self.chunks[number];
            if chunk.plane as usize == plane {
                self.read_back(number, &mut bytes, &mut values)?;
                part.bytes(&to_bytes(&values), u64::from(chunk.frames));
            }
        }
        Ok(part)
    }

    fn flush_frames(&mut self, plane: usize) -> Result<(), StoreError> {
        let values = std::mem::take(&mut self.planes[plane].buffer);
        if values.is_empty() {
            return Ok(());
        }
        let width = self.header.width();
        let frames = (values.len() / width) as u32;
        let mut encoder = self.encoder.take().unwrap_or_else(|| {
            Encoder::new(self.max_error.tolerance(&self.header.unit), self.packing, width)
        });
        let first = self.planes[plane].part.count();
        let packed = encoder.encode(&values, self.floor);
        // Everything else is said of the values that a reader will get.
        let kept = packed.map_or(&values[..], |packed| packed.values);
        let bytes = to_bytes(kept);
        self.planes[plane].part.bytes(&bytes, u64::from(frames));
        let (encoding, bytes) = match packed {
            Some(Packed { bytes, .. }) => (PACKED, bytes),
            None => (RAW_F32, &*bytes),
        };
        self.add_chunk(plane as u32, encoding, first, frames, bytes, format::bounds(kept))?;
        self.encoder = Some(encoder);
        // The memory serves the next chunk.
        self.planes[plane].buffer = values;
        self.planes[plane].buffer.clear();
        Ok(())
    }

    fn flush_events(&mut self) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        self.events_bytes = 0;
        if events.is_empty() {
            return Ok(());
        }
        let bytes = rmp_serde::to_vec(&events)
            .map_err(|cause| self.wrong(format!("its events cannot be written: {cause}")))?;
        let first = self.planes[0].part.count();
        self.planes[0].part.events(&events);
        // Counted in events of 34 bytes or more: far below 2^32.
        self.add_chunk(0, EVENTS, first, events.len() as u32, &bytes, (0.0, 0.0))
    }

    fn add_chunk(
        &mut self,
        plane: u32,
        encoding: u32,
        first: u64,
        frames: u32,
        bytes: &[u8],
        (min, max): (f32, f32),
    ) -> Result<(), StoreError> {
        let checksum = format::checksum(bytes, self.seed, self.chunks.len());
        let length = bytes.len() as u32;
        self.write_at(self.at, bytes)?;
        let offset = self.at;
        self.chunks.push(Chunk { plane, encoding, first, offset, frames, length, checksum, min, max });
        self.at += u64::from(length);
        Ok(())
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.temp.write_at(at, bytes).map_err(|cause| self.failed("write", cause))
    }

    fn failed(&mut self, what: &'static str, cause: io::Error) -> StoreError {
        self.state = State::Failed;
        StoreError::io(what, self.temp.path(), cause)
    }

    /// The bytes and values of a chunk of frames already written.
    fn read_back(
        &mut self,
        number: usize,
        bytes: &mut Vec<u8>,
        values: &mut Vec<f32>,
    ) -> Result<(), StoreError> {
        let chunk = self.chunks[number];
        let width = self.header.width();
        bytes.resize(chunk.length as usize, 0);
        values.resize(chunk.frames as usize * width, 0.0);
        let mut read = self.temp.read_at(chunk.offset, bytes);
        if read.is_ok()
            && (format::checksum(bytes, self.seed, number) != chunk.checksum
                || format::values(chunk.encoding, bytes, width, values.len(), values).is_err())
        {
            read = Err(io::Error::new(io::ErrorKind::InvalidData, "it holds other bytes than were written"));
        }
        read.map_err(|cause| self.failed("read back", cause))
    }

    fn check_open(&self) -> Result<(), StoreError> {
        match self.state {
            State::Open => Ok(()),
            State::Sealed(..) => Err(self.wrong("it is finished already")),
            State::Failed => Err(self.wrong("an earlier write of it failed")),
        }
    }

    fn wrong(&self, rule: impl Into<String>) -> StoreError {
        StoreError::track(&self.key, rule)
    }
}
