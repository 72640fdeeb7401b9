//! The greatest sample of a channel, and the greatest value of the signal
//! between its samples: ITU-R BS.1770, Annex 2.
//!
//! The signal is made four times as dense below 96 kHz, twice as dense below
//! 192 kHz and left as it is from there on. In between lies a sinc under a Hann
//! window that spans 12 samples for four times, 24 for twice, as in libebur128.
//! What is sought is a maximum, so that most of it need not be computed: no
//! value in between exceeds the greatest sample around it times the sum of the
//! kernel's absolute values.

use std::f64::consts::PI;

/// Samples that are passed over together if they can, at first and at second
/// glance.
const COARSE: usize = 128;
const FINE: usize = 16;
/// Values that are computed side by side.
const LANES: usize = 8;

/// The kernels for a sample rate.
pub(crate) struct Kernel {
    /// Samples under a kernel, even; 0 where the signal is left as it is.
    taps: usize,
    /// First half of the kernel half way between two samples, which is
    /// symmetric, and the symmetric and the other part of the one at a quarter
    /// of the way (zero for twice as dense).
    halves: Vec<[f32; 3]>,
    /// What a value in between is at most, over the greatest sample under the
    /// kernel.
    gain: f32,
}

impl Kernel {
    /// For so many samples per second.
    pub(crate) fn new(rate: u32) -> Self {
        let factor = match rate {
            ..96_000 => 4,
            96_000..192_000 => 2,
            _ => 1,
        };
        let taps = if factor == 1 { 0 } else { 48 / factor };
        // The kernel at `offset` of the way from the middle's left sample to its
        // right one.
        let tap = |offset: f64, k: usize| {
            let at = k as f64 - (taps / 2 - 1) as f64 - offset;
            let sinc = (PI * at).sin() / (PI * at);
            sinc * (0.5 + 0.5 * (PI * at / (taps / 2) as f64).cos())
        };
        let quarter = if factor == 4 { 1.0 } else { 0.0 };
        let of = |k: usize| {
            let (near, far) = (tap(0.25, k), tap(0.25, taps - 1 - k));
            [tap(0.5, k) as f32, (quarter * 0.5 * (near + far)) as f32, (quarter * 0.5 * (near - far)) as f32]
        };
        let halves: Vec<[f32; 3]> = (0..taps / 2).map(of).collect();
        // Of the two taps even + odd and even - odd the absolute values add up to
        // twice the greater part.
        let gain = |of: fn(&[f32; 3]) -> f32| 2.0 * halves.iter().map(of).sum::<f32>();
        let gain = gain(|half| half[0].abs()).max(gain(|half| half[1].abs().max(half[2].abs())));
        // A little more, for rounding.
        Self { taps, halves, gain: gain * 1.001 }
    }
}

/// One channel.
pub(crate) struct Peak {
    /// The latest samples, one fewer than under a kernel.
    latest: Vec<f32>,
    /// Room for those and as many new ones.
    joined: Vec<f32>,
    /// Greatest absolute value of a sample.
    sample: f32,
    /// Greatest absolute value of a sample or in between.
    signal: f32,
}

impl Peak {
    /// At the start of an asset, silence before it.
    pub(crate) fn new(kernel: &Kernel) -> Self {
        Self { latest: vec![0.0; kernel.overlap()], joined: vec![], sample: 0.0, signal: 0.0 }
    }

    /// Takes more samples, for their own sake only.
    pub(crate) fn push_plain(&mut self, samples: &[f32]) {
        self.sample = greatest(samples, self.sample);
    }

    /// Takes more samples.
    pub(crate) fn push(&mut self, kernel: &Kernel, samples: &[f32]) {
        let overlap = kernel.overlap();
        if overlap > 0 {
            self.joined.clear();
            self.joined.extend_from_slice(&self.latest);
            self.joined.extend_from_slice(&samples[..samples.len().min(overlap)]);
            let joined = std::mem::take(&mut self.joined);
            self.search(kernel, &joined);
            self.joined = joined;
        }
        self.search(kernel, samples);
        if samples.len() < overlap {
            self.latest.copy_within(samples.len().., 0);
            self.latest[overlap - samples.len()..].copy_from_slice(samples);
        } else {
            self.latest.copy_from_slice(&samples[samples.len() - overlap..]);
        }
    }

