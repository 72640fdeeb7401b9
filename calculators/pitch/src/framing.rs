//! From samples to overlapping frames, handed out four by four: frames `4 k` to
//! `4 k + 3` together, however the samples are cut into blocks.

/// Frames that are handed out together, but for the last ones.
pub(crate) const GROUP: usize = 4;

/// How many samples are taken at a time, so that memory stays bounded.
const PIECE: usize = 16_384;

/// Frames of `frame_length` samples, `hop` apart, of which frame `i` has sample
/// `i * hop` at its place `frame_length / 2`. Zeros stand beyond the ends.
pub(crate) struct Framer {
    frame_length: usize,
    hop: usize,
    /// Samples from the start of the next frame on, behind `start` others.
    buffer: Vec<f32>,
    /// Where the next frame starts; beyond the buffer's end where frames leave
    /// samples out.
    start: usize,
    /// Samples taken and frames given so far.
    samples: u64,
    given: u64,
}

impl Framer {
    /// At the start of an asset.
    pub(crate) fn new(frame_length: usize, hop: usize) -> Self {
        let mut buffer = Vec::with_capacity(frame_length + GROUP * hop + PIECE);
        buffer.resize(frame_length / 2, 0.0);
        Self { frame_length, hop, buffer, start: 0, samples: 0, given: 0 }
    }

    /// Takes more samples and gives the groups of frames that they complete.
    pub(crate) fn push(&mut self, samples: &[f32], mut give: impl FnMut(&[&[f32]])) {
        self.samples += samples.len() as u64;
        for piece in samples.chunks(PIECE) {
            self.buffer.extend_from_slice(piece);
            while self.end(GROUP) <= self.buffer.len() {
                self.group(GROUP, &mut give);
            }
            self.forget();
        }
    }

    /// Gives the frames that are left: `n` samples have `1 + n / hop` in all, no
    /// samples none.
    pub(crate) fn finish(&mut self, mut give: impl FnMut(&[&[f32]])) {
        let total = if self.samples == 0 { 0 } else { 1 + self.samples / self.hop as u64 };
        while self.given < total {
            self.forget();
            let count = (total - self.given).min(GROUP as u64) as usize;
            self.buffer.resize(self.buffer.len().max(self.end(count)), 0.0);
            self.group(count, &mut give);
        }
    }

    /// Where the next frames end, so many, at least 1.
    fn end(&self, count: usize) -> usize {
        self.start + (count - 1) * self.hop + self.frame_length
    }

    /// Lets go of what is before the next frame.
    fn forget(&mut self) {
        let past = self.start.min(self.buffer.len());
        self.buffer.drain(..past);
        self.start -= past;
    }

    fn group(&mut self, count: usize, give: &mut impl FnMut(&[&[f32]])) {
        let frame = |i: usize| self.buffer.get(self.start + i * self.hop..)?.get(..self.frame_length);
        let frames: [&[f32]; GROUP] = std::array::from_fn(|i| frame(i).unwrap_or_default());
        give(&frames[..count]);
        self.start += count * self.hop;
        self.given += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_centred_however_samples_are_cut() {
        let samples: Vec<f32> = (1..=10_000u16).map(f32::from).collect();
        for (frame_length, hop) in [(2048, 512), (7, 3), (16, 100), (9000, 4999), (1, 1), (100, 9000)] {
            for length in [0, 1, 2, hop, hop + 1, 2 * hop, 10_000].map(|length| length.min(10_000)) {
                for block in [1, 64, 1000, 65_536] {
                    let mut framer = Framer::new(frame_length, hop);
                    let mut frames: Vec<Vec<f32>> = vec![];
                    let mut give = |group: &[&[f32]]| frames.extend(group.iter().map(|frame| frame.to_vec()));
                    samples[..length].chunks(block).for_each(|block| framer.push(block, &mut give));
                    framer.finish(&mut give);
                    assert_eq!(frames.len(), if length == 0 { 0 } else { 1 + length / hop });
                    for (i, frame) in frames.iter().enumerate().step_by(1 + frames.len() / 50) {
                        assert_eq!(frame.len(), frame_length);
                        for (place, &x) in frame.iter().enumerate().step_by(1 + frame_length / 20) {
                            let at = (i * hop + place).checked_sub(frame_length / 2);
                            let expect = at.and_then(|at| samples[..length].get(at)).copied().unwrap_or(0.0);
                            assert_eq!(x, expect, "frame {i} of {length}, {frame_length}/{hop}");
                        }
                    }
                }
            }
        }
    }
}
