//! Chroma filter banks: how much each bin of a spectrum belongs to each pitch
//! class. Weights are those of librosa's `filters.chroma`, after D. Ellis's
//! `fft2chromamx`. Called by calculators, once per spectrum row.

use crate::error::DspError;
use crate::matrix::Matrix;
use crate::stft_spec::MAX_N_FFT;

/// The most pitch classes that a [`ChromaBank`] accepts.
pub const MAX_CHROMA: usize = 1200;

/// Weights below this are nothing: no sum would show them, and their products
/// could be so small that processors slow down.
const LEAST: f64 = 1e-12;

/// What a [`ChromaBank`] is made from, in librosa's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChromaSpec {
    /// Sample rate, in Hz.
    pub rate_hz: f64,
    /// Length of the transform, in samples.
    pub n_fft: usize,
    /// Pitch classes of an octave, from C up.
    pub n_chroma: usize,
    /// How far the piece is tuned above A 440, in pitch classes.
    pub tuning: f64,
    /// Middle of the octaves that count most, in octaves above 27.5 Hz.
    pub ctroct: f64,
    /// Half width of these octaves' Gaussian weight; `None` where all count alike.
    pub octwidth: Option<f64>,
}

/// A chroma filter bank for rows of `n_fft / 2 + 1` bins.
///
/// The weight of bin `k` for class `c` is `exp(-(1/2) (2 d / w)^2)`, `d` the
/// distance of the two in classes around the octave and `w` the width of a bin in
/// classes, at least 1; normalised so that the squares of a bin's weights sum to
/// 1; times the weight of the bin's octave. Bin 0 stands one and a half octaves
/// below bin 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ChromaBank {
    weights: Matrix,
}

