//! Spectra folded into an octave before the tuning is known. A [`ChromaBank`] needs
//! the tuning of the piece, which an estimate gives only at its end; a
//! [`ChromaFold`] makes a short row of each spectrum, from which classes under any
//! tuning follow later. Called by calculators, once per spectrum row.

use crate::chroma::{ChromaBank, ChromaSpec};
use crate::error::DspError;
use crate::matrix::Matrix;

/// How many pitch classes a [`ChromaFold`] accepts. Fewer would be so wide that the
/// weights of octaves change much under half a class.
pub const FOLDED_CHROMA: std::ops::RangeInclusive<usize> = 12..=60;

/// Cells of a class, and how many of these make a coarse cell.
const CELLS: usize = 8;
const COARSE: usize = 2;

/// How a coarse spline is made of fine ones.
const TWO_SCALE: [f32; 5] = [0.125, 0.5, 0.75, 0.5, 0.125];

/// Weights of a bin's octave below this count as none.
const LEAST: f64 = 1e-9;

/// Folds rows of `n_fft / 2 + 1` powers into short rows, from which the classes of
/// a [`ChromaBank`] under any tuning within -0.5..=0.5 can be made.
///
/// Bins wider than a class are kept as they are. All others have the same weights
/// but for their places, so it suffices to know how much power is where in the
/// octave: they are spread by cubic splines over cells of an eighth of a class.
/// With the tuning the weights of octaves shift too; for that a second row of
/// coarser cells has the powers times their octaves. What makes classes of the
/// cells is the solution of least squares over all bins.
///
/// Weights are within 5e-4 of the bank's for the spec that librosa has by default;
/// the error grows as `octwidth` gets narrower (1e-2 at 1 octave).
#[derive(Debug, Clone)]
pub struct ChromaFold {
    spec: ChromaSpec,
    bins: usize,
    /// Weights of the octaves of all bins.
    octaves: Vec<f32>,
    /// Bins that are kept as they are.
    wide: usize,
    /// Of each narrow bin: its shares of four cells, the octave's weight included.
    shares: Vec<[f32; 4]>,
    /// The first cell with a bin, on the unfolded axis, and how many bins begin in
    /// each cell from there on.
    first_cell: usize,
    bins_of_cells: Vec<usize>,
    /// Of each unfolded cell: its octave.
    octave_of_cell: Vec<f32>,
    unfolded: Vec<f32>,
    weighed: Vec<f32>,
}

impl ChromaFold {
    /// Plans the folding for `spec`, whose tuning does not count.
    ///
    /// # Errors
    /// As [`ChromaBank::new`]; [`DspError::NChroma`] for a number of classes
    /// beyond [`FOLDED_CHROMA`].
    pub fn new(spec: &ChromaSpec) -> Result<Self, DspError> {
        let spec = ChromaSpec { tuning: 0.0, ..*spec };
        if !FOLDED_CHROMA.contains(&spec.n_chroma) {
            return Err(DspError::NChroma(spec.n_chroma));
        }
        let bins = ChromaBank::new(&spec)?.bins();
        let classes = spec.n_chroma as f64;
        let octave = |bin: usize| {
            let hz = |bin: usize| spec.rate_hz * bin as f64 / spec.n_fft as f64;
            if bin == 0 { (hz(1) / 27.5).log2() - 1.5 } else { (hz(bin) / 27.5).log2() }
        };
        let weight = |bin: usize| match spec.octwidth {
            Some(width) => (-0.5 * ((octave(bin) - spec.ctroct) / width).powi(2)).exp(),
            None => 1.0,
        };
        let octaves = (0..bins).map(weight).map(|weight| if weight < LEAST { 0.0 } else { weight as f32 });
        let octaves: Vec<f32> = octaves.collect();
        let wide = (1..bins).take_while(|&bin| classes * (octave(bin + 1) - octave(bin)) > 1.0).count() + 1;
        // The unfolded axis begins with a whole octave, so that folding adds up rows.
        let row = (CELLS * spec.n_chroma) as f64;
        let place = |bin: usize| octave(bin) * row;
        let start = if wide < bins { ((place(wide) - 1.0) / row).floor() * row } else { 0.0 };
        let cell = |bin: usize| (place(bin) - start).floor() as usize - 1;
        let first_cell = if wide < bins { cell(wide) } else { 0 };
        let mut bins_of_cells = vec![];
        let mut shares = vec![];
        for bin in wide..bins {
            bins_of_cells.resize(cell(bin) - first_cell + 1, 0);
            bins_of_cells[cell(bin) - first_cell] += 1;
            let u = place(bin) - place(bin).floor();
            let spline = [
                (1.0 - u).powi(3),
                3.0 * u.powi(3) - 6.0 * u * u + 4.0,
                -3.0 * u.powi(3) + 3.0 * u * u + 3.0 * u + 1.0,
                u.powi(3),
            ];
            shares.push(spline.map(|share| (share / 6.0 * f64::from(octaves[bin])) as f32));
        }
        let used = first_cell + bins_of_cells.len() + 3;
        let cells = used.next_multiple_of(CELLS * spec.n_chroma);
        let of_cell = |cell: usize| (((start + cell as f64) / row - spec.ctroct - 1.5) / 4.0) as f32;
        Ok(Self {
            spec,
            bins,
            octaves,
            wide,
            shares,
            first_cell,
            bins_of_cells,
            octave_of_cell: (0..cells).map(of_cell).collect(),
            unfolded: vec![0.0; cells],
            weighed: vec![0.0; CELLS * spec.n_chroma],
        })
    }

