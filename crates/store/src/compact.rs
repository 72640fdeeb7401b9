//! The record of a track as it stands in a chunk file: everything in it, by
//! place instead of by name and digests as bytes, in less than half the room.
//! For a short track that is more than its values take.
//!
//! Files of format version 1 and the index have the record as `schema` says it.
//! Files of version 2 name the shape, and all of a calculator's id.

use std::collections::BTreeMap;

use agogic_schema::{
    AssetId, CacheKey, CacheRecord, CalculatorId, ContentHash, DescriptorId, MaxError, Namespace, Notes,
    Params, ProfileName, Provenance, Revision, Shape, Stem, TempoProjection, TrackHeader, Version,
};
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of a record, whatever follows it: that may be what only a later
/// program reads.
pub(crate) struct Stated(pub(crate) u32);

impl<'de> Deserialize<'de> for Stated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = Stated;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array that begins with a version")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Stated, A::Error> {
                let first = seq.next_element()?;
                let first = first.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Stated(first))
            }
        }
        deserializer.deserialize_seq(First)
    }
}

/// 32 bytes, written as such.
struct Digest([u8; 32]);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Digest;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("32 bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Digest, E> {
                let wrong = |_| E::invalid_length(bytes.len(), &self);
                bytes.try_into().map(Digest).map_err(wrong)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// A calculator's id: as much of the descriptor's id as is so long, or all of it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Maker {
    Begins(usize),
    Whole(CalculatorId),
}

impl Maker {
    fn of(calculator: CalculatorId, descriptor: &DescriptorId) -> Self {
        match descriptor.as_str().strip_prefix(calculator.as_str()) {
            Some(_) => Self::Begins(calculator.as_str().len()),
            None => Self::Whole(calculator),
        }
    }

    fn id(self, descriptor: &DescriptorId) -> Result<CalculatorId, String> {
        match self {
            Self::Whole(id) => Ok(id),
            Self::Begins(length) => {
                let name = descriptor.as_str().get(..length).ok_or("the calculator has no name")?;
                CalculatorId::new(name).map_err(|cause| cause.to_string())
            }
        }
    }
}

/// A shape by its place in [`SHAPES`], or by name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(usize),
    Name(Shape),
}

const SHAPES: [Shape; 3] = [Shape::Dense, Shape::Events, Shape::Peaks];

impl Form {
    fn of(shape: Shape) -> Self {
        let number = SHAPES.iter().position(|&one| one == shape);
        number.map_or(Self::Name(shape), Self::Number)
    }

    fn shape(self) -> Result<Shape, String> {
        match self {
            Self::Number(number) => {
                SHAPES.get(number).copied().ok_or_else(|| format!("shape {number} is unknown"))
            }
            Self::Name(shape) => Ok(shape),
        }
    }
}

type Key = (String, Digest, String, ProfileName, DescriptorId);
type Made = (Maker, Version, Digest, Vec<(DescriptorId, Digest)>);
type Header = (String, Option<(f32, f32)>, Form, Vec<String>, u32, u32, Vec<(i64, u32)>);
type Tempo = (u32, f64, f64, Digest);
type Told = (Params, Option<u32>, Option<Tempo>);
/// Version, key, provenance, header, frames, content, bound, notes.
type Fields = (u32, Key, Made, Header, Vec<u64>, Digest, Option<MaxError>, Option<Told>);

/// The bytes of a record.
pub(crate) fn to_bytes(record: &CacheRecord) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let CacheRecord { version, key, provenance, header, frames, content, max_error, notes } = record.clone();
    let CacheKey { namespace, asset, stem, profile, descriptor } = key;
    // Empty for what is usual: no name is.
    let namespace = if namespace.is_default() { String::new() } else { namespace.to_string() };
    let stem = if stem.is_master() { String::new() } else { stem.to_string() };
    let Provenance { calculator, version: made, revision, inputs } = provenance;
    let maker = Maker::of(calculator, &descriptor);
    let inputs = inputs.into_iter().map(|(id, content)| (id, Digest(content.0))).collect();
    let TrackHeader { unit, range, shape, channels, bins, rate, planes, .. } = header;
    let told = (!notes.is_empty()).then(|| {
        let tempo = notes.tempo.map(|tempo| {
            let TempoProjection { ticks_per_quarter, start_tick, hop_ticks, tempo_map } = tempo;
            (ticks_per_quarter, start_tick, hop_ticks, Digest(tempo_map.0))
        });
        (notes.params, notes.sample_rate, tempo)
    });
    let fields: Fields = (
        version,
        (namespace, Digest(asset.0), stem, profile, descriptor),
        (maker, made, Digest(revision.0), inputs),
        (unit, range, Form::of(shape), channels, bins, rate, planes),
        frames,
        Digest(content.0),
        (!max_error.is_lossless()).then_some(max_error),
        told,
    );
    rmp_serde::to_vec(&fields)
}

/// The record that stands in these bytes.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<CacheRecord, String> {
    let (version, key, made, header, frames, content, max_error, told): Fields = whole(bytes)?;
    let (namespace, asset, stem, profile, descriptor) = key;
    let name = |cause: agogic_schema::SchemaError| cause.to_string();
    let namespace = if namespace.is_empty() { Ok(Namespace::default()) } else { Namespace::new(namespace) };
    let stem = if stem.is_empty() { Ok(Stem::default()) } else { Stem::new(stem) };
    let (maker, made, revision, inputs) = made;
    let calculator = maker.id(&descriptor)?;
    let inputs: BTreeMap<_, _> =
        inputs.into_iter().map(|(id, content)| (id, ContentHash(content.0))).collect();
    let (unit, range, form, channels, bins, rate, planes) = header;
    let shape = form.shape()?;
    let notes = told.map_or_else(Notes::default, |(params, sample_rate, tempo)| {
        let tempo = tempo.map(|(ticks_per_quarter, start_tick, hop_ticks, tempo_map)| TempoProjection {
            ticks_per_quarter,
            start_tick,
            hop_ticks,
            tempo_map: ContentHash(tempo_map.0),
        });
        Notes { params, sample_rate, tempo }
    });
    Ok(CacheRecord {
        version,
        key: CacheKey {
            namespace: namespace.map_err(name)?,
            asset: AssetId(asset.0),
            stem: stem.map_err(name)?,
            profile,
            descriptor: descriptor.clone(),
        },
        provenance: Provenance { calculator, version: made, revision: Revision(revision.0), inputs },
        header: TrackHeader { descriptor, unit, range, shape, channels, bins, rate, planes },
        frames,
        content: ContentHash(content.0),
        max_error: max_error.unwrap_or_default(),
        notes,
    })
}

/// What stands in all of these bytes, and nothing behind it.
pub(crate) fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut rest = bytes;
    let value =
        T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest)).map_err(|cause| cause.to_string())?;
    if rest.is_empty() { Ok(value) } else { Err("there is more behind it".into()) }
}
