//! Autocorrelations of frames that overlap: what they share is transformed once.

use std::fmt;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::autocorrelation::{Autocorrelation, comparable, fast_length};
use crate::error::DspError;
use crate::wide::{Eight, wide};

/// `r[k] = sum x[n] x[n + k]` over the samples of each frame, zeros beyond them, as by
/// [`Autocorrelation`], for frames that follow each other a hop apart.
///
/// Where frames are two, four or eight hops long and hops long enough, the transforms are those of the
/// hops: a frame's autocorrelation is the sum of its hops' cross-correlations, and each
/// hop stands in several frames. What a frame gives is summed anew for every frame, so
/// that no error builds up. Other frames are transformed one by one.
///
/// ```
/// let mut frames = agogic_dsp::OverlappingAutocorrelation::new(4, 2, 1)?;
/// let samples = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let mut lags = [[0.0; 2]; 2];
/// let energies = frames.two([&samples[..4], &samples[2..]], &mut lags);
/// assert!((lags[1][0] - 20.0).abs() < 1e-4 && (lags[1][1] - 62.0).abs() < 1e-4);
/// assert_eq!(energies, [30.0, 86.0]);
/// # Ok::<(), agogic_dsp::DspError>(())
/// ```
#[derive(Debug)]
pub struct OverlappingAutocorrelation {
    frame_length: usize,
    lags: usize,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Frames { autocorrelation: Autocorrelation, lags: [Vec<f32>; 2] },
    Hops(Hops),
}

impl OverlappingAutocorrelation {
    /// For frames of `frame_length` samples, `hop` samples apart, and the lags
    /// `0..=max_lag`.
    ///
    /// # Errors
    /// [`DspError::NFft`] when a frame has no samples, or when it and the lags together
    /// are more than [`MAX_N_FFT`](crate::MAX_N_FFT).
    pub fn new(frame_length: usize, hop: usize, max_lag: usize) -> Result<Self, DspError> {
        let autocorrelation = Autocorrelation::new(frame_length, max_lag)?;
        let lags = max_lag + 1;
        let way = match Hops::new(frame_length, hop, max_lag) {
            Some(hops) => Way::Hops(hops),
            None => Way::Frames { autocorrelation, lags: [vec![0.0; lags], vec![0.0; lags]] },
        };
        Ok(Self { frame_length, lags, way })
    }

    /// Values of a result: `max_lag + 1`.
    pub fn lags(&self) -> usize {
        self.lags
    }

    /// The autocorrelations of two frames side by side, and their energies, the sums of
    /// the squares. They follow those of the call before: the first of them starts two
    /// hops behind the first of those. What is beyond a frame's length is left out, as
    /// are lags without room.
    ///
    /// # Panics
    /// When a frame is too short.
    pub fn two(&mut self, frames: [&[f32]; 2], lags: &mut [[f32; 2]]) -> [f64; 2] {
        let frames = frames.map(|frame| &frame[..self.frame_length]);
        match &mut self.way {
            Way::Hops(hops) => hops.two(frames, lags),
            Way::Frames { autocorrelation, lags: [even, odd] } => {
                autocorrelation.two(frames, [even, odd]);
                for (lags, (&a, &b)) in lags.iter_mut().zip(even.iter().zip(&*odd)) {
                    *lags = [a, b];
                }
                frames.map(energy)
            }
        }
    }

    /// The same of the first frame alone; the second of the lags are 0. What follows
    /// begins anew.
    ///
    /// # Panics
    /// When the frame is too short.
    pub fn one(&mut self, frame: &[f32], lags: &mut [[f32; 2]]) -> f64 {
        let frame = &frame[..self.frame_length];
        match &mut self.way {
            Way::Hops(hops) => hops.one(frame, lags),
            Way::Frames { autocorrelation, lags: [even, _] } => {
                autocorrelation.one(frame, even);
                for (lags, &a) in lags.iter_mut().zip(&*even) {
                    *lags = [a, 0.0];
                }
                energy(frame)
            }
        }
    }
}

