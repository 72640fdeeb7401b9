//! Pages that tests write: how near the numbers are to those of others, into
//! `docs/parity.md`, and how small tracks are, into `docs/store-sizes.md`.

use std::path::Path;

use anyhow::Result;

use crate::cargo::{Counts, cargo, run_tests};

/// Runs a test of `agogic-tests` alone; the variable tells it where its page is.
pub(crate) fn run(root: &Path, test: &str, variable: &str, page: &str) -> Result<()> {
    let page = root.join("docs").join(page);
    let mut command = cargo(root, &["test", "--workspace", "--locked", "--test", test]);
    command.env(variable, &page);
    run_tests(command, &mut Counts::default())?;
    println!("wrote {}", page.display());
    Ok(())
}
