//! A calculator made ready for one asset: its parameters under a profile, the
//! input it asks for, and the headers of the tracks that it will give.

use std::num::{NonZeroU32, NonZeroUsize};

use agogic_dsp::{StftSpec, Window};
use agogic_schema::{
    Amount, Bins, CalculatorSpec, ChannelUse, DescriptorSpec, Frames, InputSpec, Kind, Profile, RateUse,
    Setup, Shape, SpectrumScale, TempoUse, TrackHeader, WindowShape,
};
use agogic_timebase::{FrameGrid, SampleRate, Samples, Seconds};

use crate::tempo::{Items, TickMap};
use crate::ticks::{Fit, Fitted};
use crate::{CallError, HostError, LoadedCalculator, Receiver, Watch};

/// What is known of an asset before its first sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Samples per second.
    pub rate: SampleRate,
    /// Names of its channels.
    pub channels: Vec<String>,
}

/// Which samples a calculator is fed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcmRequest {
    pub(crate) rate: SampleRate,
    pub(crate) channels: ChannelUse,
}

/// Which input a calculator is fed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputRequest {
    Pcm(PcmRequest),
    Spectrum { pcm: PcmRequest, stft: StftSpec, scale: SpectrumScale },
}

impl InputRequest {
    pub(crate) fn pcm(&self) -> &PcmRequest {
        match self {
            Self::Pcm(pcm) | Self::Spectrum { pcm, .. } => pcm,
        }
    }
}

/// A calculator made ready for one asset under one profile.
#[derive(Clone)]
pub struct Prepared<'a> {
    pub(crate) calculator: &'a LoadedCalculator,
    pub(crate) setup: Setup,
    pub(crate) input: InputRequest,
    /// Samples beyond a frame's centre that the calculator waits for.
    pub(crate) latency: u32,
    pub(crate) tempo: Option<&'a dyn TickMap>,
    /// The headers of its tracks, in the order of its outputs.
    pub headers: Vec<TrackHeader>,
}

impl<'a> Prepared<'a> {
    /// Resolves a calculator's parameters, input and outputs.
    ///
    /// # Errors
    /// [`HostError::Schema`] for a parameter outside its bounds and
    /// [`HostError::Setup`] where parameters do not go together.
    pub fn new(
        calculator: &'a LoadedCalculator,
        profile: &Profile,
        source: &Source,
    ) -> Result<Self, HostError> {
        let spec = &calculator.spec;
        let fail = |reason: String| HostError::Setup { calculator: spec.id.clone(), reason };
        let params = profile.resolve(spec)?;
        let rate = match (spec.input.rate(), profile.sample_rate) {
            (RateUse::Profile, Some(hz)) => SampleRate::new(hz).map_err(|error| fail(error.to_string()))?,
            _ => source.rate,
        };
        let input = match &spec.input {
            InputSpec::Pcm(pcm) => InputRequest::Pcm(PcmRequest { rate, channels: pcm.channels }),
            InputSpec::Spectrum(spectrum) => {
                let amount = |amount: &Amount| amount.resolve(&params).unwrap_or(0) as usize;
                let hop = NonZeroUsize::new(amount(&spectrum.hop))
                    .ok_or_else(|| fail("a hop of 0 samples".into()))?;
                let (n_fft, window) = (amount(&spectrum.n_fft), amount(&spectrum.window_length));
                let stft = StftSpec::new(n_fft, hop, window, shape(spectrum.window), true)
                    .map_err(|error| fail(error.to_string()))?;
                let pcm = PcmRequest { rate, channels: spectrum.channels };
                InputRequest::Spectrum { pcm, stft, scale: spectrum.scale }
            }
            InputSpec::Descriptors(_) => {
                return Err(fail("it is made of descriptors, not of audio".into()));
            }
            _ => return Err(fail("it asks for an input that this host does not know".into())),
        };
        let channels = match input.pcm().channels {
            ChannelUse::Mono => vec!["mono".to_owned()],
            ChannelUse::Each => source.channels.clone(),
            ChannelUse::Only(n) => match source.channels.get(n as usize) {
                Some(name) => vec![name.clone()],
                None => return Err(fail(format!("the asset has no channel {n}"))),
            },
        };
        let given = match &input {
            InputRequest::Pcm(_) => Given { bins: 0, width: 1, frames: None },
            InputRequest::Spectrum { stft, scale, .. } => {
                let hop =
                    u32::try_from(stft.hop().get()).map_err(|_| fail("a hop that is too long".into()))?;
                let bins = stft.bins() as u32;
                let width = if *scale == SpectrumScale::Complex { 2 * bins } else { bins };
                Given { bins, width, frames: Some((0, hop)) }
            }
        };
        let bins = given.width;
        let wanted = vec![false; spec.descriptors.len()];
        let setup = Setup { params, rate: rate.hz(), channels, bins, wanted, ..Setup::default() };
        let told = calculator.library.outputs(&spec.id, &setup).map_err(|error| match error {
            CallError::Setup(reason) => fail(reason),
            error => HostError::Outputs(Box::new(error)),
        })?;
        let headers = match told {
            None => headers(spec, &setup, &given)?,
            Some(told) => {
                let known = spec.descriptors.iter().map(|known| &known.id);
                if !told.descriptors.iter().map(|told| &told.id).eq(known) {
                    return Err(fail("its outputs are not those of its description".into()));
                }
                let spec = CalculatorSpec { descriptors: told.descriptors, ..spec.clone() };
                headers(&spec, &Setup { channels: told.channels, ..setup.clone() }, &given)?
            }
        };
        let latency = spec.latency.resolve_at(&setup.params, setup.rate).unwrap_or(0);
        Ok(Self { calculator, setup, input, latency, tempo: None, headers })
    }

