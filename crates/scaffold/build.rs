//! Gathers the sources of the SDK, so that an installed program can write them
//! beside a new calculator: the crates that an author's crate stands on, with
//! manifests that name versions instead of the workspace.
//!
//! A build script and no macro: cargo must know the files, to build again when
//! one of them changes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The crates, lowest first: folder from the root, and name in the copy.
const CRATES: [(&str, &str); 6] = [
    ("crates/timebase", "timebase"),
    ("crates/schema", "schema"),
    ("sdk/abi", "abi"),
    ("sdk/calculator", "calculator"),
    ("sdk/dsp", "dsp"),
    ("sdk/testkit", "testkit"),
];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the folder"));
    let root = here.parent().and_then(Path::parent).expect("a workspace two folders up").to_owned();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for files"));
    let workspace = read(&root.join("Cargo.toml"));
    println!("cargo::rerun-if-changed=build.rs");
    let mut list = String::from("pub(crate) const SDK: &[(&str, &str)] = &[\n");
    for (folder, name) in CRATES {
        let folder = root.join(folder);
        let manifest = out.join(format!("{name}.toml"));
        let resolved = resolve(&read(&folder.join("Cargo.toml")), &workspace);
        fs::write(&manifest, resolved).expect("a file can be written");
        entry(&mut list, &format!("{name}/Cargo.toml"), &manifest);
        println!("cargo::rerun-if-changed={}", folder.join("src").display());
        let mut files = vec![];
        walk(&folder.join("src"), &mut files);
        files.sort();
        for file in files {
            let inside = file.strip_prefix(&folder).expect("a file of the folder");
            let inside = inside.to_str().expect("sources have plain names").replace('\\', "/");
            entry(&mut list, &format!("{name}/{inside}"), &file);
        }
    }
    list.push_str("];\n");
    fs::write(out.join("sdk.rs"), list).expect("a file can be written");
}

fn entry(list: &mut String, name: &str, file: &Path) {
    let file = file.to_str().expect("the workspace has a plain path");
    writeln!(list, "    ({name:?}, include_str!({file:?})),").expect("a string grows");
}

fn read(path: &Path) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// A manifest that stands alone: what it takes from the workspace is written
/// out. Lints and dependencies of tests are left out, as nobody tests the copy.
fn resolve(manifest: &str, workspace: &str) -> String {
    let mut text = String::new();
    let mut section = String::new();
    for line in manifest.lines() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.into();
        }
        if ["lints", "dev-dependencies", "bench", "[bench]", "[test]"].contains(&section.as_str()) {
            continue;
        }
        let line = match line.split_once(".workspace = true") {
            Some((name, _)) if section == "package" => {
                format!("{name} = {}", value(workspace, "workspace.package", name))
            }
            Some((name, _)) if section == "dependencies" => {
                let value = value(workspace, "workspace.dependencies", name);
                format!("{name} = {}", beside(&value).unwrap_or(value))
            }
            _ if line.contains("workspace = true") => {
                panic!("a line that this script cannot resolve: {line}")
            }
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// What a section of the workspace's manifest sets a key to.
fn value(workspace: &str, section: &str, key: &str) -> String {
    let header = format!("[{section}]");
    let lines = workspace.lines().skip_while(|line| *line != header).skip(1);
    let mut lines = lines.take_while(|line| !line.starts_with('['));
    lines
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=').map(|v| v.trim().to_owned()))
        .unwrap_or_else(|| panic!("{header} does not set {key}"))
}

/// A crate of ours: it lies beside this one in the copy.
fn beside(value: &str) -> Option<String> {
    let (_, name) = CRATES.iter().find(|(folder, _)| value.contains(&format!("path = \"{folder}\"")))?;
    Some(format!("{{ path = \"../{name}\" }}"))
}
