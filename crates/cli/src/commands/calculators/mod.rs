//! `agogic calculators`: what can compute what, and what became of each
//! plug-in file; what authors need. None of it opens the cache.

mod doctor;
mod list;
mod new;
mod scan;
pub(super) mod validate;

use crate::args::{Calculators, Global};
use crate::stop::Stop;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Calculators, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    match args {
        Calculators::List { vamp, json } => list::run(*vamp, *json, global, terminal),
        Calculators::New(args) => new::run(args, terminal),
        Calculators::Validate(args) => validate::run(args, terminal),
        Calculators::Doctor { json } => doctor::run(*json, global, terminal),
        Calculators::Scan(args) => scan::run(args, global, terminal),
    }
}
