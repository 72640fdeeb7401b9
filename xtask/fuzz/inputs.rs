//! The inputs: sound files of every format, and ways to damage them.

use std::path::Path;

use agogic_tempo::TempoMap;
use agogic_tempo::formats::{Format, detect, export};
use anyhow::{Context as _, Result};

/// Damaged files that are kept to be damaged further.
const KEPT: usize = 512;
/// Bytes beyond which an input does not grow.
const MAX_BYTES: usize = 1 << 15;

/// Numbers that readers stumble over.
const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "1e-9",
    "1e-300",
    "5e-324",
    "1e12",
    "1e13",
    "1e300",
    "1e308",
    "1e999",
    "NaN",
    "inf",
    "-inf",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "",
    "60.000000000000007",
];

/// An input and the format it is meant to be of.
pub(crate) struct Input {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: Format,
}

/// Sound files, and damaged ones that still gave a map.
pub(crate) struct Corpus {
    files: Vec<Input>,
    kept: Vec<Input>,
}

impl Corpus {
    /// The files of `fuzz/corpus` and of the tests of tempo maps, those in zip
    /// files, and what the exports write.
    pub(crate) fn read(xtask: &Path) -> Result<Self> {
        let mut files = vec![];
        for folder in [xtask.join("fuzz/corpus"), xtask.join("../crates/tempo/tests/formats")] {
            let listed = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
            let mut paths = listed.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
            paths.sort();
            for path in paths {
                let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
                // Other things stand beside them, which give no map.
                if let Some(format) = detect(&bytes)
                    && TempoMap::from_bytes(&bytes).is_ok()
                {
                    files.push(Input { bytes, format });
                }
            }
        }
        let zipped: Vec<_> = files.iter().filter_map(packed).collect();
        files.extend(zipped);
        let maps: Vec<_> =
            files.iter().filter_map(|file| TempoMap::from_bytes(&file.bytes).ok()).take(2).collect();
        for (map, format) in maps.iter().flat_map(|map| Format::ALL.map(|format| (map, format))) {
            files.extend(export(map, format).ok().map(|bytes| Input { bytes, format }));
        }
        Ok(Self { files, kept: vec![] })
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Input> {
        self.files.iter()
    }

    /// Keeps an input; once there are many, instead of another.
    pub(crate) fn keep(&mut self, bytes: Vec<u8>, format: Format, random: &mut Random) {
        let input = Input { bytes, format };
        if self.kept.len() < KEPT {
            self.kept.push(input);
        } else {
            self.kept[random.below(KEPT)] = input;
        }
    }

    /// A damaged file, and the format that it was of.
    pub(crate) fn damaged(&self, random: &mut Random) -> (Vec<u8>, Format) {
        // Formats alike often, whatever the number of their files.
        let format = Format::ALL[random.below(Format::ALL.len())];
        let from = if random.below(2) == 0 { &self.kept } else { &self.files };
        let pick = |from: &[Input], random: &mut Random| {
            let of: Vec<usize> = (0..from.len()).filter(|i| from[*i].format == format).collect();
            (!of.is_empty()).then(|| of[random.below(of.len())])
        };
        let (from, i) = match pick(from, random) {
            Some(i) => (from, i),
            None => (&self.files, pick(&self.files, random).unwrap_or(0)),
        };
        let input = &from[i];
        let mut bytes = input.bytes.clone();
        for _ in 0..=random.below(6) {
            let other = &self.files[random.below(self.files.len())].bytes;
            damage(&mut bytes, other, random);
        }
        bytes.truncate(MAX_BYTES);
        let input = Input { bytes, format: input.format };
        // A zip file with a sound frame around what is damaged.
        match packed(&input) {
            Some(packed) if random.below(4) == 0 => (packed.bytes, packed.format),
            _ => (input.bytes, input.format),
        }
    }
}

/// Does one thing to bytes that a sound file never says.
pub(crate) fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(16)).min(bytes.len());
    match random.below(11) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
        2 if at < bytes.len() => {
            bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'<', b'"', b'-'][random.below(10)];
        }
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let again = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
        6 => {
            let new: Vec<u8> = (0..=random.below(8)).map(|_| random.below(256) as u8).collect();
            drop(bytes.splice(at..at, new));
        }
        7 if !other.is_empty() => {
            let from = random.below(other.len());
            let to = (from + 1 + random.below(200)).min(other.len());
            drop(bytes.splice(at..end, other[from..to].iter().copied()));
        }
        8 => {
            // A count or a size of four bytes, as most are.
            let number = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 1 << random.below(32)][random.below(6)];
            let end = (at + 4).min(bytes.len());
            drop(bytes.splice(at..end, number.to_be_bytes()));
        }
        9 if bytes.len() > 1 => {
            // Two places change places.
            let length = 1 + random.below(bytes.len() / 2);
            bytes.rotate_left(length.min(random.below(64)));
        }
        _ => {
            // Another number where one stands.
            let digit = |at: &usize| bytes[*at].is_ascii_digit();
            if let Some(from) = (at..bytes.len()).find(digit) {
                let part = |byte: &u8| byte.is_ascii_digit() || b".-+eE".contains(byte);
                let length = bytes[from..].iter().take_while(|byte| part(byte)).count();
                let number = NUMBERS[random.below(NUMBERS.len())];
                drop(bytes.splice(from..from + length, number.bytes()));
            }
        }
    }
}

/// The zip file that this text is found in, for formats that have such.
fn packed(input: &Input) -> Option<Input> {
    const CONTAINER: &[u8] =
        b"<container><rootfiles><rootfile full-path=\"score.xml\"/></rootfiles></container>";
    let Input { bytes, format } = input;
    if bytes.starts_with(b"PK") {
        return None;
    }
    let bytes = match format {
        Format::Dawproject => zip(&[("project.xml", bytes)]),
        Format::Musicxml => zip(&[("META-INF/container.xml", CONTAINER), ("score.xml", bytes)]),
        _ => return None,
    };
    Some(Input { bytes, format: *format })
}

/// A zip file of stored entries (PKWARE's APPNOTE.TXT, 4.3).
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (vec![], vec![]);
    for (name, bytes) in entries {
        let offset = file.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        // Version 2.0, no flags, stored, no date; checksum, both sizes, name.
        let mut entry = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        entry.extend([crc32(bytes).to_le_bytes(), size, size].concat());
        entry.extend((name.len() as u16).to_le_bytes());
        entry.extend([0, 0]);
        file.extend([b"PK\x03\x04", &entry[..], name.as_bytes(), bytes].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &entry[..], &[0; 10], &offset.to_le_bytes()].concat());
        directory.extend(name.as_bytes());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let (size, at) = ((directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes());
    [&file, &directory, &b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &at, &[0, 0]].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), fold))
}

/// Numbers as good as random, the same for the same seed (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another, which is above 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A number in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
