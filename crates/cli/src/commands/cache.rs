//! `agogic cache`: figures about the cache, and whether all of it is whole.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::args::{Cache, Global};
use crate::formats::{json, text};
use crate::output;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Cache, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let session = Session::open(global, terminal)?;
    match args {
        Cache::Stats { json } => stats(&session, *json),
        Cache::Verify { json } => verify(&session, *json, terminal),
    }
}

#[derive(Serialize)]
struct Figures {
    path: String,
    format: u32,
    tracks: u64,
    assets: u64,
    bytes: u64,
    /// Damaged, truncated and missing files found since the folder was made.
    damaged: u64,
    quarantined: u64,
    adopted: u64,
}

fn stats(session: &Session, as_json: bool) -> Result<(), Stop> {
    let stats = session.engine.store().stats().map_err(agogic::Error::from)?;
    let report = Figures {
        path: stats.path.display().to_string(),
        format: stats.version,
        tracks: stats.entries,
        assets: stats.assets,
        bytes: stats.bytes,
        damaged: stats.damaged,
        quarantined: stats.quarantined,
        adopted: stats.adopted,
    };
    output::stdout(|out| {
        if as_json {
            return json::line(out, &report);
        }
        writeln!(out, "folder       {}", report.path)?;
        writeln!(out, "assets       {}", report.assets)?;
        writeln!(out, "tracks       {}", report.tracks)?;
        writeln!(out, "size         {}", text::Bytes(report.bytes))?;
        writeln!(out, "damaged      {}", report.damaged)?;
        writeln!(out, "quarantined  {}", report.quarantined)
    })
}

#[derive(Serialize)]
struct Verified<'a> {
    path: String,
    files: u64,
    bytes: u64,
    damaged: Vec<Damage<'a>>,
    adopted: u64,
    refreshed: u64,
    leftovers: u64,
}

#[derive(Serialize)]
struct Damage<'a> {
    path: String,
    reason: &'a str,
}

fn verify(session: &Session, as_json: bool, terminal: &Terminal) -> Result<(), Stop> {
    let store = session.engine.store();
    let folder = store.stats().map_err(agogic::Error::from)?.path;
    let name = Path::new("cache");
    let progress = |done, total| session.progress.step(name, done, Some(total));
    let report = store.verify(progress).map_err(agogic::Error::from)?;
    session.progress.finish(name);
    let damaged =
        report.damaged.iter().map(|d| Damage { path: d.path.display().to_string(), reason: &d.reason });
    let verified = Verified {
        path: folder.display().to_string(),
        files: report.files,
        bytes: report.bytes,
        damaged: damaged.collect(),
        adopted: report.adopted,
        refreshed: report.refreshed,
        leftovers: report.leftovers,
    };
    output::stdout(|out| if as_json { json::line(out, &verified) } else { print(out, &verified) })?;
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
    for (what, count) in
        [("adopted", found.adopted), ("refreshed", found.refreshed), ("leftovers", found.leftovers)]
    {
        if count > 0 {
            writeln!(out, "{what:<9}  {count}")?;
        }
    }
    Ok(())
}
