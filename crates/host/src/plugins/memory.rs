//! What is remembered of plug-in files from one start to the next: what a scan
//! found, and which are in quarantine. All of it is known by the content of
//! the file and holds for one version of the host.
//!
//! It is a cache: it may be deleted, and where it cannot be written the scan
//! is done again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agogic_schema::Manifest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Times that a plug-in may end its process before it is in quarantine.
const CRASHES: u32 = 3;

/// The folder's tag for backup programs, as <https://bford.info/cachedir/>
/// fixes it.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of Agogic. Everything in it can be computed again.\n";

/// What is remembered, in a folder or not at all.
pub(crate) struct Memory {
    folder: Option<PathBuf>,
    /// How often something went into quarantine since the start.
    condemned: AtomicU64,
}

/// Why a plug-in file is not touched any more, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// What it did, in one line.
    pub reason: String,
    /// When, in seconds since 1970.
    pub since: u64,
}

impl Quarantine {
    /// How long ago.
    pub fn age(&self) -> Duration {
        Duration::from_secs(now().saturating_sub(self.since))
    }
}

/// The record of a file that ended its process.
#[derive(Default, Serialize, Deserialize)]
struct Trouble {
    /// Where the file was, for people who look.
    file: PathBuf,
    crashes: u32,
    quarantine: Option<Quarantine>,
}

impl Memory {
    /// The memory in a folder, which is made when something is to be written.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, condemned: AtomicU64::new(0) }
    }

    /// What an earlier scan found in a file of this content.
    pub(crate) fn manifest(&self, hash: &str) -> Option<Manifest> {
        self.read(&self.path("scanned", hash)?)
    }

    /// Remembers what a scan found.
    pub(crate) fn remember(&self, hash: &str, manifest: &Manifest) {
        if let Some(path) = self.path("scanned", hash) {
            self.write(&path, manifest);
            // Numbers that JSON cannot hold are not remembered.
            if self.read::<Manifest>(&path).is_some_and(|read| read != *manifest) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Whether a file of this content is in quarantine.
    pub(crate) fn quarantine(&self, hash: &str) -> Option<Quarantine> {
        self.trouble(hash)?.quarantine
    }

    /// Notes that a file ended its process, or took too long; after so many
    /// times it is in quarantine.
    pub(crate) fn crashed(&self, hash: &str, file: &Path, reason: &str) {
        let mut trouble = self.trouble(hash).unwrap_or_default();
        trouble.crashes = trouble.crashes.saturating_add(1);
        trouble.file = file.to_owned();
        if trouble.crashes >= CRASHES {
            let reason = format!("{reason} (crash {})", trouble.crashes);
            trouble.quarantine = Some(Quarantine { reason, since: now() });
            self.condemned.fetch_add(1, Ordering::Relaxed);
        }
        self.note(hash, &trouble);
    }

    /// Puts a file into quarantine.
    pub(crate) fn condemn(&self, hash: &str, file: &Path, reason: &str) {
        let quarantine = Some(Quarantine { reason: reason.into(), since: now() });
        self.note(hash, &Trouble { file: file.to_owned(), crashes: 1, quarantine });
        self.condemned.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets all that is known of a file.
    pub(crate) fn forgive(&self, hash: &str) {
        for kind in ["scanned", "trouble"] {
            if let Some(path) = self.path(kind, hash) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// A number that changes whenever something goes into quarantine.
    pub(crate) fn condemned(&self) -> u64 {
        self.condemned.load(Ordering::Relaxed)
    }

    fn trouble(&self, hash: &str) -> Option<Trouble> {
        self.read(&self.path("trouble", hash)?)
    }

    fn note(&self, hash: &str, trouble: &Trouble) {
        if let Some(path) = self.path("trouble", hash) {
            self.write(&path, trouble);
        }
    }

    /// A record's file: another host asks for another.
    fn path(&self, kind: &str, hash: &str) -> Option<PathBuf> {
        let host = env!("CARGO_PKG_VERSION");
        Some(self.folder.as_ref()?.join(kind).join(format!("{hash}-{host}.json")))
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Option<T> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Writes a record whole or not at all.
    fn write<T: Serialize>(&self, path: &Path, record: &T) {
        let write = || -> std::io::Result<()> {
            let folder = path.parent().ok_or(std::io::ErrorKind::NotFound)?;
            self.tag();
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec_pretty(record)?)?;
            file.persist(path)?;
            Ok(())
        };
        // A memory that cannot be written is none.
        let _ = write();
    }

    /// Makes the cache folder that this one is in, with its tag, if this is
    /// its first file.
    fn tag(&self) {
        if let Some(root) = self.folder.as_ref().and_then(|folder| folder.parent())
            && !root.exists()
            && std::fs::create_dir_all(root).is_ok()
        {
            let _ = std::fs::write(root.join("CACHEDIR.TAG"), CACHEDIR_TAG);
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_crash_is_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let open = || Memory::new(Some(cache.join("plugins")));
        let memory = open();
        for crash in 1..=3 {
            assert_eq!(memory.quarantine("a"), None, "before crash {crash}");
            memory.crashed("a", Path::new("a.so"), "it ended");
        }
        assert_eq!(memory.condemned(), 1);
        let quarantine = open().quarantine("a").expect("it outlives the process");
        assert_eq!(quarantine.reason, "it ended (crash 3)");
        assert_eq!(open().quarantine("b"), None, "another content is another plug-in");
        assert!(cache.join("CACHEDIR.TAG").exists());
        memory.forgive("a");
        assert_eq!(open().quarantine("a"), None);
    }

    #[test]
    fn damage_and_no_folder_are_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(Some(folder.path().join("plugins")));
        memory.remember("a", &Manifest::default());
        assert_eq!(memory.manifest("a"), Some(Manifest::default()));
        std::fs::write(memory.path("scanned", "a").unwrap(), "{").unwrap();
        assert_eq!(memory.manifest("a"), None);
        let none = Memory::new(None);
        none.remember("a", &Manifest::default());
        assert_eq!(none.manifest("a"), None);
    }
}
