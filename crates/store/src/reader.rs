//! Taking values out of one track, chunk by chunk. No lock is taken and
//! nothing is written, unless damage is met.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use agogic_schema::{CacheRecord, Event, FeatureTrack, Plane, Shape, TrackData};

use crate::file::{ChunkFile, Fault};
use crate::format::{self, RAW_F32};
use crate::memory::Loaded;
use crate::room::{Part, Room};
use crate::{Store, StoreError};

/// Kinds that the memory tier counts apart: parts of tracks that somebody
/// wanted, and chunks that were put there beforehand.
const PARTS: &str = "parts";
const WARMED: &str = "warmed";
/// Chunks that are worth a thread of their own: more than a millisecond's work
/// is divided.
const PER_THREAD: usize = 48;
/// Threads at most: what they wait for is mostly memory.
const THREADS: usize = 4;

/// An open track. It keeps reading the track it was opened on, also when
/// another is published under the same key meanwhile.
#[derive(Debug)]
pub struct TrackReader {
    store: Store,
    path: PathBuf,
    file: ChunkFile,
    /// First values of the chunk read last, and its number: the next range
    /// often begins where the one before ended.
    scratch: Vec<f32>,
    loaded: Option<usize>,
    /// Plane and frame where the range read last ended.
    next: (usize, u64),
    bytes: Vec<u8>,
    /// Whether chunks of which a part is wanted are kept in memory.
    kept: bool,
}

impl TrackReader {
    pub(crate) fn new(store: Store, path: PathBuf, file: ChunkFile) -> Self {
        Self {
            store,
            path,
            file,
            scratch: Vec::new(),
            loaded: None,
            next: (0, 0),
            bytes: Vec::new(),
            kept: false,
        }
    }

    /// Reads parts through the memory tier: the chunk that holds one stays
    /// decoded in memory, for all who ask for parts of it again. For views that
    /// are drawn again and again; who reads a track once is better off without.
    #[must_use]
    pub fn through_memory(mut self) -> Self {
        self.kept = true;
        self
    }

    /// Puts the chunks of a track into the memory tier, as far as they have
    /// room there; the number of chunks that are in it now. `go_on` is asked
    /// before each. `None` where a chunk is damaged: that is counted and the
    /// file quarantined.
    ///
    /// # Errors
    /// [`StoreError::Io`] where damage cannot be seen to.
    pub fn warm(&mut self, mut go_on: impl FnMut() -> bool) -> Result<Option<usize>, StoreError> {
        let mut chunks = 0;
        if self.file.record.header.shape == Shape::Events {
            return Ok(Some(chunks));
        }
        let memory = &self.store.inner.memory;
        for number in 0..self.file.chunks.len() {
            let bytes = 4 * self.file.count(number) as u64;
            if memory.stats().bytes + bytes > memory.limits().bytes || !go_on() {
                break;
            }
            match self.in_memory(number, WARMED) {
                Ok(_) => chunks += 1,
                Err(fault) => return self.faulty(fault),
            }
        }
        Ok(Some(chunks))
    }

    /// A decoded chunk, from the memory tier or into it.
    fn in_memory(&self, number: usize, kind: &'static str) -> Result<Arc<[f32]>, Fault> {
        let load = || {
            // Bounded when the table was checked.
            let mut values = vec![0.0; self.file.count(number)];
            self.file.values(number, &mut Vec::new(), &mut values)?;
            let bytes = size_of_val(&values[..]) as u64;
            Ok(Some(Loaded { value: values.into(), bytes }))
        };
        let key = (self.file.footer, number as u32);
        let found = self.store.inner.memory.get_or_load(kind, &key, load)?;
        found.ok_or_else(|| Fault::Busy(io::ErrorKind::Other.into()))
    }

    /// What is known of the track; also the bound that its values keep to.
    pub fn record(&self) -> &CacheRecord {
        &self.file.record
    }

    /// Format version of the file; at most [`crate::FORMAT_VERSION`].
    pub fn format_version(&self) -> u32 {
        self.file.version
    }

