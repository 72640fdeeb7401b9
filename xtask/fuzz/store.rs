//! The cache: its footers, packed chunks, records and manifests behind their checksums,
//! headers and trailers, whole files in a folder, which may be a miss or what they were,
//! and nothing else, and whole bundles, of which only sound ones are taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, ContentHash, DescriptorId, Event, MaxError, ProfileName, Provenance,
    Revision, Shape, TrackHeader, Version,
};
use agogic_store::{Bundle, Caps, Store, content_hash, hostile};
use agogic_timebase::{Delta, Samples};
use anyhow::{Context as _, Result};

use crate::Run;
use crate::inputs::{Random, damage};

/// One in so many inputs goes through the file system.
const WHOLE: usize = 16;
/// Damaged inputs that were sound all the same, to be damaged further.
const KEPT: usize = 500;

/// What bytes are given to.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    /// A chunk file that is damaged in its header or trailer.
    Header,
    Footer,
    Compact,
    /// As it stands in the index.
    Record,
    /// Of this width, so many values.
    Packed(usize, usize),
    Manifest,
}

/// A track in a folder, and the bytes of its file.
struct Whole {
    key: CacheKey,
    path: PathBuf,
    bytes: Vec<u8>,
    content: ContentHash,
}

/// Bytes of header and trailer.
const ENDS: [usize; 2] = [16, 48];

/// Gives damaged bytes to everything, or to what has this name.
pub(crate) fn run(run: &mut Run<'_>, only: Option<&str>, time: Duration, mut random: Random) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("cache"))?;
    let wholes = wholes(&store, &mut random)?;
    let mut seeds: Vec<(Door, Vec<u8>)> = vec![];
    for Whole { key, bytes, .. } in &wholes {
        let hostile::Parts { footer, width, chunks } = hostile::parts(bytes).context("a file of our own")?;
        let length = u32::from_le_bytes(footer[..4].try_into()?) as usize;
        seeds.push((Door::Header, bytes.clone()));
        seeds.push((Door::Compact, footer[8..8 + length].to_vec()));
        seeds.push((
            Door::Record,
            rmp_serde::to_vec_named(store.reader(key)?.context("just published")?.record())?,
        ));
        seeds.push((Door::Footer, footer));
        let packed = chunks.into_iter().filter(|(bytes, values)| hostile::packed(bytes, width, *values));
        seeds.extend(packed.map(|(bytes, values)| (Door::Packed(width, values), bytes)));
    }
    let bundle = folder.path().join("all.agb");
    let keys: Vec<_> = wholes.iter().map(|whole| whole.key.clone()).collect();
    store.export(&keys, &bundle, false, |_, _| true)?;
    let bundled = fs::read(&bundle)?;
    let end = bundled.len() - 48;
    let length = u64::from_le_bytes(bundled[end..end + 8].try_into()?) as usize;
    seeds.push((Door::Manifest, bundled[end - length..end].to_vec()));
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    seeds.retain(|(door, _)| wanted(door.name()));
    println!("{} files, {} parts of them", wholes.len(), seeds.len());

    let (sound, start) = (seeds.len(), Instant::now());
    let mut count = 0_u64;
    while start.elapsed() < time {
        count += 1;
        let what = format!("input {count}");
        if wanted("file") && (sound == 0 || random.below(WHOLE) == 0) {
            let whole = &wholes[random.below(wholes.len())];
            let mut bytes = whole.bytes.clone();
            let other = &wholes[random.below(wholes.len())].bytes;
            (0..=random.below(3)).for_each(|_| damage(&mut bytes, other, &mut random));
            run.judge("file", &bytes, &what, || judge(&store, whole, &bytes))?;
            continue;
        }
        if wanted("bundle") && random.below(WHOLE) == 0 {
            let mut bytes = bundled.clone();
            let other = &wholes[random.below(wholes.len())].bytes;
            (0..=random.below(3)).for_each(|_| damage(&mut bytes, other, &mut random));
            run.judge("bundle", &bytes, &what, || import(&store, &bundle, &bytes, &bundled))?;
            continue;
        }
        let (door, mut bytes) = seeds[random.below(seeds.len())].clone();
        let other = seeds[random.below(sound)].1.clone();
        if door == Door::Header {
            let whole = bytes.clone();
            damage_ends(&mut bytes, &other, &mut random);
            run.judge(door.name(), &bytes, &what, || match hostile::parts(&bytes) {
                Some(_) if bytes != whole => Err("it is whole, and is another".into()),
                parts => Ok(parts.is_some()),
            })?;
            continue;
        }
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
    /// As people name it. What is read of a manifest belongs to bundles.
    fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Footer => "footer",
            Self::Compact | Self::Record => "record",
            Self::Packed(..) => "codec",
            Self::Manifest => "bundle",
        }
    }

    fn give(self, bytes: &[u8]) -> bool {
        match self {
            Self::Header => hostile::parts(bytes).is_some(),
            Self::Footer => hostile::footer(bytes),
            Self::Compact => hostile::compact(bytes),
            Self::Record => hostile::record(bytes),
            Self::Packed(width, values) => hostile::packed(bytes, width, values),
            Self::Manifest => hostile::manifest(bytes),
        }
    }
}

/// Damages the first and the last bytes of a file, as long as they stay as many.
fn damage_ends(bytes: &mut [u8], other: &[u8], random: &mut Random) {
    let length = bytes.len();
    let places = [0..ENDS[0], length - ENDS[1]..length];
    let place = places[random.below(2)].clone();
    let mut end = bytes[place.clone()].to_vec();
    (0..=random.below(3)).for_each(|_| damage(&mut end, other, random));
    end.resize(place.len(), 0);
    bytes[place].copy_from_slice(&end);
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

/// Checks a damaged bundle as an import does: only what it was may pass.
fn import(store: &Store, path: &Path, bytes: &[u8], good: &[u8]) -> Result<bool, String> {
    fs::write(path, bytes).map_err(|error| error.to_string())?;
    let opened = Bundle::open(path, Caps::default());
    match opened.and_then(|bundle| store.import(&bundle, true, true, |_, _| true)) {
        Ok(_) if bytes != good => Err("it was taken, and is another".into()),
        Err(error) if error.to_string().lines().count() != 1 => Err(format!("it is told in lines: {error}")),
        done => Ok(done.is_ok()),
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
