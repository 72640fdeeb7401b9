//! A dense matrix that rows are multiplied with, laid out for the processor: what
//! chroma banks and cosine transforms are made of.

use pulp::{Arch, Simd, WithSimd};

use crate::wide::Eight;

/// Outputs that are summed side by side: two or four vectors.
pub(crate) const LANES: usize = 16;

/// Inputs that are summed in f32 before they are added to f64, unless it is told.
const STRETCH: usize = 64;

/// Rows that go through the weights together.
const ROWS: usize = 16;

/// A matrix of `outputs` sums over `inputs` values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    inputs: usize,
    outputs: usize,
    /// Inputs that are summed in f32 before they are added to f64.
    stretch: usize,
    /// By group of outputs, then by input, then by output of the group.
    weights: Vec<[f32; LANES]>,
}

impl Matrix {
    /// All weights 0.
    pub(crate) fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            stretch: STRETCH,
            weights: vec![[0.0; LANES]; outputs.div_ceil(LANES) * inputs],
        }
    }

    /// With sums in f32 over so many inputs, at least 1.
    pub(crate) fn stretch(self, stretch: usize) -> Self {
        Self { stretch: stretch.max(1), ..self }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The weight of an input for an output, both within the matrix.
    pub(crate) fn weight(&self, output: usize, input: usize) -> f32 {
        self.weights[output / LANES * self.inputs + input][output % LANES]
    }

    /// Sets the weight of an input for an output, both within the matrix.
    pub(crate) fn set(&mut self, output: usize, input: usize, weight: f32) {
        self.weights[output / LANES * self.inputs + input][output % LANES] = weight;
    }

    /// Sums `row`, weighted, into `out`, in a fixed order. Of a row that is too
    /// short the rest counts as 0; what `out` has beyond the outputs stays as it is.
    pub(crate) fn apply(&self, row: &[f32], out: &mut [f32]) {
        let row = &row[..row.len().min(self.inputs)];
        Arch::new().dispatch(Sums { matrix: self, rows: &[row], out: &mut [out] });
    }

    /// [`Matrix::apply`] of many whole rows, one after the other, bit for bit the
    /// same: each part of the weights stays close to the processor until all rows
    /// have been through it. What is no whole row, in or out, is left alone.
    pub(crate) fn apply_rows(&self, rows: &[f32], out: &mut [f32]) {
        let rows = rows.chunks(ROWS * self.inputs).zip(out.chunks_mut(ROWS * self.outputs));
        for (rows, out) in rows {
            let mut pairs = rows.chunks_exact(self.inputs).zip(out.chunks_exact_mut(self.outputs));
            let (mut some, mut to): ([&[f32]; ROWS], [&mut [f32]; ROWS]) = Default::default();
            let mut count = 0;
            for ((row, out), pair) in some.iter_mut().zip(&mut to).zip(&mut pairs) {
                (*row, *out) = pair;
                count += 1;
            }
            Arch::new().dispatch(Sums { matrix: self, rows: &some[..count], out: &mut to[..count] });
        }
    }
}

/// The sums of at most [`ROWS`] rows of the same length.
struct Sums<'a, 'b> {
    matrix: &'a Matrix,
    rows: &'a [&'a [f32]],
    out: &'a mut [&'b mut [f32]],
}

impl WithSimd for Sums<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Matrix { inputs, outputs, stretch, weights } = self.matrix;
        let length = self.rows.first().map_or(0, |row| row.len());
        for (group, weights) in weights.chunks_exact(*inputs).enumerate() {
            let mut sums = [[0.0f64; LANES]; ROWS];
            for start in (0..length).step_by(*stretch) {
                let end = length.min(start + stretch);
                let weights = &weights[start..end];
                for (pair, sums) in self.rows.chunks(2).zip(sums.chunks_mut(2)) {
                    let rows = [&pair[0][start..end], &pair[pair.len() - 1][start..end]];
                    for (sums, lanes) in sums.iter_mut().zip(sum(simd, rows, weights)) {
                        sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += f64::from(lane));
                    }
                }
            }
            for (out, sums) in self.out.iter_mut().zip(&sums) {
                let outputs = (*outputs).min(out.len());
                let values = out[..outputs].iter_mut().skip(group * LANES);
                values.zip(sums).for_each(|(value, &sum)| *value = sum as f32);
            }
        }
    }
}

