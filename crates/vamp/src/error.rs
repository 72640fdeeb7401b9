//! What can go wrong between a plug-in's file and its features.

use std::path::PathBuf;

/// Why a library or a plug-in cannot be used, or a call came to nothing. The
/// same call fails again: no retry helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VampError {
    /// The system cannot load the file as a library.
    #[error("{}: not a loadable library: {reason}", path.display())]
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// The system's reason, in one line.
        reason: String,
    },
    /// A library, but not one of Vamp plug-ins.
    #[error("{}: a library, but it has no vampGetPluginDescriptor", path.display())]
    NoEntry {
        /// The file.
        path: PathBuf,
    },
    /// The library has no plug-in at this index.
    #[error("the library has no plug-in {0}")]
    NoPlugin(u32),
    /// A plug-in, parameter or output without an identifier.
    #[error("{0} has no identifier")]
    Unnamed(String),
    /// A plug-in for an interface that this host does not speak.
    #[error("{plugin} is for version {version} of the Vamp interface, which is not 1 or 2")]
    ApiVersion {
        /// The plug-in.
        plugin: String,
        /// The version that it claims.
        version: u32,
    },
    /// A plug-in without a function that every plug-in has.
    #[error("{plugin} lacks the function {function}")]
    Incomplete {
        /// The plug-in.
        plugin: String,
        /// Name of the function in the interface.
        function: &'static str,
    },
    /// More of something than can be believed.
    #[error("{who} claims {count} {what}, more than {most}")]
    TooMany {
        /// Who claims it.
        who: String,
        /// Of what.
        what: &'static str,
        /// How many.
        count: u64,
        /// The most that are accepted.
        most: u64,
    },
    /// A plug-in that breaks the rules of the interface.
    #[error("{plugin} broke the interface: {what}")]
    Misbehaved {
        /// The plug-in.
        plugin: String,
        /// What it did.
        what: String,
    },
    /// A sample rate that is not positive and finite.
    #[error("sample rate {0} Hz is not positive and finite")]
    SampleRate(f32),
    /// The plug-in made no instance.
    #[error("{plugin} cannot be created for {rate} Hz")]
    NotCreated {
        /// The plug-in.
        plugin: String,
        /// The sample rate asked for.
        rate: f32,
    },
    /// A parameter that the plug-in does not have.
    #[error("{plugin} has no parameter {index}")]
    NoParameter {
        /// The plug-in.
        plugin: String,
        /// Index of the parameter.
        index: usize,
    },
    /// A value outside of a parameter's range, or not a number.
    #[error("{value} is not within {min}..={max} ({parameter} of {plugin})")]
    ParameterValue {
        /// The plug-in.
        plugin: String,
        /// Its parameter.
        parameter: String,
        /// The value asked for.
        value: f32,
        /// Least value.
        min: f32,
        /// Greatest value.
        max: f32,
    },
    /// A program that the plug-in does not have.
    #[error("{plugin} has no program {index}")]
    NoProgram {
        /// The plug-in.
        plugin: String,
        /// Index of the program.
        index: usize,
    },
    /// A number of channels, a step or a block that no plug-in can be given.
    #[error("{plugin} cannot be initialised: {reason}")]
    Layout {
        /// The plug-in.
        plugin: String,
        /// What is wrong with the request.
        reason: String,
    },
    /// The plug-in refused to be initialised.
    #[error("{plugin} refuses {channels} channels in blocks of {block} samples, {step} apart")]
    Refused {
        /// The plug-in.
        plugin: String,
        /// Channels asked for.
        channels: usize,
        /// Samples between blocks.
        step: usize,
        /// Samples of a block.
        block: usize,
    },
    /// Input of another shape than was agreed on.
    #[error("{plugin} takes {expect} per call, not {found}")]
    Input {
        /// The plug-in.
        plugin: String,
        /// What it takes.
        expect: String,
        /// What was given.
        found: String,
    },
    /// A call after the last features were asked for, without a reset.
    #[error("{plugin} has finished; it needs a reset first")]
    Finished {
        /// The plug-in.
        plugin: String,
    },
}
