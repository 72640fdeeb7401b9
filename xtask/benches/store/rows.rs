//! The rows of the table: who does what in turns.

use std::fs::File;
use std::hint::black_box;
use std::io::Read as _;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::data::{Data, Kind};
use crate::demands::{self, Took, judged, listed};
use crate::disk;
use crate::ours::{self, ASSET, Chunk, Ours, PACKINGS};
use crate::peers::{self, CHUNK, Peer};
use crate::report::{Row, ms};
use crate::table::{median, random};
use crate::turns::{Way, take_turns};

/// Whole tracks that are read, and put, in one turn.
const WHOLES: usize = 3;
/// Chunks that a reader fetches on one thread, and fewer than it divides among several.
const ONE_THREAD: usize = 16;
/// Bytes that files may take for each byte of values.
const OVERHEAD: f64 = 1.02;
/// Bytes of values that are unpacked in a nanosecond.
const UNPACKED: f64 = 2.5;

pub(crate) struct Bench {
    pub(crate) data: Vec<Data>,
    pub(crate) ours: Vec<Ours>,
    pub(crate) peers: Vec<Box<dyn Peer>>,
    /// Nothing is judged.
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    /// Ranges that are read, and entries that are put, in one turn.
    pub(crate) ranges: usize,
    pub(crate) puts: usize,
    pub(crate) rows: Vec<Row>,
    /// A number for each track that is put.
    pub(crate) next: u32,
}

