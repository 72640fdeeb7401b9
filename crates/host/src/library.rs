//! One plug-in library: loading, the generation gate, and its description.

use std::path::Path;

use abi_stable::library::{LibraryError, lib_header_from_path};
use agogic_abi::GENERATION;
use agogic_abi::v1::CalculatorLibraryRef;
use agogic_schema::Manifest;

use crate::HostError;

/// Largest description accepted, in bytes.
const MAX_MANIFEST: usize = 16 << 20;

/// Loads a library file. It stays mapped until the process ends: unmapping a
/// library whose types were checked is not safe.
pub(crate) fn load(path: &Path) -> Result<CalculatorLibraryRef, HostError> {
    // Not `RootModule::load_from_file`: that returns the first library again
    // for every later path.
    lib_header_from_path(path)
        .and_then(|header| header.init_root_module::<CalculatorLibraryRef>())
        .map_err(explain)
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
