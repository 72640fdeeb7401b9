//! What plug-ins say of themselves: plain data, copied out of the library. Apart
//! from counts nothing here is checked; these are the plug-in's words.

/// A plug-in of a library.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// Its place in the library, counted from 0.
    pub index: u32,
    /// Name for programs, unique in its library; see [`is_identifier`]. Never empty.
    pub identifier: String,
    /// Name for people.
    pub name: String,
    /// A line for people; often empty.
    pub description: String,
    /// Author or vendor.
    pub maker: String,
    /// Copyright or licence in a few words.
    pub copyright: String,
    /// Version of the plug-in. Authors forget to raise it.
    pub version: i32,
    /// Version of the Vamp interface that it was built for: 1 or 2.
    pub api_version: u32,
    /// What it takes.
    pub input_domain: InputDomain,
    /// What can be set before it is initialised.
    pub parameters: Vec<ParameterSpec>,
    /// Names of its sets of parameter values.
    pub programs: Vec<String>,
}

/// What a plug-in takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputDomain {
    /// Samples, each channel a block of them. The time of a block is that of its
    /// first sample.
    Time,
    /// Spectra, each channel a row of interleaved real and imaginary parts for the
    /// bins `0..=block / 2`.
    ///
    /// The host multiplies the block with a window (the periodic Hann window,
    /// where nothing else is chosen), rotates it by half its length, so that its
    /// middle comes first, and transforms it without normalising. The time of a
    /// block is that of its middle.
    Frequency,
}

impl InputDomain {
    /// Values per channel of a block of `block` samples: `block` of them, or
    /// `2 * (block / 2 + 1)`.
    pub fn values(self, block: usize) -> usize {
        match self {
            Self::Time => block,
            Self::Frequency => (block / 2).saturating_add(1).saturating_mul(2),
        }
    }
}

/// A parameter of a plug-in.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSpec {
    /// Name for programs. Never empty.
    pub identifier: String,
    /// Name for people.
    pub name: String,
    /// A line for people.
    pub description: String,
    /// Unit of its values.
    pub unit: String,
    /// Least value.
    pub min: f32,
    /// Greatest value.
    pub max: f32,
    /// Value where none is set.
    pub default: f32,
    /// Steps between values, if it has such.
    pub quantize: Option<Quantize>,
}

/// Steps from the least to the greatest value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantize {
    /// Distance between values.
    pub step: f32,
    /// Names of the values from the least one on; empty if they have none.
    pub names: Vec<String>,
}

/// An output of a plug-in. Bins, extents and rates may depend on parameters,
/// block and step: only what it says after it was initialised counts.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSpec {
    /// Name for programs. Never empty.
    pub identifier: String,
    /// Name for people.
    pub name: String,
    /// A line for people.
    pub description: String,
    /// Unit of its values.
    pub unit: String,
    /// Values per feature, if all features have as many. 0: only times matter.
    pub bin_count: Option<u32>,
    /// Names of the bins: none, or one per bin, of which any may be empty.
    pub bin_names: Vec<String>,
    /// Least and greatest value, if they are known.
    pub extents: Option<(f32, f32)>,
    /// Distance between values, if they are quantised.
    pub quantize_step: Option<f32>,
    /// Where its features stand in time.
    pub sample_type: SampleType,
    /// Whether its features have durations.
    pub has_duration: bool,
}

/// Where the features of an output stand in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SampleType {
    /// At the time of the block that they come from; times of their own are
    /// ignored.
    OneSamplePerStep,
    /// Evenly spaced, at multiples of `1 / rate` seconds. A feature with a time of
    /// its own stands at the nearest of them, one without at the next one after
    /// the last feature; the first one of all at zero.
    FixedSampleRate {
        /// Features per second.
        rate: f32,
    },
    /// Each at its own time.
    VariableSampleRate {
        /// `1 / resolution` seconds is the precision of the times; 0 if nothing
        /// is said.
        resolution: f32,
    },
}

/// Whether a name is of the form that Vamp asks of identifiers: one or more of
/// `a-z`, `A-Z`, `0-9`, `_` and `-`.
pub fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        for (name, expect) in
            [("a", true), ("A-z_9", true), ("", false), ("a b", false), ("é", false), ("a:b", false)]
        {
            assert_eq!(is_identifier(name), expect, "{name:?}");
        }
    }

    #[test]
    fn values_of_blocks() {
        for (domain, block, expect) in [
            (InputDomain::Time, 1, 1),
            (InputDomain::Time, 1024, 1024),
            (InputDomain::Frequency, 2, 4),
            (InputDomain::Frequency, 1024, 1026),
        ] {
            assert_eq!(domain.values(block), expect);
        }
    }
}
