//! Who imports whom: what `cargo metadata` says against ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::Findings;
use super::table::Room;
use crate::cargo::cargo;

/// A package of the workspace.
pub(super) struct Member {
    pub(super) name: String,
    /// Its Cargo.toml, from the root.
    pub(super) manifest: String,
    /// Packages of the workspace that it depends on.
    imports: BTreeSet<String>,
    /// Those that only its tests and benches depend on.
    tests: BTreeSet<String>,
    /// Packages from outside that it depends on in any way.
    outside: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build` or nothing.
    kind: Option<String>,
    /// The folder, for packages of our own.
    path: Option<PathBuf>,
}

/// The packages of the workspace, as cargo sees them.
pub(super) fn members(root: &Path) -> Result<Vec<Member>> {
    let args = ["metadata", "--format-version", "1", "--no-deps", "--quiet"];
    let output = cargo(root, &args).output().context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    Ok(metadata.packages.into_iter().map(|package| member(root, package)).collect())
}

fn member(root: &Path, package: Package) -> Member {
    let manifest = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
    let mut member = Member {
        name: package.name,
        manifest: manifest.display().to_string().replace('\\', "/"),
        imports: BTreeSet::new(),
        tests: BTreeSet::new(),
        outside: BTreeSet::new(),
    };
    for dependency in package.dependencies {
        let into = match (&dependency.path, dependency.kind.as_deref()) {
            (None, _) => &mut member.outside,
            (Some(_), Some("dev")) => &mut member.tests,
            (Some(_), _) => &mut member.imports,
        };
        into.insert(dependency.name);
    }
    // What all of it imports its tests may import.
    member.tests.retain(|name| !member.imports.contains(name));
    member
}

/// Holds the packages to the tables, both ways: what is done is written, and
/// what is written is done.
pub(super) fn check(
    rooms: &[Room],
    outsiders: &BTreeMap<String, BTreeSet<String>>,
    members: &[Member],
) -> Findings {
    let mut findings = vec![];
    for room in rooms {
        let manifest = format!("{}/Cargo.toml", room.folder);
        if !members.iter().any(|member| member.name == room.package && member.manifest == manifest) {
            findings.push(format!("ARCHITECTURE.md: there is no {} in {}", room.package, room.folder));
        }
    }
    for member in members {
        let manifest = &member.manifest;
        let Some(room) = rooms.iter().find(|room| room.package == member.name) else {
            findings.push(format!("{manifest}: {} is not in the table of ARCHITECTURE.md", member.name));
            continue;
        };
        for (is, said, what) in [
            (&member.imports, &room.imports, "imports"),
            (&member.tests, &room.tests, "imports in its tests"),
        ] {
            let undeclared = is.difference(said).map(|other| {
                format!("{manifest}: {} {what} {other}, which ARCHITECTURE.md does not allow", member.name)
            });
            findings.extend(undeclared);
            let unused = said.difference(is).map(|other| {
                format!("ARCHITECTURE.md: says that {} {what} {other}, which it does not", member.name)
            });
            findings.extend(unused);
        }
        for outside in &member.outside {
            if let Some(only_in) = outsiders.get(outside)
                && !only_in.contains(&member.name)
            {
                let allowed: Vec<_> = only_in.iter().map(String::as_str).collect();
                findings.push(format!(
                    "{manifest}: {} names {outside}, which stays in {}",
                    member.name,
                    allowed.join(", ")
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn findings(imports: &[&str], tests: &[&str], outside: &[&str]) -> Findings {
        let room = Room {
            package: "view".into(),
            folder: "crates/view".into(),
            imports: set(&["schema"]),
            tests: set(&["store"]),
            io: false,
            unsafe_code: "forbid".into(),
        };
        let member = Member {
            name: "view".into(),
            manifest: "crates/view/Cargo.toml".into(),
            imports: set(imports),
            tests: set(tests),
            outside: set(outside),
        };
        check(&[room], &[("rusqlite".into(), set(&["store"]))].into(), &[member])
    }

    #[test]
    fn the_table_is_held_both_ways() {
        let none: [&str; 0] = [];
        assert_eq!(findings(&["schema"], &["store"], &["serde"]), none);
        assert_eq!(
            findings(&["schema", "host"], &["store"], &["rusqlite"]),
            [
                "crates/view/Cargo.toml: view imports host, which ARCHITECTURE.md does not allow",
                "crates/view/Cargo.toml: view names rusqlite, which stays in store",
            ]
        );
        assert_eq!(
            findings(&[], &[], &[]),
            [
                "ARCHITECTURE.md: says that view imports schema, which it does not",
                "ARCHITECTURE.md: says that view imports in its tests store, which it does not",
            ]
        );
    }
}
