//! Instances of plug-ins and the order of their calls: first a [`Plugin`], which
//! can be configured, then [`Running`], which takes audio.

use std::fmt;

use crate::handle::{Handle, Number};
use crate::{Features, InputDomain, Library, OutputSpec, PluginSpec, RealTime, VampError};

/// An instance that is not initialised: it can be configured and asked what it
/// prefers. It may move between threads, and ends when it is dropped.
pub struct Plugin {
    handle: Handle,
}

impl Plugin {
    /// An instance of the library's plug-in `index` for audio of `rate` Hz.
    ///
    /// # Errors
    /// [`VampError::NoPlugin`], what [`Library::plugins`] says of this one,
    /// [`VampError::Incomplete`], [`VampError::SampleRate`], and
    /// [`VampError::NotCreated`] when the plug-in refuses.
    pub fn instantiate(library: &Library, index: u32, rate: f32) -> Result<Self, VampError> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(VampError::SampleRate(rate));
        }
        Ok(Self { handle: Handle::new(*library, index, rate)? })
    }

    /// What the plug-in says of itself.
    pub fn spec(&self) -> &PluginSpec {
        &self.handle.spec
    }

    /// The value of the parameter at `index` of its list.
    ///
    /// # Errors
    /// [`VampError::NoParameter`].
    pub fn parameter(&self, index: usize) -> Result<f32, VampError> {
        self.handle.parameter(self.parameter_index(index)?)
    }

    /// Sets the parameter at `index` of its list. A value between two quantised
    /// ones is the plug-in's to round.
    ///
    /// # Errors
    /// [`VampError::NoParameter`], and [`VampError::ParameterValue`] for a value
    /// out of range.
    pub fn set_parameter(&mut self, index: usize, value: f32) -> Result<(), VampError> {
        let raw = self.parameter_index(index)?;
        let parameter = &self.spec().parameters[index];
        let (min, max) = (parameter.min, parameter.max);
        if !(min..=max).contains(&value) {
            return Err(VampError::ParameterValue {
                plugin: self.spec().identifier.clone(),
                parameter: parameter.identifier.clone(),
                value,
                min,
                max,
            });
        }
        self.handle.set_parameter(raw, value)
    }

    fn parameter_index(&self, index: usize) -> Result<i32, VampError> {
        let spec = self.spec();
        let raw = i32::try_from(index).ok().filter(|_| index < spec.parameters.len());
        raw.ok_or_else(|| VampError::NoParameter { plugin: spec.identifier.clone(), index })
    }

    /// Index of the program that is selected; none if there are no programs or it
    /// is none of them.
    pub fn program(&self) -> Option<usize> {
        let programs = self.spec().programs.len();
        let index = (programs > 0).then(|| self.handle.program().ok()).flatten()?;
        usize::try_from(index).ok().filter(|&index| index < programs)
    }

    /// Selects a program by its index, which may change all parameters.
    ///
    /// # Errors
    /// [`VampError::NoProgram`].
    pub fn select_program(&mut self, index: usize) -> Result<(), VampError> {
        let spec = self.spec();
        let raw = u32::try_from(index).ok().filter(|_| index < spec.programs.len());
        let raw = raw.ok_or_else(|| VampError::NoProgram { plugin: spec.identifier.clone(), index })?;
        self.handle.select_program(raw)
    }

    /// Samples between blocks that it prefers; none if it has no wish. Depends on
    /// parameters, as the three below do. The block's length is meant where
    /// nothing is said for [`InputDomain::Time`].
    pub fn preferred_step(&self) -> Option<usize> {
        self.number(Number::PreferredStep).filter(|&step| step > 0)
    }

    /// Samples of a block that it prefers; none if it takes any length.
    pub fn preferred_block(&self) -> Option<usize> {
        self.number(Number::PreferredBlock).filter(|&block| block > 0)
    }

    /// Fewest channels that it takes.
    pub fn min_channels(&self) -> usize {
        self.number(Number::MinChannels).unwrap_or(usize::MAX)
    }

    /// Most channels that it takes.
    pub fn max_channels(&self) -> usize {
        self.number(Number::MaxChannels).unwrap_or(usize::MAX)
    }

    fn number(&self, which: Number) -> Option<usize> {
        usize::try_from(self.handle.number(which)).ok()
    }

    /// What it says of its outputs before it is initialised: their identifiers
    /// and their number are final, all else may change.
    ///
    /// Plug-ins built with old versions of the Vamp SDK say the same ever after.
    /// Ask an instance for which that is no matter, not one that is to run.
    ///
    /// # Errors
    /// [`VampError::TooMany`], [`VampError::Unnamed`] and
    /// [`VampError::Misbehaved`].
    pub fn outputs(&self) -> Result<Vec<OutputSpec>, VampError> {
        self.handle.outputs()
    }

    /// Fixes parameters, channels, and the step between and the length of blocks
    /// in samples. A step may exceed a block.
    ///
    /// # Errors
    /// [`VampError::Layout`] for zeros, for channels out of the plug-in's range
    /// and for spectra of odd blocks; [`VampError::Refused`] when the plug-in does
    /// not agree; and those of [`Plugin::outputs`]. A plug-in is initialised at
    /// most once, so that another try needs another instance.
    pub fn initialise(mut self, channels: usize, step: usize, block: usize) -> Result<Running, VampError> {
        let plugin = || self.spec().identifier.clone();
        let layout = |reason: String| Err(VampError::Layout { plugin: plugin(), reason });
        let (min, max) = (self.min_channels(), self.max_channels());
        if channels == 0 || !(min..=max).contains(&channels) {
            return layout(format!("it takes {min} to {max} channels, not {channels}"));
        }
        if block % 2 == 1 && self.spec().input_domain == InputDomain::Frequency {
            return layout(format!("the spectrum of {block} samples has no Nyquist bin"));
        }
        let count = |value| u32::try_from(value).ok().filter(|&value| value > 0);
        let (Some(raw_channels), Some(raw_step), Some(raw_block)) =
            (count(channels), count(step), count(block))
        else {
            return layout(format!("{channels} channels in blocks of {block} samples, {step} apart"));
        };
        let refused = VampError::Refused { plugin: plugin(), channels, step, block };
        if !self.handle.initialise(raw_channels, raw_step, raw_block) {
            return Err(refused);
        }
        let outputs = self.handle.outputs()?;
        let values = self.spec().input_domain.values(block);
        Ok(Running { handle: self.handle, outputs, channels, step, block, values, finished: false })
    }
}

