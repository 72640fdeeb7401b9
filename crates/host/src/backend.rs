//! What the host asks of a library of calculators, however it was built and
//! wherever it runs. What drives calculators (`session`) knows no other.

use agogic_abi::v1::Block;
use agogic_schema::{CalculatorId, Manifest, Outputs, Setup};

use crate::{CallError, HostError};

/// A library of calculators.
pub(crate) trait Library: Send + Sync {
    /// What it says that it holds, not yet checked.
    fn manifest(&self) -> Result<Manifest, HostError>;

    /// What one of its calculators gives under a setup of which only `wanted`
    /// is not known yet; nothing where that is just what its description says.
    fn outputs(&self, id: &CalculatorId, setup: &Setup) -> Result<Option<Outputs>, CallError> {
        let _ = (id, setup);
        Ok(None)
    }

    /// Makes an instance of one of its calculators.
    fn create(&self, id: &CalculatorId, setup: &Setup) -> Result<Box<dyn Instance>, CallError>;
}

/// A calculator at work on one asset. After an error it is only dropped.
pub(crate) trait Instance: Send {
    /// Takes the next block.
    fn process(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError>;

    /// Gives what remains after the last block.
    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), CallError>;

    /// Makes it as new.
    fn reset(&mut self) -> Result<(), CallError>;
}

/// Where an instance puts what it computed: the interface's sink in plain
/// types. What breaks its rules is remembered there and refused here.
pub(crate) trait Sink: Send {
    /// Values per frame of an output, and its planes; zeros where there is no
    /// such output.
    fn size(&self, output: u32) -> (usize, usize);

    /// Room for `count` more frames of a plane, zeroed; empty when refused.
    fn frames(&mut self, output: u32, plane: u32, count: u64) -> &mut [f32];

    /// More events, as MessagePack; false when refused.
    fn events(&mut self, output: u32, events: &[u8]) -> bool;

    /// Raises what lies below `floor` to it; false when refused.
    fn raise_floor(&mut self, output: u32, floor: f32) -> bool;

    /// Whether nobody wants the result any more.
    fn cancelled(&self) -> bool;

    /// A line for the log.
    fn log(&self, level: u32, text: &str);

    /// How much of this call's work is done, from 0.0 to 1.0.
    fn progress(&self, done: f32);
}
