//! Libraries that speak the C interface, `agogic_abi::c`: loaded, checked and
//! called. The folder `c` holds an instance at work, and what the host lends
//! it: the setup, blocks and the sink. Nothing outside knows pointers.
//!
//! What cannot be checked is what any library could do: a pointer that points
//! nowhere, a call from another thread. For that there are worker processes.
#![allow(unsafe_code)]

mod block;
mod instance;
mod setup;
mod sink;
#[cfg(test)]
mod tests;
mod text;

use std::ffi::{CStr, CString, c_char};
use std::mem::{ManuallyDrop, MaybeUninit, offset_of, size_of};
use std::path::Path;
use std::ptr::{self, NonNull};

use agogic_abi::c::{
    AGOGIC_CALCULATOR_C_VERSION, AGOGIC_CANCELLED, AGOGIC_REFUSED, AgogicBlock, AgogicHost, AgogicInstance,
    AgogicLibrary, AgogicSetup, LIBRARY_SYMBOL, LibraryFunction,
};
use agogic_schema::{CalculatorId, Manifest, Setup};

use self::instance::CInstance;
use self::setup::LentSetup;
use crate::backend::{Instance, Library};
use crate::library::one_line;
use crate::{CallError, HostError};

/// Largest description accepted, in bytes.
const MAX_DESCRIPTION: usize = 16 << 20;
/// Longest reason that is read, in bytes.
const MAX_REASON: usize = 4096;

/// Bytes of a library's table up to the first field that may be missing.
const REQUIRED: usize = offset_of!(AgogicLibrary, extension);

/// A library of the C interface.
pub(crate) struct CLibrary(Functions);

/// The functions of a library, all there.
#[derive(Clone, Copy)]
struct Functions {
    describe: unsafe extern "C" fn() -> *const c_char,
    create: unsafe extern "C" fn(*const c_char, *const AgogicSetup) -> *mut AgogicInstance,
    process: unsafe extern "C" fn(*mut AgogicInstance, *const AgogicBlock, *const AgogicHost) -> i32,
    finish: unsafe extern "C" fn(*mut AgogicInstance, *const AgogicHost) -> i32,
    reset: unsafe extern "C" fn(*mut AgogicInstance) -> i32,
    destroy: unsafe extern "C" fn(*mut AgogicInstance),
    last_error: unsafe extern "C" fn(*mut AgogicInstance) -> *const c_char,
}

impl CLibrary {
    /// Loads a library file; `None` if it does not speak this interface.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, HostError> {
        // SAFETY: the file is a whole library. What its initialisers do is
        // theirs, as with any plug-in.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|error| HostError::NotALibrary(one_line(&error.to_string())))?;
        // It stays mapped: instances and texts point into it.
        let library = ManuallyDrop::new(library);
        // SAFETY: a library that exports the symbol exports it with this type.
        let Ok(entry) = (unsafe { library.get::<LibraryFunction>(LIBRARY_SYMBOL.to_bytes_with_nul()) })
        else {
            return Ok(None);
        };
        // SAFETY: the function takes nothing and may be called on any thread.
        let table = unsafe { entry() };
        // SAFETY: what it returns is null or lives as long as the process.
        unsafe { check(table) }.map(|functions| Some(Self(functions)))
    }
}

