//! The programs under test, built by cargo when they are first asked for.

use std::fs::File;
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
        let more: &[&str] = if version == 2 { &["--features", "version-2"] } else { &[] };
        outside("examples/calculators/crest", more, "cdylib", &format!("crest-{version}"))
    })
}

/// The plug-in whose calculators break the rules, `bad.panics` and so on, and
/// the one that keeps them, `bad.good`.
pub fn misbehaving_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| outside("tests/misbehaving", &[], "cdylib", "misbehaving"))
}

/// The same plug-in, but it panics when it is asked what it holds.
pub fn undescribable_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        outside("tests/misbehaving", &["--features", "describe-panics"], "cdylib", "undescribable")
    })
}

/// A plug-in or a host of another generation of the interface, by the name of
/// its package in `tests/generations`.
pub fn generation(package: &str) -> PathBuf {
    let kind = if package == "host" { "bin" } else { "cdylib" };
    outside("tests/generations", &["--package", package], kind, &format!("generation-{package}"))
}

/// The plug-in whose releases are told by `AGOGIC_TEST_RELEASE`, as a library
/// file.
pub fn versions_plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| outside("tests/versions", &[], "cdylib", "versions"))
}

/// Builds a crate that stands outside the workspace, and returns a copy of its
/// file in a folder of this name: all of them are built in one folder, so that
/// what stands below them is built once, and some have the same file name.
fn outside(folder: &str, more: &[&str], kind: &str, name: &str) -> PathBuf {
    let plugins = workspace().join("target/plug-ins");
    let to = plugins.join(name);
    std::fs::create_dir_all(&to).expect("a folder");
    // Until the file is copied nobody else may build.
    let turn = File::create(plugins.join("turn.lock")).expect("a lock file");
    turn.lock().expect("a turn to build");
    let target = plugins.join("build");
    let target = target.to_string_lossy();
    let args = [&["--target-dir", &target, "--locked"], more].concat();
    let built = build(&workspace().join(folder).join("Cargo.toml"), &args, kind);
    let to = to.join(built.file_name().expect("a file"));
    let read = |path: &Path| std::fs::read(path).ok();
    if read(&to) != read(&built) {
        // Another test may have loaded the old one: that stays what it is.
        let fresh = to.with_extension("fresh");
        std::fs::copy(&built, &fresh).expect("a copy");
        std::fs::rename(&fresh, &to).expect("a copy in its place");
    }
    to
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
