//! `cargo xtask wasm`: that tempo maps have the same bits in WebAssembly as here.
//! The answers and the number that they fold into are those of
//! `crates/tempo/wasm`; both builds are held to it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::cargo::{self, Counts, cargo, run_tests};

const TARGET: &str = "wasm32-unknown-unknown";

/// As [`run`] where the tools are there; names those missing and goes on where not.
pub(crate) fn run_if_possible(root: &Path) -> Result<()> {
    let missing = missing_tools(root)?;
    if missing.is_empty() {
        return run(root);
    }
    println!("skipped: this machine lacks\n  {}", missing.join("\n  "));
    Ok(())
}

pub(crate) fn run(root: &Path) -> Result<()> {
    let missing = missing_tools(root)?;
    if !missing.is_empty() {
        bail!("this machine lacks\n  {}", missing.join("\n  "));
    }
    println!("the core without the standard library:");
    let folder = root.join("target").join("wasm");
    let build = |args: &[&str]| {
        let common =
            ["build", "--package", "agogic-tempo", "--no-default-features", "--locked", "--target", TARGET];
        let mut command = cargo(root, &[&common, args].concat());
        command.env("CARGO_TARGET_DIR", &folder);
        cargo::run(command)
    };
    build(&[])?;
    println!("here:");
    let conformance = ["test", "--package", "agogic-tempo", "--locked", "--test", "conformance"];
    run_tests(cargo(root, &conformance), &mut Counts::default())?;
    println!("in WebAssembly:");
    build(&["--features", "json", "--example", "conformance", "--release"])?;
    let module = folder.join(TARGET).join("release").join("examples").join("conformance.wasm");
    let mut node = node();
    node.arg(root.join("crates/tempo/wasm/run.mjs")).arg(module);
    let status = node.status().context("cannot start node")?;
    if !status.success() {
        bail!("the bits in WebAssembly are not those here");
    }
    println!("the same bits");
    Ok(())
}

fn node() -> Command {
    Command::new("node")
}

/// Names what is missing on this machine, and what installs it.
fn missing_tools(root: &Path) -> Result<Vec<String>> {
    let mut missing = vec![];
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let args = ["--print", "target-libdir", "--target", TARGET];
    let printed =
        Command::new(compiler).current_dir(root).args(args).output().context("cannot start rustc")?;
    if !Path::new(String::from_utf8_lossy(&printed.stdout).trim()).is_dir() {
        missing.push(format!("the target {TARGET}: rustup target add {TARGET}"));
    }
    let quiet =
        node().arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !quiet.is_ok_and(|status| status.success()) {
        missing.push(
            "node, which runs WebAssembly: https://nodejs.org, or apt-get install nodejs (Debian)".into(),
        );
    }
    Ok(missing)
}
