//! `cargo xtask fuzz`: damaged files given to the importers of tempo maps, and to what
//! reads the cache. The run itself is the program in `xtask/fuzz`, a process of its own: what takes it down
//! without a panic is told here.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::cargo::{self, cargo};

pub(crate) fn run(
    root: &Path,
    target: &str,
    seconds: u64,
    seed: Option<u64>,
    files: &[PathBuf],
) -> Result<()> {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = seed.unwrap_or_else(now);
    // As tests are built: what overflows is found as well.
    let mut command =
        cargo(root, &["run", "--quiet", "--package", "xtask", "--locked", "--example", "fuzz", "--"]);
    command.args(["--target", target, "--seconds", &seconds.to_string(), "--seed", &seed.to_string()]);
    command.arg("--out").arg(root.join("target").join("fuzz"));
    for file in files {
        // From where this was started, which need not be the root.
        command.arg(std::path::absolute(file)?);
    }
    cargo::run(command).with_context(|| format!("the run with seed {seed}"))
}
