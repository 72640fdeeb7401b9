//! The rows of a spectrogram that are still needed, and the medians of each bin along
//! time and of each row along frequency.

use agogic_dsp::{MEDIAN_LANES, RunningMedian};

/// Rows that are worked on together.
pub(crate) const GROUP: usize = MEDIAN_LANES;

/// Values of one bin in a group of rows.
pub(crate) type Lanes = [f32; MEDIAN_LANES];

/// The latest rows and the windows over them.
pub(crate) struct Medians {
    bins: usize,
    /// Half the window along time and along frequency.
    half: (usize, usize),
    /// The rows from number `first` on, each padded to whole vectors.
    rows: Vec<Lanes>,
    first: usize,
    taken: usize,
    given: usize,
    /// Of the rows that are not given yet, which were not finite.
    bad: Vec<bool>,
    /// One per vector of bins.
    along_time: Vec<RunningMedian>,
    along_frequency: RunningMedian,
    magnitudes: Vec<Lanes>,
    harmonic: Vec<Lanes>,
}

impl Medians {
    /// For rows of `bins` values and windows along time and along frequency.
    pub(crate) fn new(bins: usize, width: (usize, usize)) -> Result<Self, agogic_dsp::DspError> {
        let vectors = bins.div_ceil(MEDIAN_LANES);
        Ok(Self {
            bins,
            half: (width.0 / 2, width.1 / 2),
            rows: vec![],
            first: 0,
            taken: 0,
            given: 0,
            bad: vec![],
            along_time: vec![RunningMedian::new(width.0)?; vectors],
            along_frequency: RunningMedian::new(width.1)?,
            magnitudes: vec![[0.0; MEDIAN_LANES]; bins],
            harmonic: vec![[0.0; MEDIAN_LANES]; vectors * MEDIAN_LANES],
        })
    }

    /// Takes a row. One that is not finite counts as zeros.
    pub(crate) fn push(&mut self, row: &[f32]) {
        let bad = row.iter().any(|value| !value.is_finite());
        self.bad.push(bad);
        for values in row.chunks(MEDIAN_LANES) {
            let mut lanes = [0.0; MEDIAN_LANES];
            if !bad {
                lanes.iter_mut().zip(values).for_each(|(lane, &value)| *lane = value);
            }
            self.rows.push(lanes);
        }
        self.taken += 1;
    }

    /// How many rows can be given together now; at the `end` also those whose windows
    /// go beyond it.
    pub(crate) fn ready(&self, end: bool) -> usize {
        let known = if end { self.taken } else { self.taken.saturating_sub(self.half.0) };
        let count = known.saturating_sub(self.given);
        if count >= GROUP || end { count.min(GROUP) } else { 0 }
    }

    /// Gives `count` rows, as many as are ready: calls `each` for every bin with its
    /// magnitudes and its medians along time and along frequency, one lane per row.
    /// Says which rows were not finite.
    pub(crate) fn give(
        &mut self,
        count: usize,
        end: bool,
        mut each: impl FnMut(&Lanes, &Lanes, &Lanes),
    ) -> [bool; GROUP] {
        self.filter_along_time(count, end);
        let vectors = self.along_time.len();
        for lane in 0..count {
            let row = &self.rows[(self.given + lane - self.first) * vectors..][..vectors];
            for (magnitudes, value) in self.magnitudes.iter_mut().zip(row.as_flattened()) {
                magnitudes[lane] = *value;
            }
        }
        let (bins, half) = (self.bins as i64, self.half.1 as i64);
        let at = |bin: i64| &self.magnitudes[mirrored(bin, bins)];
        for bin in 0..bins {
            if bin == 0 {
                self.along_frequency.fill((-half..=half).map(at));
            } else {
                self.along_frequency.step(at(bin + half), at(bin - half - 1));
            }
            each(at(bin), &self.harmonic[bin as usize], self.along_frequency.median());
        }
        let mut bad = [false; GROUP];
        bad.iter_mut().zip(self.bad.drain(..count)).for_each(|(bad, was)| *bad = was);
        self.given += count;
        self.forget();
        bad
    }

