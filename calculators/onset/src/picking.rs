//! Peak picking: which frames of a strength curve are onsets. After Böck, Krebs
//! and Schedl, "Evaluating the online capabilities of onset detection methods"
//! (ISMIR 2012), with the edges as librosa's `util.peak_pick` has them.

use agogic_calculator::{Error, ParamSpec, Setup};

/// What makes a frame an onset. Spans are in frames; those after include the
/// frame itself, so they are 1 at least.
#[derive(Debug, PartialEq)]
pub(crate) struct Picking {
    pub(crate) pre_max: usize,
    pub(crate) post_max: usize,
    pub(crate) pre_avg: usize,
    pub(crate) post_avg: usize,
    pub(crate) wait: usize,
    pub(crate) delta: f64,
}

/// Name, default in milliseconds and meaning of the spans.
const SPANS: [(&str, f64, &str); 5] = [
    ("pre_max", 30.0, "An onset is the greatest value since this long before it."),
    ("post_max", 0.0, "An onset is the greatest value until this long after it."),
    ("pre_avg", 100.0, "Start of the mean that an onset exceeds, before it."),
    ("post_avg", 100.0, "End of the mean that an onset exceeds, after it."),
    ("wait", 30.0, "Least time between onsets."),
];

impl Picking {
    /// The parameters, librosa's by name and value.
    pub(crate) fn params() -> impl Iterator<Item = ParamSpec> {
        let spans =
            SPANS.into_iter().map(|(name, ms, about)| ParamSpec::float(name, ms, 0.0, 60_000.0, "ms", about));
        let delta = "How far an onset exceeds that mean, the curve being scaled to 0..1.";
        spans.chain([ParamSpec::float("delta", 0.07, 0.0, 1.0, "", delta)])
    }

    /// From the parameters, for frames `hop` samples apart.
    pub(crate) fn new(setup: &Setup, hop: usize) -> Result<Self, Error> {
        let value = |name: &str| {
            let value = setup.params.float(name).filter(|value| *value >= 0.0);
            value.ok_or_else(|| format!("{name} is missing or negative"))
        };
        // librosa's seconds * sr // hop, rounded as Python does.
        let frames = |name: &str| {
            let samples = value(name)? / 1000.0 * f64::from(setup.rate);
            let hop = hop as f64;
            Ok::<_, Error>(((samples - samples % hop) / hop).round() as usize)
        };
        Ok(Self {
            pre_max: frames("pre_max")?,
            post_max: frames("post_max")?.saturating_add(1),
            pre_avg: frames("pre_avg")?,
            post_avg: frames("post_avg")?.saturating_add(1),
            wait: frames("wait")?,
            delta: value("delta")?,
        })
    }

    /// The frames that are onsets, in order.
    pub(crate) fn pick(&self, strengths: &[f32]) -> Vec<usize> {
        let curve = scaled(strengths);
        let span = |at: usize, before: usize, after: usize| {
            &curve[at.saturating_sub(before)..at.saturating_add(after).min(curve.len())]
        };
        let mut onsets = vec![];
        let mut at = 0;
        while let Some(&value) = curve.get(at) {
            let greatest = span(at, self.pre_max, self.post_max).iter().all(|other| *other <= value);
            if greatest && value >= mean(span(at, self.pre_avg, self.post_avg)) + self.delta {
                onsets.push(at);
                at = at.saturating_add(self.wait);
            }
            at = at.saturating_add(1);
        }
        onsets
    }
}

/// Shifted and scaled to 0..1; empty where all values are equal, which are no
/// curve to find anything in.
fn scaled(strengths: &[f32]) -> Vec<f64> {
    let least = strengths.iter().copied().fold(f32::INFINITY, f32::min);
    let greatest = strengths.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = f64::from(greatest) - f64::from(least);
    if !(range > 0.0 && range.is_finite()) {
        return vec![];
    }
    strengths.iter().map(|&value| (f64::from(value) - f64::from(least)) / range).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OnsetTimes;
    use agogic_calculator::Collected;

    const LIBROSA: Picking =
        Picking { pre_max: 1, post_max: 1, pre_avg: 4, post_avg: 5, wait: 1, delta: 0.07 };

    #[test]
    fn spans_in_frames() {
        let check = |rate, hop, expect: [usize; 5]| {
            let setup = Collected::setup::<OnsetTimes>(rate, 1, 0);
            let Picking { pre_max, post_max, pre_avg, post_avg, wait, delta } =
                Picking::new(&setup, hop).expect("the defaults");
            assert_eq!([pre_max, post_max, pre_avg, post_avg, wait], expect);
            assert_eq!(delta, 0.07);
        };
        check(22_050, 512, [1, 1, 4, 5, 1]);
        check(44_100, 512, [2, 1, 8, 9, 2]);
        check(44_100, 441, [3, 1, 10, 11, 3]);
        check(8_000, 512, [0, 1, 1, 2, 0]);
    }

    #[test]
    fn onsets_by_hand() {
        #[track_caller]
        fn check(strengths: &[f32], expect: &[usize]) {
            assert_eq!(LIBROSA.pick(strengths), expect);
        }
        check(&[], &[]);
        check(&[3.0], &[]);
        check(&[0.0; 9], &[]);
        check(&[2.0; 9], &[]);
        check(&[0.0, 0.0, 1.0, 0.0, 0.0], &[2]);
        check(&[1.0, 0.0, 0.0, 0.0], &[0]);
        check(&[0.0, 0.0, 0.0, 1.0], &[3]);
        // Of two equal neighbours the first counts, the second waits.
        check(&[0.0, 1.0, 1.0, 0.0], &[1]);
        // A frame apart is too near for the wait, two are not.
        check(&[0.0, 0.5, 1.0, 0.0, 0.0], &[1]);
        check(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], &[1, 3]);
        // Not far enough above the mean.
        check(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0, 0.0], &[0]);
        check(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0], &[0, 6]);
    }
}
