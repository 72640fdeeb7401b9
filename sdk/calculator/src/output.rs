//! Where a calculator puts what it computed.

use abi_stable::std_types::{RSlice, RStr};
use agogic_abi::v1::{self, SinkRef};
use agogic_schema::Event;

use crate::Error;

/// Where a calculator puts what it computed. Outputs count in the order in
/// which the description lists them.
pub struct Output<'a> {
    sink: &'a mut (dyn Receiver + 'a),
}

/// Who takes what a calculator gives: the host beyond the interface, or a
/// [`Collected`](crate::Collected) in an author's test.
pub(crate) trait Receiver {
    fn frames(&mut self, output: usize, plane: usize, count: usize) -> &mut [f32];
    fn events(&mut self, output: usize, events: &[Event]) -> bool;
    fn raise_floor(&mut self, output: usize, floor: f32) -> bool;
    fn cancelled(&self) -> bool;
    fn log(&self, level: Level, text: &str);
    fn progress(&self, done: f32);
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something went wrong that the user should know of.
    Warning,
    /// Something that may help to understand a result.
    Info,
    /// For the author.
    Debug,
}

impl<'a> Output<'a> {
    pub(crate) fn new(sink: &'a mut (dyn Receiver + 'a)) -> Self {
        Self { sink }
    }

    /// Room for `count` more frames of an output, zeroed: frame by frame,
    /// channel by channel, bin by bin.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no such output, or no room.
    pub fn frames(&mut self, output: usize, count: usize) -> Result<&mut [f32], Error> {
        self.plane(output, 0, count)
    }

    /// As [`Self::frames`], for a level of peaks.
    ///
    /// # Errors
    /// As [`Self::frames`].
    pub fn plane(&mut self, output: usize, plane: usize, count: usize) -> Result<&mut [f32], Error> {
        let room = self.sink.frames(output, plane, count);
        if count > 0 && room.is_empty() {
            return Err(Error::Refused { output, what: format!("{count} frames of plane {plane}") });
        }
        Ok(room)
    }

    /// More events, in order of time.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no such output, or it does not take
    /// these events.
    pub fn events(&mut self, output: usize, events: &[Event]) -> Result<(), Error> {
        if self.sink.events(output, events) {
            return Ok(());
        }
        Err(Error::Refused { output, what: format!("{} events", events.len()) })
    }

    /// Every value of the output below `floor`, given or still to come,
    /// becomes `floor`. For decibels that are cut off below the loudest
    /// value, which is known only at the end.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no such output, or it holds no frames.
    pub fn raise_floor(&mut self, output: usize, floor: f32) -> Result<(), Error> {
        if self.sink.raise_floor(output, floor) {
            return Ok(());
        }
        Err(Error::Refused { output, what: format!("a floor of {floor}") })
    }

    /// Fails once the host no longer wants the result. Worth a call inside
    /// long loops; the host itself asks between blocks.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check_cancelled(&self) -> Result<(), Error> {
        if self.sink.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// A line for the host's log.
    pub fn log(&self, level: Level, text: &str) {
        self.sink.log(level, text);
    }

    /// Tells how much of this call's work is done, from 0.0 to 1.0. For calls
    /// that take seconds; between calls the host counts for itself.
    pub fn progress(&self, done: f32) {
        self.sink.progress(done);
    }
}

impl Receiver for SinkRef<'_> {
    fn frames(&mut self, output: usize, plane: usize, count: usize) -> &mut [f32] {
        SinkRef::frames(self, number(output), number(plane), count as u64).into_mut_slice()
    }

    fn events(&mut self, output: usize, events: &[Event]) -> bool {
        let Ok(bytes) = rmp_serde::to_vec(events) else { return false };
        SinkRef::events(self, number(output), RSlice::from_slice(&bytes))
    }

    fn raise_floor(&mut self, output: usize, floor: f32) -> bool {
        SinkRef::raise_floor(self, number(output), floor)
    }

    fn cancelled(&self) -> bool {
        SinkRef::cancelled(self)
    }

    fn log(&self, level: Level, text: &str) {
        let level = match level {
            Level::Warning => v1::LOG_WARNING,
            Level::Info => v1::LOG_INFO,
            Level::Debug => v1::LOG_DEBUG,
        };
        SinkRef::log(self, level, RStr::from_str(text));
    }

    fn progress(&self, done: f32) {
        SinkRef::progress(self, done);
    }
}

/// Numbers that do not fit name no output; the host refuses them.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
