//! The same bits on every machine: the digest of very many answers is the one that
//! is written down. WebAssembly is held to the same one, see `wasm/README.md`.

#[path = "../wasm/digest.rs"]
mod digest;

#[test]
fn the_bits_of_all_answers() {
    let digest = format!("{:016x}", digest::digest());
    assert_eq!(digest, include_str!("../wasm/digest.txt").trim());
}
