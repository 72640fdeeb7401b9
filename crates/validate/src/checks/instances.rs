//! Instances: alone, again, side by side, and badly treated.

use std::thread;

use agogic_host::{Probe, ProbeBlock};
use agogic_schema::{Params, Setup};
use agogic_testkit::{Cut, Outputs, Piece, Shape};

use crate::bench::{Bench, Trouble, block, feed};
use crate::report::Verdict;

pub(super) fn repeat(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let run = || bench.run(&[], &bench.music(), Cut::Every(1000)).map_err(Trouble::elsewhere);
    let first = run()?;
    (0..2).try_for_each(|_| same(&first, &run()?, "the first and a later instance"))?;
    Ok(Verdict::pass())
}

pub(super) fn reset(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signal = bench.music();
    let fresh = bench.run(&[], &signal, Cut::Every(1000)).map_err(Trouble::elsewhere)?;
    let failed = |trouble: Trouble| Verdict::fail(format!("after a reset: {}", trouble.text()));
    let prepared = bench.prepare(&[], &signal).map_err(Trouble::elsewhere)?;
    let pieces = bench.input(&prepared, &signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(1000));
    // In the middle, after the end, and before anything.
    for part in [pieces.len() / 2, pieces.len(), 0] {
        let mut probe = Probe::new(&prepared, &bench.all()).map_err(|error| failed(error.into()))?;
        feed(&mut probe, &pieces[..part]).map_err(failed)?;
        if part == pieces.len() {
            bench.finish(&mut probe, None).map_err(failed)?;
        }
        probe.reset().map_err(|error| failed(error.into()))?;
        feed(&mut probe, &pieces).map_err(failed)?;
        let again = bench.finish(&mut probe, None).map_err(failed)?;
        same(&fresh, &again, &format!("a new instance and one reset after {part} blocks"))?;
    }
    Ok(Verdict::pass())
}

pub(super) fn interleaved(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signals = [bench.music(), bench.signal(Shape::Noise, 44_100, 66_150)];
    let run = |signal| bench.run(&[], signal, Cut::Every(1000)).map_err(Trouble::elsewhere);
    let alone = [run(&signals[0])?, run(&signals[1])?];
    let prepared = bench.prepare(&[], &signals[0]).map_err(Trouble::elsewhere)?;
    let pieces = |signal| -> Result<Vec<Piece>, Verdict> {
        Ok(bench.input(&prepared, signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(1000)))
    };
    let pieces = [pieces(&signals[0])?, pieces(&signals[1])?];
    let failed = |trouble: Trouble| Verdict::fail(format!("side by side: {}", trouble.text()));
    let make = || Probe::new(&prepared, &bench.all()).map_err(|error| failed(error.into()));
    let mut probes = [make()?, make()?];
    for (one, other) in pieces[0].iter().zip(&pieces[1]) {
        for (probe, piece) in probes.iter_mut().zip([one, other]) {
            probe.process(block(piece)).map_err(|error| failed(error.into()))?;
        }
    }
    for (probe, alone) in probes.iter_mut().zip(&alone) {
        let together = bench.finish(probe, None).map_err(failed)?;
        same(alone, &together, "alone and beside another instance")?;
    }
    Ok(Verdict::pass())
}

pub(super) fn parallel(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signals = [Shape::Music, Shape::Noise, Shape::Sweep, Shape::Clicks];
    let signals = signals.map(|shape| bench.signal(shape, 44_100, 44_100));
    let run = |signal| bench.run(&[], signal, Cut::Every(64));
    let alone: Vec<_> =
        signals.iter().map(|signal| run(signal).map_err(Trouble::elsewhere)).collect::<Result<_, _>>()?;
    thread::scope(|scope| {
        let often = |(signal, alone)| {
            (0..4).try_for_each(|_| {
                let together = run(signal).map_err(|trouble| Verdict::fail(trouble.text()))?;
                same(alone, &together, "alone and beside other threads")
            })
        };
        let threads: Vec<_> =
            signals.iter().zip(&alone).map(|pair| scope.spawn(move || often(pair))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(Verdict::fail("a thread panicked"))))
    })?;
    Ok(Verdict::pass())
}

pub(super) fn wanted(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let outputs = bench.spec().descriptors.len();
    if outputs < 2 {
        return Ok(Verdict::skip("it has one output"));
    }
    let signal = bench.music();
    let all = bench.run(&[], &signal, Cut::Every(1000)).map_err(Trouble::elsewhere)?;
    let prepared = bench.prepare(&[], &signal).map_err(Trouble::elsewhere)?;
    let pieces = bench.input(&prepared, &signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(1000));
    for only in 0..outputs {
        let wanted: Vec<_> = (0..outputs).map(|output| output == only).collect();
        let id = &bench.spec().descriptors[only].id;
        let one = bench
            .run_pieces(&prepared, &wanted, &pieces)
            .map_err(|trouble| Verdict::fail(format!("only {id} wanted: {}", trouble.text())))?;
        if let Some(difference) = all.0[only].difference(&one.0[only]) {
            return Err(Verdict::fail(format!("{id}: {difference}, with all outputs wanted and it alone")));
        }
    }
    Ok(Verdict::pass())
}

/// Treats instances badly. That the process lives on is the test; whether the
/// library is built so that a panic ends it shows here at the latest.
pub(super) fn contained(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signal = bench.signal(Shape::Noise, 44_100, 4096);
    let prepared = bench.prepare(&[], &signal).map_err(Trouble::elsewhere)?;
    let setup = prepared.setup();
    // No host gives these; none may crash. What comes of them is free.
    let broken = [
        Setup { params: Params::default(), ..setup.clone() },
        Setup { channels: vec![], ..setup.clone() },
        Setup { rate: 0, ..setup.clone() },
        Setup { wanted: vec![], ..setup.clone() },
        Setup::default(),
    ];
    broken.iter().for_each(|setup| drop(bench.calculator.try_setup(setup)));
    let pieces = bench.input(&prepared, &signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(1000));
    let make = || Probe::new(&prepared, &bench.all()).map_err(|error| Trouble::from(error).elsewhere());
    if let Some(piece) = pieces.first() {
        let lie = ProbeBlock { count: piece.count + 1, ..block(piece) };
        if make()?.process(lie).is_ok() {
            return Err(Verdict::fail("it takes a block that holds less than it says"));
        }
        let mut probe = make()?;
        feed(&mut probe, &pieces).map_err(Trouble::elsewhere)?;
        bench.finish(&mut probe, None).map_err(Trouble::elsewhere)?;
        if probe.process(block(piece)).is_ok() {
            return Err(Verdict::fail("it takes a block after it has finished"));
        }
    }
    Ok(Verdict::pass())
}

fn same(a: &Outputs, b: &Outputs, of: &str) -> Result<(), Verdict> {
    a.difference(b).map_or(Ok(()), |difference| Err(Verdict::fail(format!("{difference}, {of}"))))
}
