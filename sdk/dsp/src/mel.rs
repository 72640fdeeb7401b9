//! Mel filter banks: triangular bands that are evenly spaced on the mel scale.
//! Weights are those of librosa's `filters.mel`; only the non-zero ones are kept.
//! Called by calculators, once per spectrum row.

use pulp::{Arch, Simd, WithSimd};

use crate::error::DspError;
use crate::stft_spec::MAX_N_FFT;
use crate::wide::Eight;

/// The most bands that a [`MelBank`] accepts.
pub const MAX_MELS: usize = 8192;

/// Accumulators of a band's sum, and the unit to which bands are widened.
const LANES: usize = 8;

/// Which formula turns Hz into mel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MelScale {
    /// Slaney, *Auditory Toolbox* (1998): linear below 1 kHz, logarithmic above.
    #[default]
    Slaney,
    /// HTK: `2595 log10(1 + f / 700)`.
    Htk,
}

/// How the bands are weighted against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MelNorm {
    /// Every triangle has area 1 over Hz: its peak is `2 / width in Hz`.
    #[default]
    Slaney,
    /// Every triangle has peak 1.
    Peak,
}

/// The constants of Slaney's scale: 200/3 Hz per mel up to 1 kHz, that is 15 mel;
/// from there 27 mel per factor of 6.4.
const SLANEY_HZ_PER_MEL: f64 = 200.0 / 3.0;
const SLANEY_CORNER_HZ: f64 = 1000.0;
const SLANEY_CORNER_MEL: f64 = SLANEY_CORNER_HZ / SLANEY_HZ_PER_MEL;

fn slaney_log_step() -> f64 {
    6.4f64.ln() / 27.0
}

/// The mel value of a frequency in Hz, at least 0.
pub fn hz_to_mel(hz: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Slaney if hz >= SLANEY_CORNER_HZ => {
            SLANEY_CORNER_MEL + (hz / SLANEY_CORNER_HZ).ln() / slaney_log_step()
        }
        MelScale::Slaney => hz / SLANEY_HZ_PER_MEL,
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
    }
}

/// The frequency in Hz of a mel value, at least 0: the inverse of [`hz_to_mel`].
pub fn mel_to_hz(mel: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Slaney if mel >= SLANEY_CORNER_MEL => {
            SLANEY_CORNER_HZ * (slaney_log_step() * (mel - SLANEY_CORNER_MEL)).exp()
        }
        MelScale::Slaney => SLANEY_HZ_PER_MEL * mel,
        MelScale::Htk => 700.0 * (10f64.powf(mel / 2595.0) - 1.0),
    }
}

/// A mel filter bank for rows of `n_fft / 2 + 1` bins.
#[derive(Debug, Clone, PartialEq)]
pub struct MelBank {
    bins: usize,
    bands: Vec<Band>,
    /// Weights of all bands, one after the other.
    weights: Vec<f32>,
}

/// One band: consecutive weights for consecutive bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    first_bin: usize,
    first_weight: usize,
    len: usize,
}

