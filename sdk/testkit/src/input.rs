//! The input that a calculator asks for, made from a test signal: samples,
//! spectra, or stand-ins for other descriptors.

use std::num::NonZeroUsize;

use agogic_calculator::Block;
use agogic_dsp::{Stft, StftSpec, Window};
use agogic_schema::{
    CalculatorSpec, ChannelUse, DescriptorId, InputSpec, Params, Setup, Shape as TrackShape, SpectrumInput,
    SpectrumScale, TrackHeader, WindowShape,
};

use crate::{Cut, Shape, Signal, TestError};

/// Distance between the frames that stand in for a descriptor, in samples.
const STAND_IN_HOP: u32 = 512;

/// A piece of an input, to be lent as a [`Block`].
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Which input.
    pub input: u32,
    /// Number of the first sample or frame.
    pub position: u64,
    /// Samples per channel, or frames.
    pub count: usize,
    /// Channels.
    pub channels: usize,
    /// Values per channel and sample or frame.
    pub width: usize,
    /// `count * channels * width` values.
    pub data: Vec<f32>,
}

impl Piece {
    /// As a calculator sees it.
    pub fn block(&self) -> Option<Block<'_>> {
        let block = Block::new(self.position, self.count, self.channels, self.width, &self.data)?;
        Some(block.of_input(self.input, 0))
    }
}

/// Everything that a calculator is fed with for one signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Samples or frames.
    pub count: usize,
    channels: usize,
    width: usize,
    /// By input: samples channel by channel, or frames one after the other.
    data: Vec<Vec<f32>>,
    planar: bool,
}

/// Every parameter at its default.
pub fn defaults(spec: &CalculatorSpec) -> Params {
    Params(spec.params.iter().map(|param| (param.name.clone(), param.default.clone())).collect())
}

/// The setup that a host would give for a signal.
///
/// # Errors
/// [`TestError::Input`] where the parameters make no input.
pub fn setup(spec: &CalculatorSpec, params: &Params, signal: &Signal) -> Result<Setup, TestError> {
    Ok(Setup {
        params: params.clone(),
        rate: signal.rate,
        channels: match channel_use(&spec.input) {
            ChannelUse::Mono => vec!["mono".into()],
            ChannelUse::Each => (1..=signal.channels).map(|channel| channel.to_string()).collect(),
            ChannelUse::Only(channel) => vec![channel.saturating_add(1).to_string()],
        },
        bins: match &spec.input {
            InputSpec::Spectrum(spectrum) => {
                let bins = transform(spec, spectrum, params)?.bins() as u32;
                if spectrum.scale == SpectrumScale::Complex { 2 * bins } else { bins }
            }
            InputSpec::Descriptors(_) => 0,
            _ => 1,
        },
        inputs: stand_ins(spec, signal.rate),
        tempo: false,
        wanted: vec![true; spec.descriptors.len()],
    })
}

/// What is told of the tracks that stand in for the inputs of a derived
/// calculator, in the order of its description; none for audio.
pub fn stand_ins(spec: &CalculatorSpec, rate: u32) -> Vec<TrackHeader> {
    let stand_in = |id: &DescriptorId| TrackHeader {
        descriptor: id.clone(),
        unit: String::new(),
        range: None,
        shape: TrackShape::Dense,
        channels: vec!["mono".into()],
        bins: 1,
        rate,
        planes: vec![(0, STAND_IN_HOP)],
    };
    spec.input.inputs().iter().map(stand_in).collect()
}

impl Input {
    /// What a calculator is fed with for this signal.
    ///
    /// A mono input is the signal's first channel. Other descriptors are stood
    /// in for by one bin of noise at a hop of 512 samples, a frame for every
    /// sample that such a hop falls on.
    ///
    /// # Errors
    /// [`TestError::Input`] where the parameters make no input.
    pub fn new(spec: &CalculatorSpec, params: &Params, signal: &Signal) -> Result<Self, TestError> {
        let channels = match channel_use(&spec.input) {
            ChannelUse::Each => signal.channels,
            ChannelUse::Mono | ChannelUse::Only(_) => 1,
        };
        let samples: Vec<_> = (0..channels).map(|channel| signal.channel(channel)).collect();
        Self::from_samples(spec, params, &samples)
    }

