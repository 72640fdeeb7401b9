//! One plug-in library: loading, the generation gate, and its description.

use std::path::Path;

use abi_stable::library::{LibraryError, lib_header_from_path};
use agogic_abi::GENERATION;
use agogic_abi::v1::CalculatorLibraryRef;
use agogic_schema::Manifest;
use object::{Object as _, ObjectKind, ObjectSegment as _, ReadCache};

use crate::HostError;

/// Largest description accepted, in bytes.
const MAX_MANIFEST: usize = 16 << 20;

/// Loads a library file. It stays mapped until the process ends: unmapping a
/// library whose types were checked is not safe.
pub(crate) fn load(path: &Path) -> Result<CalculatorLibraryRef, HostError> {
    // The full path: the system looks for a bare file name elsewhere.
    let path = &std::fs::canonicalize(path).map_err(|error| HostError::NotALibrary(error.to_string()))?;
    check_whole(path)?;
    // Not `RootModule::load_from_file`: that returns the first library again
    // for every later path.
    lib_header_from_path(path)
        .and_then(|header| header.init_root_module::<CalculatorLibraryRef>())
        .map_err(explain)
}

/// Refuses what the system's loader would map without a look and fall over: a
/// pipe, a text file, a library that was copied by half.
fn check_whole(path: &Path) -> Result<(), HostError> {
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

/// What a library says that it holds.
pub(crate) fn manifest(library: CalculatorLibraryRef) -> Result<Manifest, HostError> {
    let bytes = library.manifest()();
    if bytes.is_empty() {
        return Err(HostError::Manifest("describing failed".into()));
    }
    if bytes.len() > MAX_MANIFEST {
        return Err(HostError::Manifest(format!("it is {} bytes long", bytes.len())));
    }
    let manifest: Manifest =
        rmp_serde::from_slice(&bytes).map_err(|error| HostError::Manifest(error.to_string()))?;
    for calculator in &manifest.calculators {
        calculator.check()?;
    }
    Ok(manifest)
}

/// The library's reason in one line; abi_stable's own messages take many.
fn explain(error: LibraryError) -> HostError {
    match error {
        LibraryError::OpenError { err, .. } => HostError::NotALibrary(one_line(&err.to_string())),
        LibraryError::GetSymbolError { .. } => HostError::NoCalculators,
        LibraryError::IncompatibleVersionNumber { actual_version, .. } => HostError::Generation {
            found: format!("{} (interface {actual_version})", actual_version.major),
            spoken: GENERATION,
        },
        LibraryError::InvalidAbiHeader(_) | LibraryError::InvalidCAbi { .. } => {
            HostError::Layout("its abi_stable or its compiler's C interface differs".into())
        }
        LibraryError::Many(errors) => match errors.into_iter().next() {
            Some(first) => explain(first),
            None => HostError::NotALibrary("unknown reason".into()),
        },
        other => HostError::Layout(one_line(&other.to_string())),
    }
}

fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(200) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}
