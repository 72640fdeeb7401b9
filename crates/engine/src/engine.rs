//! Opening: the cache, the calculators, and what the engine is asked of them.

use std::path::{Path, PathBuf};

use agogic_host::{LoadedCalculator, Refusal, Registry};
use agogic_schema::{DescriptorId, DescriptorSpec};
use agogic_store::Store;
use etcetera::BaseStrategy;

use crate::Error;
use crate::vamp::VampPlugins;

/// A cache and the calculators that fill it.
pub struct Engine {
    pub(crate) registry: Registry,
    pub(crate) vamp: VampPlugins,
    pub(crate) store: Store,
    pub(crate) pool: Option<rayon::ThreadPool>,
    pub(crate) threads: usize,
}

/// How an engine is opened.
pub struct Builder {
    cache: PathBuf,
    plugins: Vec<PathBuf>,
    threads: Option<usize>,
}

impl Builder {
    /// Looks for plug-ins in these folders and files, instead of
    /// `AGOGIC_PLUGIN_PATH` and the user's folder.
    #[must_use]
    pub fn plugin_path(mut self, path: impl IntoIterator<Item = PathBuf>) -> Self {
        self.plugins = path.into_iter().collect();
        self
    }

    /// Works on so many threads; one per processor where nothing is said.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Opens the engine. Plug-in files that cannot be used are no error; see
    /// [`Engine::refusals`].
    ///
    /// # Errors
    /// [`Error::Store`] when the cache folder cannot be used.
    pub fn open(self) -> Result<Engine, Error> {
        let mut registry = Registry::with_built_in(&[agogic_standard::library()])?;
        for path in &self.plugins {
            registry.scan(path);
        }
        let store = Store::open(&self.cache)?;
        let pool = self.threads.and_then(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().ok());
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into));
        Ok(Engine { registry, vamp: VampPlugins::default(), store, pool, threads: threads.unwrap_or(1) })
    }
}

impl Engine {
    /// Opens a cache folder, made if it is not there, with the built-in
    /// calculators and the plug-ins on `AGOGIC_PLUGIN_PATH` and in the user's
    /// plug-in folder.
    ///
    /// # Errors
    /// [`Error::Store`] when the cache folder cannot be used.
    pub fn open(cache: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(cache.as_ref()).open()
    }

    /// As [`Self::open`], with more to say.
    pub fn builder(cache: impl Into<PathBuf>) -> Builder {
        Builder { cache: cache.into(), plugins: plugin_path(), threads: None }
    }

    /// The calculators that are there but for Vamp plug-ins, in order of id.
    pub fn calculators(&self) -> impl ExactSizeIterator<Item = &LoadedCalculator> {
        self.registry.calculators()
    }

    /// The plug-in files that were passed over, and why.
    pub fn refusals(&self) -> &[Refusal] {
        self.registry.refusals()
    }

    /// The cache.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The calculator that computes a descriptor, and what it says of it.
    ///
    /// # Errors
    /// [`Error::UnknownDescriptor`] where there is none.
    pub fn descriptor(&self, id: &DescriptorId) -> Result<(&LoadedCalculator, &DescriptorSpec), Error> {
        let unknown = || Error::UnknownDescriptor { id: id.clone(), known: self.known_to(id) };
        self.find(id).ok_or_else(unknown)
    }
}

/// The user's plug-in folder: `agogic/plugins` in the folder for user data
/// (`$XDG_DATA_HOME`, mostly `~/.local/share`). `None` without a home.
pub fn user_plugin_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.data_dir().join("agogic").join("plugins"))
}

fn plugin_path() -> Vec<PathBuf> {
    let named = std::env::var_os("AGOGIC_PLUGIN_PATH").unwrap_or_default();
    let named = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    // What is named must be there; the user's folder need not.
    named.chain(user_plugin_folder().filter(|folder| folder.exists())).collect()
}
