//! How far the cached values of a track may lie from those that were computed:
//! the bound as people write it, and what it means for values of one unit. Who
//! keeps to it is `store`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::SchemaError;

/// The greatest error that a cached value may have. Every value of this type
/// is valid: finite and above zero, a relative error below 1.
///
/// As text, and so in records and configuration: `lossless`, `0.01 dB`,
/// `0.001 relative`, `0.0001 absolute`.
///
/// ```
/// # use agogic_schema::{MaxError, Tolerance};
/// let bound: MaxError = "0.01 dB".parse()?;
/// assert_eq!(bound.tolerance("dB"), Tolerance::Absolute(0.01));
/// let Tolerance::Relative(of_amplitude) = bound.tolerance("") else { panic!() };
/// assert!((of_amplitude - 0.00115).abs() < 1e-5);
/// # Ok::<(), agogic_schema::SchemaError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MaxError(Kind);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Lossless,
    Absolute(f64),
    Relative(f64),
    Decibels(f64),
}

/// What a [`MaxError`] means for the values of one descriptor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Every bit is kept.
    Lossless,
    /// `|kept - value|` is at most this, in the unit of the values.
    Absolute(f64),
    /// `|kept - value|` is at most this times `|value|`; below 1.
    Relative(f64),
}

impl MaxError {
    /// Every bit is kept.
    pub const LOSSLESS: Self = Self(Kind::Lossless);

    /// An error of so much, in the unit of the values.
    ///
    /// # Errors
    /// [`SchemaError::MaxError`] for a number that is not finite and above
    /// zero.
    pub fn absolute(error: f64) -> Result<Self, SchemaError> {
        Self(Kind::Absolute(error)).checked()
    }

    /// An error of this part of each value's magnitude.
    ///
    /// # Errors
    /// [`SchemaError::MaxError`] for a number that is not above zero and below
    /// one.
    pub fn relative(error: f64) -> Result<Self, SchemaError> {
        Self(Kind::Relative(error)).checked()
    }

    /// An error of so many decibels: see [`Self::tolerance`].
    ///
    /// # Errors
    /// [`SchemaError::MaxError`] for a number that is not finite and above
    /// zero.
    pub fn decibels(error: f64) -> Result<Self, SchemaError> {
        Self(Kind::Decibels(error)).checked()
    }

    /// Whether every bit is kept.
    pub fn is_lossless(&self) -> bool {
        *self == Self::LOSSLESS
    }

    /// What it means for values of a unit.
    ///
    /// Decibels are an absolute error of values that are levels themselves
    /// (`dB` and what begins so, `LUFS`, `LKFS`, `LU`). Of powers (`power`,
    /// `energy` and what begins so) they are a relative error: `x` dB allow
    /// `1 - 10^(-x/10)`. A value may be so much too small and is `x` dB lower
    /// then; so much too great it is less than `x` dB higher. (The other side
    /// would allow `10^(x/10) - 1`, a little more.) Of all other values they
    /// are half as much, `1 - 10^(-x/20)`, as of amplitudes.
    pub fn tolerance(&self, unit: &str) -> Tolerance {
        match self.0 {
            Kind::Lossless => Tolerance::Lossless,
            Kind::Absolute(error) => Tolerance::Absolute(error),
            Kind::Relative(error) => Tolerance::Relative(error),
            Kind::Decibels(error) if is_level(unit) => Tolerance::Absolute(error),
            // Rounding must not make it 0 or 1, however few or many they are.
            Kind::Decibels(error) => {
                let share = if is_power(unit) { 10.0 } else { 20.0 };
                let relative = -(-error / share * std::f64::consts::LN_10).exp_m1();
                Tolerance::Relative(relative.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON))
            }
        }
    }

    /// Whether values kept to this bound keep to the other one too, for values
    /// of a unit.
    pub fn keeps_to(&self, other: &Self, unit: &str) -> bool {
        use Tolerance::{Absolute, Lossless, Relative};
        match (self.tolerance(unit), other.tolerance(unit)) {
            (Lossless, _) => true,
            (Absolute(own), Absolute(other)) | (Relative(own), Relative(other)) => own <= other,
            _ => false,
        }
    }

    fn checked(self) -> Result<Self, SchemaError> {
        let rule = match self.0 {
            Kind::Lossless => return Ok(self),
            Kind::Absolute(error) | Kind::Relative(error) | Kind::Decibels(error)
                if !(error.is_finite() && error > 0.0) =>
            {
                "it must be finite and above zero"
            }
            Kind::Relative(error) if error >= 1.0 => "a relative error must be below 1",
            _ => return Ok(self),
        };
        Err(SchemaError::MaxError { text: self.to_string(), rule })
    }
}

/// Whether values of this unit are levels in decibels.
fn is_level(unit: &str) -> bool {
    unit.starts_with("dB") || matches!(unit, "LUFS" | "LKFS" | "LU")
}

/// Whether values of this unit are powers, which grow tenfold with 10 dB.
fn is_power(unit: &str) -> bool {
    unit.starts_with("power") || unit.starts_with("energy")
}

impl fmt::Display for MaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Lossless => f.write_str("lossless"),
            Kind::Absolute(error) => write!(f, "{error} absolute"),
            Kind::Relative(error) => write!(f, "{error} relative"),
            Kind::Decibels(error) => write!(f, "{error} dB"),
        }
    }
}

