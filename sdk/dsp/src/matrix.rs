//! A dense matrix that rows are multiplied with, laid out for the processor: what
//! chroma banks and cosine transforms are made of.

/// Outputs that are summed side by side: three or six vectors.
pub(crate) const LANES: usize = 12;

/// Inputs that are summed in f32 before they are added to f64, unless it is told.
const STRETCH: usize = 64;

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
        let outputs = self.outputs.min(out.len());
        let groups = out[..outputs].chunks_mut(LANES);
        for (values, weights) in groups.zip(self.weights.chunks_exact(self.inputs)) {
            let mut sums = [0.0f64; LANES];
            for (stretch, weights) in row.chunks(self.stretch).zip(weights.chunks(self.stretch)) {
                let mut lanes = [0.0; LANES];
                sum(stretch, weights, &mut lanes);
                sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += f64::from(lane));
            }
            values.iter_mut().zip(sums).for_each(|(value, sum)| *value = sum as f32);
        }
    }
}

/// The weighted sums of a stretch, even and odd inputs apart so that the processor
/// need not wait for one sum before it begins the next.
///
/// Not inlined: beside the sums in f64 the compiler would make vectors of two.
#[inline(never)]
fn sum(stretch: &[f32], weights: &[[f32; LANES]], out: &mut [f32; LANES]) {
    let (mut even, mut odd) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (pairs, last) = stretch.as_chunks::<2>();
    let (weight_pairs, _) = weights.as_chunks::<2>();
    for ([a, b], [for_a, for_b]) in pairs.iter().zip(weight_pairs) {
        for (lane, weight) in even.iter_mut().zip(for_a) {
            *lane += a * weight;
        }
        for (lane, weight) in odd.iter_mut().zip(for_b) {
            *lane += b * weight;
        }
    }
    if let (Some(x), Some(weights)) = (last.first(), weights.get(2 * pairs.len())) {
        even.iter_mut().zip(weights).for_each(|(lane, weight)| *lane += x * weight);
    }
    for ((out, even), odd) in out.iter_mut().zip(even).zip(odd) {
        *out = even + odd;
    }
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
        }
    }
}
