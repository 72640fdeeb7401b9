//! An instance behind its C functions. It keeps calls apart and returns what was
//! given to the plug-in's own release functions; in which order calls may come
//! is known in `plugin`.

// Calling a plug-in's functions.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::NonNull;

use crate::ffi::{self, FeatureList, GetCount, PluginDescriptor};
use crate::{Features, Library, OutputSpec, PluginSpec, RealTime, VampError, read};

/// The functions of a plug-in, all of them there. Those for parameters and
/// programs are missing where there are none.
struct Functions {
    instantiate: ffi::Instantiate,
    cleanup: ffi::Cleanup,
    initialise: ffi::Initialise,
    reset: ffi::Reset,
    get_parameter: Option<ffi::GetParameter>,
    set_parameter: Option<ffi::SetParameter>,
    get_current_program: Option<GetCount>,
    select_program: Option<ffi::SelectProgram>,
    get_preferred_step_size: GetCount,
    get_preferred_block_size: GetCount,
    get_min_channel_count: GetCount,
    get_max_channel_count: GetCount,
    get_output_count: GetCount,
    get_output_descriptor: ffi::GetOutputDescriptor,
    release_output_descriptor: ffi::ReleaseOutputDescriptor,
    process: ffi::Process,
    get_remaining_features: ffi::GetRemainingFeatures,
    release_feature_set: ffi::ReleaseFeatureSet,
}

impl Functions {
    /// The functions, or the name of one that is missing.
    fn of(from: &PluginDescriptor) -> Result<Self, &'static str> {
        Ok(Self {
            instantiate: from.instantiate.ok_or("instantiate")?,
            cleanup: from.cleanup.ok_or("cleanup")?,
            initialise: from.initialise.ok_or("initialise")?,
            reset: from.reset.ok_or("reset")?,
            get_parameter: from.get_parameter,
            set_parameter: from.set_parameter,
            get_current_program: from.get_current_program,
            select_program: from.select_program,
            get_preferred_step_size: from.get_preferred_step_size.ok_or("getPreferredStepSize")?,
            get_preferred_block_size: from.get_preferred_block_size.ok_or("getPreferredBlockSize")?,
            get_min_channel_count: from.get_min_channel_count.ok_or("getMinChannelCount")?,
            get_max_channel_count: from.get_max_channel_count.ok_or("getMaxChannelCount")?,
            get_output_count: from.get_output_count.ok_or("getOutputCount")?,
            get_output_descriptor: from.get_output_descriptor.ok_or("getOutputDescriptor")?,
            release_output_descriptor: from.release_output_descriptor.ok_or("releaseOutputDescriptor")?,
            process: from.process.ok_or("process")?,
            get_remaining_features: from.get_remaining_features.ok_or("getRemainingFeatures")?,
            release_feature_set: from.release_feature_set.ok_or("releaseFeatureSet")?,
        })
    }
}

/// Numbers that an instance can be asked for.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    PreferredStep,
    PreferredBlock,
    MinChannels,
    MaxChannels,
}

/// One instance; it ends when it is dropped.
pub(crate) struct Handle {
    library: Library,
    functions: Functions,
    raw: NonNull<c_void>,
    /// What the plug-in said of itself.
    pub(crate) spec: PluginSpec,
    /// Room for the pointers of a call.
    pointers: Vec<*const f32>,
}

// SAFETY: Vamp asks that an instance is not called by two threads at once, not
// that it stays on one. The handle is not `Sync`, and `pointers` is empty between
// calls.
unsafe impl Send for Handle {}

impl Handle {
    pub(crate) fn new(library: Library, index: u32, rate: f32) -> Result<Self, VampError> {
        let _alone = library.alone();
        let descriptor = library.descriptor(index).ok_or(VampError::NoPlugin(index))?;
        // SAFETY: the library gave it, and is never unloaded.
        let (spec, functions) = unsafe { (read::plugin(descriptor, index)?, Functions::of(&*descriptor)) };
        let incomplete = |function| VampError::Incomplete { plugin: spec.identifier.clone(), function };
        let functions = functions.map_err(incomplete)?;
        // SAFETY: a function of this plug-in, called alone.
        let raw = NonNull::new(unsafe { (functions.instantiate)(descriptor, rate) });
        match raw {
            Some(raw) => Ok(Self { library, functions, raw, spec, pointers: vec![] }),
            None => Err(VampError::NotCreated { plugin: spec.identifier, rate }),
        }
    }

    pub(crate) fn number(&self, which: Number) -> u32 {
        let function = match which {
            Number::PreferredStep => self.functions.get_preferred_step_size,
            Number::PreferredBlock => self.functions.get_preferred_block_size,
            Number::MinChannels => self.functions.get_min_channel_count,
            Number::MaxChannels => self.functions.get_max_channel_count,
        };
        let _alone = self.library.alone();
        // SAFETY: a function of this instance's plug-in, called alone.
        unsafe { function(self.raw.as_ptr()) }
    }

    /// `index` must be that of a parameter.
    pub(crate) fn parameter(&self, index: i32) -> Result<f32, VampError> {
        let function = self.functions.get_parameter.ok_or_else(|| self.incomplete("getParameter"))?;
        let _alone = self.library.alone();
        // SAFETY: as in `number`; the index is that of a parameter.
        Ok(unsafe { function(self.raw.as_ptr(), index) })
    }

