//! A library of plug-ins: loading it, finding its entry point, listing what it
//! holds. Whether a file is whole is for the caller to see beforehand.

// Loading a library and calling its entry point.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ffi::{API_VERSION, ENTRY_SYMBOL, Entry, PluginDescriptor};
use crate::{PluginSpec, VampError, read};

/// A library of Vamp plug-ins. It stays loaded until the process ends: plug-ins
/// of many years crash when they are unloaded.
///
/// No two calls into one library run at once, whichever instances they are for:
/// the adapter that the Vamp SDK up to version 2.9 links into every plug-in
/// shares tables between instances without a lock. To use more processors, run
/// more processes.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    entry: Entry,
    lock: &'static Mutex<()>,
}

impl Library {
    /// Loads a library file.
    ///
    /// This runs code of the file, which can do whatever this process may. Half a
    /// file can kill the process: check first that it is whole. A file that has
    /// changed since it was opened before gives what was loaded then; a new
    /// version needs another name or another process.
    ///
    /// # Errors
    /// [`VampError::NotALibrary`] when the system refuses the file, with its
    /// reason, and [`VampError::NoEntry`] for a library of another kind.
    pub fn open(path: &Path) -> Result<Self, VampError> {
        let refuse = |reason: String| VampError::NotALibrary { path: path.into(), reason: one_line(&reason) };
        // The full path: the system looks for a bare file name elsewhere.
        let full = std::fs::canonicalize(path).map_err(|error| refuse(error.to_string()))?;
        // SAFETY: that its initialisers are sound is the caller's risk, as said
        // above; nothing in a file can prove it.
        let library = unsafe { load(&full) }.map_err(|error| refuse(innermost(&error)))?;
        // SAFETY: the interface says which type the symbol of this name has.
        let entry = unsafe { library.get::<Option<Entry>>(ENTRY_SYMBOL) }
            .ok()
            .and_then(|symbol| *symbol)
            .ok_or_else(|| VampError::NoEntry { path: path.into() });
        // A library without the entry point stays loaded too: its initialisers
        // have run.
        std::mem::forget(library);
        let entry = entry?;
        Ok(Self { entry, lock: lock_of(entry) })
    }

    /// What the library's plug-ins say of themselves, or why one cannot be used,
    /// in the library's order. Most plug-ins are created once for this.
    pub fn plugins(&self) -> Vec<Result<PluginSpec, VampError>> {
        let _alone = self.alone();
        let mut plugins = vec![];
        for index in 0..=read::MAX_ITEMS {
            let Some(descriptor) = self.descriptor(index) else { break };
            if index == read::MAX_ITEMS {
                plugins.push(Err(VampError::TooMany {
                    who: "the library".into(),
                    what: "plug-ins",
                    count: u64::from(index) + 1,
                    most: index.into(),
                }));
                break;
            }
            // SAFETY: the library gave it, and is never unloaded.
            plugins.push(unsafe { read::plugin(descriptor, index) });
        }
        plugins
    }

    /// The descriptor at this index, not null. To be called [`Library::alone`].
    pub(crate) fn descriptor(&self, index: u32) -> Option<*const PluginDescriptor> {
        // SAFETY: a function of a library that is never unloaded; the caller
        // holds the lock.
        let descriptor = unsafe { (self.entry)(API_VERSION, index) };
        (!descriptor.is_null() && descriptor.is_aligned()).then_some(descriptor)
    }

    /// Keeps all other calls out of the library.
    pub(crate) fn alone(&self) -> MutexGuard<'static, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Safety
/// The library's initialisers must be sound.
#[cfg(unix)]
unsafe fn load(path: &Path) -> Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // All symbols now: one that is missing is an error here, where later it would
    // end the process.
    // SAFETY: the caller's word.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

/// # Safety
/// The library's initialisers must be sound.
#[cfg(not(unix))]
unsafe fn load(path: &Path) -> Result<libloading::Library, libloading::Error> {
    // SAFETY: the caller's word.
    unsafe { libloading::Library::new(path) }
}

/// The lock of the library that this entry point belongs to, which may have been
/// opened before.
fn lock_of(entry: Entry) -> &'static Mutex<()> {
    static LOCKS: Mutex<BTreeMap<usize, &'static Mutex<()>>> = Mutex::new(BTreeMap::new());
    let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    locks.entry(entry as usize).or_insert_with(|| Box::leak(Box::default()))
}

/// The system's own words, which libloading keeps as the error's source.
fn innermost(error: &libloading::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_has_one_lock_however_often_it_is_opened() {
        unsafe extern "C" fn one(_: u32, _: u32) -> *const PluginDescriptor {
            std::ptr::null()
        }
        unsafe extern "C" fn other(_: u32, index: u32) -> *const PluginDescriptor {
            std::ptr::without_provenance(index as usize)
        }
        assert!(std::ptr::eq(lock_of(one), lock_of(one)));
        assert!(!std::ptr::eq(lock_of(one), lock_of(other)));
    }

    #[test]
    fn reasons_are_one_short_line() {
        assert_eq!(one_line("a\n  b\tc\n"), "a b c");
        assert_eq!(one_line(&"\u{e4}".repeat(500)), "\u{e4}".repeat(200) + "...");
    }
}
