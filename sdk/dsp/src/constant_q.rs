//! The streaming constant-Q transform: samples in blocks of any size in, rows of
//! magnitudes out. Filters are multiplied with spectra (J. Brown and M. Puckette, *An
//! efficient algorithm for the calculation of a constant Q transform*, 1992), octave
//! by octave at halved rates (C. Schörkhuber and A. Klapuri, *Constant-Q transform
//! toolbox for music processing*, 2010). Called by calculators.
//!
//! Work is done in steps of a fixed number of frames, which begin at fixed samples:
//! how the samples were cut into blocks changes no bit of the output.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::constant_q_kernel::{Kernels, part};
use crate::constant_q_spec::{ConstantQSpec, Octave, Plan};
use crate::error::DspError;
use crate::half_band::HalfBand;

/// Samples of a step, about.
const STEP_SAMPLES: usize = 8192;

/// As for [`crate::Stft`]: frames whose powers differ by more are transformed one by
/// one.
const JOINT_POWER_RATIO: f32 = 16.0;

/// A running constant-Q transform; its memory is bounded and allocated once.
///
/// [`ConstantQ::push`] and [`ConstantQ::finish`] call their sink with the index of
/// the first of some frames, counted from 0, and the rows of these frames, each of
/// [`ConstantQSpec::n_bins`] magnitudes, lowest bin first. Frame `i` is centred at
/// sample `i * hop`; the signal is continued with zeros on both sides.
///
/// With `N_k = Q rate / f_k` samples under filter `k`, `w` its Hann window with a
/// sum of 1, and `Q` as [`ConstantQSpec`] says, bin `k` of a frame centred at `c` is
/// `sqrt(N_k) |sum w(n) x(c + n) exp(-2 pi i f_k n / rate)|`: a sine of amplitude 1
/// gives `sqrt(N_k) / 2`.
///
/// The ends of the windows fall on samples of the octave's rate, as librosa's do;
/// that makes most of the difference to the definition at the full rate, which is
/// within 1.5e-2 of the greatest magnitude. The spectra of two frames that were
/// transformed together are within 1e-6 of the louder one's magnitudes.
///
/// A frame that holds a sample which is not finite has NaN in the bins concerned,
/// and so has one whose magnitudes are beyond f32.
pub struct ConstantQ {
    n_bins: usize,
    hop: usize,
    /// Frames of a step.
    frames: usize,
    levels: Vec<Level>,
    octaves: Vec<Transform>,
    /// Rows of the frames that some octave still waits for, and of this step.
    rows: Vec<f32>,
    /// How many steps late the latest octave is, in frames.
    lag: usize,
    /// Samples of the step under way.
    filled: usize,
    steps: u64,
    samples: u64,
    odd: Vec<f32>,
}

/// The signal at a halved rate.
struct Level {
    hop: usize,
    /// Samples from before this step.
    history: usize,
    /// How many samples it is behind.
    delay: usize,
    buffer: Vec<f32>,
    /// To the next level.
    filter: Option<HalfBand>,
}

/// An octave's transform.
struct Transform {
    level: usize,
    first_bin: usize,
    n_bins: usize,
    /// How many frames it is behind.
    lag: usize,
    fft: Arc<dyn Fft<f32>>,
    kernels: Kernels,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Real and imaginary parts of the bins that filters use, of two frames.
    parts: [Vec<f32>; 4],
}