/// The weighted sums of a stretch of two rows, even and odd inputs apart so that
/// the processor need not wait for one sum before it begins the next.
#[inline(always)]
fn sum<S: Simd>(simd: S, [a, b]: [&[f32]; 2], weights: &[[f32; LANES]]) -> [[f32; LANES]; 2] {
    // By row, parity of the input, and half of the lanes.
    let mut sums = [[[Eight::splat(simd, 0.0); 2]; 2]; 2];
    let (a, last_of_a) = a.as_chunks::<2>();
    let (b, last_of_b) = b.as_chunks::<2>();
    let (pairs, last_weights) = weights.as_chunks::<2>();
    let mut add = |parity: usize, a: f32, b: f32, weights: &[f32; LANES]| {
        let halves = weights.as_chunks::<8>().0;
        for half in 0..2 {
            let weights = Eight::load(simd, &halves[half]);
            sums[0][parity][half].add_product(Eight::splat(simd, a), weights);
            sums[1][parity][half].add_product(Eight::splat(simd, b), weights);
        }
    };
    for ((a, b), weights) in a.iter().zip(b).zip(pairs) {
        add(0, a[0], b[0], &weights[0]);
        add(1, a[1], b[1], &weights[1]);
    }
    for ((a, b), weights) in last_of_a.iter().zip(last_of_b).zip(last_weights) {
        add(0, *a, *b, weights);
    }
    let mut out = [[0.0; LANES]; 2];
    for (out, [even, odd]) in out.iter_mut().zip(sums) {
        for ((out, mut even), odd) in out.as_chunks_mut::<8>().0.iter_mut().zip(even).zip(odd) {
            even.add(odd);
            *out = even.values();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_weights() {
        for (inputs, outputs) in [(1, 1), (2, 11), (63, 12), (64, 13), (65, 24), (1025, 25)] {
            let mut matrix = Matrix::new(inputs, outputs);
            assert_eq!((matrix.inputs(), matrix.outputs()), (inputs, outputs));
            let weight = |output: usize, input: usize| ((output * 31 + input * 17) % 23) as f32 - 11.0;
            for output in 0..outputs {
                (0..inputs).for_each(|input| matrix.set(output, input, weight(output, input)));
            }
            let row: Vec<f32> = (0..inputs + 3).map(|i| (i * 37 % 101) as f32).collect();
            for length in [inputs + 3, inputs, inputs / 2, 1, 0] {
                let mut out = vec![-1.0; outputs + 1];
                matrix.apply(&row[..length], &mut out);
                for (output, &got) in out[..outputs].iter().enumerate() {
                    let used = 0..length.min(inputs);
                    let expect: f64 =
                        used.map(|i| f64::from(row[i]) * f64::from(matrix.weight(output, i))).sum();
                    assert!((f64::from(got) - expect).abs() <= 1e-6 * expect.abs() + 1e-3, "{got}, {expect}");
                }
                assert_eq!(out[outputs], -1.0);
            }
            matrix.apply(&row, &mut []);

            let rows: Vec<f32> = (0..37 * inputs).map(|i| (i * 37 % 101) as f32 / 7.0).collect();
            let (mut all, mut one) = (vec![f32::NAN; 37 * outputs], vec![f32::NAN; outputs]);
            matrix.apply_rows(&rows, &mut all);
            for (row, all) in rows.chunks(inputs).zip(all.chunks(outputs)) {
                matrix.apply(row, &mut one);
                assert_eq!(all, one);
            }
        }
    }
}
