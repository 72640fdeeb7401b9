//! The tests, one function each. A test demands; what is merely unusual warns.

mod audio;
mod cuts;
mod description;
mod instances;
mod library;
mod params;
mod revision;
mod signals;
mod values;

use std::time::Duration;

use agogic_host::LoadedCalculator;

use crate::bench::Bench;
use crate::report::Verdict;

/// A test.
#[derive(Clone, Copy)]
pub struct Check {
    /// Name, such as `blocks`.
    pub name: &'static str,
    /// What it demands, in one line.
    pub about: &'static str,
    pub(crate) scope: Scope,
}

/// What a test looks at.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// The library as a whole, and how long it took to load.
    Library(fn(&[LoadedCalculator], Duration) -> Verdict),
    /// One calculator. Both arms are verdicts: `?` ends a test early.
    Calculator(fn(&Bench<'_>) -> Result<Verdict, Verdict>),
}

/// All tests, in the order in which they run.
pub fn all() -> &'static [Check] {
    const fn library(
        name: &'static str,
        about: &'static str,
        run: fn(&[LoadedCalculator], Duration) -> Verdict,
    ) -> Check {
        Check { name, about, scope: Scope::Library(run) }
    }
    const fn of(
        name: &'static str,
        about: &'static str,
        run: fn(&Bench<'_>) -> Result<Verdict, Verdict>,
    ) -> Check {
        Check { name, about, scope: Scope::Calculator(run) }
    }
    const ALL: &[Check] = &[
        library("load", "it loads and describes itself, without crash and in time", library::load),
        library("steady", "it describes itself alike every time, on any thread", library::steady),
        of("description", "texts, units, ranges and names are there and make sense", description::complete),
        of("constructor", "instances are made quickly", params::constructor),
        of("parameters", "every parameter works at its default and at its bounds", params::bounds),
        of("reads", "values depend on no parameter besides those that `reads` names", params::reads),
        of("empty", "no audio at all is no trouble", signals::empty),
        of("short", "audio of a few samples is no trouble", signals::short),
        of("silence", "silence is no trouble", signals::silence),
        of("loud", "samples beyond full scale are no trouble", signals::loud),
        of("signals", "tones, noise, clicks, constants and sweeps are no trouble", signals::others),
        of("rates", "odd sample rates are no trouble", audio::rates),
        of("channels", "one, two, three and six channels are no trouble", audio::channels),
        of("finite", "values are numbers; NaN only where gaps are declared", values::finite),
        of("range", "values lie within the declared range", values::range),
        of("frames", "there are as many frames as the audio has", values::frames),
        of("times", "events lie within the audio", values::times),
        of("repeat", "two instances give the same values, bit for bit", instances::repeat),
        of("blocks", "values do not depend on how the audio is cut, bit for bit", cuts::blocks),
        of("start", "later audio gives the same values later", cuts::start),
        of("independent", "instances that share the frames give what one gives", cuts::independent),
        of("reset", "an instance that was reset is as new", instances::reset),
        of("interleaved", "two instances at work do not disturb each other", instances::interleaved),
        of("parallel", "instances on several threads do not disturb each other", instances::parallel),
        of("wanted", "what is wanted does not depend on what else is", instances::wanted),
        of("contained", "calls out of order and broken setups do not end the process", instances::contained),
        of("lock", "values changed only together with `changed_in`", revision::lock),
        of("against", "another build gives the same values", revision::against),
    ];
    ALL
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = super::all().iter().map(|check| check.name).collect();
        assert_eq!(names.len(), super::all().len());
    }
}