/// Real and imaginary parts of the lower half of a spectrum, and of some bins more, so
/// that they are whole eights.
#[derive(Clone)]
struct Half {
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Half {
    fn new(n_fft: usize) -> Self {
        let bins = (n_fft / 2 + 1).next_multiple_of(8);
        Self { re: vec![0.0; bins], im: vec![0.0; bins] }
    }

    #[inline(always)]
    fn eights(&mut self) -> impl Iterator<Item = (&mut [f32; 8], &mut [f32; 8])> {
        self.re.as_chunks_mut().0.iter_mut().zip(self.im.as_chunks_mut().0)
    }
}

/// One hop.
struct Hop {
    /// Twice its transform, at its place.
    spectrum: Half,
    energy: f64,
}

/// The way by hops.
///
/// With S the transform of a hop that stands at its place among the samples, modulo the
/// transform's length, `conj(S_a) S_b` is that of the cross-correlation of hops a and b,
/// whose lags are within a hop of `(b - a) hop`. Those of `b >= a` are summed that reach
/// the wanted lags, and the transform is so long that none of them folds into these.
struct Hops {
    fft: Arc<dyn Fft<f32>>,
    hop: usize,
    max_lag: usize,
    /// How many hops apart two may be that reach the wanted lags.
    reach: usize,
    /// The hops of two frames, oldest first.
    hops: Vec<Hop>,
    /// Whether those of the two frames before are there.
    begun: bool,
    /// Where the next hop stands in the transform.
    place: usize,
    /// Sums of two frames, and of none.
    sums: [Half; 3],
    /// A transform, and its first value once more.
    packed: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Hops {
    /// The greatest [`Hops::reach`].
    const FARTHEST: usize = 3;

    /// None where it would not be worth while.
    fn new(frame_length: usize, hop: usize, max_lag: usize) -> Option<Self> {
        // As many hops as there are sums for.
        if ![2, 4, 8].iter().any(|&hops| hops * hop == frame_length) {
            return None;
        }
        let reach = max_lag.div_ceil(hop);
        let n_fft = fast_length((reach + 1) * hop).max(fast_length(max_lag + hop));
        let possible = (1..=Self::FARTHEST).contains(&reach) && n_fft >= 16;
        if !possible || 4 * n_fft > 3 * fast_length(frame_length + max_lag) {
            return None;
        }
        let fft = FftPlanner::new().plan_fft_forward(n_fft);
        let half = Half::new(n_fft);
        let hops = (0..=frame_length / hop).map(|_| Hop { spectrum: half.clone(), energy: 0.0 });
        Some(Self {
            hop,
            max_lag,
            reach,
            hops: hops.collect(),
            begun: false,
            place: 0,
            sums: [half.clone(), half.clone(), half.clone()],
            packed: vec![Complex32::ZERO; n_fft + 1],
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
        })
    }

    fn two(&mut self, [even, odd]: [&[f32]; 2], lags: &mut [[f32; 2]]) -> [f64; 2] {
        self.take(even, &odd[odd.len() - self.hop..]);
        let energies = self.sum();
        if comparable(energies[0], energies[1]) {
            self.invert(0, 1);
            self.give(lags, |lags, z| *lags = z);
        } else {
            self.invert(0, 2);
            self.give(lags, |lags, [a, _]| lags[0] = a);
            self.invert(1, 2);
            self.give(lags, |lags, [b, _]| lags[1] = b);
        }
        energies
    }

    fn one(&mut self, frame: &[f32], lags: &mut [[f32; 2]]) -> f64 {
        self.take(frame, &[]);
        self.begun = false;
        let [energy, _] = self.sum();
        self.invert(0, 2);
        self.give(lags, |lags, [a, _]| *lags = [a, 0.0]);
        energy
    }

    /// Takes the hops of a frame that are not there yet, and the one behind it.
    fn take(&mut self, frame: &[f32], behind: &[f32]) {
        let count = frame.len() / self.hop;
        let mut next = 0;
        if self.begun {
            self.hops.rotate_left(2);
            next = count - 1;
        }
        self.begun = true;
        // Of an even number and one more, the last two are joined.
        if (count + 1 - next) % 2 == 1 {
            self.transform(next, &frame[next * self.hop..][..self.hop], &[]);
            next += 1;
        }
        while next + 1 < count {
            let (a, b) = frame[next * self.hop..][..2 * self.hop].split_at(self.hop);
            self.transform(next, a, b);
            next += 2;
        }
        self.transform(next, &frame[next * self.hop..][..self.hop], behind);
    }

    /// Transforms a hop and the one behind it.
    fn transform(&mut self, number: usize, a: &[f32], b: &[f32]) {
        let energies = [energy(a), energy(b)];
        let n_fft = self.packed.len() - 1;
        let places = [self.place, (self.place + self.hop) % n_fft];
        self.place = (places[0] + if b.is_empty() { self.hop } else { 2 * self.hop }) % n_fft;
        if comparable(energies[0], energies[1]) {
            self.pack(a, places[0], |z, x| z.re = x, true);
            self.pack(b, places[1], |z, x| z.im = x, false);
            self.spectra(number, true);
        } else {
            for (i, x) in [a, b].into_iter().enumerate().filter(|(_, x)| !x.is_empty()) {
                self.pack(x, places[i], |z, x| z.re = x, true);
                self.spectra(number + i, false);
            }
        }
        for (hop, energy) in self.hops[number..].iter_mut().zip(energies) {
            hop.energy = energy;
        }
    }

    /// Puts samples at their place, around the end if need be.
    fn pack(&mut self, samples: &[f32], place: usize, put: impl Fn(&mut Complex32, f32), clear: bool) {
        if clear {
            self.packed.fill(Complex32::ZERO);
        }
        let n_fft = self.packed.len() - 1;
        let (first, rest) = samples.split_at(samples.len().min(n_fft - place));
        self.packed[place..].iter_mut().zip(first).for_each(|(z, &x)| put(z, x));
        self.packed.iter_mut().zip(rest).for_each(|(z, &x)| put(z, x));
    }

    /// The spectra of two hops, or of one, from the transform: with Z = A + iB,
    /// 2 A[k] = Z[k] + conj Z[-k] and 2i B[k] = Z[k] - conj Z[-k].
    fn spectra(&mut self, number: usize, both: bool) {
        let n_fft = self.packed.len() - 1;
        self.fft.process_with_scratch(&mut self.packed[..n_fft], &mut self.scratch);
        self.packed[n_fft] = self.packed[0];
        let (before, after) = self.hops.split_at_mut(number + 1);
        let packed = &self.packed[..];
        let a = &mut before[number].spectrum;
        let b = after.first_mut().filter(|_| both).map_or(&mut self.sums[0], |hop| &mut hop.spectrum);
        wide(
            #[inline(always)]
            || part(packed, a, b),
        );
    }

    /// The spectra of the autocorrelations of the two frames, and their energies.
    fn sum(&mut self) -> [f64; 2] {
        match self.reach {
            1 => self.sum_within::<1>(),
            2 => self.sum_within::<2>(),
            _ => self.sum_within::<{ Self::FARTHEST }>(),
        }
        let hops = &self.hops[..];
        [&hops[..hops.len() - 1], &hops[1..]].map(|hops| hops.iter().map(|hop| hop.energy).sum())
    }

    fn sum_within<const REACH: usize>(&mut self) {
        let ([even, odd, _], hops, arch) = (&mut self.sums, &self.hops[..], Arch::new());
        if let Ok(hops) = hops.try_into() {
            arch.dispatch(Sums::<REACH, 3> { hops, even, odd });
        } else if let Ok(hops) = hops.try_into() {
            arch.dispatch(Sums::<REACH, 5> { hops, even, odd });
        } else if let Ok(hops) = hops.try_into() {
            arch.dispatch(Sums::<REACH, 9> { hops, even, odd });
        }
    }

    /// Inverts two of the sums together, into the real and the imaginary parts.
    fn invert(&mut self, a: usize, b: usize) {
        let n_fft = self.packed.len() - 1;
        let (sums, packed) = (&self.sums, &mut self.packed[..]);
        wide(
            #[inline(always)]
            || join(&sums[a], &sums[b], packed),
        );
        self.fft.process_with_scratch(&mut self.packed[..n_fft], &mut self.scratch);
    }

    fn give(&self, lags: &mut [[f32; 2]], put: impl Fn(&mut [f32; 2], [f32; 2])) {
        // The spectra are twice what they are, and so are those they are multiplied with.
        let norm = 0.25 / (self.packed.len() - 1) as f32;
        for (lags, z) in lags.iter_mut().zip(&self.packed[..=self.max_lag]) {
            put(lags, [z.re * norm, z.im * norm]);
        }
    }
}

impl fmt::Debug for Hops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hops").field("hop", &self.hop).field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// Twice the spectra of two real signals from the transform of both.
#[inline(always)]
fn part(packed: &[Complex32], a: &mut Half, b: &mut Half) {
    let n = a.re.len();
    let (z, m) = (&packed[..n], &packed[packed.len() - n..]);
    let (re, im) = (&mut a.re[..n], &mut a.im[..n]);
    for i in 0..n {
        let (z, m) = (z[i], m[n - 1 - i]);
        (re[i], im[i]) = (z.re + m.re, z.im - m.im);
    }
    let (re, im) = (&mut b.re[..n], &mut b.im[..n]);
    for i in 0..n {
        let (z, m) = (z[i], m[n - 1 - i]);
        (re[i], im[i]) = (z.im + m.im, m.re - z.re);
    }
}

/// The transform of two real signals from their spectra, backwards, so that a forward
/// transform inverts it. In the middle the last of either half overwrite each other, with
/// what is the same by symmetry.
#[inline(always)]
fn join(a: &Half, b: &Half, packed: &mut [Complex32]) {
    let n = a.re.len();
    let (a, b) = ((&a.re[..n], &a.im[..n]), (&b.re[..n], &b.im[..n]));
    for (i, z) in packed[..n].iter_mut().enumerate() {
        *z = Complex32::new(a.0[i] + b.1[i], b.0[i] - a.1[i]);
    }
    let start = packed.len() - n;
    let last = &mut packed[start..][..n];
    for i in 0..n {
        last[n - 1 - i] = Complex32::new(a.0[i] - b.1[i], b.0[i] + a.1[i]);
    }
}

/// The sums, for two frames, over the pairs of their hops that are at most `REACH` apart.
struct Sums<'a, const REACH: usize, const HOPS: usize> {
    hops: &'a [Hop; HOPS],
    even: &'a mut Half,
    odd: &'a mut Half,
}

impl<const REACH: usize, const HOPS: usize> WithSimd for Sums<'_, REACH, HOPS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = Eight::splat(simd, 0.0);
        let count = self.even.re.len() / 8;
        let hops = self.hops.each_ref().map(|Hop { spectrum: Half { re, im }, .. }| {
            [&re.as_chunks().0[..count], &im.as_chunks().0[..count]]
        });
        for (bins, (even, odd)) in self.even.eights().zip(self.odd.eights()).enumerate() {
            let load = |hop: usize| hops[hop].map(|part| Eight::load(simd, &part[bins]));
            let mut sum = [zero; 2];
            let mut before = [[zero; 2]; REACH];
            for hop in 1..HOPS - 1 {
                let here = load(hop);
                add_product(&mut sum, before.iter().fold(here, plus), here);
                for i in (1..REACH).rev() {
                    before[i] = before[i - 1];
                }
                before[0] = here;
            }
            // What one of the frames has alone.
            let mut alone = sum;
            let here = load(0);
            let mut all = here;
            for hop in 1..HOPS.min(REACH + 2) - 1 {
                all = plus(all, &load(hop));
            }
            add_product(&mut alone, here, all);
            (*even.0, *even.1) = (alone[0].values(), alone[1].values());
            let here = load(HOPS - 1);
            add_product(&mut sum, before.iter().fold(here, plus), here);
            (*odd.0, *odd.1) = (sum[0].values(), sum[1].values());
        }
    }
}

