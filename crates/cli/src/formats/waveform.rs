//! Waveform data as BBC's audiowaveform writes it and peaks.js reads it: `.dat`
//! in both of its versions, and JSON. See `doc/DataFormat.md` of audiowaveform.
//!
//! It works on samples of 16 bits. What decodes to integers is cut off to those
//! as libsndfile does, `floor(x * 32768)`; everything else is
//! `trunc(x * 32767)`, with what lies beyond full scale at full scale. A mean of
//! channels is cut off towards zero, and so is a value of 8 bits, which is one
//! of 16 divided by 256.

use std::io::{self, Write};

use agogic::AssetInfo;
use agogic::schema::{FeatureTrack, TrackData};

/// How far a mean of channels may miss a whole number by rounding. The means of
/// up to 24 channels are whole or further away.
const ROUNDING: f32 = 0.01;

/// Bit 0 of the flags: values of 8 bits.
const EIGHT_BITS: u32 = 1;

/// Minima and maxima, as integers of 16 bits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Waveform {
    rate: u32,
    /// Samples under a pair.
    zoom: u32,
    channels: usize,
    /// Pair by pair, in each channel after channel.
    values: Vec<i16>,
}

impl Waveform {
    /// From a dense track of two bins; none for another, or for one that is too
    /// long for the formats.
    pub(crate) fn new(track: &FeatureTrack, info: &AssetInfo, zoom: u32) -> Option<Self> {
        let TrackData::Dense(plane) = &track.data else { return None };
        let header = &track.header;
        let channels = header.channels.len();
        let pairs = plane.data.len() / (2 * channels).max(1);
        let fits = header.bins == 2 && i32::try_from(pairs).is_ok() && i32::try_from(header.rate).is_ok();
        let cut_off = Rounding::of(&info.codec, channels < usize::from(info.channels));
        let values = plane.data.iter().map(|&value| cut_off.apply(value));
        fits.then(|| Self { rate: header.rate, zoom, channels, values: values.collect() })
    }

    /// Waveforms that it holds.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    fn pairs(&self) -> usize {
        self.values.len() / (2 * self.channels).max(1)
    }

    /// As `.dat` of version 1, which holds one waveform and does not say so, or
    /// of version 2.
    pub(crate) fn write_dat(&self, out: &mut dyn Write, version: u32, bits: u32) -> io::Result<()> {
        let flags = if bits == 8 { EIGHT_BITS } else { 0 };
        for field in [version, flags, self.rate, self.zoom, self.pairs() as u32] {
            out.write_all(&field.to_le_bytes())?;
        }
        if version == 2 {
            out.write_all(&(self.channels as u32).to_le_bytes())?;
        }
        let bytes: Vec<u8> = match bits {
            8 => self.values.iter().map(|value| (value / 256) as u8).collect(),
            _ => self.values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        out.write_all(&bytes)
    }

    /// As JSON, which has one version.
    pub(crate) fn write_json(&self, out: &mut dyn Write, bits: u32) -> io::Result<()> {
        let Self { rate, zoom, channels, .. } = self;
        write!(
            out,
            "{{\"version\":2,\"channels\":{channels},\"sample_rate\":{rate},\"samples_per_pixel\":{zoom},\
             \"bits\":{bits},\"length\":{},\"data\":[",
            self.pairs()
        )?;
        let divisor = if bits == 8 { 256 } else { 1 };
        for (i, value) in self.values.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(out, "{comma}{}", value / divisor)?;
        }
        out.write_all(b"]}\n")
    }
}

/// How a sample becomes an integer of 16 bits.
#[derive(Clone, Copy, Debug)]
enum Rounding {
    /// One of a codec of integers.
    Integer,
    /// The mean of several such.
    Mean,
    /// Any other.
    Float,
}

impl Rounding {
    fn of(codec: &str, mean: bool) -> Self {
        let integers = ["pcm_", "adpcm_", "flac", "alac"].iter().any(|kind| codec.starts_with(kind));
        match (integers && !codec.starts_with("pcm_f"), mean) {
            (false, _) => Self::Float,
            (true, false) => Self::Integer,
            (true, true) => Self::Mean,
        }
    }

