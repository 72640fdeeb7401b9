//! A calculator of a C library at work: which calls are allowed when is kept
//! here, so that no library has to.

use std::ptr::{self, NonNull};

use agogic_abi::c::{AGOGIC_OK, AgogicHost, AgogicInstance};
use agogic_abi::v1::Block;

use super::Functions;
use super::block::LentBlock;
use super::sink::{self, Call};
use crate::CallError;
use crate::backend::{Instance, Sink};

/// An instance, destroyed when it is dropped.
pub(super) struct CInstance {
    functions: Functions,
    pointer: NonNull<AgogicInstance>,
    /// What the library sees of the host. It stays where it is between calls,
    /// so that a library that kept the pointer is refused and harms nobody.
    host: Box<AgogicHost>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Working,
    Finished,
    Failed,
}

// SAFETY: the interface says that an instance may move between threads. What
// `host` points to lives for a call.
unsafe impl Send for CInstance {}

impl CInstance {
    /// # Safety
    /// `pointer` was made by the library of these functions and belongs to
    /// nobody else.
    pub(super) unsafe fn new(functions: Functions, pointer: NonNull<AgogicInstance>) -> Self {
        Self { functions, pointer, host: Box::new(sink::table()), state: State::Working }
    }

    /// Fails where another state is needed.
    fn must(&self, allowed: &[State]) -> Result<(), CallError> {
        if allowed.contains(&self.state) {
            return Ok(());
        }
        let why = if self.state == State::Failed { "failed" } else { "finished" };
        Err(CallError::Failed(format!("called again although it has {why}")))
    }

    /// Makes a call that may use the host, and judges what it returns.
    fn call(
        &mut self,
        sink: &mut dyn Sink,
        call: impl FnOnce(&Functions, *mut AgogicInstance, *const AgogicHost) -> i32,
    ) -> Result<(), CallError> {
        let mut lent = Call { sink, broken: None };
        self.host.context = (&raw mut lent).cast();
        let status = call(&self.functions, self.pointer.as_ptr(), &raw const *self.host);
        self.host.context = ptr::null_mut();
        if let Some(rule) = lent.broken {
            self.state = State::Failed;
            return Err(CallError::Misbehaved(rule));
        }
        self.judge(status)
    }

    fn judge(&mut self, status: i32) -> Result<(), CallError> {
        if status == AGOGIC_OK {
            return Ok(());
        }
        self.state = State::Failed;
        Err(self.functions.failure(self.pointer.as_ptr(), status))
    }
}

impl Instance for CInstance {
    fn process(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError> {
        self.must(&[State::Working])?;
        let block = LentBlock::new(block).map_err(CallError::Failed)?;
        self.call(sink, |functions, instance, host| {
            // SAFETY: the instance works; block and host live for the call.
            unsafe { (functions.process)(instance, &raw const *block.table(), host) }
        })
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        self.must(&[State::Working])?;
        self.state = State::Finished;
        self.call(sink, |functions, instance, host| {
            // SAFETY: the instance works; the host lives for the call.
            unsafe { (functions.finish)(instance, host) }
        })
    }

    fn reset(&mut self) -> Result<(), CallError> {
        self.must(&[State::Working, State::Finished])?;
        self.state = State::Working;
        // SAFETY: the instance has not failed.
        let status = unsafe { (self.functions.reset)(self.pointer.as_ptr()) };
        self.judge(status)
    }
}

impl Drop for CInstance {
    fn drop(&mut self) {
        // SAFETY: the last call, and the only one of its kind.
        unsafe { (self.functions.destroy)(self.pointer.as_ptr()) }
    }
}
