//! What the end-to-end tests share: the real binary, the example plug-in in
//! both of its versions, plug-ins that misbehave, a folder
//! of their own, and audio made on the spot.
#![forbid(unsafe_code)]

mod artifacts;
mod audio;
mod c;
mod sandbox;
mod usual;

pub use artifacts::{
    agogic_binary, crest_plugin, generation, misbehaving_plugin, standard_plugin, undescribable_plugin,
    versions_plugin, workspace,
};
pub use audio::{Signal, Wav, recordings};
pub use c::Compiler;
pub use sandbox::{Ran, Sandbox};
pub use usual::{all_descriptors, usual_descriptors};
