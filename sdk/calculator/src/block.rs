//! The piece of input that a calculator is given.

use agogic_abi::v1;
use agogic_schema::Event;

/// A piece of an input.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    input: u32,
    plane: u32,
    position: u64,
    count: usize,
    channels: usize,
    width: usize,
    data: &'a [f32],
    events: &'a [u8],
    ticks: &'a [f64],
}

impl<'a> Block<'a> {
    /// A block of `count` samples per channel (`width` 1) or frames (`width`
    /// bins), or `None` where the data has another length.
    pub fn new(position: u64, count: usize, channels: usize, width: usize, data: &'a [f32]) -> Option<Self> {
        let expect = count.checked_mul(channels)?.checked_mul(width)?;
        let (input, plane, events, ticks) = (0, 0, &[][..], &[][..]);
        (data.len() == expect).then_some(Self {
            input,
            plane,
            position,
            count,
            channels,
            width,
            data,
            events,
            ticks,
        })
    }

    /// The same block as one of another input, or of a level of its peaks.
    #[must_use]
    pub fn of_input(self, input: u32, plane: u32) -> Self {
        Self { input, plane, ..self }
    }

    /// The same block with the ticks of a tempo map.
    #[must_use]
    pub fn with_ticks(self, ticks: &'a [f64]) -> Self {
        Self { ticks, ..self }
    }

    pub(crate) fn from_abi(block: v1::Block<'a>) -> Option<Self> {
        let (count, channels, width) =
            (usize::try_from(block.count).ok()?, block.channels as usize, block.width as usize);
        let events = block.events.as_slice();
        let made = if events.is_empty() {
            Self::new(block.position, count, channels, width, block.data.as_slice())?
        } else {
            Self { count, channels, width, ..Self::new(block.position, 0, 0, 0, &[])? }
        };
        let (input, plane, ticks) = (block.input, block.plane, block.ticks.as_slice());
        Some(Self { input, plane, events, ticks, ..made })
    }

    /// Which input: 0 for audio, else counted as in the description.
    pub fn input(&self) -> usize {
        self.input as usize
    }

    /// Which level of an input that holds peaks.
    pub fn plane(&self) -> usize {
        self.plane as usize
    }

    /// Number of the first sample, frame or event, counted from the start.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples per channel, frames, or events.
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

    /// Spectra and dense descriptors: the frames, each holding all bins of channel 0, then all bins
    /// of channel 1, and so on.
    pub fn rows(&self) -> std::slice::ChunksExact<'a, f32> {
        self.data.chunks_exact((self.channels * self.width).max(1))
    }

    /// All values, as they lie.
    pub fn data(&self) -> &'a [f32] {
        self.data
    }

    /// The events of an input that holds events; none where they cannot be
    /// read.
    pub fn events(&self) -> Vec<Event> {
        if self.events.is_empty() { vec![] } else { rmp_serde::from_slice(self.events).unwrap_or_default() }
    }

    /// Where the calculator asks for it and there is a tempo map: ticks, 960
    /// to the quarter note, at the centre of each frame and after the last
    /// one's; for PCM at the first sample and at that after the last.
    pub fn ticks(&self) -> Option<&'a [f64]> {
        (!self.ticks.is_empty()).then_some(self.ticks)
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