impl ConstantQ {
    /// Plans the transform.
    ///
    /// # Errors
    /// The variant of [`DspError`] that names the parameter out of range.
    pub fn new(spec: &ConstantQSpec) -> Result<Self, DspError> {
        let plan = Plan::new(spec)?;
        let frames = (STEP_SAMPLES / spec.hop).clamp(2, 64) & !1;
        let depth = plan.octaves.iter().map(|octave| octave.level).max().unwrap_or(0);
        let mut levels: Vec<Level> = vec![];
        for level in 0..=depth {
            let delay = levels.last().map_or(0, |above: &Level| {
                let reach = above.filter.as_ref().map_or(0, HalfBand::reach);
                (above.delay + reach - 1).div_ceil(2)
            });
            let filter = (level < depth).then(|| HalfBand::new(plan.edge_below(level)));
            levels.push(Level { hop: spec.hop >> level, history: 0, delay, buffer: vec![], filter });
        }
        let mut planner = FftPlanner::new();
        let mut octaves = vec![];
        for octave in &plan.octaves {
            let level = &mut levels[octave.level];
            let half = octave.n_fft / 2;
            let lag = (level.delay + half).div_ceil(level.hop) - 1;
            level.history = level.history.max((lag * level.hop + half).saturating_sub(level.delay));
            octaves.push(Transform::new(octave, lag, &mut planner, spec.sparsity));
        }
        for index in 0..depth {
            let below = levels[index + 1].delay;
            let level = &mut levels[index];
            let reach = level.filter.as_ref().map_or(0, HalfBand::reach);
            level.history = level.history.max((2 * below + reach).saturating_sub(level.delay));
        }
        for level in &mut levels {
            level.buffer = vec![0.0; level.history + frames * level.hop];
        }
        let lag = octaves.iter().map(|octave| octave.lag).max().unwrap_or(0);
        Ok(Self {
            n_bins: spec.n_bins,
            hop: spec.hop,
            frames,
            levels,
            octaves,
            rows: vec![0.0; (lag + frames) * spec.n_bins],
            lag,
            filled: 0,
            steps: 0,
            samples: 0,
            odd: vec![],
        })
    }

    /// Values of a row.
    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// How far after a frame's centre the input must reach before the frame comes,
    /// in samples, at most.
    pub fn latency(&self) -> usize {
        (self.lag + self.frames) * self.hop
    }

    /// Takes the next samples and hands every batch of frames that they complete to
    /// `sink`.
    pub fn push(&mut self, samples: &[f32], mut sink: impl FnMut(u64, &[f32])) {
        self.samples += samples.len() as u64;
        self.feed(samples, u64::MAX, &mut sink);
    }

    /// Ends the signal: hands the frames that remain to `sink`, of
    /// `1 + samples / hop` in all (none of no samples), and makes the transform ready
    /// for another signal.
    pub fn finish(&mut self, mut sink: impl FnMut(u64, &[f32])) {
        let total = if self.samples == 0 { 0 } else { 1 + self.samples / self.hop as u64 };
        const ZEROS: [f32; 1024] = [0.0; 1024];
        while self.steps * (self.frames as u64) < total + self.lag as u64 {
            let missing = self.frames * self.hop - self.filled;
            self.feed(&ZEROS[..missing.min(ZEROS.len())], total, &mut sink);
        }
        self.reset();
    }

    /// Forgets the signal so far, as if nothing had been pushed.
    pub fn reset(&mut self) {
        self.levels.iter_mut().for_each(|level| level.buffer.fill(0.0));
        self.rows.fill(0.0);
        (self.filled, self.steps, self.samples) = (0, 0, 0);
    }

    fn feed(&mut self, mut samples: &[f32], total: u64, sink: &mut impl FnMut(u64, &[f32])) {
        while !samples.is_empty() {
            let top = &mut self.levels[0];
            let room = self.frames * self.hop - self.filled;
            let (now, later) = samples.split_at(room.min(samples.len()));
            top.buffer[top.history + self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            if now.len() == room {
                self.step(total, sink);
            }
        }
    }

    /// Computes the frames of a step, whose samples are complete.
    fn step(&mut self, total: u64, sink: &mut impl FnMut(u64, &[f32])) {
        let (width, frames, lag) = (self.n_bins, self.frames, self.lag);
        for index in 1..self.levels.len() {
            let (above, below) = self.levels.split_at_mut(index);
            let (Some(above), Some(below)) = (above.last(), below.first_mut()) else { break };
            if let Some(filter) = &above.filter {
                let first = above.history + above.delay - 2 * below.delay;
                filter.apply(&above.buffer, first, &mut below.buffer[below.history..], &mut self.odd);
            }
        }
        for octave in &mut self.octaves {
            let level = &self.levels[octave.level];
            let half = octave.spectrum.len() / 2;
            let first = level.history + level.delay - octave.lag * level.hop - half;
            let rows = &mut self.rows[(lag - octave.lag) * width..][..frames * width];
            octave.frames(&level.buffer[first..], level.hop, rows, width);
        }
        for level in &mut self.levels {
            level.buffer.copy_within(frames * level.hop.., 0);
        }
        self.filled = 0;
        self.steps += 1;
        let end = (self.steps * frames as u64).saturating_sub(lag as u64).min(total);
        let first = ((self.steps - 1) * frames as u64).saturating_sub(lag as u64);
        if end > first {
            // Rows end with the last frame of the step, but for those beyond the total.
            let skipped = (first + lag as u64 - (self.steps - 1) * frames as u64) as usize;
            sink(first, &self.rows[skipped * width..][..(end - first) as usize * width]);
        }
        self.rows.copy_within(frames * width.., 0);
    }
}

impl Transform {
    fn new(octave: &Octave, lag: usize, planner: &mut FftPlanner<f32>, sparsity: f64) -> Self {
        let fft = planner.plan_fft_forward(octave.n_fft);
        let kernels = Kernels::new(&octave.atoms, octave.n_fft, sparsity);
        Self {
            level: octave.level,
            first_bin: octave.first_bin,
            n_bins: octave.atoms.len(),
            lag,
            spectrum: vec![Complex32::ZERO; octave.n_fft],
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            parts: std::array::from_fn(|_| vec![0.0; kernels.bins]),
            fft,
            kernels,
        }
    }

