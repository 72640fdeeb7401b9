//! The calculators that are there now: built in, and in plug-in files that may
//! come, go and change while the program runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agogic_abi::v1::CalculatorLibraryRef;
use agogic_schema::CalculatorSpec;

use crate::backend::Library;
use crate::isolation::{Isolation, Rules};
use crate::plugins::{Found, Memory, Plugin, Scanner, SearchPlace, Stamp, candidates, sidecar, sidecar_path};
use crate::registry::{Refusal, Registry};
use crate::worker::{IsolatedLibrary, Program};
use crate::{CallError, HostError};

/// What calculators are looked for in, and how they are run.
#[derive(Clone)]
pub struct Settings {
    /// Libraries that are linked in.
    pub built_in: Vec<CalculatorLibraryRef>,
    /// Where plug-ins are looked for, in order.
    pub places: Vec<SearchPlace>,
    /// The folder in which is remembered what plug-ins hold and which are in
    /// quarantine.
    pub memory: Option<PathBuf>,
    /// The program for processes of plug-ins.
    pub worker: Option<Program>,
    /// Which plug-ins work in a process of their own.
    pub rules: Rules,
    /// How long a plug-in may take to say what it holds.
    pub scan_timeout: Duration,
}

impl Settings {
    /// How long a plug-in may take to say what it holds, where nothing is said.
    pub const SCAN_TIMEOUT: Duration = Duration::from_secs(10);
}

/// The calculators that are there, kept up to date.
pub struct Catalogue {
    settings: Settings,
    scanner: Scanner,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    registry: Arc<Registry>,
    survey: Option<Survey>,
    /// What was found in the files of the survey.
    plugins: BTreeMap<PathBuf, (Stamps, Plugin)>,
}

/// The plug-in files that are there, without a look inside.
#[derive(PartialEq)]
struct Survey {
    files: Vec<(PathBuf, Stamps)>,
    /// Places that cannot be read.
    lost: Vec<(PathBuf, String)>,
    /// Of [`Memory::condemned`].
    condemned: u64,
}

/// Of a plug-in file and of its sidecar.
type Stamps = (Option<Stamp>, Option<Stamp>);

impl Catalogue {
    /// Looks for all calculators that there are. Plug-ins that cannot be used
    /// are no error; see [`Registry::refusals`].
    ///
    /// # Errors
    /// When the description of a linked library cannot be used.
    pub fn open(settings: Settings) -> Result<Self, HostError> {
        // A mistake in a linked library is found here and never later.
        Registry::with_built_in(&settings.built_in)?;
        let scanner = Scanner {
            memory: Arc::new(Memory::new(settings.memory.clone())),
            worker: settings.worker.clone(),
            timeout: settings.scan_timeout,
        };
        let catalogue = Self { settings, scanner, state: Mutex::default() };
        catalogue.refresh();
        Ok(catalogue)
    }

