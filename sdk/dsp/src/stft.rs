//! The streaming short-time Fourier transform: samples in blocks of any size in,
//! rows of power spectrum out. The host runs one for every distinct [`StftSpec`]
//! that calculators ask for; what is made of the rows is not decided here.
//!
//! Frames are transformed in pairs: frame 2k is the real and frame 2k + 1 the
//! imaginary part of one complex transform, and the symmetry of real signals'
//! spectra separates them again (Press et al., *Numerical Recipes*, section 12.3).
//! The pairing depends on the frame index alone, and so do the calls of the sink:
//! how the samples were cut into blocks changes no bit of the output.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::error::DspError;
use crate::window::{Window, pad_centre};

/// The longest transform that a [`StftSpec`] accepts, in samples.
pub const MAX_N_FFT: usize = 1 << 20;

/// Most frames per call of the sink.
const MAX_BATCH: usize = 32;

/// Rows of one batch hold about this many values, so that they are still in the
/// cache when the sink reads them.
const BATCH_VALUES: usize = 1 << 15;

/// Two frames whose powers differ by more than this factor are transformed one by
/// one: the rounding errors of a joint transform are relative to the louder frame
/// and would drown the quieter one.
const JOINT_POWER_RATIO: f32 = 16.0;

/// What a short-time Fourier transform is to compute. Equal specs give equal rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StftSpec {
    n_fft: usize,
    hop: NonZeroUsize,
    win_length: usize,
    window: Window,
    centre: bool,
}

impl StftSpec {
    /// A checked specification.
    ///
    /// `n_fft` is the length of the transform in samples, within
    /// `2..=`[`MAX_N_FFT`]; it need not be even or a power of two. `hop` is the
    /// distance between frames in samples and may exceed `n_fft`. `win_length` is
    /// within `1..=n_fft`; a shorter window stands in the middle of the frame.
    ///
    /// With `centre`, frame i is centred at sample `i * hop`, the signal being
    /// continued with zeros on both sides. Without, frame i begins there.
    ///
    /// # Errors
    /// [`DspError::NFft`] and [`DspError::WinLength`] for values out of range.
    pub fn new(
        n_fft: usize,
        hop: NonZeroUsize,
        win_length: usize,
        window: Window,
        centre: bool,
    ) -> Result<StftSpec, DspError> {
        if !(2..=MAX_N_FFT).contains(&n_fft) {
            return Err(DspError::NFft(n_fft));
        }
        if !(1..=n_fft).contains(&win_length) {
            return Err(DspError::WinLength { win_length, n_fft });
        }
        Ok(StftSpec { n_fft, hop, win_length, window, centre })
    }

    /// Length of the transform, in samples.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Distance between frames, in samples.
    pub fn hop(&self) -> NonZeroUsize {
        self.hop
    }

    /// Length of the window, in samples.
    pub fn win_length(&self) -> usize {
        self.win_length
    }

    /// Shape of the window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether frame i is centred at, rather than begins with, sample `i * hop`.
    pub fn centre(&self) -> bool {
        self.centre
    }

    /// Values of a row: `n_fft / 2 + 1`. Bin k is at `k * rate / n_fft` Hz.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// How many frames `samples` samples give.
    ///
    /// Centred: `1 + samples / hop`, and none for no samples. Otherwise only whole
    /// frames count: `1 + (samples - n_fft) / hop`, and none below `n_fft` samples.
    pub fn frames(&self, samples: u64) -> u64 {
        let hop = self.hop.get() as u64;
        if self.centre {
            if samples == 0 { 0 } else { 1 + samples / hop }
        } else {
            samples.checked_sub(self.n_fft as u64).map_or(0, |rest| 1 + rest / hop)
        }
    }

    /// Zeros before the first sample. As many follow the last one that both make
    /// `n_fft`: the count of frames is then `1 + samples / hop` for odd `n_fft` too.
    fn left_padding(&self) -> usize {
        if self.centre { self.n_fft / 2 } else { 0 }
    }
}

