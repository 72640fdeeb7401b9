//! The filters of a constant-Q transform as stretches of their spectra, and their
//! sums with the spectra of frames. Called by [`crate::ConstantQ`] alone.

use rustfft::FftPlanner;
use rustfft::num_complex::{Complex32, Complex64};
use std::f64::consts::TAU;

/// Values that are summed side by side.
const LANES: usize = 4;

/// The filters that share a transform.
pub(crate) struct Kernels {
    /// Bins from which on the filters have weights, and how many.
    pub(crate) first_bin: usize,
    pub(crate) bins: usize,
    filters: Vec<Filter>,
}

/// One filter.
struct Filter {
    /// Where it begins, counted from `first_bin`.
    start: usize,
    /// Real and imaginary parts of its weights; whole vectors, zeros at the end.
    re: Vec<[f32; LANES]>,
    im: Vec<[f32; LANES]>,
}

/// A filter by its definition: a periodic Hann window over `floor(length)` samples,
/// times `exp(i turns n)`, `turns` in radians per sample.
#[derive(Clone, Copy)]
pub(crate) struct Atom {
    pub(crate) length: f64,
    pub(crate) turns: f64,
    /// What the sum over the window is.
    pub(crate) gain: f64,
}

impl Kernels {
    /// The filters' spectra of `n_fft` bins without the weakest bins, which hold
    /// `sparsity` of the sum of magnitudes.
    pub(crate) fn new(atoms: &[Atom], n_fft: usize, sparsity: f64) -> Self {
        let fft = FftPlanner::<f64>::new().plan_fft_forward(n_fft);
        let spectra: Vec<Vec<Complex64>> = atoms
            .iter()
            .map(|atom| {
                let mut spectrum = samples(atom, n_fft);
                fft.process(&mut spectrum);
                spectrum.truncate(n_fft / 2 + 1);
                thin(&mut spectrum, sparsity);
                spectrum
            })
            .collect();
        let used = |z: &Complex64| z.re != 0.0 || z.im != 0.0;
        let first = |spectrum: &Vec<Complex64>| spectrum.iter().position(used);
        let end = |spectrum: &Vec<Complex64>| spectrum.iter().rposition(used).map(|last| last + 1);
        let first_bin = spectra.iter().filter_map(first).min().unwrap_or(0);
        let mut bins = 0;
        let filters = spectra.iter().map(|spectrum| {
            let (start, end) = (first(spectrum).unwrap_or(first_bin), end(spectrum).unwrap_or(first_bin));
            let weights: Vec<Complex64> = spectrum[start..end.max(start)].to_vec();
            let lanes = |part: fn(&Complex64) -> f64| {
                let values: Vec<f32> = weights.iter().map(|z| part(z) as f32).collect();
                let vector = |chunk: &[f32]| {
                    let mut lanes = [0.0; LANES];
                    lanes[..chunk.len()].copy_from_slice(chunk);
                    lanes
                };
                values.chunks(LANES).map(vector).collect::<Vec<_>>()
            };
            let (re, im) = (lanes(|z| z.re), lanes(|z| z.im));
            bins = bins.max(start - first_bin + LANES * re.len());
            Filter { start: start - first_bin, re, im }
        });
        let filters = filters.collect();
        Self { first_bin, bins, filters }
    }

    /// The magnitudes of all filters, lowest first, of a frame's spectrum: real and
    /// imaginary parts of `bins` bins from `first_bin` on.
    pub(crate) fn apply(&self, re: &[f32], im: &[f32], out: &mut [f32]) {
        for (out, filter) in out.iter_mut().zip(&self.filters) {
            let (mut real, mut imaginary) = ([0.0f32; LANES], [0.0f32; LANES]);
            let (re, im) = (re[filter.start..].as_chunks().0, im[filter.start..].as_chunks().0);
            for (weights, values) in filter.re.iter().zip(&filter.im).zip(re.iter().zip(im)) {
                add(&mut real, &mut imaginary, weights, values);
            }
            let (real, imaginary) = (real.iter().sum::<f32>(), imaginary.iter().sum::<f32>());
            *out = (real * real + imaginary * imaginary).sqrt();
        }
    }
}

/// Adds the products of complex weights and values.
#[inline]
fn add(
    real: &mut [f32; LANES],
    imaginary: &mut [f32; LANES],
    (a, b): (&[f32; LANES], &[f32; LANES]),
    (re, im): (&[f32; LANES], &[f32; LANES]),
) {
    let products = a.iter().zip(b).zip(re.iter().zip(im));
    for ((real, imaginary), ((a, b), (re, im))) in real.iter_mut().zip(imaginary).zip(products) {
        *real += a * re - b * im;
        *imaginary += a * im + b * re;
    }
}

/// A filter's samples in the middle of `n_fft`, divided by that so that the sum over
/// bins is a sum over samples. The window's end, not its middle, is rounded, as
/// librosa does it.
fn samples(atom: &Atom, n_fft: usize) -> Vec<Complex64> {
    let (first, end) = ((-atom.length / 2.0).floor() as i64, (atom.length / 2.0).floor() as i64);
    let count = (end - first).max(1);
    let hann = |i: i64| match count {
        1 => 1.0,
        _ => 0.5 - 0.5 * (TAU * i as f64 / count as f64).cos(),
    };
    let sum: f64 = (0..count).map(hann).sum();
    let lead = (n_fft - (count as usize).min(n_fft)) / 2;
    let mut all = vec![Complex64::ZERO; n_fft];
    for (i, place) in (0..count).zip(all.iter_mut().skip(lead)) {
        let turn = atom.turns * (first + i) as f64;
        *place = Complex64::from_polar(hann(i) * atom.gain / sum / n_fft as f64, turn);
    }
    all
}

/// Drops the weakest bins that together hold less than `share` of the magnitudes.
fn thin(spectrum: &mut [Complex64], share: f64) {
    let mut sizes: Vec<f64> = spectrum.iter().map(|z| z.norm()).collect();
    sizes.sort_by(f64::total_cmp);
    let total: f64 = sizes.iter().sum();
    let mut sum = 0.0;
    let least = sizes.into_iter().find(|size| {
        sum += size;
        sum >= share * total
    });
    let least = least.unwrap_or(0.0);
    spectrum.iter_mut().filter(|z| z.norm() < least).for_each(|z| *z = Complex64::ZERO);
}

/// The spectra of two real frames from that of their joint transform, in parts: with
/// Z = E + iO, 2 E[k] = Z[k] + conj Z[-k] and 2i O[k] = Z[k] - conj Z[-k].
pub(crate) fn part(
    joint: &[Complex32],
    first_bin: usize,
    [even_re, even_im, odd_re, odd_im]: [&mut [f32]; 4],
) {
    let even = even_re.iter_mut().zip(even_im);
    let odd = odd_re.iter_mut().zip(odd_im);
    let last = joint.len() / 2;
    for (bin, ((even_re, even_im), (odd_re, odd_im))) in (first_bin..=last).zip(even.zip(odd)) {
        let (z, m) = (joint[bin], joint[(joint.len() - bin) % joint.len()]);
        (*even_re, *even_im) = (0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
        (*odd_re, *odd_im) = (0.5 * (z.im + m.im), 0.5 * (m.re - z.re));
    }
}
