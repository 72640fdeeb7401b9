//! From the author's trait to the plug-in interface: descriptions and setups
//! as bytes, errors as values, and panics caught.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use abi_stable::std_types::{RErr, RNone, ROk, ROption, RResult, RSlice, RStr, RVec};
use agogic_abi::v1::{self, Failure, Instance, Instance_TO, InstanceBox, SinkRef};
use agogic_schema::{CalculatorSpec, Manifest, Setup};

use crate::{Block, Calculator, Error, Output};

/// One calculator of a library.
pub struct Entry {
    describe: fn() -> CalculatorSpec,
    create: fn(&Setup) -> Result<InstanceBox, Error>,
}

/// The entry of a calculator.
pub fn entry<C: Calculator>() -> Entry {
    Entry {
        describe: C::describe,
        create: |setup| {
            let adapter = Adapter { calculator: C::new(setup)?, setup: setup.clone(), over: None };
            Ok(Instance_TO::from_value(adapter, abi_stable::sabi_trait::TD_Opaque))
        },
    }
}

/// What a library holds, as bytes; empty when describing panicked.
pub fn manifest<const N: usize>(entries: fn() -> [Entry; N]) -> RVec<u8> {
    let describe = || {
        let calculators = entries().iter().map(|entry| (entry.describe)()).collect();
        rmp_serde::to_vec_named(&Manifest { calculators, refused: vec![] }).unwrap_or_default()
    };
    quietly(|| catch_unwind(describe)).unwrap_or_default().into()
}

/// Makes an instance of the calculator of this id.
pub fn create<const N: usize>(
    entries: fn() -> [Entry; N],
    id: RStr<'_>,
    setup: RSlice<'_, u8>,
) -> RResult<InstanceBox, Failure> {
    let refuse = |message: String| RErr(Failure { kind: v1::FAILURE_SETUP, message: message.into() });
    let setup: Setup = match rmp_serde::from_slice(setup.as_slice()) {
        Ok(setup) => setup,
        Err(error) => return refuse(format!("setup cannot be read: {error}")),
    };
    let made = guard(|| match entries().iter().find(|entry| (entry.describe)().id.as_str() == id.as_str()) {
        Some(entry) => (entry.create)(&setup),
        None => Err(format!("no calculator {id} in this library").into()),
    });
    match made {
        Ok(instance) => ROk(instance),
        Err(failure) if failure.kind == v1::FAILURE_ERROR => {
            RErr(Failure { kind: v1::FAILURE_SETUP, ..failure })
        }
        Err(failure) => RErr(failure),
    }
}

/// What the library answers to an extension: none is known yet.
pub fn extension(_name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
    RNone
}

struct Adapter<C> {
    calculator: C,
    setup: Setup,
    /// Why this instance takes no more calls.
    over: Option<&'static str>,
}

impl<C: Calculator> Instance for Adapter<C> {
    fn process(&mut self, block: v1::Block<'_>, sink: &mut SinkRef<'_>) -> RResult<(), Failure> {
        self.call(|calculator| {
            let block = Block::from_abi(block).ok_or("the block's data has another length than it says")?;
            calculator.process(&block, &mut Output::new(sink))
        })
    }

    fn finish(&mut self, sink: &mut SinkRef<'_>) -> RResult<(), Failure> {
        let result = self.call(|calculator| calculator.finish(&mut Output::new(sink)));
        self.over = self.over.or(Some(FINISHED));
        result
    }

    fn reset(&mut self) -> RResult<(), Failure> {
        if self.over == Some(FINISHED) {
            self.over = None;
        }
        let setup = self.setup.clone();
        self.call(|calculator| calculator.reset(&setup))
    }

    fn extension(&mut self, _name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
        RNone
    }
}

/// Why a finished instance takes no more calls: it may be reset.
const FINISHED: &str = "it has finished";

impl<C: Calculator> Adapter<C> {
    fn call(&mut self, work: impl FnOnce(&mut C) -> Result<(), Error>) -> RResult<(), Failure> {
        if let Some(why) = self.over {
            let message = format!("called again although {why}").into();
            return RErr(Failure { kind: v1::FAILURE_ERROR, message });
        }
        match guard(|| work(&mut self.calculator)) {
            Ok(()) => ROk(()),
            Err(failure) => {
                self.over = Some("it has failed");
                RErr(failure)
            }
        }
    }
}

/// Runs an author's code: errors and panics come back as values. Unwind safety
/// is asserted because an instance is never called again after a failure.
fn guard<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    let (kind, message) = match quietly(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => {
            let kind = match error {
                Error::Failed(_) => v1::FAILURE_ERROR,
                Error::Cancelled => v1::FAILURE_CANCELLED,
                Error::Refused { .. } => v1::FAILURE_REFUSED,
            };
            (kind, error.to_string())
        }
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            // A panic payload may itself panic when dropped.
            std::mem::forget(panic);
            let place = PLACE.take().map(|place| format!(" ({place})")).unwrap_or_default();
            (v1::FAILURE_PANIC, format!("panicked: {}{place}", text.as_deref().unwrap_or("no message")))
        }
    };
    Err(Failure { kind, message: message.into() })
}

thread_local! {
    /// Whether this thread runs an author's code.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where it panicked last.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs an author's code without the report that a panic prints: its message
/// and place become the error. All other panics are reported as before.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.get() {
                PLACE.set(info.location().map(|place| format!("{}:{}", place.file(), place.line())));
            } else {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = work();
    GUARDED.set(outer);
    result
}
