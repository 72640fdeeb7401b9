//! What can be wrong with an audio file, said in one line that names the file
//! and the cause. Every function of this crate that fails, fails with this.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use agogic_timebase::{RateError, Samples};

/// An audio file that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct DecodeError {
    /// The file as it was named to [`AudioFile::open`](crate::AudioFile::open).
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: Cause,
}

impl DecodeError {
    pub(crate) fn new(path: &Path, cause: Cause) -> Self {
        Self { path: path.to_owned(), cause }
    }

    /// Whether another attempt may succeed with the file unchanged: only when
    /// the operating system refused to read it.
    pub fn is_retryable(&self) -> bool {
        matches!(self.cause, Cause::Open(_) | Cause::Read { .. })
    }
}

/// Why an audio file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The file is missing or may not be read.
    #[error("cannot be opened: {}", io_text(.0))]
    Open(io::Error),
    /// The path names a directory.
    #[error("is a directory")]
    Directory,
    /// The path names a pipe, a device or the like.
    #[error("is not a regular file")]
    NotAFile,
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// No known container starts here.
    #[error("not a recognised audio file")]
    NotAudio,
    /// A container was recognised, but its header cannot be read.
    #[error("malformed header: {0}")]
    Header(String),
    /// The container holds streams, none of them audio.
    #[error("holds no audio stream")]
    NoStream,
    /// The audio stream holds no samples.
    #[error("holds no audio")]
    NoAudio,
    /// The stream, or a feature of it, is beyond the decoder.
    #[error("unsupported audio: {0}")]
    Unsupported(String),
    /// The sample rate cannot be worked with.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The file ends before its audio does, or lost some of it on the way.
    #[error("truncated or damaged: {}", of_samples(*got, *expected))]
    Truncated {
        /// Samples per channel that could be read.
        got: u64,
        /// Samples per channel that the file declares, where it does.
        expected: Option<u64>,
    },
    /// The same, in bytes, where samples cannot be counted without decoding.
    #[error("truncated or damaged: {got} of {expected} bytes")]
    TruncatedBytes {
        /// Bytes of coded audio that are there.
        got: u64,
        /// Bytes that the header declares.
        expected: u64,
    },
    /// A packet in the middle cannot be decoded.
    #[error("damaged at sample {}: {what}", at.0)]
    Damaged {
        /// Where the undecodable audio starts.
        at: Samples,
        /// What the decoder says of it.
        what: String,
    },
    /// Sample rate or channel count change on the way.
    #[error("stream changes at sample {}: {was} becomes {becomes}", at.0)]
    Changed {
        /// Where the new format starts.
        at: Samples,
        /// The format the stream was opened with.
        was: String,
        /// The format that it changes to.
        becomes: String,
    },
    /// A second stream follows the first in the same file (chained Ogg).
    #[error("a second stream starts at sample {}; chained files are not supported", at.0)]
    Chained {
        /// Where the second stream starts.
        at: Samples,
    },
    /// A sample is NaN, infinite, or beyond [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[error("sample {} of channel {} is NaN, infinite or beyond 1e10", at.0, channel + 1)]
    NotFinite {
        /// Position of the first such sample.
        at: Samples,
        /// Its channel, counted from zero (from one in the message).
        channel: u16,
    },
    /// The decoder itself failed: a fault of its own, not of the caller.
    #[error("the decoder failed at sample {}: {what}", at.0)]
    Decoder {
        /// How far decoding had come.
        at: Samples,
        /// What it said.
        what: String,
    },
    /// The operating system failed to read the file.
    #[error("cannot be read at sample {}: {}", at.0, io_text(source))]
    Read {
        /// How far decoding had come.
        at: Samples,
        /// What the system said.
        source: io::Error,
    },
    /// A call after one that failed.
    #[error("an earlier read of this stream failed")]
    Failed,
    /// The identity of audio that was read without it.
    #[error("its identity was not asked for")]
    NotHashed,
}

fn of_samples(got: u64, expected: Option<u64>) -> impl fmt::Display {
    match expected {
        Some(expected) => format!("{got} of {expected} samples"),
        None => format!("the end is missing after {got} samples"),
    }
}

/// The system's text without its " (os error 2)".
fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
