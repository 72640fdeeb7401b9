//! Zip files from strangers: one entry out of one, inflated up to a limit. What
//! does not live here: what the entries mean (`dawproject`, `musicxml`).
//!
//! Source: PKWARE's APPNOTE.TXT, through the crate `zip`. Only stored and deflated
//! entries are read; no name is ever used as a path.

use std::io::{Cursor, Read, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Format, refused, unwritable, xml};
use crate::TempoError;

/// Most bytes that an entry may inflate to.
pub(super) const MAX_INFLATED: u64 = 256 << 20;

/// Whether the bytes begin as a zip file does.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Whether the bytes are a zip file with an entry of this name.
pub(super) fn has_entry(bytes: &[u8], name: &str) -> bool {
    ZipArchive::new(Cursor::new(bytes)).is_ok_and(|archive| archive.index_for_name(name).is_some())
}

/// The text of an entry.
pub(super) fn entry(bytes: &[u8], name: &str, format: Format) -> Result<String, TempoError> {
    entry_up_to(bytes, name, format, MAX_INFLATED)
}

fn entry_up_to(bytes: &[u8], name: &str, format: Format, most: u64) -> Result<String, TempoError> {
    let broken = |error: &dyn std::fmt::Display| refused(format, format!("the zip file is broken: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let entry = match archive.by_name(name) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => {
            return Err(refused(format, format!("there is no {name:?} in the zip file")));
        }
        Err(error) => return Err(broken(&error)),
    };
    let too_large = || refused(format, format!("{name:?} is larger than {most} bytes"));
    if entry.size() > most {
        return Err(too_large());
    }
    let mut inflated = Vec::new();
    // The declared size is only a claim.
    entry.take(most + 1).read_to_end(&mut inflated).map_err(|error| broken(&error))?;
    if inflated.len() as u64 > most {
        return Err(too_large());
    }
    xml::text(&inflated, format)
}

/// A zip file of these entries, deflated, the same bytes each time.
pub(super) fn write(entries: &[(&str, &str)], format: Format) -> Result<Vec<u8>, TempoError> {
    let failed = |error: ZipError| unwritable(format, error.to_string());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, options).map_err(failed)?;
        writer.write_all(text.as_bytes()).map_err(|error| failed(error.into()))?;
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_inflated() {
        let zeros = "0".repeat(100_000);
        let bytes = write(&[("a", &zeros), ("b", "hi")], Format::Dawproject).unwrap();
        assert!(bytes.len() < 1000);
        assert_eq!(entry_up_to(&bytes, "b", Format::Dawproject, 2).unwrap(), "hi");
        assert_eq!(entry_up_to(&bytes, "a", Format::Dawproject, 100_000).unwrap(), zeros);
        let error = entry_up_to(&bytes, "a", Format::Dawproject, 99_999).unwrap_err();
        assert!(error.to_string().contains("larger than 99999 bytes"), "{error}");
        // An entry that claims to be small: both places that say 100,000.
        let mut lying = bytes.clone();
        let claim = 100_000_u32.to_le_bytes();
        for at in 0..lying.len() - 4 {
            if lying[at..at + 4] == claim {
                lying[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
            }
        }
        assert_ne!(lying, bytes);
        assert!(entry_up_to(&lying, "a", Format::Dawproject, 1000).is_err());
        assert!(entry(&bytes, "c", Format::Dawproject).is_err());
    }
}
