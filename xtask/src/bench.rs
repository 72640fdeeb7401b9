//! `cargo xtask bench`: the benchmarks in `xtask/benches`. Most print fastest,
//! slowest, median and mean; `abi`, `features`, `tempo` and `view` print tables, with
//! what is demanded beside each figure. None fails where a figure falls short: machines
//! differ too much.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo::{self, cargo};

const NAMES: [&str; 6] = ["abi", "analyze", "decode", "store", "tempo", "view"];

/// The one that compares with others: it takes minutes, and runs only where it is named.
const FEATURES: &str = "features";

/// What `features` can be told.
#[derive(Args)]
#[command(next_help_heading = "For features")]
pub(crate) struct Features {
    /// Fetch the peers from PyPI into target/peers first
    #[arg(long)]
    install_peers: bool,
    /// Another Python that has the peers [env: AGOGIC_PEERS_PYTHON]
    #[arg(long)]
    python: Option<PathBuf>,
    /// Only these rows, such as mel,mfcc; an unknown one lists them all
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Turns that everybody has [default: 5]
    #[arg(long)]
    rounds: Option<u16>,
    /// Files of up to two hours, too
    #[arg(long)]
    long: bool,
    /// Write docs/performance.md, with the long files
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(root: &Path, names: &[String], features: &Features) -> Result<()> {
    let known = |name: &String| NAMES.contains(&name.as_str()) || name == FEATURES;
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        bail!("there is no benchmark {unknown:?} (there are: {}, {FEATURES})", NAMES.join(", "));
    }
    let given = features.args();
    let compare = names.iter().any(|name| name == FEATURES);
    if !given.is_empty() && !compare {
        bail!("{} goes with `bench {FEATURES}` only", given[0]);
    }
    let wanted = |name: &&&str| names.is_empty() || names.iter().any(|wanted| wanted == **name);
    let wanted: Vec<_> = NAMES.iter().filter(wanted).collect();
    if !wanted.is_empty() {
        let mut command = cargo(root, &["bench", "--package", "xtask", "--locked"]);
        for name in wanted {
            command.args(["--bench", name]);
        }
        cargo::run(command)?;
    }
    if compare {
        // Whole processes are measured, too.
        cargo::run(cargo(root, &["build", "--release", "--package", "agogic-cli", "--locked"]))?;
        let mut command =
            cargo(root, &["bench", "--package", "xtask", "--locked", "--bench", FEATURES, "--"]);
        command.args(given);
        cargo::run(command)?;
    }
    Ok(())
}

impl Features {
    /// As the benchmark itself takes them.
    fn args(&self) -> Vec<String> {
        let mut args = vec![];
        for (flag, given) in
            [("--install-peers", self.install_peers), ("--long", self.long), ("--write", self.write)]
        {
            args.extend(given.then(|| flag.to_owned()));
        }
        let only = (!self.only.is_empty()).then(|| self.only.join(","));
        // The benchmark runs in the folder of xtask.
        let python = self
            .python
            .as_ref()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string());
        let rounds = self.rounds.map(|rounds| rounds.to_string());
        for (flag, value) in [("--only", only), ("--python", python), ("--rounds", rounds)] {
            args.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        }
        args
    }
}
