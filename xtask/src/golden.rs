//! `cargo xtask golden`: the snapshots of every descriptor on the bundled
//! piece, and the page that describes them. The comparisons themselves are the
//! tests `golden` and `descriptors` of `agogic-tests`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::cargo::{Counts, cargo, run_tests};

pub(crate) fn run(root: &Path, update: bool) -> Result<()> {
    let mut counts = Counts::default();
    run_tests(command(root, update), &mut counts)
}

/// The tests alone. The whole workspace is named so that nothing is built with
/// other features than for all tests.
pub(crate) fn command(root: &Path, update: bool) -> Command {
    let mut command =
        cargo(root, &["test", "--workspace", "--locked", "--test", "golden", "--test", "descriptors"]);
    command.env("INSTA_UPDATE", if update { "always" } else { "no" });
    command
}