    /// The octave's bins of all frames of a step.
    fn frames(&mut self, samples: &[f32], hop: usize, rows: &mut [f32], width: usize) {
        let n_fft = self.spectrum.len();
        for (pair, rows) in rows.chunks_mut(2 * width).enumerate() {
            let even = &samples[2 * pair * hop..][..n_fft];
            let odd = &samples[(2 * pair + 1) * hop..][..n_fft];
            let (even_row, odd_row) = rows.split_at_mut(width);
            let bins = self.first_bin..self.first_bin + self.n_bins;
            let (even_row, odd_row) = (&mut even_row[bins.clone()], &mut odd_row[bins]);
            let (a, b) = (power(even), power(odd));
            if a > 0.0 && a <= JOINT_POWER_RATIO * b && b <= JOINT_POWER_RATIO * a {
                self.two(even, odd, even_row, odd_row);
            } else {
                self.one(even, even_row);
                self.one(odd, odd_row);
            }
        }
    }

    fn one(&mut self, frame: &[f32], row: &mut [f32]) {
        if frame.iter().all(|&x| x == 0.0) {
            row.fill(0.0);
        } else {
            self.two(frame, &[], row, &mut []);
        }
    }

    /// The bins of two frames, or of one if there is no row for the other.
    fn two(&mut self, even: &[f32], odd: &[f32], even_row: &mut [f32], odd_row: &mut [f32]) {
        if odd.is_empty() {
            let frame = self.spectrum.iter_mut().zip(even);
            frame.for_each(|(z, &a)| *z = Complex32::new(a, 0.0));
        } else {
            let frames = self.spectrum.iter_mut().zip(even.iter().zip(odd));
            frames.for_each(|(z, (&a, &b))| *z = Complex32::new(a, b));
        }
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        let [even_re, even_im, odd_re, odd_im] = &mut self.parts;
        part(&self.spectrum, self.kernels.first_bin, [even_re, even_im, odd_re, odd_im]);
        self.kernels.apply(even_re, even_im, even_row);
        self.kernels.apply(odd_re, odd_im, odd_row);
        for value in even_row.iter_mut().chain(odd_row) {
            *value = if value.is_finite() { *value } else { f32::NAN };
        }
    }
}

impl fmt::Debug for ConstantQ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConstantQ")
            .field("n_bins", &self.n_bins)
            .field("hop", &self.hop)
            .finish_non_exhaustive()
    }
}

