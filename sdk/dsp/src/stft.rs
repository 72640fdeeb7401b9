//! The streaming short-time Fourier transform: samples in blocks of any size in,
//! rows of a spectrum out. The host runs one for every distinct [`StftSpec`] that
//! calculators ask for; what is made of the rows is not decided here.
//!
//! Frames are transformed in pairs (see [`crate::engine`]). The pairing depends on
//! the frame index alone, and so do the calls of the sink: how the samples were cut
//! into blocks changes no bit of the output.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::engine::{Complex, Engine, Power, Scale};
use crate::rows::Rows;
use crate::stft_spec::StftSpec;
use crate::window::pad_centre;

/// Most frames per call of the sink.
const MAX_BATCH: usize = 32;

/// Rows of one batch have about this many bins, so that they are still in the
/// cache when the sink reads them.
const BATCH_BINS: usize = 1 << 15;

/// A running short-time Fourier transform; its memory is bounded and allocated
/// once, in [`Stft::new`].
///
/// [`Stft::push`] and [`Stft::finish`] call their sink with the index of the first
/// of some frames, counted from 0, and the rows of these frames, one after the
/// other, each of [`Stft::width`] values. Frames come in order and without gaps, in
/// batches of up to 32. [`Stft::push_onto`] and [`Stft::finish_onto`] append the same
/// rows to some [`Rows`]. The window is not normalised: a sine of amplitude 1 in the
/// middle of a bin peaks at a magnitude of `sum of the window / 2`.
///
/// A row holds the power `|X|^2` of each bin or, if it was made by
/// [`Stft::complex`], `X` itself: real and imaginary part of bin 0, then of bin 1,
/// and so on. Phases are those of the frame's first sample: a frame that is the
/// cosine of a bin, beginning at its crest, has phase 0 there under a rectangular
/// window. `re * re + im * im` of a complex row is the power row bit for bit.
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
    /// Whether rows are complex.
    complex: bool,
    /// Most frames that are transformed at once.
    batch: usize,
    /// What sinks are lent.
    rows: Rows,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Stft {
    /// A transform that gives rows of power. rustfft picks the fastest code for
    /// this processor.
    pub fn new(spec: StftSpec) -> Stft {
        Stft::with_rows(spec, false)
    }

    /// A transform that gives complex rows.
    pub fn complex(spec: StftSpec) -> Stft {
        Stft::with_rows(spec, true)
    }

    fn with_rows(spec: StftSpec, complex: bool) -> Stft {
        let fft = FftPlanner::new().plan_fft_forward(spec.n_fft());
        let batch = (BATCH_BINS / spec.bins()).clamp(2, MAX_BATCH) & !1;
        let stride = spec.hop().get().min(spec.n_fft());
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        Stft {
            spec,
            fft,
            window: pad_centre(&spec.window().coefficients(spec.win_length()), spec.n_fft()),
            buffer: vec![0.0; spec.n_fft() + (batch - 1) * stride],
            filled: spec.left_padding(),
            stride,
            skip: 0,
            next_frame: 0,
            begun: false,
            complex,
            batch,
            rows: Rows::default(),
            spectrum: vec![Complex32::ZERO; spec.n_fft()],
            scratch,
        }
    }

    /// What this transform computes.
    pub fn spec(&self) -> &StftSpec {
        &self.spec
    }

    /// Values of a row: as many as bins, twice as many for complex rows.
    pub fn width(&self) -> usize {
        if self.complex { 2 * self.spec.bins() } else { self.spec.bins() }
    }

    /// Whether rows are complex.
    pub fn is_complex(&self) -> bool {
        self.complex
    }

    /// Takes the next samples of one channel, nominally within `-1.0..=1.0`, and
    /// hands every batch of frames that they complete to `sink`.
    pub fn push(&mut self, samples: &[f32], mut sink: impl FnMut(u64, &[f32])) {
        self.begin(samples);
        self.feed(samples, &mut |stft, frames| stft.lend(frames, &mut sink));
    }

    /// Ends the signal, hands the frames that remain to `sink`, and makes the
    /// transform ready for another signal.
    pub fn finish(&mut self, mut sink: impl FnMut(u64, &[f32])) {
        self.end(&mut |stft, frames| stft.lend(frames, &mut sink));
    }

    /// As [`Stft::push`], but appends the rows to `rows`: for callers who would
    /// copy them anyway.
    pub fn push_onto(&mut self, samples: &[f32], rows: &mut Rows) {
        self.begin(samples);
        self.feed(samples, &mut |stft, frames| stft.emit(frames, rows));
    }

    /// As [`Stft::finish`], but appends the rows to `rows`.
    pub fn finish_onto(&mut self, rows: &mut Rows) {
        self.end(&mut |stft, frames| stft.emit(frames, rows));
    }

    /// Forgets the signal so far, as if nothing had been pushed.
    pub fn reset(&mut self) {
        self.filled = self.spec.left_padding();
        self.buffer[..self.filled].fill(0.0);
        self.skip = 0;
        self.next_frame = 0;
        self.begun = false;
    }

    fn begin(&mut self, samples: &[f32]) {
        self.begun |= !samples.is_empty();
    }

    fn end(&mut self, emit: &mut impl FnMut(&mut Stft, usize)) {
        if self.begun {
            if self.spec.centre() {
                self.feed_zeros(self.spec.n_fft() - self.spec.left_padding(), emit);
            }
            if let Some(rest) = self.filled.checked_sub(self.spec.n_fft()) {
                emit(self, 1 + rest / self.stride);
            }
        }
        self.reset();
    }

    fn feed_zeros(&mut self, mut count: usize, emit: &mut impl FnMut(&mut Stft, usize)) {
        const ZEROS: [f32; 256] = [0.0; 256];
        while count > 0 {
            let n = count.min(ZEROS.len());
            self.feed(&ZEROS[..n], emit);
            count -= n;
        }
    }

    /// Takes samples, and calls `emit` with how many frames they complete.
    fn feed(&mut self, mut samples: &[f32], emit: &mut impl FnMut(&mut Stft, usize)) {
        let n_fft = self.spec.n_fft();
        let gap = self.spec.hop().get() - self.stride;
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
                emit(self, self.batch);
                self.buffer.copy_within(self.batch * self.stride.., 0);
                self.filled -= self.batch * self.stride;
            }
        }
    }

    /// Transforms the first `frames` frames in the buffer and lends them to `sink`.
    fn lend(&mut self, frames: usize, sink: &mut impl FnMut(u64, &[f32])) {
        let (first, mut rows) = (self.next_frame, std::mem::take(&mut self.rows));
        rows.clear();
        self.emit(frames, &mut rows);
        sink(first, rows.values());
        self.rows = rows;
    }

    /// Transforms the first `frames` frames in the buffer.
    fn emit(&mut self, frames: usize, rows: &mut Rows) {
        let rows = rows.room(frames * self.width());
        if self.complex {
            self.transform::<Complex, 2>(rows);
        } else {
            self.transform::<Power, 1>(rows);
        }
        self.next_frame += frames as u64;
    }

    fn transform<S: Scale<N>, const N: usize>(&mut self, rows: &mut [f32]) {
        let width = self.width();
        let n_fft = self.spec.n_fft();
        let starts = (0..).step_by(2 * self.stride);
        let mut engine = Engine {
            fft: &*self.fft,
            window: &self.window,
            spectrum: &mut self.spectrum,
            scratch: &mut self.scratch,
        };
        for (start, rows) in starts.zip(rows.chunks_mut(2 * width)) {
            let even = &self.buffer[start..][..n_fft];
            let (even_row, odd_row) = rows.split_at_mut(width);
            if odd_row.is_empty() {
                engine.one::<S, N>(even, even_row);
                continue;
            }
            let odd = &self.buffer[start + self.stride..][..n_fft];
            engine.two::<S, N>(even, odd, even_row, odd_row);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DspError, MAX_N_FFT, Window};
    use proptest::prelude::*;
    use std::f64::consts::TAU;
    use std::num::NonZeroUsize;

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
        let width = stft.width();
        let mut sink = |first: u64, rows: &[f32]| {
            assert_eq!(first as usize * width, all.len());
            assert!(!rows.is_empty() && rows.len().is_multiple_of(width));
            all.extend_from_slice(rows);
        };
        for block in samples.chunks(block) {
            stft.push(block, &mut sink);
        }
        stft.finish(&mut sink);
        all
    }

    /// Frame `index` by the definition, in f64: real and imaginary part of each bin.
    fn reference(spec: &StftSpec, samples: &[f32], index: usize) -> Vec<(f64, f64)> {
        let n = spec.n_fft();
        let start = (index * spec.hop().get()) as i64 - spec.left_padding() as i64;
        let lead = (n - spec.win_length()) / 2;
        let frame: Vec<f64> = (0..n)
            .map(|i| {
                let at = usize::try_from(start + i as i64).ok();
                let sample = at.and_then(|at| samples.get(at)).copied().map_or(0.0, f64::from);
                let w = i.checked_sub(lead).filter(|&w| w < spec.win_length());
                let cos = |w: usize| (TAU * w as f64 / spec.win_length() as f64).cos();
                let weight = match (w, spec.window()) {
                    (None, _) => 0.0,
                    (Some(_), _) if spec.win_length() == 1 => 1.0,
                    (Some(w), Window::Hann) => 0.5 - 0.5 * cos(w),
                    (Some(w), Window::Hamming) => 0.54 - 0.46 * cos(w),
                    (Some(w), Window::Blackman) => 0.42 - 0.5 * cos(w) + 0.08 * cos(2 * w),
                    (Some(_), Window::Rectangular) => 1.0,
                };
                sample * weight
            })
            .collect();
        let turn: Vec<(f64, f64)> = (0..n).map(|i| (TAU * i as f64 / n as f64).sin_cos()).collect();
        (0..spec.bins())
            .map(|k| {
                frame.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, x)| {
                    let (sin, cos) = turn[i * k % n];
                    (re + x * cos, im - x * sin)
                })
            })
            .collect()
    }

    /// Errors of a frame of power, and of the same frame in full, are small beside
    /// its largest magnitude.
    #[track_caller]
    fn check_frame(spec: &StftSpec, samples: &[f32], row: &[f32], index: usize) {
        let expect = reference(spec, samples, index);
        let peak = expect.iter().map(|(re, im)| re.hypot(*im)).fold(0.0, f64::max);
        let bins = row.as_chunks::<2>().0;
        for (k, expect) in expect.iter().enumerate() {
            let error = if row.len() == spec.bins() {
                (f64::from(row[k]).sqrt() - expect.0.hypot(expect.1)).abs()
            } else {
                (f64::from(bins[k][0]) - expect.0).hypot(f64::from(bins[k][1]) - expect.1)
            };
            assert!(error <= 1e-6 * peak, "{spec:?} frame {index} bin {k}: {:e}", error / peak);
        }
    }

    fn check_all_frames(spec: StftSpec, samples: &[f32]) {
        for mut stft in [Stft::new(spec), Stft::complex(spec)] {
            let rows = rows(&mut stft, samples, 777);
            assert_eq!(rows.len() as u64, spec.frames(samples.len() as u64) * stft.width() as u64);
            for (index, row) in rows.chunks(stft.width()).enumerate() {
                check_frame(&spec, samples, row, index);
            }
        }
    }

    #[test]
    fn powers_are_the_same_bits_on_both_scales() {
        let mut samples = noise(9000);
        // Loud beside quiet: some pairs are transformed one by one.
        samples[3000..5000].iter_mut().for_each(|x| *x *= 0.2);
        samples[6000..].iter_mut().for_each(|x| *x *= 1e-4);
        for spec in [spec(256, 64, 256, true), spec(251, 300, 100, true), spec(2, 1, 1, false)] {
            let power = rows(&mut Stft::new(spec), &samples, 9000);
            let complex = rows(&mut Stft::complex(spec), &samples, 100);
            let squared = complex.as_chunks::<2>().0.iter().map(|[re, im]| re * re + im * im);
            assert!(squared.map(f32::to_bits).eq(power.iter().map(|x| x.to_bits())), "{spec:?}");
        }
    }

    #[test]
    fn phases_are_those_of_the_first_sample() {
        let hop = NonZeroUsize::new(16).expect("a hop");
        let spec = StftSpec::new(16, hop, 16, Window::Rectangular, false).expect("a valid spec");
        // A cosine in bin 2; the second frame is a quarter of its period later.
        let wave = |i: usize, late: f64| (TAU * (2 * i) as f64 / 16.0 + late).cos() as f32;
        let samples: Vec<f32> =
            (0..16).map(|i| wave(i, 0.0)).chain((0..16).map(|i| wave(i, TAU / 4.0))).collect();
        let rows = rows(&mut Stft::complex(spec), &samples, 32);
        let bin = |frame: usize| (rows[frame * 18 + 4], rows[frame * 18 + 5]);
        let near = |(re, im): (f32, f32), expect: (f32, f32)| {
            (re - expect.0).abs() < 1e-5 && (im - expect.1).abs() < 1e-5
        };
        assert!(near(bin(0), (8.0, 0.0)) && near(bin(1), (0.0, 8.0)), "{:?} {:?}", bin(0), bin(1));
    }

    #[test]
    fn every_window_is_accurate() {
        let hop = NonZeroUsize::new(100).expect("a hop");
        for window in [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular] {
            for (n_fft, win_length) in [(256, 256), (256, 101), (63, 1)] {
                let spec = StftSpec::new(n_fft, hop, win_length, window, true).expect("a valid spec");
                check_all_frames(spec, &noise(2000));
            }
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
            for make in [Stft::new, Stft::complex] {
                let whole = rows(&mut make(spec), &samples, samples.len());
                for block in [1, 64, 1000, 65_536] {
                    let rows = rows(&mut make(spec), &samples, block);
                    assert!(rows.iter().map(|x| x.to_bits()).eq(whole.iter().map(|x| x.to_bits())));
                }
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
            complex: bool,
        ) {
            let win_length = 1 + (win * (n_fft - 1) as f64) as usize;
            let spec = spec(n_fft, hop, win_length, centre);
            let samples = noise(samples);
            let make = || if complex { Stft::complex(spec) } else { Stft::new(spec) };
            let width = make().width();
            let cut = rows(&mut make(), &samples, block);
            prop_assert_eq!(cut.len() as u64, spec.frames(samples.len() as u64) * width as u64);
            let whole = rows(&mut make(), &samples, samples.len().max(1));
            prop_assert!(cut == whole);
            if let Some(last) = cut.len().checked_sub(width) {
                check_frame(&spec, &samples, &cut[last..], last / width);
            }
        }
    }
}
