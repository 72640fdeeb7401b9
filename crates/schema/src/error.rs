//! What can be wrong with an id, a specification, a profile or a track.

/// A value that breaks a rule of the schema. None of these is worth a retry:
/// the same input fails the same way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// An id with a character or length that is not allowed.
    #[error("{what} {text:?} is not valid: {rule}")]
    Id {
        /// What the text should have named.
        what: &'static str,
        /// The text as given.
        text: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// A digest that is not 64 hexadecimal digits.
    #[error("{what} {text:?} is not 64 hexadecimal digits")]
    Digest {
        /// What the text should have named.
        what: &'static str,
        /// The text as given.
        text: String,
    },
    /// A parameter value outside its bounds, or of the wrong type.
    #[error("parameter {name} = {value} of {calculator}: {rule}")]
    Param {
        /// The calculator whose parameter it is.
        calculator: String,
        /// The parameter.
        name: String,
        /// The value as given.
        value: String,
        /// The rule it breaks.
        rule: String,
    },
    /// A calculator's description that contradicts itself.
    #[error("description of {calculator}: {rule}")]
    Spec {
        /// The calculator.
        calculator: String,
        /// The rule it breaks.
        rule: String,
    },
    /// A profile that nobody defined.
    #[error("unknown profile {name:?} (known: {known})")]
    UnknownProfile {
        /// The name as given.
        name: String,
        /// The names that exist, comma-separated.
        known: String,
    },
    /// A bound on the error of cached values that cannot be.
    #[error("maximum error {text:?}: {rule}")]
    MaxError {
        /// The text as given.
        text: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// A track whose parts disagree.
    #[error("track of {descriptor}: {rule}")]
    Track {
        /// The descriptor of the track.
        descriptor: String,
        /// The rule it breaks.
        rule: String,
    },
}