    /// Frames of a plane; only the chunks that hold them are read. The range
    /// is cut to the frames that exist, and the grid of the returned plane
    /// starts at its first frame. `None` where a chunk is damaged: that is
    /// counted and the file quarantined.
    ///
    /// # Errors
    /// [`StoreError::Track`] for a plane that the track does not have.
    pub fn frames(&mut self, plane: usize, range: Range<u64>) -> Result<Option<Plane>, StoreError> {
        let record = &self.file.record;
        let wrong = |rule: String| StoreError::track(&record.key, rule);
        if record.header.shape == Shape::Events {
            return Err(wrong("events have no frames".into()));
        }
        let mut grid = record.header.grid(plane).map_err(|_| wrong(format!("there is no plane {plane}")))?;
        let end = range.end.min(record.frames.get(plane).copied().unwrap_or(0));
        let start = range.start.min(end);
        grid.start = grid.centre(start);
        match self.collect(plane, start..end) {
            Ok(data) => Ok(Some(Plane { grid, data })),
            Err(fault) => self.faulty(fault),
        }
    }

    /// All events. `None` where a chunk is damaged: that is counted and the
    /// file quarantined.
    ///
    /// # Errors
    /// [`StoreError::Track`] for a track of another shape.
    pub fn events(&mut self) -> Result<Option<Vec<Event>>, StoreError> {
        if self.file.record.header.shape != Shape::Events {
            return Err(StoreError::track(&self.file.record.key, "it has frames, not events"));
        }
        let mut events = Vec::new();
        for number in 0..self.file.chunks.len() {
            match self.file.events(number) {
                Ok(more) => events.extend(more),
                Err(fault) => return self.faulty(fault),
            }
        }
        Ok(Some(events))
    }

