//! Whole processes: how long one runs, and how much memory it took at its peak.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wait_timeout::ChildExt as _;

/// How long is waited for the end before the memory is looked at again.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) struct Ran {
    pub(crate) seconds: f64,
    /// The most memory that was resident, in MB: as the system counted it until 20 ms
    /// before the end at the latest. Linux only.
    pub(crate) peak: Option<f64>,
}

/// Runs a command to its end, without output.
pub(crate) fn run(command: &mut Command) -> Result<Ran> {
    // Without its folder: what is said here may end in a page of the repository.
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let mut peak = None;
    let status = loop {
        peak = resident(child.id()).or(peak);
        if let Some(status) = child.wait_timeout(LOOK)? {
            break status;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        bail!("{name} {} failed ({status})", args.first().map_or("", |arg| arg));
    }
    Ok(Ran { seconds, peak })
}

/// The most memory of a process so far, in MB.
pub(crate) fn resident(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// The release binary, which `cargo xtask bench` builds before this one runs.
pub(crate) fn agogic() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|deps| deps.parent()).context("this program stands in no folder")?;
    let path = folder.join(format!("agogic{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        bail!("there is no {}: start this as `cargo xtask bench features`", path.display());
    }
    Ok(path)
}

/// Whether a program of this name can be started.
pub(crate) fn is_there(name: &str) -> bool {
    Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}
