//! The length of a grid's columns as musicians write it.

use std::str::FromStr;

use agogic::timebase::{Beats, Delta};

/// A note value: a fraction of a whole note, `1/16`, `3/8`, `1/8.` dotted (half
/// as long again), `1/8t` triplet (two thirds as long), or `beat`, a quarter
/// note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    text: String,
    /// Quarter notes as a fraction, so that the length is rounded only once.
    numerator: u64,
    denominator: u64,
}

impl Step {
    /// The length in beats, which are quarter notes.
    pub(crate) fn beats(&self) -> Delta<Beats> {
        Delta(Beats(self.numerator as f64 / self.denominator as f64))
    }

    /// The note value as typed.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Step {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "it is no note value such as 1/16, 3/8, 1/8. (dotted), 1/8t (triplet) or beat";
        let step = |numerator, denominator| Self { text: text.into(), numerator, denominator };
        if text == "beat" {
            return Ok(step(1, 1));
        }
        let (plain, times, over) = match (text.strip_suffix('.'), text.strip_suffix('t')) {
            (Some(plain), _) => (plain, 3, 2),
            (None, Some(plain)) => (plain, 2, 3),
            (None, None) => (text, 1, 1),
        };
        let (above, below) = plain.split_once('/').unwrap_or((plain, "1"));
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|number| plain && *number > 0).map(u64::from)
        };
        match (number(above), number(below)) {
            (Some(above), Some(below)) => Ok(step(4 * above * times, below * over)),
            _ => Err(RULE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<f64>) {
        let beats = text.parse::<Step>().ok().map(|step| step.beats().raw());
        assert_eq!(beats, expect, "{text}");
    }

    #[test]
    fn note_values_are_beats() {
        let cases = [
            ("1/16", Some(0.25)),
            ("1/4", Some(1.0)),
            ("1/1", Some(4.0)),
            ("1", Some(4.0)),
            ("2", Some(8.0)),
            ("3/8", Some(1.5)),
            ("7/64", Some(0.4375)),
            ("1/8.", Some(0.75)),
            ("1/4.", Some(1.5)),
            ("1/8t", Some(1.0 / 3.0)),
            ("1/4t", Some(2.0 / 3.0)),
            ("1/12", Some(1.0 / 3.0)),
            ("beat", Some(1.0)),
            ("", None),
            ("/", None),
            ("1/", None),
            ("/4", None),
            ("0/4", None),
            ("1/0", None),
            ("-1/4", None),
            ("+1/4", None),
            ("1/4/4", None),
            ("1 / 4", None),
            ("0.25", None),
            ("1/8t.", None),
            ("1/8..", None),
            (".", None),
            ("t", None),
            ("bars", None),
            ("1/99999999999", None),
            ("4294967295/4294967295.", Some(6.0)),
        ];
        for (text, expect) in cases {
            check(text, expect);
        }
    }
}
