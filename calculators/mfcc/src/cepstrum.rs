//! From mel bands in decibels to cepstral coefficients and their slopes: what does
//! not depend on where the bands come from.

use agogic_calculator::{Error, Output, Setup};
use agogic_dsp::{Dct, Slope, SlopeOrder};

const MFCC: usize = 0;
const DELTA: usize = 1;
const DELTA2: usize = 2;

/// Coefficients and slopes of rows of bands.
pub(crate) struct Cepstrum {
    dct: Dct,
    /// What each coefficient is multiplied with; empty for nothing.
    lifter: Vec<f32>,
    wanted: bool,
    /// The slopes that are wanted, with the number of their output.
    slopes: Vec<(usize, Slope)>,
    /// Rows of coefficients so far.
    taken: u64,
    /// Coefficients of some rows.
    rows: Vec<f32>,
}

impl Cepstrum {
    /// The first `n_mfcc` coefficients of rows of `n_mels` bands.
    pub(crate) fn new(setup: &Setup, n_mels: usize) -> Result<Self, Error> {
        let count = |name: &str| {
            let value = setup.params.integer(name).and_then(|value| usize::try_from(value).ok());
            value.ok_or_else(|| format!("{name} is missing or negative"))
        };
        let n_mfcc = count("n_mfcc")?;
        if n_mfcc > n_mels {
            return Err(format!("n_mfcc {n_mfcc} is more than n_mels {n_mels}").into());
        }
        let dct = Dct::new(n_mels, n_mfcc).map_err(|error| error.to_string())?;
        let width = count("delta_width")?;
        let mut slopes = vec![];
        for (output, order) in [(DELTA, SlopeOrder::First), (DELTA2, SlopeOrder::Second)] {
            let slope = Slope::new(width, order, n_mfcc)
                .map_err(|_| format!("delta_width {width} is not an odd number from 3 on"))?;
            if setup.wants(output) {
                slopes.push((output, slope));
            }
        }
        let lifter = setup.params.float("lifter").ok_or("lifter is missing")?;
        let weight = |i: usize| 1.0 + 0.5 * lifter * (std::f64::consts::PI * (i + 1) as f64 / lifter).sin();
        let lifter = if lifter > 0.0 { (0..n_mfcc).map(|i| weight(i) as f32).collect() } else { vec![] };
        Ok(Self { dct, lifter, wanted: setup.wants(MFCC), slopes, taken: 0, rows: vec![] })
    }

    /// Takes the bands of more frames and gives what follows from them.
    pub(crate) fn push(&mut self, bands: &[f32], output: &mut Output<'_>) -> Result<(), Error> {
        let n_mfcc = self.dct.outputs();
        let count = bands.len() / self.dct.inputs();
        self.rows.resize(count * n_mfcc, 0.0);
        for (bands, row) in bands.chunks_exact(self.dct.inputs()).zip(self.rows.chunks_exact_mut(n_mfcc)) {
            self.dct.apply(bands, row);
            for (value, weight) in row.iter_mut().zip(&self.lifter) {
                *value *= weight;
            }
            if row.iter().any(|value| !value.is_finite()) {
                row.fill(f32::NAN);
            }
        }
        if self.wanted {
            output.frames(MFCC, count)?.copy_from_slice(&self.rows);
        }
        for (number, slope) in &mut self.slopes {
            let given = slope.given_after(self.taken + count as u64) - slope.given_after(self.taken);
            let mut out = output.frames(*number, given as usize)?.chunks_exact_mut(n_mfcc);
            for row in self.rows.chunks_exact(n_mfcc) {
                slope.push(row, |values| copy(values, out.next()));
            }
        }
        self.taken += count as u64;
        Ok(())
    }

    /// Gives the slopes that are left.
    pub(crate) fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let n_mfcc = self.dct.outputs();
        for (number, slope) in &mut self.slopes {
            let left = self.taken - slope.given_after(self.taken);
            let mut out = output.frames(*number, left as usize)?.chunks_exact_mut(n_mfcc);
            slope.finish(|values| copy(values, out.next()));
        }
        Ok(())
    }
}

fn copy(values: &[f32], out: Option<&mut [f32]>) {
    if let Some(out) = out {
        out.copy_from_slice(values);
    }
}
