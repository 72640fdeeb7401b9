//! The conformance digest as a WebAssembly function. What it digests stands in
//! `wasm/digest.rs`; how to run it in `wasm/README.md`.
#![allow(unsafe_code, reason = "an exported name is an unsafe attribute")]

#[path = "../wasm/digest.rs"]
mod digest;

/// One number out of the bits of all answers.
// SAFETY: no other symbol of this library has the name.
#[unsafe(no_mangle)]
pub extern "C" fn tempo_digest() -> u64 {
    digest::digest()
}
