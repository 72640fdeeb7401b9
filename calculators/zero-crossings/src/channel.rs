//! The crossings of one channel. A frame's are those counted up to its end less
//! those counted up to its start, so each sample is looked at once.

use std::collections::VecDeque;

/// Where frames lie, and what counts as 0.
pub(crate) struct Framing {
    /// Samples of a frame.
    pub(crate) length: u64,
    /// Samples between the starts of frames.
    pub(crate) hop: u64,
    /// Samples no further from 0 than this count as positive.
    pub(crate) threshold: f32,
}

impl Framing {
    /// How many frames end within the first `samples` samples.
    pub(crate) fn complete(&self, samples: u64) -> u64 {
        let fed = samples + self.lead();
        fed.checked_sub(self.length).map_or(0, |rest| 1 + rest / self.hop)
    }

    /// How many frames an asset of so many samples has.
    pub(crate) fn total(&self, samples: u64) -> u64 {
        if samples == 0 { 0 } else { 1 + samples / self.hop }
    }

    /// How far the first frame reaches before the first sample.
    fn lead(&self) -> u64 {
        self.length / 2
    }

    /// The sample after the first of a frame: its crossings count from there.
    fn start(&self, frame: u64) -> u64 {
        (frame * self.hop + 1).saturating_sub(self.lead())
    }

    /// The sample after the last of a frame.
    fn end(&self, frame: u64) -> u64 {
        frame * self.hop + self.length - self.lead()
    }
}

/// One channel.
#[derive(Default)]
pub(crate) struct Channel {
    /// Samples so far.
    samples: u64,
    /// Crossings among them.
    crossings: u64,
    /// The last of them.
    last: Option<f32>,
    /// Crossings before the frames that have begun and not ended.
    begun: VecDeque<u64>,
    /// Frames begun and ended so far.
    next_start: u64,
    next_end: u64,
}

impl Channel {
    /// Takes more samples and gives the rate of every frame that they complete.
    pub(crate) fn push(&mut self, samples: &[f32], framing: &Framing, give: &mut dyn FnMut(f32)) {
        let mut rest = samples;
        loop {
            while framing.start(self.next_start) <= self.samples {
                self.begun.push_back(self.crossings);
                self.next_start += 1;
            }
            while framing.end(self.next_end) <= self.samples {
                self.close(framing, give);
            }
            if rest.is_empty() {
                break;
            }
            let ahead = framing.start(self.next_start).min(framing.end(self.next_end)) - self.samples;
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(ahead).unwrap_or(usize::MAX)));
            self.count(now, framing.threshold);
            rest = later;
        }
    }

    /// Gives the rate of the next frame, which ends here.
    pub(crate) fn close(&mut self, framing: &Framing, give: &mut dyn FnMut(f32)) {
        let before = self.begun.pop_front().unwrap_or(self.crossings);
        self.next_end += 1;
        give(((self.crossings - before) as f64 / framing.length as f64) as f32);
    }

    fn count(&mut self, samples: &[f32], threshold: f32) {
        let negative = |x: f32| x < -threshold;
        let Some((&first, &last)) = samples.first().zip(samples.last()) else { return };
        self.crossings += u64::from(self.last.is_some_and(|before| negative(before) != negative(first)));
        // Stretches short enough for a sum in 32 bits, which vectorises.
        for (now, next) in samples.chunks(1 << 16).zip(samples[1..].chunks(1 << 16)) {
            let turns = now.iter().zip(next).map(|(&a, &b)| u32::from(negative(a) != negative(b)));
            self.crossings += u64::from(turns.sum::<u32>());
        }
        self.samples += samples.len() as u64;
        self.last = Some(last);
    }
}
