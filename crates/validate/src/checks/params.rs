//! Parameters: their defaults, their bounds, and what depends on them.

use std::time::{Duration, Instant};

use agogic_host::Probe;
use agogic_schema::{ParamKind, ParamSpec, ParamValue};
use agogic_testkit::{Cut, Shape};

use crate::bench::{Bench, Trouble};
use crate::report::Verdict;

/// What an instance may take to be made: there is one for every calculator and
/// asset.
const QUICK: Duration = Duration::from_millis(250);

pub(super) fn constructor(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let prepared = bench.prepare(&[], &bench.music()).map_err(|trouble| Verdict::fail(trouble.text()))?;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        Probe::new(&prepared, &bench.all()).map_err(|error| Verdict::fail(error.to_string()))?;
        best = best.min(start.elapsed());
    }
    Ok(if best > QUICK {
        Verdict::warn(format!("making an instance takes {:.2} s", best.as_secs_f64()))
    } else {
        Verdict::pass()
    })
}

pub(super) fn bounds(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signal = bench.signal(Shape::Music, 44_100, 4096);
    let mut refused = vec![];
    for param in &bench.spec().params {
        for value in extremes(param) {
            match bench.run(&[(&param.name, value.clone())], &signal, Cut::Every(1000)) {
                Ok(_) => {}
                // Parameters need not go together with the others' defaults.
                Err(Trouble::Refused(_)) if value != param.default => {
                    refused.push(format!("{} = {value}", param.name));
                }
                Err(trouble) => {
                    return Err(Verdict::fail(format!("{} = {value}: {}", param.name, trouble.text())));
                }
            }
        }
        for value in beyond(param) {
            if bench.prepare(&[(&param.name, value.clone())], &signal).is_ok() {
                return Err(Verdict::fail(format!(
                    "{} = {value} is beyond its bounds and taken",
                    param.name
                )));
            }
        }
    }
    let mut verdict = Verdict::pass();
    if !refused.is_empty() {
        verdict.reason = format!("does not go together with the other defaults: {}", refused.join(", "));
    }
    Ok(verdict)
}

pub(super) fn reads(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let spec = bench.spec();
    if spec.descriptors.iter().all(|descriptor| descriptor.reads.is_none()) {
        return Ok(Verdict::skip("no descriptor says what it reads"));
    }
    let signal = bench.signal(Shape::Music, 44_100, 16_384);
    let base = bench.run(&[], &signal, Cut::Every(4096)).map_err(Trouble::elsewhere)?;
    for param in &spec.params {
        for value in extremes(param).into_iter().filter(|value| *value != param.default) {
            let Ok(other) = bench.run(&[(&param.name, value.clone())], &signal, Cut::Every(4096)) else {
                continue;
            };
            for (output, descriptor) in spec.descriptors.iter().enumerate() {
                let ignored = descriptor.reads.as_ref().is_some_and(|reads| !reads.contains(&param.name));
                if ignored && let Some(difference) = base.0[output].difference(&other.0[output]) {
                    return Err(Verdict::fail(format!(
                        "{} does not read {} and differs with {value}: {difference}",
                        descriptor.id, param.name
                    )));
                }
            }
        }
    }
    Ok(Verdict::pass())
}

/// The default, and the ends of what is allowed.
fn extremes(param: &ParamSpec) -> Vec<ParamValue> {
    let mut values = vec![param.default.clone()];
    values.extend::<Vec<ParamValue>>(match &param.kind {
        ParamKind::Flag => vec![false.into(), true.into()],
        ParamKind::Integer { min, max } => vec![(*min).into(), (*max).into()],
        ParamKind::Float { min, max } => vec![(*min).into(), (*max).into()],
        ParamKind::Choice(words) => words.iter().map(|word| word.as_str().into()).collect(),
    });
    values
}

/// Values that are not allowed.
fn beyond(param: &ParamSpec) -> Vec<ParamValue> {
    match &param.kind {
        ParamKind::Flag => vec!["perhaps".into()],
        ParamKind::Integer { min, max } => {
            let (below, above) = (min.checked_sub(1), max.checked_add(1));
            below.into_iter().chain(above).map(Into::into).collect()
        }
        ParamKind::Float { .. } => vec![f64::NAN.into(), f64::INFINITY.into(), "a".into()],
        ParamKind::Choice(_) => vec!["no such word".into()],
    }
}