impl MelBank {
    /// The `n_mels` bands from `fmin` to `fmax` Hz for spectra of audio at
    /// `rate_hz`. Weights are computed in f64 and kept as f32.
    ///
    /// `fmax` may exceed half the sample rate; bands above it, like bands too
    /// narrow to contain a bin, are empty and give 0.
    ///
    /// # Errors
    /// The variant of [`DspError`] that names the parameter out of range.
    pub fn new(
        rate_hz: f64,
        n_fft: usize,
        n_mels: usize,
        fmin: f64,
        fmax: f64,
        scale: MelScale,
        norm: MelNorm,
    ) -> Result<MelBank, DspError> {
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(DspError::Rate(rate_hz));
        }
        if !(2..=MAX_N_FFT).contains(&n_fft) {
            return Err(DspError::NFft(n_fft));
        }
        if !(1..=MAX_MELS).contains(&n_mels) {
            return Err(DspError::NMels(n_mels));
        }
        if !(fmin >= 0.0 && fmin < fmax && fmax.is_finite()) {
            return Err(DspError::Range { fmin, fmax });
        }
        let bins = n_fft / 2 + 1;
        let hz_per_bin = rate_hz / n_fft as f64;
        let edges = band_edges(n_mels, fmin, fmax, scale);
        let mut bank = MelBank { bins, bands: Vec::with_capacity(n_mels), weights: Vec::new() };
        for edge in edges.windows(3) {
            if let &[low, peak, high] = edge {
                bank.push_band(hz_per_bin, [low, peak, high], norm);
            }
        }
        Ok(bank)
    }

    /// The number of bands.
    pub fn n_mels(&self) -> usize {
        self.bands.len()
    }

    /// Values that [`MelBank::apply`] expects in a row: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// First bin and weights of a band; a few zeros may stand before or after the
    /// weights that matter. `None` if there is no such band.
    pub fn band(&self, index: usize) -> Option<(usize, &[f32])> {
        let band = self.bands.get(index)?;
        Some((band.first_bin, &self.weights[band.first_weight..][..band.len]))
    }

    /// Sums `power_row`, weighted, into the bands `out`, in f32 and in a fixed
    /// order: equal rows give equal bits on every machine.
    ///
    /// `power_row` has [`MelBank::bins`] and `out` [`MelBank::n_mels`] values. Of
    /// other lengths, what fits is used: bands that a short row does not cover are
    /// 0, and values of `out` beyond the last band stay as they are.
    pub fn apply(&self, power_row: &[f32], out: &mut [f32]) {
        Arch::new().dispatch(Bands { bank: self, power_row, out });
    }

    fn push_band(&mut self, hz_per_bin: f64, [low, peak, high]: [f64; 3], norm: MelNorm) {
        let scale = match norm {
            MelNorm::Slaney => 2.0 / (high - low),
            MelNorm::Peak => 1.0,
        };
        let weight = |bin: usize| {
            let hz = bin as f64 * hz_per_bin;
            let rise = (hz - low) / (peak - low);
            let fall = (high - hz) / (high - peak);
            (0.0f64.max(rise.min(fall)) * scale) as f32
        };
        // One bin more on either side than the division says, for its rounding.
        let first = ((low / hz_per_bin) as usize).saturating_sub(1).min(self.bins);
        let end = ((high / hz_per_bin) as usize).saturating_add(3).min(self.bins);
        let first = (first..end).find(|&bin| weight(bin) > 0.0).unwrap_or(end);
        let end = (first..end).rfind(|&bin| weight(bin) > 0.0).map_or(first, |bin| bin + 1);

        // Whole lanes sum faster than a remainder; the weights added are zero.
        let len = (end - first).next_multiple_of(LANES).min(self.bins);
        let first_bin = first.min(self.bins - len);
        self.bands.push(Band { first_bin, first_weight: self.weights.len(), len });
        let inside = first..end;
        self.weights.extend(
            (first_bin..first_bin + len).map(|bin| if inside.contains(&bin) { weight(bin) } else { 0.0 }),
        );
    }
}

/// `n_mels + 2` frequencies in Hz, evenly spaced in mel: band i rises from edge i
/// to its peak at edge i + 1 and falls to edge i + 2.
fn band_edges(n_mels: usize, fmin: f64, fmax: f64, scale: MelScale) -> Vec<f64> {
    let (low, high) = (hz_to_mel(fmin, scale), hz_to_mel(fmax, scale));
    let step = (high - low) / (n_mels + 1) as f64;
    let inner = (0..=n_mels).map(|i| low + step * i as f64);
    inner.chain([high]).map(|mel| mel_to_hz(mel, scale)).collect()
}

