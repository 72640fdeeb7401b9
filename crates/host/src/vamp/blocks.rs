//! The blocks that a plug-in is given, cut out of PCM that comes in pieces of
//! any length.

use super::layout::Layout;

/// Cuts PCM into blocks: block `i` begins at sample `i * step - lead`, with
/// zeros before the first and after the last sample. The last block is the
/// first one that reaches the end or, of centred blocks, the last one whose
/// centre lies within the audio, if that comes later.
pub(super) struct Blocks {
    step: u64,
    block: usize,
    lead: usize,
    /// Samples that may still be needed, by channel.
    rows: Vec<Vec<f32>>,
    /// Place of the first of them, counted from the start of block 0.
    begin: u64,
    /// The block that comes next.
    next: u64,
}

impl Blocks {
    pub(super) fn new(layout: &Layout, channels: usize) -> Self {
        let lead = layout.lead();
        let rows = vec![vec![0.0; lead]; channels];
        Self { step: layout.step as u64, block: layout.block, lead, rows, begin: 0, next: 0 }
    }

    /// Takes more samples: `count` of each channel, planar.
    pub(super) fn push(&mut self, planar: &[f32], count: usize) {
        let used = usize::try_from(self.start() - self.begin).unwrap_or(usize::MAX);
        for (row, samples) in self.rows.iter_mut().zip(planar.chunks_exact(count.max(1))) {
            row.drain(..used.min(row.len()));
            row.extend_from_slice(samples);
        }
        self.begin = self.start();
    }

    /// Samples so far; to be asked before the end.
    pub(super) fn samples(&self) -> u64 {
        self.begin + self.rows.first().map_or(0, Vec::len) as u64 - self.lead as u64
    }

    /// Ends the audio: zeros fill the last block.
    pub(super) fn end(&mut self) {
        let length = self.lead as u64 + self.samples();
        if self.samples() == 0 {
            // No audio, no blocks.
            return;
        }
        let beyond_first = length.saturating_sub(self.block as u64);
        let reaching = beyond_first.div_ceil(self.step);
        let last = match self.lead {
            0 => reaching,
            _ => reaching.max((self.samples() - 1) / self.step),
        };
        let end = last * self.step + self.block as u64;
        let missing = end.saturating_sub(length) as usize;
        for row in &mut self.rows {
            row.resize(row.len() + missing, 0.0);
        }
    }

    /// The next block that is complete, if there is one: its number and its
    /// channels.
    pub(super) fn take(&mut self) -> Option<(u64, Vec<&[f32]>)> {
        let start = usize::try_from(self.start() - self.begin).ok()?;
        let range = start..start.checked_add(self.block)?;
        let rows = self.rows.iter().map(|row| row.get(range.clone())).collect::<Option<_>>()?;
        self.next += 1;
        Some((self.next - 1, rows))
    }

    /// The number of the block that comes next.
    pub(super) fn number(&self) -> u64 {
        self.next
    }

    /// Where the next block begins, counted from the start of block 0.
    fn start(&self) -> u64 {
        self.next * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_vamp::InputDomain;
    use proptest::prelude::*;

    fn layout(domain: InputDomain, step: usize, block: usize) -> Layout {
        Layout { domain, rate: 8000, mix: false, channels: 1, step, block }
    }

    /// The blocks of samples 1, 2, 3... that come in pieces.
    fn cut(layout: &Layout, samples: usize, piece: usize) -> Vec<Vec<f32>> {
        let audio: Vec<f32> = (1..=samples).map(|i| i as f32).collect();
        let mut blocks = Blocks::new(layout, 1);
        let mut cut = vec![];
        for piece in audio.chunks(piece) {
            blocks.push(piece, piece.len());
            while let Some((number, rows)) = blocks.take() {
                assert_eq!(number, cut.len() as u64);
                cut.push(rows[0].to_vec());
            }
        }
        blocks.end();
        while let Some((_, rows)) = blocks.take() {
            cut.push(rows[0].to_vec());
        }
        cut
    }

    #[test]
    fn blocks_by_hand() {
        let time = |step, block, samples| cut(&layout(InputDomain::Time, step, block), samples, 3);
        assert_eq!(time(2, 4, 0), [[0.0; 4]; 0]);
        assert_eq!(time(2, 4, 1), [[1.0, 0.0, 0.0, 0.0]]);
        assert_eq!(time(2, 4, 4), [[1.0, 2.0, 3.0, 4.0]]);
        assert_eq!(time(2, 4, 5), [[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 0.0]]);
        let spectra = |samples| cut(&layout(InputDomain::Frequency, 2, 4), samples, 3);
        assert_eq!(spectra(0), [[0.0; 4]; 0]);
        assert_eq!(spectra(2), [[0.0, 0.0, 1.0, 2.0]]);
        assert_eq!(spectra(3), [[0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 0.0]]);
    }

    proptest! {
        #[test]
        fn by_the_definition(
            step in 1_usize..9,
            more in 0_usize..9,
            samples in 0_usize..60,
            piece in 1_usize..20,
            spectra: bool,
        ) {
            let block = (step + more).next_multiple_of(2);
            let domain = if spectra { InputDomain::Frequency } else { InputDomain::Time };
            let lead = if spectra { block / 2 } else { 0 };
            let found = cut(&layout(domain, step, block), samples, piece);
            let at = |place: i64| if (0..samples as i64).contains(&place) { (place + 1) as f32 } else { 0.0 };
            for (i, found) in found.iter().enumerate() {
                let start = (i * step) as i64 - lead as i64;
                let expect: Vec<_> = (start..start + block as i64).map(at).collect();
                prop_assert_eq!(found, &expect);
            }
            // All samples are covered, all centres have their blocks, and no
            // block is there for nothing.
            let enough = |count: usize| {
                let covered = (count * step + block) as i64 - (step + lead) as i64 >= samples as i64;
                covered && (!spectra || count * step >= samples)
            };
            match found.len() {
                0 => prop_assert_eq!(samples, 0),
                count => prop_assert!(enough(count) && (count == 1 || !enough(count - 1))),
            }
        }
    }
}
