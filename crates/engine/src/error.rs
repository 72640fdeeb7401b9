//! Why the engine could not do what it was asked: one line that names the
//! input and the cause.

use std::path::PathBuf;

use agogic_decode::DecodeError;
use agogic_host::HostError;
use agogic_schema::{DescriptorId, ProfileName, SchemaError};
use agogic_store::StoreError;
use agogic_view::ViewError;

/// Why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The audio file.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The cache.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache, while the tracks of a file were written.
    #[error("{}: {cause}", file.display())]
    Publish {
        /// The audio file.
        file: PathBuf,
        /// What the cache said.
        cause: StoreError,
    },
    /// A fault of this program or of a library under it, met in one file.
    #[error("{}: analysis failed: {what}", file.display())]
    Panicked {
        /// The audio file.
        file: PathBuf,
        /// What the panic said.
        what: String,
    },
    /// A calculator, before any audio.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A profile or an id.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A view that cannot be.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A descriptor that no calculator computes.
    #[error("unknown descriptor {id:?} (known: {known})", id = .id.as_str())]
    UnknownDescriptor {
        /// The id as given.
        id: DescriptorId,
        /// The ids that there are, comma-separated.
        known: String,
    },
    /// The audio of a file is not what it was when its identity was taken.
    #[error("{}: changed while it was read", .0.display())]
    Changed(PathBuf),
    /// A descriptor that was needed could not be computed.
    #[error("{}: {descriptor} could not be computed: {reason}", file.display())]
    Failed {
        /// The audio file.
        file: PathBuf,
        /// The descriptor.
        descriptor: DescriptorId,
        /// The calculator's reason.
        reason: String,
    },
    /// A track that was found damaged as often as it was computed.
    #[error("{}: {descriptor} does not stay readable in the cache", file.display())]
    Unreadable {
        /// The audio file.
        file: PathBuf,
        /// The descriptor.
        descriptor: DescriptorId,
    },
    /// A configuration file.
    #[error("{}: {reason}", file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A profile that the calculators do not agree with.
    #[error("profile {name}: {reason}")]
    Profile {
        /// The profile.
        name: ProfileName,
        /// What is wrong with it.
        reason: String,
    },
    /// The work was cancelled.
    #[error("interrupted")]
    Cancelled,
}
