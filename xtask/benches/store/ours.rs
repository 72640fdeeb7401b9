//! This store, in each way of keeping values.

use std::hint::black_box;
use std::path::PathBuf;

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, DescriptorId, ProfileName, Provenance, Revision, Shape, TrackData,
    TrackHeader, Version,
};
use agogic_store::{Store, TrackReader, hostile};
use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::data::{Data, HOP, Kind};
use crate::disk::files;
use crate::music::RATE;

/// The asset that tracks belong to where nothing else is said.
pub(crate) const ASSET: u64 = 7;

/// How values are kept.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Packing {
    /// As they are in memory.
    Unpacked,
    /// Every bit, in less room: what is done where nothing is said.
    Lossless,
    /// Within the bound of their kind.
    Bounded,
}

pub(crate) const PACKINGS: [Packing; 3] = [Packing::Unpacked, Packing::Lossless, Packing::Bounded];

impl Packing {
    pub(crate) fn name(self, kind: Kind) -> &'static str {
        match self {
            Self::Unpacked => "unpacked",
            Self::Lossless => "lossless",
            Self::Bounded => kind.bound(),
        }
    }
}

/// A store whose tracks are all kept in one way.
pub(crate) struct Ours {
    pub(crate) packing: Packing,
    pub(crate) folder: TempDir,
    store: Store,
}

/// The rows of a chunk table that a pass over a file needs.
pub(crate) struct Chunk {
    pub(crate) frames: u64,
    pub(crate) bytes: usize,
}

impl Ours {
    pub(crate) fn new(packing: Packing) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(folder.path())?;
        Ok(Self { packing, folder, store })
    }

    /// Publishes values under a number of their own.
    pub(crate) fn put(&self, asset: u64, track: u32, kind: Kind, values: &[f32]) -> Result<()> {
        let key = key(asset, track)?;
        let provenance = Provenance {
            calculator: CalculatorId::new("bench")?,
            version: Version::new(1, 0, 0),
            revision: Revision([1; 32]),
            inputs: [].into(),
        };
        let header = TrackHeader {
            descriptor: key.descriptor.clone(),
            unit: kind.unit().into(),
            range: None,
            shape: Shape::Dense,
            channels: vec!["mono".into()],
            bins: kind.bins() as u32,
            rate: RATE,
            planes: vec![(0, HOP as u32)],
        };
        let writer = self.store.writer(key, provenance, header)?;
        let mut writer = match self.packing {
            Packing::Unpacked => writer.packing(false),
            Packing::Lossless => writer,
            Packing::Bounded => writer.max_error(kind.bound().parse()?),
        };
        writer.frames(0, values)?;
        writer.publish()?;
        Ok(())
    }

    pub(crate) fn reader(&self, track: u32) -> Result<TrackReader> {
        self.store.reader(&key(ASSET, track)?)?.context("it is not there")
    }

    /// A whole track, opened for it; how many values it has.
    pub(crate) fn whole(&self, track: u32) -> Result<usize> {
        let track = self.reader(track)?.read_all()?.context("it is damaged")?;
        let TrackData::Dense(plane) = black_box(track.data) else { bail!("it is not dense") };
        Ok(plane.data.len())
    }

    /// The file of a track.
    pub(crate) fn file(&self, track: u32) -> Result<PathBuf> {
        let name = format!("{}.agc", name(track));
        let mut files = files(self.folder.path())?.into_iter().map(|(path, _)| path);
        files.find(|path| path.ends_with(&name)).context("it has no file")
    }

    /// The bytes of each chunk of a track, and how many frames the chunks hold. The last
    /// one, which may hold fewer, is left out.
    pub(crate) fn packed(&self, track: u32, bins: usize) -> Result<(usize, Vec<Vec<u8>>)> {
        let parts = hostile::parts(&std::fs::read(self.file(track)?)?).context("its file is damaged")?;
        let each = parts.chunks.first().context("it has no chunk")?.1;
        let whole = parts.chunks.into_iter().filter(|(_, values)| *values == each);
        Ok((each / bins, whole.map(|(bytes, _)| bytes).collect()))
    }

    /// The chunk table of a track.
    pub(crate) fn chunks(&self, track: u32, bins: usize) -> Result<Vec<Chunk>> {
        let parts = hostile::parts(&std::fs::read(self.file(track)?)?).context("its file is damaged")?;
        let row =
            |(bytes, values): (Vec<u8>, usize)| Chunk { frames: (values / bins) as u64, bytes: bytes.len() };
        Ok(parts.chunks.into_iter().map(row).collect())
    }
}

/// So many frames of an open track.
pub(crate) fn frames(reader: &mut TrackReader, first: u64, frames: u64) -> Result<Vec<f32>> {
    Ok(reader.frames(0, first..first + frames)?.context("it is damaged")?.data)
}

/// How far values may lie from those that were put.
pub(crate) fn tolerance(packing: Packing, data: &Data) -> impl Fn(f32) -> f32 {
    let kind = data.kind;
    move |value| match (packing, kind) {
        (Packing::Unpacked | Packing::Lossless, _) => 0.0,
        (Packing::Bounded, Kind::LogMel) => 0.01,
        (Packing::Bounded, Kind::Stft) => 0.001 * value.abs(),
    }
}

fn name(track: u32) -> String {
    format!("bench.t{track}")
}

fn key(asset: u64, track: u32) -> Result<CacheKey> {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&asset.to_le_bytes());
    Ok(CacheKey::new(AssetId(id), ProfileName::new("default")?, DescriptorId::new(name(track))?))
}
