//! How large the cache may grow, what stays in it, and for how long.

use std::io::Write;
use std::time::{Duration, SystemTime};

use agogic::CacheLimits as Limits;

use crate::args::cache::{self, Expiry, Pins};
use crate::formats::{json, text};
use crate::output;
use crate::session::Session;
use crate::stop::Stop;

/// Sets what is told, and shows all.
pub(super) fn limits(session: &Session, args: &cache::Limits) -> Result<(), Stop> {
    let store = session.engine.store();
    let before = store.limits().map_err(agogic::Error::from)?;
    let mut limits = before.clone();
    limits.enabled = args.enabled.unwrap_or(limits.enabled);
    limits.packing = args.packing.unwrap_or(limits.packing);
    limits.warming = args.warming.unwrap_or(limits.warming);
    limits.size = args.size.unwrap_or(limits.size);
    limits.ttl = args.ttl.unwrap_or(limits.ttl);
    limits.quota = args.quota.unwrap_or(limits.quota);
    limits.memory = args.memory.unwrap_or(limits.memory);
    limits.memory_idle = args.memory_idle.unwrap_or(limits.memory_idle);
    for (name, quota) in &args.quota_of {
        match quota {
            Some(bytes) => limits.quotas.insert(name.clone(), *bytes),
            None => limits.quotas.remove(name),
        };
    }
    if limits != before {
        store.set_limits(&limits).map_err(agogic::Error::from)?;
    }
    output::stdout(|out| if args.json { json::line(out, &limits) } else { print(out, &limits) })
}

fn print(out: &mut dyn Write, limits: &Limits) -> std::io::Result<()> {
    let bytes = |limit: Option<u64>| limit.map_or("no limit".into(), |limit| text::Bytes(limit).to_string());
    let time = |limit: Option<u64>| limit.map_or("no limit".into(), |limit| text::Span(limit).to_string());
    let switch = |on: bool| if on { "yes" } else { "no" };
    writeln!(out, "enabled      {}", switch(limits.enabled))?;
    writeln!(out, "packing      {}", switch(limits.packing))?;
    writeln!(out, "warming      {}", switch(limits.warming))?;
    writeln!(out, "size         {}", bytes(limits.size))?;
    writeln!(out, "ttl          {}", time(limits.ttl))?;
    writeln!(out, "quota        {}", bytes(limits.quota))?;
    for (name, quota) in &limits.quotas {
        writeln!(out, "  {name}  {}", text::Bytes(*quota))?;
    }
    writeln!(out, "memory       {}", text::Bytes(limits.memory))?;
    writeln!(out, "memory idle  {}", text::Span(limits.memory_idle))
}

/// Pins the audio of files, or lets it go; lists what is pinned where no file is
/// named.
pub(super) fn pin(session: &Session, args: &Pins, pin: bool) -> Result<(), Stop> {
    let store = session.engine.store();
    for file in &args.files {
        let asset = session.engine.asset(file)?;
        let done = if pin { store.pin(&asset) } else { store.unpin(&asset) };
        done.map_err(agogic::Error::from)?;
    }
    if !args.files.is_empty() {
        return Ok(());
    }
    output::stdout(|out| store.pinned().iter().try_for_each(|asset| writeln!(out, "{asset}")))
}

/// Makes the namespace a guest's.
pub(super) fn guest(session: &Session, stays: Expiry) -> Result<(), Stop> {
    let at = stays.0.and_then(|seconds| SystemTime::now().checked_add(Duration::from_secs(seconds)));
    session.engine.store().set_expiry(at).map_err(agogic::Error::from)?;
    Ok(())
}