    /// The events of one chunk, from number `first` on; none after the last.
    /// For tracks that are read piece by piece. `None` where the chunk is
    /// damaged: that is counted and the file quarantined.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn events_from(&mut self, first: u64) -> Result<Option<Vec<Event>>, StoreError> {
        if self.file.record.header.shape != Shape::Events {
            return Err(StoreError::track(&self.file.record.key, "it has frames, not events"));
        }
        let number = self.file.chunks.partition_point(|chunk| chunk.first + u64::from(chunk.frames) <= first);
        let Some(chunk) = self.file.chunks.get(number).copied() else { return Ok(Some(vec![])) };
        match self.file.events(number) {
            // It lies within the chunk, whose length was checked.
            Ok(mut events) => Ok(Some(events.split_off((first - chunk.first) as usize))),
            Err(fault) => self.faulty(fault),
        }
    }

    /// The whole track, every chunk checked. `None` where it is damaged: that
    /// is counted and the file quarantined.
    ///
    /// # Errors
    /// [`StoreError::Io`] where damage cannot be seen to.
    pub fn read_all(&mut self) -> Result<Option<FeatureTrack>, StoreError> {
        let header = self.file.record.header.clone();
        let data = match header.shape {
            Shape::Events => self.events()?.map(TrackData::Events),
            Shape::Dense => self.frames(0, 0..u64::MAX)?.map(TrackData::Dense),
            Shape::Peaks => {
                let planes = 0..header.planes.len();
                let planes: Result<Option<Vec<Plane>>, StoreError> =
                    planes.map(|plane| self.frames(plane, 0..u64::MAX)).collect();
                planes?.map(TrackData::Peaks)
            }
        };
        let Some(data) = data else { return Ok(None) };
        let track = FeatureTrack { header, data };
        match track.check() {
            Ok(()) => Ok(Some(track)),
            Err(rule) => {
                let fault = self.file.damaged(rule.to_string());
                self.faulty(fault)
            }
        }
    }

    fn collect(&mut self, plane: usize, range: Range<u64>) -> Result<Vec<f32>, Fault> {
        let width = self.file.record.header.width();
        let mut room = room((range.end - range.start).saturating_mul(width as u64))?;
        let mut rest = room.parts();
        let numbers = self.file.holding(plane, &range);
        let in_turn = self.next == (plane, range.start);
        self.next = (plane, range.end);
        let many = numbers.len() > PER_THREAD;
        let mut pieces = Vec::with_capacity(numbers.len());
        for number in numbers {
            let chunk = self.file.chunks[number];
            let from = range.start.max(chunk.first);
            let to = range.end.min(chunk.first + u64::from(chunk.frames));
            // Both lie within a chunk, whose length was checked, and chunks
            // hold the frames of a plane one after another.
            let [from, to] = [from, to].map(|frame| (frame - chunk.first) as usize * width);
            let target = rest.take(to - from);
            if self.loaded == Some(number) && to <= self.scratch.len() {
                target.copy(&self.scratch[from..to]);
            } else if self.kept && !many {
                target.copy(&self.in_memory(number, PARTS)?[from..to]);
            } else {
                pieces.push(Piece { number, from, target });
            }
        }
        if many {
            let (whole, parts) = pieces.into_iter().partition(|piece| self.is_whole(piece));
            self.read_pieces(parts, in_turn)?;
            fetch(&self.file, whole, &mut self.bytes)?;
        } else {
            self.read_pieces(pieces, in_turn)?;
        }
        room.into_values().ok_or_else(|| self.file.damaged("its chunks do not hold all frames".into()))
    }

    fn is_whole(&self, piece: &Piece<'_>) -> bool {
        piece.target.len() == self.file.count(piece.number)
    }

    /// Reads few pieces, those that stand side by side in the file at once. Of
    /// who reads `in_turn` the rest of the last chunk will be asked for next;
    /// for others it is not unpacked.
    fn read_pieces(&mut self, pieces: Vec<Piece<'_>>, in_turn: bool) -> Result<(), Fault> {
        let mut pieces = pieces.into_iter().peekable();
        while let Some(first) = pieces.next() {
            let file = &self.file;
            let mut run = vec![first];
            while let Some(next) = pieces.next_if(|next| next.number == run[0].number + run.len()) {
                run.push(next);
            }
            file.read_run(run[0].number..run[0].number + run.len(), &mut self.bytes)?;
            let mut bytes = &self.bytes[..];
            for Piece { number, from, target } in run {
                let chunk;
                (chunk, bytes) = bytes.split_at(file.chunks[number].length as usize);
                file.check(number, chunk)?;
                let (part, count) = (from..from + target.len(), file.count(number));
                if part.start == 0 && (!in_turn || part.end == count) {
                    file.decode(number, chunk, target.zeros())?;
                } else if file.chunks[number].encoding == RAW_F32 {
                    format::raw(&chunk[4 * part.start..4 * part.end], target.zeros());
                } else {
                    self.loaded = None;
                    self.scratch.resize(if in_turn { count } else { part.end }, 0.0);
                    file.decode(number, chunk, &mut self.scratch)?;
                    self.loaded = Some(number);
                    target.copy(&self.scratch[part]);
                }
            }
        }
        Ok(())
    }

    fn faulty<T>(&self, fault: Fault) -> Result<Option<T>, StoreError> {
        self.store.faulty(&self.file.record.key, &self.path, fault)?;
        Ok(None)
    }
}

/// Part of a chunk, from one of its values on, and where it goes.
struct Piece<'a> {
    number: usize,
    from: usize,
    target: Part<'a>,
}

/// Room for values. How many there are a file says: it may be wrong.
fn room(values: u64) -> Result<Room, Fault> {
    let room = usize::try_from(values).ok().and_then(Room::new);
    room.ok_or_else(|| Fault::Busy(io::ErrorKind::OutOfMemory.into()))
}

/// Reads whole chunks into their places, many of them with several threads.
fn fetch(file: &ChunkFile, chunks: Vec<Piece<'_>>, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let worth = chunks.len().div_ceil(PER_THREAD).min(THREADS);
    let threads = if worth > 1 { thread::available_parallelism().map_or(1, usize::from) } else { 1 };
    let queue = Mutex::new(chunks.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |bytes: &mut Vec<u8>| {
        while let Some(Piece { number, target, .. }) = next() {
            file.values(number, bytes, target.zeros())?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, || work(&mut Vec::new()));
        // Where no more threads are to be had, fewer do it.
        let running: Vec<_> = (1..worth.min(threads)).filter_map(|i| start(i).ok()).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let done = work(bytes);
        running.into_iter().map(join).fold(done, Result::and)
    })
}
