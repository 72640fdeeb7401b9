//! `cargo xtask bench`: the benchmarks in `xtask/benches`. Most print fastest,
//! slowest, median and mean; `abi`, `tempo` and `view` print tables, with what is
//! demanded beside each figure. None fails where a figure falls short: machines differ too
//! much.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cargo::{self, cargo};

const NAMES: [&str; 6] = ["abi", "analyze", "decode", "store", "tempo", "view"];

pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!("there is no benchmark {unknown:?} (there are: {})", NAMES.join(", "));
    }
    let mut command = cargo(root, &["bench", "--package", "xtask", "--locked"]);
    for name in NAMES.iter().filter(|name| names.is_empty() || names.iter().any(|wanted| wanted == *name)) {
        command.args(["--bench", name]);
    }
    cargo::run(command)
}