    /// With a tempo map, for a calculator that has to do with tempo; any other
    /// never learns of it.
    #[must_use]
    pub fn with_tempo(mut self, map: Option<&'a dyn TickMap>) -> Self {
        self.tempo = map.filter(|_| self.calculator.spec.tempo != TempoUse::None);
        self.setup.tempo = self.tempo.is_some();
        self
    }

    /// A receiver for an output as the output needs it. `end` is that of the
    /// asset, where it is known.
    ///
    /// # Errors
    /// [`HostError::Setup`] for an output that counts in ticks where there is
    /// no tempo map.
    pub fn fit<R: Receiver>(
        &self,
        header: &TrackHeader,
        receiver: R,
        end: Option<Seconds>,
        watch: &dyn Watch,
    ) -> Result<Fitted<'a, R>, HostError> {
        let (spec, params) = (&self.calculator.spec, &self.setup.params);
        Fit { spec, params, tempo: self.tempo, end, watch }.receiver(header, receiver)
    }

    /// Where the items of its input's blocks stand.
    pub(crate) fn items(&self) -> Items {
        let rate = self.input.pcm().rate;
        match self.input {
            InputRequest::Pcm(_) => Items::Samples(rate),
            InputRequest::Spectrum { stft, .. } => {
                let hop = u32::try_from(stft.hop().get()).ok().and_then(NonZeroU32::new);
                let hop = hop.unwrap_or(NonZeroU32::MAX);
                Items::Frames(FrameGrid { rate, start: Samples(0), hop })
            }
        }
    }
}

fn shape(window: WindowShape) -> Window {
    match window {
        WindowShape::Hann => Window::Hann,
        WindowShape::Hamming => Window::Hamming,
        WindowShape::Blackman => Window::Blackman,
        WindowShape::Rectangular => Window::Rectangular,
    }
}

/// What outputs may take over from the input.
pub(crate) struct Given {
    /// Rows per channel; none of samples.
    pub(crate) bins: u32,
    /// Values per channel and frame or sample: as many as rows, or twice as
    /// many.
    pub(crate) width: u32,
    /// Centre of frame 0 and hop in samples, where the input has frames.
    pub(crate) frames: Option<(i64, u32)>,
}

/// The headers of a calculator's outputs, in their order.
pub(crate) fn headers(
    spec: &CalculatorSpec,
    setup: &Setup,
    given: &Given,
) -> Result<Vec<TrackHeader>, HostError> {
    let header = |descriptor| {
        header(descriptor, setup, given)
            .map_err(|reason| HostError::Setup { calculator: spec.id.clone(), reason })
    };
    spec.descriptors.iter().map(header).collect()
}

fn header(descriptor: &DescriptorSpec, setup: &Setup, given: &Given) -> Result<TrackHeader, String> {
    let amount = |amount: &Amount| {
        amount.resolve_at(&setup.params, setup.rate).ok_or_else(|| format!("{} has no size", descriptor.id))
    };
    let bins = match &descriptor.bins {
        Bins::Count(count) => amount(count)?,
        Bins::Input if given.bins == 0 => return Err(format!("{} has no bins to take over", descriptor.id)),
        Bins::Input => given.bins,
    };
    let (shape, planes) = match &descriptor.kind {
        Kind::Events => (Shape::Events, vec![]),
        Kind::Dense(Frames::Every { hop, first }) => {
            (Shape::Dense, vec![(i64::from(amount(first)?), amount(hop)?)])
        }
        Kind::Dense(Frames::Input) => match given.frames {
            Some(frames) => (Shape::Dense, vec![frames]),
            None => return Err(format!("{} has the frames of an input without any", descriptor.id)),
        },
        // They reach the track through `ticks`.
        Kind::Dense(Frames::Ticks { every, .. }) => (Shape::Dense, vec![(0, amount(every)?)]),
        Kind::Peaks { hop, factor, levels } => {
            let mut hop = amount(hop)?;
            if hop % 2 != 0 {
                return Err(format!("{} has an odd hop of {hop} samples", descriptor.id));
            }
            let mut planes = vec![];
            for level in 0..*levels {
                planes.push((i64::from(hop / 2), hop));
                if level + 1 < *levels {
                    hop = hop
                        .checked_mul(*factor)
                        .ok_or_else(|| format!("{} has too many levels", descriptor.id))?;
                }
            }
            (Shape::Peaks, planes)
        }
    };
    if planes.iter().any(|&(_, hop)| hop == 0) {
        return Err(format!("{} has a hop of 0 samples", descriptor.id));
    }
    let joint = || vec![DescriptorSpec::JOINT.to_owned()];
    let channels = if descriptor.joint { joint() } else { setup.channels.clone() };
    let header = TrackHeader {
        descriptor: descriptor.id.clone(),
        unit: descriptor.unit.clone(),
        range: descriptor.range,
        shape,
        channels,
        bins,
        rate: setup.rate,
        planes,
    };
    if shape != Shape::Events && !(1..=1 << 24).contains(&header.width()) {
        return Err(format!("{} has frames of {} values", descriptor.id, header.width()));
    }
    Ok(header)
}
