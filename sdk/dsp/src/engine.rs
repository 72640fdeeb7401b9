//! From frames of samples to rows of a spectrum: the window, the transform of
//! two frames at once, and what becomes of each bin.
//!
//! Frame 2k is the real and frame 2k + 1 the imaginary part of one complex
//! transform, and the symmetry of real signals' spectra separates them again
//! (Press et al., *Numerical Recipes*, section 12.3).

use rustfft::Fft;
use rustfft::num_complex::Complex32;

use crate::wide::wide;

/// Two frames whose powers differ by more than this factor are transformed one by
/// one: the rounding errors of a joint transform are relative to the louder frame
/// and would drown the quieter one.
const JOINT_POWER_RATIO: f32 = 16.0;

/// What becomes of a bin: so many values of a row.
pub(crate) trait Scale<const VALUES: usize> {
    fn bin(re: f32, im: f32) -> [f32; VALUES];
    fn power(bin: &[f32; VALUES]) -> f32;
}

/// `|X|^2`.
pub(crate) struct Power;

impl Scale<1> for Power {
    #[inline(always)]
    fn bin(re: f32, im: f32) -> [f32; 1] {
        [re * re + im * im]
    }

    #[inline(always)]
    fn power([power]: &[f32; 1]) -> f32 {
        *power
    }
}

/// `X` itself: real and imaginary part.
pub(crate) struct Complex;

impl Scale<2> for Complex {
    #[inline(always)]
    fn bin(re: f32, im: f32) -> [f32; 2] {
        [re, im]
    }

    #[inline(always)]
    fn power([re, im]: &[f32; 2]) -> f32 {
        re * re + im * im
    }
}

/// The parts of a [`Stft`](crate::Stft) that turn frames into rows.
pub(crate) struct Engine<'a> {
    pub(crate) fft: &'a dyn Fft<f32>,
    pub(crate) window: &'a [f32],
    pub(crate) spectrum: &'a mut [Complex32],
    pub(crate) scratch: &'a mut [Complex32],
}

impl Engine<'_> {
    /// The rows of two frames.
    pub(crate) fn two<S: Scale<N>, const N: usize>(
        &mut self,
        even: &[f32],
        odd: &[f32],
        even_row: &mut [f32],
        odd_row: &mut [f32],
    ) {
        let (even_bins, odd_bins) = (even_row.as_chunks_mut().0, odd_row.as_chunks_mut().0);
        let (spectrum, window) = (&mut *self.spectrum, self.window);
        wide(
            #[inline(always)]
            || join(even, odd, window, spectrum),
        );
        self.fft.process_with_scratch(spectrum, self.scratch);
        let fine = wide(
            #[inline(always)]
            || {
                part::<S, N>(spectrum, even_bins, odd_bins);
                comparable(sum::<S, N>(even_bins), sum::<S, N>(odd_bins))
            },
        );
        if !fine {
            self.one::<S, N>(even, even_row);
            self.one::<S, N>(odd, odd_row);
        }
    }

    /// The row of one frame.
    pub(crate) fn one<S: Scale<N>, const N: usize>(&mut self, frame: &[f32], row: &mut [f32]) {
        for (z, (&a, &w)) in self.spectrum.iter_mut().zip(frame.iter().zip(self.window)) {
            *z = Complex32::new(a * w, 0.0);
        }
        self.fft.process_with_scratch(self.spectrum, self.scratch);
        for (bin, z) in row.as_chunks_mut().0.iter_mut().zip(&*self.spectrum) {
            *bin = S::bin(z.re, z.im);
        }
    }
}

/// Two frames, windowed, as real and imaginary parts.
#[inline(always)]
fn join(even: &[f32], odd: &[f32], window: &[f32], spectrum: &mut [Complex32]) {
    for (z, ((&a, &b), &w)) in spectrum.iter_mut().zip(even.iter().zip(odd).zip(window)) {
        *z = Complex32::new(a * w, b * w);
    }
}

/// The bins of the two frames that a spectrum holds.
///
/// With Z = E + iO and E, O the spectra of real signals:
/// 2 E[k] = Z[k] + conj Z[-k] and 2i O[k] = Z[k] - conj Z[-k].
#[inline(always)]
fn part<S: Scale<N>, const N: usize>(
    spectrum: &[Complex32],
    even_bins: &mut [[f32; N]],
    odd_bins: &mut [[f32; N]],
) {
    let (Some((even_dc, even_bins)), Some((odd_dc, odd_bins))) =
        (even_bins.split_first_mut(), odd_bins.split_first_mut())
    else {
        return;
    };
    let dc = spectrum[0];
    *even_dc = S::bin(dc.re, 0.0);
    *odd_dc = S::bin(dc.im, 0.0);
    let mirrored = spectrum[1..].iter().zip(spectrum.iter().rev());
    for ((e, o), (z, m)) in even_bins.iter_mut().zip(odd_bins).zip(mirrored) {
        *e = S::bin(0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
        *o = S::bin(0.5 * (z.im + m.im), 0.5 * (m.re - z.re));
    }
}

/// Whether two frames of these total powers may share a transform. Not if either
/// is NaN, since then both are.
fn comparable(a: f32, b: f32) -> bool {
    a <= JOINT_POWER_RATIO * b && b <= JOINT_POWER_RATIO * a
}

/// The power of a row in independent sums, which the compiler can vectorise. It
/// is the same bit for bit on every scale, and so is what follows from it.
#[inline(always)]
fn sum<S: Scale<N>, const N: usize>(bins: &[[f32; N]]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = bins.as_chunks::<16>();
    let rest: f32 = rest.iter().map(S::power).sum();
    for chunk in chunks {
        for (lane, bin) in lanes.iter_mut().zip(chunk) {
            *lane += S::power(bin);
        }
    }
    lanes.iter().sum::<f32>() + rest
}