/// The sum of squares in independent sums, which the compiler can vectorise.
fn power(samples: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = samples.as_chunks::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x * x;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const SPEC: ConstantQSpec = ConstantQSpec {
        rate_hz: 22_050.0,
        hop: 512,
        fmin: 32.703_195_662_574_83,
        n_bins: 84,
        bins_per_octave: 12,
        tuning: 0.0,
        filter_scale: 1.0,
        sparsity: 0.01,
    };

    fn rows(spec: &ConstantQSpec, samples: &[f32], block: usize) -> Vec<f32> {
        let mut transform = ConstantQ::new(spec).expect("a valid spec");
        let mut all = vec![];
        for _ in 0..2 {
            all.clear();
            let mut sink = |first: u64, rows: &[f32]| {
                assert_eq!(first as usize * spec.n_bins, all.len());
                all.extend_from_slice(rows);
            };
            samples.chunks(block).for_each(|block| transform.push(block, &mut sink));
            transform.finish(&mut sink);
        }
        let frames = if samples.is_empty() { 0 } else { 1 + samples.len() / spec.hop };
        assert_eq!(all.len(), frames * spec.n_bins);
        all
    }

    /// The definition in f64, at the full rate.
    fn reference(spec: &ConstantQSpec, samples: &[f32], frame: usize, bin: usize) -> f64 {
        let ratio = (2.0 / spec.bins_per_octave as f64).exp2();
        let q = spec.filter_scale * (ratio + 1.0) / (ratio - 1.0);
        let hz = spec.fmin * ((bin as f64 + spec.tuning) / spec.bins_per_octave as f64).exp2();
        let length = q * spec.rate_hz / hz;
        let (mut re, mut im, mut total) = (0.0, 0.0, 0.0);
        let half = (length / 2.0) as i64;
        for n in -half..=half {
            let weight = 0.5 + 0.5 * (TAU * n as f64 / length).cos();
            total += weight;
            let at = usize::try_from((frame * spec.hop) as i64 + n).ok();
            let x = at.and_then(|at| samples.get(at)).map_or(0.0, |&x| f64::from(x));
            let (sin, cos) = (TAU * hz * n as f64 / spec.rate_hz).sin_cos();
            (re, im) = (re + weight * x * cos, im - weight * x * sin);
        }
        length.sqrt() * re.hypot(im) / total
    }

    fn noise(length: usize) -> Vec<f32> {
        let mut state = 12345u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    /// The largest error against the definition, as a part of the greatest magnitude.
    fn error(spec: &ConstantQSpec, samples: &[f32]) -> f64 {
        let got = rows(spec, samples, 1000);
        let (mut worst, mut most) = (0.0f64, 0.0f64);
        for (frame, row) in got.chunks(spec.n_bins).enumerate() {
            for (bin, &value) in row.iter().enumerate().step_by(5) {
                let expect = reference(spec, samples, frame, bin);
                worst = worst.max((f64::from(value) - expect).abs());
                most = most.max(expect);
            }
        }
        worst / most
    }

    #[test]
    fn magnitudes_are_the_definitions() {
        let tones = |i: usize| {
            let t = i as f64 / 22_050.0;
            [55.0, 440.0, 1000.0, 3500.0].map(|hz: f64| 0.2 * (TAU * hz * t).sin()).iter().sum::<f64>() as f32
        };
        for (name, samples) in [("noise", noise(20_000)), ("tones", (0..20_000).map(tones).collect())] {
            for (spec, bound) in [
                (SPEC, 2e-2),
                (ConstantQSpec { sparsity: 0.0, ..SPEC }, 2e-2),
                (ConstantQSpec { hop: 441, n_bins: 24, fmin: 400.0, ..SPEC }, 2e-2),
                (
                    ConstantQSpec {
                        rate_hz: 48_000.0,
                        bins_per_octave: 36,
                        n_bins: 100,
                        fmin: 200.0,
                        ..SPEC
                    },
                    2e-2,
                ),
            ] {
                let got = error(&spec, &samples);
                assert!(got < bound, "{got} of {name}, {spec:?}");
            }
        }
    }

    #[test]
    fn blocks_change_no_bit() {
        let samples = noise(30_000);
        for spec in [SPEC, ConstantQSpec { rate_hz: 44_100.0, ..SPEC }, ConstantQSpec { hop: 384, ..SPEC }] {
            let whole = rows(&spec, &samples, 65_536);
            for block in [1, 64, 1000] {
                assert!(rows(&spec, &samples, block) == whole, "{block}");
            }
        }
    }

    #[test]
    fn odd_input() {
        for length in [0, 1, 511, 512, 513, 9000] {
            assert!(rows(&SPEC, &vec![0.0; length], 100).iter().all(|&x| x == 0.0));
        }
        let mut samples = noise(60_000);
        samples[58 * 512 + 10] = f32::NAN;
        let got = rows(&SPEC, &samples, 1000);
        assert!(got[..84].iter().chain(&got[got.len() - 84..]).all(|x| x.is_finite()));
        assert!(got[58 * 84..][..84].iter().filter(|x| x.is_nan()).count() > 70);
        // At 8 kHz the highest bin reaches beyond half the rate.
        let got = rows(&ConstantQSpec { rate_hz: 8000.0, ..SPEC }, &noise(9000), 1000);
        assert!(got.chunks(84).all(|row| row[83] == 0.0 && row[82] > 0.0));
        let got = rows(&ConstantQSpec { rate_hz: 40.0, ..SPEC }, &noise(9000), 1000);
        assert!(got.iter().all(|&x| x == 0.0));
    }
}