    /// What it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The calculators that were there at the last look. Whoever holds it keeps
    /// them, whatever becomes of the files.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.state().registry)
    }

    /// The calculators that are there now: files that changed are looked at
    /// again.
    pub fn refresh(&self) -> Arc<Registry> {
        let mut state = self.state();
        let survey = self.survey();
        if state.survey.as_ref() == Some(&survey) {
            return Arc::clone(&state.registry);
        }
        let condemned = state.survey.as_ref().is_some_and(|old| old.condemned != survey.condemned);
        let mut old = std::mem::take(&mut state.plugins);
        let mut found = vec![];
        for (path, stamps) in &survey.files {
            let plugin = match old.remove(path) {
                Some((then, plugin)) if then == *stamps && !condemned => plugin,
                before => self.look(path, before.map(|(_, plugin)| plugin)),
            };
            state.plugins.insert(path.clone(), (*stamps, plugin.clone()));
            found.push(plugin);
        }
        state.registry = Arc::new(self.assemble(found));
        state.survey = Some(survey);
        Arc::clone(&state.registry)
    }

    /// Forgets what is remembered of every plug-in file that is there, takes
    /// them out of quarantine, and looks at them again.
    pub fn retry(&self) -> Arc<Registry> {
        let mut state = self.state();
        for (_, plugin) in std::mem::take(&mut state.plugins).values() {
            self.scanner.memory.forgive(&plugin.hash);
        }
        state.survey = None;
        drop(state);
        self.refresh()
    }

    /// Writes the sidecar of a plug-in file, from a scan and not from what is
    /// remembered. Returns where it is.
    ///
    /// # Errors
    /// When the file cannot be used or the sidecar cannot be written.
    pub fn write_sidecar(&self, file: &Path) -> Result<PathBuf, Arc<HostError>> {
        let hash = self.scanner.content(file)?;
        let manifest = self.scanner.scan(file, &hash)?;
        for calculator in &manifest.calculators {
            calculator.check().map_err(HostError::from)?;
        }
        Ok(sidecar::write(file, &hash, &manifest)?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is a registry like any other.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn survey(&self) -> Survey {
        let condemned = self.scanner.memory.condemned();
        let mut survey = Survey { files: vec![], lost: vec![], condemned };
        for place in &self.settings.places {
            match candidates(place) {
                Ok(files) => survey.files.extend(files.into_iter().map(|file| {
                    let stamps = (Stamp::of(&file), Stamp::of(&sidecar_path(&file)));
                    (file, stamps)
                })),
                Err(error) => survey.lost.push((place.path.clone(), error.to_string())),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        survey.files.retain(|(file, _)| seen.insert(file.clone()));
        survey
    }

    /// Looks at a file. One that turns out to have the content that it had
    /// keeps its library: it may be loaded.
    fn look(&self, path: &Path, before: Option<Plugin>) -> Plugin {
        let mut now = self.scanner.look(path);
        if let (Ok(found), Some(Plugin { hash, found: Ok(old), .. })) = (&mut now.found, before)
            && hash == now.hash
            && old.manifest == found.manifest
        {
            found.library = old.library;
        }
        now
    }

    fn assemble(&self, plugins: Vec<Plugin>) -> Registry {
        let mut registry = Registry::with_built_in(&self.settings.built_in).unwrap_or_default();
        for place in &self.settings.places {
            if let Err(reason) = candidates(place) {
                registry.refuse(Refusal { path: place.path.clone(), reason: Arc::new(reason) });
            }
        }
        for mut plugin in plugins {
            if let Ok(found) = &plugin.found {
                let place = |spec: &CalculatorSpec| self.library(&plugin, found, spec);
                for reason in &found.manifest.refused {
                    let reason = Arc::new(HostError::Part(reason.clone()));
                    registry.refuse(Refusal { path: plugin.path.clone(), reason });
                }
                if let Err(error) = registry.add_plugin(&plugin.path, &found.manifest, place) {
                    plugin.found = Err(Arc::new(error));
                }
            }
            if let Err(reason) = &plugin.found {
                registry.refuse(Refusal { path: plugin.path.clone(), reason: Arc::clone(reason) });
            }
            registry.remember(plugin);
        }
        registry
    }

    /// Where a calculator of a plug-in works, and what makes its instances
    /// there.
    fn library(
        &self,
        plugin: &Plugin,
        found: &Found,
        spec: &CalculatorSpec,
    ) -> Result<(Isolation, Arc<dyn Library>), HostError> {
        let isolation = self.settings.rules.isolation(&spec.id, &plugin.path);
        let Isolation::Process(limits) = isolation else {
            return Ok((isolation, Arc::clone(&found.library)));
        };
        let (memory, hash, file) =
            (Arc::clone(&self.scanner.memory), plugin.hash.clone(), plugin.path.clone());
        let library = IsolatedLibrary {
            program: self.settings.worker.clone().ok_or(HostError::NoWorker)?,
            file: file.clone(),
            manifest: Arc::clone(&found.manifest),
            limits,
            undertaker: Arc::new(move |death: &CallError| memory.crashed(&hash, &file, &death.to_string())),
        };
        Ok((isolation, Arc::new(library)))
    }
}
