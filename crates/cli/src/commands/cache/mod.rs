//! `agogic cache`: what the cache holds, whether all of it is whole, what is
//! taken from one to another, and what is to be removed.

mod bundle;
mod limits;
mod removal;
mod stats;
mod verify;

use crate::args::{Cache, Global};
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Cache, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let session = Session::open(global, terminal)?;
    match args {
        Cache::Stats { json } => stats::stats(&session, *json),
        Cache::Verify { repair, json } => verify::verify(&session, *repair, *json, terminal),
        Cache::Gc { dry_run, json } => removal::gc(&session, *dry_run, *json, terminal),
        Cache::Limits(args) => limits::limits(&session, args),
        Cache::Pin(args) => limits::pin(&session, args, true),
        Cache::Unpin(args) => limits::pin(&session, args, false),
        Cache::Export(args) => bundle::export(&session, args, terminal),
        Cache::Import(args) => bundle::import(&session, args),
        Cache::Remove(args) => removal::remove(&session, args),
        Cache::Prune { dry_run } => removal::prune(&session, *dry_run),
        Cache::Guest { stays } => limits::guest(&session, *stays),
        Cache::Quarantine { clear } => verify::quarantine(&session, *clear),
    }
}
