//! `agogic calculators scan`: looks at every plug-in file, and writes what a
//! file holds beside it.

use std::path::Path;

use agogic::{Catalogue, Known, Plugin};
use serde::Serialize;

use crate::args::{Global, Scan};
use crate::formats::json;
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, session};

#[derive(Serialize)]
pub(super) struct File {
    file: String,
    /// BLAKE3 of its content.
    content: Option<String>,
    /// `taken`, `refused` or `quarantined`.
    state: &'static str,
    /// `scanned`, `remembered` or `sidecar`.
    known: Option<&'static str>,
    reason: Option<String>,
    /// Seconds since 1970.
    since: Option<u64>,
    warnings: Vec<String>,
    calculators: Vec<Calculator>,
}

#[derive(Serialize)]
pub(super) struct Calculator {
    id: String,
    version: String,
}

pub(super) fn run(args: &Scan, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let catalogue = session::builder(global)?.catalogue()?;
    if let Some(file) = &args.sidecar {
        return write_sidecar(&catalogue, file, terminal);
    }
    let registry = if args.retry { catalogue.retry() } else { catalogue.registry() };
    let files: Vec<_> = registry.plugins().iter().map(File::new).collect();
    output::stdout(|out| {
        if args.json {
            return json::line(out, &files);
        }
        files.iter().try_for_each(|file| {
            let held: Vec<_> = file.calculators.iter().map(|c| format!("{} {}", c.id, c.version)).collect();
            let text = file.reason.clone().unwrap_or_else(|| held.join(", "));
            writeln!(out, "{}  {}  {text}", file.file, file.state)
        })
    })?;
    for refused in registry.refusals() {
        // What is a file has been told on stdout.
        if !registry.plugins().iter().any(|plugin| plugin.path == refused.path) {
            terminal.error(&format!("{}: {}", refused.path.display(), refused.reason));
        }
    }
    if registry.refusals().is_empty() { Ok(()) } else { Err(Stop::Told) }
}

fn write_sidecar(catalogue: &Catalogue, file: &Path, terminal: &Terminal) -> Result<(), Stop> {
    match catalogue.write_sidecar(file) {
        Ok(path) => {
            terminal.note(&format!("wrote {}", path.display()));
            Ok(())
        }
        Err(reason) => Err(Stop::failed(file.display(), reason)),
    }
}

impl File {
    pub(super) fn new(plugin: &Plugin) -> Self {
        let reason = plugin.found.as_ref().err();
        let quarantine = reason.and_then(|reason| match &**reason {
            agogic::HostError::Quarantined(quarantine) => Some(quarantine),
            _ => None,
        });
        let found = plugin.found.as_ref().ok();
        let calculators = found.into_iter().flat_map(|found| &found.manifest.calculators);
        Self {
            file: plugin.path.display().to_string(),
            content: (!plugin.hash.is_empty()).then(|| plugin.hash.clone()),
            state: match (reason, quarantine) {
                (None, _) => "taken",
                (_, Some(_)) => "quarantined",
                _ => "refused",
            },
            known: found.map(|found| match found.known {
                Known::Scanned => "scanned",
                Known::Remembered => "remembered",
                Known::Sidecar => "sidecar",
            }),
            reason: reason.map(ToString::to_string),
            since: quarantine.map(|quarantine| quarantine.since),
            warnings: plugin.warnings.clone(),
            calculators: calculators
                .map(|spec| Calculator { id: spec.id.to_string(), version: spec.version.to_string() })
                .collect(),
        }
    }
}
