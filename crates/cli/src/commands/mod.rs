//! One module per command: each makes its objects ready, does its work through
//! the facade and writes what comes of it.

mod analyze;
mod bands;
mod cache;
mod calculators;
mod frames;
mod peaks;
mod plot;
mod profiles;
mod shell;
mod status;
mod tempo;
mod view;
mod why;

pub(crate) use calculators::validate::CHILD as VALIDATE_CHILD;

use crate::args::{Cli, Command};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Runs the command that was typed.
pub(crate) fn run(cli: Cli, terminal: &Terminal) -> Result<(), Stop> {
    let global = &cli.global;
    match cli.command {
        Command::Analyze(args) => analyze::run(args, global, terminal),
        Command::Status(args) => status::run(&args, global, terminal),
        Command::Why(args) => why::run(&args, global, terminal),
        Command::Frames(args) => frames::run(&args, global, terminal),
        Command::View(args) => view::run(&args, global, terminal),
        Command::Plot(args) => plot::run(&args, global, terminal),
        Command::Peaks(args) => peaks::run(&args, global, terminal),
        Command::Tempo(args) => tempo::run(&args, global, terminal),
        Command::Calculators(args) => calculators::run(&args, global, terminal),
        Command::ValidateChild { job } => calculators::validate::child(&job),
        Command::Profiles(args) => profiles::run(&args),
        Command::Cache(args) => cache::run(&args, global, terminal),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => shell::man(&command),
        Command::Worker => agogic::worker::run(),
    }
}