/// The functions of a table, if its size, its version and they are right.
///
/// # Safety
/// `table` is null, or points to at least its first two fields, and to as many
/// bytes as the first says.
unsafe fn check(table: *const AgogicLibrary) -> Result<Functions, HostError> {
    let refuse = |reason: String| HostError::CInterface(reason);
    let Some(table) = NonNull::new(table.cast_mut()) else {
        return Err(refuse(format!("{} returns null", LIBRARY_SYMBOL.to_string_lossy())));
    };
    if !table.is_aligned() {
        return Err(refuse("its library stands at an odd address".into()));
    }
    // SAFETY: both fields are there whatever the version, see above.
    let (size, version) = unsafe {
        ((&raw const (*table.as_ptr()).size).read(), (&raw const (*table.as_ptr()).version).read())
    };
    if version != AGOGIC_CALCULATOR_C_VERSION {
        return Err(HostError::CVersion { found: version, spoken: AGOGIC_CALCULATOR_C_VERSION });
    }
    let size = size as usize;
    if size < REQUIRED {
        return Err(refuse(format!(
            "its library is {size} bytes large, and not {}",
            size_of::<AgogicLibrary>()
        )));
    }
    // A table of an earlier or later minor version is shorter or longer.
    let mut known = MaybeUninit::<AgogicLibrary>::zeroed();
    // SAFETY: both are at least so long, and do not overlap. All bytes, zeros
    // too, are numbers and functions that may be null.
    let table = unsafe {
        let bytes = size.min(size_of::<AgogicLibrary>());
        ptr::copy_nonoverlapping(table.as_ptr().cast::<u8>(), known.as_mut_ptr().cast::<u8>(), bytes);
        known.assume_init()
    };
    let missing = |name: &str| refuse(format!("its function {name} is null"));
    Ok(Functions {
        describe: table.describe.ok_or_else(|| missing("describe"))?,
        create: table.create.ok_or_else(|| missing("create"))?,
        process: table.process.ok_or_else(|| missing("process"))?,
        finish: table.finish.ok_or_else(|| missing("finish"))?,
        reset: table.reset.ok_or_else(|| missing("reset"))?,
        destroy: table.destroy.ok_or_else(|| missing("destroy"))?,
        last_error: table.last_error.ok_or_else(|| missing("last_error"))?,
    })
}

impl Library for CLibrary {
    fn manifest(&self) -> Result<Manifest, HostError> {
        // SAFETY: it may be called at any time on any thread.
        let text = unsafe { (self.0.describe)() };
        // SAFETY: what it gives is null or a text that lives on.
        let bytes = unsafe { text::read(text, MAX_DESCRIPTION) };
        let bytes = bytes.map_err(|reason| HostError::Manifest(reason.into()))?;
        let text = std::str::from_utf8(bytes).map_err(|_| HostError::Manifest("it is not UTF-8".into()))?;
        serde_json::from_str(text).map_err(|error| HostError::Manifest(error.to_string()))
    }

    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError> {
        let id = CString::new(id.as_str()).map_err(|error| CallError::Failed(error.to_string()))?;
        let lent = LentSetup::new(setup).map_err(CallError::Failed)?;
        // SAFETY: both arguments live for the call.
        let instance = unsafe { (self.0.create)(id.as_ptr(), &raw const *lent.table()) };
        match NonNull::new(instance) {
            // SAFETY: the library's own instance, owned from here on.
            Some(instance) => Ok(Box::new(unsafe { CInstance::new(self.0, instance) })),
            None => Err(CallError::Setup(
                self.0.reason(ptr::null_mut()).unwrap_or_else(|| "it gives no instance and no reason".into()),
            )),
        }
    }
}

impl Functions {
    /// What the library says of the last failure, in one line.
    fn reason(&self, instance: *mut AgogicInstance) -> Option<String> {
        // SAFETY: called right after a failure, on its thread, with an instance
        // that is there or with null.
        let text = unsafe { (self.last_error)(instance) };
        // SAFETY: null, or a text that lives until the next call.
        let text = unsafe { text::start(text, MAX_REASON) }?;
        let line = one_line(&String::from_utf8_lossy(text));
        (!line.is_empty()).then_some(line)
    }

    /// The error of a call that returned this number.
    fn failure(&self, instance: *mut AgogicInstance, status: i32) -> CallError {
        let reason = self.reason(instance).unwrap_or_else(|| format!("it returned {status} and no reason"));
        match status {
            AGOGIC_CANCELLED => CallError::Cancelled,
            AGOGIC_REFUSED => CallError::Misbehaved(reason),
            _ => CallError::Failed(reason),
        }
    }
}

/// A text for the library. One of ours never holds a NUL; from elsewhere it is
/// left out.
fn c_text(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().filter(|&byte| byte != 0).collect();
    CString::new(bytes).unwrap_or_else(|_| CStr::to_owned(c""))
}
