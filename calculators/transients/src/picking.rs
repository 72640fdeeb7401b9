//! Which frames are transients: peaks of the strength above its local mean.

use std::collections::VecDeque;

/// How many times as far the mean looks back as it looks ahead.
const BACK: usize = 3;

/// A frame as it is known so far.
#[derive(Clone, Copy)]
struct Frame {
    strength: f32,
    /// The band that rises most.
    band: u32,
}

/// A transient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transient {
    /// The frame at which it stands.
    pub(crate) frame: u64,
    /// The strength of its peak.
    pub(crate) strength: f32,
    /// The band that rises most in its peak.
    pub(crate) band: u32,
}

/// Finds transients in a stream of strengths.
pub(crate) struct Picking {
    /// Frames on either side within which a peak is the greatest.
    wait: usize,
    /// Most frames from a peak to the moment at which it stands.
    reach: usize,
    delta: f32,
    /// The frames from number `first` on that may still be looked at.
    frames: VecDeque<Frame>,
    first: u64,
    /// The next frame to be judged.
    next: u64,
}

impl Picking {
    pub(crate) fn new(wait: usize, reach: usize, delta: f32) -> Self {
        let (wait, frames) = (wait.max(1), VecDeque::with_capacity((BACK + 1) * wait.max(1) + 2));
        Self { wait, reach: reach.min(wait), delta, frames, first: 0, next: 0 }
    }

    /// Takes the rises of a frame's bands, and says whether a transient is known by it.
    pub(crate) fn push(&mut self, rises: &[f32]) -> Option<Transient> {
        let mut frame = Frame { strength: 0.0, band: 0 };
        let mut greatest = 0.0;
        for (band, &rise) in rises.iter().enumerate().filter(|(_, rise)| rise.is_finite()) {
            frame.strength += rise / rises.len() as f32;
            if rise > greatest {
                (greatest, frame.band) = (rise, band as u32);
            }
        }
        self.frames.push_back(frame);
        let end = self.first + self.frames.len() as u64;
        if end > self.next + self.wait as u64 { self.judge() } else { None }
    }

    /// Says of the next frame that was not judged yet whether it is a transient, once
    /// no more will come; `None` when there is no such frame.
    pub(crate) fn finish(&mut self) -> Option<Option<Transient>> {
        (self.next < self.first + self.frames.len() as u64).then(|| self.judge())
    }

    fn judge(&mut self) -> Option<Transient> {
        let here = (self.next - self.first) as usize;
        let Frame { strength, band } = self.frames[here];
        let end = (here + self.wait + 1).min(self.frames.len());
        let strengths = |range: std::ops::Range<usize>| self.frames.range(range).map(|frame| frame.strength);
        let mut found = None;
        if strength > self.delta
            && strengths(here.saturating_sub(self.wait)..here).all(|before| before < strength)
            && strengths(here + 1..end).all(|after| after <= strength)
        {
            // Before the first frame there is silence.
            let around = here.saturating_sub(BACK * self.wait)..end;
            let count = BACK * self.wait + end - here;
            let mean = strengths(around).sum::<f32>() / count as f32;
            if strength >= mean + self.delta {
                let later = strengths(here + 1..end.min(here + 1 + self.reach));
                let rising = later.take_while(|&after| after >= 0.1 * strength).count();
                found = Some(Transient { frame: self.next + rising as u64, strength, band });
            }
        }
        self.next += 1;
        if here >= BACK * self.wait {
            self.frames.pop_front();
            self.first += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(strengths: &[f32], wait: usize, reach: usize) -> Vec<(u64, u32)> {
        let mut picking = Picking::new(wait, reach, 1.0);
        let mut found: Vec<Transient> =
            strengths.iter().filter_map(|&strength| picking.push(&[0.0, strength])).collect();
        while let Some(last) = picking.finish() {
            found.extend(last);
        }
        found.iter().map(|transient| (transient.frame, transient.band)).collect()
    }

    #[test]
    fn peaks_and_where_they_stand() {
        let mut strengths = [0.0; 50];
        strengths[10] = 20.0;
        assert_eq!(picked(&strengths, 3, 2), [(10, 1)]);
        // Still rising, and still rising but too late.
        (strengths[11], strengths[12], strengths[13]) = (5.0, 3.0, 3.0);
        assert_eq!(picked(&strengths, 3, 2), [(12, 1)]);
        // Within the wait of a greater one, and beyond it.
        (strengths[30], strengths[32], strengths[36]) = (8.0, 9.0, 9.0);
        assert_eq!(picked(&strengths, 3, 0), [(10, 1), (32, 1), (36, 1)]);
        assert_eq!(picked(&[20.0], 3, 2), [(0, 1)]);
        assert_eq!(picked(&[1.0; 50], 3, 2), []);
        assert_eq!(picked(&[], 3, 2), []);
        assert_eq!(picked(&[0.0, 0.0, f32::NAN, 0.0, 9.0], 3, 2), [(4, 1)]);
    }
}
