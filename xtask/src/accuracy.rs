//! `cargo xtask accuracy`: beats and onsets against those that are known. The run
//! itself is the program in `xtask/accuracy`, so that `cargo xtask` stays small.

use std::path::Path;

use anyhow::Result;

use crate::cargo::{self, cargo};

pub(crate) fn run(root: &Path, write: Option<&Path>) -> Result<()> {
    let args =
        ["run", "--quiet", "--release", "--package", "xtask", "--locked", "--example", "accuracy", "--"];
    let mut command = cargo(root, &args);
    if let Some(folder) = write {
        // From where this was started, which need not be the root.
        command.arg(std::path::absolute(folder)?);
    }
    cargo::run(command)
}
