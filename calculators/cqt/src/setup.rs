//! What both calculators are told alike.

use agogic_calculator::{ParamSpec, Setup};

/// C1 of A 440, in Hz.
const C1: f64 = 32.703_195_662_574_83;

/// Longest hop, in samples.
const LONGEST: i64 = 65_536;

pub(crate) fn hop_length() -> ParamSpec {
    ParamSpec::integer("hop_length", 512, 1, LONGEST, "samples", "Distance between frames.")
}

pub(crate) fn fmin() -> ParamSpec {
    ParamSpec::float("fmin", C1, 1.0, 1e5, "Hz", "Frequency of the lowest bin, before tuning.")
}

pub(crate) fn bins_per_octave(default: i64) -> ParamSpec {
    ParamSpec::integer("bins_per_octave", default, 1, 1200, "", "Bins of an octave.")
}

pub(crate) fn tuning() -> ParamSpec {
    ParamSpec::float("tuning", 0.0, -100.0, 100.0, "bins", "How far all bins are moved up.")
}

pub(crate) fn float(setup: &Setup, name: &str) -> Result<f64, String> {
    setup.params.float(name).ok_or_else(|| format!("{name} is missing"))
}

pub(crate) fn count(setup: &Setup, name: &str) -> Result<usize, String> {
    let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
    value.filter(|&value| value > 0).ok_or_else(|| format!("{name} is missing or not positive"))
}