/// A running short-time Fourier transform; its memory is bounded and allocated
/// once, in [`Stft::new`].
///
/// [`Stft::push`] and [`Stft::finish`] call their sink with the index of the first
/// of some frames, counted from 0, and the rows of power `|X|^2` of these frames,
/// one after the other, each of [`StftSpec::bins`] values. Frames come in order and
/// without gaps, in batches of up to 32. The window is not normalised: a sine of
/// amplitude 1 in the middle of a bin peaks at `(sum of the window / 2)^2`.
///
/// Errors stay below 1e-6 of the frame's largest magnitude. Rows are the same bit
/// for bit for the same samples on the same machine, however they are cut into
/// blocks; machines with different vector units may differ in the last bits. A
/// sample that is not finite spoils the frames that contain it and no others.
pub struct Stft {
    spec: StftSpec,
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Samples from the first frame not yet transformed on; it is full when it
    /// holds exactly one batch of frames.
    buffer: Vec<f32>,
    filled: usize,
    /// Distance between frames in `buffer`: samples between frames that do not
    /// touch are not kept.
    stride: usize,
    /// Samples still to be left out before the next frame begins.
    skip: usize,
    /// Index of the first frame in `buffer`.
    next_frame: u64,
    begun: bool,
    rows: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Stft {
    /// Plans the transform; rustfft picks the fastest code for this processor.
    pub fn new(spec: StftSpec) -> Stft {
        let fft = FftPlanner::new().plan_fft_forward(spec.n_fft);
        let batch = (BATCH_VALUES / spec.bins()).clamp(2, MAX_BATCH) & !1;
        let stride = spec.hop.get().min(spec.n_fft);
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        Stft {
            spec,
            fft,
            window: pad_centre(&spec.window.coefficients(spec.win_length), spec.n_fft),
            buffer: vec![0.0; spec.n_fft + (batch - 1) * stride],
            filled: spec.left_padding(),
            stride,
            skip: 0,
            next_frame: 0,
            begun: false,
            rows: vec![0.0; batch * spec.bins()],
            spectrum: vec![Complex32::ZERO; spec.n_fft],
            scratch,
        }
    }

    /// What this transform computes.
    pub fn spec(&self) -> &StftSpec {
        &self.spec
    }

    /// Takes the next samples of one channel, nominally within `-1.0..=1.0`, and
    /// hands every batch of frames that they complete to `sink`.
    pub fn push(&mut self, samples: &[f32], mut sink: impl FnMut(u64, &[f32])) {
        self.begun |= !samples.is_empty();
        self.feed(samples, &mut sink);
    }

    /// Ends the signal, hands the frames that remain to `sink`, and makes the
    /// transform ready for another signal.
    pub fn finish(&mut self, mut sink: impl FnMut(u64, &[f32])) {
        if self.begun {
            if self.spec.centre {
                self.feed_zeros(self.spec.n_fft - self.spec.left_padding(), &mut sink);
            }
            if let Some(rest) = self.filled.checked_sub(self.spec.n_fft) {
                self.emit(1 + rest / self.stride, &mut sink);
            }
        }
        self.reset();
    }

    /// Forgets the signal so far, as if nothing had been pushed.
    pub fn reset(&mut self) {
        self.filled = self.spec.left_padding();
        self.buffer[..self.filled].fill(0.0);
        self.skip = 0;
        self.next_frame = 0;
        self.begun = false;
    }

    fn feed_zeros(&mut self, mut count: usize, sink: &mut impl FnMut(u64, &[f32])) {
        const ZEROS: [f32; 256] = [0.0; 256];
        while count > 0 {
            let n = count.min(ZEROS.len());
            self.feed(&ZEROS[..n], sink);
            count -= n;
        }
    }

    fn feed(&mut self, mut samples: &[f32], sink: &mut impl FnMut(u64, &[f32])) {
        let n_fft = self.spec.n_fft;
        let gap = self.spec.hop.get() - self.stride;
        while !samples.is_empty() {
            let left_out = self.skip.min(samples.len());
            self.skip -= left_out;
            samples = &samples[left_out..];

            let room = match gap {
                0 => self.buffer.len() - self.filled,
                _ => n_fft - self.filled % n_fft,
            };
            let (kept, rest) = samples.split_at(room.min(samples.len()));
            self.buffer[self.filled..][..kept.len()].copy_from_slice(kept);
            self.filled += kept.len();
            samples = rest;

            if kept.len() == room {
                self.skip = gap;
            }
            if self.filled == self.buffer.len() {
                let batch = self.rows.len() / self.spec.bins();
                self.emit(batch, sink);
                self.buffer.copy_within(batch * self.stride.., 0);
                self.filled -= batch * self.stride;
            }
        }
    }

    /// Transforms the first `frames` frames in the buffer and hands them out.
    fn emit(&mut self, frames: usize, sink: &mut impl FnMut(u64, &[f32])) {
        self.transform(frames);
        sink(self.next_frame, &self.rows[..frames * self.spec.bins()]);
        self.next_frame += frames as u64;
    }

    fn transform(&mut self, frames: usize) {
        let bins = self.spec.bins();
        let n_fft = self.spec.n_fft;
        let rows = self.rows[..frames * bins].chunks_mut(2 * bins);
        let starts = (0..).step_by(2 * self.stride);
        let mut engine = Engine {
            fft: &*self.fft,
            window: &self.window,
            spectrum: &mut self.spectrum,
            scratch: &mut self.scratch,
        };
        for (start, rows) in starts.zip(rows) {
            let even = &self.buffer[start..][..n_fft];
            let (even_row, odd_row) = rows.split_at_mut(bins);
            if odd_row.is_empty() {
                engine.single(even, even_row);
                continue;
            }
            let odd = &self.buffer[start + self.stride..][..n_fft];
            engine.pair(even, odd, even_row, odd_row);
            if !comparable(sum(even_row), sum(odd_row)) {
                engine.single(even, even_row);
                engine.single(odd, odd_row);
            }
        }
    }
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft")
            .field("spec", &self.spec)
            .field("next_frame", &self.next_frame)
            .finish_non_exhaustive()
    }
}

