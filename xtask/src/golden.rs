//! `cargo xtask golden`: the snapshots of every descriptor on the bundled
//! piece. The comparison itself is the test `golden` of `agogic-tests`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::cargo::{Counts, cargo, run_tests};

pub(crate) fn run(root: &Path, update: bool) -> Result<()> {
    let mut counts = Counts::default();
    run_tests(command(root, update), &mut counts)
}

/// The test alone. The whole workspace is named so that nothing is built with
/// other features than for all tests.
pub(crate) fn command(root: &Path, update: bool) -> Command {
    let mut command = cargo(root, &["test", "--workspace", "--locked", "--test", "golden"]);
    command.env("INSTA_UPDATE", if update { "always" } else { "no" });
    command
}
