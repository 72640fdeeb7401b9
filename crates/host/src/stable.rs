//! Libraries that speak the stable Rust interface, `agogic-abi`: built-in ones
//! and plug-ins. The only file that knows its types, besides the sink.

use std::path::Path;

use abi_stable::library::{LibraryError, lib_header_from_path};
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RSliceMut, RStr, RVec};
use agogic_abi::GENERATION;
use agogic_abi::v1::{self, CalculatorLibraryRef, Failure, InstanceBox, Sink_TO, SinkRef};
use agogic_schema::{CalculatorId, Manifest, Setup};

use crate::backend::{Instance, Library, Sink};
use crate::library::one_line;
use crate::{CallError, HostError};

/// Largest description accepted, in bytes.
const MAX_MANIFEST: usize = 16 << 20;

/// A library of generation 1.
pub(crate) struct StableLibrary(CalculatorLibraryRef);

impl StableLibrary {
    pub(crate) fn built_in(library: CalculatorLibraryRef) -> Self {
        Self(library)
    }

    pub(crate) fn load(path: &Path) -> Result<Self, HostError> {
        // Not `RootModule::load_from_file`: that returns the first library
        // again for every later path.
        let loaded = lib_header_from_path(path).and_then(|header| header.init_root_module());
        loaded.map(Self).map_err(explain)
    }
}

impl Library for StableLibrary {
    fn manifest(&self) -> Result<Manifest, HostError> {
        let bytes = self.0.manifest()();
        if bytes.is_empty() {
            return Err(HostError::Manifest("describing failed".into()));
        }
        if bytes.len() > MAX_MANIFEST {
            return Err(HostError::Manifest(format!("it is {} bytes long", bytes.len())));
        }
        rmp_serde::from_slice(&bytes).map_err(|error| HostError::Manifest(error.to_string()))
    }

    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError> {
        let setup = rmp_serde::to_vec_named(setup).map_err(|error| CallError::Failed(error.to_string()))?;
        match self.0.create()(RStr::from_str(id.as_str()), RSlice::from_slice(&setup)) {
            RResult::ROk(instance) => Ok(Box::new(StableInstance(instance))),
            RResult::RErr(failure) => Err(failure_of(failure)),
        }
    }
}

struct StableInstance(InstanceBox);

impl Instance for StableInstance {
    fn process(&mut self, block: &v1::Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError> {
        let mut lent = Lent(sink);
        let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut lent, TD_Opaque);
        result_of(self.0.process(*block, &mut sink))
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        let mut lent = Lent(sink);
        let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut lent, TD_Opaque);
        result_of(self.0.finish(&mut sink))
    }

    fn reset(&mut self) -> Result<(), CallError> {
        result_of(self.0.reset())
    }
}

/// The host's sink as it crosses the interface.
struct Lent<'a>(&'a mut dyn Sink);

impl v1::Sink for Lent<'_> {
    fn frames(&mut self, output: u32, plane: u32, count: u64) -> RSliceMut<'_, f32> {
        RSliceMut::from_mut_slice(self.0.frames(output, plane, count))
    }

    fn events(&mut self, output: u32, events: RSlice<'_, u8>) -> bool {
        self.0.events(output, events.as_slice())
    }

    fn raise_floor(&mut self, output: u32, floor: f32) -> bool {
        self.0.raise_floor(output, floor)
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    fn log(&self, level: u32, text: RStr<'_>) {
        self.0.log(level, text.as_str());
    }

    fn progress(&self, done: f32) {
        self.0.progress(done);
    }

    fn extension(&mut self, _name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
        ROption::RNone
    }
}

fn result_of(result: RResult<(), Failure>) -> Result<(), CallError> {
    match result {
        RResult::ROk(()) => Ok(()),
        RResult::RErr(failure) => Err(failure_of(failure)),
    }
}

fn failure_of(failure: Failure) -> CallError {
    let message = failure.message.into_string();
    match failure.kind {
        v1::FAILURE_PANIC => CallError::Panicked(message),
        v1::FAILURE_CANCELLED => CallError::Cancelled,
        v1::FAILURE_REFUSED => CallError::Misbehaved(message),
        v1::FAILURE_SETUP => CallError::Setup(message),
        _ => CallError::Failed(message),
    }
}

/// The library's reason in one line; abi_stable's own messages take many.
fn explain(error: LibraryError) -> HostError {
    match error {
        LibraryError::OpenError { err, .. } => HostError::NotALibrary(one_line(&err.to_string())),
        LibraryError::GetSymbolError { .. } => HostError::NoCalculators,
        LibraryError::IncompatibleVersionNumber { actual_version, .. } => {
            HostError::Generation { found: actual_version.major.to_string(), spoken: GENERATION }
        }
        LibraryError::InvalidAbiHeader(_) | LibraryError::InvalidCAbi { .. } => {
            HostError::Layout("its abi_stable or its compiler's C interface differs".into())
        }
        LibraryError::Many(errors) => match errors.into_iter().next() {
            Some(first) => explain(first),
            None => HostError::NotALibrary("unknown reason".into()),
        },
        other => HostError::Layout(one_line(&other.to_string())),
    }
}
