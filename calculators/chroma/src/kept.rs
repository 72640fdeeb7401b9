//! Folded rows that wait for the end of the asset, in half the room: 16 bits for
//! each value, as a part of the row's largest.

/// Rows that are allocated at once.
const ROWS: usize = 1024;

/// Some folded rows.
pub(crate) struct Kept {
    width: usize,
    /// The largest value of each row; NaN for a row that is not finite.
    scales: Vec<f32>,
    /// Pieces of `ROWS` rows, so that nothing is ever copied to grow.
    pieces: Vec<Vec<i16>>,
}

impl Kept {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, scales: vec![], pieces: vec![] }
    }

    pub(crate) fn push(&mut self, row: &[f32]) {
        let sizes = || row.iter().map(|value| value.abs());
        let finite = sizes().fold(true, |finite, size| finite & size.is_finite());
        let largest = sizes().fold(0.0, |most, size| if size > most { size } else { most });
        let (scale, factor) = match largest {
            _ if !finite => (f32::NAN, 0.0),
            // Smaller ones have no reciprocal.
            0.0..f32::MIN_POSITIVE => (0.0, 0.0),
            _ => (largest, f32::from(i16::MAX) / largest),
        };
        if self.scales.len().is_multiple_of(ROWS) {
            self.pieces.push(Vec::with_capacity(ROWS * self.width));
        }
        self.scales.push(scale);
        if let Some(piece) = self.pieces.last_mut() {
            let round = |value: &f32| {
                let value = value * factor;
                (value + 0.5f32.copysign(value)) as i16
            };
            piece.extend(row.iter().map(round));
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.scales.len()
    }

    /// Pieces of rows, in order: the largest values and the rows.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&[f32], &[i16])> {
        self.scales.chunks(ROWS).zip(self.pieces.iter().map(Vec::as_slice))
    }

    /// A row as it was, but for the rounding.
    pub(crate) fn unpack(scale: f32, row: &[i16], out: &mut [f32]) {
        let factor = scale / f32::from(i16::MAX);
        out.iter_mut().zip(row).for_each(|(out, &value)| *out = f32::from(value) * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let mut kept = Kept::new(3);
        let rows = [[1.0, -0.5, 0.25], [0.0; 3], [3e30, 1e30, -3e30], [f32::NAN, 1.0, 1.0]];
        (0..2000).for_each(|i| kept.push(&rows[i % 4]));
        assert_eq!((kept.rows(), kept.pieces().count()), (2000, 2));
        let mut row = [0.0; 3];
        let all = kept.pieces().flat_map(|(scales, rows)| scales.iter().zip(rows.chunks(3)));
        for (i, (&scale, packed)) in all.enumerate() {
            Kept::unpack(scale, packed, &mut row);
            let expect = rows[i % 4];
            let most = expect.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            let near = |(got, expect): (&f32, &f32)| (got - expect).abs() <= 2e-5 * most;
            assert!(if i % 4 == 3 { scale.is_nan() } else { row.iter().zip(&expect).all(near) }, "{row:?}");
        }
    }
}
