//! What plug-ins find.

use crate::RealTime;

/// One result of an output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature {
    /// Its time, if it has one of its own. Of an output with one sample per step
    /// it means nothing.
    pub timestamp: Option<RealTime>,
    /// How long it lasts.
    pub duration: Option<RealTime>,
    /// Its values, one per bin; any of them may be NaN or infinite.
    pub values: Vec<f32>,
    /// Its label; empty if it has none.
    pub label: String,
}

/// What one call of a plug-in found, by output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// Lists of as many outputs as are not empty at the end.
    outputs: Vec<Vec<Feature>>,
}

impl Features {
    pub(crate) fn new(outputs: Vec<Vec<Feature>>) -> Self {
        Self { outputs }
    }

    /// The features of the output at this index, in the plug-in's order.
    pub fn output(&self, index: usize) -> &[Feature] {
        self.outputs.get(index).map_or(&[], Vec::as_slice)
    }

    /// Takes the features of an output out.
    pub fn take(&mut self, index: usize) -> Vec<Feature> {
        self.outputs.get_mut(index).map(std::mem::take).unwrap_or_default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.outputs.iter().all(Vec::is_empty)
    }
}