/// The parts of a [`Stft`] that turn frames into rows.
struct Engine<'a> {
    fft: &'a dyn Fft<f32>,
    window: &'a [f32],
    spectrum: &'a mut [Complex32],
    scratch: &'a mut [Complex32],
}

impl Engine<'_> {
    fn pair(&mut self, even: &[f32], odd: &[f32], even_row: &mut [f32], odd_row: &mut [f32]) {
        let frames = even.iter().zip(odd).zip(self.window);
        for (z, ((&a, &b), &w)) in self.spectrum.iter_mut().zip(frames) {
            *z = Complex32::new(a * w, b * w);
        }
        self.fft.process_with_scratch(self.spectrum, self.scratch);

        // With Z = E + iO and E, O the spectra of real signals:
        // 2 E[k] = Z[k] + conj Z[-k] and 2i O[k] = Z[k] - conj Z[-k].
        let (Some((even_dc, even_row)), Some((odd_dc, odd_row))) =
            (even_row.split_first_mut(), odd_row.split_first_mut())
        else {
            return;
        };
        let dc = self.spectrum[0];
        *even_dc = dc.re * dc.re;
        *odd_dc = dc.im * dc.im;
        let mirrored = self.spectrum[1..].iter().zip(self.spectrum.iter().rev());
        for ((e, o), (z, m)) in even_row.iter_mut().zip(odd_row).zip(mirrored) {
            let (e_re, e_im) = (z.re + m.re, z.im - m.im);
            let (o_re, o_im) = (z.im + m.im, m.re - z.re);
            *e = 0.25 * (e_re * e_re + e_im * e_im);
            *o = 0.25 * (o_re * o_re + o_im * o_im);
        }
    }

    fn single(&mut self, frame: &[f32], row: &mut [f32]) {
        for (z, (&a, &w)) in self.spectrum.iter_mut().zip(frame.iter().zip(self.window)) {
            *z = Complex32::new(a * w, 0.0);
        }
        self.fft.process_with_scratch(self.spectrum, self.scratch);
        for (power, z) in row.iter_mut().zip(&*self.spectrum) {
            *power = z.norm_sqr();
        }
    }
}

/// Whether two frames of these total powers may share a transform. Not if either
/// is NaN, since then both are.
fn comparable(a: f32, b: f32) -> bool {
    a <= JOINT_POWER_RATIO * b && b <= JOINT_POWER_RATIO * a
}

