//! Reading a plug-in's memory: every pointer is checked for null and alignment,
//! every count for sense, before it is followed, and everything is copied.
//!
//! What cannot be checked is whether a pointer that is not null points to what
//! the interface says; for that each function asks its caller, and the caller
//! the plug-in.

// Reading foreign memory is what this file is for.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_float, c_uint};

use crate::ffi::{FeatureList, FeatureUnion, OutputDescriptor, ParameterDescriptor, PluginDescriptor};
use crate::{
    Feature, Features, InputDomain, OutputSpec, ParameterSpec, PluginSpec, Quantize, RealTime, SampleType,
    VampError,
};

/// Most plug-ins, parameters, programs, names of values, or outputs.
pub(crate) const MAX_ITEMS: u32 = 4096;
/// Most bins of an output and values of a feature.
const MAX_BINS: u32 = 1 << 20;
/// Most features of an output in one call.
const MAX_FEATURES: u32 = 1 << 22;
/// Most values of all features of one call: 256 MiB of them.
const MAX_VALUES: u64 = 1 << 26;
/// Most bytes of a text; what is longer is cut.
const MAX_TEXT: usize = 1 << 16;

/// Copies a text; null is empty, and what is not UTF-8 is replaced.
///
/// # Safety
/// `text` is null or points to bytes up to a zero, of which `MAX_TEXT` are read
/// at most.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut bytes = vec![];
    for i in 0..MAX_TEXT {
        // SAFETY: within the text, as no zero has come yet.
        match unsafe { text.add(i).read() } as u8 {
            0 => break,
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is wrong with a list that is said to have items, if it can be seen.
fn list<T>(items: *const T, count: u32, who: &str, what: &'static str) -> Result<(), VampError> {
    let fault = match () {
        () if count == 0 => return Ok(()),
        () if items.is_null() => "null",
        () if !items.is_aligned() => "not aligned",
        () => return Ok(()),
    };
    let what = format!("its list of {count} {what} is {fault}");
    Err(VampError::Misbehaved { plugin: who.into(), what })
}

fn at_most(count: u64, most: u64, who: &str, what: &'static str) -> Result<(), VampError> {
    if count <= most {
        return Ok(());
    }
    Err(VampError::TooMany { who: who.into(), what, count, most })
}

fn named(identifier: String, what: impl FnOnce() -> String) -> Result<String, VampError> {
    if identifier.is_empty() { Err(VampError::Unnamed(what())) } else { Ok(identifier) }
}

/// Copies what a plug-in says of itself.
///
/// # Safety
/// `descriptor` points to a descriptor of a plug-in that is loaded.
pub(crate) unsafe fn plugin(
    descriptor: *const PluginDescriptor,
    index: u32,
) -> Result<PluginSpec, VampError> {
    // SAFETY: the caller's word. All versions have all of these fields, and the
    // texts are as the interface says.
    let (descriptor, identifier) = unsafe { (&*descriptor, text((*descriptor).identifier)) };
    let identifier = named(identifier, || format!("plug-in {index}"))?;
    let api_version = descriptor.api_version;
    if !(1..=2).contains(&api_version) {
        return Err(VampError::ApiVersion { plugin: identifier, version: api_version });
    }
    let input_domain = match descriptor.input_domain {
        0 => InputDomain::Time,
        1 => InputDomain::Frequency,
        other => {
            let what = format!("there is no input domain {other}");
            return Err(VampError::Misbehaved { plugin: identifier, what });
        }
    };
    let parameter_count = descriptor.parameter_count;
    at_most(parameter_count.into(), MAX_ITEMS.into(), &identifier, "parameters")?;
    list(descriptor.parameters, parameter_count, &identifier, "parameters")?;
    let parameters = (0..parameter_count as usize)
        // SAFETY: the list has as many items, each null or a parameter.
        .map(|i| unsafe { parameter(descriptor.parameters.add(i).read(), &identifier) })
        .collect::<Result<_, _>>()?;
    let program_count = descriptor.program_count;
    at_most(program_count.into(), MAX_ITEMS.into(), &identifier, "programs")?;
    list(descriptor.programs, program_count, &identifier, "programs")?;
    let programs = (0..program_count as usize)
        // SAFETY: the list has as many texts.
        .map(|i| unsafe { text(descriptor.programs.add(i).read()) })
        .collect();
    // SAFETY: texts of the interface.
    let [name, description, maker, copyright] = unsafe {
        [
            text(descriptor.name),
            text(descriptor.description),
            text(descriptor.maker),
            text(descriptor.copyright),
        ]
    };
    Ok(PluginSpec {
        index,
        identifier,
        name,
        description,
        maker,
        copyright,
        version: descriptor.plugin_version,
        api_version,
        input_domain,
        parameters,
        programs,
    })
}

/// # Safety
/// `parameter` is null or points to a parameter of a plug-in that is loaded.
unsafe fn parameter(parameter: *const ParameterDescriptor, plugin: &str) -> Result<ParameterSpec, VampError> {
    list(parameter, 1, plugin, "parameter")?;
    // SAFETY: not null, so by the caller's word a parameter.
    let parameter = unsafe { &*parameter };
    // SAFETY: texts of the interface.
    let [identifier, name, description, unit] = unsafe {
        [text(parameter.identifier), text(parameter.name), text(parameter.description), text(parameter.unit)]
    };
    let (min, max) = (parameter.min_value, parameter.max_value);
    let quantize = (parameter.is_quantized != 0).then(|| {
        let step = parameter.quantize_step;
        let names = parameter.value_names;
        let mut copied = vec![];
        if !names.is_null() && names.is_aligned() {
            for i in 0..values_between(min, max, step) {
                // SAFETY: the list goes on until null, which has not come, and
                // has a name for each value where it does not end with null.
                let name = unsafe { names.add(i).read() };
                if name.is_null() {
                    break;
                }
                // SAFETY: a text of the interface.
                copied.push(unsafe { text(name) });
            }
        }
        Quantize { step, names: copied }
    });
    Ok(ParameterSpec {
        identifier: named(identifier, || format!("a parameter of {plugin}"))?,
        name,
        description,
        unit,
        min,
        max,
        default: parameter.default_value,
        quantize,
    })
}

/// How many steps there are from `min` to `max`, both included.
fn values_between(min: f32, max: f32, step: f32) -> usize {
    // A cast makes NaN and what is below zero 0.
    let count = ((max - min) / step + 0.5).floor() + 1.0;
    if step > 0.0 { (count as usize).min(MAX_ITEMS as usize) } else { 0 }
}

/// Copies what a plug-in says of an output; null is an error.
///
/// # Safety
/// `output` is null or points to an output of a plug-in of this version of the
/// interface.
pub(crate) unsafe fn output(
    output: *const OutputDescriptor,
    api_version: u32,
    plugin: &str,
) -> Result<OutputSpec, VampError> {
    list(output, 1, plugin, "output")?;
    // A version 1 plug-in's memory ends before the last field, so that fields are
    // read one by one.
    macro_rules! field {
        ($name:ident) => {
            // SAFETY: a field of an output that is not null.
            unsafe { (&raw const (*output).$name).read() }
        };
    }
    macro_rules! words {
        ($name:ident) => {{
            let words = field!($name);
            // SAFETY: a text of the interface.
            unsafe { text(words) }
        }};
    }
    let identifier = named(words!(identifier), || format!("an output of {plugin}"))?;
    let bin_count = (field!(has_fixed_bin_count) != 0).then(|| field!(bin_count));
    let named_bins = bin_count.unwrap_or(0);
    at_most(named_bins.into(), MAX_BINS.into(), plugin, "bins")?;
    let names: *const *const c_char = field!(bin_names);
    let mut bin_names = vec![];
    if !names.is_null() && names.is_aligned() {
        // SAFETY: a list of as many texts as there are bins.
        bin_names.extend((0..named_bins as usize).map(|i| unsafe { text(names.add(i).read()) }));
    }
    if bin_names.iter().all(String::is_empty) {
        bin_names.clear();
    }
    let sample_type = match field!(sample_type) {
        0 => SampleType::OneSamplePerStep,
        1 => SampleType::FixedSampleRate { rate: field!(sample_rate) },
        2 => SampleType::VariableSampleRate { resolution: field!(sample_rate) },
        other => {
            let what = format!("there is no sample type {other} ({identifier})");
            return Err(VampError::Misbehaved { plugin: plugin.into(), what });
        }
    };
    Ok(OutputSpec {
        identifier,
        name: words!(name),
        description: words!(description),
        unit: words!(unit),
        bin_count,
        bin_names,
        extents: (field!(has_known_extents) != 0).then(|| (field!(min_value), field!(max_value))),
        quantize_step: (field!(is_quantized) != 0).then(|| field!(quantize_step)),
        sample_type,
        has_duration: api_version >= 2 && field!(has_duration) != 0,
    })
}

/// Copies the features of all outputs; null is none.
///
/// # Safety
/// `lists` is null or points to one list per output, as a plug-in of this version
/// of the interface gives them.
pub(crate) unsafe fn features(
    lists: *const FeatureList,
    outputs: usize,
    api_version: u32,
    plugin: &str,
) -> Result<Features, VampError> {
    if lists.is_null() {
        return Ok(Features::default());
    }
    list(lists, 1, plugin, "feature lists")?;
    let mut budget = MAX_VALUES;
    let mut copied = vec![];
    for index in 0..outputs {
        // SAFETY: there is a list for each output.
        let (count, features) = unsafe {
            let list = lists.add(index);
            ((*list).feature_count, (*list).features)
        };
        at_most(count.into(), MAX_FEATURES.into(), plugin, "features")?;
        list(features, count, plugin, "features")?;
        if count == 0 {
            continue;
        }
        copied.resize_with(index, Vec::new);
        let read = |i| {
            // SAFETY: the list has as many features.
            unsafe { feature(features, i, count, api_version, &mut budget, plugin) }
        };
        copied.push((0..count).map(read).collect::<Result<_, _>>()?);
    }
    Ok(Features::new(copied))
}

/// # Safety
/// `features` points to `count` features of this version of the interface, and
/// `index` is below `count`.
unsafe fn feature(
    features: *const FeatureUnion,
    index: c_uint,
    count: c_uint,
    api_version: u32,
    budget: &mut u64,
    plugin: &str,
) -> Result<Feature, VampError> {
    // SAFETY: the first `count` items hold the first version's part.
    let v1 = unsafe { (&raw const (*features.add(index as usize)).v1).read() };
    at_most(v1.value_count.into(), MAX_BINS.into(), plugin, "values of a feature")?;
    list::<c_float>(v1.values, v1.value_count, plugin, "values")?;
    *budget = budget.checked_sub(v1.value_count.into()).ok_or_else(|| VampError::TooMany {
        who: plugin.into(),
        what: "values in one call",
        count: MAX_VALUES + 1,
        most: MAX_VALUES,
    })?;
    let values = match v1.value_count {
        0 => vec![],
        // SAFETY: neither null nor out of alignment, and as many values.
        count => unsafe { std::slice::from_raw_parts(v1.values, count as usize) }.to_vec(),
    };
    let duration = if api_version >= 2 {
        // SAFETY: as many items with the second version's part follow.
        let v2 = unsafe { (&raw const (*features.add(count as usize + index as usize)).v2).read() };
        (v2.has_duration != 0).then(|| RealTime::new(v2.duration_sec, v2.duration_nsec))
    } else {
        None
    };
    Ok(Feature {
        timestamp: (v1.has_timestamp != 0).then(|| RealTime::new(v1.sec, v1.nsec)),
        duration,
        values,
        // SAFETY: a text of the interface.
        label: unsafe { text(v1.label) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_parameter() {
        for (min, max, step, expect) in [
            (0.0, 3.0, 1.0, 4),
            (0.0, 1.0, 0.1, 11),
            (2.0, 2.0, 1.0, 1),
            (3.0, 0.0, 1.0, 0),
            (0.0, 3.0, 0.0, 0),
            (0.0, 3.0, -1.0, 0),
            (0.0, 3.0, f32::NAN, 0),
            (f32::NAN, 3.0, 1.0, 0),
            (0.0, f32::INFINITY, 1.0, MAX_ITEMS as usize),
        ] {
            assert_eq!(values_between(min, max, step), expect, "{min} {max} {step}");
        }
    }
}