impl FromStr for MaxError {
    type Err = SchemaError;

    fn from_str(text: &str) -> Result<Self, SchemaError> {
        let text = text.trim();
        if text == "lossless" {
            return Ok(Self::LOSSLESS);
        }
        let number = |word: &str| text.strip_suffix(word)?.trim_end().parse().ok();
        let parsed = number("absolute")
            .map(Kind::Absolute)
            .or_else(|| number("relative").map(Kind::Relative))
            .or_else(|| number("dB").map(Kind::Decibels));
        let rule = "it must be `lossless`, or a number and `dB`, `relative` or `absolute`";
        match parsed {
            Some(kind) => Self(kind).checked(),
            None => Err(SchemaError::MaxError { text: text.into(), rule }),
        }
    }
}

impl From<MaxError> for String {
    fn from(bound: MaxError) -> Self {
        bound.to_string()
    }
}

impl TryFrom<String> for MaxError {
    type Error = SchemaError;

    fn try_from(text: String) -> Result<Self, SchemaError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, expect) in [
            ("lossless", "lossless"),
            ("0.01 dB", "0.01 dB"),
            (" 1e-2dB ", "0.01 dB"),
            ("0.001 relative", "0.001 relative"),
            ("1e-4   absolute", "0.0001 absolute"),
            ("0 dB", "finite and above zero"),
            ("-0 absolute", "finite and above zero"),
            ("-1 relative", "finite and above zero"),
            ("nan dB", "finite and above zero"),
            ("inf absolute", "finite and above zero"),
            ("1e999 absolute", "finite and above zero"),
            ("1 relative", "below 1"),
            ("0.01", "must be `lossless`"),
            ("dB", "must be `lossless`"),
            ("", "must be `lossless`"),
            ("0.01 db", "must be `lossless`"),
            ("none", "must be `lossless`"),
        ] {
            match text.parse::<MaxError>() {
                Ok(bound) => {
                    assert_eq!(bound.to_string(), expect, "{text}");
                    assert_eq!(bound.to_string().parse(), Ok(bound), "{text}");
                    let bytes = rmp_serde::to_vec(&bound).unwrap();
                    assert_eq!(bytes, rmp_serde::to_vec(expect).unwrap());
                    assert_eq!(rmp_serde::from_slice::<MaxError>(&bytes).unwrap(), bound);
                }
                Err(error) => assert!(error.to_string().contains(expect), "{text}: {error}"),
            }
        }
        assert!(rmp_serde::from_slice::<MaxError>(&rmp_serde::to_vec("0 dB").unwrap()).is_err());
    }

    #[test]
    fn a_closer_bound_keeps_to_a_wider_one() {
        for (own, other, unit, expect) in [
            ("lossless", "lossless", "dB", true),
            ("lossless", "1 dB", "dB", true),
            ("1 dB", "lossless", "dB", false),
            ("0.01 dB", "0.1 dB", "", true),
            ("0.1 dB", "0.01 dB", "", false),
            ("0.01 dB", "0.01 absolute", "dB", true),
            ("0.01 dB", "0.01 absolute", "", false),
            ("0.001 relative", "0.01 dB", "Hz", true),
        ] {
            let [own, other] = [own, other].map(|text| text.parse::<MaxError>().unwrap());
            assert_eq!(own.keeps_to(&other, unit), expect, "{own} / {other} of {unit:?}");
        }
    }

    #[test]
    fn units_decide_what_decibels_are() {
        let bound = MaxError::decibels(0.01).unwrap();
        for (unit, absolute) in [
            ("dB", true),
            ("dBFS", true),
            ("dBTP", true),
            ("LUFS", true),
            ("LU", true),
            ("", false),
            ("Hz", false),
            ("s", false),
        ] {
            match bound.tolerance(unit) {
                Tolerance::Absolute(error) => assert!(absolute && error == 0.01, "{unit}"),
                Tolerance::Relative(error) => {
                    assert!(!absolute && 20.0 * (1.0 + error).log10() < 0.01, "{unit}");
                    let lower = -20.0 * (1.0 - error).log10();
                    assert!((lower - 0.01).abs() < 1e-12, "{unit}");
                }
                Tolerance::Lossless => panic!("{unit}"),
            }
        }
        for (text, tolerance) in [
            ("lossless", Tolerance::Lossless),
            ("0.5 relative", Tolerance::Relative(0.5)),
            ("0.5 absolute", Tolerance::Absolute(0.5)),
        ] {
            for unit in ["", "dB", "power"] {
                assert_eq!(text.parse::<MaxError>().unwrap().tolerance(unit), tolerance);
            }
        }
        for (unit, of) in [("power", 10.0), ("energy", 10.0), ("power ratio", 10.0), ("W", 20.0)] {
            let Tolerance::Relative(error) = bound.tolerance(unit) else { panic!("{unit}") };
            assert!((-of * (1.0 - error).log10() - 0.01).abs() < 1e-12, "{unit}");
        }
        // Neither nothing nor everything, however small or great.
        for error in [f64::MIN_POSITIVE, 1e-300, 1e9, f64::MAX] {
            let Tolerance::Relative(relative) = MaxError::decibels(error).unwrap().tolerance("Hz") else {
                panic!("{error}")
            };
            assert!(relative > 0.0 && relative < 1.0, "{error}");
        }
    }
}
