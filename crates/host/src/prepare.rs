//! A calculator made ready for one asset: its parameters under a profile, the
//! input it asks for, and the headers of the tracks that it will give.

use std::num::NonZeroUsize;

use agogic_dsp::{StftSpec, Window};
use agogic_schema::{
    Amount, Bins, ChannelUse, DescriptorSpec, Frames, InputSpec, Kind, Profile, RateUse, Setup, Shape,
    SpectrumScale, TrackHeader, WindowShape,
};
use agogic_timebase::SampleRate;

use crate::{CallError, HostError, LoadedCalculator};

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
        let bins = match &input {
            InputRequest::Pcm(_) => 1,
            InputRequest::Spectrum { stft, scale: SpectrumScale::Complex, .. } => 2 * stft.bins() as u32,
            InputRequest::Spectrum { stft, .. } => stft.bins() as u32,
        };
        let wanted = vec![false; spec.descriptors.len()];
        let setup = Setup { params, rate: rate.hz(), channels, bins, wanted, ..Setup::default() };
        let told = calculator.library.outputs(&spec.id, &setup).map_err(|error| match error {
            CallError::Setup(reason) => fail(reason),
            error => fail(error.to_string()),
        })?;
        let (channels, descriptors) = match &told {
            None => (&setup.channels, &spec.descriptors),
            Some(outputs) => (&outputs.channels, &outputs.descriptors),
        };
        if !descriptors.iter().map(|told| &told.id).eq(spec.descriptors.iter().map(|known| &known.id)) {
            return Err(fail("its outputs are not those of its description".into()));
        }
        let headers = descriptors
            .iter()
            .map(|descriptor| header(descriptor, &setup, &input, channels).map_err(&fail))
            .collect::<Result<_, _>>()?;
        let latency = spec.latency.resolve(&setup.params).unwrap_or(0);
        Ok(Self { calculator, setup, input, latency, headers })
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

fn header(
    descriptor: &DescriptorSpec,
    setup: &Setup,
    input: &InputRequest,
    channels: &[String],
) -> Result<TrackHeader, String> {
    let amount = |amount: &Amount| {
        amount.resolve(&setup.params).ok_or_else(|| format!("{} has no size", descriptor.id))
    };
    let bins = match &descriptor.bins {
        Bins::Count(count) => amount(count)?,
        Bins::Input => match input {
            InputRequest::Pcm(_) => return Err(format!("{} has no spectrum", descriptor.id)),
            InputRequest::Spectrum { stft, .. } => stft.bins() as u32,
        },
    };
    let (shape, planes) = match &descriptor.kind {
        Kind::Events => (Shape::Events, vec![]),
        Kind::Dense(Frames::Every { hop, first }) => {
            (Shape::Dense, vec![(i64::from(amount(first)?), amount(hop)?)])
        }
        Kind::Dense(Frames::Input) => match input {
            InputRequest::Spectrum { stft, .. } => {
                let hop = u32::try_from(stft.hop().get()).map_err(|_| "a hop that is too long")?;
                (Shape::Dense, vec![(0, hop)])
            }
            InputRequest::Pcm(_) => return Err(format!("{} has no spectrum", descriptor.id)),
        },
        Kind::Dense(Frames::Ticks { .. }) => {
            return Err(format!("{} counts in ticks, and there is no tempo map", descriptor.id));
        }
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
    let header = TrackHeader {
        descriptor: descriptor.id.clone(),
        unit: descriptor.unit.clone(),
        range: descriptor.range,
        shape,
        channels: channels.to_vec(),
        bins,
        rate: setup.rate,
        planes,
    };
    if shape != Shape::Events && !(1..=1 << 24).contains(&header.width()) {
        return Err(format!("{} has frames of {} values", descriptor.id, header.width()));
    }
    Ok(header)
}
