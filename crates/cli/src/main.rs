//! The `agogic` command: reads the command line, runs one command, and turns
//! how it ended into an exit status. Everything else is in the modules: `args`
//! is the command line as typed, `ready` makes objects of it, `commands` do the
//! work through the facade, `formats` and `output` write what comes out.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod formats;
mod output;
mod plot;
mod progress;
mod ready;
mod session;
mod step;
mod stop;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let terminal = terminal::Terminal::new(&cli.global);
    let done = commands::run(cli, &terminal);
    stop::exit(done, &terminal)
}
