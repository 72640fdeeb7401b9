//! Plug-in files: what is looked at before the system's loader may have them,
//! and which interface they speak.

use std::path::Path;
use std::sync::Arc;

use object::{Object as _, ObjectKind, ObjectSegment as _, ReadCache};

use crate::HostError;
use crate::backend::Library;
use crate::c::CLibrary;
use crate::stable::StableLibrary;
use crate::vamp::{self, VampLibrary};

/// Loads a library file. It stays mapped until the process ends: unmapping a
/// library whose types were checked is not safe.
pub(crate) fn load(path: &Path) -> Result<Arc<dyn Library>, HostError> {
    // The full path: the system looks for a bare file name elsewhere.
    let named = path;
    let path = &std::fs::canonicalize(path).map_err(|error| HostError::NotALibrary(error.to_string()))?;
    check_whole(path)?;
    if vamp::exported_by(path) {
        return Ok(Arc::new(VampLibrary::load(path, named)?));
    }
    if let Some(library) = CLibrary::load(path)? {
        return Ok(Arc::new(library));
    }
    Ok(Arc::new(StableLibrary::load(path)?))
}

/// Refuses what the system's loader would map without a look and fall over: a
/// pipe, a text file, a library that was copied by half.
pub(crate) fn check_whole(path: &Path) -> Result<(), HostError> {
    let refuse = |reason: &str| Err(HostError::NotALibrary(reason.into()));
    let failed = |error: std::io::Error| HostError::NotALibrary(error.to_string());
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return refuse("it is no regular file");
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let cache = ReadCache::new(file);
    let object = match object::File::parse(&cache) {
        Ok(object) => object,
        Err(error) => return refuse(&one_line(&format!("{error}"))),
    };
    if object.kind() != ObjectKind::Dynamic {
        return refuse("it is no dynamic library");
    }
    let ends = object.segments().map(|segment| {
        let (start, size) = segment.file_range();
        start.saturating_add(size)
    });
    match ends.max() {
        Some(end) if end > length => refuse("it is cut off"),
        _ => Ok(()),
    }
}

/// An error's reason in one line of bearable length.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(200) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}
