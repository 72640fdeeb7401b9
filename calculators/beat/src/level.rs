//! The metrical level: whether the beats are as fast as the tempo curve says, half as
//! fast or twice.

use agogic_calculator::{Error, Output};

use crate::beats::{self, Found};
use crate::curve::Curve;
use crate::envelope::Envelope;

/// Multiples of the curve's periods that are tried, the curve itself first.
const MULTIPLES: [f64; 3] = [1.0, 2.0, 0.5];
/// Width of the bell under which strengths are judged, in seconds.
const BELL: f64 = 0.023;
/// Exponent of the prior against the strength of the beats.
const TRUST: f64 = 0.5;

/// The curve at the likeliest level, the multiple of its periods, and the beats along it.
pub(crate) struct Level {
    pub(crate) curve: Curve,
    pub(crate) multiple: f64,
    pub(crate) beats: Vec<Found>,
}

/// What stands out most, given `likely`, the prior of a tempo in bpm.
///
/// Of beats at one level, `n` of them, the mean strength less the mean of all values,
/// times `sqrt n`, says how far they are above as many values by chance. Twice as many
/// are further above where what is halfway is more than 0.41 of what is on the beats.
pub(crate) fn choose(
    envelope: &Envelope,
    curve: Curve,
    tempo: [f64; 2],
    likely: impl Fn(f64) -> f64,
    tightness: f32,
    output: &mut Output<'_>,
) -> Result<Level, Error> {
    let even = beats::smooth(&envelope.values, |_| BELL * envelope.rate);
    let mean = even.iter().map(|&x| f64::from(x)).sum::<f64>() / even.len().max(1) as f64;
    let mut best: Option<(f64, Level)> = None;
    for multiple in MULTIPLES {
        let scaled = curve.scaled(multiple);
        let bpm = |period: f64| 60.0 * envelope.rate / period;
        let within = |period: &f64| (tempo[0]..=tempo[1]).contains(&bpm(*period));
        if multiple != 1.0 && !scaled.periods.iter().all(within) {
            continue;
        }
        output.check_cancelled()?;
        let beats = beats::track(&envelope.values, &scaled, tightness);
        let count = beats.len() as f64;
        let strength = |beat: &Found| even.get(beat.at.round() as usize).map_or(0.0, |&x| f64::from(x));
        let above = beats.iter().map(strength).sum::<f64>() / count.max(1.0) - mean;
        let usual = scaled.periods.iter().sum::<f64>() / scaled.periods.len().max(1) as f64;
        let score = above.max(0.0) * count.sqrt() * likely(bpm(usual)).powf(TRUST);
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, Level { curve: scaled, multiple, beats }));
        }
    }
    Ok(best.map_or(Level { curve, multiple: 1.0, beats: vec![] }, |(_, level)| level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    /// Strong values every 40, others halfway, at 86 a second.
    fn multiple(halfway: f32, period: f64, tempo: [f64; 2]) -> f64 {
        let value = |i: usize| match i % 40 {
            10 => 1.0,
            30 => halfway,
            _ => 0.0,
        };
        let envelope = Envelope { values: (0..2000).map(value).collect(), factor: 1, rate: 86.0 };
        let curve = Curve { periods: vec![period; 100], step: 20.0, mean: vec![] };
        let mut collected = Collected::default();
        let output = &mut collected.output();
        let level = choose(&envelope, curve, tempo, |_| 1.0, 100.0, output).unwrap();
        assert!(level.curve.periods.iter().all(|at| *at == period * level.multiple));
        level.multiple
    }

    #[test]
    fn what_is_halfway_decides() {
        let wide = [20.0, 400.0];
        for (halfway, period, expect) in
            [(0.1, 40.0, 1.0), (0.9, 40.0, 0.5), (0.1, 20.0, 2.0), (0.9, 20.0, 1.0)]
        {
            assert_eq!(multiple(halfway, period, wide), expect, "{halfway} {period}");
        }
        // 129 bpm would be 258 or 64.5.
        assert_eq!(multiple(0.9, 40.0, [100.0, 200.0]), 1.0);
    }
}
