//! The facade opened as the flags say, with progress and Ctrl-C wired to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agogic::{Builder, Config, Control, Engine, Refusal};
use etcetera::BaseStrategy;

use crate::args::Global;
use crate::progress::Progress;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Set by the first Ctrl-C; a signal has nowhere else to go.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// An open engine and how it is watched and stopped.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) control: Control,
    pub(crate) progress: Arc<Progress>,
}

impl Session {
    /// Opens the cache. Plug-in files that were passed over are named.
    pub(crate) fn open(global: &Global, terminal: &Terminal) -> Result<Self, Stop> {
        let engine = builder(global)?.open()?.in_namespace(global.namespace.clone());
        let engine = engine.of_stem(global.stem.clone());
        warn_of_refusals(&engine.refusals(), terminal);
        let progress = Arc::new(Progress::new(terminal.clone()));
        let control = Control::new(progress.clone());
        watch_for_interrupt(control.clone())?;
        Ok(Self { engine, control, progress })
    }
}

/// The engine as flags, environment and configuration files want it.
pub(crate) fn builder(global: &Global) -> Result<Builder, Stop> {
    let config = Config::load()?;
    let rules = if global.isolate { config.rules.isolate_all() } else { config.rules };
    let builder = Engine::builder(cache_dir(global)?).isolation(rules).profiles(config.profiles);
    let builder = match config.scan_timeout {
        Some(timeout) => builder.scan_timeout(timeout),
        None => builder,
    };
    Ok(match global.jobs {
        Some(jobs) => builder.threads(jobs.into()),
        None => builder,
    })
}

/// Names the plug-in files that were passed over.
pub(crate) fn warn_of_refusals(refusals: &[Refusal], terminal: &Terminal) {
    for refused in refusals {
        terminal.warn(&format!("{}: passed over: {}", refused.path.display(), refused.reason));
    }
}

/// Flag, environment, then the user's cache folder.
fn cache_dir(global: &Global) -> Result<PathBuf, Stop> {
    let given = global.cache_dir.clone();
    let named = || std::env::var_os("AGOGIC_CACHE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    if let Some(dir) = given.or_else(named) {
        return Ok(dir);
    }
    etcetera::choose_base_strategy()
        .map(|user| user.cache_dir().join("agogic"))
        .map_err(|_| Stop::failed("cache folder", "there is no home folder; name one with --cache-dir"))
}

/// The first Ctrl-C asks the work to stop, the second does not ask.
fn watch_for_interrupt(control: Control) -> Result<(), Stop> {
    let handler = move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        control.cancel().cancel();
    };
    ctrlc::set_handler(handler).map_err(|error| Stop::failed("Ctrl-C", error))
}
