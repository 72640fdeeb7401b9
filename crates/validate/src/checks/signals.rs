//! Audio of every kind: a calculator runs to its end, whatever it is given.
//! What the values are is judged by other tests.

use agogic_testkit::{Cut, Shape, Signal};

use crate::bench::Bench;
use crate::report::Verdict;

/// Half a second.
const LENGTH: usize = 22_050;

pub(super) fn empty(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    run(bench, &[bench.signal(Shape::Silence, 44_100, 0)])
}

pub(super) fn short(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let lengths = [1, 2, 3, 100, 511, 512, 513, 2047];
    run(bench, &lengths.map(|samples| bench.signal(Shape::Noise, 44_100, samples)))
}

pub(super) fn silence(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    run(bench, &[bench.signal(Shape::Silence, 44_100, LENGTH)])
}

pub(super) fn loud(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    run(bench, &[bench.signal(Shape::Loud, 44_100, LENGTH)])
}

pub(super) fn others(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let shapes = [Shape::Music, Shape::Sine, Shape::Sweep, Shape::Noise, Shape::Clicks, Shape::Constant];
    run(bench, &shapes.map(|shape| bench.signal(shape, 44_100, LENGTH)))
}

fn run(bench: &Bench<'_>, signals: &[Signal]) -> Result<Verdict, Verdict> {
    for signal in signals {
        if let Err(trouble) = bench.run(&[], signal, Cut::Every(1000)) {
            return Err(Verdict::fail(format!("{signal}: {}", trouble.text())));
        }
    }
    Ok(Verdict::pass())
}
