//! The durable cache: one chunk file per track, and a SQLite index beside
//! them. What lives here: the format of chunk files, their atomic publication,
//! the checks on every read, the index, and the table that spares hashing an
//! audio file again. What does not: who decides what is fresh (`scheduler`),
//! who computes (`host`), and anything about tempo.
//!
//! *Files are the truth.* The index can be lost at any time: a file without a
//! row is checked and adopted, a row without a file is dropped. Whatever fails
//! a check is moved into quarantine, counted and reported as a miss, so that
//! it is computed again; it is never returned.
//!
//! The byte-level description is in `docs/store-format.md`.
//!
//! ```
//! # use agogic_schema::*;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (profile, id) = (ProfileName::new("default")?, DescriptorId::new("agogic.rms")?);
//! # let key = CacheKey::new(AssetId([7; 32]), profile, id);
//! # let provenance = Provenance {
//! #     calculator: CalculatorId::new("agogic.rms")?,
//! #     version: Version::new(1, 0, 0),
//! #     revision: Revision([1; 32]),
//! #     inputs: Default::default(),
//! # };
//! # let header = TrackHeader {
//! #     descriptor: key.descriptor.clone(),
//! #     unit: String::new(),
//! #     range: None,
//! #     shape: Shape::Dense,
//! #     channels: vec!["mono".into()],
//! #     bins: 1,
//! #     rate: 48_000,
//! #     planes: vec![(0, 512)],
//! # };
//! use agogic_store::Store;
//!
//! let store = Store::open(folder.path())?;
//! let mut writer = store.writer(key.clone(), provenance, header)?;
//! writer.frames(0, &[0.1, 0.2, 0.3])?;
//! writer.publish()?;
//!
//! let mut reader = store.reader(&key)?.expect("just published");
//! let part = reader.frames(0, 1..3)?.expect("undamaged");
//! assert_eq!(part.data, [0.2, 0.3]);
//! # Ok(())
//! # }
//! ```

mod assets;
mod bundle;
mod claim;
mod codec;
mod collect;
mod compact;
mod content;
mod database;
pub mod disk;
mod error;
mod file;
mod format;
#[doc(hidden)]
pub mod hostile;
mod index;
mod invalidate;
mod layout;
mod limits;
pub mod memory;
mod publish;
mod quarantine;
mod reader;
mod repack;
mod report;
mod room;
mod spaces;
mod stat;
mod store;
mod sync;
mod temp;
pub mod touch;
mod uses;
mod verify;
mod writer;

pub use assets::{AssetInfo, FileStamp};
pub use bundle::{BUNDLE_VERSION, Bundle, Caps, Exported, Fate, Imported};
pub use claim::Claim;
pub use collect::{Collection, Gone, Why};
pub use content::content_hash;
pub use error::StoreError;
pub use format::FORMAT_VERSION;
pub use invalidate::Filter;
pub use limits::{Limits, Thresholds};
pub use quarantine::Quarantined;
pub use reader::TrackReader;
pub use report::{Complaint, Report, Share};
pub use store::{Entry, Stats, Store};
pub use uses::{Total, Use};
pub use verify::{Damaged, Newer, VerifyReport};
pub use writer::TrackWriter;