    fn filter_along_time(&mut self, count: usize, end: bool) {
        let half = self.half.0 as i64;
        // Before the end, no window reaches it.
        let length = if end { self.taken as i64 } else { i64::MAX / 4 };
        let vectors = self.along_time.len();
        for (vector, median) in self.along_time.iter_mut().enumerate() {
            let at = |row: i64| &self.rows[(mirrored(row, length) - self.first) * vectors + vector];
            let medians = &mut self.harmonic[vector * MEDIAN_LANES..][..MEDIAN_LANES];
            for lane in 0..count {
                let row = (self.given + lane) as i64;
                if row == 0 {
                    median.fill((-half..=half).map(at));
                } else {
                    median.step(at(row + half), at(row - half - 1));
                }
                for (bin, value) in medians.iter_mut().zip(median.median()) {
                    bin[lane] = *value;
                }
            }
        }
    }

    /// Lets go of rows that no window will ask for, once they are worth moving the rest.
    fn forget(&mut self) {
        let needed = self.given.saturating_sub(self.half.0 + 1);
        if needed - self.first >= 4 * GROUP {
            self.rows.drain(..(needed - self.first) * self.along_time.len());
            self.first = needed;
        }
    }
}

/// Which of `length` items stands at a place where the row is mirrored at its ends
/// again and again, the last item twice: SciPy's mode `reflect`.
fn mirrored(place: i64, length: i64) -> usize {
    if (0..length).contains(&place) {
        return place as usize;
    }
    let place = place.rem_euclid(2 * length);
    (if place < length { place } else { 2 * length - 1 - place }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All medians, by the definition.
    fn check(frames: usize, bins: usize, width: (usize, usize)) {
        let value = |frame: usize, bin: usize| ((frame * 7919 + bin * 104_729 + frame * bin) % 97) as f32;
        let mut medians = Medians::new(bins, width).expect("valid widths");
        let mut got = vec![];
        for frame in 0..=frames {
            let end = frame == frames;
            if !end {
                medians.push(&(0..bins).map(|bin| value(frame, bin)).collect::<Vec<_>>());
            }
            loop {
                let count = medians.ready(end);
                if count == 0 {
                    break;
                }
                let mut group = vec![vec![]; count];
                medians.give(count, end, |x, h, p| {
                    for (lane, row) in group.iter_mut().enumerate() {
                        row.push([x[lane], h[lane], p[lane]]);
                    }
                });
                got.extend(group);
            }
        }
        assert_eq!(got.len(), frames);
        let median = |window: &mut dyn Iterator<Item = f32>| {
            let mut window: Vec<f32> = window.collect();
            window.sort_by(f32::total_cmp);
            window[window.len() / 2]
        };
        let half = (width.0 as i64 / 2, width.1 as i64 / 2);
        for (frame, row) in got.iter().enumerate() {
            for (bin, values) in row.iter().enumerate() {
                let (f, b) = (frame as i64, bin as i64);
                let mut time = (f - half.0..=f + half.0).map(|i| value(mirrored(i, frames as i64), bin));
                let mut frequency = (b - half.1..=b + half.1).map(|i| value(frame, mirrored(i, bins as i64)));
                let expect = [value(frame, bin), median(&mut time), median(&mut frequency)];
                assert_eq!(*values, expect, "{frames} x {bins}, {width:?}: frame {frame} bin {bin}");
            }
        }
    }

    #[test]
    fn windows_mirror_at_the_ends() {
        assert_eq!((-3..6).map(|i| mirrored(i, 3)).collect::<Vec<_>>(), [2, 1, 0, 0, 1, 2, 2, 1, 0]);
        for frames in [1, 2, 5, 15, 16, 17, 40, 150] {
            check(frames, 21, (31, 5));
        }
        check(40, 3, (3, 31));
        check(40, 33, (1, 1));
        check(300, 2, (1, 3));
    }
}