impl ChromaBank {
    /// Computes the weights in f64 and keeps them as f32.
    ///
    /// # Errors
    /// The variant of [`DspError`] that names the parameter out of range.
    pub fn new(spec: &ChromaSpec) -> Result<ChromaBank, DspError> {
        let ChromaSpec { rate_hz, n_fft, n_chroma, tuning, ctroct, octwidth } = *spec;
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(DspError::Rate(rate_hz));
        }
        if !(2..=MAX_N_FFT).contains(&n_fft) {
            return Err(DspError::NFft(n_fft));
        }
        if !(1..=MAX_CHROMA).contains(&n_chroma) {
            return Err(DspError::NChroma(n_chroma));
        }
        let octave_width = octwidth.unwrap_or(1.0);
        for (name, value, fine) in [
            ("tuning", tuning, tuning.is_finite()),
            ("ctroct", ctroct, ctroct.is_finite()),
            ("octwidth", octave_width, octave_width.is_finite() && octave_width > 0.0),
        ] {
            if !fine {
                return Err(DspError::Chroma { name, value });
            }
        }
        let bins = n_fft / 2 + 1;
        let classes = n_chroma as f64;
        let lowest_a = 440.0 * 2f64.powf(tuning / classes) / 16.0;
        let hz = |bin: usize| rate_hz * bin as f64 / n_fft as f64;
        let place = |bin: usize| match bin {
            0 => classes * (hz(1) / lowest_a).log2() - 1.5 * classes,
            _ => classes * (hz(bin) / lowest_a).log2(),
        };
        let mut weights = Matrix::new(bins, n_chroma);
        let half = (classes / 2.0).round_ties_even();
        let mut column = vec![0.0; n_chroma];
        for bin in 0..bins {
            let here = place(bin);
            let width = (place(bin + 1) - here).max(1.0);
            for (class, weight) in column.iter_mut().enumerate() {
                // Class 0 is A while the distance is taken, and C in the result.
                let class = (class + 3 * (n_chroma / 12)) % n_chroma;
                let distance = (here - class as f64 + half + 10.0 * classes).rem_euclid(classes) - half;
                *weight = (-0.5 * (2.0 * distance / width).powi(2)).exp();
            }
            let norm = column.iter().map(|w| w * w).sum::<f64>().sqrt();
            let octave = octwidth
                .map_or(1.0, |octwidth| (-0.5 * ((here / classes - ctroct) / octwidth).powi(2)).exp());
            for (class, weight) in column.iter().enumerate() {
                let weight = weight / norm * octave;
                if weight >= LEAST {
                    weights.set(class, bin, weight as f32);
                }
            }
        }
        Ok(ChromaBank { weights })
    }

    /// The number of pitch classes.
    pub fn n_chroma(&self) -> usize {
        self.weights.outputs()
    }

    /// Values that [`ChromaBank::apply`] expects in a row: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.weights.inputs()
    }

    /// The weight of a bin for a class; `None` if there is no such bin or class.
    pub fn weight(&self, class: usize, bin: usize) -> Option<f32> {
        (class < self.n_chroma() && bin < self.bins()).then(|| self.weights.weight(class, bin))
    }

    /// Sums `power_row`, weighted, into the classes `out`, in a fixed order: equal
    /// rows give equal bits on every machine. Of a row that is too short the rest
    /// counts as 0; values of `out` beyond the last class stay as they are.
    pub fn apply(&self, power_row: &[f32], out: &mut [f32]) {
        self.weights.apply(power_row, out);
    }

    /// [`ChromaBank::apply`] of many rows, one after the other, bit for bit the same
    /// and faster. What is no whole row, in or out, is left alone.
    pub fn apply_rows(&self, power_rows: &[f32], out: &mut [f32]) {
        self.weights.apply_rows(power_rows, out);
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

    #[test]
    fn parameters_are_checked() {
        #[track_caller]
        fn check(spec: ChromaSpec, expect: DspError) {
            assert_eq!(ChromaBank::new(&spec), Err(expect));
        }
        check(ChromaSpec { rate_hz: 0.0, ..SPEC }, DspError::Rate(0.0));
        check(ChromaSpec { n_fft: 1, ..SPEC }, DspError::NFft(1));
        check(ChromaSpec { n_chroma: 0, ..SPEC }, DspError::NChroma(0));
        check(ChromaSpec { n_chroma: 1201, ..SPEC }, DspError::NChroma(1201));
        let infinity = f64::INFINITY;
        check(ChromaSpec { tuning: infinity, ..SPEC }, DspError::Chroma { name: "tuning", value: infinity });
        check(ChromaSpec { octwidth: Some(0.0), ..SPEC }, DspError::Chroma { name: "octwidth", value: 0.0 });
    }

    #[test]
    fn a_bin_belongs_to_its_pitch_class() {
        // 440 Hz in a transform of which it is a bin: A is class 9 from C.
        let spec = ChromaSpec { rate_hz: 44_000.0, n_fft: 4400, ..SPEC };
        let bank = ChromaBank::new(&spec).expect("a valid spec");
        let mut row = vec![0.0; bank.bins()];
        row[44] = 1.0;
        let mut classes = [f32::NAN; 12];
        bank.apply(&row, &mut classes);
        let largest = classes.iter().copied().fold(0.0, f32::max);
        assert_eq!(classes[9], largest);
        assert!(classes[9] > 5.0 * classes[8] && (classes[8] - classes[10]).abs() < 1e-6);
        // Tuned half a class up, A and G sharp have the same share.
        let up = ChromaBank::new(&ChromaSpec { tuning: 0.5, ..spec }).expect("a valid spec");
        up.apply(&row, &mut classes);
        assert!((classes[8] - classes[9]).abs() < 1e-6);
    }

    #[test]
    fn weights_of_a_bin_have_length_one_where_all_octaves_count() {
        for n_chroma in [1, 7, 12, 13, 24, 36] {
            let spec = ChromaSpec { n_chroma, octwidth: None, ..SPEC };
            let bank = ChromaBank::new(&spec).expect("a valid spec");
            assert_eq!((bank.n_chroma(), bank.bins()), (n_chroma, 1025));
            for bin in [0, 1, 2, 100, 1024] {
                let squares =
                    (0..n_chroma).map(|c| f64::from(bank.weight(c, bin).expect("a weight")).powi(2));
                assert!((squares.sum::<f64>() - 1.0).abs() < 1e-6);
            }
            assert_eq!((bank.weight(n_chroma, 0), bank.weight(0, 1025)), (None, None));
        }
    }
}
