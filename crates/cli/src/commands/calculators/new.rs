//! `agogic calculators new`: writes the crate of a new calculator.

use crate::args::authors::New;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Writes the crate and says how to go on.
pub(super) fn run(args: &New, terminal: &Terminal) -> Result<(), Stop> {
    let made = agogic_scaffold::new_calculator(&args.name, &args.dir, args.sdk.as_deref());
    let folder = made.map_err(|error| Stop::Failed(error.to_string()))?;
    terminal
        .note(&format!("wrote {}; `cargo test` in there, its README.md says how to go on", folder.display()));
    Ok(())
}
