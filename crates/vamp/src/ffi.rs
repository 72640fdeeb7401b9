//! The C interface of Vamp, API version 2, as `vamp/vamp.h` documents it: types
//! only. What may be believed of what they hold is decided in `read`.
//!
//! Enumerations of C are integers here, because a plug-in may hold any number.
//! Functions are options, because any of them may be null.

use std::ffi::{c_char, c_float, c_int, c_uint, c_void};

/// The API version that this host speaks.
pub(crate) const API_VERSION: c_uint = 2;

/// The one symbol of a plug-in library, with its terminating zero.
pub(crate) const ENTRY_SYMBOL: &[u8] = b"vampGetPluginDescriptor\0";

/// Type of that symbol: the host's API version and an index from 0 on; null
/// past the last plug-in. What it points to lives as long as the library.
pub(crate) type Entry = unsafe extern "C" fn(c_uint, c_uint) -> *const PluginDescriptor;

/// An instance of a plug-in.
pub(crate) type RawHandle = *mut c_void;

/// `VampPluginDescriptor`.
#[repr(C)]
pub(crate) struct PluginDescriptor {
    pub(crate) api_version: c_uint,
    pub(crate) identifier: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) description: *const c_char,
    pub(crate) maker: *const c_char,
    pub(crate) plugin_version: c_int,
    pub(crate) copyright: *const c_char,
    pub(crate) parameter_count: c_uint,
    pub(crate) parameters: *const *const ParameterDescriptor,
    pub(crate) program_count: c_uint,
    pub(crate) programs: *const *const c_char,
    /// 0 time, 1 frequency.
    pub(crate) input_domain: c_uint,
    pub(crate) instantiate: Option<Instantiate>,
    pub(crate) cleanup: Option<Cleanup>,
    pub(crate) initialise: Option<Initialise>,
    pub(crate) reset: Option<Reset>,
    pub(crate) get_parameter: Option<GetParameter>,
    pub(crate) set_parameter: Option<SetParameter>,
    pub(crate) get_current_program: Option<GetCount>,
    pub(crate) select_program: Option<SelectProgram>,
    pub(crate) get_preferred_step_size: Option<GetCount>,
    pub(crate) get_preferred_block_size: Option<GetCount>,
    pub(crate) get_min_channel_count: Option<GetCount>,
    pub(crate) get_max_channel_count: Option<GetCount>,
    pub(crate) get_output_count: Option<GetCount>,
    pub(crate) get_output_descriptor: Option<GetOutputDescriptor>,
    pub(crate) release_output_descriptor: Option<ReleaseOutputDescriptor>,
    pub(crate) process: Option<Process>,
    pub(crate) get_remaining_features: Option<GetRemainingFeatures>,
    pub(crate) release_feature_set: Option<ReleaseFeatureSet>,
}

/// Sample rate in Hz; null if the plug-in cannot be created.
pub(crate) type Instantiate = unsafe extern "C" fn(*const PluginDescriptor, c_float) -> RawHandle;
/// Ends an instance.
pub(crate) type Cleanup = unsafe extern "C" fn(RawHandle);
/// Channels, step, block; at most once per instance. 0 if refused.
pub(crate) type Initialise = unsafe extern "C" fn(RawHandle, c_uint, c_uint, c_uint) -> c_int;
/// Back to the state after `initialise`.
pub(crate) type Reset = unsafe extern "C" fn(RawHandle);
/// Value of a parameter by its index.
pub(crate) type GetParameter = unsafe extern "C" fn(RawHandle, c_int) -> c_float;
/// Only before `initialise`.
pub(crate) type SetParameter = unsafe extern "C" fn(RawHandle, c_int, c_float);
/// Only before `initialise`.
pub(crate) type SelectProgram = unsafe extern "C" fn(RawHandle, c_uint);
/// One of the numbers that an instance is asked for.
pub(crate) type GetCount = unsafe extern "C" fn(RawHandle) -> c_uint;
/// Valid until it is released or the next one is asked for.
pub(crate) type GetOutputDescriptor = unsafe extern "C" fn(RawHandle, c_uint) -> *mut OutputDescriptor;
/// Ends what `GetOutputDescriptor` gave.
pub(crate) type ReleaseOutputDescriptor = unsafe extern "C" fn(*mut OutputDescriptor);
/// A buffer per channel and the time of the block; null means no features. What
/// it gives is valid until it is released or the instance is called again.
pub(crate) type Process =
    unsafe extern "C" fn(RawHandle, *const *const c_float, c_int, c_int) -> *mut FeatureList;
/// Once, after the last block; otherwise as `Process`.
pub(crate) type GetRemainingFeatures = unsafe extern "C" fn(RawHandle) -> *mut FeatureList;
/// Ends what the two above gave.
pub(crate) type ReleaseFeatureSet = unsafe extern "C" fn(*mut FeatureList);

/// `VampParameterDescriptor`.
#[repr(C)]
pub(crate) struct ParameterDescriptor {
    pub(crate) identifier: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) description: *const c_char,
    pub(crate) unit: *const c_char,
    pub(crate) min_value: c_float,
    pub(crate) max_value: c_float,
    pub(crate) default_value: c_float,
    pub(crate) is_quantized: c_int,
    pub(crate) quantize_step: c_float,
    /// Null, or a list that ends with null.
    pub(crate) value_names: *const *const c_char,
}

/// `VampOutputDescriptor`. API version 1 has no `has_duration`: never make a
/// reference to a whole one.
#[repr(C)]
pub(crate) struct OutputDescriptor {
    pub(crate) identifier: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) description: *const c_char,
    pub(crate) unit: *const c_char,
    pub(crate) has_fixed_bin_count: c_int,
    pub(crate) bin_count: c_uint,
    /// Null, or `bin_count` names of which any may be null.
    pub(crate) bin_names: *const *const c_char,
    pub(crate) has_known_extents: c_int,
    pub(crate) min_value: c_float,
    pub(crate) max_value: c_float,
    pub(crate) is_quantized: c_int,
    pub(crate) quantize_step: c_float,
    /// 0 one sample per step, 1 fixed sample rate, 2 variable sample rate.
    pub(crate) sample_type: c_uint,
    pub(crate) sample_rate: c_float,
    pub(crate) has_duration: c_int,
}

/// `VampFeature`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FeatureV1 {
    pub(crate) has_timestamp: c_int,
    pub(crate) sec: c_int,
    pub(crate) nsec: c_int,
    pub(crate) value_count: c_uint,
    pub(crate) values: *const c_float,
    pub(crate) label: *const c_char,
}

/// `VampFeatureV2`: what API version 2 added.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FeatureV2 {
    pub(crate) has_duration: c_int,
    pub(crate) duration_sec: c_int,
    pub(crate) duration_nsec: c_int,
}

/// `VampFeatureUnion`.
#[repr(C)]
pub(crate) union FeatureUnion {
    pub(crate) v1: FeatureV1,
    pub(crate) v2: FeatureV2,
}

/// `VampFeatureList`: the features of one output. A set of features is an array
/// of as many as there are outputs.
#[repr(C)]
pub(crate) struct FeatureList {
    pub(crate) feature_count: c_uint,
    /// `feature_count` times `v1`; from API version 2 on as many `v2` follow.
    pub(crate) features: *const FeatureUnion,
}