    /// The number of pitch classes.
    pub fn n_chroma(&self) -> usize {
        self.spec.n_chroma
    }

    /// Values that [`ChromaFold::fold`] expects in a row: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Values of a folded row: 12 for each class and some more.
    pub fn values(&self) -> usize {
        self.wide + (CELLS + CELLS / COARSE) * self.spec.n_chroma
    }

    /// Folds a row of powers into `out`, [`ChromaFold::values`] of them; linear, so
    /// that a folded row may be scaled. Of a row that is too short the rest counts
    /// as 0.
    pub fn fold(&mut self, power_row: &[f32], out: &mut [f32]) {
        let (row, cells) = (CELLS * self.spec.n_chroma, CELLS / COARSE * self.spec.n_chroma);
        if out.len() < self.values() {
            return;
        }
        let (low, high) = power_row.split_at(self.wide.min(power_row.len()));
        let (kept, folded) = out.split_at_mut(self.wide);
        kept.fill(0.0);
        for ((kept, power), weight) in kept.iter_mut().zip(low).zip(&self.octaves) {
            *kept = power * weight;
        }
        self.spread(high);
        let (fine, coarse) = folded.split_at_mut(row);
        fine.fill(0.0);
        self.weighed.fill(0.0);
        for (cells, octaves) in self.unfolded.chunks_exact(row).zip(self.octave_of_cell.chunks_exact(row)) {
            let sums = fine.iter_mut().zip(self.weighed.iter_mut());
            for ((sum, weighed), (cell, octave)) in sums.zip(cells.iter().zip(octaves)) {
                *sum += cell;
                *weighed += cell * octave;
            }
        }
        for (cell, value) in coarse[..cells].iter_mut().enumerate() {
            let taps = TWO_SCALE.iter().enumerate();
            let at = |tap: usize| self.weighed[(COARSE * cell + tap + row - 2) % row];
            *value = taps.map(|(tap, weight)| weight * at(tap)).sum();
        }
    }

    /// Spreads the powers of the narrow bins over the unfolded cells.
    fn spread(&mut self, powers: &[f32]) {
        let mut bins = powers.iter().zip(&self.shares);
        let mut window = [0.0f32; 4];
        let (cells, last) = self.unfolded[self.first_cell..].split_at_mut(self.bins_of_cells.len());
        for (cell, &count) in cells.iter_mut().zip(&self.bins_of_cells) {
            for (power, shares) in bins.by_ref().take(count) {
                window.iter_mut().zip(shares).for_each(|(sum, share)| *sum += power * share);
            }
            *cell = window[0];
            window = [window[1], window[2], window[3], 0.0];
        }
        last[..3].copy_from_slice(&window[..3]);
    }

