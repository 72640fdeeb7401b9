//! The interface as it would be after a second generation: generation 1 as it
//! stands in the real crate, word for word, and another beside it.

#[path = "../../../../sdk/abi/src/v1.rs"]
pub mod v1;
pub mod v2;
