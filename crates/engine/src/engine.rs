//! Opening: the cache, the calculators, and what the engine is asked of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agogic_host::{Catalogue, LoadedCalculator, Refusal, Registry, Rules, SearchPlace, Settings, worker};
use agogic_schema::{AssetId, CacheKey, DescriptorId, DescriptorSpec, Namespace, Profile, Stem};
use agogic_store::Store;

use crate::vamp::{VampPlugins, known_to};
use crate::{Error, Profiles, places};

/// A cache and the calculators that fill it. Cloning it is cheap.
#[derive(Clone)]
pub struct Engine {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) vamp: Arc<VampPlugins>,
    pub(crate) store: Store,
    pub(crate) pool: Option<Arc<rayon::ThreadPool>>,
    pub(crate) threads: usize,
    pub(crate) profiles: Profiles,
}

/// How an engine is opened.
pub struct Builder {
    cache: PathBuf,
    places: Vec<SearchPlace>,
    threads: Option<usize>,
    worker: Option<worker::Program>,
    rules: Rules,
    scan_timeout: Duration,
    profiles: Profiles,
}

impl Builder {
    /// Looks for plug-ins in these folders and files, instead of
    /// `AGOGIC_PLUGIN_PATH`, the user's folder and the system's.
    #[must_use]
    pub fn plugin_path(mut self, path: impl IntoIterator<Item = PathBuf>) -> Self {
        self.places = places::named(path.into_iter().collect());
        self
    }

    /// Works on so many threads; one per processor where nothing is said.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Looks at plug-ins, and isolates them, in processes of this program,
    /// instead of what [`worker::Program::find`] finds.
    #[must_use]
    pub fn worker(mut self, program: worker::Program) -> Self {
        self.worker = Some(program);
        self
    }

    /// Runs plug-ins inside this process or in processes of their own, as
    /// these rules say; inside where nothing is said.
    #[must_use]
    pub fn isolation(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Knows these profiles; the built-in ones where nothing is said.
    #[must_use]
    pub fn profiles(mut self, profiles: Profiles) -> Self {
        self.profiles = profiles;
        self
    }

    /// How long a plug-in may take to say what it holds: 10 s where nothing is
    /// said.
    #[must_use]
    pub fn scan_timeout(mut self, timeout: Duration) -> Self {
        self.scan_timeout = timeout;
        self
    }

    /// The calculators alone, without a cache that is opened.
    ///
    /// # Errors
    /// When a built-in calculator's description cannot be used.
    pub fn catalogue(self) -> Result<Catalogue, Error> {
        Ok(Catalogue::open(self.settings())?)
    }

    pub(crate) fn settings(self) -> Settings {
        Settings {
            built_in: vec![agogic_standard::library()],
            places: self.places,
            memory: Some(self.cache.join("plugins")),
            worker: self.worker.or_else(worker::Program::find),
            rules: self.rules,
            scan_timeout: self.scan_timeout,
        }
    }

    /// Opens the engine. Plug-in files that cannot be used are no error; see
    /// [`Engine::refusals`].
    ///
    /// # Errors
    /// [`Error::Store`] when the cache folder cannot be used.
    pub fn open(self) -> Result<Engine, Error> {
        let store = Store::open(&self.cache)?;
        let pool = self.threads.and_then(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().ok());
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into));
        let profiles = self.profiles.clone();
        let catalogue = Arc::new(self.catalogue()?);
        let (vamp, threads, pool) = (Arc::default(), threads.unwrap_or(1), pool.map(Arc::new));
        Ok(Engine { catalogue, vamp, store, pool, threads, profiles })
    }
}

impl Engine {
    /// Opens a cache folder, made if it is not there, with the built-in
    /// calculators and the plug-ins on `AGOGIC_PLUGIN_PATH`, in the user's
    /// plug-in folder and in the system's.
    ///
    /// Plug-ins are looked at in a process of their own, for which the engine
    /// needs a program; see [`worker::Program::find`].
    ///
    /// # Errors
    /// [`Error::Store`] when the cache folder cannot be used.
    pub fn open(cache: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(cache.as_ref()).open()
    }

    /// As [`Self::open`], with more to say.
    pub fn builder(cache: impl Into<PathBuf>) -> Builder {
        Builder {
            cache: cache.into(),
            places: places::default_places(),
            threads: None,
            worker: None,
            rules: Rules::default(),
            scan_timeout: Settings::SCAN_TIMEOUT,
            profiles: Profiles::default(),
        }
    }

    /// The calculators that are there now, as one picture of them that stays
    /// what it is. Plug-in files that came, went or changed since the last
    /// look are looked at; each job begins with that.
    pub fn registry(&self) -> Arc<Registry> {
        self.catalogue.refresh()
    }

    /// The calculators that are there now, in order of id.
    pub fn calculators(&self) -> Vec<Arc<LoadedCalculator>> {
        self.registry().shared().cloned().collect()
    }

    /// The plug-in files that were passed over at the last look, and why.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.catalogue.registry().refusals().to_vec()
    }

    /// The profiles that it knows.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// The same engine for another namespace of the cache: nothing that is in
    /// any other is found through it.
    #[must_use]
    pub fn in_namespace(&self, namespace: Namespace) -> Self {
        Self { store: self.store.in_namespace(namespace), ..self.clone() }
    }

    /// The same engine for files that hold a stem of their assets: what is
    /// computed of them is kept as that stem's.
    #[must_use]
    pub fn of_stem(&self, stem: Stem) -> Self {
        Self { store: self.store.of_stem(stem), ..self.clone() }
    }

    /// What a track is found by.
    pub(crate) fn key(&self, asset: AssetId, profile: &Profile, id: &DescriptorId) -> CacheKey {
        self.store.key(asset, &profile.name, id)
    }

    /// The cache.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The calculator that computes a descriptor now, and what it says of it.
    ///
    /// # Errors
    /// [`Error::UnknownDescriptor`] where there is none.
    pub fn descriptor(&self, id: &DescriptorId) -> Result<(Arc<LoadedCalculator>, DescriptorSpec), Error> {
        let registry = self.registry_for(std::slice::from_ref(id));
        let found = registry.descriptor(id).map(|(calculator, spec)| (Arc::clone(calculator), spec.clone()));
        found.ok_or_else(|| Error::UnknownDescriptor { id: id.clone(), known: known_to(id, &registry) })
    }

    /// Does something with the engine's threads.
    pub(crate) fn on_pool<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
