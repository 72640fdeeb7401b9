//! `cargo xtask tidy`: the rules of the repository that no compiler checks. The
//! tables it holds the crates to are read from ARCHITECTURE.md, so that what is
//! written there is what is true.

mod frozen;
mod imports;
mod manifests;
mod sources;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// What is wrong, each one line that begins with the file.
type Findings = Vec<String>;

/// A file under version control, or about to be.
struct Tracked {
    /// From the root, with `/`.
    name: String,
    path: PathBuf,
    size: u64,
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let rooms = table::rooms(&architecture)?;
    let members = imports::members(root)?;
    let files = tracked(root)?;
    let mut findings = imports::check(&rooms, &table::outsiders(&architecture)?, &members);
    findings.extend(manifests::check(root, &members)?);
    findings.extend(frozen::check(root)?);
    findings.extend(sources::check(&rooms, &files)?);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("{} crates and {} files keep the rules", members.len(), files.len()),
        n => bail!("{n} rules are broken"),
    }
    Ok(())
}

/// The files that git tracks or would track.
fn tracked(root: &Path) -> Result<Vec<Tracked>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").current_dir(root).args(args).output().context("cannot start git")?;
    if !listed.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr).trim());
    }
    let names = String::from_utf8(listed.stdout).context("a file name that is no UTF-8")?;
    let mut files = vec![];
    for name in names.split_terminator('\0') {
        let path = root.join(name);
        // One that was deleted is still listed until that is committed.
        if let Ok(meta) = std::fs::symlink_metadata(&path)
            && meta.is_file()
        {
            files.push(Tracked { name: name.into(), path, size: meta.len() });
        }
    }
    Ok(files)
}