    /// The same for samples of the caller's own, as many of each channel.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_samples(
        spec: &CalculatorSpec,
        params: &Params,
        samples: &[Vec<f32>],
    ) -> Result<Self, TestError> {
        let channels = samples.len();
        let length = samples.first().map_or(0, Vec::len);
        let whole = |count, width, data, planar| Self { count, channels, width, data, planar };
        match &spec.input {
            InputSpec::Pcm(_) => Ok(whole(length, 1, vec![samples.concat()], true)),
            InputSpec::Spectrum(spectrum) => {
                let stft = transform(spec, spectrum, params)?;
                let rows: Vec<_> =
                    samples.iter().map(|samples| rows(stft, spectrum.scale, samples)).collect();
                let width = if spectrum.scale == SpectrumScale::Complex { 2 } else { 1 } * stft.bins();
                let count = rows.first().map_or(0, |rows| rows.len() / width);
                let frames = (0..count).flat_map(|frame| {
                    rows.iter().flat_map(move |rows| &rows[frame * width..(frame + 1) * width])
                });
                Ok(whole(count, width, vec![frames.copied().collect()], false))
            }
            InputSpec::Descriptors(ids) => {
                let count = if length == 0 { 0 } else { 1 + length / STAND_IN_HOP as usize };
                let noise =
                    |input: usize| Signal::new(Shape::Noise, 8000, count).seed(1 + input as u64).channel(0);
                let data = (0..ids.len()).map(noise).collect();
                Ok(whole(count, 1, data, false))
            }
            _ => Err(unknown(spec, "this kit does not know such an input")),
        }
    }

    /// Whether it holds frames rather than samples.
    pub fn has_frames(&self) -> bool {
        !self.planar
    }

    /// The blocks of a cut, those of several inputs in turn.
    pub fn pieces(&self, cut: Cut) -> Vec<Piece> {
        let mut pieces = vec![];
        let mut start = 0;
        for length in cut.lengths(self.count) {
            for (input, data) in self.data.iter().enumerate() {
                pieces.push(self.piece(input, data, start, length));
            }
            start += length;
        }
        pieces
    }

    fn piece(&self, input: usize, data: &[f32], start: usize, count: usize) -> Piece {
        let Self { channels, width, .. } = *self;
        let data = if self.planar {
            let of_channel = |channel| &data[channel * self.count + start..][..count];
            (0..channels).flat_map(of_channel).copied().collect()
        } else {
            data[start * channels * width..][..count * channels * width].to_vec()
        };
        Piece { input: input as u32, position: start as u64, count, channels, width, data }
    }
}

fn channel_use(input: &InputSpec) -> ChannelUse {
    match input {
        InputSpec::Pcm(pcm) => pcm.channels,
        InputSpec::Spectrum(spectrum) => spectrum.channels,
        _ => ChannelUse::Mono,
    }
}

fn transform(spec: &CalculatorSpec, input: &SpectrumInput, params: &Params) -> Result<StftSpec, TestError> {
    let size = |amount: &agogic_schema::Amount| amount.resolve(params).unwrap_or(0) as usize;
    let hop = NonZeroUsize::new(size(&input.hop)).ok_or_else(|| unknown(spec, "a hop of 0 samples"))?;
    let window = match input.window {
        WindowShape::Hann => Window::Hann,
        WindowShape::Hamming => Window::Hamming,
        WindowShape::Blackman => Window::Blackman,
        WindowShape::Rectangular => Window::Rectangular,
    };
    StftSpec::new(size(&input.n_fft), hop, size(&input.window_length), window, true)
        .map_err(|error| unknown(spec, &error.to_string()))
}

fn rows(spec: StftSpec, scale: SpectrumScale, samples: &[f32]) -> Vec<f32> {
    let mut stft = if scale == SpectrumScale::Complex { Stft::complex(spec) } else { Stft::new(spec) };
    let mut rows = vec![];
    stft.push(samples, |_, batch| rows.extend_from_slice(batch));
    stft.finish(|_, batch| rows.extend_from_slice(batch));
    if scale == SpectrumScale::Magnitude {
        rows.iter_mut().for_each(|power| *power = power.sqrt());
    }
    rows
}

fn unknown(spec: &CalculatorSpec, reason: &str) -> TestError {
    TestError::Input { calculator: spec.id.to_string(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_schema::PcmInput;

    fn check(input: impl Into<InputSpec>, samples: usize, expect: (usize, usize, u32)) {
        let spec = CalculatorSpec::new("t", "1.0.0", input);
        let signal = Signal::new(Shape::Noise, 22_050, samples).channels(2);
        let params = defaults(&spec);
        let made = Input::new(&spec, &params, &signal).unwrap();
        let setup = setup(&spec, &params, &signal).unwrap();
        assert_eq!((made.count, setup.channels.len(), setup.bins), expect, "{samples}: {:?}", spec.input);
        for cut in [Cut::Whole, Cut::Every(7)] {
            let pieces = made.pieces(cut);
            assert!(pieces.iter().all(|piece| piece.block().is_some()));
            let of_first = pieces.iter().filter(|piece| piece.input == 0);
            assert_eq!(of_first.map(|piece| piece.count).sum::<usize>(), made.count);
        }
    }

    #[test]
    fn inputs_have_the_shape_that_hosts_give() {
        check(PcmInput::new(ChannelUse::Each), 100, (100, 2, 1));
        check(PcmInput::new(ChannelUse::Mono), 0, (0, 1, 1));
        check(PcmInput::new(ChannelUse::Only(1)), 5, (5, 1, 1));
        check(SpectrumInput::new(64, 10), 100, (11, 1, 33));
        check(SpectrumInput::new(64, 10).channels(ChannelUse::Each), 100, (11, 2, 33));
        check(SpectrumInput::new(64, 10), 0, (0, 1, 33));
        check(SpectrumInput::new(64, 10).scale(SpectrumScale::Complex), 100, (11, 1, 66));
        check(InputSpec::descriptors(&["a", "b"]), 1024, (3, 1, 0));
    }

    #[test]
    fn inputs_that_cannot_be_are_named() {
        let spec = CalculatorSpec::new("t", "1.0.0", SpectrumInput::new(64, 0));
        let made = Input::new(&spec, &Params::default(), &Signal::new(Shape::Noise, 8000, 9));
        assert_eq!(made.unwrap_err().to_string(), "the input of t cannot be made: a hop of 0 samples");
    }
}
