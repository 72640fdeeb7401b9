//! From the asset's sample rate to a profile's.
//!
//! A linear-phase low-pass by FFT (crate rubato), aligned to the sample: output
//! frame `i` stands exactly at time `i / rate`, and there are
//! `ceil(n * to / from)` of them.
//!
//! Length and window are those that come nearest to the resampler that librosa
//! uses by default (soxr, HQ) for 44,100 -> 22,050 Hz: -0.1 dB at 10,266 Hz, -6
//! dB at 10,550 Hz, -100 dB at 11,001 Hz. Other pairs of rates differ a little
//! in the last half kilohertz, because the length must fit their ratio.

use agogic_timebase::SampleRate;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

/// Filter length, in samples of the lower rate, that puts the edges of the
/// filter where the module's description says.
const LENGTH: usize = 220;

/// A streaming resampler for some channels.
pub(crate) struct Resampler {
    fft: Fft<f32>,
    channels: usize,
    /// Samples per channel that the transform takes and gives.
    take: usize,
    give: usize,
    /// Planar input that waits for a full transform, `filled` samples of each
    /// channel.
    pending: Vec<f32>,
    filled: usize,
    /// Planar output of one transform.
    chunk: Vec<f32>,
    /// Samples still to drop at the start: the filter's delay.
    delay: usize,
    /// Samples taken and given, per channel.
    taken: u64,
    given: u64,
    ratio: (u64, u64),
}

impl Resampler {
    /// A resampler between two rates; the reason, where there can be none.
    pub(crate) fn new(from: SampleRate, to: SampleRate, channels: usize) -> Result<Self, String> {
        let (from, to) = (from.hz() as usize, to.hz() as usize);
        let gcd = gcd(from, to);
        // An even number of the smallest chunk: then the delay is a whole
        // number of samples on both sides.
        let lower = from.min(to) / gcd;
        let chunks = (LENGTH + lower) / (2 * lower) * 2;
        let chunk = chunks.max(2) * (from / gcd);
        let fft = Fft::new_custom(from, to, chunk, 1, channels, WindowFunction::Blackman2, FixedSync::Both)
            .map_err(|error| format!("no resampler from {from} Hz to {to} Hz: {error}"))?;
        let (take, give) = (fft.input_frames_next(), fft.output_frames_next());
        Ok(Self {
            delay: fft.output_delay(),
            channels,
            take,
            give,
            pending: vec![0.0; take * channels],
            filled: 0,
            chunk: vec![0.0; give * channels],
            taken: 0,
            given: 0,
            ratio: (to as u64, from as u64),
            fft,
        })
    }

    /// Resamples planar samples, `count` of each channel, and appends what is
    /// ready to each channel of `output`.
    pub(crate) fn push(&mut self, input: &[f32], count: usize, output: &mut [Vec<f32>]) {
        self.taken += count as u64;
        let mut at = 0;
        while at < count {
            let n = (self.take - self.filled).min(count - at);
            for channel in 0..self.channels {
                let to = channel * self.take + self.filled;
                let from = channel * count + at;
                self.pending[to..to + n].copy_from_slice(&input[from..from + n]);
            }
            self.filled += n;
            at += n;
            if self.filled == self.take {
                self.transform(output, u64::MAX);
            }
        }
    }

    /// Gives what remains: the filter's tail, and no sample more than there
    /// must be.
    pub(crate) fn finish(&mut self, output: &mut [Vec<f32>]) {
        let (to, from) = self.ratio;
        let total = (u128::from(self.taken) * u128::from(to)).div_ceil(u128::from(from)) as u64;
        while self.given < total {
            for channel in 0..self.channels {
                let start = channel * self.take;
                self.pending[start + self.filled..start + self.take].fill(0.0);
            }
            self.transform(output, total);
        }
    }

    fn transform(&mut self, output: &mut [Vec<f32>], total: u64) {
        self.filled = 0;
        let done = match (
            SequentialSlice::new(&self.pending, self.channels, self.take),
            SequentialSlice::new_mut(&mut self.chunk, self.channels, self.give),
        ) {
            (Ok(input), Ok(mut chunk)) => self.fft.process_into_buffer(&input, &mut chunk, None).is_ok(),
            _ => false,
        };
        // The buffers have the sizes that the transform named itself.
        debug_assert!(done, "the resampler refused buffers of its own size");
        let skip = self.delay.min(self.give);
        self.delay -= skip;
        let room = total.saturating_sub(self.given).min((self.give - skip) as u64) as usize;
        self.given += room as u64;
        for (channel, output) in output.iter_mut().enumerate() {
            let start = channel * self.give + skip;
            output.extend_from_slice(&self.chunk[start..start + room]);
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resample(from: u32, to: u32, input: &[f32], block: usize) -> Vec<f32> {
        let rate = |hz| SampleRate::new(hz).unwrap();
        let mut resampler = Resampler::new(rate(from), rate(to), 1).unwrap();
        let mut output = vec![vec![]];
        for block in input.chunks(block) {
            resampler.push(block, block.len(), &mut output);
        }
        resampler.finish(&mut output);
        output.remove(0)
    }

    fn sine(hz: f64, rate: u32, n: usize) -> Vec<f32> {
        (0..n).map(|i| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)).sin() as f32).collect()
    }

    #[test]
    fn a_sine_stays_where_it_was() {
        for (from, to) in
            [(44_100, 22_050), (48_000, 22_050), (8_000, 22_050), (96_000, 44_100), (22_050, 44_100)]
        {
            let n = from as usize;
            let given = resample(from, to, &sine(1000.0, from, n), 1000);
            assert_eq!(given.len(), to as usize, "{from} -> {to}");
            let wanted = sine(1000.0, to, to as usize);
            let margin = to as usize / 10;
            let worst = given[margin..given.len() - margin]
                .iter()
                .zip(&wanted[margin..])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-5, "{from} -> {to}: {worst}");
        }
    }

    #[test]
    fn lengths_and_blocks() {
        let input = sine(300.0, 48_000, 5_000);
        let whole = resample(48_000, 22_050, &input, 5_000);
        for block in [1, 64, 999] {
            assert_eq!(resample(48_000, 22_050, &input, block), whole, "blocks of {block}");
        }
        for n in [0, 1, 2, 3, 700] {
            let expect = (n * 22_050usize).div_ceil(48_000);
            assert_eq!(resample(48_000, 22_050, &input[..n], 64).len(), expect, "{n} samples");
        }
    }
}
