//! Audio files to PCM blocks, and the identity of their audio.
//!
//! What lives here: opening a file, picking its audio stream, decoding it block
//! by block, checking that it is whole, and computing the 32 bytes that name
//! its audio whatever its path and tags. What does not: resampling, mixing,
//! caching, the table from paths to identities. The engine calls it; no other
//! crate names the decoder underneath.
//!
//! ```no_run
//! use agogic_decode::{AudioFile, PcmBlock};
//! # fn main() -> Result<(), agogic_decode::DecodeError> {
//! let file = AudioFile::open("song.flac".as_ref())?;
//! println!("{} channels at {}", file.info().channels, file.info().rate);
//! let mut blocks = file.blocks();
//! let mut block = PcmBlock::default();
//! while blocks.next(&mut block)? {
//!     let _left: &[f32] = block.channel(0);
//! }
//! let _identity: [u8; 32] = blocks.finish()?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod block;
mod error;
mod file;
mod identity;
mod mp4;
mod packets;
mod source;

pub use block::{BLOCK_FRAMES, Blocks, MAX_SAMPLE, PcmBlock};
pub use error::{Cause, DecodeError};
pub use file::{AudioFile, StreamInfo};
pub use identity::IDENTITY_VERSION;