    /// `as` keeps to the ends of the range.
    fn apply(self, value: f32) -> i16 {
        let scaled = value * 32_768.0;
        match self {
            Self::Integer => scaled.floor() as i16,
            Self::Mean if (scaled - scaled.round()).abs() < ROUNDING => scaled.round() as i16,
            Self::Mean => scaled as i16,
            Self::Float => (value * 32_767.0) as i16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic::schema::{DescriptorId, Plane, Shape, TrackHeader};

    fn waveform(values: &[f32], channels: &[&str], codec: &str, source: u16) -> Waveform {
        let header = TrackHeader {
            descriptor: DescriptorId::new("agogic.waveform").unwrap(),
            unit: String::new(),
            range: None,
            shape: Shape::Dense,
            channels: channels.iter().map(|&name| name.into()).collect(),
            bins: 2,
            rate: 44_100,
            planes: vec![(0, 512)],
        };
        let data = TrackData::Dense(Plane { grid: header.grid(0).unwrap(), data: values.to_vec() });
        let info = AssetInfo { sample_rate: 44_100, channels: source, samples: 900, codec: codec.into() };
        Waveform::new(&FeatureTrack { header, data }, &info, 512).unwrap()
    }

    #[test]
    fn samples_are_cut_off_as_audiowaveform_does() {
        #[track_caller]
        fn check(rounding: Rounding, value: f32, expect: i16) {
            assert_eq!(rounding.apply(value), expect, "{value}");
        }
        let whole = Rounding::of("pcm_s24le", false);
        check(whole, -1.0, -32_768);
        check(whole, 32_767.0 / 32_768.0, 32_767);
        check(whole, -1.25 / 32_768.0, -2);
        check(whole, 1.75 / 32_768.0, 1);
        let mean = Rounding::of("flac", true);
        check(mean, -1.5 / 32_768.0, -1);
        check(mean, 1.5 / 32_768.0, 1);
        check(mean, (3.0 / 32_768.0) * (1.0 / 3.0), 1);
        check(mean, 20_000.998 / 32_768.0, 20_001);
        let float = Rounding::of("pcm_f32le", true);
        check(float, -1.0, -32_767);
        check(float, 0.5, 16_383);
        check(float, 2.0, 32_767);
        check(float, -2.0, -32_768);
        check(float, f32::NAN, 0);
    }

    #[test]
    fn every_byte_of_a_dat_file() {
        let two =
            waveform(&[-1.0, 0.5, -0.001, 0.25, 0.0, 0.0, 0.1, 0.2], &["left", "right"], "pcm_s16le", 2);
        let mut out = vec![];
        two.write_dat(&mut out, 2, 8).unwrap();
        let head = [[2, 0, 0, 0], [1, 0, 0, 0], [0x44, 0xac, 0, 0], [0, 2, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0]];
        assert_eq!(out[..24], *head.as_flattened());
        assert_eq!(out[24..], [-128i8, 64, 0, 32, 0, 0, 12, 25].map(|value| value as u8));

        let one = waveform(&[-1.0, 0.5], &["mono"], "pcm_s16le", 2);
        let mut out = vec![];
        one.write_dat(&mut out, 1, 16).unwrap();
        let head = [[1, 0, 0, 0], [0, 0, 0, 0], [0x44, 0xac, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0]];
        assert_eq!(out[..20], *head.as_flattened());
        assert_eq!(out[20..], [0, 0x80, 0, 0x40]);
    }

    #[test]
    fn json_says_the_same() {
        let one = waveform(&[-1.0, 0.5, -0.001, 0.25], &["mono"], "pcm_s16le", 1);
        let text = |bits| {
            let mut out = vec![];
            one.write_json(&mut out, bits).unwrap();
            String::from_utf8(out).unwrap()
        };
        let head = "{\"version\":2,\"channels\":1,\"sample_rate\":44100,\"samples_per_pixel\":512,";
        assert_eq!(text(8), format!("{head}\"bits\":8,\"length\":2,\"data\":[-128,64,0,32]}}\n"));
        assert_eq!(text(16), format!("{head}\"bits\":16,\"length\":2,\"data\":[-32768,16384,-33,8192]}}\n"));
    }

    #[test]
    fn other_tracks_are_none() {
        let mut track = FeatureTrack {
            header: TrackHeader {
                descriptor: DescriptorId::new("t.a").unwrap(),
                unit: String::new(),
                range: None,
                shape: Shape::Events,
                channels: vec![],
                bins: 2,
                rate: 1,
                planes: vec![],
            },
            data: TrackData::Events(vec![]),
        };
        let info = AssetInfo { sample_rate: 1, channels: 1, samples: 1, codec: "flac".into() };
        assert_eq!(Waveform::new(&track, &info, 2), None);
        track.header.bins = 0;
        assert_eq!(Waveform::new(&track, &info, 2), None);
    }
}
