//! A library and its instances whose calls are made in a worker. Each instance
//! has a process of its own, so that one that ends takes nothing along.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agogic_abi::v1::Block;
use agogic_schema::{CalculatorId, Manifest, Outputs, Setup};

use super::call::Caller;
use super::message::{BlockHead, Reply, Request};
use super::{Died, Process, Program};
use crate::backend::{Instance, Library, Sink};
use crate::isolation::Limits;
use crate::{CallError, HostError};

/// Who is told of a worker that ended in the middle of a call.
pub(crate) type Undertaker = Arc<dyn Fn(&CallError) + Send + Sync>;

/// A library whose calls are made in a worker.
pub(crate) struct IsolatedLibrary {
    pub(crate) program: Program,
    pub(crate) file: PathBuf,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) limits: Limits,
    pub(crate) undertaker: Undertaker,
}

impl Library for IsolatedLibrary {
    fn manifest(&self) -> Result<Manifest, HostError> {
        describe(Process::start(&self.program)?, &self.file, self.limits.timeout)
    }

    fn outputs(&self, id: &CalculatorId, setup: &Setup) -> Result<Option<Outputs>, CallError> {
        if self.manifest.calculators.iter().all(|calculator| calculator.fingerprint.is_none()) {
            return Ok(None);
        }
        let told = self.start().and_then(|mut process| {
            let tell = Request::Tell { id: id.clone(), setup: Box::new(setup.clone()) };
            match process.ask(&tell, self.limits.timeout)? {
                Reply::Told(told) => told.map_err(CallError::from),
                _ => Err(out_of_turn()),
            }
        });
        told.map_err(|error| self.mourn(error))
    }

    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError> {
        let outputs = setup.wanted.len();
        let made = self.start().and_then(|mut process| {
            let create = Request::Create { id: id.clone(), setup: Box::new(setup.clone()) };
            match process.ask(&create, self.limits.timeout)? {
                Reply::Done(Ok(())) => Ok(process),
                Reply::Done(Err(fault)) => Err(fault.into()),
                _ => Err(out_of_turn()),
            }
        });
        match made {
            Ok(process) => Ok(Box::new(IsolatedInstance {
                caller: Caller::new(process, self.limits.timeout, outputs),
                undertaker: Arc::clone(&self.undertaker),
            })),
            Err(error) => Err(self.mourn(error)),
        }
    }
}

impl IsolatedLibrary {
    /// A worker with the library loaded.
    fn start(&self) -> Result<Process, CallError> {
        let mut process = Process::start(&self.program)?;
        process.limit_memory(self.limits.memory);
        let load = Request::Load { file: self.file.clone(), memory: self.limits.memory };
        match process.ask(&load, self.limits.timeout)? {
            Reply::Loaded(manifest) if manifest == *self.manifest => Ok(process),
            Reply::Loaded(_) => Err(CallError::Unusable(HostError::Contradiction.to_string())),
            Reply::Unusable(reason) => Err(CallError::Unusable(HostError::from(reason).to_string())),
            _ => Err(out_of_turn()),
        }
    }

    fn mourn(&self, error: CallError) -> CallError {
        if error.is_death() {
            (self.undertaker)(&error);
        }
        error
    }
}

/// What a library holds, from a worker that does nothing else.
pub(crate) fn describe(mut process: Process, file: &Path, limit: Duration) -> Result<Manifest, HostError> {
    match process.ask(&Request::Load { file: file.into(), memory: None }, limit)? {
        Reply::Loaded(manifest) => Ok(manifest),
        Reply::Unusable(reason) => Err(reason.into()),
        _ => Err(Died::Ended("answered out of turn".into()).into()),
    }
}

fn out_of_turn() -> CallError {
    Died::Ended("answered out of turn".into()).into()
}

struct IsolatedInstance {
    caller: Caller,
    undertaker: Undertaker,
}

impl IsolatedInstance {
    fn told(&self, result: Result<(), CallError>) -> Result<(), CallError> {
        if let Err(error) = &result
            && error.is_death()
        {
            (self.undertaker)(error);
        }
        result
    }
}

impl Instance for IsolatedInstance {
    fn process(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError> {
        let head = BlockHead {
            input: block.input,
            plane: block.plane,
            position: block.position,
            count: block.count,
            channels: block.channels,
            width: block.width,
            ticks: block.ticks.len(),
            values: block.data.len(),
            events: block.events.len(),
        };
        let done =
            self.caller.lend(block, sink).and_then(|()| self.caller.call(&Request::Process(head), sink));
        self.told(done)
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        let done = self.caller.prepare(0, sink).and_then(|()| self.caller.call(&Request::Finish, sink));
        self.told(done)
    }

    fn reset(&mut self) -> Result<(), CallError> {
        let done = self.caller.ask(&Request::Reset);
        self.told(done)
    }
}
