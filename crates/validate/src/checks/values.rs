//! What the values are: numbers, within their range, as many as there should
//! be, at times that exist.

use agogic_schema::{Event, Kind};
use agogic_testkit::{Cut, Outputs, Shape, Signal, Values};

use crate::bench::{Bench, Trouble};
use crate::report::Verdict;

/// Runs over signals of every kind and lets `judge` look at each output.
fn judge(
    bench: &Bench<'_>,
    judge: impl Fn(usize, &Signal, &Values) -> Result<(), String>,
) -> Result<Verdict, Verdict> {
    for shape in Shape::ALL {
        let signal = bench.signal(shape, 44_100, 88_200);
        let outputs: Outputs = match bench.run(&[], &signal, Cut::Every(1000)) {
            Ok(outputs) => outputs,
            // A host refuses some of these faults itself.
            Err(trouble @ Trouble::Failed(_)) => {
                return Err(Verdict::fail(format!("{signal}: {}", trouble.text())));
            }
            Err(trouble) => return Err(trouble.elsewhere()),
        };
        for (output, values) in outputs.0.iter().enumerate() {
            let id = &bench.spec().descriptors[output].id;
            judge(output, &signal, values)
                .map_err(|why| Verdict::fail(format!("{id} on {signal}: {why}")))?;
        }
    }
    Ok(Verdict::pass())
}

/// All numbers of an output, with where they stand.
fn numbers(values: &Values) -> Box<dyn Iterator<Item = (String, f32)> + '_> {
    match values {
        Values::Planes(planes) => Box::new(planes.iter().enumerate().flat_map(|(plane, values)| {
            let number = move |(n, &value): (usize, &f32)| (format!("value {n} of plane {plane}"), value);
            values.iter().enumerate().map(number)
        })),
        Values::Events(events) => Box::new(events.iter().enumerate().flat_map(|(n, event)| {
            event.values.iter().map(move |&value| (format!("a value of event {n}"), value))
        })),
    }
}

pub(super) fn finite(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    judge(bench, |output, _, values| {
        let gaps = bench.spec().descriptors[output].gaps;
        let wrong = |value: f32| value.is_infinite() || value.is_nan() && !gaps;
        match numbers(values).find(|(_, value)| wrong(*value)) {
            Some((place, value)) => Err(format!("{place} is {value}")),
            None => Ok(()),
        }
    })
}

pub(super) fn range(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    if bench.spec().descriptors.iter().all(|descriptor| descriptor.range.is_none()) {
        return Ok(Verdict::skip("no descriptor declares a range"));
    }
    judge(bench, |output, _, values| {
        let Some((least, greatest)) = bench.spec().descriptors[output].range else { return Ok(()) };
        match numbers(values).find(|(_, value)| *value < least || *value > greatest) {
            Some((place, value)) => Err(format!("{place} is {value}, outside {least} to {greatest}")),
            None => Ok(()),
        }
    })
}

pub(super) fn frames(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    // Lengths at which rounding goes one way or the other.
    for samples in [0, 1, 511, 512, 513, 4095, 4096, 88_200] {
        let signal = bench.signal(Shape::Noise, 44_100, samples);
        match bench.run_counted(&signal) {
            Ok(()) => {}
            Err(Trouble::Failed(why)) => return Err(Verdict::fail(format!("{signal}: {why}"))),
            Err(trouble) => return Err(trouble.elsewhere()),
        }
    }
    Ok(Verdict::pass())
}

pub(super) fn times(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    if bench.spec().descriptors.iter().all(|descriptor| descriptor.kind != Kind::Events) {
        return Ok(Verdict::skip("it gives no events"));
    }
    judge(bench, |_, signal, values| {
        let Values::Events(events) = values else { return Ok(()) };
        let end = signal.samples as i64;
        let outside = |event: &&Event| {
            let ends = event.at.0.saturating_add(event.duration.raw());
            event.at.0 < 0 || event.at.0 > end || ends > end
        };
        match events.iter().find(outside) {
            Some(event) => Err(format!(
                "an event at sample {} for {} samples lies outside the {end}",
                event.at.0,
                event.duration.raw()
            )),
            None => Ok(()),
        }
    })
}
