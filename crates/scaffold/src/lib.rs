//! Writes the folder of a new calculator: a crate that builds, passes its golden
//! test and loads. The templates are files in `templates`; the SDK's sources
//! are part of this crate, so that no checkout is needed.
//!
//! What does not live here: command lines, and running cargo.
#![forbid(unsafe_code)]

mod name;

use std::fs;
use std::path::{Component, Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The files of a new calculator, by their place in its folder.
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../templates/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("../templates/lib.rs.txt")),
    ("calculator.lock", include_str!("../templates/calculator.lock.txt")),
    ("README.md", include_str!("../templates/README.md.txt")),
    (".gitignore", include_str!("../templates/gitignore.txt")),
];

/// The code blocks of the guides; that of the tutorial is tried as a crate.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../docs/migrate-from-vamp.md")]
    struct FromVamp;
    #[doc = include_str!("../../../docs/migrate-from-ticks.md")]
    struct FromTicks;
}

/// Why there is no new calculator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScaffoldError {
    /// A name that no crate can have.
    #[error("{name:?} cannot be the name of a calculator's crate: {rule}")]
    Name {
        /// As given.
        name: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// There is something already.
    #[error("{}: it exists already", .0.display())]
    Exists(PathBuf),
    /// A folder that is no checkout of Agogic.
    #[error("{}: there is no sdk/calculator in it", .0.display())]
    NoSdk(PathBuf),
    /// A file that cannot be written.
    #[error("{}: {cause}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
}

/// Writes a new calculator's folder `NAME` into `parent` and returns it.
///
/// The crate stands on a copy of the SDK in its folder `sdk`, or on the checkout
/// that `sdk` names. On failure nothing is left behind.
///
/// # Errors
/// [`ScaffoldError`], in one line.
pub fn new_calculator(name: &str, parent: &Path, sdk: Option<&Path>) -> Result<PathBuf, ScaffoldError> {
    name::check(name)?;
    let folder = parent.join(name);
    let sdk_path = match sdk {
        None => "sdk".to_owned(),
        Some(checkout) => checkout_path(checkout)?,
    };
    if fs::symlink_metadata(&folder).is_ok() {
        return Err(ScaffoldError::Exists(folder));
    }
    let written = write(name, &folder, &sdk_path, sdk.is_none());
    if written.is_err() {
        let _ = fs::remove_dir_all(&folder);
    }
    written.map(|()| folder)
}

fn write(name: &str, folder: &Path, sdk: &str, copy: bool) -> Result<(), ScaffoldError> {
    let words = [
        ("{{name}}", name.to_owned()),
        ("{{type}}", name::camel(name)),
        ("{{id}}", format!("example.{name}")),
        ("{{library}}", name::library(name)),
        ("{{sdk}}", sdk.to_owned()),
    ];
    for (file, template) in FILES {
        let text = words.iter().fold(template.to_owned(), |text, (from, to)| text.replace(from, to));
        put(&folder.join(file), &text)?;
    }
    let sources = if copy { SDK } else { &[] };
    sources.iter().try_for_each(|(file, text)| put(&folder.join("sdk").join(file), text))
}

fn put(path: &Path, text: &str) -> Result<(), ScaffoldError> {
    let failed = |cause| ScaffoldError::Write { path: path.into(), cause };
    path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text)).map_err(failed)
}

/// The SDK of a checkout, as a manifest names it.
fn checkout_path(checkout: &Path) -> Result<String, ScaffoldError> {
    let missing = || ScaffoldError::NoSdk(checkout.into());
    let sdk = fs::canonicalize(checkout).map_err(|_| missing())?.join("sdk");
    if !sdk.join("calculator/Cargo.toml").is_file() || !sdk.components().all(plain) {
        return Err(missing());
    }
    Ok(sdk.to_str().ok_or_else(missing)?.replace('\\', "/"))
}

/// Whether a part of a path can stand in a manifest between quotes.
fn plain(part: Component<'_>) -> bool {
    part.as_os_str().to_str().is_some_and(|text| !text.contains(['"', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_written_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let folder = new_calculator("my-crest", parent.path(), None).unwrap();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("path = \"sdk/calculator\""), "{manifest}");
        let code = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(code.contains("export!(MyCrest)") && code.contains("\"example.my-crest\""));
        assert!(FILES.iter().all(|(file, _)| !fs::read_to_string(folder.join(file)).unwrap().contains("{{")));
        assert!(matches!(
            new_calculator("my-crest", parent.path(), None),
            Err(ScaffoldError::Exists(there)) if there == folder
        ));
        assert!(matches!(
            new_calculator("other", parent.path(), Some(parent.path())),
            Err(ScaffoldError::NoSdk(_))
        ));
        assert!(!parent.path().join("other").exists());
    }

    #[test]
    fn the_copy_of_the_sdk_stands_alone() {
        let manifests: Vec<_> = SDK.iter().filter(|(file, _)| file.ends_with("Cargo.toml")).collect();
        assert_eq!(manifests.len(), 6);
        for (file, text) in manifests {
            assert!(!text.contains("workspace"), "{file}: {text}");
            for line in text.lines().filter(|line| line.contains("path = ")) {
                let beside = line.split("../").nth(1).and_then(|rest| rest.split('"').next());
                let there = |name| SDK.iter().any(|(file, _)| *file == format!("{name}/Cargo.toml"));
                assert!(beside.is_some_and(there), "{file}: {line}");
            }
        }
    }
}
