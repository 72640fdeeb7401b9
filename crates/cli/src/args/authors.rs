//! The flags of the commands for authors of calculators.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Flags of `calculators new`.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Name of the crate, such as crest
    pub(crate) name: String,
    /// Folder to write the crate's folder into
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Checkout of Agogic to build on [default: a copy of the SDK beside the
    /// crate]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(crate) sdk: Option<PathBuf>,
}

/// Flags of `calculators validate`.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Plug-in file
    #[arg(value_name = "PLUGIN", value_hint = ValueHint::FilePath, required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// What the noise is made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Only tests whose CALCULATOR/TEST matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) only: Option<String>,
    /// Revision lock to compare with [default: calculator.lock, if the plug-in
    /// lies below its folder as cargo builds it]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) lock: Option<PathBuf>,
    /// Another build of the plug-in, such as the debug one, to compare with
    #[arg(long, value_name = "PLUGIN", value_hint = ValueHint::FilePath)]
    pub(crate) against: Option<PathBuf>,
    /// How long a test may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: u32,
    /// Name the tests and run none
    #[arg(long)]
    pub(crate) list: bool,
}