impl Bench {
    fn done(&mut self, mut row: Row) {
        row.met = row.met.filter(|_| !self.quick);
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// Puts all tracks into all stores and reads parts of them back.
    pub(crate) fn fill(&mut self) -> Result<()> {
        for (track, data) in (0..).zip(&self.data) {
            let chunks = data.chunks(CHUNK);
            let frames = data.frames();
            let places = [0, frames / 3 + 5, frames - CHUNK];
            for ours in &self.ours {
                ours.put(ASSET, track, data.kind, &data.values)?;
                let mut reader = ours.reader(track)?;
                let tolerance = ours::tolerance(ours.packing, data);
                for place in places {
                    let got = ours::frames(&mut reader, place as u64, CHUNK as u64)?;
                    let put = data.part(place, CHUNK);
                    let near = |(got, put): (&f32, &f32)| (got - put).abs() <= tolerance(*put);
                    ensure!(
                        got.len() == put.len() && got.iter().zip(put).all(near),
                        "frames from {place} on are not those of {}",
                        data.title()
                    );
                }
            }
            for peer in &mut self.peers {
                peer.put(track, &chunks).with_context(|| peer.name())?;
                for place in places {
                    let bins = data.kind.bins();
                    let got = peers::frames(&mut **peer, track, bins, place..place + CHUNK)?;
                    ensure!(got == data.part(place, CHUNK), "{} gave other values", peer.name());
                }
            }
        }
        Ok(())
    }

    /// What files take for each byte of values, before anything else is put.
    pub(crate) fn disk(&mut self) -> Result<()> {
        let payload: usize = self.data.iter().map(Data::bytes).sum();
        let mut theirs = vec![];
        for peer in &mut self.peers {
            peer.settle()?;
            let share = disk::size(peer.folder())? as f64 / payload as f64;
            theirs.push(format!("{} {share:.3}", peer.name()));
        }
        let mut rows = vec![];
        for (number, ours) in self.ours.iter().enumerate() {
            let share = disk::size(ours.folder.path())? as f64 / payload as f64;
            let mut each = vec![];
            for (track, data) in (0..).zip(&self.data) {
                let bytes = std::fs::metadata(ours.file(track)?)?.len();
                each.push(format!("{} {:.3}", data.title(), bytes as f64 / data.bytes() as f64));
            }
            let names = [Kind::LogMel, Kind::Stft].map(|kind| ours.packing.name(kind));
            let how = if names[0] == names[1] { names[0].to_owned() } else { names.join(" or ") };
            let row = Row {
                ours: format!("{share:.3}; {}", each.join(", ")),
                peers: if number == 0 { theirs.join(", ") } else { "as above".into() },
                ratio: format!("{share:.3}"),
                demand: format!("<= {OVERHEAD}"),
                met: Some(share <= OVERHEAD),
                ..Row::new("disk", &format!("bytes on disk for each byte of values, {how}"))
            };
            rows.push(row);
        }
        rows.into_iter().for_each(|row| self.done(row));
        Ok(())
    }

    /// 64 frames from anywhere, of each track, kept in each way: the peers keep the same
    /// bytes as this store, and unpack them as it does.
    pub(crate) fn ranges(&mut self) -> Result<()> {
        for number in 0..self.data.len() {
            let data = &self.data[number];
            let (kind, bins, track) = (data.kind, data.kind.bins(), number as u32);
            let mut rows = vec![];
            for (packing, ours) in PACKINGS.iter().zip(&self.ours) {
                let packed = (*packing != ours::Packing::Unpacked).then(|| ours.packed(track, bins));
                let packed = packed.transpose()?;
                let (each, chunks) = packed.as_ref().map_or((CHUNK, &[][..]), |(n, chunks)| (*n, chunks));
                let last = if chunks.is_empty() { data.frames() } else { each * chunks.len() };
                let places = &places(last - CHUNK, self.ranges, number as u64);
                let mut reader = ours.reader(track)?;
                let mut kept = ours.reader(track)?.through_memory();
                let mut ways = vec![
                    way("held", move || {
                        warm(places, |place| ours::frames(&mut reader, place as u64, CHUNK as u64))
                    }),
                    way("opened", move || {
                        warm(places, |place| {
                            ours::frames(&mut ours.reader(track)?, place as u64, CHUNK as u64)
                        })
                    }),
                    way("memory", move || {
                        warm(places, |place| ours::frames(&mut kept, place as u64, CHUNK as u64))
                    }),
                ];
                let other = if chunks.is_empty() { track } else { self.next };
                self.next += 1;
                for peer in &mut self.peers {
                    if !chunks.is_empty() {
                        peer.put(other, chunks).with_context(|| peer.name())?;
                        peer.settle()?;
                    }
                    let mut scratch = vec![];
                    ways.push(way(peer.name(), move || {
                        warm(places, |place| {
                            let range = place..place + CHUNK;
                            peers::unpacked(&mut **peer, other, bins, each, range, &mut scratch)
                        })
                    }));
                }
                disk::settle();
                take_turns(self.rounds, &mut ways);
                let (ours, theirs) = results(&ways, 3);
                for (from, ours, beside) in
                    [("its file", &ours[..2], &["opened each time"][..]), ("memory", &ours[2..], &[])]
                {
                    let title = format!("64 frames from {from}, {}, {}", data.title(), packing.name(kind));
                    rows.push(compared("ranges", &title, ours, beside, &theirs, &demands::RANGE));
                }
            }
            rows.into_iter().for_each(|row| self.done(row));
        }
        Ok(())
    }

    /// Whole tracks, opened and read.
    pub(crate) fn whole(&mut self) {
        for track in 0..self.data.len() {
            let data = &self.data[track];
            let (bins, frames, values) = (data.kind.bins(), data.frames(), data.values.len());
            let track = track as u32;
            let mut ways = vec![];
            let all = [0; WHOLES];
            for ours in &self.ours {
                ways.push(way("ours", move || {
                    p50(&all, |_| {
                        let read = ours.whole(track)?;
                        ensure!(read == values, "{read} values");
                        Ok(())
                    })
                }));
            }
            for peer in &mut self.peers {
                ways.push(way(peer.name(), move || {
                    p50(&all, |_| peers::frames(&mut **peer, track, bins, 0..frames))
                }));
            }
            take_turns(self.rounds, &mut ways);
            let (ours, theirs) = results(&ways, PACKINGS.len());
            drop(ways);
            let (kind, title) = (data.kind, data.title());
            let limit = match kind {
                Kind::LogMel => 3.0,
                Kind::Stft => 50.0,
            };
            let size = data.bytes() as f64 / 1e6;
            for (packing, took) in PACKINGS.iter().zip(ours) {
                let title = format!("all {size:.1} MB, {title}, {}", packing.name(kind));
                let row = Row { peers: listed(&theirs), ..Row::new("whole", &title) };
                self.done(match took {
                    Ok(took) => Row {
                        ours: ms(took),
                        ratio: ms(took),
                        demand: format!("< {limit} ms"),
                        met: Some(took < limit),
                        ..row
                    },
                    Err(reason) => Row { note: Some(format!("it failed: {reason}")), ..row },
                });
            }
        }
    }

    /// Whole tracks on one thread, beside reading the bytes of their files alone.
    pub(crate) fn unpack(&mut self) -> Result<()> {
        for track in 0..self.data.len() {
            let data = &self.data[track];
            let mut ways = vec![];
            for ours in &self.ours {
                let chunks = ours.chunks(track as u32, data.kind.bins())?;
                let groups: Vec<u64> = chunks
                    .chunks(ONE_THREAD)
                    .map(|some| some.iter().map(|chunk| chunk.frames).sum())
                    .collect();
                let mut reader = ours.reader(track as u32)?;
                let all = [0; WHOLES];
                ways.push(way("unpacked", move || {
                    p50(&all, |_| {
                        let mut at = 0;
                        for &frames in &groups {
                            black_box(ours::frames(&mut reader, at, frames)?);
                            at += frames;
                        }
                        Ok(())
                    })
                }));
                let path = ours.file(track as u32)?;
                ways.push(way("read", move || p50(&all, |_| Ok(read(&mut File::open(&path)?, &chunks)?))));
            }
            take_turns(self.rounds, &mut ways);
            let (took, _) = results(&ways, ways.len());
            drop(ways);
            let (kind, title, bytes) = (data.kind, data.title(), data.bytes() as f64);
            for (packing, took) in PACKINGS.iter().zip(took.chunks(2)) {
                let title = format!("one thread, {title}, {}", packing.name(kind));
                let row = Row::new("unpack", &title);
                let [Ok(whole), Ok(read)] = took else {
                    let reasons = took.iter().filter_map(|took| took.as_ref().err());
                    let reasons: Vec<_> = reasons.map(String::as_str).collect();
                    self.done(Row { note: Some(format!("it failed: {}", reasons.join(", "))), ..row });
                    continue;
                };
                // Bytes in a nanosecond are GB in a second.
                let [fast, slow] = [whole - read, *whole].map(|ms| bytes / (ms * 1e6));
                let demanded = kind == Kind::LogMel && *packing != ours::Packing::Unpacked;
                self.done(Row {
                    ours: format!("{fast:.1} GB/s; with reading {slow:.1} GB/s ({})", ms(*whole)),
                    peers: format!("reading alone {}", ms(*read)),
                    ratio: format!("{fast:.1} GB/s"),
                    demand: if demanded { format!(">= {UNPACKED} GB/s") } else { "-".into() },
                    met: demanded.then_some(fast >= UNPACKED),
                    ..row
                });
            }
        }
        Ok(())
    }

    /// One entry of 64 frames, and a whole log-mel track, each under a key of its own.
    pub(crate) fn put(&mut self) -> Result<()> {
        let data = &self.data[0];
        let (kind, frames) = (data.kind, data.frames());
        let entries = data.chunks(CHUNK);
        let mut rows = vec![];
        for whole in [false, true] {
            let times = if whole { WHOLES as u32 } else { self.puts as u32 };
            // Other values each time: cacache keeps the same ones once.
            let place = move |next: u32| if whole { 0 } else { next as usize % (frames / CHUNK) };
            let length = if whole { frames } else { CHUNK };
            let next = std::cell::Cell::new(self.next);
            let numbers = &|| {
                let first = next.get();
                next.set(first + times);
                (first as usize..(first + times) as usize).collect::<Vec<_>>()
            };
            let mut ways = vec![];
            for ours in &self.ours {
                let values = |number: u32| data.part(place(number) * CHUNK, length);
                ways.push(way("known", move || {
                    settled(&numbers(), |n| ours.put(ASSET, n as u32, kind, values(n as u32)))
                }));
                ways.push(way("new", move || {
                    settled(&numbers(), |n| ours.put(1000 + n as u64, n as u32, kind, values(n as u32)))
                }));
            }
            for peer in &mut self.peers {
                let entries = &entries;
                ways.push(way(peer.name(), move || {
                    settled(&numbers(), |n| {
                        let first = place(n as u32);
                        let last = if whole { entries.len() } else { first + 1 };
                        peer.put(n as u32, &entries[first..last])
                    })
                }));
            }
            let folder = tempfile::tempdir()?;
            ways.push(way("a file alone", move || {
                settled(&numbers(), |n| {
                    let values = data.part(place(n as u32) * CHUNK, length);
                    Ok(disk::put(folder.path(), &n.to_string(), values)?)
                })
            }));
            take_turns(self.rounds, &mut ways);
            let (ours, theirs) = results(&ways, 2 * PACKINGS.len());
            drop(ways);
            self.next = next.get();
            let what =
                if whole { "durable put of a whole log-mel track" } else { "durable put of 64 frames" };
            for (packing, took) in PACKINGS.iter().zip(ours.chunks(2)) {
                let title = format!("{what}, {}", packing.name(kind));
                rows.push(compared("put", &title, took, &["of a new asset"], &theirs, &demands::PUT));
            }
        }
        rows.into_iter().for_each(|row| self.done(row));
        Ok(())
    }
}

fn way<'a>(name: &str, mut run: impl FnMut() -> Result<f64> + 'a) -> Way<'a> {
    Way::new(name, move || run().map_err(|error| format!("{error:#}")))
}

