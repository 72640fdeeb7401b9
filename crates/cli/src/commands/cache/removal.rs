//! What is removed from the cache: what is beyond its limits, what nobody
//! computes any more, and what somebody names.

use agogic::schema::AssetId;
use agogic::{Entry, Filter};
use serde::Serialize;

use crate::args::cache::{Chosen, Remove};
use crate::formats::{json, text};
use crate::output;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Collected {
    before: u64,
    after: u64,
    dry_run: bool,
    guests: Vec<String>,
    gone: Vec<Gone>,
}

#[derive(Serialize)]
struct Gone {
    path: String,
    bytes: u64,
    why: &'static str,
}

/// Brings the cache within its limits.
pub(super) fn gc(session: &Session, dry_run: bool, as_json: bool, terminal: &Terminal) -> Result<(), Stop> {
    let store = session.engine.store();
    let Some(done) = store.collect(dry_run).map_err(agogic::Error::from)? else {
        terminal.note("another process is cleaning up already");
        return Ok(());
    };
    let gone = done.gone.iter().map(|gone| Gone {
        path: gone.path.display().to_string(),
        bytes: gone.bytes,
        why: gone.why.as_str(),
    });
    let report = Collected {
        before: done.before,
        after: done.after,
        dry_run,
        guests: done.guests.iter().map(ToString::to_string).collect(),
        gone: gone.collect(),
    };
    output::stdout(|out| {
        if as_json {
            return json::line(out, &report);
        }
        for gone in &report.gone {
            writeln!(out, "{:<7}{:>10}  {}", gone.why, text::Bytes(gone.bytes), gone.path)?;
        }
        let what = if dry_run { "would go" } else { "gone" };
        let (before, after) = (text::Bytes(report.before), text::Bytes(report.after));
        writeln!(out, "{} tracks {what}, {before} -> {after}", report.gone.len())
    })?;
    for (path, reason) in &done.failed {
        terminal.error(&format!("{}: {reason}", path.display()));
    }
    if done.failed.is_empty() { Ok(()) } else { Err(Stop::Told) }
}

/// Removes what is chosen.
pub(super) fn remove(session: &Session, args: &Remove) -> Result<(), Stop> {
    discard(session, &chosen(session, &args.chosen)?, args.dry_run)
}

/// The tracks that are chosen, in order of their keys.
pub(super) fn chosen(session: &Session, args: &Chosen) -> Result<Vec<Entry>, Stop> {
    let assets: Result<Vec<AssetId>, _> = args.files.iter().map(|file| session.engine.asset(file)).collect();
    let filter = Filter {
        assets: assets?,
        descriptors: args.descriptors.clone(),
        prefix: args.prefix.clone(),
        calculator: args.calculator.clone(),
        profile: args.profile.clone(),
        ..Filter::default()
    };
    let found = session.engine.store().entries(|record| filter.matches(record));
    Ok(found.map_err(agogic::Error::from)?)
}

/// Removes what no calculator computes.
pub(super) fn prune(session: &Session, dry_run: bool) -> Result<(), Stop> {
    let found = session.engine.unknown_entries()?;
    discard(session, &found, dry_run)
}

fn discard(session: &Session, found: &[Entry], dry_run: bool) -> Result<(), Stop> {
    let store = session.engine.store();
    let removed =
        if dry_run { found.len() as u64 } else { store.remove_all(found).map_err(agogic::Error::from)? };
    output::stdout(|out| {
        for entry in found {
            let key = &entry.record.key;
            let asset = key.asset.to_string();
            let bytes = text::Bytes(entry.bytes);
            writeln!(out, "{bytes:>10}  {}  {}  {}", &asset[..12], key.profile, key.descriptor)?;
        }
        writeln!(out, "{removed} tracks {}", if dry_run { "would go" } else { "gone" })
    })
}
