//! What must not depend on how the audio reaches an instance: blocks, parts,
//! and where in time it lies.

use agogic_host::Probe;
use agogic_schema::Kind;
use agogic_testkit::{Cut, Input, Outputs, Piece, Values};

use crate::bench::{Bench, Trouble, feed};
use crate::report::Verdict;

pub(super) fn blocks(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signal = bench.music();
    let whole = bench.run(&[], &signal, Cut::Whole).map_err(Trouble::elsewhere)?;
    let cuts = [1, 7, 64, 1000, 4096].map(Cut::Every).into_iter();
    for cut in cuts.chain((0..3).map(|n| Cut::Random(bench.seed + n))) {
        let other = bench.run(&[], &signal, cut).map_err(|trouble| Verdict::fail(trouble.text()))?;
        if let Some(difference) = whole.difference(&other) {
            return Err(Verdict::fail(format!("{difference}, at once and in blocks ({cut:?})")));
        }
    }
    Ok(Verdict::pass())
}

/// Hops of silence before the audio: a whole number of batches of transforms,
/// so that not even rounding differs.
const LATER: usize = 64;

pub(super) fn start(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let signal = bench.music();
    let prepared = bench.prepare(&[], &signal).map_err(Trouble::elsewhere)?;
    let spec = bench.spec();
    let params = &prepared.setup().params;
    if !spec.input.inputs().is_empty() {
        return Ok(Verdict::skip("it never sees the audio"));
    }
    let of_input = spec.input.spectrum().and_then(|spectrum| spectrum.hop.resolve(params));
    let of_output = prepared.headers.iter().flat_map(|header| header.planes.first());
    let hops = of_input.into_iter().chain(of_output.map(|&(_, hop)| hop));
    let hop = hops.reduce(common_multiple).unwrap_or(512);
    if hop > 1 << 14 {
        return Ok(Verdict::skip("its hops have no common multiple that is short"));
    }
    let later = LATER * hop as usize;
    let of_channel = |channel| {
        let mut samples = vec![0.0; later];
        samples.extend(signal.channel(channel));
        samples
    };
    let delayed: Vec<_> = (0..prepared.setup().channels.len()).map(of_channel).collect();
    let delayed = Input::from_samples(spec, params, &delayed).map_err(|e| Verdict::skip(e.to_string()))?;
    let run =
        |pieces: &[Piece]| bench.run_pieces(&prepared, &bench.all(), pieces).map_err(Trouble::elsewhere);
    let now = run(&bench.input(&prepared, &signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(1000)))?;
    let then = run(&delayed.pieces(Cut::Every(1000)))?;
    for (output, descriptor) in spec.descriptors.iter().enumerate() {
        let frames = prepared.headers[output].planes.first().map_or(0, |&(_, hop)| later / hop as usize);
        let skip = frames * prepared.headers[output].width();
        let difference = match (&now.0[output], &then.0[output]) {
            (Values::Planes(now), Values::Planes(then)) => {
                moved(&now[0], then[0].get(skip..).unwrap_or_default())
            }
            (Values::Events(now), Values::Events(then)) if descriptor.kind == Kind::Events => {
                let times = |events: &[agogic_schema::Event], by: i64| {
                    events.iter().map(|event| event.at.0 + by).collect::<Vec<_>>()
                };
                (times(now, later as i64) != times(then, 0)).then(|| "events are others".to_owned())
            }
            _ => None,
        };
        if let Some(difference) = difference {
            return Err(Verdict::warn(format!(
                "{}: after {later} samples of silence {difference}; right where values depend on what came before",
                descriptor.id
            )));
        }
    }
    Ok(Verdict::pass())
}

fn common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1)).saturating_mul(b)
}

/// Where values differ by more than rounding does.
fn moved(now: &[f32], then: &[f32]) -> Option<String> {
    if now.len() != then.len() {
        return Some(format!("there are {} values instead of {}", then.len(), now.len()));
    }
    let largest =
        now.iter().filter(|value| value.is_finite()).fold(0.0f32, |most, value| most.max(value.abs()));
    let apart = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-3 * largest || a.is_nan() != b.is_nan();
    let n = now.iter().zip(then).position(apart)?;
    Some(format!("value {n} is {} instead of {}", then[n], now[n]))
}

pub(super) fn independent(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    if !bench.spec().independent {
        return Ok(Verdict::skip("it does not claim that frames are independent"));
    }
    let signal = bench.music();
    let prepared = bench.prepare(&[], &signal).map_err(Trouble::elsewhere)?;
    let pieces = bench.input(&prepared, &signal).map_err(Trouble::elsewhere)?.pieces(Cut::Every(7));
    let whole = bench.run_pieces(&prepared, &bench.all(), &pieces).map_err(Trouble::elsewhere)?;
    for parts in [2, 3, 5] {
        let mut together: Option<Outputs> = None;
        for part in pieces.chunks(pieces.len().div_ceil(parts).max(1)) {
            let failed = |trouble: Trouble| Verdict::fail(format!("on a part: {}", trouble.text()));
            let mut probe = Probe::new(&prepared, &bench.all()).map_err(|error| failed(error.into()))?;
            feed(&mut probe, part).map_err(failed)?;
            let more = bench.finish(&mut probe, None).map_err(failed)?;
            together = Some(together.map_or(more.clone(), |before| joined(before, more)));
        }
        if let Some(difference) = together.and_then(|together| whole.difference(&together)) {
            return Err(Verdict::fail(format!("{difference}, from one instance and from {parts}")));
        }
    }
    Ok(Verdict::pass())
}

fn joined(mut before: Outputs, more: Outputs) -> Outputs {
    for (before, more) in before.0.iter_mut().zip(more.0) {
        if let (Values::Planes(before), Values::Planes(more)) = (before, more) {
            before.iter_mut().zip(more).for_each(|(before, more)| before.extend(more));
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_and_moves() {
        for (a, b, expect) in [(512, 512, 512), (512, 441, 225_792), (4, 6, 12), (u32::MAX, 2, u32::MAX)] {
            assert_eq!(common_multiple(a, b), expect);
        }
        assert_eq!(moved(&[1.0, f32::NAN], &[1.0005, f32::NAN]), None);
        assert!(moved(&[1.0, 2.0], &[1.0, 1.9]).is_some());
        assert!(moved(&[1.0], &[f32::NAN]).is_some());
        assert!(moved(&[1.0], &[]).is_some());
    }
}
