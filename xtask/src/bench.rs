//! `cargo xtask bench`: the benchmarks in `xtask/benches`. Most print fastest,
//! slowest, median and mean; `abi`, `features`, `store`, `tempo` and `view` print tables,
//! with what is demanded beside each figure. None fails where a figure falls short: machines
//! differ too much.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo::{self, cargo};

const NAMES: [&str; 5] = ["abi", "analyze", "decode", "tempo", "view"];

/// Those that compare with others: they take minutes, and run only where they are named.
const FEATURES: &str = "features";
const STORE: &str = "store";

/// What `features` and `store` can be told.
#[derive(Args)]
#[command(next_help_heading = "For features and store")]
pub(crate) struct Compared {
    /// features: fetch the peers from PyPI into target/peers first
    #[arg(long)]
    install_peers: bool,
    /// features: another Python that has the peers [env: AGOGIC_PEERS_PYTHON]
    #[arg(long)]
    python: Option<PathBuf>,
    /// Only these rows of features, such as mel,mfcc, or parts of store, such as ranges,put; an
    /// unknown one lists them all
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Turns that everybody has [default: 5]
    #[arg(long)]
    rounds: Option<u16>,
    /// features: files of up to two hours, too
    #[arg(long)]
    long: bool,
    /// store: whether everything runs, with short tracks and one turn
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Write docs/performance.md, with the long files, or docs/store-performance.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(root: &Path, names: &[String], compared: &Compared) -> Result<()> {
    let is_named = |name: &str| names.iter().any(|named| named == name);
    let known = |name: &String| NAMES.contains(&name.as_str()) || name == FEATURES || name == STORE;
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        bail!("there is no benchmark {unknown:?} (there are: {}, {FEATURES}, {STORE})", NAMES.join(", "));
    }
    let (features, store) = (is_named(FEATURES), is_named(STORE));
    if !features && let Some(first) = compared.of_features().first() {
        bail!("{first} goes with `bench {FEATURES}` only");
    }
    if !store && compared.quick {
        bail!("--quick goes with `bench {STORE}` only");
    }
    if !features
        && !store
        && let Some(first) = compared.of_both().first()
    {
        bail!("{first} goes with `bench {FEATURES}` and `bench {STORE}` only");
    }
    let wanted: Vec<_> = NAMES.iter().filter(|name| names.is_empty() || is_named(name)).collect();
    let bench = || cargo(root, &["bench", "--package", "xtask", "--locked"]);
    if !wanted.is_empty() {
        let mut command = bench();
        for name in wanted {
            command.args(["--bench", name]);
        }
        cargo::run(command)?;
    }
    if features {
        // Whole processes are measured, too.
        cargo::run(cargo(root, &["build", "--release", "--package", "agogic-cli", "--locked"]))?;
        let mut command = bench();
        command.args(["--bench", FEATURES, "--"]).args(compared.of_features()).args(compared.of_both());
        cargo::run(command)?;
    }
    if store {
        let mut command = bench();
        command.args(["--bench", STORE, "--"]).args(compared.of_both());
        command.args(compared.quick.then_some("--quick"));
        cargo::run(command)?;
    }
    Ok(())
}

impl Compared {
    /// What is for `features` alone, as it takes it.
    fn of_features(&self) -> Vec<String> {
        let mut args = vec![];
        for (flag, given) in [("--install-peers", self.install_peers), ("--long", self.long)] {
            args.extend(given.then(|| flag.to_owned()));
        }
        // The benchmark runs in the folder of xtask.
        let python = self
            .python
            .as_ref()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string());
        args.extend(python.into_iter().flat_map(|python| ["--python".to_owned(), python]));
        args
    }

    /// What both take.
    fn of_both(&self) -> Vec<String> {
        let mut args = vec![];
        args.extend(self.write.then(|| "--write".to_owned()));
        if !self.only.is_empty() {
            args.extend(["--only".to_owned(), self.only.join(",")]);
        }
        args.extend(self.rounds.iter().flat_map(|rounds| ["--rounds".to_owned(), rounds.to_string()]));
        args
    }
}
