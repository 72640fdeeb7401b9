//! What is said of plug-ins: a library's words made a calculator's description.

use std::path::Path;

use agogic_schema::{
    Amount, Bins, CalculatorId, CalculatorSpec, ChannelUse, DescriptorId, DescriptorSpec, Frames, Kind,
    PcmInput, SchemaError, Version,
};
use agogic_vamp::{Library, OutputSpec, Plugin, PluginSpec};

use super::DESCRIBED_RATE;
use super::layout::Layout;
use super::params::Parameters;
use super::place::{Place, place};

/// The name of a library in ids: its file's up to the first dot, in lower case,
/// as Vamp hosts write it.
pub(super) fn library_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.split('.').next().unwrap_or_default().to_ascii_lowercase()
}

/// The name of a plug-in's calculator.
pub(super) fn calculator_id(library: &str, plugin: &PluginSpec) -> String {
    format!("vamp:{library}:{}", plugin.identifier)
}

/// Describes a plug-in with instances that are thrown away, or says why it
/// cannot be used.
pub(super) fn calculator(
    library: &Library,
    name: &str,
    fingerprint: &str,
    plugin: &PluginSpec,
) -> Result<CalculatorSpec, String> {
    let id = calculator_id(name, plugin);
    let refuse = |reason: &dyn std::fmt::Display| format!("{id}: {reason}");
    let create =
        || Plugin::instantiate(library, plugin.index, DESCRIBED_RATE as f32).map_err(|error| refuse(&error));
    let parameters = Parameters::of(plugin).map_err(|reason| refuse(&reason))?;
    let fresh = create()?;
    let channels = if fresh.max_channels() > 1 { ChannelUse::Each } else { ChannelUse::Mono };
    let layout = Layout::of(&fresh, 1, DESCRIBED_RATE, 0, 0).map_err(|reason| refuse(&reason))?;
    let outputs = match fresh.initialise(layout.channels, layout.step, layout.block) {
        Ok(running) => running.outputs().to_vec(),
        // It may want parameters first: what it says without is not far off.
        Err(_) => create()?.outputs().map_err(|error| refuse(&error))?,
    };
    let spec = CalculatorSpec {
        id: CalculatorId::new(id.as_str()).map_err(|error| error.to_string())?,
        version: Version::new(u64::try_from(plugin.version).unwrap_or(0), 0, 0),
        about: match plugin.description.as_str() {
            "" => plugin.name.clone(),
            about => format!("{}: {about}", plugin.name),
        },
        author: plugin.maker.clone(),
        input: PcmInput::new(channels).into(),
        tempo: Default::default(),
        independent: false,
        latency: Amount::Fixed(0),
        fingerprint: Some(fingerprint.into()),
        params: parameters.specs(),
        descriptors: descriptors(&id, &outputs, &layout).map_err(|reason| refuse(&reason))?,
    };
    spec.check().map_err(|error| error.to_string())?;
    Ok(spec)
}

/// Describes the outputs of a plug-in that is fed so.
pub(super) fn descriptors(
    calculator: &str,
    outputs: &[OutputSpec],
    layout: &Layout,
) -> Result<Vec<DescriptorSpec>, String> {
    let described = outputs.iter().map(|output| {
        let place = place(output, layout.rate)?;
        descriptor(calculator, output, &place, layout).map_err(|error| error.to_string())
    });
    described.collect()
}

fn descriptor(
    calculator: &str,
    output: &OutputSpec,
    place: &Place,
    layout: &Layout,
) -> Result<DescriptorSpec, SchemaError> {
    let every = |hop: usize, first: usize| {
        // Both are far below 2^32.
        let [hop, first] = [hop, first].map(|n| Amount::Fixed(n as u32));
        Kind::Dense(Frames::Every { hop, first })
    };
    let (kind, bins) = match *place {
        Place::PerBlock { bins } => (every(layout.step, layout.first_centre()), bins),
        Place::Grid { hop, bins } => (every(hop as usize, 0), bins),
        Place::Events { bins: Some(bins), .. } => (Kind::Events, bins),
        Place::Events { bins: None, .. } => (Kind::Events, 2),
    };
    let varying = matches!(place, Place::Events { bins: None, .. });
    Ok(DescriptorSpec {
        id: DescriptorId::new(format!("{calculator}:{}", output.identifier))?,
        about: match output.description.as_str() {
            "" => output.name.clone(),
            about => about.into(),
        },
        unit: output.unit.clone(),
        // What plug-ins state as extents is no promise: one of the SDK's own
        // examples exceeds them.
        range: None,
        // Blocks without a feature, and what is not finite.
        gaps: true,
        bin_names: match varying {
            true => vec!["index".into(), "value".into()],
            false => output.bin_names.clone(),
        },
        kind,
        bins: Bins::Count(Amount::Fixed(bins)),
        changed_in: None,
        reads: None,
        on_demand: true,
        joint: false,
        raised_with: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_named_as_by_other_hosts() {
        for (file, expect) in [
            ("/usr/lib/vamp/vamp-example-plugins.so", "vamp-example-plugins"),
            ("nnls-chroma.dylib", "nnls-chroma"),
            ("QM-Vamp.2.1.so", "qm-vamp"),
        ] {
            assert_eq!(library_name(file.as_ref()), expect);
        }
    }
}
