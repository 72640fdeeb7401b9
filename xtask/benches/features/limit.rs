//! What no spectral feature can be faster than: the transforms alone, and the power
//! spectrum kept, written as plainly as can be. Two real frames go through one complex
//! transform.

use std::f32::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

pub(crate) const N_FFT: usize = 2048;
pub(crate) const HOP: usize = 512;
const BINS: usize = N_FFT / 2 + 1;

pub(crate) struct Limit {
    transform: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    packed: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// The signal with half a window of zeros on both sides.
    padded: Vec<f32>,
    /// Frame by frame.
    power: Vec<f32>,
}

impl Limit {
    pub(crate) fn new(mono: &[f32]) -> Self {
        let transform = FftPlanner::new().plan_fft_forward(N_FFT);
        let scratch = vec![Complex::default(); transform.get_inplace_scratch_len()];
        let window = (0..N_FFT).map(|n| 0.5 - 0.5 * (TAU * n as f32 / N_FFT as f32).cos());
        let frames = 1 + mono.len() / HOP;
        let zeros = [0.0; N_FFT / 2];
        Self {
            transform,
            window: window.collect(),
            packed: vec![Complex::default(); N_FFT],
            scratch,
            padded: [&zeros, mono, &zeros, &[0.0; HOP]].concat(),
            power: vec![0.0; frames.next_multiple_of(2) * BINS],
        }
    }

    /// As many transforms as the frames need, of what stands in the cache.
    pub(crate) fn transforms(&mut self) {
        for _ in 0..self.power.len() / (2 * BINS) {
            // Otherwise values would grow without end.
            self.packed.fill(Complex { re: 0.5, im: 0.25 });
            self.transform.process_with_scratch(&mut self.packed, &mut self.scratch);
        }
    }

    /// The power spectrum of all frames.
    pub(crate) fn power(&mut self) {
        let Self { transform, window, packed, scratch, padded, power } = self;
        for (pair, two) in power.chunks_exact_mut(2 * BINS).enumerate() {
            let Some(first) = padded.get(2 * pair * HOP..) else { break };
            let second = first.get(HOP..).unwrap_or_default();
            for (((z, w), a), b) in packed.iter_mut().zip(&*window).zip(first).zip(second) {
                *z = Complex { re: a * w, im: b * w };
            }
            transform.process_with_scratch(packed, scratch);
            let (a, b) = two.split_at_mut(BINS);
            (a[0], b[0]) = (packed[0].re.powi(2), packed[0].im.powi(2));
            let mirrored = packed[BINS - 1..].iter().rev();
            let pairs = packed[1..BINS].iter().zip(mirrored);
            for ((z, m), (a, b)) in pairs.zip(a[1..].iter_mut().zip(&mut b[1..])) {
                let (sum, difference) = (z + m.conj(), z - m.conj());
                *a = 0.25 * sum.norm_sqr();
                *b = 0.25 * difference.norm_sqr();
            }
        }
        std::hint::black_box(power);
    }
}
