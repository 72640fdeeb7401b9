//! The bars of a map as formats write them that begin at beat 0 with a bar. What
//! does not live here: tempi (`smf`, `dawproject`).

use agogic_timebase::{Beats, Range};

use crate::{Meter, TimeSignature};

/// The time signatures from beat 0 on. Where beat 0 is in the middle of a bar, the
/// rest of that bar becomes a bar of its own, if it is a whole number of beats.
pub(super) fn signatures(meter: &Meter) -> Vec<TimeSignature> {
    let all = meter.signatures();
    let (before, after) = all.split_at(all.partition_point(|signature| signature.beat.0 <= 0.0));
    let mut found = Vec::with_capacity(after.len() + 2);
    if let Some(&standing) = before.last() {
        let bars = Range::new(Beats(0.0), Beats(2.0 * standing.bar_length()));
        let next = meter.bar_beats(bars).next().map_or(0.0, |(_, at)| at.0);
        let rest = (next / standing.beat_length()).round();
        let whole = rest >= 1.0 && (rest * standing.beat_length() - next).abs() < 1e-9;
        let numerator = if whole { rest as u32 } else { standing.numerator };
        found.push(TimeSignature { beat: Beats(0.0), numerator, ..standing });
        if numerator != standing.numerator && after.first().is_none_or(|change| change.beat.0 > next) {
            found.push(TimeSignature { beat: Beats(next), ..standing });
        }
    }
    found.extend(after);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    type Signatures<'a> = &'a [(f64, u32, u32)];

    #[track_caller]
    fn check(given: Signatures<'_>, expect: Signatures<'_>) {
        let made = |&(beat, numerator, denominator): &(f64, u32, u32)| TimeSignature {
            beat: Beats(beat),
            numerator,
            denominator,
        };
        let meter = Meter::new(given.iter().map(made).collect()).unwrap();
        assert_eq!(signatures(&meter), expect.iter().map(made).collect::<Vec<_>>());
    }

    #[test]
    fn bars_keep_their_places() {
        check(&[], &[(0.0, 4, 4)]);
        check(&[(0.0, 6, 8), (3.0, 2, 4)], &[(0.0, 6, 8), (3.0, 2, 4)]);
        check(&[(-8.0, 4, 4)], &[(0.0, 4, 4)]);
        // Beat 0 on the third beat of a bar.
        check(&[(-2.0, 4, 4)], &[(0.0, 2, 4), (2.0, 4, 4)]);
        check(&[(-2.0, 4, 4), (2.0, 3, 4)], &[(0.0, 2, 4), (2.0, 3, 4)]);
        check(&[(-1.0, 1, 4), (0.0, 3, 4)], &[(0.0, 3, 4)]);
        // No whole number of beats is left of the bar.
        check(&[(-1.25, 4, 4)], &[(0.0, 4, 4)]);
    }
}
