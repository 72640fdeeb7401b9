//! What can go wrong with a cache as a whole. Damage to a file in it is no
//! error: that is a miss.

use std::io;
use std::path::{Path, PathBuf};

use agogic_schema::CacheKey;

/// Why the cache could not do what it was asked. Each message is one line that
/// names the file or folder and the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The cache folder cannot be made, read or written.
    #[error("cache folder {} cannot be used: {cause}", folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The cache folder may be read only; what is in it can be read.
    #[error("cache folder {} is read-only: nothing can be added to it", folder.display())]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
    },
    /// The cache folder was made by a later program; it is left untouched.
    #[error("cache folder {} has format version {found}, this program knows {known}", folder.display())]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The version that the folder states.
        found: u64,
        /// The latest version that this program knows.
        known: u32,
    },
    /// The disk, or the user's share of it, is full. A retry helps once there
    /// is room; nothing half-written stays behind.
    #[error("no room to write {}: {cause}", path.display())]
    Full {
        /// The file that was being written.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// A file or folder of the cache could not be read or written.
    #[error("cannot {what} {}: {cause}", path.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The index could not be read or written. Another process that holds it
    /// for long is the likely cause; a retry helps then.
    #[error("cache index {}: {cause}", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// What the database said.
        cause: String,
    },
    /// The limits of the folder cannot be understood, or cannot be.
    #[error("{}: {rule}", path.display())]
    Limits {
        /// The file that states them.
        path: PathBuf,
        /// What is wrong with them.
        rule: String,
    },
    /// A bundle is none, is damaged or exceeds its caps, or none can be written.
    #[error("bundle {}: {rule}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        rule: String,
    },
    /// Whoever watched the work asked for it to end.
    #[error("stopped")]
    Stopped,
    /// The values handed to a writer, or the part asked of a reader, do not
    /// fit the track.
    #[error("track of {descriptor}: {rule}")]
    Track {
        /// The descriptor of the track.
        descriptor: String,
        /// The rule that is broken.
        rule: String,
    },
}

impl StoreError {
    pub(crate) fn io(what: &'static str, path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { path, cause: cause.to_string() }
            }
            _ => Self::Io { what, path, cause },
        }
    }

    pub(crate) fn unusable(folder: &Path, cause: &dyn std::fmt::Display) -> Self {
        Self::Unusable { folder: folder.to_path_buf(), cause: cause.to_string() }
    }

    pub(crate) fn track(key: &CacheKey, rule: impl Into<String>) -> Self {
        Self::Track { descriptor: key.descriptor.to_string(), rule: rule.into() }
    }
}
