//! Parameters: what a calculator can be told, and the values it is told.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SchemaError;

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A real number; never NaN or infinite once checked.
    Float(f64),
    /// One of a parameter's named choices.
    Choice(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Float(v) => write!(f, "{v:?}"),
            Self::Choice(v) => f.write_str(v),
        }
    }
}

impl From<bool> for ParamValue {
    fn from(v: bool) -> Self {
        Self::Flag(v)
    }
}
impl From<i64> for ParamValue {
    fn from(v: i64) -> Self {
        Self::Integer(v)
    }
}
impl From<f64> for ParamValue {
    fn from(v: f64) -> Self {
        Self::Float(v)
    }
}
impl From<&str> for ParamValue {
    fn from(v: &str) -> Self {
        Self::Choice(v.into())
    }
}

/// The type of a parameter and the values it accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParamKind {
    /// On or off.
    Flag,
    /// A whole number within inclusive bounds.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// A finite real number within inclusive bounds.
    Float {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// One of these words.
    Choice(Vec<String>),
}

/// What a calculator says of one of its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamSpec {
    /// Name; librosa's where librosa has one (`n_fft`, `hop_length`, ...).
    pub name: String,
    /// Type and bounds.
    pub kind: ParamKind,
    /// Value where a profile says nothing.
    pub default: ParamValue,
    /// Unit, empty for none.
    #[serde(default)]
    pub unit: String,
    /// One sentence.
    #[serde(default)]
    pub about: String,
}

impl ParamSpec {
    /// A whole-number parameter.
    pub fn integer(name: &str, default: i64, min: i64, max: i64, unit: &str, about: &str) -> Self {
        Self::with(name, ParamKind::Integer { min, max }, default.into(), unit, about)
    }

    /// A real-number parameter.
    pub fn float(name: &str, default: f64, min: f64, max: f64, unit: &str, about: &str) -> Self {
        Self::with(name, ParamKind::Float { min, max }, default.into(), unit, about)
    }

    /// An on-off parameter.
    pub fn flag(name: &str, default: bool, about: &str) -> Self {
        Self::with(name, ParamKind::Flag, default.into(), "", about)
    }

    /// A parameter that takes one of some words.
    pub fn choice(name: &str, default: &str, choices: &[&str], about: &str) -> Self {
        let kind = ParamKind::Choice(choices.iter().map(|&c| c.into()).collect());
        Self::with(name, kind, default.into(), "", about)
    }

    fn with(name: &str, kind: ParamKind, default: ParamValue, unit: &str, about: &str) -> Self {
        Self { name: name.into(), kind, default, unit: unit.into(), about: about.into() }
    }

    /// The value as this parameter takes it (a whole number where a real one
    /// is wanted is converted), or the rule that it breaks.
    pub(crate) fn accept(&self, calculator: &str, value: &ParamValue) -> Result<ParamValue, SchemaError> {
        let rule = match (&self.kind, value) {
            (ParamKind::Flag, ParamValue::Flag(_)) => return Ok(value.clone()),
            (ParamKind::Integer { min, max }, ParamValue::Integer(v)) => {
                if (min..=max).contains(&v) {
                    return Ok(value.clone());
                }
                format!("must be a whole number from {min} to {max}")
            }
            (ParamKind::Integer { min, max }, _) => format!("must be a whole number from {min} to {max}"),
            (ParamKind::Float { min, max }, ParamValue::Float(_) | ParamValue::Integer(_)) => {
                let v = match value {
                    ParamValue::Integer(v) => *v as f64,
                    ParamValue::Float(v) => *v,
                    _ => f64::NAN,
                };
                if (min..=max).contains(&&v) {
                    return Ok(ParamValue::Float(v));
                }
                format!("must be a number from {min} to {max}")
            }
            (ParamKind::Float { min, max }, _) => format!("must be a number from {min} to {max}"),
            (ParamKind::Choice(choices), ParamValue::Choice(v)) if choices.contains(v) => {
                return Ok(value.clone());
            }
            (ParamKind::Choice(choices), _) => format!("must be one of {}", choices.join(", ")),
            (ParamKind::Flag, _) => "must be true or false".into(),
        };
        Err(SchemaError::Param {
            calculator: calculator.into(),
            name: self.name.clone(),
            value: value.to_string(),
            rule,
        })
    }
}

/// Parameter values by name, complete and checked: what a calculator reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, ParamValue>);

impl Params {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a whole-number parameter.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(ParamValue::Integer(v)) => Some(*v),
            _ => None,
        }
    }

    /// The value of a real-number parameter.
    pub fn float(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(ParamValue::Float(v)) => Some(*v),
            _ => None,
        }
    }

    /// The value of an on-off parameter.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(ParamValue::Flag(v)) => Some(*v),
            _ => None,
        }
    }

    /// The word of a choice parameter.
    pub fn choice(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(ParamValue::Choice(v)) => Some(v),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_types() {
        let int = ParamSpec::integer("n_mels", 128, 1, 4096, "", "");
        let float = ParamSpec::float("fmin", 0.0, 0.0, 1e6, "Hz", "");
        let word = ParamSpec::choice("scale", "slaney", &["slaney", "htk"], "");
        let flag = ParamSpec::flag("center", true, "");
        for (spec, value, good) in [
            (&int, ParamValue::from(64), true),
            (&int, 0.into(), false),
            (&int, 64.0.into(), false),
            (&float, 30.into(), true),
            (&float, f64::NAN.into(), false),
            (&float, (-1.0).into(), false),
            (&float, "x".into(), false),
            (&word, "htk".into(), true),
            (&word, "bark".into(), false),
            (&flag, false.into(), true),
            (&flag, 1.into(), false),
        ] {
            assert_eq!(spec.accept("t", &value).is_ok(), good, "{} = {value}", spec.name);
        }
        assert_eq!(float.accept("t", &30.into()), Ok(ParamValue::Float(30.0)));
    }
}