    /// What makes classes of folded rows under a tuning, in classes, which is
    /// within -0.5..=0.5 for the errors stated. Takes some milliseconds.
    ///
    /// # Errors
    /// [`DspError::Chroma`] for a tuning that is not finite.
    pub fn bank(&mut self, tuning: f64) -> Result<FoldedBank, DspError> {
        let bank = ChromaBank::new(&ChromaSpec { tuning, ..self.spec })?;
        let (bins, classes, values) = (self.bins, self.spec.n_chroma, self.values());
        let cells = values - self.wide;
        let weight = |class: usize, bin: usize| {
            let octave = f64::from(self.octaves[bin]);
            if octave > 0.0 { f64::from(bank.weight(class, bin).unwrap_or(0.0)) / octave } else { 0.0 }
        };
        let mut weights = Matrix::new(values, classes);
        for bin in 0..self.wide.min(bins) {
            (0..classes).for_each(|class| weights.set(class, bin, weight(class, bin) as f32));
        }
        // Every bin counts alike, whatever the weight of its octave.
        let mut products = vec![0.0; cells * cells];
        let mut sides = vec![vec![0.0; cells]; classes];
        let narrow: Vec<Vec<f64>> =
            (self.wide..bins).map(|bin| (0..classes).map(|class| weight(class, bin)).collect()).collect();
        let mut row = vec![0.0; bins];
        let mut folded = vec![0.0; values];
        for (bin, targets) in (self.wide..bins).zip(&narrow) {
            if self.octaves[bin] <= 0.0 {
                continue;
            }
            row[bin] = 1.0 / self.octaves[bin];
            self.fold(&row, &mut folded);
            row[bin] = 0.0;
            let column: Vec<(usize, f64)> = folded[self.wide..]
                .iter()
                .map(|&x| f64::from(x))
                .enumerate()
                .filter(|(_, x)| *x != 0.0)
                .collect();
            for &(i, a) in &column {
                column.iter().for_each(|&(j, b)| products[i * cells + j] += a * b);
                sides.iter_mut().zip(targets).for_each(|(side, target)| side[i] += a * target);
            }
        }
        let ridge =
            1e-10 * products.iter().step_by(cells + 1).sum::<f64>() / cells as f64 + f64::MIN_POSITIVE;
        products.iter_mut().step_by(cells + 1).for_each(|x| *x += ridge);
        factorise(&mut products, cells);
        for (class, side) in sides.iter_mut().enumerate() {
            solve(&products, side);
            for (cell, &value) in side.iter().enumerate() {
                weights.set(class, self.wide + cell, value as f32);
            }
        }
        Ok(FoldedBank { weights })
    }
}

/// Makes pitch classes of folded rows under one tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedBank {
    weights: Matrix,
}

impl FoldedBank {
    /// Sums a folded row into the classes `out`: those of the [`ChromaBank`], but
    /// for the errors that [`ChromaFold`] states. No class is below 0.
    pub fn apply(&self, folded: &[f32], out: &mut [f32]) {
        self.weights.apply(folded, out);
        let classes = self.weights.outputs().min(out.len());
        out[..classes].iter_mut().for_each(|class| *class = if *class < 0.0 { 0.0 } else { *class });
    }
}

/// Cholesky's factorisation of a symmetric positive matrix, in its lower half.
fn factorise(matrix: &mut [f64], size: usize) {
    for i in 0..size {
        let (before, rest) = matrix.split_at_mut(i * size);
        let row = &mut rest[..size];
        for j in 0..i {
            let other = &before[j * size..][..=j];
            let sum: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - sum) / other[j];
        }
        let sum: f64 = row[..i].iter().map(|a| a * a).sum();
        row[i] = (row[i] - sum).max(f64::MIN_POSITIVE).sqrt();
    }
}

