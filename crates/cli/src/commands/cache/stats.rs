//! `agogic cache stats`: what the cache holds and how it is doing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use agogic::{CacheLimits as Limits, Report, Share};
use serde::Serialize;

use crate::formats::{json, text};
use crate::output;
use crate::session::Session;
use crate::stop::Stop;

/// So many calculators are named as the slowest.
const SLOWEST: usize = 5;

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
    /// Null where nothing was asked for yet.
    hit_rate: Option<f64>,
    namespaces: BTreeMap<String, Shared>,
    by_asset: BTreeMap<String, Shared>,
    by_calculator: BTreeMap<String, Shared>,
    /// Seconds since 1970, tracks and bytes of the last clean-up.
    collected: Option<(u64, u64, u64)>,
    limits: Limits,
    healthy: bool,
    complaints: Vec<String>,
}

#[derive(Serialize)]
struct Shared {
    tracks: u64,
    bytes: u64,
    hits: u64,
    misses: u64,
    hit_rate: Option<f64>,
    /// Seconds that calculators worked.
    busy: f64,
}

impl From<&Share> for Shared {
    fn from(share: &Share) -> Self {
        Self {
            tracks: share.total.entries,
            bytes: share.total.bytes,
            hits: share.used.hits,
            misses: share.used.misses,
            hit_rate: share.used.hit_rate(),
            busy: share.used.busy.as_secs_f64(),
        }
    }
}

/// Tells all that is known, for programs, or what a person wants to know.
pub(super) fn stats(session: &Session, as_json: bool) -> Result<(), Stop> {
    let report = session.engine.store().report().map_err(agogic::Error::from)?;
    output::stdout(|out| if as_json { json::line(out, &figures(&report)) } else { print(out, &report) })
}

fn hit_rate(report: &Report) -> Option<f64> {
    let used = report.namespaces.values().map(|share| share.used);
    let (hits, all) =
        used.fold((0, 0), |(hits, all), used| (hits + used.hits, all + used.hits + used.misses));
    (all > 0).then(|| hits as f64 / all as f64)
}

fn figures(report: &Report) -> Figures {
    fn named<K: ToString>(shares: &BTreeMap<K, Share>) -> BTreeMap<String, Shared> {
        shares.iter().map(|(name, share)| (name.to_string(), share.into())).collect()
    }
    let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let stats = &report.stats;
    Figures {
        path: stats.path.display().to_string(),
        format: stats.version,
        tracks: stats.entries,
        assets: stats.assets,
        bytes: stats.bytes,
        damaged: stats.damaged,
        quarantined: stats.quarantined,
        adopted: stats.adopted,
        hit_rate: hit_rate(report),
        namespaces: named(&report.namespaces),
        by_asset: named(&report.assets),
        by_calculator: named(&report.calculators),
        collected: report.collected.map(|(at, gone)| (seconds(at), gone.entries, gone.bytes)),
        limits: report.limits.clone(),
        healthy: report.complaints.is_empty(),
        complaints: report.complaints.iter().map(ToString::to_string).collect(),
    }
}

fn print(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let stats = &report.stats;
    writeln!(out, "folder       {}", stats.path.display())?;
    writeln!(out, "assets       {}", stats.assets)?;
    writeln!(out, "tracks       {}", stats.entries)?;
    match report.limits.size {
        Some(limit) => writeln!(out, "size         {} of {}", text::Bytes(stats.bytes), text::Bytes(limit))?,
        None => writeln!(out, "size         {}", text::Bytes(stats.bytes))?,
    }
    if let Some(rate) = hit_rate(report) {
        writeln!(out, "hit rate     {:.0} %", 100.0 * rate)?;
    }
    writeln!(out, "damaged      {}", stats.damaged)?;
    writeln!(out, "quarantined  {}", stats.quarantined)?;
    if report.namespaces.len() > 1 {
        writeln!(out, "namespaces")?;
        for (name, share) in &report.namespaces {
            writeln!(out, "  {name}  {} tracks, {}", share.total.entries, text::Bytes(share.total.bytes))?;
        }
    }
    let mut slowest: Vec<_> = report.calculators.iter().filter(|(_, share)| share.used.misses > 0).collect();
    slowest.sort_by_key(|(_, share)| std::cmp::Reverse(share.used.busy));
    if !slowest.is_empty() {
        writeln!(out, "slowest")?;
    }
    for (name, share) in slowest.into_iter().take(SLOWEST) {
        writeln!(out, "  {:>8.2} s  {name}", share.used.busy.as_secs_f64())?;
    }
    if report.complaints.is_empty() {
        return writeln!(out, "health       good");
    }
    report.complaints.iter().try_for_each(|complaint| writeln!(out, "health       {complaint}"))
}
