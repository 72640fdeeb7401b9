//! The coded packets of the chosen stream, hashed as they pass. Reading for the
//! identity alone and decoding both draw from here, so that both see the same
//! packets and the same errors. A panic of the decoder library on hostile bytes
//! stops here and becomes an error.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use agogic_timebase::Samples;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatReader;
use symphonia::core::packet::Packet;

use crate::error::{Cause, DecodeError};
use crate::identity::IdentityHasher;

pub(crate) struct Packets {
    pub(crate) path: PathBuf,
    pub(crate) format: Box<dyn FormatReader>,
    pub(crate) track: u32,
    /// None where nobody asks for the identity.
    pub(crate) hasher: Option<IdentityHasher>,
    /// Bytes of one sample of all channels, for uncompressed audio.
    pub(crate) pcm_frame: Option<usize>,
    /// The end of the file is the end of the audio, whatever the reader thinks.
    pub(crate) open_ended: bool,
    /// Packet durations are in samples, and the last one may be cut by them.
    pub(crate) durations_cut: bool,
    /// Packets state their own position: a gap between them is lost audio.
    pub(crate) next_pts: Option<i64>,
    /// Samples that the file declares, for error messages.
    pub(crate) declared: Option<u64>,
    /// Coded bytes seen, to know a stream with none.
    pub(crate) seen: bool,
}

impl Packets {
    /// The next packet of the stream, or `None` after the last. `at` is how far
    /// the caller has come and is only said in errors.
    pub(crate) fn next(&mut self, at: Samples) -> Result<Option<Packet>, DecodeError> {
        loop {
            let format = &mut self.format;
            let mut packet = match guarded(|| format.next_packet()) {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                Err(Error::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => {
                    if self.open_ended {
                        return Ok(None);
                    }
                    return Err(self.error(Cause::Truncated {
                        got: u64::try_from(at.0).unwrap_or(0),
                        expected: self.declared,
                    }));
                }
                Err(Error::ResetRequired) => return Err(self.error(Cause::Chained { at })),
                Err(e) => return Err(self.error(cause(e, at))),
            };
            if packet.track_id != self.track {
                continue;
            }
            if let Some(expected) = self.next_pts {
                if packet.pts.get() != expected {
                    let what = format!("the next packet is of sample {}", packet.pts.get());
                    return Err(self.error(Cause::Damaged { at, what }));
                }
                let dur = i64::try_from(packet.dur.get()).unwrap_or(0);
                self.next_pts = Some(expected.saturating_add(dur));
            }
            if let Some(frame) = self.pcm_frame {
                // A file cut inside a sample: that sample does not exist.
                let whole = packet.data.len() - packet.data.len() % frame;
                if whole < packet.data.len() {
                    packet.data = packet.data[..whole].into();
                }
                if whole == 0 {
                    continue;
                }
            }
            self.seen = true;
            let keep = self.keep(&packet);
            if let Some(hasher) = &mut self.hasher {
                hasher.packet(&packet, keep);
            }
            return Ok(Some(packet));
        }
    }

    /// How many frames of this packet the container wants played, if it says.
    pub(crate) fn keep(&self, packet: &Packet) -> Option<u64> {
        self.durations_cut.then(|| packet.dur.get())
    }

    pub(crate) fn error(&self, cause: Cause) -> DecodeError {
        DecodeError::new(&self.path, cause)
    }
}

/// Reads what is left of a stream, `at` samples in, for its identity.
pub(crate) fn drain(packets: &mut Packets, at: Samples) -> Result<[u8; 32], DecodeError> {
    while packets.next(at)?.is_some() {}
    if !packets.seen {
        return Err(packets.error(Cause::NoAudio));
    }
    packets.hasher.as_ref().map(IdentityHasher::finish).ok_or_else(|| packets.error(Cause::NotHashed))
}

/// What an error of the decoder library means at sample `at`.
pub(crate) fn cause(error: Error, at: Samples) -> Cause {
    match error {
        Error::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            Cause::Damaged { at, what: "a packet ends early".into() }
        }
        // `guarded` reports a panic as an error of this kind.
        Error::IoError(e) if e.get_ref().is_some_and(|e| e.is::<Panicked>()) => {
            Cause::Decoder { at, what: e.to_string() }
        }
        Error::IoError(source) if source.raw_os_error().is_some() => Cause::Read { at, source },
        Error::IoError(e) => Cause::Damaged { at, what: e.to_string() },
        Error::DecodeError(what) | Error::LimitError(what) => Cause::Damaged { at, what: what.into() },
        Error::Unsupported(what) => Cause::Unsupported(what.into()),
        other => Cause::Damaged { at, what: other.to_string() },
    }
}

/// A panic inside the decoder library, with its message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Panicked(String);

/// Runs a call into the decoder library; a panic of it becomes an I/O error
/// that carries [`Panicked`]. What was called must not be called again.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("panic");
        let first = what.lines().next().unwrap_or_default().to_owned();
        Err(Error::IoError(std::io::Error::other(Panicked(first))))
    })
}
