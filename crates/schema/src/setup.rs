//! What a calculator is told when it is made: it crosses the plug-in
//! interface as versioned bytes, like the description.

use serde::{Deserialize, Serialize};

use crate::{DescriptorSpec, Params, TrackHeader};

/// What a calculator is told when it is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Every parameter of the calculator, checked.
    pub params: Params,
    /// Samples per second of the input; positions and hops count in them.
    pub rate: u32,
    /// Names of the input's channels: one, `mono`, for a mix.
    pub channels: Vec<String>,
    /// Values per channel: 1 for PCM, `n_fft / 2 + 1` for a spectrum (twice as
    /// many for a complex one), 0 where the inputs are descriptors.
    pub bins: u32,
    /// What the inputs are, in the order of the description; none for audio.
    #[serde(default)]
    pub inputs: Vec<TrackHeader>,
    /// Whether blocks carry the ticks of a tempo map.
    #[serde(default)]
    pub tempo: bool,
    /// Per output, whether anybody wants it. One that nobody wants may be
    /// left out; what is given for it is dropped.
    pub wanted: Vec<bool>,
}

impl Setup {
    /// Whether anybody wants this output.
    pub fn wants(&self, output: usize) -> bool {
        self.wanted.get(output).copied().unwrap_or(false)
    }
}

/// What a calculator gives under one setup, where that follows from more than
/// its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    /// Names of the channels of all its tracks.
    pub channels: Vec<String>,
    /// Its descriptors as they are under the setup: those of its description,
    /// in the same order.
    pub descriptors: Vec<DescriptorSpec>,
}
