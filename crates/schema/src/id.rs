//! Names and digests, each its own type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::SchemaError;

/// Longest name accepted, in bytes.
const MAX_NAME: usize = 128;

fn check_name(what: &'static str, text: &str) -> Result<(), SchemaError> {
    let rule = if text.is_empty() {
        "it is empty"
    } else if text.len() > MAX_NAME {
        "it is longer than 128 bytes"
    } else if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b)) {
        "only ASCII letters, digits, '.', '_', ':' and '-' are allowed"
    } else if !text.as_bytes()[0].is_ascii_alphanumeric() {
        "it must begin with a letter or a digit"
    } else {
        return Ok(());
    };
    Err(SchemaError::Id { what, text: text.into(), rule })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name, if it keeps the rules: 1 to 128 bytes of ASCII
            /// letters, digits, `.`, `_`, `:` and `-`, a letter or digit first.
            ///
            /// # Errors
            /// [`SchemaError::Id`] names the rule that is broken.
            pub fn new(text: impl Into<String>) -> Result<Self, SchemaError> {
                let text = text.into();
                check_name($what, &text)?;
                Ok(Self(text))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = SchemaError;
            fn try_from(text: String) -> Result<Self, SchemaError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl FromStr for $name {
            type Err = SchemaError;
            fn from_str(text: &str) -> Result<Self, SchemaError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// The name of a calculator, such as `agogic.onset`.
    CalculatorId, "calculator id"
}
name! {
    /// The name of a descriptor, such as `agogic.onset.strength`.
    DescriptorId, "descriptor id"
}
name! {
    /// The name of a profile, such as `librosa`.
    ProfileName, "profile name"
}
name! {
    /// The name of a namespace of the cache: all that one user keeps there.
    Namespace, "namespace"
}
name! {
    /// The name of a stem of an asset: `drums`, `vocals`, or `master` for all of
    /// it.
    Stem, "stem"
}

impl Default for Namespace {
    /// That of a cache with one user, `default`.
    fn default() -> Self {
        Self("default".into())
    }
}

impl Namespace {
    /// Whether it is that of a cache with one user.
    pub fn is_default(&self) -> bool {
        self.0 == "default"
    }
}

impl Default for Stem {
    /// All of the asset, `master`.
    fn default() -> Self {
        Self("master".into())
    }
}

impl Stem {
    /// Whether it stands for all of the asset.
    pub fn is_master(&self) -> bool {
        self.0 == "master"
    }
}

impl DescriptorId {
    /// The name under which the tempo map stands among the inputs of what
    /// depends on it. No descriptor bears it.
    pub fn tempo() -> Self {
        Self("tempo".into())
    }
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 32]);

        impl TryFrom<String> for $name {
            type Error = SchemaError;
            fn try_from(text: String) -> Result<Self, SchemaError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> String {
                digest.to_string()
            }
        }

        impl FromStr for $name {
            type Err = SchemaError;
            fn from_str(text: &str) -> Result<Self, SchemaError> {
                blake3::Hash::from_hex(text)
                    .map(|hash| Self(*hash.as_bytes()))
                    .map_err(|_| SchemaError::Digest { what: $what, text: text.into() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(blake3::Hash::from_bytes(self.0).to_hex().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), &self.to_string()[..12])
            }
        }
    };
}

digest! {
    /// The identity of a piece of audio: BLAKE3 over its coded packets and
    /// codec parameters. Tags, file name and place do not enter it.
    AssetId, "asset id"
}
digest! {
    /// BLAKE3 over the values of a track: equal hash, equal content.
    ContentHash, "content hash"
}
digest! {
    /// BLAKE3 over the parameters that a descriptor reads: equal revision,
    /// equal analysis.
    Revision, "revision"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, good) in [
            ("agogic.mel", true),
            ("vamp:qm-vamp-plugins:qm-mfcc:coefficients", true),
            ("", false),
            ("../../etc/passwd", false),
            ("a/b", false),
            (".hidden", false),
            ("ä", false),
            (&"x".repeat(129), false),
        ] {
            assert_eq!(DescriptorId::new(text).is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn digests_round_trip() {
        let id = AssetId([0xab; 32]);
        assert_eq!(id.to_string().parse::<AssetId>(), Ok(id));
        assert!("abc".parse::<AssetId>().is_err());
    }
}