#[inline(always)]
fn plus<S: Simd>([mut re, mut im]: [Eight<S>; 2], other: &[Eight<S>; 2]) -> [Eight<S>; 2] {
    re.add(other[0]);
    im.add(other[1]);
    [re, im]
}

/// Adds `conj(a) b`.
#[inline(always)]
fn add_product<S: Simd>(sum: &mut [Eight<S>; 2], a: [Eight<S>; 2], b: [Eight<S>; 2]) {
    sum[0].add_product(a[0], b[0]);
    sum[0].add_product(a[1], b[1]);
    sum[1].add_product(a[0], b[1]);
    sum[1].subtract_product(a[1], b[0]);
}

/// The sum of the squares.
fn energy(samples: &[f32]) -> f64 {
    wide(
        #[inline(always)]
        || {
            let mut lanes = [0.0f64; 16];
            let (chunks, rest) = samples.as_chunks::<16>();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += f64::from(x) * f64::from(x);
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(rest) {
                *lane += f64::from(x) * f64::from(x);
            }
            lanes.iter().sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<f32> {
        (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 8.4e6 - 1.0).collect()
    }

    /// The results of all frames, two by two.
    fn all(
        samples: &[f32],
        frame_length: usize,
        hop: usize,
        max_lag: usize,
        frames: usize,
    ) -> Vec<(f64, Vec<f32>)> {
        let mut way = OverlappingAutocorrelation::new(frame_length, hop, max_lag).expect("a valid length");
        let frame = |i: usize| &samples[i * hop..][..frame_length];
        let mut lags = vec![[f32::NAN; 2]; way.lags()];
        let mut results = vec![];
        for i in (0..frames).step_by(2) {
            let energies = match frames - i {
                1 => [way.one(frame(i), &mut lags), 0.0],
                _ => way.two([frame(i), frame(i + 1)], &mut lags),
            };
            for (k, energy) in energies.into_iter().enumerate().take(frames - i) {
                results.push((energy, lags.iter().map(|lags| lags[k]).collect()));
            }
        }
        results
    }

    #[track_caller]
    fn check(frame: &[f32], (energy, lags): &(f64, Vec<f32>)) {
        let sum = |lag: usize| -> f64 {
            frame.iter().zip(&frame[lag..]).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
        };
        assert!((energy - sum(0)).abs() <= 1e-12 * sum(0));
        for (lag, &value) in lags.iter().enumerate().step_by(1 + lags.len() / 100) {
            assert!((f64::from(value) - sum(lag)).abs() <= 1e-6 * sum(0), "lag {lag}: {value}");
        }
    }

    #[test]
    fn sums_are_as_defined() {
        for (frame_length, hop, max_lag, by_hops) in [
            (2048, 512, 676, true),
            (2048, 512, 338, true),
            (2048, 1024, 676, true),
            (4096, 512, 1400, true),
            (1764, 441, 600, true),
            (2048, 300, 676, false),
            (2048, 64, 676, false),
            (64, 64, 20, false),
            (64, 100, 20, false),
        ] {
            assert_eq!(Hops::new(frame_length, hop, max_lag).is_some(), by_hops, "{frame_length}/{hop}");
            for frames in [1, 2, 7, 8] {
                // Every few hops it is louder, or almost silent.
                let mut samples = noise(frame_length + hop * (frames - 1));
                for (i, some) in samples.chunks_mut(hop).enumerate() {
                    let gain = [1.0, 0.5, 1.0, 1e-3, 1.0, 30.0, 1e-3, 1e-3, 1e-3, 1e-3][i % 10];
                    some.iter_mut().for_each(|x| *x *= gain);
                }
                let results = all(&samples, frame_length, hop, max_lag, frames);
                assert_eq!(results.len(), frames);
                for (i, result) in results.iter().enumerate() {
                    check(&samples[i * hop..][..frame_length], result);
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_in_its_frames() {
        let clean = noise(2048 + 19 * 512);
        for (bad, at) in [(f32::NAN, 5000), (f32::INFINITY, 5200), (f32::MAX, 5632), (1e30, 6143)] {
            let mut spoilt = clean.clone();
            spoilt[at] = bad;
            for (i, (energy, lags)) in all(&spoilt, 2048, 512, 676, 20).into_iter().enumerate() {
                let frame = &spoilt[i * 512..][..2048];
                if frame.contains(&spoilt[at]) || bad.is_nan() && frame.iter().any(|x| x.is_nan()) {
                    assert!(!energy.is_finite() || !lags[0].is_finite(), "{bad} in frame {i}");
                } else {
                    check(frame, &(energy, lags));
                }
            }
        }
    }

    #[test]
    fn after_a_lone_frame_all_begins_anew() {
        let samples = noise(2048 + 512);
        let mut way = OverlappingAutocorrelation::new(2048, 512, 676).expect("a valid length");
        let mut lags = vec![[0.0; 2]; way.lags()];
        way.one(&[f32::NAN; 2048], &mut lags);
        assert!(lags[0][0].is_nan() && lags[0][1] == 0.0);
        let energies = way.two([&samples[..2048], &samples[512..]], &mut lags);
        for i in 0..2 {
            let result = (energies[i], lags.iter().map(|lags| lags[i]).collect());
            check(&samples[i * 512..][..2048], &result);
        }
        assert_eq!(OverlappingAutocorrelation::new(0, 1, 5).err(), Some(DspError::NFft(5)));
    }
}
