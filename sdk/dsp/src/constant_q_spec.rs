//! What a constant-Q transform is to compute, and how it is cut into octaves: which
//! bins are computed at which rate, by which filters. The cut is librosa's, so that
//! the filters are.

use std::f64::consts::TAU;

use crate::constant_q_kernel::Atom;
use crate::error::DspError;

/// The most bins that a constant-Q transform has.
pub const MAX_CONSTANT_Q_BINS: usize = 1200;

/// The longest transform of an octave.
const MAX_OCTAVE_FFT: f64 = (1 << 18) as f64;

/// Equivalent noise bandwidth of a Hann window, in bins, as librosa has it.
const HANN_BANDWIDTH: f64 = 1.500_183_105_468_75;

/// What a constant-Q transform is to compute, in librosa's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantQSpec {
    /// Sample rate, in Hz.
    pub rate_hz: f64,
    /// Distance between frames, in samples.
    pub hop: usize,
    /// Frequency of the lowest bin, in Hz, before `tuning`.
    pub fmin: f64,
    /// Number of bins. Those whose filter reaches beyond half the rate are 0.
    pub n_bins: usize,
    /// Bins of an octave. With `r` the frequency ratio of every second bin, `Q` is
    /// `filter_scale (r + 1) / (r - 1)`.
    pub bins_per_octave: usize,
    /// How far all bins are moved up, in bins.
    pub tuning: f64,
    /// Length of the filters, as a part of the usual one.
    pub filter_scale: f64,
    /// Share of the filters' magnitudes in frequency that is left out, weakest
    /// first.
    pub sparsity: f64,
}

/// Bins that share a transform.
pub(crate) struct Octave {
    /// How often the rate is halved.
    pub(crate) level: usize,
    pub(crate) n_fft: usize,
    pub(crate) first_bin: usize,
    pub(crate) atoms: Vec<Atom>,
    /// Where the main lobe of the highest filter ends, in Hz.
    top: f64,
}

/// All octaves, highest first.
pub(crate) struct Plan {
    rate_hz: f64,
    pub(crate) octaves: Vec<Octave>,
}

impl Plan {
    pub(crate) fn new(spec: &ConstantQSpec) -> Result<Self, DspError> {
        let ConstantQSpec { rate_hz, hop, fmin, n_bins, bins_per_octave, tuning, filter_scale, sparsity } =
            *spec;
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(DspError::Rate(rate_hz));
        }
        for (name, value, fine) in [
            ("hop_length", hop as f64, (1..=1 << 20).contains(&hop)),
            ("fmin", fmin, fmin.is_finite() && fmin > 0.0),
            ("n_bins", n_bins as f64, (1..=MAX_CONSTANT_Q_BINS).contains(&n_bins)),
            ("bins_per_octave", bins_per_octave as f64, (1..=MAX_CONSTANT_Q_BINS).contains(&bins_per_octave)),
            ("tuning", tuning, tuning.is_finite()),
            ("filter_scale", filter_scale, filter_scale.is_finite() && filter_scale > 0.0),
            ("sparsity", sparsity, (0.0..1.0).contains(&sparsity)),
        ] {
            if !fine {
                return Err(DspError::ConstantQ { name, value });
            }
        }
        let per_octave = bins_per_octave as f64;
        let ratio = (2.0 / per_octave).exp2();
        let q = filter_scale * (ratio + 1.0) / (ratio - 1.0);
        let hz = |bin: usize| fmin * ((bin as f64 + tuning) / per_octave).exp2();
        let cutoff = |bin: usize| hz(bin) * (1.0 + 0.5 * HANN_BANDWIDTH / q);
        let nyquist = rate_hz / 2.0;
        let used = (0..n_bins).take_while(|&bin| cutoff(bin) <= nyquist).count();
        let mut octaves = vec![];
        if used == 0 {
            return Ok(Self { rate_hz, octaves });
        }
        let count = used.div_ceil(bins_per_octave);
        let spare = (nyquist / cutoff(used - 1)).log2().ceil() - 2.0;
        let halvings = (hop.trailing_zeros() as usize + 1).saturating_sub(count);
        let mut level = (spare.max(0.0) as usize).min(halvings);
        for octave in 0..count {
            let end = used - octave * bins_per_octave;
            let first_bin = end.saturating_sub(bins_per_octave);
            let rate = rate_hz / (1u64 << level) as f64;
            let longest = q * rate / hz(first_bin);
            let n_fft = longest.log2().ceil().exp2();
            if n_fft > MAX_OCTAVE_FFT {
                return Err(DspError::Filter { samples: longest });
            }
            let atom = |bin: usize| Atom {
                length: q * rate / hz(bin),
                turns: TAU * hz(bin) / rate,
                gain: (q * rate_hz / hz(bin)).sqrt(),
            };
            octaves.push(Octave {
                level,
                n_fft: (n_fft as usize).max(4),
                first_bin,
                atoms: (first_bin..end).map(atom).collect(),
                top: hz(end - 1) * (1.0 + 2.0 / q),
            });
            if (hop >> level).is_multiple_of(2) {
                level += 1;
            }
        }
        Ok(Self { rate_hz, octaves })
    }

    /// What must be kept when the rate of a level is halved, as a part of half the
    /// new rate.
    pub(crate) fn edge_below(&self, level: usize) -> f64 {
        let below = self.octaves.iter().filter(|octave| octave.level > level);
        let top = below.map(|octave| octave.top).fold(0.0, f64::max);
        top * (4u64 << level) as f64 / self.rate_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked() {
        let spec = ConstantQSpec {
            rate_hz: 44_100.0,
            hop: 512,
            fmin: 32.7,
            n_bins: 84,
            bins_per_octave: 12,
            tuning: 0.0,
            filter_scale: 1.0,
            sparsity: 0.01,
        };
        let check = |spec: ConstantQSpec, expect: &str| {
            assert_eq!(Plan::new(&spec).err().map(|error| error.to_string()).as_deref(), Some(expect));
        };
        let out = "of a constant-Q transform is out of range";
        check(ConstantQSpec { fmin: 0.0, ..spec }, &format!("fmin 0 {out}"));
        check(ConstantQSpec { n_bins: 1201, ..spec }, &format!("n_bins 1201 {out}"));
        check(ConstantQSpec { sparsity: 1.0, ..spec }, &format!("sparsity 1 {out}"));
        check(ConstantQSpec { rate_hz: 0.0, ..spec }, "sample rate 0 Hz is not positive and finite");
        assert!(matches!(
            Plan::new(&ConstantQSpec { hop: 1, fmin: 1.0, ..spec }),
            Err(DspError::Filter { .. })
        ));
        let plan = Plan::new(&spec).expect("a plan");
        let levels: Vec<usize> = plan.octaves.iter().map(|octave| octave.level).collect();
        assert_eq!(levels, [1, 2, 3, 4, 5, 6, 7]);
        assert!(plan.octaves.iter().all(|octave| octave.n_fft == 256 && octave.atoms.len() == 12));
    }
}
