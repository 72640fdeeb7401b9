//! The programs under test, built by cargo when they are first asked for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The `agogic` binary.
pub fn agogic_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| build(&workspace().join("Cargo.toml"), &["--package", "agogic-cli"], "bin"))
}

/// The standard calculators as a library file.
pub fn standard_plugin() -> PathBuf {
    // Along with the command, so that both are made of the same builds.
    let args = ["--package", "agogic-standard-plugin", "--package", "agogic-cli", "--locked"];
    build(&workspace().join("Cargo.toml"), &args, "cdylib")
}

/// The example plug-in in its version 1 or 2, as a library file.
pub fn crest_plugin(version: u32) -> &'static Path {
    static PLUGINS: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    let index = usize::from(version == 2);
    PLUGINS[index].get_or_init(|| {
        let manifest = workspace().join("examples/calculators/crest/Cargo.toml");
        // A folder for each version: both have the same file name.
        let target = workspace().join(format!("target/plug-ins/crest-{version}"));
        let target = target.to_string_lossy();
        let mut args = vec!["--target-dir", &target, "--locked"];
        if version == 2 {
            args.extend(["--features", "version-2"]);
        }
        build(&manifest, &args, "cdylib")
    })
}

/// The plug-in whose calculators break the rules, `bad.panics` and so on, and
/// the one that keeps them, `bad.good`.
pub fn misbehaving_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| build_misbehaving("misbehaving", &[]))
}

/// The same plug-in, but it panics when it is asked what it holds.
pub fn undescribable_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| build_misbehaving("undescribable", &["--features", "describe-panics"]))
}

fn build_misbehaving(folder: &str, more: &[&str]) -> PathBuf {
    let manifest = workspace().join("tests/misbehaving/Cargo.toml");
    let target = workspace().join("target/plug-ins").join(folder);
    let target = target.to_string_lossy();
    let args = [&["--target-dir", &target, "--locked"], more].concat();
    build(&manifest, &args, "cdylib")
}

/// A plug-in or a host of another generation of the interface, by the name of
/// its package in `tests/generations`.
pub fn generation(package: &str) -> PathBuf {
    let manifest = workspace().join("tests/generations/Cargo.toml");
    // With the example, which has the same dependencies.
    let target = workspace().join("target/plug-ins/crest-1");
    let args = ["--target-dir", &target.to_string_lossy(), "--locked", "--package", package];
    build(&manifest, &args, if package == "host" { "bin" } else { "cdylib" })
}

/// The plug-in whose releases are told by `AGOGIC_TEST_RELEASE`, as a library
/// file.
pub fn versions_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        let target = workspace().join("target/plug-ins/versions");
        let args = ["--target-dir", &target.to_string_lossy(), "--locked"];
        build(&workspace().join("tests/versions/Cargo.toml"), &args, "cdylib")
    })
}

/// Builds and returns the file of the wanted kind that came last.
fn build(manifest: &Path, args: &[&str], kind: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--message-format", "json", "--manifest-path"])
        .arg(manifest)
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo build {} failed", manifest.display());
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let mut files = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let kinds = message["target"]["kind"].as_array()?;
        if message["reason"] != "compiler-artifact" || !kinds.iter().any(|k| k == kind) {
            return None;
        }
        let file = match message["executable"].as_str() {
            Some(file) => file,
            None => message["filenames"].as_array()?.iter().filter_map(Value::as_str).find(|file| {
                Path::new(file).extension().is_some_and(|ending| ending == std::env::consts::DLL_EXTENSION)
            })?,
        };
        Some(PathBuf::from(file))
    });
    files.next_back().unwrap_or_else(|| panic!("cargo built no {kind} of {}", manifest.display()))
}
