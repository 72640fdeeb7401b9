//! Values against those of another time or another build.

use agogic_host::LoadedCalculator;
use agogic_testkit::{Cut, Input, defaults, fingerprint};
use agogic_testkit::{Lock, Severity, Subject, compare, golden_signals, record, setup};

use crate::bench::Bench;
use crate::report::Verdict;

pub(super) fn lock(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let Some(path) = &bench.lock else { return Ok(Verdict::skip("no --lock was given")) };
    let lock = Lock::read(path).map_err(|error| Verdict::fail(error.to_string()))?;
    let now = record(bench).map_err(|error| Verdict::skip(error.to_string()))?;
    let findings = compare(&lock, bench.spec().id.as_str(), &now);
    let worst = findings.iter().map(|finding| finding.severity).max();
    let reason = findings.into_iter().map(|finding| finding.text).collect::<Vec<_>>().join("; ");
    Ok(match worst {
        None => Verdict::pass(),
        Some(Severity::Fail) => Verdict::fail(reason),
        Some(Severity::Stale) => Verdict::warn(format!("{reason}; the lock must be written anew")),
        Some(Severity::Warn) => Verdict::warn(reason),
    })
}

pub(super) fn against(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let Some(path) = &bench.against else { return Ok(Verdict::skip("no --against was given")) };
    let spec = bench.spec();
    let failed = |why: &str| Verdict::fail(format!("{}: {why}", path.display()));
    let loaded = LoadedCalculator::all_of(path).map_err(|error| failed(&error.to_string()))?;
    let other = loaded.iter().find(|found| found.spec.id == spec.id);
    let other = other.ok_or_else(|| failed(&format!("it has no {}", spec.id)))?;
    if other.spec != *spec {
        return Err(Verdict::fail("the other build describes itself differently"));
    }
    let other = Bench { calculator: other, lock: None, against: None, ..*bench };
    let skip = |error: agogic_testkit::TestError| Verdict::skip(error.to_string());
    let mut bits = None;
    for (name, signal) in golden_signals(spec) {
        let params = defaults(spec);
        let setup = setup(spec, &params, &signal).map_err(skip)?;
        let pieces = Input::new(spec, &params, &signal).map_err(skip)?.pieces(Cut::Every(1000));
        let ours = Subject::run(bench, &setup, &pieces).map_err(Verdict::skip)?;
        let theirs = Subject::run(&other, &setup, &pieces).map_err(Verdict::fail)?;
        for (output, descriptor) in spec.descriptors.iter().enumerate() {
            let print = |values| fingerprint(descriptor, &setup, values);
            if let Some(difference) = print(&theirs.0[output]).difference(&print(&ours.0[output])) {
                return Err(Verdict::fail(format!("{} on {name}: {difference}", descriptor.id)));
            }
        }
        bits = bits.or(ours.difference(&theirs).map(|difference| format!("on {name}: {difference}")));
    }
    Ok(match bits {
        Some(difference) => Verdict::warn(format!("last bits differ {difference}")),
        None => Verdict::pass(),
    })
}
