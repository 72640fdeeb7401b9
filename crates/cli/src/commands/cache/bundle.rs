//! `agogic cache export` and `import`: tracks of one cache in a file, for another.

use std::collections::HashSet;
use std::path::Path;

use agogic::{Bundle, Caps, Fate};
use serde::Serialize;

use super::removal;
use crate::args::cache::{Export, Import};
use crate::formats::{json, text};
use crate::output;
use crate::session::{self, Session};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// What the progress is called.
const NAME: &str = "bundle";

#[derive(Serialize)]
struct Exported {
    bundle: String,
    tracks: u64,
    bytes: u64,
    /// Chosen tracks that no calculator computes any more.
    unused: usize,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct LeftOut {
    asset: String,
    profile: String,
    descriptor: String,
    reason: String,
}

/// Writes chosen tracks into a bundle.
pub(super) fn export(session: &Session, args: &Export, terminal: &Terminal) -> Result<(), Stop> {
    let mut entries = removal::chosen(session, &args.chosen)?;
    let chosen = entries.len();
    if !args.with_unused {
        let unknown = session.engine.unknown_entries()?;
        let unknown: HashSet<_> = unknown.into_iter().map(|entry| entry.record.key).collect();
        entries.retain(|entry| !unknown.contains(&entry.record.key));
    }
    let unused = chosen - entries.len();
    if entries.is_empty() {
        return Err(Stop::failed(args.bundle.display(), "nothing of what is chosen is in the cache"));
    }
    let keys: Vec<_> = entries.into_iter().map(|entry| entry.record.key).collect();
    let store = session.engine.store();
    let done = store.export(&keys, &args.bundle, args.force, progress(session));
    session.progress.finish(Path::new(NAME));
    let done = done.map_err(agogic::Error::from)?;
    let left_out = done.left_out.into_iter().map(|(key, reason)| LeftOut {
        asset: key.asset.to_string(),
        profile: key.profile.to_string(),
        descriptor: key.descriptor.to_string(),
        reason,
    });
    let report = Exported {
        bundle: args.bundle.display().to_string(),
        tracks: done.tracks,
        bytes: done.bytes,
        unused,
        left_out: left_out.collect(),
    };
    output::stdout(|out| {
        if args.json {
            return json::line(out, &report);
        }
        writeln!(out, "{} tracks, {}, in {}", report.tracks, text::Bytes(report.bytes), report.bundle)
    })?;
    if unused > 0 {
        terminal.note(&format!("{unused} tracks that no calculator computes any more are left out"));
    }
    for out in &report.left_out {
        terminal.error(&format!("{} of asset {}: {}", out.descriptor, &out.asset[..12], out.reason));
    }
    if report.left_out.is_empty() { Ok(()) } else { Err(Stop::Told) }
}

#[derive(Serialize)]
struct Imported {
    bundle: String,
    /// The program that wrote the bundle, and when, in seconds since 1970.
    program: String,
    made: i64,
    dry_run: bool,
    added: usize,
    replaced: usize,
    present: usize,
    kept: usize,
    /// Of the tracks that were added or replaced.
    bytes: u64,
    tracks: Vec<Track>,
}

#[derive(Serialize)]
struct Track {
    asset: String,
    stem: String,
    profile: String,
    descriptor: String,
    fate: &'static str,
}

/// Takes the tracks of a bundle.
pub(super) fn import(session: &Session, args: &Import) -> Result<(), Stop> {
    let store = session.engine.store();
    let caps = Caps { bytes: args.max_size, entries: args.max_tracks };
    let bundle = Bundle::open(&args.bundle, caps).map_err(agogic::Error::from)?;
    let done = store.import(&bundle, args.replace, args.dry_run, progress(session));
    session.progress.finish(Path::new(NAME));
    let done = done.map_err(agogic::Error::from)?;
    let (program, made) = bundle.origin();
    let tracks = done.tracks.iter().map(|(key, fate)| Track {
        asset: key.asset.to_string(),
        stem: key.stem.to_string(),
        profile: key.profile.to_string(),
        descriptor: key.descriptor.to_string(),
        fate: fate.as_str(),
    });
    let report = Imported {
        bundle: args.bundle.display().to_string(),
        program: program.into(),
        made,
        dry_run: args.dry_run,
        added: done.count(Fate::Added),
        replaced: done.count(Fate::Replaced),
        present: done.count(Fate::Present),
        kept: done.count(Fate::Kept),
        bytes: done.bytes,
        tracks: tracks.collect(),
    };
    output::stdout(|out| {
        if args.json {
            return json::line(out, &report);
        }
        if report.dry_run {
            for Track { asset, profile, descriptor, fate, .. } in &report.tracks {
                writeln!(out, "{fate:<8}  {}  {profile}  {descriptor}", &asset[..12])?;
            }
        }
        let Imported { added, replaced, present, kept, bytes, .. } = &report;
        let what = if report.dry_run { "would come" } else { "came" };
        let bytes = text::Bytes(*bytes);
        writeln!(out, "{added} added, {replaced} replaced, {bytes} {what}; {present} present, {kept} kept")
    })
}

/// Shows how far it is, and asks whether to go on.
fn progress(session: &Session) -> impl FnMut(u64, u64) -> bool {
    |done, total| {
        session.progress.step(Path::new(NAME), done, Some(total));
        !session::interrupted()
    }
}
