//! The discrete cosine transform that turns a row of mel bands into cepstral
//! coefficients. Called by calculators, once per row.

use std::f64::consts::PI;

use crate::DspError;
use crate::matrix::Matrix;

/// The most values of a row that a [`Dct`] accepts.
pub const MAX_DCT: usize = 8192;

/// Pairs of values that are summed in f32: coefficient 0 of a row in decibels is large.
const STRETCH: usize = 32;

/// The first coefficients of an orthonormal DCT-II:
/// `y[k] = s[k] sum over i of x[i] cos(pi k (2 i + 1) / (2 n))` with `s[0] =
/// sqrt(1/n)` and `s[k] = sqrt(2/n)`, as SciPy's `dct(x, type=2, norm="ortho")`.
///
/// Each cosine is the same, up to its sign, from either end of the row: even
/// coefficients are made of the sums of the two values as far from the ends, odd ones
/// of their differences, which halves the work.
#[derive(Debug, Clone, PartialEq)]
pub struct Dct {
    inputs: usize,
    outputs: usize,
    /// The weights of even and of odd coefficients.
    weights: [Matrix; 2],
    /// Sums and differences of a row, and what comes of each.
    folded: [Vec<f32>; 2],
    halves: [Vec<f32>; 2],
}

impl Dct {
    /// The first `outputs` coefficients of rows of `inputs` values. The matrix is
    /// computed in f64 and kept as f32.
    ///
    /// # Errors
    /// [`DspError::Dct`] unless `1 <= outputs <= inputs <= MAX_DCT`.
    pub fn new(inputs: usize, outputs: usize) -> Result<Dct, DspError> {
        if !(1..=MAX_DCT).contains(&inputs) || !(1..=inputs).contains(&outputs) {
            return Err(DspError::Dct { inputs, outputs });
        }
        let n = inputs as f64;
        let half = inputs.div_ceil(2);
        let counts = [outputs.div_ceil(2), outputs / 2];
        let mut weights = counts.map(|count| Matrix::new(half, count).stretch(STRETCH));
        for k in 0..outputs {
            let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
            for i in 0..half {
                // The angle is reduced in whole numbers, where nothing is lost.
                let turn = k * (2 * i + 1) % (4 * inputs);
                weights[k % 2].set(k / 2, i, (scale * (PI * turn as f64 / (2.0 * n)).cos()) as f32);
            }
        }
        let folded = [vec![0.0; half], vec![0.0; half]];
        Ok(Dct { inputs, outputs, weights, folded, halves: counts.map(|count| vec![0.0; count]) })
    }

    /// Values of a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Coefficients that are computed.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Transforms a row of [`Dct::inputs`] values into [`Dct::outputs`]
    /// coefficients, summed in a fixed order. Of a shorter row the rest counts as
    /// 0; values of `out` beyond the last coefficient stay as they are.
    pub fn apply(&mut self, row: &[f32], out: &mut [f32]) {
        let [sums, differences] = &mut self.folded;
        if row.len() >= self.inputs {
            let (first, last) = row[..self.inputs].split_at(self.inputs / 2);
            let pairs = first.iter().zip(last.iter().rev());
            for ((sum, difference), (a, b)) in sums.iter_mut().zip(differences.iter_mut()).zip(pairs) {
                (*sum, *difference) = (a + b, a - b);
            }
            if self.inputs % 2 == 1 {
                // The one in the middle, which odd coefficients do not see.
                sums[self.inputs / 2] = last[0];
            }
        } else {
            let at = |i: usize| row.get(i).copied().unwrap_or(0.0);
            for (i, (sum, difference)) in sums.iter_mut().zip(differences.iter_mut()).enumerate() {
                let (a, b) = (at(i), at(self.inputs - 1 - i));
                let middle = 2 * i + 1 == self.inputs;
                (*sum, *difference) = if middle { (a, 0.0) } else { (a + b, a - b) };
            }
        }
        for ((weights, folded), half) in self.weights.iter().zip(&self.folded).zip(&mut self.halves) {
            weights.apply(folded, half);
        }
        for (k, out) in out.iter_mut().take(self.outputs).enumerate() {
            *out = self.halves[k % 2][k / 2];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(inputs: usize, outputs: usize, row: &[f32]) -> Vec<f32> {
        let mut dct = Dct::new(inputs, outputs).expect("valid parameters");
        assert_eq!((dct.inputs(), dct.outputs()), (inputs, outputs));
        let mut out = vec![f32::NAN; outputs];
        dct.apply(row, &mut out);
        out
    }

    #[test]
    fn parameters_are_checked() {
        for (inputs, outputs) in [(0, 0), (0, 1), (4, 0), (4, 5), (MAX_DCT + 1, 1)] {
            assert_eq!(Dct::new(inputs, outputs), Err(DspError::Dct { inputs, outputs }));
        }
        assert!(Dct::new(MAX_DCT, 1).is_ok() && Dct::new(1, 1).is_ok());
    }

    #[test]
    fn known_rows() {
        assert_eq!(apply(1, 1, &[3.0]), [3.0]);
        assert_eq!(apply(4, 4, &[1.0; 4]), [2.0, 0.0, 0.0, 0.0]);
        for inputs in [15, 16, 17, 128] {
            let flat = apply(inputs, inputs, &vec![1.0; inputs]);
            assert!((flat[0] - (inputs as f32).sqrt()).abs() < 1e-5);
            assert!(flat[1..].iter().all(|x| x.abs() < 1e-5));
        }
    }

    #[test]
    fn a_short_row_is_filled_with_zeros() {
        assert_eq!(apply(40, 5, &[1.0, 2.0]), apply(40, 5, &[&[1.0, 2.0][..], &[0.0; 38]].concat()));
    }

    #[test]
    fn lengths_are_kept() {
        // An orthonormal matrix turns a vector without stretching it.
        let row: Vec<f32> = (0..97u8).map(|i| f32::from(i % 7) - 3.0).collect();
        let norm = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
        let out = apply(97, 97, &row);
        assert!((norm(&out) - norm(&row)).abs() < 1e-5 * norm(&row));
    }
}
