//! The bundled piece through the whole engine: into an empty cache, by
//! calculator and all at once, and out of a full one.

use std::path::{Path, PathBuf};

use agogic::schema::{DescriptorId, Profile};
use agogic::{Control, Engine, Request};
use divan::Bencher;
use tempfile::TempDir;

fn main() {
    divan::main();
}

fn piece() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/media/slow-turn.ogg")
}

fn request(profile: &str, only: &[&str]) -> Request {
    let ids = only.iter().map(|id| DescriptorId::new(*id).expect("an id"));
    let only = (!only.is_empty()).then(|| ids.collect());
    {
        let mut request = Request::new(Profile::built_in(profile).expect("a profile"));
        request.only = only;
        request
    }
}

fn open() -> (TempDir, Engine) {
    let cache = tempfile::tempdir().expect("a folder");
    let engine = Engine::builder(cache.path()).plugin_path([]).open().expect("an engine");
    (cache, engine)
}

fn cold(bencher: Bencher, request: &Request) {
    let piece = piece();
    bencher.with_inputs(open).bench_local_values(|(cache, engine)| {
        let analysis = engine.analyze(&piece, request, &Control::default()).expect("an analysis");
        assert!(analysis.failed.is_empty() && analysis.cached.is_empty());
        // The folder is removed outside the time that is measured.
        (cache, engine)
    });
}

#[divan::bench(args = ["default", "librosa"])]
fn all_descriptors(bencher: Bencher, profile: &str) {
    cold(bencher, &request(profile, &[]));
}

#[divan::bench(args = ["agogic.mel", "agogic.spectrum", "agogic.rms", "agogic.peaks", "agogic.onset.strength"])]
fn one_descriptor(bencher: Bencher, id: &str) {
    cold(bencher, &request("default", &[id]));
}

#[divan::bench]
fn all_cached(bencher: Bencher) {
    let (piece, request) = (piece(), request("default", &[]));
    let (_cache, engine) = open();
    engine.analyze(&piece, &request, &Control::default()).expect("an analysis");
    bencher.bench_local(|| engine.analyze(&piece, &request, &Control::default()).expect("an analysis"));
}
