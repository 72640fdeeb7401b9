//! How large a cache may grow and how long things stay in it. The limits stand
//! in `limits.toml` of the cache folder, so that all processes agree: each looks
//! whether the file has changed before it goes by what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agogic_schema::Namespace;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::memory;
use crate::stat::Stat;
use crate::store::Inner;
use crate::temp::TempFile;
use crate::{Store, StoreError};

/// The limits of a cache folder.
///
/// ```toml
/// enabled = true               # false: nothing that others cached is found
/// packing = true               # false: exact values stand as they are in memory
/// warming = true               # false: nothing is read into memory beforehand
/// size = 10_000_000_000        # bytes of all tracks; none where nothing is said
/// ttl = 2_592_000              # seconds that a track may lie unused
/// quota = 1_000_000_000        # bytes of each namespace
/// memory = 256_000_000         # bytes of values held in memory, per process
/// memory_idle = 300            # seconds that they are held unused
///
/// [quotas]                     # bytes of single namespaces
/// anna = 5_000_000_000
///
/// [health]                     # when `cache stats` warns
/// hit_rate = 0.5
/// full = 0.9
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether the cache is used. While it is not, each process finds only the
    /// tracks that it published itself meanwhile, and removes them when it
    /// closes the cache. What was there before stays, unseen, or with what took
    /// its place.
    pub enabled: bool,
    /// Whether values that keep every bit are packed, where a writer does not
    /// say otherwise.
    pub packing: bool,
    /// Whether tracks may be read into memory before anybody asks for them.
    pub warming: bool,
    /// Bytes that all tracks together may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Seconds after which a track that nobody used goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// Bytes that the tracks of a namespace may take, where `quotas` does not
    /// name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Bytes of decoded values that each process holds in memory.
    pub memory: u64,
    /// Seconds after which values that nobody used leave the memory.
    pub memory_idle: u64,
    /// Bytes that the tracks of single namespaces may take.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<Namespace, u64>,
    /// When the cache counts as unwell.
    pub health: Thresholds,
}

/// When a cache counts as unwell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// A smaller share of hits among what was asked for is low.
    pub hit_rate: f64,
    /// So many requests are needed before the share says anything.
    pub requests: u64,
    /// A greater share of the size limit is nearly full.
    pub full: f64,
    /// More damaged files than this are too many.
    pub damaged: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let memory = memory::Limits::default();
        Self {
            enabled: true,
            packing: true,
            warming: true,
            size: None,
            ttl: None,
            quota: None,
            memory: memory.bytes,
            memory_idle: memory.idle.as_secs(),
            quotas: BTreeMap::new(),
            health: Thresholds::default(),
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { hit_rate: 0.5, requests: 100, full: 0.9, damaged: 0 }
    }
}

impl Limits {
    /// Bytes that a namespace may take.
    pub fn quota_of(&self, namespace: &Namespace) -> Option<u64> {
        self.quotas.get(namespace).copied().or(self.quota)
    }

    pub(crate) fn of_memory(&self) -> memory::Limits {
        memory::Limits { bytes: self.memory, idle: Duration::from_secs(self.memory_idle) }
    }

    fn check(&self) -> Result<(), String> {
        let share = |what: &str, share: f64| {
            let fits = (0.0..=1.0).contains(&share);
            if fits { Ok(()) } else { Err(format!("health.{what} = {share} is no share from 0 to 1")) }
        };
        share("hit_rate", self.health.hit_rate)?;
        share("full", self.health.full)
    }
}

/// The limits as they were last read.
#[derive(Debug)]
pub(crate) struct Current {
    path: PathBuf,
    seen: Mutex<(Option<Stat>, Limits)>,
}

impl Current {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { path: layout.limits(), seen: Mutex::default() }
    }

    /// The limits that hold now. A file that cannot be read leaves those that
    /// held before.
    pub(crate) fn get(&self) -> Limits {
        self.with(Limits::clone)
    }

    fn with<T>(&self, look: impl FnOnce(&Limits) -> T) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stat = fs::metadata(&self.path).ok().map(|meta| Stat::of(&meta));
        if seen.0 != stat {
            if let Ok(limits) = self.read() {
                seen.1 = limits;
            }
            seen.0 = stat;
        }
        look(&seen.1)
    }

    /// Whether the cache is used now.
    pub(crate) fn enabled(&self) -> bool {
        self.with(|limits| limits.enabled)
    }

    fn read(&self) -> Result<Limits, StoreError> {
        let wrong = |rule: String| StoreError::Limits { path: self.path.clone(), rule };
        match fs::read_to_string(&self.path) {
            Ok(text) => {
                let line = |cause: toml::de::Error| cause.message().lines().collect::<Vec<_>>().join(" ");
                let limits: Limits = toml::from_str(&text).map_err(|cause| wrong(line(cause)))?;
                limits.check().map_err(wrong)?;
                Ok(limits)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Limits::default()),
            Err(cause) => Err(StoreError::io("read", &self.path, cause)),
        }
    }
}

impl Store {
    /// The limits of the folder.
    ///
    /// # Errors
    /// [`StoreError::Limits`] where `limits.toml` cannot be understood;
    /// [`StoreError::Io`] where it cannot be read.
    pub fn limits(&self) -> Result<Limits, StoreError> {
        self.inner.limits.read()
    }

    /// Sets the limits of the folder, for all processes that use it: each goes
    /// by them from its next publication on.
    ///
    /// # Errors
    /// [`StoreError::Limits`] for a share outside 0 to 1; [`StoreError::Full`]
    /// or [`StoreError::Io`] where they cannot be written.
    pub fn set_limits(&self, limits: &Limits) -> Result<(), StoreError> {
        let Inner { layout, limits: current, .. } = &*self.inner;
        let path = layout.limits();
        let wrong = |rule: String| StoreError::Limits { path: path.clone(), rule };
        limits.check().map_err(wrong)?;
        let text = toml::to_string(limits).map_err(|cause| wrong(cause.to_string()))?;
        // Locked while it is written, so that nobody takes it for a leftover.
        let mut staged = TempFile::with(layout, &text)?;
        let placed = staged.place(&path).and_then(|()| layout.disk().sync_folder(layout.root()));
        placed.map_err(|cause| StoreError::io("write", &path, cause))?;
        self.inner.memory.set_limits(current.get().of_memory());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_sets_the_other_sees() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
        assert_eq!(one.limits().unwrap(), Limits::default());
        let anna = Namespace::new("anna").unwrap();
        let limits = Limits {
            size: Some(1 << 40),
            ttl: Some(5),
            quotas: [(anna.clone(), 7)].into(),
            ..Limits::default()
        };
        assert_eq!((limits.quota_of(&anna), limits.quota_of(&Namespace::default())), (Some(7), None));
        one.set_limits(&limits).unwrap();
        assert_eq!((other.limits().unwrap(), other.inner.limits.get()), (limits.clone(), limits));
        let no_share = Thresholds { full: 1.5, ..Thresholds::default() };
        assert!(one.set_limits(&Limits { health: no_share, ..Limits::default() }).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_named_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let limits = Limits { size: Some(9), ..Limits::default() };
        store.set_limits(&limits).unwrap();
        assert_eq!(store.inner.limits.get(), limits);
        for text in ["size = 'much'", "sise = 3", "[health]\nfull = 2.0", "\u{0}"] {
            fs::write(dir.path().join("limits.toml"), text).unwrap();
            let error = store.limits().unwrap_err().to_string();
            assert!(error.contains("limits.toml") && error.lines().count() == 1, "{error}");
            assert_eq!(store.inner.limits.get(), limits);
        }
    }
}
