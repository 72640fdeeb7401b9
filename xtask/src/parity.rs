//! `cargo xtask parity`: how near the numbers are to those of others, into
//! `docs/parity.md`. The comparison itself is the test `parity` of
//! `agogic-tests`.

use std::path::Path;

use anyhow::Result;

use crate::cargo::{Counts, cargo, run_tests};

pub(crate) fn run(root: &Path) -> Result<()> {
    let page = root.join("docs").join("parity.md");
    let mut command = cargo(root, &["test", "--workspace", "--locked", "--test", "parity"]);
    command.env("AGOGIC_PARITY_PAGE", &page);
    run_tests(command, &mut Counts::default())?;
    println!("wrote {}", page.display());
    Ok(())
}