    /// Takes the silence after the asset.
    pub(crate) fn finish(&mut self, kernel: &Kernel) {
        self.push(kernel, &[0.0; 23][..kernel.overlap()]);
    }

    /// Looks at a stretch, and between those of its samples that have a
    /// kernel's neighbours in it.
    fn search(&mut self, kernel: &Kernel, stretch: &[f32]) {
        let mut rest = stretch;
        while rest.len() > kernel.overlap() {
            let around = &rest[..rest.len().min(COARSE + kernel.overlap())];
            rest = &rest[around.len() - kernel.overlap()..];
            let greatest = greatest(around, 0.0);
            self.sample = self.sample.max(greatest);
            self.signal = self.signal.max(greatest);
            if greatest * kernel.gain > self.signal {
                self.search_finely(kernel, around);
            }
        }
    }

    fn search_finely(&mut self, kernel: &Kernel, mut rest: &[f32]) {
        while rest.len() > kernel.overlap() {
            let around = &rest[..rest.len().min(FINE + kernel.overlap())];
            rest = &rest[around.len() - kernel.overlap()..];
            if greatest(around, 0.0) * kernel.gain > self.signal {
                self.signal = kernel.greatest(around, self.signal);
            }
        }
    }

    /// The greatest absolute value of a sample.
    pub(crate) fn sample(&self) -> f32 {
        self.sample
    }

    /// The greatest absolute value of a sample or in between.
    pub(crate) fn signal(&self) -> f32 {
        self.signal
    }
}

impl Kernel {
    /// Samples under a kernel but for one: so far stretches overlap.
    fn overlap(&self) -> usize {
        self.taps.saturating_sub(1)
    }

    /// The greatest absolute value between the samples of a stretch, or `least`.
    fn greatest(&self, samples: &[f32], least: f32) -> f32 {
        let count = samples.len() - self.overlap();
        let mut greatest = least;
        let mut start = 0;
        while start + LANES <= count {
            let lanes = self.lanes::<LANES>(&samples[start..]);
            greatest = lanes.iter().fold(greatest, |a, &b| if b > a { b } else { a });
            start += LANES;
        }
        for start in start..count {
            let [value] = self.lanes::<1>(&samples[start..]);
            greatest = greatest.max(value);
        }
        greatest
    }

    /// The greatest of the values after each of `N` samples, up to the next.
    #[inline]
    fn lanes<const N: usize>(&self, samples: &[f32]) -> [f32; N] {
        let (mut middle, mut even, mut odd) = ([0.0f32; N], [0.0f32; N], [0.0f32; N]);
        for (k, &[at_half, at_even, at_odd]) in self.halves.iter().enumerate() {
            let last = self.taps - 1 - k;
            let (left, right) = (&samples[k..k + N], &samples[last..last + N]);
            for i in 0..N {
                let (sum, difference) = (left[i] + right[i], left[i] - right[i]);
                middle[i] += at_half * sum;
                even[i] += at_even * sum;
                odd[i] += at_odd * difference;
            }
        }
        std::array::from_fn(|i| {
            // At a quarter lies even + odd, at three quarters even - odd.
            let quarters = even[i].abs() + odd[i].abs();
            let middle = middle[i].abs();
            if quarters > middle { quarters } else { middle }
        })
    }
}

/// The greatest absolute value, or `least`.
fn greatest(values: &[f32], least: f32) -> f32 {
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [least; LANES];
    let rows = values.chunks_exact(LANES);
    let rest = rows.remainder();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane = greater(*lane, value.abs());
        }
    }
    let rest = rest.iter().fold(least, |a, b| greater(a, b.abs()));
    lanes.into_iter().fold(rest, greater)
}
