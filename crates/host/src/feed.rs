//! The front end that all calculators of a run share: each distinct mix,
//! sample rate and short-time Fourier transform is computed once.

use agogic_dsp::Stft;
use agogic_schema::{ChannelUse, SpectrumScale};
use rayon::prelude::*;

use crate::Source;
use crate::prepare::{InputRequest, PcmRequest};
use crate::resample::Resampler;

/// A piece of input as it goes to a calculator.
pub(crate) struct Piece<'a> {
    pub(crate) position: u64,
    pub(crate) count: usize,
    pub(crate) channels: usize,
    pub(crate) width: usize,
    pub(crate) data: &'a [f32],
}

/// Names one input among the feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedId {
    Pcm(usize),
    Spectrum(usize, SpectrumScale),
}

/// All inputs of a run.
#[derive(Default)]
pub(crate) struct Feeds {
    pcm: Vec<PcmFeed>,
    spectra: Vec<SpectrumFeed>,
}

impl Feeds {
    /// The feed that serves a request, made if there is none yet.
    pub(crate) fn serve(&mut self, request: &InputRequest, source: &Source) -> Result<FeedId, String> {
        match request {
            InputRequest::Pcm(pcm) => Ok(FeedId::Pcm(self.serve_pcm(*pcm, source)?)),
            InputRequest::Spectrum { pcm, stft, scale } => {
                let pcm = self.serve_pcm(*pcm, source)?;
                let found =
                    self.spectra.iter().position(|feed| feed.pcm == pcm && feed.stfts[0].spec() == stft);
                let index = found.unwrap_or_else(|| {
                    let stfts = (0..self.pcm[pcm].channels).map(|_| Stft::new(*stft)).collect();
                    self.spectra.push(SpectrumFeed::new(pcm, stfts));
                    self.spectra.len() - 1
                });
                if *scale == SpectrumScale::Complex {
                    return Err("complex spectra are not served yet".into());
                }
                if *scale == SpectrumScale::Magnitude {
                    self.spectra[index].magnitude.get_or_insert_default();
                }
                Ok(FeedId::Spectrum(index, *scale))
            }
        }
    }

    fn serve_pcm(&mut self, request: PcmRequest, source: &Source) -> Result<usize, String> {
        if let Some(found) = self.pcm.iter().position(|feed| feed.request == request) {
            return Ok(found);
        }
        self.pcm.push(PcmFeed::new(request, source)?);
        Ok(self.pcm.len() - 1)
    }

    /// Takes a planar block of the source, `count` samples of each channel.
    pub(crate) fn push(&mut self, block: &[f32], count: usize) {
        self.pcm.par_iter_mut().for_each(|feed| feed.push(block, count));
        let pcm = &self.pcm;
        self.spectra.par_iter_mut().for_each(|feed| feed.push(&pcm[feed.pcm]));
    }

    /// Gives what remains in resamplers and transforms.
    pub(crate) fn finish(&mut self) {
        self.pcm.par_iter_mut().for_each(PcmFeed::finish);
        let pcm = &self.pcm;
        self.spectra.par_iter_mut().for_each(|feed| feed.finish(&pcm[feed.pcm]));
    }

    /// What the last `push` or `finish` gave for an input.
    pub(crate) fn piece(&self, id: FeedId) -> Piece<'_> {
        match id {
            FeedId::Pcm(index) => self.pcm[index].piece(),
            FeedId::Spectrum(index, scale) => self.spectra[index].piece(scale),
        }
    }
}

struct PcmFeed {
    request: PcmRequest,
    /// Channels of the feed.
    channels: usize,
    resampler: Option<Resampler>,
    /// The mono mix, where one is wanted.
    mix: Vec<f32>,
    /// Resampled samples by channel, before they are laid side by side.
    resampled: Vec<Vec<f32>>,
    /// The block as calculators see it, planar.
    block: Vec<f32>,
    count: usize,
    /// Position of the block's first sample.
    position: u64,
}

impl PcmFeed {
    fn new(request: PcmRequest, source: &Source) -> Result<Self, String> {
        let channels = match request.channels {
            ChannelUse::Mono | ChannelUse::Only(_) => 1,
            ChannelUse::Each => source.channels.len(),
        };
        let resampler = if request.rate == source.rate {
            None
        } else {
            Some(Resampler::new(source.rate, request.rate, channels)?)
        };
        Ok(Self {
            request,
            channels,
            resampler,
            mix: vec![],
            resampled: vec![vec![]; channels],
            block: vec![],
            count: 0,
            position: 0,
        })
    }