/// The sum of a row in independent lanes, which the compiler can vectorise.
fn sum(row: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let chunks = row.chunks_exact(lanes.len());
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn spec(n_fft: usize, hop: usize, win_length: usize, centre: bool) -> StftSpec {
        let hop = NonZeroUsize::new(hop).expect("a hop");
        StftSpec::new(n_fft, hop, win_length, Window::Hann, centre).expect("a valid spec")
    }

    /// Noise within -1..1 from Knuth's MMIX generator.
    fn noise(length: usize) -> Vec<f32> {
        let mut state = 12345u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    /// All rows of a signal that is pushed in blocks of this many samples.
    fn rows(stft: &mut Stft, samples: &[f32], block: usize) -> Vec<f32> {
        let mut all = Vec::new();
        let bins = stft.spec().bins();
        let mut sink = |first: u64, rows: &[f32]| {
            assert_eq!(first as usize * bins, all.len());
            assert!(!rows.is_empty() && rows.len().is_multiple_of(bins));
            all.extend_from_slice(rows);
        };
        for block in samples.chunks(block) {
            stft.push(block, &mut sink);
        }
        stft.finish(&mut sink);
        all
    }

    /// The magnitudes of frame `index` by the definition, in f64.
    fn reference(spec: &StftSpec, samples: &[f32], index: usize) -> Vec<f64> {
        let n = spec.n_fft();
        let start = (index * spec.hop().get()) as i64 - spec.left_padding() as i64;
        let lead = (n - spec.win_length()) / 2;
        let frame: Vec<f64> = (0..n)
            .map(|i| {
                let at = usize::try_from(start + i as i64).ok();
                let sample = at.and_then(|at| samples.get(at)).copied().map_or(0.0, f64::from);
                let w = i.checked_sub(lead).filter(|&w| w < spec.win_length());
                let hann = |w| 0.5 - 0.5 * (TAU * w as f64 / spec.win_length() as f64).cos();
                let weight = match w {
                    Some(_) if spec.win_length() == 1 => 1.0,
                    Some(w) => hann(w),
                    None => 0.0,
                };
                sample * weight
            })
            .collect();
        let turn: Vec<(f64, f64)> = (0..n).map(|i| (TAU * i as f64 / n as f64).sin_cos()).collect();
        (0..spec.bins())
            .map(|k| {
                let (re, im) = frame.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, x)| {
                    let (sin, cos) = turn[i * k % n];
                    (re + x * cos, im - x * sin)
                });
                re.hypot(im)
            })
            .collect()
    }

    /// Largest error of a frame's magnitudes relative to its largest magnitude.
    #[track_caller]
    fn check_frame(spec: &StftSpec, samples: &[f32], row: &[f32], index: usize) {
        let expect = reference(spec, samples, index);
        let peak = expect.iter().copied().fold(0.0, f64::max);
        for (k, (&power, expect)) in row.iter().zip(&expect).enumerate() {
            let error = (f64::from(power).sqrt() - expect).abs();
            assert!(error <= 1e-6 * peak, "{spec:?} frame {index} bin {k}: {:e}", error / peak);
        }
    }

    fn check_all_frames(spec: StftSpec, samples: &[f32]) {
        let rows = rows(&mut Stft::new(spec), samples, 777);
        assert_eq!(rows.len() as u64, spec.frames(samples.len() as u64) * spec.bins() as u64);
        for (index, row) in rows.chunks(spec.bins()).enumerate() {
            check_frame(&spec, samples, row, index);
        }
    }

    #[test]
    fn parameters_are_checked() {
        #[track_caller]
        fn check(n_fft: usize, win_length: usize, expect: Option<DspError>) {
            let spec = StftSpec::new(n_fft, NonZeroUsize::MIN, win_length, Window::Hann, true);
            assert_eq!(spec.err(), expect);
        }
        check(2, 1, None);
        check(MAX_N_FFT, MAX_N_FFT, None);
        check(1, 1, Some(DspError::NFft(1)));
        check(MAX_N_FFT + 1, 1, Some(DspError::NFft(MAX_N_FFT + 1)));
        check(4, 0, Some(DspError::WinLength { win_length: 0, n_fft: 4 }));
        check(4, 5, Some(DspError::WinLength { win_length: 5, n_fft: 4 }));
    }

    #[test]
    fn frame_counts() {
        #[track_caller]
        fn check(centre: bool, n_fft: usize, hop: usize, cases: &[(usize, u64)]) {
            let spec = spec(n_fft, hop, n_fft, centre);
            let mut stft = Stft::new(spec);
            for &(samples, expect) in cases {
                assert_eq!(spec.frames(samples as u64), expect, "{spec:?}, {samples}");
                let rows = rows(&mut stft, &noise(samples), 100);
                assert_eq!(rows.len(), expect as usize * spec.bins(), "{spec:?}, {samples}");
            }
        }
        check(true, 8, 4, &[(0, 0), (1, 1), (3, 1), (4, 2), (7, 2), (8, 3), (1000, 251)]);
        check(true, 7, 4, &[(0, 0), (1, 1), (3, 1), (4, 2), (7, 2), (8, 3), (1000, 251)]);
        check(true, 8, 20, &[(0, 0), (1, 1), (19, 1), (20, 2), (39, 2), (40, 3), (2000, 101)]);
        check(true, 2, 1, &[(0, 0), (1, 2), (2, 3), (500, 501)]);
        check(true, 2048, 512, &[(88_200, 173)]);
        check(false, 8, 4, &[(0, 0), (7, 0), (8, 1), (11, 1), (12, 2), (1000, 249)]);
        check(false, 8, 20, &[(0, 0), (7, 0), (8, 1), (27, 1), (28, 2), (2000, 100)]);
        let vast = spec(8, usize::MAX, 8, true);
        assert_eq!(vast.frames(u64::MAX), 2);
        assert_eq!(rows(&mut Stft::new(vast), &noise(100), 7).len(), vast.bins());
    }

    #[test]
    fn blocks_of_any_size_give_the_same_bits() {
        for (spec, samples) in [
            (spec(2048, 512, 2048, true), 150_000),
            (spec(512, 700, 300, true), 70_000),
            (spec(64, 1, 64, false), 3_000),
        ] {
            let samples = noise(samples);
            let whole = rows(&mut Stft::new(spec), &samples, samples.len());
            for block in [1, 64, 1000, 65_536] {
                let rows = rows(&mut Stft::new(spec), &samples, block);
                assert!(rows.iter().map(|x| x.to_bits()).eq(whole.iter().map(|x| x.to_bits())));
            }
        }
    }

    #[test]
    fn a_transform_can_be_used_again() {
        let spec = spec(64, 48, 64, true);
        let mut stft = Stft::new(spec);
        let first = rows(&mut stft, &noise(1000), 10);
        stft.push(&noise(300), |_, _| ());
        stft.reset();
        assert_eq!(rows(&mut stft, &noise(1000), 10), first);
        stft.finish(|_, _| panic!("no samples, no frames"));
    }

    #[test]
    fn is_accurate() {
        check_all_frames(spec(2048, 512, 2048, true), &noise(9000));
        check_all_frames(spec(2048, 512, 1200, false), &noise(5000));
        check_all_frames(spec(1000, 441, 1000, true), &noise(5000));
        check_all_frames(spec(251, 100, 250, true), &noise(3000));
        check_all_frames(spec(16, 50, 9, true), &noise(3000));
        check_all_frames(spec(2, 1, 1, true), &noise(300));
        check_all_frames(spec(3, 1, 3, false), &noise(300));
    }

    #[test]
    fn a_quiet_frame_is_accurate_beside_a_loud_one() {
        for (loud, quiet) in [(1.0, 0.3), (1.0, 1e-3), (1.0, 1e-7), (1e-6, 1e-12), (1e6, 1e-6)] {
            let mut samples = noise(4096);
            samples[..2048].iter_mut().for_each(|x| *x *= loud);
            samples[2048..].iter_mut().for_each(|x| *x *= quiet);
            check_all_frames(spec(2048, 2048, 2048, false), &samples);
            check_all_frames(spec(2048, 1024, 2048, true), &samples);
        }
    }

    #[test]
    fn silence_beside_a_loud_frame_is_exactly_zero() {
        let mut samples = noise(4096);
        samples[2048..].fill(0.0);
        let rows = rows(&mut Stft::new(spec(2048, 2048, 2048, false)), &samples, 4096);
        assert!(rows[1025..].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn a_bad_sample_spoils_only_the_frames_that_contain_it() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let spec = spec(64, 32, 64, true);
            let clean = noise(1000);
            let mut samples = clean.clone();
            samples[500] = bad;
            let rows = rows(&mut Stft::new(spec), &samples, 1000);
            for (index, row) in rows.chunks(spec.bins()).enumerate() {
                if index == 15 || index == 16 {
                    assert!(row.iter().all(|x| !x.is_finite()), "{bad}, frame {index}");
                } else {
                    check_frame(&spec, &clean, row, index);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn counts_and_bits_do_not_depend_on_blocks(
            n_fft in 2usize..80,
            hop in 1usize..200,
            win in 0.0f64..1.0,
            centre: bool,
            samples in 0usize..3000,
            block in 1usize..400,
        ) {
            let win_length = 1 + (win * (n_fft - 1) as f64) as usize;
            let spec = spec(n_fft, hop, win_length, centre);
            let samples = noise(samples);
            let cut = rows(&mut Stft::new(spec), &samples, block);
            prop_assert_eq!(cut.len() as u64, spec.frames(samples.len() as u64) * spec.bins() as u64);
            let whole = rows(&mut Stft::new(spec), &samples, samples.len().max(1));
            prop_assert!(cut == whole);
            if let Some(last) = cut.len().checked_sub(spec.bins()) {
                check_frame(&spec, &samples, &cut[last..], last / spec.bins());
            }
        }
    }
}
