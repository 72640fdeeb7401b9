//! Beats: the chain of moments that are strong and a period apart, by dynamic
//! programming.

use crate::curve::Curve;

/// A beat.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// Where, in values of the envelope.
    pub(crate) at: f64,
    /// How strong it is there.
    pub(crate) score: f32,
}

/// Share of the beats' level below which the first and last are left out, as in
/// Ellis's tracker.
const WEAK: f32 = 0.5;
/// Part of the period that is the width of the bell over the envelope.
const BELL: f64 = 32.0;

/// The beats of an envelope of one value at least.
pub(crate) fn track(values: &[f32], curve: &Curve, tightness: f32) -> Vec<Found> {
    let periods: Vec<f64> = (0..values.len()).map(|i| curve.at(i as f64)).collect();
    let local = smooth(values, |i| periods[i] / BELL);
    let mut total: Vec<f32> = Vec::with_capacity(values.len());
    let mut back: Vec<u32> = Vec::with_capacity(values.len());
    let strongest = local.iter().copied().fold(0.0, f32::max);
    let longest = periods.iter().copied().fold(1.0, f64::max) * 2.0 + 2.0;
    let logs: Vec<f32> = (0..longest as usize + 1).map(|i| (i.max(1) as f32).ln()).collect();
    let mut started = false;
    for (i, &score) in local.iter().enumerate() {
        let period = periods[i];
        let log = period.ln() as f32;
        let (near, far) = ((period * 0.5).round().max(1.0) as usize, (period * 2.0).round() as usize);
        let (mut best, mut from) = (f32::NEG_INFINITY, u32::MAX);
        for lag in near..=far.min(i) {
            let off = logs[lag] - log;
            let value = total[i - lag] - tightness * off * off;
            if value > best {
                (best, from) = (value, (i - lag) as u32);
            }
        }
        if !started && score < 0.01 * strongest {
            from = u32::MAX;
        } else {
            started = true;
        }
        total.push(if best > f32::NEG_INFINITY { score + best } else { score });
        back.push(from);
    }
    // The best end within the last period.
    let last = values.len() - 1;
    let tail = values.len().saturating_sub(periods[last].round() as usize + 1);
    let mut at = (tail..values.len()).fold(last, |top, i| if total[i] > total[top] { i } else { top });
    let mut beats = vec![at];
    while back[at] != u32::MAX {
        at = back[at] as usize;
        beats.push(at);
    }
    beats.reverse();
    let level = beats.iter().map(|&i| local[i] * local[i]).sum::<f32>() / beats.len() as f32;
    let strong = |i: &usize| local[*i] >= WEAK * level.sqrt();
    let first = beats.iter().position(strong).unwrap_or(beats.len());
    let end = beats.iter().rposition(strong).map_or(first, |last| last + 1);
    beats[first..end].iter().map(|&i| Found { at: i as f64 + summit(&local, i), score: local[i] }).collect()
}

/// How far from a value the parabola through it and its neighbours has its summit; 0
/// where it is not the greatest of them.
fn summit(values: &[f32], at: usize) -> f64 {
    let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|i| values.get(i)), values.get(at + 1))
    else {
        return 0.0;
    };
    let (a, b, c) = (f64::from(*before), f64::from(values[at]), f64::from(*after));
    let bend = a - 2.0 * b + c;
    if b < a || b < c || bend >= 0.0 { 0.0 } else { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) }
}

/// The envelope under bells of such widths, in values.
pub(crate) fn smooth(values: &[f32], width: impl Fn(usize) -> f64) -> Vec<f32> {
    let (mut made, mut bell) = (0.0, vec![]);
    let at = |i: usize| {
        let width = width(i);
        let half = (3.0 * width).ceil() as usize;
        if width != made {
            let weight = |j: usize| (-0.5 * ((j as f64 - half as f64) / width).powi(2)).exp() as f32;
            bell.clear();
            bell.extend((0..=2 * half).map(weight));
            made = width;
        }
        let (from, to) = (i.saturating_sub(half), (i + half + 1).min(values.len()));
        let under = values[from..to].iter().zip(&bell[from + half - i..]);
        under.map(|(value, weight)| value * weight).sum()
    };
    (0..values.len()).map(at).collect()
}
