//! One call after another of an instance in a worker: a block into shared
//! memory, the request, and what comes back into the host's sink, checked.

use std::time::{Duration, Instant};

use agogic_abi::v1::{Block, LOG_DEBUG};

use super::message::{Gift, OutputSize, Reply, Request};
use super::shared::{Shared, bytes_of};
use super::{Died, Process};
use crate::CallError;
use crate::backend::Sink;

/// Least size of an area of shared memory, in bytes.
const LEAST: usize = 1 << 18;

/// A worker that holds an instance.
pub(crate) struct Caller {
    process: Process,
    timeout: Duration,
    outputs: usize,
    /// The outputs, once a sink was there to say.
    sizes: Option<Vec<OutputSize>>,
    shared: Option<Shared>,
}

impl Caller {
    pub(crate) fn new(process: Process, timeout: Duration, outputs: usize) -> Self {
        Self { process, timeout, outputs, sizes: None, shared: None }
    }

    /// Puts a block where the worker finds it.
    pub(crate) fn lend(&mut self, block: &Block<'_>, sink: &dyn Sink) -> Result<(), CallError> {
        let ticks = bytes_of(block.ticks.as_slice());
        let values = bytes_of(block.data.as_slice());
        let events = block.events.as_slice();
        self.prepare(ticks.len() + values.len() + events.len(), sink)?;
        let written = self.shared.as_mut().is_some_and(|shared| {
            shared.write_input(0, ticks)
                && shared.write_input(ticks.len(), values)
                && shared.write_input(ticks.len() + values.len(), events)
        });
        if written { Ok(()) } else { Err(CallError::Worker("a block does not fit".into())) }
    }

    /// Sees that the worker knows the outputs, and that there is shared memory
    /// for `input` bytes and for a frame of each output.
    pub(crate) fn prepare(&mut self, input: usize, sink: &dyn Sink) -> Result<(), CallError> {
        let widest = match &self.sizes {
            Some(sizes) => widest(sizes),
            None => {
                let sizes: Vec<_> = (0..self.outputs)
                    .map(|output| {
                        let (width, planes) = sink.size(output as u32);
                        OutputSize { width, planes }
                    })
                    .collect();
                self.ask(&Request::Outputs(sizes.clone()))?;
                widest(self.sizes.insert(sizes))
            }
        };
        if self.shared.as_ref().is_some_and(|shared| shared.input() >= input) {
            return Ok(());
        }
        let none = |error: std::io::Error| CallError::Worker(format!("no shared memory: {error}"));
        let room = |bytes: usize| bytes.max(LEAST).checked_next_power_of_two().unwrap_or(bytes);
        let mut shared = Shared::new(room(input), room(widest)).map_err(none)?;
        if let Some(file) = shared.path() {
            let map = Request::Map { file: file.into(), input: shared.input(), output: shared.output() };
            self.ask(&map)?;
        }
        shared.opened();
        self.shared = Some(shared);
        Ok(())
    }

    /// A request that gives nothing.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<(), CallError> {
        match self.process.ask(request, self.timeout)? {
            Reply::Done(result) => result.map_err(Into::into),
            _ => Err(self.lies("answered out of turn")),
        }
    }

    /// A request whose outputs go into the sink.
    pub(crate) fn call(&mut self, request: &Request, sink: &mut dyn Sink) -> Result<(), CallError> {
        let since = Instant::now();
        self.process.send(request)?;
        loop {
            let reply = self.process.receive(
                since,
                self.timeout,
                || sink.cancelled(),
                |line| sink.log(LOG_DEBUG, line),
            )?;
            match reply {
                Reply::Done(result) => return result.map_err(Into::into),
                Reply::Log { level, text } => sink.log(level, &text),
                Reply::Progress(done) => sink.progress(done),
                Reply::Given(gifts) => {
                    if let Err(lie) = self.take(gifts, sink) {
                        return Err(self.lies(lie));
                    }
                    self.process.send(&Request::Taken)?;
                }
                Reply::Loaded(_) | Reply::Unusable(_) | Reply::Told(_) => {
                    return Err(self.lies("answered out of turn"));
                }
            }
        }
    }

    /// Repeats the worker's calls of its sink on the host's, which checks them
    /// as if the plug-in had made them here.
    fn take(&self, gifts: Vec<Gift>, sink: &mut dyn Sink) -> Result<(), &'static str> {
        let shared = self.shared.as_ref().ok_or("gave frames without memory")?;
        let mut start = 0usize;
        for gift in gifts {
            match gift {
                Gift::Frames { output, plane, count, here } => {
                    let room = sink.frames(output, plane, count);
                    if !here {
                        // The host refuses what the worker had no room for.
                        if !room.is_empty() {
                            return Err("refused frames that it should not have");
                        }
                        continue;
                    }
                    let size = self.sizes.as_ref().and_then(|sizes| sizes.get(output as usize));
                    let length = usize::try_from(count).ok().zip(size);
                    let length = length.and_then(|(count, size)| count.checked_mul(size.width));
                    let length = length.ok_or("gave frames of no output")?;
                    if room.len() == length && !shared.read_output(start, room) {
                        return Err("gave frames outside its memory");
                    }
                    start = start.saturating_add(length.saturating_mul(size_of::<f32>()));
                }
                Gift::Events { output, events } => {
                    sink.events(output, &events);
                }
                Gift::Floor { output, floor } => {
                    sink.raise_floor(output, floor);
                }
            }
        }
        Ok(())
    }

    fn lies(&mut self, what: &str) -> CallError {
        self.process.kill();
        Died::Ended(what.into()).into()
    }
}

/// Bytes of the widest frame.
fn widest(sizes: &[OutputSize]) -> usize {
    sizes.iter().map(|size| size.width.saturating_mul(size_of::<f32>())).max().unwrap_or(0)
}
