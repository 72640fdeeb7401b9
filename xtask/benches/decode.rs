//! Reading the bundled piece: its identity alone, and all of its samples.

use std::path::{Path, PathBuf};

use agogic_decode::{AudioFile, PcmBlock};
use divan::Bencher;

fn main() {
    divan::main();
}

fn piece() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/media/slow-turn.ogg")
}

#[divan::bench]
fn identify(bencher: Bencher) {
    let piece = piece();
    bencher.bench_local(|| AudioFile::open(&piece).expect("audio").identify().expect("an identity"));
}

#[divan::bench]
fn decode(bencher: Bencher) {
    let piece = piece();
    bencher.bench_local(|| {
        let mut blocks = AudioFile::open(&piece).expect("audio").blocks();
        let mut block = PcmBlock::default();
        while blocks.next(&mut block).expect("samples") {}
        blocks.finish().expect("an identity")
    });
}
