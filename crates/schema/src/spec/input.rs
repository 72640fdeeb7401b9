//! What a calculator is fed with.

use serde::{Deserialize, Serialize};

use super::Amount;
use crate::DescriptorId;

/// Which sample rate a calculator works at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateUse {
    /// The profile's rate: the asset's own, unless the profile names another.
    #[default]
    Profile,
    /// Always the asset's own rate.
    Native,
}

/// How the channels of the asset reach a calculator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelUse {
    /// One channel: the mean of all.
    #[default]
    Mono,
    /// Every channel by itself.
    Each,
    /// The channel of this number, counted from 0. An asset that has fewer
    /// cannot be analysed by the calculator.
    Only(u32),
}

/// What the numbers of a spectrum are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpectrumScale {
    /// |X|, not normalised.
    #[default]
    Magnitude,
    /// |X|^2, not normalised.
    Power,
    /// X itself, not normalised: real and imaginary part of bin 0, then of
    /// bin 1, and so on. Twice as many values as bins. Phases are those of the
    /// frame's first sample.
    Complex,
}

/// The shape of a spectrum's window, always periodic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowShape {
    /// `0.5 - 0.5 cos`
    #[default]
    Hann,
    /// `0.54 - 0.46 cos`
    Hamming,
    /// `0.42 - 0.5 cos + 0.08 cos 2`
    Blackman,
    /// Ones.
    Rectangular,
}

/// PCM samples, block by block, -1.0 to 1.0 at full scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PcmInput {
    /// Which channels.
    #[serde(default)]
    pub channels: ChannelUse,
    /// Which sample rate.
    #[serde(default)]
    pub rate: RateUse,
}

impl PcmInput {
    /// These channels at the profile's rate.
    pub fn new(channels: ChannelUse) -> Self {
        Self { channels, rate: RateUse::Profile }
    }

    /// At the asset's own rate.
    #[must_use]
    pub fn native_rate(mut self) -> Self {
        self.rate = RateUse::Native;
        self
    }
}

/// Frames of a short-time Fourier transform, centred, zeros beyond the ends.
/// Computed once for all that ask alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SpectrumInput {
    /// Transform length in samples; frames have `n_fft / 2 + 1` bins.
    pub n_fft: Amount,
    /// Distance between frames, in samples.
    pub hop: Amount,
    /// Window length in samples, at most `n_fft`.
    pub window_length: Amount,
    /// Shape of the window.
    #[serde(default)]
    pub window: WindowShape,
    /// What the numbers are.
    #[serde(default)]
    pub scale: SpectrumScale,
    /// Which channels.
    #[serde(default)]
    pub channels: ChannelUse,
}

impl SpectrumInput {
    /// Magnitudes of a mono mix under a Hann window as long as the transform.
    pub fn new(n_fft: impl Into<Amount>, hop: impl Into<Amount>) -> Self {
        let n_fft = n_fft.into();
        Self {
            window_length: n_fft.clone(),
            n_fft,
            hop: hop.into(),
            window: WindowShape::default(),
            scale: SpectrumScale::default(),
            channels: ChannelUse::default(),
        }
    }

    /// With a window of this length, in the middle of the transform.
    #[must_use]
    pub fn window_length(mut self, samples: impl Into<Amount>) -> Self {
        self.window_length = samples.into();
        self
    }

    /// With a window of this shape.
    #[must_use]
    pub fn window(mut self, shape: WindowShape) -> Self {
        self.window = shape;
        self
    }

    /// With these numbers.
    #[must_use]
    pub fn scale(mut self, scale: SpectrumScale) -> Self {
        self.scale = scale;
        self
    }

    /// Of these channels.
    #[must_use]
    pub fn channels(mut self, channels: ChannelUse) -> Self {
        self.channels = channels;
        self
    }
}

/// What a calculator is fed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum InputSpec {
    /// Samples.
    Pcm(PcmInput),
    /// Frames of a spectrum.
    Spectrum(SpectrumInput),
    /// Other descriptors of the same asset under the same profile, of any
    /// shape: the calculator runs after theirs, and never sees the audio.
    Descriptors(Vec<DescriptorId>),
}

impl From<PcmInput> for InputSpec {
    fn from(input: PcmInput) -> Self {
        Self::Pcm(input)
    }
}

impl From<SpectrumInput> for InputSpec {
    fn from(input: SpectrumInput) -> Self {
        Self::Spectrum(input)
    }
}

impl InputSpec {
    /// The descriptors of these names.
    ///
    /// # Panics
    /// When a name is not valid: a mistake in the calculator's source.
    #[track_caller]
    pub fn descriptors(ids: &[&str]) -> Self {
        Self::Descriptors(ids.iter().map(|&id| super::valid(DescriptorId::new(id))).collect())
    }

    /// The descriptors that it is made of; none for audio.
    pub fn inputs(&self) -> &[DescriptorId] {
        match self {
            Self::Descriptors(ids) => ids,
            Self::Pcm(_) | Self::Spectrum(_) => &[],
        }
    }

    /// The spectrum that it asks for, if it does.
    pub fn spectrum(&self) -> Option<&SpectrumInput> {
        match self {
            Self::Spectrum(spectrum) => Some(spectrum),
            Self::Pcm(_) | Self::Descriptors(_) => None,
        }
    }

    /// Which sample rate.
    pub fn rate(&self) -> RateUse {
        match self {
            Self::Pcm(pcm) => pcm.rate,
            Self::Spectrum(_) | Self::Descriptors(_) => RateUse::Profile,
        }
    }

    /// Whether its frames, if it has any, are those of one output frame each.
    pub(super) fn has_frames(&self) -> bool {
        !matches!(self, Self::Pcm(_))
    }

    pub(super) fn amounts(&self) -> Vec<&Amount> {
        match self {
            Self::Pcm(_) | Self::Descriptors(_) => vec![],
            Self::Spectrum(spectrum) => vec![&spectrum.n_fft, &spectrum.hop, &spectrum.window_length],
        }
    }
}

/// What a calculator has to do with tempo. Hardly any has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TempoUse {
    /// Nothing.
    #[default]
    None,
    /// Its blocks carry the ticks of the tempo map in force, if there is one,
    /// and its tracks note which map that was. The values must not depend on
    /// it: it is no part of their freshness.
    Annotation,
    /// The values depend on the tempo map: it is an input, and a tempo edit
    /// makes them stale. Without a map the calculator cannot run.
    Input,
}
