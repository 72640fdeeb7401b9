//! `agogic cache verify` and `quarantine`: whether all of the cache is whole.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::formats::{json, text};
use crate::output;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Verified<'a> {
    path: String,
    files: u64,
    bytes: u64,
    damaged: Vec<Damage<'a>>,
    /// Of a later program, and left as they are.
    newer: Vec<Damage<'a>>,
    adopted: u64,
    refreshed: u64,
    renewed: u64,
    leftovers: u64,
}

#[derive(Serialize)]
struct Damage<'a> {
    path: String,
    reason: &'a str,
}

pub(super) fn verify(
    session: &Session,
    repair: bool,
    as_json: bool,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let store = session.engine.store();
    let folder = store.stats().map_err(agogic::Error::from)?.path;
    let name = Path::new("cache");
    let progress = |done, total| session.progress.step(name, done, Some(total));
    let report = if repair { store.verify(progress) } else { store.inspect(progress) };
    let report = report.map_err(agogic::Error::from)?;
    session.progress.finish(name);
    let damaged =
        report.damaged.iter().map(|d| Damage { path: d.path.display().to_string(), reason: &d.reason });
    let newer = report.newer.iter().map(|d| Damage { path: d.path.display().to_string(), reason: &d.reason });
    let verified = Verified {
        path: folder.display().to_string(),
        files: report.files,
        bytes: report.bytes,
        damaged: damaged.collect(),
        newer: newer.collect(),
        adopted: report.adopted,
        refreshed: report.refreshed,
        renewed: report.renewed,
        leftovers: report.leftovers,
    };
    output::stdout(|out| if as_json { json::line(out, &verified) } else { print(out, &verified) })?;
    for newer in &verified.newer {
        terminal.warn(&format!("{}: {}", folder.join(&newer.path).display(), newer.reason));
    }
    if report.damaged.is_empty() {
        return Ok(());
    }
    for damage in &verified.damaged {
        terminal.error(&format!("{}: {}", folder.join(&damage.path).display(), damage.reason));
    }
    Err(Stop::Told)
}

fn print(out: &mut dyn Write, found: &Verified<'_>) -> io::Result<()> {
    writeln!(out, "folder     {}", found.path)?;
    writeln!(out, "checked    {} files, {}", found.files, text::Bytes(found.bytes))?;
    writeln!(out, "damaged    {}", found.damaged.len())?;
    for (what, count) in [
        ("adopted", found.adopted),
        ("refreshed", found.refreshed),
        ("renewed", found.renewed),
        ("leftovers", found.leftovers),
    ] {
        if count > 0 {
            writeln!(out, "{what:<9}  {count}")?;
        }
    }
    Ok(())
}

/// Lists what stands in quarantine, or removes it.
pub(super) fn quarantine(session: &Session, clear: bool) -> Result<(), Stop> {
    let store = session.engine.store();
    let held = store.quarantined().map_err(agogic::Error::from)?;
    if clear {
        store.clear_quarantine().map_err(agogic::Error::from)?;
    }
    output::stdout(|out| {
        for file in &held {
            writeln!(out, "{:>10}  {}  {}", text::Bytes(file.bytes), file.was.display(), file.reason)?;
        }
        if clear { writeln!(out, "removed {} files", held.len()) } else { Ok(()) }
    })
}
