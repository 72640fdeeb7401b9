//! What the built-in calculators compute, as they say themselves.

use agogic::Engine;
use agogic::schema::DescriptorSpec;

fn descriptors(wanted: impl Fn(&DescriptorSpec) -> bool) -> Vec<String> {
    // The cache is never opened.
    let catalogue = Engine::builder("nowhere").plugin_path([]).catalogue().expect("the built-in calculators");
    let registry = catalogue.registry();
    let all = registry.calculators().flat_map(|calculator| &calculator.spec.descriptors);
    let mut ids: Vec<String> = all.filter(|known| wanted(known)).map(|known| known.id.to_string()).collect();
    ids.sort();
    ids
}

/// The descriptors that an analysis computes where none is named, in order of id.
pub fn usual_descriptors() -> Vec<String> {
    descriptors(|known| !known.on_demand)
}

/// The descriptors of all built-in calculators, in order of id.
pub fn all_descriptors() -> Vec<String> {
    descriptors(|_| true)
}
