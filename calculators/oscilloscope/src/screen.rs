//! The samples that frames still to come may show, and what a frame shows of
//! them.

/// A window onto the audio, and the part of the audio that it needs.
pub(crate) struct Screen {
    points: usize,
    step: u64,
    /// How far a frame may be moved, in samples.
    moved: u64,
    held: Vec<f32>,
    /// Position of the first of them.
    start: u64,
}

impl Screen {
    pub(crate) fn new(points: u64, step: u64, moved: u64) -> Self {
        Self { points: points as usize, step, moved, held: vec![], start: 0 }
    }

    /// Points of a frame.
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    /// Samples so far.
    pub(crate) fn samples(&self) -> u64 {
        self.start + self.held.len() as u64
    }

    /// Takes more samples.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        self.held.extend_from_slice(samples);
    }

    /// How many frames can be shown whatever follows.
    pub(crate) fn complete(&self, hop: u64) -> u64 {
        let after = self.moved + (self.points as u64 - 1 - self.before_middle()) * self.step;
        match self.samples().checked_sub(after + 1) {
            Some(last) => 1 + last / hop,
            None => 0,
        }
    }

    /// Shows the samples around `middle`.
    pub(crate) fn show(&self, middle: u64, row: &mut [f32]) {
        let left = self.before_middle() * self.step;
        // Points before the beginning of the audio.
        let skip = left.saturating_sub(middle).div_ceil(self.step);
        let first = middle + skip * self.step - left;
        let held = self.held.get(first.saturating_sub(self.start) as usize..).unwrap_or_default();
        row.fill(0.0);
        let places = row.iter_mut().skip(skip as usize);
        for (place, &sample) in places.zip(held.iter().step_by(self.step as usize)) {
            *place = if sample.is_finite() { sample } else { 0.0 };
        }
    }

    /// Drops what no frame from `centre` on needs.
    pub(crate) fn forget_before(&mut self, centre: u64) {
        let first = centre.saturating_sub(self.moved + self.before_middle() * self.step);
        let over = (first.saturating_sub(self.start) as usize).min(self.held.len());
        self.held.drain(..over);
        self.start += over as u64;
    }

    /// Points before the middle one.
    fn before_middle(&self) -> u64 {
        self.points as u64 / 2
    }
}