    fn push(&mut self, block: &[f32], count: usize) {
        self.position += self.count as u64;
        let input = match self.request.channels {
            ChannelUse::Mono if count > 0 && block.len() > count => {
                mix_down(block, count, &mut self.mix);
                &self.mix
            }
            ChannelUse::Only(n) => {
                let start = (n as usize).saturating_mul(count);
                block.get(start..start.saturating_add(count)).unwrap_or_default()
            }
            _ => block,
        };
        match &mut self.resampler {
            None => {
                self.block.clear();
                self.block.extend_from_slice(input);
                self.count = count;
            }
            Some(resampler) => {
                resampler.push(input, count, &mut self.resampled);
                self.lay_side_by_side();
            }
        }
    }

    fn finish(&mut self) {
        self.position += self.count as u64;
        self.block.clear();
        self.count = 0;
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.resampled);
            self.lay_side_by_side();
        }
    }

    fn lay_side_by_side(&mut self) {
        self.block.clear();
        self.count = self.resampled.first().map_or(0, Vec::len);
        for channel in &mut self.resampled {
            self.block.append(channel);
        }
    }

    fn piece(&self) -> Piece<'_> {
        Piece {
            position: self.position,
            count: self.count,
            channels: self.channels,
            width: 1,
            data: &self.block,
        }
    }

    fn channel(&self, channel: usize) -> &[f32] {
        &self.block[channel * self.count..(channel + 1) * self.count]
    }
}

/// The mean of all channels.
fn mix_down(block: &[f32], count: usize, mix: &mut Vec<f32>) {
    let mut channels = block.chunks_exact(count);
    mix.clear();
    mix.extend_from_slice(channels.next().unwrap_or_default());
    let mut n = 1.0f32;
    for channel in channels {
        mix.iter_mut().zip(channel).for_each(|(sum, sample)| *sum += sample);
        n += 1.0;
    }
    mix.iter_mut().for_each(|sum| *sum /= n);
}

struct SpectrumFeed {
    pcm: usize,
    /// One per channel.
    stfts: Vec<Stft>,
    /// Frames of each channel, before they are interleaved; unused for one.
    apart: Vec<Vec<f32>>,
    power: Vec<f32>,
    /// Square roots of `power`, if anybody asks.
    magnitude: Option<Vec<f32>>,
    count: usize,
    position: u64,
}

impl SpectrumFeed {
    fn new(pcm: usize, stfts: Vec<Stft>) -> Self {
        let apart = vec![vec![]; stfts.len()];
        Self { pcm, stfts, apart, power: vec![], magnitude: None, count: 0, position: 0 }
    }

    fn push(&mut self, pcm: &PcmFeed) {
        for (channel, (stft, rows)) in self.stfts.iter_mut().zip(&mut self.apart).enumerate() {
            rows.clear();
            stft.push(pcm.channel(channel), |_, batch| rows.extend_from_slice(batch));
        }
        self.gather();
    }

    /// Transforms what the resampler gave last, and what remains after that.
    fn finish(&mut self, pcm: &PcmFeed) {
        for (channel, (stft, rows)) in self.stfts.iter_mut().zip(&mut self.apart).enumerate() {
            rows.clear();
            stft.push(pcm.channel(channel), |_, batch| rows.extend_from_slice(batch));
            stft.finish(|_, batch| rows.extend_from_slice(batch));
        }
        self.gather();
    }

    fn gather(&mut self) {
        self.position += self.count as u64;
        let bins = self.stfts[0].spec().bins();
        self.count = self.apart[0].len() / bins;
        if let [only] = &mut self.apart[..] {
            std::mem::swap(only, &mut self.power);
        } else {
            self.power.clear();
            for frame in 0..self.count {
                for rows in &self.apart {
                    self.power.extend_from_slice(&rows[frame * bins..(frame + 1) * bins]);
                }
            }
        }
        if let Some(magnitude) = &mut self.magnitude {
            magnitude.clear();
            magnitude.extend(self.power.iter().map(|power| power.sqrt()));
        }
    }

    fn piece(&self, scale: SpectrumScale) -> Piece<'_> {
        let data = match scale {
            SpectrumScale::Power | SpectrumScale::Complex => &self.power,
            SpectrumScale::Magnitude => self.magnitude.as_ref().unwrap_or(&self.power),
        };
        Piece {
            position: self.position,
            count: self.count,
            channels: self.stfts.len(),
            width: self.stfts[0].spec().bins(),
            data,
        }
    }
}
