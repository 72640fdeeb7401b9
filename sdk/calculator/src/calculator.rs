//! What an author implements.

use agogic_schema::{CalculatorSpec, Setup};

use crate::{Block, Output};

/// Something that computes descriptors from an asset, block by block.
///
/// Life: `describe` may be called at any time on any thread. An instance is
/// made by `new`, given blocks in order of position without gaps, finished
/// once, and dropped; it may move between threads, but is never called by two
/// at once. After an error it is dropped. A panic anywhere is caught and
/// becomes an error of its descriptors.
///
/// Results must not depend on where blocks begin and end: the host cuts them
/// as it likes.
pub trait Calculator: Sized + Send + 'static {
    /// Says what this calculator is: id, version, parameters, input, outputs.
    fn describe() -> CalculatorSpec;

    /// Makes an instance.
    ///
    /// # Errors
    /// When the parameters, each within its bounds, do not go together or do
    /// not fit the input.
    fn new(setup: &Setup) -> Result<Self, Error>;

    /// Takes the next block.
    ///
    /// # Errors
    /// Ends the computation; what was given before is dropped.
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error>;

    /// Gives what remains after the last block. An asset shorter than a block
    /// may end without any call of `process`.
    ///
    /// # Errors
    /// As [`Self::process`].
    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let _ = output;
        Ok(())
    }

    /// Makes the instance as new, for another asset of the same setup. Worth
    /// writing where [`Self::new`] is costly: it must be as if it had been
    /// called.
    ///
    /// # Errors
    /// As [`Self::new`].
    fn reset(&mut self, setup: &Setup) -> Result<(), Error> {
        *self = Self::new(setup)?;
        Ok(())
    }
}

/// Why a calculator gave up. One line, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A reason of the calculator's own.
    #[error("{0}")]
    Failed(String),
    /// The host asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The host refused what was given for an output.
    #[error("the host refused {what} for output {output}")]
    Refused {
        /// The output's number.
        output: usize,
        /// What was refused.
        what: String,
    },
}

impl From<String> for Error {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl From<&str> for Error {
    fn from(reason: &str) -> Self {
        Self::Failed(reason.into())
    }
}