/// Solves for one right side, in place.
fn solve(factor: &[f64], side: &mut [f64]) {
    let size = side.len();
    for i in 0..size {
        let row = &factor[i * size..][..=i];
        let sum: f64 = row[..i].iter().zip(&*side).map(|(a, b)| a * b).sum();
        side[i] = (side[i] - sum) / row[i];
    }
    for i in (0..size).rev() {
        let row = &factor[i * size..][..=i];
        side[i] /= row[i];
        let here = side[i];
        side[..i].iter_mut().zip(row).for_each(|(x, a)| *x -= a * here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: ChromaSpec = ChromaSpec {
        rate_hz: 22_050.0,
        n_fft: 2048,
        n_chroma: 12,
        tuning: 0.0,
        ctroct: 5.0,
        octwidth: Some(2.0),
    };

    /// The largest error of any bin's weights, as a part of the weight of its octave.
    fn error(spec: ChromaSpec, tunings: &[f64]) -> f64 {
        let mut fold = ChromaFold::new(&spec).expect("a valid spec");
        let mut worst = 0.0f64;
        for &tuning in tunings {
            let exact = ChromaBank::new(&ChromaSpec { tuning, ..spec }).expect("a valid spec");
            let bank = fold.bank(tuning).expect("a bank");
            let (mut row, mut folded) = (vec![0.0; fold.bins()], vec![f32::NAN; fold.values()]);
            let (mut got, mut expect) = (vec![0.0; spec.n_chroma], vec![0.0; spec.n_chroma]);
            for bin in 0..fold.bins() {
                row[bin] = 1.0;
                fold.fold(&row, &mut folded);
                bank.apply(&folded, &mut got);
                exact.apply(&row, &mut expect);
                row[bin] = 0.0;
                for (got, expect) in got.iter().zip(&expect) {
                    worst = worst.max(f64::from((got - expect).abs() / fold.octaves[bin].max(1e-6)));
                }
            }
        }
        worst
    }

    #[test]
    fn weights_are_the_banks() {
        for rate_hz in [8000.0, 22_050.0, 44_100.0, 192_000.0] {
            let worst = error(ChromaSpec { rate_hz, ..SPEC }, &[-0.5, -0.23, 0.0, 0.31, 0.49]);
            assert!(worst < 6e-4, "{worst} at {rate_hz} Hz");
        }
        for n_chroma in [13, 24, 36] {
            let worst = error(ChromaSpec { n_chroma, ..SPEC }, &[-0.5, 0.31]);
            assert!(worst < 6e-4, "{worst} with {n_chroma} classes");
        }
        for (octwidth, bound) in [(None, 6e-4), (Some(1.0), 1e-2)] {
            let worst = error(ChromaSpec { octwidth, ..SPEC }, &[-0.5, 0.31]);
            assert!(worst < bound, "{worst} with {octwidth:?}");
        }
    }

    #[test]
    fn short_transforms_have_wide_bins_only() {
        for n_fft in [2, 3, 16, 64] {
            let worst = error(ChromaSpec { n_fft, ..SPEC }, &[-0.5, 0.2]);
            assert!(worst < 1e-3, "{worst} of {n_fft}");
        }
    }

    #[test]
    fn parameters_are_checked() {
        let fails = |spec: ChromaSpec| ChromaFold::new(&spec).err();
        assert_eq!(fails(ChromaSpec { n_chroma: 61, ..SPEC }), Some(DspError::NChroma(61)));
        assert_eq!(fails(ChromaSpec { n_chroma: 11, ..SPEC }), Some(DspError::NChroma(11)));
        assert_eq!(fails(ChromaSpec { n_fft: 1, ..SPEC }), Some(DspError::NFft(1)));
        let mut fold = ChromaFold::new(&SPEC).expect("a valid spec");
        assert!(fold.bank(f64::NAN).is_err());
        // Rows of another length are no fault.
        let mut folded = vec![f32::NAN; fold.values()];
        fold.fold(&[], &mut folded);
        assert!(folded.iter().all(|&value| value == 0.0));
        fold.fold(&[1.0; 5], &mut []);
    }
}
