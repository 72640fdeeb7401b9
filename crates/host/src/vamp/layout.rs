//! How a plug-in is fed: its channels, and the step between and the length of
//! its blocks.

use agogic_vamp::{InputDomain, Plugin};

/// Longest step or block in samples, as far as transforms go.
pub(super) const MAX_BLOCK: usize = agogic_dsp::MAX_N_FFT;

/// Length of a block where neither the user nor the plug-in has a wish.
const USUAL_BLOCK: usize = 1024;

/// How a plug-in is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) domain: InputDomain,
    /// Samples per second.
    pub(super) rate: u32,
    /// Whether the channels of the asset are mixed down to one.
    pub(super) mix: bool,
    /// Channels that the plug-in is given.
    pub(super) channels: usize,
    /// Samples between blocks.
    pub(super) step: usize,
    /// Samples of a block.
    pub(super) block: usize,
}

impl Layout {
    /// The layout for a configured plug-in and an asset of so many channels;
    /// `step` and `block` are the user's wishes, 0 for none.
    pub(super) fn of(
        plugin: &Plugin,
        channels: usize,
        rate: u32,
        step: usize,
        block: usize,
    ) -> Result<Self, String> {
        let domain = plugin.spec().input_domain;
        let wish = |given: usize, preferred: Option<usize>| Some(given).filter(|&n| n > 0).or(preferred);
        let step = wish(step, plugin.preferred_step());
        let block = wish(block, plugin.preferred_block());
        let (step, block) = lengths(domain, step, block);
        if block > MAX_BLOCK {
            return Err(format!("blocks of {block} samples are longer than {MAX_BLOCK}"));
        }
        let (mix, channels) = route(channels, plugin.min_channels(), plugin.max_channels());
        Ok(Self { domain, rate, mix, channels, step, block })
    }

    /// Sample at which block 0 begins, counted back from the first one: blocks
    /// for spectra are centred, the first one on the beginning of the audio.
    pub(super) fn lead(&self) -> usize {
        match self.domain {
            InputDomain::Time => 0,
            InputDomain::Frequency => self.block / 2,
        }
    }

    /// The centre of block 0, in samples.
    pub(super) fn first_centre(&self) -> usize {
        self.block / 2 - self.lead()
    }
}

/// Step and block out of what is wished for. Blocks never leave samples out
/// between them, and those for spectra are even.
fn lengths(domain: InputDomain, step: Option<usize>, block: Option<usize>) -> (usize, usize) {
    let spectra = domain == InputDomain::Frequency;
    let even = |n: usize| if spectra { n.next_multiple_of(2) } else { n };
    let block = even(block.unwrap_or(USUAL_BLOCK).clamp(1, MAX_BLOCK + 1));
    let step = step.unwrap_or(if spectra { block / 2 } else { block }).clamp(1, MAX_BLOCK + 1);
    (step, block.max(even(step)))
}

/// Whether the channels of an asset are mixed down for a plug-in that takes
/// `min` to `max` of them, and how many it is given.
fn route(asset: usize, min: usize, max: usize) -> (bool, usize) {
    if (min..=max).contains(&asset) { (false, asset) } else { (true, min.max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_become_lengths() {
        use InputDomain::{Frequency, Time};
        for (domain, step, block, expect) in [
            (Time, None, None, (1024, 1024)),
            (Frequency, None, None, (512, 1024)),
            (Time, None, Some(100), (100, 100)),
            (Frequency, None, Some(100), (50, 100)),
            (Frequency, None, Some(101), (51, 102)),
            (Time, Some(64), Some(256), (64, 256)),
            // A step beyond the block would leave samples out.
            (Time, Some(2000), Some(256), (2000, 2000)),
            (Time, Some(2000), None, (2000, 2000)),
            (Frequency, Some(2001), Some(256), (2001, 2002)),
            (Frequency, None, Some(1), (1, 2)),
            (Time, Some(usize::MAX), Some(usize::MAX), (MAX_BLOCK + 1, MAX_BLOCK + 1)),
        ] {
            assert_eq!(lengths(domain, step, block), expect, "{domain:?} {step:?} {block:?}");
        }
    }

    #[test]
    fn channels_are_passed_on_mixed_or_repeated() {
        for (asset, min, max, expect) in [
            (1, 1, 1, (false, 1)),
            (2, 1, 2, (false, 2)),
            (2, 2, 2, (false, 2)),
            (1, 2, 2, (true, 2)),
            (6, 1, 2, (true, 1)),
            (6, 2, 2, (true, 2)),
            (2, 0, 1, (true, 1)),
        ] {
            assert_eq!(route(asset, min, max), expect, "{asset} for {min}..={max}");
        }
    }
}
