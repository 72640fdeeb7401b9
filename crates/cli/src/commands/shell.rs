//! `agogic completions` and `agogic man`: what a packager installs.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::output;
use crate::stop::Stop;

pub(crate) fn completions(shell: Shell) -> Result<(), Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "agogic", &mut script);
    output::stdout(|out| out.write_all(&script))
}

/// The page of the command of this name, of agogic itself for none.
pub(crate) fn man(names: &[String]) -> Result<(), Stop> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for name in names {
        command = command
            .find_subcommand(name)
            .ok_or_else(|| Stop::Usage(format!("there is no command {:?}", names.join(" "))))?;
    }
    let page = Man::new(command.clone());
    output::stdout(|out| page.render(&mut { out }))
}