/// What ours took, of which there are so many, and what the peers did.
fn results(ways: &[Way<'_>], ours: usize) -> (Vec<Result<f64, String>>, Vec<Took>) {
    let (ours, theirs) = ways.split_at(ours);
    let theirs = theirs.iter().map(|way| (way.name.clone(), way.result()));
    (ours.iter().map(Way::result).collect(), theirs.collect())
}

/// A row of what ours took in the way that is judged and in others.
fn compared(
    name: &str,
    title: &str,
    took: &[Result<f64, String>],
    others: &[&str],
    theirs: &[Took],
    demands: &[(&str, demands::Demand)],
) -> Row {
    let row = Row { peers: listed(theirs), ..Row::new(name, title) };
    let beside = others.iter().zip(&took[1..]).map(|(other, took)| match took {
        Ok(took) => format!("; {other} {}", ms(*took)),
        Err(reason) => format!("; {other}: {reason}"),
    });
    let beside: String = beside.collect();
    match &took[0] {
        Ok(took) => {
            let (ratio, demand, met) = judged(*took, theirs, demands);
            Row { ours: format!("{}{beside}", ms(*took)), ratio, demand, met, ..row }
        }
        Err(reason) => Row { note: Some(format!("it failed: {reason}")), ..row },
    }
}

/// Median milliseconds of doing something at each of some places.
fn p50<T>(places: &[usize], mut run: impl FnMut(usize) -> Result<T>) -> Result<f64> {
    let mut took = Vec::with_capacity(places.len());
    for &place in places {
        let start = Instant::now();
        let result = black_box(run(place)?);
        took.push(start.elapsed().as_secs_f64() * 1e3);
        drop(result);
    }
    median(&mut took).context("nothing was measured")
}

/// The same, after all of it was done once: what the processor has at hand is ours then, not
/// what others left there.
fn warm<T>(places: &[usize], mut run: impl FnMut(usize) -> Result<T>) -> Result<f64> {
    p50(places, &mut run)?;
    p50(places, run)
}

/// The same, with a disk that has nothing to do: what others wrote and did not sync, the next to
/// sync would have to wait for.
fn settled<T>(numbers: &[usize], run: impl FnMut(usize) -> Result<T>) -> Result<f64> {
    disk::settle();
    p50(numbers, run)
}

/// Places anywhere up to the last, the same in every run.
fn places(last: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut random = random(seed);
    (0..count).map(|_| (random() * last as f64) as usize).collect()
}

/// The bytes of all chunks, one after another into the same room.
fn read(file: &mut File, chunks: &[Chunk]) -> std::io::Result<usize> {
    let mut room = vec![];
    let mut bytes = 0;
    for chunk in chunks {
        room.resize(chunk.bytes, 0);
        file.read_exact(&mut room)?;
        bytes += black_box(&room).len();
    }
    Ok(bytes)
}
