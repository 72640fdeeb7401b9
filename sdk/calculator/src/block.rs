//! The piece of input that a calculator is given.

use agogic_abi::v1;

/// A piece of the input.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    position: u64,
    count: usize,
    channels: usize,
    width: usize,
    data: &'a [f32],
}

impl<'a> Block<'a> {
    /// A block of `count` samples per channel (`width` 1) or frames (`width`
    /// bins), or `None` where the data has another length.
    pub fn new(position: u64, count: usize, channels: usize, width: usize, data: &'a [f32]) -> Option<Self> {
        let expect = count.checked_mul(channels)?.checked_mul(width)?;
        (data.len() == expect).then_some(Self { position, count, channels, width, data })
    }

    pub(crate) fn from_abi(block: v1::Block<'a>) -> Option<Self> {
        Self::new(
            block.position,
            usize::try_from(block.count).ok()?,
            block.channels as usize,
            block.width as usize,
            block.data.as_slice(),
        )
    }

    /// Number of the first sample or frame, counted from the start.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples per channel, or frames.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// PCM: the samples of a channel; empty for a channel that is not there.
    pub fn channel(&self, channel: usize) -> &'a [f32] {
        let start = channel.saturating_mul(self.count);
        self.data.get(start..start.saturating_add(self.count)).unwrap_or(&[])
    }

    /// Spectra: the frames, each holding all bins of channel 0, then all bins
    /// of channel 1, and so on.
    pub fn rows(&self) -> std::slice::ChunksExact<'a, f32> {
        self.data.chunks_exact((self.channels * self.width).max(1))
    }

    /// All values, as they lie.
    pub fn data(&self) -> &'a [f32] {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pcm_and_frames() {
        let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let pcm = Block::new(0, 3, 2, 1, &data).unwrap();
        assert_eq!((pcm.channel(0), pcm.channel(1)), (&data[..3], &data[3..]));
        assert!(pcm.channel(2).is_empty() && pcm.channel(usize::MAX).is_empty());
        let frames = Block::new(0, 2, 1, 3, &data).unwrap();
        assert_eq!(frames.rows().collect::<Vec<_>>(), [&data[..3], &data[3..]]);
        assert!(Block::new(0, 4, 2, 1, &data).is_none());
        assert!(Block::new(0, usize::MAX, 2, 1, &data).is_none());
    }
}