/// The sums of all bands.
struct Bands<'a> {
    bank: &'a MelBank,
    power_row: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Bands<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (value, band) in self.out.iter_mut().zip(&self.bank.bands) {
            let weights = &self.bank.weights[band.first_weight..][..band.len];
            let powers = self.power_row.get(band.first_bin..band.first_bin + band.len);
            *value = powers.map_or(0.0, |powers| dot(simd, powers, weights));
        }
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = Eight::splat(simd, 0.0);
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut rest = 0.0;
    for (a, b) in rest_of_a.iter().zip(rest_of_b) {
        rest += a * b;
    }
    for (a, b) in a.iter().zip(b) {
        lanes.add_product(Eight::load(simd, a), Eight::load(simd, b));
    }
    let [a, b, c, d, e, f, g, h] = lanes.values();
    ((a + e) + (c + g)) + ((b + f) + (d + h)) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn librosa_bank(n_fft: usize, n_mels: usize) -> MelBank {
        MelBank::new(22_050.0, n_fft, n_mels, 0.0, 11_025.0, MelScale::Slaney, MelNorm::Slaney)
            .expect("valid parameters")
    }

    #[test]
    fn parameters_are_checked() {
        #[track_caller]
        fn check(rate: f64, n_fft: usize, n_mels: usize, fmin: f64, fmax: f64, expect: &str) {
            let bank = MelBank::new(rate, n_fft, n_mels, fmin, fmax, MelScale::Slaney, MelNorm::Slaney);
            let error = bank.err().map_or("ok".to_owned(), |error| error.to_string());
            assert_eq!(error, expect);
        }
        check(44_100.0, 2048, 128, 0.0, 22_050.0, "ok");
        check(44_100.0, 2048, 128, 0.0, 1e9, "ok");
        check(44_100.0, 2, 8192, 0.0, f64::MAX, "ok");
        check(1e-300, 2048, 3, 0.0, 1e300, "ok");
        check(44_100.0, 2048, 3, 1000.0, 1_000.000_000_000_001, "ok");
        check(0.0, 2048, 128, 0.0, 1.0, "sample rate 0 Hz is not positive and finite");
        check(f64::NAN, 2048, 128, 0.0, 1.0, "sample rate NaN Hz is not positive and finite");
        check(1.0, 1, 128, 0.0, 1.0, "n_fft 1 is not within 2..=1048576");
        check(1.0, 2, 0, 0.0, 1.0, "n_mels 0 is not within 1..=8192");
        let range = "frequency range 2..1 Hz is empty, negative or not finite";
        check(1.0, 2, 1, 2.0, 1.0, range);
        let range = "frequency range -1..1 Hz is empty, negative or not finite";
        check(1.0, 2, 1, -1.0, 1.0, range);
        let range = "frequency range 0..inf Hz is empty, negative or not finite";
        check(1.0, 2, 1, 0.0, f64::INFINITY, range);
    }

    #[test]
    fn bands_are_the_sums_of_their_weights_times_bins() {
        for (n_fft, n_mels) in [(2048, 128), (2048, 3), (64, 20), (9, 2), (2, 1)] {
            let bank = librosa_bank(n_fft, n_mels);
            let row: Vec<f32> = (0..bank.bins()).map(|i| 1.0 + (i % 7) as f32).collect();
            let mut out = vec![f32::NAN; n_mels];
            bank.apply(&row, &mut out);
            for (i, value) in out.into_iter().enumerate() {
                let (first, weights) = bank.band(i).expect("a band");
                let exact: f64 =
                    weights.iter().zip(&row[first..]).map(|(&w, &p)| f64::from(w) * f64::from(p)).sum();
                assert!((f64::from(value) - exact).abs() <= 1e-6 * exact, "{n_fft} {n_mels} {i}");
            }
        }
    }

    #[test]
    fn rows_of_a_wrong_length_do_not_panic() {
        let bank = librosa_bank(2048, 4);
        let mut out = [7.0; 6];
        bank.apply(&[1.0; 200], &mut out);
        assert!(out[0] > 0.0);
        assert_eq!(out[1..], [0.0, 0.0, 0.0, 7.0, 7.0]);
        bank.apply(&[1.0; 4000], &mut out[..2]);
        assert_eq!(bank.band(4), None);
    }

    #[test]
    fn peak_norm_peaks_at_one() {
        // The rate is such that the peak falls on bin 8.
        let middle = hz_to_mel(2000.0, MelScale::Htk) / 2.0;
        let peak = mel_to_hz(middle, MelScale::Htk);
        let bank = MelBank::new(peak * 8.0, 64, 1, 0.0, 2000.0, MelScale::Htk, MelNorm::Peak);
        let bank = bank.expect("valid parameters");
        let (first, weights) = bank.band(0).expect("a band");
        assert!((weights[8 - first] - 1.0).abs() < 1e-6);
        assert!(weights.iter().all(|&w| w <= 1.0 + 1e-6));
    }

    proptest! {
        #[test]
        fn scales_are_inverted(hz in 0.0f64..1e5) {
            for scale in [MelScale::Slaney, MelScale::Htk] {
                let back = mel_to_hz(hz_to_mel(hz, scale), scale);
                prop_assert!((back - hz).abs() <= 1e-9 * (1.0 + hz));
            }
        }

        #[test]
        fn banks_are_sound(
            rate in 1.0f64..1e6,
            n_fft in 2usize..600,
            n_mels in 1usize..70,
            fmin in 0.0f64..1e5,
            width in 1e-9f64..1e6,
        ) {
            for scale in [MelScale::Slaney, MelScale::Htk] {
                let bank = MelBank::new(rate, n_fft, n_mels, fmin, fmin + width, scale, MelNorm::Peak);
                let bank = bank.expect("valid parameters");
                prop_assert_eq!(bank.n_mels(), n_mels);
                for i in 0..n_mels {
                    let (first, weights) = bank.band(i).expect("a band");
                    prop_assert!(first + weights.len() <= bank.bins());
                    prop_assert!(weights.iter().all(|w| (0.0..=1.000_001).contains(w)));
                }
            }
        }
    }
}
