//! How many frames an output may have: the rule of
//! [`Frames`](agogic_schema::Frames), which keeps every track as long as its
//! asset.

use agogic_schema::{CalculatorSpec, DescriptorSpec, Frames, Kind, TrackHeader};

use crate::CallError;

/// How much input there was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Frames or samples that the calculator was given.
    pub(crate) fed: u64,
    /// Samples of the asset, at the rate of the calculator's input; `None`
    /// where nobody knows.
    pub(crate) samples: Option<u64>,
}

/// Fewest and most frames of a plane; `None` where no rule holds.
///
/// `reach` is how far beyond a frame's centre its window may go: frames whose
/// windows were not complete at the end of the asset may be left out.
fn bounds(
    descriptor: &DescriptorSpec,
    plane: (i64, u32),
    latency: u32,
    extent: Extent,
) -> Option<(u64, u64)> {
    match descriptor.kind {
        Kind::Dense(Frames::Input) => Some((extent.fed, extent.fed)),
        Kind::Dense(Frames::Every { .. }) | Kind::Peaks { .. } => {
            let (first, hop) = (i128::from(plane.0), i128::from(plane.1).max(1));
            let (samples, latency) = (i128::from(extent.samples?), i128::from(latency));
            // Frame i may be there: first + i * hop <= samples + hop + latency.
            let most = (samples + hop + latency - first).div_euclid(hop) + 1;
            // Frame i must be there: first + i * hop + reach + hop <= samples.
            let reach = first.max(latency);
            let least = (samples - hop - reach - first).div_euclid(hop) + 1;
            let whole = |count: i128| u64::try_from(count.max(0)).unwrap_or(u64::MAX);
            Some((whole(least), whole(most)))
        }
        Kind::Dense(Frames::Ticks { .. }) | Kind::Events => None,
    }
}

/// What a calculator's outputs are measured by.
pub(crate) struct Counts<'a> {
    pub(crate) spec: &'a CalculatorSpec,
    /// Samples beyond a frame's centre that the calculator waits for.
    pub(crate) latency: u32,
}

impl Counts<'_> {
    /// Checks an output at the end of the asset.
    pub(crate) fn check(
        &self,
        output: usize,
        header: &TrackHeader,
        given: &[u64],
        extent: Extent,
    ) -> Result<(), CallError> {
        self.each(output, header, given, extent, |given, least, most| (least..=most).contains(&given))
    }

    /// Checks that an output does not run more than so many values ahead of
    /// its input, whose end is not known yet: it would fill the disk.
    pub(crate) fn check_ahead(
        &self,
        output: usize,
        header: &TrackHeader,
        given: &[u64],
        extent: Extent,
        values: usize,
    ) -> Result<(), CallError> {
        let ahead = (values / header.width().max(1)) as u64;
        self.each(output, header, given, extent, |given, _, most| given <= most.saturating_add(ahead))
    }

    fn each(
        &self,
        output: usize,
        header: &TrackHeader,
        given: &[u64],
        extent: Extent,
        fits: impl Fn(u64, u64, u64) -> bool,
    ) -> Result<(), CallError> {
        let Some(descriptor) = self.spec.descriptors.get(output) else { return Ok(()) };
        for (level, (&given, &plane)) in given.iter().zip(&header.planes).enumerate() {
            match bounds(descriptor, plane, self.latency, extent) {
                Some((least, most)) if !fits(given, least, most) => {
                    let descriptor = descriptor.id.clone();
                    return Err(CallError::WrongCount { descriptor, level, given, least, most });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_schema::{Amount, Bins};

    /// Fewest and most frames for so many samples.
    #[track_caller]
    fn check(first: i64, hop: u32, latency: u32, samples: u64, expect: (u64, u64)) {
        let frames = Frames::Every { hop: Amount::Fixed(hop), first: Amount::Fixed(0) };
        let descriptor = DescriptorSpec::new("t.out", "", Kind::Dense(frames), Bins::Count(Amount::Fixed(1)));
        let extent = Extent { fed: samples, samples: Some(samples) };
        let got = bounds(&descriptor, (first, hop), latency, extent).expect("a rule");
        assert_eq!(got, expect, "first {first} hop {hop} latency {latency} samples {samples}");
        assert!(got.0 <= got.1);
    }

    #[test]
    fn frames_at_every_hop() {
        // Centred frames: 1 + n / hop, one fewer, or one more.
        check(0, 512, 0, 0, (0, 2));
        check(0, 512, 0, 511, (0, 2));
        check(0, 512, 0, 512, (1, 3));
        check(0, 512, 0, 1024, (2, 4));
        check(0, 1, 0, 5000, (5000, 5002));
        // Whole windows of 2048 samples, numbered by their centres: 1 + (n - 2048) / 512.
        check(1024, 512, 0, 2047, (0, 3));
        check(1024, 512, 0, 2560, (1, 5));
        // The same, numbered by their beginnings: the description says how far they reach.
        check(0, 512, 2048, 2560, (1, 11));
        // Peaks under 256 samples: n / 256, rounded either way.
        check(128, 256, 0, 2560, (9, 11));
        check(128, 256, 0, 2561, (9, 11));
        check(
            0,
            u32::MAX,
            u32::MAX,
            u64::MAX,
            (1 + (u64::MAX - 2 * 0xffff_ffff) / 0xffff_ffff, 4_294_967_300),
        );
    }
}