    /// `index` must be that of a parameter, the instance not initialised.
    pub(crate) fn set_parameter(&mut self, index: i32, value: f32) -> Result<(), VampError> {
        let function = self.functions.set_parameter.ok_or_else(|| self.incomplete("setParameter"))?;
        let _alone = self.library.alone();
        // SAFETY: as in `parameter`.
        unsafe { function(self.raw.as_ptr(), index, value) };
        Ok(())
    }

    /// There must be programs.
    pub(crate) fn program(&self) -> Result<u32, VampError> {
        let function =
            self.functions.get_current_program.ok_or_else(|| self.incomplete("getCurrentProgram"))?;
        let _alone = self.library.alone();
        // SAFETY: as in `number`.
        Ok(unsafe { function(self.raw.as_ptr()) })
    }

    /// `index` must be that of a program, the instance not initialised.
    pub(crate) fn select_program(&mut self, index: u32) -> Result<(), VampError> {
        let function = self.functions.select_program.ok_or_else(|| self.incomplete("selectProgram"))?;
        let _alone = self.library.alone();
        // SAFETY: as in `number`; the index is that of a program.
        unsafe { function(self.raw.as_ptr(), index) };
        Ok(())
    }

    /// At most once per instance. Whether the plug-in agrees.
    pub(crate) fn initialise(&mut self, channels: u32, step: u32, block: u32) -> bool {
        let _alone = self.library.alone();
        // SAFETY: as in `number`.
        unsafe { (self.functions.initialise)(self.raw.as_ptr(), channels, step, block) != 0 }
    }

    pub(crate) fn outputs(&self) -> Result<Vec<OutputSpec>, VampError> {
        let _alone = self.library.alone();
        // SAFETY: as in `number`.
        let count = unsafe { (self.functions.get_output_count)(self.raw.as_ptr()) };
        if count > read::MAX_ITEMS {
            return Err(VampError::TooMany {
                who: self.spec.identifier.clone(),
                what: "outputs",
                count: count.into(),
                most: read::MAX_ITEMS.into(),
            });
        }
        (0..count).map(|index| self.output(index)).collect()
    }

    fn output(&self, index: u32) -> Result<OutputSpec, VampError> {
        // SAFETY: as in `number`; the index is that of an output.
        let output = unsafe { (self.functions.get_output_descriptor)(self.raw.as_ptr(), index) };
        let _release = Release { function: self.functions.release_output_descriptor, what: output };
        // SAFETY: null, or valid until it is released at the end of this function.
        unsafe { read::output(output, self.spec.api_version, &self.spec.identifier) }
    }

    /// Needs an initialised instance, as many buffers as it has channels and as
    /// long as its blocks, and the count of its outputs.
    pub(crate) fn process(
        &mut self,
        inputs: &[&[f32]],
        time: RealTime,
        outputs: usize,
    ) -> Result<Features, VampError> {
        let _alone = self.library.alone();
        self.pointers.extend(inputs.iter().map(|input| input.as_ptr()));
        // SAFETY: as in `number`; a buffer for each channel that was agreed on, each
        // of the length of a block, all of them borrowed beyond this call.
        let lists = unsafe {
            (self.functions.process)(self.raw.as_ptr(), self.pointers.as_ptr(), time.sec(), time.nsec())
        };
        self.pointers.clear();
        self.features(lists, outputs)
    }

    /// Once, after the last block.
    pub(crate) fn remaining(&mut self, outputs: usize) -> Result<Features, VampError> {
        let _alone = self.library.alone();
        // SAFETY: as in `number`.
        let lists = unsafe { (self.functions.get_remaining_features)(self.raw.as_ptr()) };
        self.features(lists, outputs)
    }

    fn features(&self, lists: *mut FeatureList, outputs: usize) -> Result<Features, VampError> {
        let _release = Release { function: self.functions.release_feature_set, what: lists };
        // SAFETY: null, or one list per output, valid until they are released at the
        // end of this function.
        unsafe { read::features(lists, outputs, self.spec.api_version, &self.spec.identifier) }
    }

    /// Back to the state after [`Handle::initialise`], which must have been called.
    pub(crate) fn reset(&mut self) {
        let _alone = self.library.alone();
        // SAFETY: as in `number`.
        unsafe { (self.functions.reset)(self.raw.as_ptr()) }
    }

    fn incomplete(&self, function: &'static str) -> VampError {
        VampError::Incomplete { plugin: self.spec.identifier.clone(), function }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _alone = self.library.alone();
        // SAFETY: as in `number`; nothing calls this instance any more.
        unsafe { (self.functions.cleanup)(self.raw.as_ptr()) }
    }
}

/// Gives something back to the plug-in at the end of a scope, unless it is null.
struct Release<T> {
    function: unsafe extern "C" fn(*mut T),
    what: *mut T,
}

impl<T> Drop for Release<T> {
    fn drop(&mut self) {
        if !self.what.is_null() {
            // SAFETY: the plug-in gave it to be released with this function, which
            // happens once, while the caller still keeps other calls out.
            unsafe { (self.function)(self.what) }
        }
    }
}
