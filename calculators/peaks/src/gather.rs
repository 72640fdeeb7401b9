//! What is gathered of samples, frame by frame and level by level. `extremes`
//! and `energy` say what; here is only where frames begin and end. Results do
//! not depend on where blocks end.

use agogic_calculator::{Block, Error, Output};

/// What a frame comes to, and how several of them are one.
pub(crate) trait Row: Copy {
    /// Of no samples.
    const NONE: Self;
    /// Values of a frame.
    const WIDTH: usize;

    /// Takes in the row of the samples that follow.
    fn merge(&mut self, next: Self);

    /// Writes the values, [`Self::WIDTH`] of them.
    fn write(self, values: &mut [f32]);
}

/// A frame under way.
pub(crate) trait Gather: Clone {
    /// What it comes to.
    type Row: Row;

    /// Of no samples.
    fn new() -> Self;

    /// Takes in samples, in order.
    fn take(&mut self, samples: &[f32]);

    /// What it came to; the next frame begins.
    fn close(&mut self) -> Self::Row;
}

/// Frames of `hop` samples of each channel, and coarser levels made from them.
pub(crate) struct Levels<G: Gather> {
    hop: usize,
    /// Samples of the frames under way, and what is known of them, by channel.
    filled: usize,
    under_way: Vec<G>,
    /// The levels from 1 on, each made from the one before.
    coarser: Vec<Level<G::Row>>,
    /// Rows just completed on a level, and on the next.
    rows: Vec<G::Row>,
    next_rows: Vec<G::Row>,
}

impl<G: Gather> Levels<G> {
    /// `levels` of them, each `factor` times as coarse as the one before.
    pub(crate) fn new(hop: usize, channels: usize, (levels, factor): (u32, u32)) -> Self {
        Self {
            hop,
            filled: 0,
            under_way: vec![G::new(); channels],
            coarser: (1..levels).map(|_| Level::new(factor, channels)).collect(),
            rows: vec![],
            next_rows: vec![],
        }
    }

    /// Takes a block and gives what it completes to the planes of an output.
    pub(crate) fn push(
        &mut self,
        block: &Block<'_>,
        output: &mut Output<'_>,
        number: usize,
    ) -> Result<(), Error> {
        let channels = self.under_way.len();
        let frames = (self.filled + block.count()) / self.hop;
        self.rows.clear();
        self.rows.resize(frames * channels, G::Row::NONE);
        for (channel, under_way) in self.under_way.iter_mut().enumerate() {
            let mut column = self.rows.iter_mut().skip(channel).step_by(channels);
            let mut filled = self.filled;
            let mut rest = block.channel(channel);
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(self.hop - filled));
                under_way.take(now);
                filled += now.len();
                rest = later;
                if filled == self.hop {
                    filled = 0;
                    let row = under_way.close();
                    if let Some(place) = column.next() {
                        *place = row;
                    }
                }
            }
        }
        self.filled = (self.filled + block.count()) % self.hop;
        self.give(output, number, false)
    }

    /// Gives the incomplete frames, at the end of the asset.
    pub(crate) fn finish(&mut self, output: &mut Output<'_>, number: usize) -> Result<(), Error> {
        self.rows.clear();
        if self.filled > 0 {
            self.rows.extend(self.under_way.iter_mut().map(G::close));
            self.filled = 0;
        }
        self.give(output, number, true)
    }

    /// Gives the rows of level 0, and what they complete on the others; at the
    /// end also what is incomplete.
    fn give(&mut self, output: &mut Output<'_>, number: usize, at_end: bool) -> Result<(), Error> {
        let channels = self.under_way.len().max(1);
        give_rows(output, (number, 0), &self.rows, channels)?;
        for (level, plane) in self.coarser.iter_mut().zip(1..) {
            self.next_rows.clear();
            level.push(&self.rows, &mut self.next_rows);
            if at_end {
                level.flush(&mut self.next_rows);
            }
            std::mem::swap(&mut self.rows, &mut self.next_rows);
            give_rows(output, (number, plane), &self.rows, channels)?;
        }
        Ok(())
    }
}

fn give_rows<R: Row>(
    output: &mut Output<'_>,
    (number, plane): (usize, usize),
    rows: &[R],
    channels: usize,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let room = output.plane(number, plane, rows.len() / channels)?;
    for (values, row) in room.chunks_exact_mut(R::WIDTH).zip(rows) {
        row.write(values);
    }
    Ok(())
}

/// A level made from the frames of the one before.
struct Level<R> {
    factor: u32,
    /// Frames of the level before that the frame under way covers.
    filled: u32,
    under_way: Vec<R>,
}

impl<R: Row> Level<R> {
    fn new(factor: u32, channels: usize) -> Self {
        Self { factor, filled: 0, under_way: vec![R::NONE; channels] }
    }

    /// Takes more frames of the level before, appends those that they complete.
    fn push(&mut self, finer: &[R], rows: &mut Vec<R>) {
        for frame in finer.chunks_exact(self.under_way.len().max(1)) {
            for (under_way, &row) in self.under_way.iter_mut().zip(frame) {
                under_way.merge(row);
            }
            self.filled += 1;
            if self.filled == self.factor {
                self.flush(rows);
            }
        }
    }

    /// Appends the frame under way, if it covers anything.
    fn flush(&mut self, rows: &mut Vec<R>) {
        if self.filled > 0 {
            rows.extend_from_slice(&self.under_way);
            self.under_way.fill(R::NONE);
            self.filled = 0;
        }
    }
}
