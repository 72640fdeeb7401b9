//! The front end that all calculators of a run share: each distinct mix,
//! sample rate and short-time Fourier transform is computed once.

use std::ops::Range;

use agogic_schema::{ChannelUse, SpectrumScale};
use rayon::prelude::*;

use crate::Source;
use crate::prepare::{InputRequest, PcmRequest};
use crate::resample::Resampler;
use crate::spectrum::SpectrumFeed;

/// A piece of input as it goes to a calculator.
pub(crate) struct Piece<'a> {
    pub(crate) position: u64,
    pub(crate) count: usize,
    pub(crate) channels: usize,
    pub(crate) width: usize,
    pub(crate) data: &'a [f32],
}

impl<'a> Piece<'a> {
    /// Some of its frames, for an input that has frames.
    pub(crate) fn frames(&self, range: Range<usize>) -> Self {
        let row = self.channels * self.width;
        Piece {
            position: self.position + range.start as u64,
            count: range.len(),
            channels: self.channels,
            width: self.width,
            data: &self.data[range.start * row..range.end * row],
        }
    }
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
                let found = self.spectra.iter().position(|feed| feed.pcm == pcm && feed.spec() == stft);
                let index = found.unwrap_or_else(|| {
                    self.spectra.push(SpectrumFeed::new(pcm, self.pcm[pcm].channels, *stft));
                    self.spectra.len() - 1
                });
                self.spectra[index].ask_for(*scale);
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
        self.spectra.par_iter_mut().for_each(|feed| feed.transform(&pcm[feed.pcm], false));
    }

    /// Gives what remains in resamplers and transforms.
    pub(crate) fn finish(&mut self) {
        self.pcm.par_iter_mut().for_each(PcmFeed::finish);
        let pcm = &self.pcm;
        self.spectra.par_iter_mut().for_each(|feed| feed.transform(&pcm[feed.pcm], true));
    }

    /// Samples per channel so far, those of the last `push` or `finish` among
    /// them, at the rate of an input.
    pub(crate) fn samples(&self, id: FeedId) -> u64 {
        let pcm = match id {
            FeedId::Pcm(index) => index,
            FeedId::Spectrum(index, _) => self.spectra[index].pcm,
        };
        self.pcm[pcm].position + self.pcm[pcm].count as u64
    }

    /// What the last `push` or `finish` gave for an input.
    pub(crate) fn piece(&self, id: FeedId) -> Piece<'_> {
        match id {
            FeedId::Pcm(index) => self.pcm[index].piece(),
            FeedId::Spectrum(index, scale) => self.spectra[index].piece(scale),
        }
    }
}

/// Samples of a mix at a rate.
pub(crate) struct PcmFeed {
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

    /// A channel of the last block.
    pub(crate) fn channel(&self, channel: usize) -> &[f32] {
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
