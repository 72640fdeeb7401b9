//! Peers: programs of `peers.py`, one for each peer, that do a piece of work when they
//! are told to and say how long it took. And the crate that is a peer, in this process.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use crate::music::RATE;
use crate::process::resident;

/// What `--install-peers` installs; one that cannot be installed is passed over.
const PACKAGES: [&str; 6] =
    ["librosa==0.11.0", "essentia==2.1b6.dev1389", "audioflux", "aubio", "soundfile", "mir_eval"];

/// Samples per channel that the crate is given at once.
const PIECE: usize = 4096;

#[derive(Serialize)]
struct Request<'a> {
    peer: &'a str,
    feature: &'a str,
    wav: &'a Path,
}

#[derive(Deserialize)]
struct Reply {
    ms: Option<f64>,
    version: Option<String>,
    error: Option<String>,
}

/// A peer that runs, or why it does not.
type Peer = Result<Running, String>;

struct Running {
    version: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

pub(crate) struct Peers {
    python: Option<PathBuf>,
    running: BTreeMap<String, Peer>,
}

impl Peers {
    /// With this Python, else the one of an earlier `--install-peers`.
    pub(crate) fn new(python: Option<PathBuf>, folder: &Path) -> Self {
        let installed = Some(python_of(folder)).filter(|python| python.exists());
        Self { python: python.or(installed), running: BTreeMap::new() }
    }

    /// Whether there is a Python to ask.
    pub(crate) fn any(&self) -> bool {
        self.python.is_some()
    }

    /// Milliseconds that a peer takes for a piece of work on a file.
    pub(crate) fn ask(&mut self, peer: &str, feature: &str, wav: &Path) -> Result<f64, String> {
        let Self { python, running } = self;
        let python = python.as_ref().ok_or("not installed")?;
        let found = running
            .entry(peer.into())
            .or_insert_with(|| Running::start(python, peer).map_err(|error| format!("{error:#}")));
        let reply = match found {
            Ok(running) => running.ask(&Request { peer, feature, wav }),
            Err(reason) => return Err(reason.clone()),
        };
        match reply {
            Ok(Reply { ms: Some(ms), .. }) => Ok(ms),
            Ok(Reply { error, .. }) => Err(error.unwrap_or_else(|| "no answer".into())),
            Err(error) => {
                let reason = format!("{error:#}");
                running.insert(peer.into(), Err(reason.clone()));
                Err(reason)
            }
        }
    }

    /// The most memory that a peer has taken, in MB.
    pub(crate) fn peak(&self, peer: &str) -> Option<f64> {
        resident(self.running.get(peer)?.as_ref().ok()?.child.id())
    }

    /// Name and version of each peer that ran.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.running
            .iter()
            .filter_map(|(name, peer)| Some((name.as_str(), peer.as_ref().ok()?.version.as_str())))
    }
}

impl Running {
    fn start(python: &Path, peer: &str) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py");
        let mut command = Command::new(python);
        command.arg(script).arg(peer).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("cannot start Python")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let mut running = Self { version: String::new(), child, input, output };
        let reply = running.reply()?;
        match reply {
            Reply { version: Some(version), .. } => Ok(Self { version, ..running }),
            Reply { error, .. } => bail!(error.unwrap_or_else(|| "it does not start".into())),
        }
    }

    fn ask(&mut self, request: &Request<'_>) -> Result<Reply> {
        let input = self.input.as_mut().context("it has ended")?;
        writeln!(input, "{}", serde_json::to_string(request)?)?;
        input.flush()?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("it ended ({})", self.child.wait()?);
        }
        serde_json::from_str(&line).with_context(|| line.trim().to_owned())
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        for mut peer in std::mem::take(&mut self.running).into_values().flatten() {
            // The end of its input ends it.
            peer.input = None;
            let _ = peer.child.wait();
        }
    }
}

/// Makes a virtual environment with the peers.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let run =
        |command: &mut Command| command.stdin(Stdio::null()).status().is_ok_and(|status| status.success());
    if !run(Command::new("python3").args(["-m", "venv"]).arg(folder)) {
        bail!("python3 -m venv {} failed", folder.display());
    }
    for package in PACKAGES {
        let install = ["-m", "pip", "install", "--quiet", package];
        if !run(Command::new(python_of(folder)).args(install)) {
            eprintln!("{package} cannot be installed and is passed over");
        }
    }
    Ok(())
}

fn python_of(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Milliseconds that the crate takes over interleaved stereo.
pub(crate) fn ebur128(stereo: &[f32], true_peak: bool) -> Result<f64> {
    let start = Instant::now();
    let mut mode = Mode::I | Mode::LRA;
    mode.set(Mode::TRUE_PEAK, true_peak);
    let mut meter = EbuR128::new(2, RATE, mode)?;
    for piece in stereo.chunks(2 * PIECE) {
        meter.add_frames_f32(piece)?;
    }
    std::hint::black_box((meter.loudness_global()?, meter.loudness_range()?));
    if true_peak {
        std::hint::black_box((meter.true_peak(0)?, meter.true_peak(1)?));
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
