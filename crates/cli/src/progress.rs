//! Progress bars, one per file that takes more than half a second, the note
//! that something had to be computed before it could be shown, and what
//! calculators have to say.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use agogic::{Event, Level, Observer};
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines of calculators that are remembered, so as to be said only once.
const MAX_SAID: usize = 1000;

/// Turns the engine's events into bars and lines.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: Terminal,
    announce: AtomicBool,
    files: Mutex<HashMap<PathBuf, Work>>,
    /// Lines of calculators that were said.
    said: Mutex<HashSet<String>>,
}

/// A file in work, and its bar once it has one.
#[derive(Debug)]
struct Work {
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Draws its bars there.
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal, announce: AtomicBool::new(false), files: Mutex::default(), said: Mutex::default() }
    }

    /// Says from now on when something was computed: for commands that a person
    /// expects to read only.
    pub(crate) fn announce(&self) {
        self.announce.store(true, Ordering::Relaxed);
    }

    /// Takes the bar of a file away.
    pub(crate) fn finish(&self, file: &Path) {
        if let Some(bar) = self.files().remove(file).and_then(|work| work.bar) {
            bar.finish_and_clear();
        }
    }

    /// Moves the bar of a file, or of anything else with a name. The bar
    /// appears when the work has taken long enough.
    pub(crate) fn step(&self, name: &Path, done: u64, total: Option<u64>) {
        let mut files = self.files();
        let work =
            files.entry(name.to_path_buf()).or_insert_with(|| Work { since: Instant::now(), bar: None });
        if work.bar.is_none() && work.since.elapsed() >= PATIENCE {
            work.bar = Some(self.terminal.bars().add(new_bar(name)));
        }
        if let Some(bar) = &work.bar {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }

    /// Says a line of a calculator's, the same one only once however many files
    /// it comes with.
    fn log(&self, level: Level, line: &str) {
        let wanted = match level {
            Level::Warning => true,
            Level::Info => self.terminal.verbosity() >= 1,
            Level::Debug => self.terminal.verbosity() >= 2,
        };
        // A calculator with endlessly much to say does not fill the memory.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !wanted || said.contains(line) {
            return;
        }
        if said.len() < MAX_SAID {
            said.insert(line.to_owned());
        }
        drop(said);
        match level {
            Level::Warning => self.terminal.warn(line),
            Level::Info | Level::Debug => self.terminal.note(line),
        }
    }

    fn files(&self) -> MutexGuard<'_, HashMap<PathBuf, Work>> {
        // A bar is worth no panic.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        match event {
            Event::Started { file, .. } => self.step(file, 0, None),
            Event::Waiting { file, .. } => {
                self.terminal.note(&format!("{}: waits for another who computes the same", file.display()));
            }
            // Only once it is done: a failure is told in its own one line.
            Event::Computed { descriptor, .. } if self.announce.load(Ordering::Relaxed) => {
                self.terminal.note(&format!("computed {descriptor}, which was not current in the cache"));
            }
            Event::Log { calculator, level, text } => self.log(*level, &format!("{calculator}: {text}")),
            Event::Progress { file, done, total, .. } => self.step(file, *done, *total),
            _ => {}
        }
    }
}

fn new_bar(name: &Path) -> ProgressBar {
    let shown = name.file_name().unwrap_or(name.as_os_str()).to_string_lossy().into_owned();
    let bar = ProgressBar::no_length().with_message(shown);
    // The template is a literal: it parses or the first run shows it does not.
    if let Ok(style) = ProgressStyle::with_template("{msg:24!} {wide_bar:.cyan} {percent:>3} % {eta:>4} left")
    {
        bar.set_style(style);
    }
    bar
}