/// An instance that takes audio. It may move between threads, and ends when it is
/// dropped.
pub struct Running {
    handle: Handle,
    outputs: Vec<OutputSpec>,
    channels: usize,
    step: usize,
    block: usize,
    values: usize,
    finished: bool,
}

impl Running {
    /// What the plug-in says of itself.
    pub fn spec(&self) -> &PluginSpec {
        &self.handle.spec
    }

    /// What it says of its outputs, now that it is initialised.
    pub fn outputs(&self) -> &[OutputSpec] {
        &self.outputs
    }

    /// Channels per block.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples between blocks.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Samples of a block.
    pub fn block(&self) -> usize {
        self.block
    }

    /// Takes one block and gives what the plug-in found, which may lie earlier.
    ///
    /// `inputs` holds one slice per channel, each of [`InputDomain::values`]
    /// values: samples, zeros where the audio does not reach, or a spectrum.
    /// `time` is that of the block's first sample, or of a spectrum's middle.
    ///
    /// # Errors
    /// [`VampError::Input`] for another shape, [`VampError::Finished`] after
    /// [`Running::remaining`], [`VampError::TooMany`] and
    /// [`VampError::Misbehaved`] for features that cannot be believed.
    pub fn process(&mut self, inputs: &[&[f32]], time: RealTime) -> Result<Features, VampError> {
        self.check_going()?;
        if inputs.len() != self.channels {
            return Err(self.input(format!("{} channels", self.channels), inputs.len().to_string()));
        }
        if let Some(odd) = inputs.iter().find(|input| input.len() != self.values) {
            return Err(self.input(format!("{} values per channel", self.values), odd.len().to_string()));
        }
        self.handle.process(inputs, time, self.outputs.len())
    }

    /// Ends the audio and gives what the plug-in found last.
    ///
    /// # Errors
    /// As [`Running::process`].
    pub fn remaining(&mut self) -> Result<Features, VampError> {
        self.check_going()?;
        self.finished = true;
        self.handle.remaining(self.outputs.len())
    }

    /// Forgets the audio so far, so that other audio can follow.
    pub fn reset(&mut self) {
        self.finished = false;
        self.handle.reset();
    }

    fn check_going(&self) -> Result<(), VampError> {
        if self.finished {
            return Err(VampError::Finished { plugin: self.spec().identifier.clone() });
        }
        Ok(())
    }

    fn input(&self, expect: String, found: String) -> VampError {
        VampError::Input { plugin: self.spec().identifier.clone(), expect, found }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("spec", self.spec()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("spec", self.spec())
            .field("channels", &self.channels)
            .field("step", &self.step)
            .field("block", &self.block)
            .finish_non_exhaustive()
    }
}
