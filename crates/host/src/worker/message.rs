//! What host and worker say to each other, and how it goes through a pipe:
//! the length as four bytes, least first, then MessagePack.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use agogic_schema::{CalculatorId, Manifest, Outputs, Setup};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::unusable::Unusable;
use crate::CallError;

/// Longest message that is read.
const MAX_BYTES: u32 = 128 << 20;

/// What the host asks for. Each is answered before the next.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Load this library file; use no more memory than so many bytes on top of
    /// what is in use. Answer: `Loaded` or `Unusable`.
    Load { file: PathBuf, memory: Option<u64> },
    /// Tell what a calculator gives under a setup. Answer: `Told`.
    Tell { id: CalculatorId, setup: Box<Setup> },
    /// Make the instance. Answer: `Done`.
    Create { id: CalculatorId, setup: Box<Setup> },
    /// Map this file of shared memory. Answer: `Done`.
    Map { file: PathBuf, input: usize, output: usize },
    /// What the outputs are. Answer: `Done`.
    Outputs(Vec<OutputSize>),
    /// Take a block from shared memory. Answer: `Done`, after any number of
    /// `Given`, `Log` and `Progress`.
    Process(BlockHead),
    /// Give what remains. Answer: as to `Process`.
    Finish,
    /// Be as new. Answer: `Done`.
    Reset,
    /// What was given has been taken; no answer of its own.
    Taken,
    /// End; no answer.
    Quit,
}

/// What the worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    Loaded(Manifest),
    Unusable(Unusable),
    Told(Result<Option<Outputs>, Fault>),
    Done(Result<(), Fault>),
    /// Outputs, whose frames lie in shared memory one after another. The
    /// worker waits for `Taken`.
    Given(Vec<Gift>),
    Log {
        level: u32,
        text: String,
    },
    Progress(f32),
}

/// One call of the sink.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Gift {
    Frames {
        output: u32,
        plane: u32,
        count: u64,
        /// Whether the worker gave room, and the frames lie in shared memory.
        here: bool,
    },
    Events {
        output: u32,
        events: Vec<u8>,
    },
    Floor {
        output: u32,
        floor: f32,
    },
}

/// What the worker has to know of an output: values per frame, and planes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct OutputSize {
    pub(crate) width: usize,
    pub(crate) planes: usize,
}

/// A block without its contents, which lie in shared memory: ticks, then
/// values, then events.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct BlockHead {
    pub(crate) input: u32,
    pub(crate) plane: u32,
    pub(crate) position: u64,
    pub(crate) count: u64,
    pub(crate) channels: u32,
    pub(crate) width: u32,
    pub(crate) ticks: usize,
    pub(crate) values: usize,
    pub(crate) events: usize,
}

/// Why a call failed inside the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Fault {
    Setup(String),
    Failed(String),
    Panicked(String),
    Cancelled,
    Misbehaved(String),
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Setup(text) => Self::Setup(text),
            CallError::Panicked(text) => Self::Panicked(text),
            CallError::Cancelled => Self::Cancelled,
            CallError::Misbehaved(text) => Self::Misbehaved(text),
            CallError::Failed(text) => Self::Failed(text),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Setup(text) => Self::Setup(text),
            Fault::Failed(text) => Self::Failed(text),
            Fault::Panicked(text) => Self::Panicked(text),
            Fault::Cancelled => Self::Cancelled,
            Fault::Misbehaved(text) => Self::Misbehaved(text),
        }
    }
}

/// Writes one message.
pub(crate) fn write<T: Serialize>(pipe: &mut impl Write, message: &T) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    rmp_serde::encode::write_named(&mut bytes, message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - 4).ok().filter(|length| *length <= MAX_BYTES);
    let length = length.ok_or_else(|| io::Error::other("a message that is too long"))?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    pipe.write_all(&bytes)?;
    pipe.flush()
}

/// Reads one message; `None` at the end. Memory is taken as bytes come, not as
/// the length says.
pub(crate) fn read<T: DeserializeOwned>(pipe: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_BYTES {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    let mut bytes = vec![];
    pipe.take(length.into()).read_to_end(&mut bytes)?;
    rmp_serde::from_slice(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mut pipe = vec![];
        write(&mut pipe, &Reply::Progress(0.5)).unwrap();
        write(&mut pipe, &Reply::Done(Err(Fault::Failed("no".into())))).unwrap();
        let mut pipe = pipe.as_slice();
        assert!(matches!(read(&mut pipe).unwrap(), Some(Reply::Progress(0.5))));
        assert!(
            matches!(read(&mut pipe).unwrap(), Some(Reply::Done(Err(Fault::Failed(text)))) if text == "no")
        );
        assert!(read::<Reply>(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn lengths_and_bytes_are_not_believed() {
        let cases: [&[u8]; 4] =
            [&[255, 255, 255, 255, 1], &[200, 0, 0, 0, 1], &[1, 0, 0, 0, 0xc1], &[2, 0, 0, 0, 0x91]];
        for mut bytes in cases {
            assert!(read::<Reply>(&mut bytes).is_err(), "{bytes:?}");
        }
    }
}
