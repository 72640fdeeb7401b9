//! The cache: its footers, packed chunks and records behind their checksums, and whole
//! files in a folder, which may be a miss or what they were, and nothing else.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, ContentHash, DescriptorId, Event, MaxError, ProfileName, Provenance,
    Revision, Shape, TrackHeader, Version,
};
use agogic_store::{Store, content_hash, hostile};
use agogic_timebase::{Delta, Samples};
use anyhow::{Context as _, Result};

use crate::Run;
use crate::inputs::{Random, damage};

/// One in so many inputs goes through the file system.
const WHOLE: usize = 16;
/// Damaged inputs that were sound all the same, to be damaged further.
const KEPT: usize = 500;

/// What bytes are given to.
#[derive(Clone, Copy)]
enum Door {
    Footer,
    Record,
    /// Of this width, so many values.
    Packed(usize, usize),
}

/// A track in a folder, and the bytes of its file.
struct Whole {
    key: CacheKey,
    path: PathBuf,
    bytes: Vec<u8>,
    content: ContentHash,
}

pub(crate) fn run(run: &mut Run<'_>, time: Duration, mut random: Random) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let wholes = wholes(&store, &mut random)?;
    let mut seeds: Vec<(Door, Vec<u8>)> = vec![];
    for Whole { bytes, .. } in &wholes {
        let hostile::Parts { footer, width, chunks } = hostile::parts(bytes).context("a file of our own")?;
        let length = u32::from_le_bytes(footer[..4].try_into()?) as usize;
        seeds.push((Door::Record, footer[8..8 + length].to_vec()));
        seeds.push((Door::Footer, footer));
        let packed = chunks.into_iter().filter(|(bytes, values)| hostile::packed(bytes, width, *values));
        seeds.extend(packed.map(|(bytes, values)| (Door::Packed(width, values), bytes)));
    }
    println!("{} files, {} parts of them", wholes.len(), seeds.len());
    let (sound, start) = (seeds.len(), Instant::now());
    let mut count = 0_u64;
    while start.elapsed() < time {
        count += 1;
        let what = format!("input {count}");
        if random.below(WHOLE) == 0 {
            let whole = &wholes[random.below(wholes.len())];
            let mut bytes = whole.bytes.clone();
            let other = &wholes[random.below(wholes.len())].bytes;
            (0..=random.below(3)).for_each(|_| damage(&mut bytes, other, &mut random));
            run.judge("file", &bytes, &what, || judge(&store, whole, &bytes))?;
            continue;
        }
        let (door, mut bytes) = seeds[random.below(seeds.len())].clone();
        let other = seeds[random.below(sound)].1.clone();
        (0..=random.below(4)).for_each(|_| damage(&mut bytes, &other, &mut random));
        let name = door.name();
        if run.judge(name, &bytes, &what, || Ok(door.give(&bytes)))? {
            if seeds.len() < sound + KEPT {
                seeds.push((door, bytes));
            } else {
                seeds[sound + random.below(KEPT)] = (door, bytes);
            }
        }
    }
    println!("{count} damaged inputs in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Self::Footer => "footer",
            Self::Record => "record",
            Self::Packed(..) => "packed",
        }
    }

    fn give(self, bytes: &[u8]) -> bool {
        match self {
            Self::Footer => hostile::footer(bytes),
            Self::Record => hostile::record(bytes),
            Self::Packed(width, values) => hostile::packed(bytes, width, values),
        }
    }
}

/// Puts damaged bytes in the place of a track: it may be a miss, or what it was.
fn judge(store: &Store, whole: &Whole, bytes: &[u8]) -> Result<bool, String> {
    let write = |bytes: &[u8]| {
        fs::create_dir_all(whole.path.parent().unwrap_or(&whole.path))
            .and_then(|()| fs::write(&whole.path, bytes))
            .map_err(|error| format!("{}: {error}", whole.path.display()))
    };
    write(bytes)?;
    let found = store.read(&whole.key).map_err(|error| error.to_string())?;
    // In quarantine there would soon be thousands.
    store.clear_quarantine().map_err(|error| error.to_string())?;
    match found {
        Some(track) if content_hash(&track) == whole.content => Ok(true),
        Some(_) => Err("it was served, and is another".into()),
        None => Ok(false),
    }
}

/// A track of each kind.
fn wholes(store: &Store, random: &mut Random) -> Result<Vec<Whole>> {
    let mut made = vec![];
    let bounds = ["lossless", "0.01 dB", "0.001 relative", "0.5 absolute"];
    for (number, bound) in bounds.into_iter().enumerate() {
        for (shape, bins) in [(Shape::Dense, 7), (Shape::Peaks, 2), (Shape::Events, 2)] {
            let descriptor = DescriptorId::new(format!("fuzz.{}.{bins}", made.len()))?;
            let key =
                CacheKey::new(AssetId([number as u8; 32]), ProfileName::new("fuzz")?, descriptor.clone());
            let provenance = Provenance {
                calculator: CalculatorId::new("fuzz")?,
                version: Version::new(1, 0, 0),
                revision: Revision([1; 32]),
                inputs: [].into(),
            };
            let planes = match shape {
                Shape::Dense => vec![(0, 512)],
                Shape::Peaks => vec![(128, 256), (512, 1024)],
                Shape::Events => vec![],
            };
            let header = TrackHeader {
                descriptor,
                unit: "dB".into(),
                range: None,
                shape,
                channels: vec!["left".into(), "right".into()],
                bins,
                rate: 44_100,
                planes: planes.clone(),
            };
            let width = header.width();
            let bound: MaxError = bound.parse()?;
            let mut writer = store.writer(key.clone(), provenance, header)?.max_error(bound);
            let mut level = 0.0;
            let mut value = || {
                level += random.unit() as f32 - 0.5;
                if random.below(400) == 0 { f32::NAN } else { level }
            };
            for plane in 0..planes.len() {
                writer.frames(plane, &(0..300 * width).map(|_| value()).collect::<Vec<_>>())?;
            }
            if shape == Shape::Events {
                let event = |at: i64| Event {
                    at: Samples(at * 1000),
                    duration: Delta(Samples(at)),
                    values: vec![at as f32, 0.5],
                    label: format!("{at}"),
                };
                writer.events(&(0..50).map(event).collect::<Vec<_>>())?;
            }
            writer.publish()?;
            let content = content_hash(&store.read(&key)?.context("just published")?);
            let path = hostile::path(store, &key);
            let bytes = fs::read(&path)?;
            made.push(Whole { key, path, bytes, content });
        }
    }
    Ok(made)
}
